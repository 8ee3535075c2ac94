// Takes in the events of one channel, in steps of a bounded size: decrypt, put the moves in order, apply, save.

import type { Hex } from '../core/bytes.ts';
import type { Converged } from '../marmot/branches.ts';
import { describeChannel, type Channel } from '../marmot/channel.ts';
import { peelGroupEvent } from '../marmot/groupEvent.ts';
import { processMls } from '../marmot/processMls.ts';
import { retireChannel } from '../marmot/retireChannel.ts';
import type { ProcessResult, UnreadableReason } from '../marmot/processResult.ts';
import type { MoveRumor } from '../negotiate/move.ts';
import { tagValue, type NostrEvent } from '../nostr/event.ts';
import { encodeNpub } from '../nostr/npub.ts';
import { isBehind } from './behind.ts';
import { recallInvitations } from './invitations.ts';
import { isAlive, isCommitPending } from './commits.ts';
import { confirmOwnOffers } from './confirmOwnOffers.ts';
import type { AgentContext } from './context.ts';
import { receiveFileEvent } from './dealFiles.ts';
import { readMessage, weighMessages } from './groupMessages.ts';
import { listReturned } from './judgeStart.ts';
import { receiveMove } from './receiveMove.ts';
import type { Change } from '../store/records.ts';
import { seenInChannel } from './forgetSeen.ts';
import { beginWork, hasChanges, openChannel, saveWork, type GroupNews, type News, type Work } from './work.ts';

const STEP_EVENTS = 50;
const DEFERRED: readonly UnreadableReason[] = ['future-epoch', 'missing-proposal', 'no-room'];

/** What the events of a channel have brought. */
export interface ReceivedNews {
  readonly news: readonly News[];
  readonly groupNews: readonly GroupNews[];
}

/** Takes in events (kind 445) of the channel with this id; `readUntil` is the time all relays have been read up to, if they have. */
export async function receiveGroupEvents(
  context: AgentContext,
  channelId: Hex,
  events: readonly NostrEvent[],
  readUntil: number | undefined,
): Promise<ReceivedNews> {
  if (isBehind(context.store, channelId) || isCommitPending(context, channelId, events)) return { news: [], groupNews: [] };
  const fresh = listFresh(context, events);
  const steps: Work[] = [];
  for (let start = 0; start < fresh.length; start += STEP_EVENTS) {
    const step = await receiveStep(context, channelId, fresh.slice(start, start + STEP_EVENTS));
    if (step === undefined) return summarize(steps);
    steps.push(step);
  }
  if (readUntil !== undefined) noteReadUntil(context, channelId, readUntil);
  return summarize(steps);
}

/** Those that were not taken in before, oldest first. */
export function listFresh({ store }: AgentContext, events: readonly NostrEvent[]): readonly NostrEvent[] {
  return events.filter(({ id }) => !store.hasSeen(id)).sort(compareOldestFirst);
}

function summarize(steps: readonly Work[]): ReceivedNews {
  return { news: steps.flatMap(({ news }) => news), groupNews: steps.flatMap(({ groupNews }) => groupNews) };
}

/** Undefined when the home turns out to be an old one: nothing was taken in then (recoverChannels.ts goes on). */
async function receiveStep(context: AgentContext, channelId: Hex, events: readonly NostrEvent[]): Promise<Work | undefined> {
  const work = beginWork(context);
  const { rumors, strays } = await readEvents(work, channelId, events);
  if (strays.length > 0) {
    context.store.save(listReturned(context.store, work.now));
    return undefined;
  }
  // Negotiations are led between two alone: what comes through a group is no move.
  const peer = openChannel(work, channelId)?.record.peer;
  const moves = peer === undefined ? [] : rumors.filter((rumor) => rumor.pubkey === peer).sort(compareBySeq);
  if (peer !== undefined) {
    for (const rumor of moves) await receiveMove(work, peer, rumor);
    // After the moves, which say which files to expect.
    for (const rumor of moves) await receiveFileEvent(work, peer, rumor);
  }
  await confirmOwnOffers(work);
  if (hasChanges(work)) saveWork(work);
  return work;
}

/** What was said in a batch of events; `strays` is what we ourselves have said and do not know of, without a rumor for a commit or a proposal. */
export interface Reading {
  readonly rumors: readonly MoveRumor[];
  readonly strays: readonly (MoveRumor | undefined)[];
}

interface Batch {
  readonly endings: Set<Hex>;
  readonly strays: (MoveRumor | undefined)[];
}

/** Reads events within a step. Relays keep no order within a second: what puts us out takes all keys along, so that it comes after everything else. */
export async function readEvents(work: Work, channelId: Hex, events: readonly NostrEvent[]): Promise<Reading> {
  const batch: Batch = { endings: new Set(), strays: [] };
  const rumors = await decryptRound(work, channelId, events, batch);
  for (const event of events) if (batch.endings.has(event.id)) await decrypt(work, channelId, event, { ...batch, endings: undefined });
  return { rumors, strays: batch.strays };
}

/** What a commit in the batch opens is tried again after it. */
async function decryptRound(work: Work, channelId: Hex, events: readonly NostrEvent[], batch: Batch): Promise<readonly MoveRumor[]> {
  const rumors: MoveRumor[] = [];
  for (const event of events) rumors.push(...(await decrypt(work, channelId, event, batch)));
  const left = events.filter(({ id }) => !isSeen(work, id) && !batch.endings.has(id));
  const isProgress = left.length > 0 && left.length < events.length;
  return isProgress ? [...rumors, ...(await decryptRound(work, channelId, left, batch))] : rumors;
}

