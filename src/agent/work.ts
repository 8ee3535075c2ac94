// One step of the agent under construction: what it reads stays open, what it changes is saved once, at the end, all together.

import type { Hex } from '../core/bytes.ts';
import { decodeChannel } from '../marmot/channelCodec.ts';
import type { MoveRumor } from '../negotiate/move.ts';
import type { MoveType } from '../negotiate/moveBody.ts';
import type { Negotiation } from '../negotiate/negotiation.ts';
import type { Phase } from '../negotiate/phase.ts';
import type { Change, NegotiationRecord } from '../store/records.ts';
import type { AgentContext } from './context.ts';
import { toRecord, type OpenChannel } from './channelRecord.ts';
import { ledgerChanges, type LedgerCell } from './mandate/ledgerRecord.ts';
import { isActive, readState } from './negotiationState.ts';
import { relaysOf } from './relaysOf.ts';
import { sendsAfter } from './sendCount.ts';

const FIRST_RESEND_S = 3_600;

/** A negotiation as the step has it; `record` is undefined for a new one. */
export interface OpenNegotiation {
  readonly record: NegotiationRecord | undefined;
  readonly state: Negotiation;
  /** True when the step has sent a move of ours, which starts the waiting for the peer anew. */
  readonly hasSent: boolean;
}

/** Something the peer did, for the owner to be told, and the phase it led to. `unusable` is a move that we could not use. */
export interface News {
  readonly nid: Hex;
  readonly type: MoveType | 'unusable';
  readonly phase: Phase;
}

/** What happened in a group, for the owner to be told: something was said, who or what it is has changed, it is over. */
export type GroupNews = { readonly group: Hex; readonly name: string } & (
  | { readonly type: 'joined'; readonly by: string; readonly members: readonly string[] }
  | { readonly type: 'message'; readonly by: string; readonly text: string }
  | { readonly type: 'changed'; readonly members: readonly string[] }
  | { readonly type: 'ended' }
);

/** A step: everything it does is in here until {@link saveWork}. `now` is in unix seconds. */
export interface Work {
  readonly context: AgentContext;
  readonly now: number;
  readonly channels: Map<Hex, OpenChannel>;
  readonly negotiations: Map<Hex, OpenNegotiation>;
  readonly moves: Map<Hex, MoveRumor>;
  readonly changes: Change[];
  readonly news: News[];
  readonly groupNews: GroupNews[];
  /** What the step promises and does under the owner's mandate. */
  readonly ledger: LedgerCell;
  /** True when the owner himself says yes to what the step does. */
  readonly isApproved: boolean;
}

/** Begins a step. `isApproved` when the owner says yes to whatever the mandate would ask him about. */
export function beginWork(context: AgentContext, isApproved = false): Work {
  const now = context.clock.now();
  const maps = { channels: new Map(), negotiations: new Map(), moves: new Map() };
  return { context, now, ...maps, changes: [], news: [], groupNews: [], ledger: {}, isApproved };
}

/** The same step at the present time: what a signer was asked for may have come late. */
export function atPresent(work: Work): Work {
  return { ...work, now: work.context.clock.now() };
}

/** A negotiation as the step has it by now. */
export function openNegotiation(work: Work, nid: Hex): OpenNegotiation | undefined {
  const open = work.negotiations.get(nid);
  if (open !== undefined) return open;
  const record = work.context.store.findNegotiation(nid);
  if (record === undefined) return undefined;
  return { record, state: readState(record), hasSent: false };
}

/** The channel with this id as the step has it by now. */
export function openChannel(work: Work, id: Hex): OpenChannel | undefined {
  const open = work.channels.get(id);
  if (open !== undefined) return open;
  const record = work.context.store.findChannel(id);
  return record === undefined ? undefined : { record, channel: decodeChannel(record.state) };
}

/** A move, from this step or saved before. */
export function findRumor(work: Work, id: Hex): MoveRumor | undefined {
  const saved = work.moves.get(id) ?? work.context.store.findMove(id)?.rumor;
  return typeof saved === 'string' ? (JSON.parse(saved) as MoveRumor) : saved;
}

/** True when a message with this move waits to be published: an outbox holds each move at most once (docs/decisions/0001). */
export function isQueued({ context, changes }: Work, moveId: Hex): boolean {
  if (changes.some((change) => change.kind === 'queue' && change.record.moveId === moveId)) return true;
  return context.store.listQueued().some((record) => record.moveId === moveId && record.targets.every(({ state }) => state === 'pending'));
}

/** Adds a move to the log. */
export function recordMove(work: Work, nid: Hex, rumor: MoveRumor): void {
  work.moves.set(rumor.id, rumor);
  const record = { id: rumor.id, nid, author: rumor.pubkey, rumor: JSON.stringify(rumor), recordedAt: work.now };
  work.changes.push({ kind: 'move', record });
}

/** True when there is something to save. */
export function hasChanges({ changes, channels, negotiations, ledger }: Work): boolean {
  const isNoted = ledger.opened !== undefined && ledger.opened.ledger !== ledger.opened.before;
  return changes.length > 0 || channels.size > 0 || negotiations.size > 0 || isNoted;
}

/** Saves the whole step in one transaction. Nothing of it may be published before. */
export function saveWork(work: Work): void {
  const own = relaysOf(work.context);
  const channels = [...work.channels.values()].map((open): Change => ({ kind: 'channel', record: toRecord(open, own) }));
  const negotiations = [...work.negotiations.values()].map((open): Change => ({ kind: 'negotiation', record: recordOf(open, work.now) }));
  const states = [...work.negotiations.values()].map(({ state }) => state);
  const ledger = ledgerChanges(work.context.store, work.ledger, states, work.now);
  saveChanges(work.context, [...channels, ...negotiations, ...work.changes, ...ledger]);
}

/** Saves changes; the second place hears first of what is to be sent (docs/decisions/0012-old-homes.md). */
export function saveChanges({ store, sends }: Pick<AgentContext, 'store' | 'sends'>, changes: readonly Change[]): void {
  const count = sendsAfter(changes);
  if (count !== undefined) sends?.announce(count);
  store.save(changes);
}

function recordOf({ record, state, hasSent }: OpenNegotiation, now: number): NegotiationRecord {
  const { nid, peer } = state;
  const isWaitingAnew = hasSent || record === undefined;
  return {
    nid,
    peer,
    state: JSON.stringify(state),
    isActive: isActive(state),
    createdAt: record?.createdAt ?? now,
    updatedAt: now,
    resendAt: isWaitingAnew ? now + FIRST_RESEND_S : record.resendAt,
    resends: isWaitingAnew ? 0 : record.resends,
    version: record?.version ?? 0,
  };
}
