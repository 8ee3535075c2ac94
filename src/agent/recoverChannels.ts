// Catches up with channels in which this home may have sent more than it knows, before anything else is done with them: one in doubt is looked
// through, one of an old home gets new keys or is given up.

import type { Hex } from '../core/bytes.ts';
import type { FetchReport } from '../nostr/relayPool.ts';
import type { NostrEvent } from '../nostr/event.ts';
import { loadSchnorr } from '../nostr/schnorr.ts';
import type { ChannelRecord } from '../store/records.ts';
import { decodeChannel } from '../marmot/channelCodec.ts';
import { commitChange, isAlive, publishStaged } from './commits.ts';
import { confirmOwnOffers } from './confirmOwnOffers.ts';
import { hasBehind, isBehind, isSuspect } from './behind.ts';
import { isLost } from './channelRecord.ts';
import type { AgentContext } from './context.ts';
import { receiveFileEvent } from './dealFiles.ts';
import { readDoubts, writeDoubts } from './doubtNote.ts';
import { fetchChannel } from './fetchNews.ts';
import { listGapped } from './newsFilters.ts';
import { listReturned } from './judgeStart.ts';
import { listOpenChannels } from './openChannels.ts';
import { isKnownEvent } from './forgetSeen.ts';
import { compareBySeq, isSeen, listFresh, readEvents, receiveGroupEvents, type Reading, type ReceivedNews } from './receiveGroupEvents.ts';
import { receiveMove } from './receiveMove.ts';
import { recoverMoves } from './recoverMoves.ts';
import { clearSuspicion, loseChannel, trust } from './restored.ts';
import { readRestored } from './restoredNote.ts';
import { sealMoves } from './sealMoves.ts';
import { beginWork, findRumor, openChannel, saveWork, type Work } from './work.ts';

const FETCHES_AT_ONCE = 8;

interface Fetched {
  readonly record: ChannelRecord;
  readonly events: readonly NostrEvent[];
  readonly readUntil: number | undefined;
  /** True when a relay has told everything it has. */
  readonly isAnswered: boolean;
}

/** Does what can be done now; the rest is tried again with a later sync. Returns what was said. Never throws for what relays do. */
export async function recoverChannels(context: AgentContext): Promise<ReceivedNews> {
  if (!hasBehind(context.store)) return { news: [], groupNews: [] };
  const inDoubt = await forEachBehind(context, (record) => !isSuspect(context.store, record.id), clearDoubt);
  // What was found there may have put the whole home in question.
  const suspect = await forEachBehind(context, (record) => isSuspect(context.store, record.id), recoverSuspect);
  const all = [...inDoubt, ...suspect];
  return { news: all.flatMap(({ news }) => news), groupNews: all.flatMap(({ groupNews }) => groupNews) };
}

async function forEachBehind(
  context: AgentContext,
  isWanted: (record: ChannelRecord) => boolean,
  recover: (context: AgentContext, fetched: Fetched) => Promise<ReceivedNews>,
): Promise<readonly ReceivedNews[]> {
  const ids = listOpenChannels(context.store)
    .filter((record) => isBehind(context.store, record.id) && isWanted(record))
    .map(({ id }) => id);
  if (ids.length > 0) await loadSchnorr();
  const received: ReceivedNews[] = [];
  for (let start = 0; start < ids.length; start += FETCHES_AT_ONCE) {
    const batch = await Promise.all(ids.slice(start, start + FETCHES_AT_ONCE).map((id) => fetchBehind(context, id)));
    for (const fetched of batch) if (fetched?.isAnswered === true) received.push(await recover(context, fetched));
  }
  return received;
}

/** Undefined while a commit of ours waits for a relay: what comes of it decides how the rest is read. */
async function fetchBehind(context: AgentContext, id: Hex): Promise<Fetched | undefined> {
  if (context.store.findChannel(id)?.hasChores === true) await publishStaged(context, id);
  const record = context.store.findChannel(id);
  if (record === undefined || decodeChannel(record.state).staged !== undefined) return undefined;
  const reports: FetchReport[] = [];
  const plan = { reports, gapped: listGapped(context), isFromStart: isSuspect(context.store, id) };
  const { events, readUntil } = await fetchChannel(context, record, plan);
  return { record, events, readUntil, isAnswered: reports.some(({ complete }) => complete) };
}

