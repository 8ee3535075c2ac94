// What a home that has gone back in time may do within a step: nothing of ours is said in a negotiation that may be further than we know, and
// nothing is sent in a channel whose keys may have been used.

import type { Hex } from '../core/bytes.ts';
import { burnKeys } from '../marmot/sealPayload.ts';
import type { Negotiation } from '../negotiate/negotiation.ts';
import type { OpenChannel } from './channelRecord.ts';
import { doubtsAfter, writeDoubts } from './doubtNote.ts';
import { isBehind, isListed, isUnread } from './behind.ts';
import { parseRestored, readRestored, writeRestored, type RestoredNote } from './restoredNote.ts';
import type { Work } from './work.ts';

/** True where moves of ours may have been made that this home does not know, or where nobody has looked yet. */
export function isDoubtful(work: Work, nid: Hex): boolean {
  return isListed(noteOf(work), nid) || isUnread(work.context.store, nid, work.negotiations.get(nid)?.state.peer);
}

/** The channel, ready for messages of ours; undefined while none may be sent. Where there was doubt, keys are thrown away, once. */
export async function readyToSend(work: Work, open: OpenChannel): Promise<OpenChannel | undefined> {
  const { context, changes } = work;
  const { id } = open.record;
  if (open.channel.staged !== undefined || isBehind(context.store, id)) return undefined;
  const { [id]: doubt, ...rest } = doubtsAfter(context.store, changes);
  if (doubt === undefined) return open;
  changes.push(writeDoubts(rest));
  return { ...open, channel: await burnKeys(open.channel, doubt.burn, context.rng) };
}

/** Takes a negotiation for current from now on. */
export function trust(work: Work, nid: Hex): void {
  change(work, ({ doubtful }) => ({ doubtful: doubtful.filter((each) => each !== nid) }));
}

/** Leaves a negotiation as it is for good: what we have said in it cannot be made out. */
export function breakOff(work: Work, nid: Hex): void {
  change(work, ({ doubtful, broken }) => ({ doubtful: doubtful.filter((each) => each !== nid), broken: [...new Set([...broken, nid])] }));
}

/** Writes down that there is a channel with this peer again. */
export function noteRejoined(work: Work, peer: Hex): void {
  change(work, ({ rejoin }) => ({ rejoin: rejoin.filter((each) => each !== peer) }));
}

/** Writes down that the keys of a channel are new ones. */
export function clearSuspicion(work: Work, channelId: Hex): void {
  change(work, ({ suspect }) => ({ suspect: suspect.filter((each) => each !== channelId) }));
}

/** Writes down that the keys of a channel that was just joined may have been used: it came with a key package from before. */
export function suspectIfOld(work: Work, channelId: Hex, madeAt: number): void {
  const note = noteOf(work);
  if (note !== undefined && madeAt < note.at) change(work, ({ suspect }) => ({ suspect: [...new Set([...suspect, channelId])] }));
}

/** Gives a channel up, with its keys, as a backup leaves them out; its peer is invited into a new one. */
export function loseChannel(work: Work, { record }: OpenChannel): void {
  work.channels.delete(record.id);
  work.changes.push({ kind: 'channel', record: { ...record, state: new Uint8Array(), hasChores: false, endedAt: work.now } });
  const { peer, leavingAt } = record;
  const isWanted = peer !== undefined && leavingAt === undefined;
  change(work, ({ suspect, rejoin }) => ({
    suspect: suspect.filter((each) => each !== record.id),
    rejoin: isWanted ? [...new Set([...rejoin, peer])] : rejoin,
  }));
}

/**
 * A move that the peer made after we have gone back, and in which it says that the last move of ours that we know is the last that it
 * knows, proves that there is none in between, as far as messages in order can.
 */
export function trustIfCurrent(work: Work, { nid, chain }: Negotiation, seen: Hex | '', madeAt: number): void {
  const note = noteOf(work);
  if (note?.doubtful.includes(nid) === true && madeAt >= note.at && seen === (chain.sent.at(-1)?.id ?? '')) trust(work, nid);
}

function change(work: Work, next: (note: RestoredNote) => Partial<RestoredNote>): void {
  const note = noteOf(work);
  if (note !== undefined) work.changes.push(writeRestored({ ...note, ...next(note) }));
}

/** As this step has it by now. */
function noteOf({ context, changes }: Work): RestoredNote | undefined {
  const latest = changes.findLast((each) => each.kind === 'setting' && each.key === 'restored');
  return latest?.kind === 'setting' ? parseRestored(latest.value) : readRestored(context.store);
}
