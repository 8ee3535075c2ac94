// The negotiations of a restored home within a step: nothing of ours is said in one that may be further than we know.

import type { Hex } from '../core/bytes.ts';
import type { Negotiation } from '../negotiate/negotiation.ts';
import { parseRestored, readRestored, writeRestored, type RestoredNote } from './restoredNote.ts';
import type { Work } from './work.ts';

/** True where moves of ours may have been made since the backup. */
export function isDoubtful(work: Work, nid: Hex): boolean {
  return noteOf(work)?.doubtful.includes(nid) === true;
}

/** Takes a negotiation for current from now on. */
export function trust(work: Work, nid: Hex): void {
  const note = noteOf(work);
  if (note === undefined) return;
  work.changes.push(writeRestored({ ...note, doubtful: note.doubtful.filter((each) => each !== nid) }));
}

/** Writes down that there is a channel with this peer again. */
export function noteRejoined(work: Work, peer: Hex): void {
  const note = noteOf(work);
  if (note !== undefined) work.changes.push(writeRestored({ ...note, rejoin: note.rejoin.filter((each) => each !== peer) }));
}

/**
 * A move that the peer made after we were restored, and in which it says that the last move of ours that we know is the last that it
 * knows, proves that there is none in between, as far as messages in order can.
 */
export function trustIfCurrent(work: Work, { nid, chain }: Negotiation, seen: Hex | '', madeAt: number): void {
  const note = noteOf(work);
  if (note?.doubtful.includes(nid) === true && madeAt >= note.at && seen === (chain.sent.at(-1)?.id ?? '')) trust(work, nid);
}

/** As this step has it by now. */
function noteOf({ context, changes }: Work): RestoredNote | undefined {
  const latest = changes.findLast((change) => change.kind === 'setting' && change.key === 'restored');
  return latest?.kind === 'setting' ? parseRestored(latest.value) : readRestored(context.store);
}
