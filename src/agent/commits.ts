// Our own commits to a channel: made and saved, published, and applied once a relay has them; never before.

import { seenInChannel } from './forgetSeen.ts';
import type { Hex } from '../core/bytes.ts';
import { NegotiateError } from '../core/errors.ts';
import { describeChannel, type Channel } from '../marmot/channel.ts';
import { decodeChannel } from '../marmot/channelCodec.ts';
import { isSealedWith } from '../marmot/groupEvent.ts';
import { retireChannel } from '../marmot/retireChannel.ts';
import { adoptStaged, dropStaged, stageCommit, type GroupChange } from '../marmot/stageCommit.ts';
import type { Converged } from '../marmot/branches.ts';
import type { NostrEvent } from '../nostr/event.ts';
import type { PublishOutcome } from '../nostr/publishToRelay.ts';
import type { Change, ChannelRecord } from '../store/records.ts';
import { isBehind } from './behind.ts';
import type { AgentContext } from './context.ts';
import { toRecord } from './channelRecord.ts';
import { weighMessages } from './groupMessages.ts';
import { sendInvitations } from './invitations.ts';
import { relaysOf } from './relaysOf.ts';
import { toQueued } from './sealMoves.ts';
import { countSends } from './sendCount.ts';
import { beginWork, saveChanges, saveWork } from './work.ts';

/**
 * What became of a commit. `applied`: a relay has it. `superseded`: a relay has it, but another one counts. `refused`: certainly no relay
 * has it, and it is as if it had not been made. `waiting`: nobody knows; the same bytes go out again with the next sync.
 */
export type CommitOutcome = 'applied' | 'superseded' | 'refused' | 'waiting';

/**
 * Makes a commit and publishes it. Throws what `stageCommit` throws, `input/not-found` for a channel that is not there or over, or that we
 * are leaving, `relay/unacknowledged` for one that has to be caught up with first; `isRecovery` says that it has been. `also` is saved with it.
 */
export async function commitChange(
  context: AgentContext,
  channelId: Hex,
  change: GroupChange,
  { isRecovery = false, also = [] }: { readonly isRecovery?: boolean; readonly also?: readonly Change[] } = {},
): Promise<CommitOutcome> {
  const { record, channel } = openForChange(context, channelId);
  if (!isRecovery && isBehind(context.store, channelId)) throw notCaughtUp();
  // Who has asked to be let go sends nothing but that (protocol-core/member-departure.md).
  if (record.leavingAt !== undefined)
    throw new NegotiateError(
      'input/not-found',
      'You are leaving this group: nothing can be changed in it. See: agent-negotiate group list',
    );
  const now = context.clock.now();
  const staged = await stageCommit(channel, change, now, context.rng);
  const changes: Change[] = [
    { kind: 'channel', record: toRecord({ record, channel: staged.channel }, relaysOf(context)) },
    // What comes back from a relay as our own needs no second look.
    seenInChannel(record.id, staged.channel, staged.event.id, now),
    seenInChannel(record.id, staged.channel, staged.mlsHash, now),
    ...also,
  ];
  countSends(context.store, changes);
  saveChanges(context, changes);
  const outcome = await publishStaged(context, channelId, { isFirstTry: true });
  if (outcome === 'applied') await sendInvitations(context, channelId);
  return outcome;
}

/**
 * Goes on with a commit that an earlier try, or an earlier process, has left half done. After a first try a relay that cannot be reached, or
 * refuses for now, may have it from before. Never throws for what relays do.
 */
