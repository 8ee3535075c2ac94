// What time makes due: deadlines, receipts we owe, confirmations, and moves the peer has not confirmed.

import type { Hex } from '../core/bytes.ts';
import { listUnseen } from '../negotiate/chain.ts';
import type { Negotiation } from '../negotiate/negotiation.ts';
import type { AgentContext } from './context.ts';
import { applyTick } from './applyTransition.ts';
import { findPeerChannel } from './openChannels.ts';
import { isStuck, STUCK_S } from './stuck.ts';
import { confirmPending } from './confirmOwnOffers.ts';
import { sealMoves } from './sealMoves.ts';
import { beginWork, findRumor, hasChanges, isQueued, openNegotiation, saveWork, type Work } from './work.ts';
import type { NegotiationRecord } from '../store/records.ts';

/** How often a move that the peer does not confirm is sent again. */
export const MAX_RESENDS = 10;
const LONGEST_RESEND_S = 86_400;
const FIRST_RESEND_S = 3_600;

/** Lets time pass for every active negotiation, one step each. */
export async function runTimers(context: AgentContext): Promise<void> {
  for (const { nid } of context.store.listNegotiations({ isActive: true })) await letTimePass(context, nid);
}

/** Lets time pass for one negotiation, in one step. */
export async function letTimePass(context: AgentContext, nid: Hex): Promise<void> {
  const work = beginWork(context);
  const open = openNegotiation(work, nid);
  if (open === undefined) return;
  await applyTick(work, open);
  await confirmPending(work, openNegotiation(work, nid) ?? open);
  await sealUnsent(work, nid);
  await resendUnseen(work, nid);
  if (hasChanges(work)) saveWork(work);
}

/** Sends moves that could not be sealed when they were made, or wait for the relays of a channel that is not used any more. */
async function sealUnsent(work: Work, nid: string): Promise<void> {
  const open = openNegotiation(work, nid);
  if (open === undefined) return;
  callBack(work, open.state);
  const rumors = listUnseen(open.state.chain).flatMap((id) => (isUnsent(work, id) ? (findRumor(work, id) ?? []) : []));
  await sealMoves(work, open.state.peer, rumors);
}

/** Takes out of the outbox what no relay of another channel with the peer has taken in hours: it goes in a fresh message through this one. */
function callBack(work: Work, { peer, chain }: Negotiation): void {
  const { store } = work.context;
  const unseen = new Set(listUnseen(chain));
  if (unseen.size === 0) return;
  const channel = findPeerChannel(store, peer, work.now);
  if (channel === undefined || isStuck(channel, work.now)) return;
  const addresses = [channel.nostrGroupId, ...channel.otherRoutes.map(({ address }) => address)].map((address) => `group:${address}`);
  for (const { eventId, moveId, purpose, createdAt, targets } of store.listQueued()) {
    const isWaiting = work.now - createdAt >= STUCK_S && targets.every(({ state }) => state !== 'done');
    if (moveId === undefined || !unseen.has(moveId) || addresses.includes(purpose) || !isWaiting) continue;
    work.changes.push({ kind: 'drop-queued', eventId });
  }
}

/** True for a move that was saved, but is in no message, sent or waiting. */
function isUnsent({ context: { store }, changes }: Work, moveId: string): boolean {
  const move = store.findMove(moveId);
  if (move === undefined || move.sentAt !== undefined) return false;
  const isFresh = changes.some((change) => change.kind === 'queue' && change.record.moveId === moveId);
  const dropped = new Set(changes.flatMap((change) => (change.kind === 'drop-queued' ? change.eventId : [])));
  return !isFresh && !store.listQueued().some((record) => record.moveId === moveId && !dropped.has(record.eventId));
}

/** Sends moves again that the peer has not confirmed for long, in fresh messages (PROTOCOL "Carrier and envelope"). */
async function resendUnseen(work: Work, nid: string): Promise<void> {
  const open = openNegotiation(work, nid);
  const record = open?.record;
  if (open === undefined || record === undefined || open.hasSent || record.resendAt > work.now || record.resends >= MAX_RESENDS) return;
  const rumors = listUnseen(open.state.chain).flatMap((id) => (isQueued(work, id) ? [] : (findRumor(work, id) ?? [])));
  if (rumors.length === 0) return;
  if (!(await sealMoves(work, open.state.peer, rumors))) return;
  work.negotiations.set(nid, { ...open, record: postpone(record, work.now) });
}

function postpone(record: NegotiationRecord, now: number): NegotiationRecord {
  const resends = record.resends + 1;
  return { ...record, resends, resendAt: now + Math.min(LONGEST_RESEND_S, FIRST_RESEND_S * 4 ** resends) };
}
