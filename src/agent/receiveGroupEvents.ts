// Takes in the events of one channel, in steps of a bounded size: decrypt, put the moves in order, apply, save.

import type { Hex } from '../core/bytes.ts';
import { peelGroupEvent } from '../marmot/groupEvent.ts';
import { processMls } from '../marmot/processMls.ts';
import type { MoveRumor } from '../negotiate/move.ts';
import { tagValue, type NostrEvent } from '../nostr/event.ts';
import type { AgentContext } from './context.ts';
import { describeChannel, type Channel } from '../marmot/channel.ts';
import { sealDeparture } from '../marmot/sealDeparture.ts';
import { confirmOwnOffers } from './confirmOwnOffers.ts';
import { receiveFileEvent } from './dealFiles.ts';
import { keepDialable } from './dialGuard.ts';
import { receiveMove } from './receiveMove.ts';
import { relaysOf } from './relaysOf.ts';
import { toQueued } from './sealMoves.ts';
import { beginWork, hasChanges, openChannel, saveWork, type News, type OpenChannel, type Work } from './work.ts';

const STEP_EVENTS = 50;

/** Takes in events (kind 445) of the channel with this id; `readUntil` is the time all relays have been read up to, if they have. */
export async function receiveGroupEvents(
  context: AgentContext,
  channelId: Hex,
  events: readonly NostrEvent[],
  readUntil: number | undefined,
): Promise<readonly News[]> {
  const fresh = events.filter(({ id }) => !context.store.hasSeen(id)).sort(compareOldestFirst);
  const news: News[] = [];
  for (let start = 0; start < fresh.length; start += STEP_EVENTS) {
    news.push(...(await receiveStep(context, channelId, fresh.slice(start, start + STEP_EVENTS))));
  }
  if (readUntil !== undefined) noteReadUntil(context, channelId, readUntil);
  return news;
}

async function receiveStep(context: AgentContext, channelId: Hex, events: readonly NostrEvent[]): Promise<readonly News[]> {
  const work = beginWork(context);
  const rumors: MoveRumor[] = [];
  for (const event of events) rumors.push(...(await decrypt(work, channelId, event)));
  const peer = openChannel(work, channelId)?.record.peer;
  if (peer === undefined) return [];
  for (const rumor of rumors.sort(compareBySeq)) await receiveMove(work, peer, rumor);
  // After the moves, which say which files to expect.
  for (const rumor of rumors) await receiveFileEvent(work, peer, rumor);
  await confirmOwnOffers(work);
  if (hasChanges(work)) saveWork(work);
  return work.news;
}

/** The payload of one event, if it has one for us. What may become readable later is not marked as seen. */
async function decrypt(work: Work, channelId: Hex, event: NostrEvent): Promise<readonly MoveRumor[]> {
  const open = openChannel(work, channelId);
  if (open === undefined || open.record.endedAt !== undefined) return [];
  const peeled = peelGroupEvent(open.channel, event);
  if (peeled.kind === 'unreadable') {
    if (peeled.reason !== 'no-key') markSeen(work, event.id);
    return [];
  }
  if (isSeen(work, peeled.mlsHash)) {
    markSeen(work, event.id);
    return [];
  }
  const result = await processMls(open.channel, peeled.mlsBytes);
  if (result.kind === 'unreadable' && result.reason === 'future-epoch') return [];
  markSeen(work, event.id);
  markSeen(work, peeled.mlsHash);
  switch (result.kind) {
    case 'payload':
      work.channels.set(channelId, { ...open, channel: result.channel });
      return [result.rumor];
    case 'handshake':
      work.channels.set(channelId, followRouting(work, open, result.channel));
      return [];
    case 'leaving':
      await letGo(work, open, result.channel);
      return [];
    case 'ended':
      endChannel(work, open, result.channel);
      return [];
    case 'own':
    case 'refused':
    case 'unreadable':
      return [];
    default:
      return result satisfies never;
  }
}

/** The group itself says where its events go. */
function followRouting({ context }: Work, { record }: OpenChannel, channel: Channel): OpenChannel {
  const { nostrGroupId, relays } = describeChannel(channel);
  return { record: { ...record, nostrGroupId, relays: keepDialable(relays, relaysOf(context)) }, channel };
}

/** The peer wants to leave: we commit that for it, as nobody else can, and the channel is over. */
async function letGo(work: Work, open: OpenChannel, channel: Channel): Promise<void> {
  const farewell = await sealDeparture(channel, work.now, work.context.rng);
  const { nostrGroupId, relays } = open.record;
  work.changes.push(
    { kind: 'queue', record: toQueued(work, farewell, `group:${nostrGroupId}`, relays) },
    { kind: 'seen', id: farewell.id, at: work.now },
  );
  endChannel(work, open, channel);
}

function endChannel(work: Work, { record }: OpenChannel, channel: Channel): void {
  work.channels.set(record.id, { record: { ...record, endedAt: work.now }, channel });
}

function isSeen(work: Work, id: Hex): boolean {
  return work.context.store.hasSeen(id) || work.changes.some((change) => change.kind === 'seen' && change.id === id);
}

function markSeen(work: Work, id: Hex): void {
  work.changes.push({ kind: 'seen', id, at: work.now });
}

function noteReadUntil(context: AgentContext, channelId: Hex, readUntil: number): void {
  const record = context.store.findChannel(channelId);
  if (record !== undefined) context.store.save([{ kind: 'channel', record: { ...record, fetchedUntil: readUntil } }]);
}

function compareOldestFirst(a: NostrEvent, b: NostrEvent): number {
  return a.created_at - b.created_at || (a.id < b.id ? -1 : 1);
}

// Relays keep no order within a second; a move that comes after its predecessor saves a round of repetitions.
function compareBySeq(a: MoveRumor, b: MoveRumor): number {
  return Number(tagValue(a, 'seq') ?? 0) - Number(tagValue(b, 'seq') ?? 0);
}
