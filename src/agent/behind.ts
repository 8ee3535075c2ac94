// What is held back in a home that may be older than what it has said: negotiations and channels, by what the home has noted.

import type { Hex } from '../core/bytes.ts';
import type { Store } from '../store/records.ts';
import { readDoubts } from './doubtNote.ts';
import { listOpenChannels } from './openChannels.ts';
import { readRestored, type RestoredNote } from './restoredNote.ts';

/** True where moves of ours may have been made that this home does not know, or where nobody has looked yet. */
export function isDoubtfulNow(store: Store, nid: Hex): boolean {
  return isListed(readRestored(store), nid) || isUnread(store, nid);
}

/** True where what we have said is known to be lost. */
export function isBroken(store: Store, nid: Hex): boolean {
  return readRestored(store)?.broken.includes(nid) === true;
}

/** The same by a note alone. */
export function isListed(note: RestoredNote | undefined, nid: Hex): boolean {
  return note !== undefined && (note.doubtful.includes(nid) || note.broken.includes(nid));
}

/** True as long as no relay was asked what we have sent to the peer of this negotiation. */
export function isUnread(store: Store, nid: Hex, peer?: Hex): boolean {
  const doubts = readDoubts(store);
  if (!Object.values(doubts).some(({ isRead }) => !isRead)) return false;
  const other = peer ?? store.findNegotiation(nid)?.peer;
  return listOpenChannels(store).some((record) => record.peer === other && doubts[record.id]?.isRead === false);
}

/** True for a channel that has to be caught up with before anything else is done with it: it is not read from, nor sent to, by other ways. */
export function isBehind(store: Store, channelId: Hex): boolean {
  return isSuspect(store, channelId) || readDoubts(store)[channelId]?.isRead === false;
}

/** True for a channel whose keys may have been used by what was lost. */
export function isSuspect(store: Store, channelId: Hex): boolean {
  return readRestored(store)?.suspect.includes(channelId) === true;
}

/** True while something is to be caught up with. */
export function hasBehind(store: Store): boolean {
  const isInQuestion = (readRestored(store)?.suspect.length ?? 0) > 0 || Object.values(readDoubts(store)).some(({ isRead }) => !isRead);
  return isInQuestion && listOpenChannels(store).some(({ id }) => isBehind(store, id));
}
