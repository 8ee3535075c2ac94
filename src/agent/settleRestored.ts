// Takes a home that has gone back in time, from a backup or as an old copy, back into its conversations: channels with new keys, new ones where
// that cannot be, and a look at what it has missed.

import type { Hex } from '../core/bytes.ts';
import { isNegotiateError } from '../core/errors.ts';
import { KINDS } from '../marmot/profile.ts';
import type { ChannelRecord, NegotiationRecord } from '../store/records.ts';
import { isSuspect } from './behind.ts';
import { isLost } from './channelRecord.ts';
import type { AgentContext } from './context.ts';
import { isKnownEvent } from './forgetSeen.ts';
import { listOpenChannels } from './openChannels.ts';
import { openPeerChannel } from './openPeerChannel.ts';
import type { ReceivedNews } from './receiveGroupEvents.ts';
import { recoverChannels } from './recoverChannels.ts';
import { noteRejoined, trust } from './restored.ts';
import { readRestored, type RestoredNote } from './restoredNote.ts';
import { sealMoves } from './sealMoves.ts';
import { beginWork, findRumor, hasChanges, openNegotiation, saveWork, type Work } from './work.ts';

/** Does what is left to do, peer by peer, and returns what was said meanwhile; what cannot be done now is done with a later sync. */
export async function settleRestored(context: AgentContext): Promise<ReceivedNews> {
  const received = await recoverChannels(context);
  const note = readRestored(context.store);
  if (note !== undefined) await settlePeers(context, note);
  return received;
}

async function settlePeers(context: AgentContext, note: RestoredNote): Promise<void> {
  const records = context.store.listNegotiations().filter(({ nid }) => note.doubtful.includes(nid));
  for (const peer of new Set([...note.rejoin, ...records.map((record) => record.peer)])) {
    const theirs = records.filter((record) => record.peer === peer);
    await settlePeer(context, peer, theirs, note.rejoin.includes(peer));
  }
}

async function settlePeer(context: AgentContext, peer: Hex, records: readonly NegotiationRecord[], isToRejoin: boolean): Promise<void> {
  const lost = context.store.listChannels().filter((record) => record.peer === peer && isLost(record));
  const isReading = listOpenChannels(context.store).some((record) => record.peer === peer && isSuspect(context.store, record.id));
  const isQuiet = records.length > 0 && lost.length > 0 && !isReading && (await wasQuiet(context, lost));
  const work = beginWork(context);
  if (isQuiet) for (const { nid } of records) trust(work, nid);
  if (isToRejoin && (await rejoin(work, peer))) for (const { nid, isActive } of records) if (isActive) await askAgain(work, peer, nid);
  if (hasChanges(work)) saveWork(work);
}

/** False when it has to be tried again: the peer has no key package now, or no relay answers. */
async function rejoin(work: Work, peer: Hex): Promise<boolean> {
  try {
    await openPeerChannel(work, peer);
    noteRejoined(work, peer);
    return true;
  } catch (error) {
    if (isNegotiateError(error) && /^(?:peer|relay)\//.test(error.code)) return false;
    throw error;
  }
}

/** Our latest move once more: the peer answers one that it knows with what we have not confirmed (PROTOCOL "Carrier and envelope"). */
async function askAgain(work: Work, peer: Hex, nid: Hex): Promise<void> {
  const sent = openNegotiation(work, nid)?.state.chain.sent ?? [];
  const latest = sent.findLast(({ type }) => type !== 'receipt' && type !== 'error');
  const rumor = latest === undefined ? undefined : findRumor(work, latest.id);
  if (rumor !== undefined) await sealMoves(work, peer, [rumor]);
}

/**
 * True when every relay of the channels that are lost has answered, and none has a message that this home has not seen. We cannot read such a
 * message any more, so it may have been one of ours.
 */
async function wasQuiet(context: AgentContext, lost: readonly ChannelRecord[]): Promise<boolean> {
  const pool = await context.pool();
  for (const { nostrGroupId, relays, otherRoutes } of lost) {
    for (const route of [{ address: nostrGroupId, relays }, ...otherRoutes]) {
      const filter = { kinds: [KINDS.groupEvent], '#h': [route.address] };
      const fetched = await pool.fetch(route.relays, [filter], { purpose: `group:${route.address}`, signal: context.closing });
      const isWhole = fetched.relays.length > 0 && fetched.relays.every(({ complete }) => complete);
      if (!isWhole || fetched.events.some((event) => !isKnownEvent(event, context.store))) return false;
    }
  }
  return true;
}