/** The payload of one event, if it has one for us. What may become readable later is not marked as seen; with `endings` what ends the channel is noted there. */
async function decrypt(
  work: Work,
  channelId: Hex,
  event: NostrEvent,
  { endings, strays }: Omit<Batch, 'endings'> & { readonly endings: Set<Hex> | undefined },
): Promise<readonly MoveRumor[]> {
  const open = openChannel(work, channelId);
  if (open === undefined || open.record.endedAt !== undefined) return [];
  const peeled = peelGroupEvent(open.channel, event);
  if (peeled.kind === 'unreadable') {
    // Whoever knows the address can send such events, and as many as he likes.
    if (peeled.reason !== 'no-key' && peeled.reason !== 'too-large') work.changes.push({ kind: 'pass-wraps', ids: [event.id] });
    return [];
  }
  const note = (channel: Channel, id: Hex): void => void work.changes.push(seenInChannel(channelId, channel, id, work.now));
  if (isSeen(work, peeled.mlsHash)) {
    note(open.channel, event.id);
    return [];
  }
  const result = await processMls(open.channel, peeled.mlsBytes);
  if (result.kind === 'ended' && endings !== undefined) {
    endings.add(event.id);
    return [];
  }
  if (!isDeferred(result)) {
    const channel = 'channel' in result ? result.channel : open.channel;
    note(channel, event.id);
    note(channel, peeled.mlsHash);
  }
  if (!('channel' in result)) return [];
  if (result.kind === 'stray') strays.push(result.rumor);
  work.channels.set(channelId, { ...open, channel: result.channel });
  return follow(work, channelId, open.channel, result);
}

/** True for what may become readable later. */
function isDeferred(result: ProcessResult): boolean {
  if (result.kind === 'rival') return result.content === 'payload';
  return result.kind === 'unreadable' && DEFERRED.includes(result.reason);
}

/** What follows from a change of the channel, and the payload in it. */
function follow(work: Work, channelId: Hex, before: Channel, result: Extract<ProcessResult, { channel: Channel }>): readonly MoveRumor[] {
  switch (result.kind) {
    case 'payload':
      leaveBranch(work, channelId, result);
      keepMessage(work, channelId, result);
      tellStep(work, channelId, before, result.channel);
      return [result.rumor];
    case 'handshake':
      leaveBranch(work, channelId, result);
      tellStep(work, channelId, before, result.channel);
      return [];
    case 'ended':
      endChannel(work, channelId, before);
      return [];
    case 'stray':
      if (result.rumor !== undefined) keepMessage(work, channelId, { ...result, rumor: result.rumor });
      return [];
    case 'rival':
      return [];
    default:
      return result satisfies never;
  }
}

/** What was said and who was invited on a branch that has lost does not count. */
function leaveBranch(work: Work, channelId: Hex, { channel, superseded }: Converged): void {
  if (superseded.length === 0) return;
  work.changes.push(...weighMessages(channelId, channel, superseded));
  recallInvitations(work, channelId);
}

function keepMessage(
  work: Work,
  channelId: Hex,
  {
    rumor,
    sender,
    epochId = '',
    channel,
  }: { readonly rumor: MoveRumor; readonly sender?: Hex; readonly epochId?: Hex; readonly channel: Channel },
): void {
  const record = readMessage(channelId, rumor, epochId);
  if (record === undefined) return;
  work.changes.push({ kind: 'message', record });
  if (sender === undefined) return;
  const { name } = describeChannel(channel);
  work.groupNews.push({ group: channelId, name, type: 'message', by: encodeNpub(sender), text: record.text });
}

/** A branch on which we are out may win by what is said on it, too. */
function tellStep(work: Work, channelId: Hex, before: Channel, after: Channel): void {
  if (isAlive(after)) tellChange(work, channelId, before, after);
  else endChannel(work, channelId, before);
}

/** Who is in the group, who administers it and what it is called is told; new leaves are not. */
function tellChange(work: Work, channelId: Hex, before: Channel, after: Channel): void {
  const [a, b] = [describeChannel(before), describeChannel(after)];
  const isSame = JSON.stringify([a.members, a.admins, a.name]) === JSON.stringify([b.members, b.admins, b.name]);
  if (!isSame) work.groupNews.push({ group: channelId, name: b.name, type: 'changed', members: b.members.map(encodeNpub) });
}

function endChannel(work: Work, channelId: Hex, before: Channel): void {
  const open = openChannel(work, channelId);
  if (open === undefined) return;
  work.channels.set(channelId, { channel: retireChannel(open.channel), record: { ...open.record, endedAt: work.now } });
  work.groupNews.push({ group: channelId, name: describeChannel(before).name, type: 'ended' });
}

/** True for an event that was taken in, in this step or before. */
export function isSeen(work: Work, id: Hex): boolean {
  const names = (change: Change): boolean =>
    (change.kind === 'seen' && change.id === id) || (change.kind === 'pass-wraps' && change.ids.includes(id));
  return work.context.store.hasSeen(id) || work.changes.some(names);
}

function noteReadUntil(context: AgentContext, channelId: Hex, readUntil: number): void {
  const record = context.store.findChannel(channelId);
  if (record !== undefined) context.store.save([{ kind: 'channel', record: { ...record, fetchedUntil: readUntil } }]);
}

function compareOldestFirst(a: NostrEvent, b: NostrEvent): number {
  return a.created_at - b.created_at || (a.id < b.id ? -1 : 1);
}

/** Relays keep no order within a second; a move that comes after its predecessor saves a round of repetitions. */
export function compareBySeq(a: MoveRumor, b: MoveRumor): number {
  return Number(tagValue(a, 'seq') ?? 0) - Number(tagValue(b, 'seq') ?? 0);
}