export async function publishStaged(
  context: AgentContext,
  channelId: Hex,
  { isFirstTry = false }: { readonly isFirstTry?: boolean } = {},
): Promise<CommitOutcome> {
  const { record, channel } = openForChange(context, channelId);
  const { staged } = channel;
  if (staged === undefined) return 'applied';
  const event = JSON.parse(staged.event) as NostrEvent;
  const access = { purpose: `group:${record.nostrGroupId}`, signal: context.closing } as const;
  const outcomes = await (await context.pool()).publish(record.relays, event, access);
  if (outcomes.some(isTaken)) {
    const left = outcomes.filter((outcome) => !isTaken(outcome) && outcome.retryable).map(({ relay }) => relay);
    return adopt(context, record, channel, left);
  }
  if (!outcomes.every((outcome) => (isFirstTry ? isNotTaken(outcome) : isRefusedForGood(outcome)))) return 'waiting';
  context.store.save([{ kind: 'channel', record: toRecord({ record, channel: dropStaged(channel) }, relaysOf(context)) }]);
  return 'refused';
}

/**
 * True while a commit of ours waits for a relay: nothing is read until that is clear. One that a relay shows has been published, and so has
 * one in whose epoch somebody speaks: nobody could without it.
 */
export function isCommitPending(context: AgentContext, channelId: Hex, events: readonly NostrEvent[]): boolean {
  const record = context.store.findChannel(channelId);
  if (record?.hasChores !== true) return false;
  const channel = decodeChannel(record.state);
  if (channel.staged === undefined) return false;
  const { outerKey } = channel.staged.epoch;
  const { id } = JSON.parse(channel.staged.event) as NostrEvent;
  if (!events.some((event) => event.id === id || isSealedWith(outerKey, event))) return true;
  // Which relays have it, and which do not, nobody knows: one that has it says so.
  adopt(context, record, channel, record.relays);
  return false;
}

/** `left` are the relays that have yet to take the event. */
function adopt(context: AgentContext, record: ChannelRecord, channel: Channel, left: readonly string[]): CommitOutcome {
  const work = beginWork(context);
  const { staged } = channel;
  const adopted = adoptStaged(channel);
  const isOver = !isAlive(adopted.channel);
  const next = {
    ...record,
    ...(hasNewLeaf(channel, adopted) ? { leafUpdatedAt: work.now } : {}),
    ...(isOver ? { endedAt: work.now } : {}),
  };
  work.channels.set(record.id, { record: next, channel: isOver ? retireChannel(adopted.channel) : adopted.channel });
  work.changes.push(...weighMessages(record.id, adopted.channel, adopted.superseded));
  if (left.length > 0 && staged !== undefined) {
    const event = JSON.parse(staged.event) as NostrEvent;
    work.changes.push({ kind: 'queue', record: toQueued(work, event, `group:${record.nostrGroupId}`, left) });
  }
  saveWork(work);
  return adopted.channel.epoch.id === staged?.epoch.id ? 'applied' : 'superseded';
}

/** What is said to whoever wants something in a channel that is held back. */
export function notCaughtUp(): NegotiateError {
  return new NegotiateError(
    'relay/unacknowledged',
    'More may have been sent here than this home knows. Run sync, so that a relay can say, then try again.',
  );
}

/** False when there is nobody left to talk to, or the group was disbanded. */
export function isAlive(channel: Channel): boolean {
  const { members, isMember, isDisbanded } = describeChannel(channel);
  return isMember && !isDisbanded && members.length > 1;
}

function openForChange(context: AgentContext, channelId: Hex): { readonly record: ChannelRecord; readonly channel: Channel } {
  const record = context.store.findChannel(channelId);
  if (record === undefined || record.endedAt !== undefined)
    throw new NegotiateError('input/not-found', 'There is no such group, or it is over. See: agent-negotiate group list');
  return { record, channel: decodeChannel(record.state) };
}

function hasNewLeaf({ state }: Channel, { channel }: Converged): boolean {
  const own = state.privatePath.leafIndex * 2;
  return channel.state.ratchetTree[own] !== state.ratchetTree[own];
}

function isTaken({ outcome }: PublishOutcome): boolean {
  return outcome === 'accepted' || outcome === 'duplicate';
}

function isNotTaken({ outcome }: PublishOutcome): boolean {
  return outcome === 'unreachable' || outcome === 'rejected';
}

function isRefusedForGood({ outcome, retryable }: PublishOutcome): boolean {
  return outcome === 'rejected' && !retryable;
}