/** Looks for messages of ours that we do not know; nothing is taken in before that is clear. */
async function clearDoubt(context: AgentContext, { record: { id }, events, readUntil }: Fetched): Promise<ReceivedNews> {
  const { store, clock } = context;
  const doubt = readDoubts(store)[id];
  if (doubt === undefined) return { news: [], groupNews: [] };
  const { strays } = await readEvents(beginWork(context), id, listFresh(context, events));
  if (strays.length > 0) {
    store.save(listReturned(store, clock.now()));
    return { news: [], groupNews: [] };
  }
  store.save([writeDoubts({ ...readDoubts(store), [id]: { ...doubt, isRead: true } })]);
  return receiveGroupEvents(context, id, events, readUntil);
}

async function recoverSuspect(context: AgentContext, { record: { id, peer }, events, readUntil }: Fetched): Promise<ReceivedNews> {
  const work = beginWork(context);
  const reading = await readEvents(work, id, listFresh(context, events));
  const isCurrent = readUntil !== undefined && events.every((event) => isSeen(work, event.id) || isKnownEvent(event, context.store));
  const made = peer === undefined ? [] : await takeIn(work, peer, reading, isCurrent && isOnly(context, id, peer));
  const open = openChannel(work, id);
  const isOver = open === undefined || open.record.endedAt !== undefined || !isAlive(open.channel);
  // What comes after a commit of ours can be read by nobody but who has made it.
  const isKept = !isOver && isCurrent && reading.strays.every((rumor) => rumor !== undefined);
  if (isOver) clearSuspicion(work, id);
  else if (!isKept) loseChannel(work, open);
  saveWork(work);
  if (isKept && (await renewKeys(context, id)) && peer !== undefined) await sealMade(context, peer, made);
  return work;
}

/** True when the peer has had no other channel with us since that could hold what is missing here. */
function isOnly({ store }: AgentContext, id: Hex, peer: Hex): boolean {
  const at = readRestored(store)?.at ?? 0;
  const mayHold = (record: ChannelRecord): boolean =>
    record.endedAt === undefined ? isSuspect(store, record.id) : isLost(record) && record.endedAt >= at;
  return !store.listChannels().some((record) => record.peer === peer && record.id !== id && mayHold(record));
}

/** Takes in what was said, own moves first. Returns the own moves that this has led to: they are not sealed yet. */
async function takeIn(work: Work, peer: Hex, { rumors, strays }: Reading, isComplete: boolean): Promise<readonly Hex[]> {
  const theirs = rumors.filter(({ pubkey }) => pubkey === peer).toSorted(compareBySeq);
  const own = strays.flatMap((rumor) => rumor ?? []);
  const left = recoverMoves(work, peer, own, theirs);
  const known = new Set(work.moves.keys());
  if (isComplete) for (const { nid } of work.context.store.listNegotiations().filter((record) => record.peer === peer)) trust(work, nid);
  for (const rumor of left) await receiveMove(work, peer, rumor);
  for (const rumor of theirs) await receiveFileEvent(work, peer, rumor);
  await confirmOwnOffers(work);
  return [...work.moves.values()].filter(({ id, pubkey }) => pubkey === work.context.pubkey && !known.has(id)).map(({ id }) => id);
}

/** New keys for everybody, once a relay has the commit that makes them: what was used before is of no account then. */
async function renewKeys(context: AgentContext, id: Hex): Promise<boolean> {
  if ((await commitChange(context, id, { kind: 'self-update' }, { isRecovery: true })) !== 'applied') return false;
  const work = beginWork(context);
  clearSuspicion(work, id);
  saveWork(work);
  return true;
}

async function sealMade(context: AgentContext, peer: Hex, ids: readonly Hex[]): Promise<void> {
  const work = beginWork(context);
  if (
    await sealMoves(
      work,
      peer,
      ids.flatMap((id) => findRumor(work, id) ?? []),
    )
  )
    saveWork(work);
}
