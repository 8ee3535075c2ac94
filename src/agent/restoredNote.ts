// What a home remembers of having been restored from a backup: since when, and of which negotiations it may have forgotten something.

import { z } from 'zod';
import type { Hex } from '../core/bytes.ts';
import { NegotiateError } from '../core/errors.ts';
import type { Change, Store } from '../store/records.ts';

const KEY = 'restored';

const schema = z.strictObject({
  /** When it was restored (unix seconds). */
  at: z.int(),
  /** Negotiations in which moves may have been made that the backup does not hold. */
  doubtful: z.array(z.string()),
  /** Peers whose channel with us was lost: they are invited into a new one. */
  rejoin: z.array(z.string()),
});

/** The note. */
export type RestoredNote = z.infer<typeof schema>;

/** Reads the note; undefined for a home that was never restored. Throws `store/corrupt`. */
export function readRestored(store: Store): RestoredNote | undefined {
  return parseRestored(store.readSetting(KEY));
}

/** Reads the text of a note. */
export function parseRestored(text: string | undefined): RestoredNote | undefined {
  if (text === undefined) return undefined;
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw new NegotiateError('store/corrupt', 'A setting of the home cannot be read. Restore a copy of the home.', { cause });
  }
}

/** The note of a home that is restored now from a backup of `madeAt`, when the last channels in it were closed. */
export function noteRestored(store: Store, at: number, madeAt: number): RestoredNote {
  const lost = store.listChannels().filter(({ endedAt, leavingAt }) => endedAt === madeAt && leavingAt === undefined);
  const rejoin = [...new Set(lost.flatMap(({ peer }) => peer ?? []))];
  return { at, doubtful: store.listNegotiations().map(({ nid }) => nid), rejoin };
}

/** The change that writes it. */
export function writeRestored(note: RestoredNote): Extract<Change, { kind: 'setting' }> {
  return { kind: 'setting', key: KEY, value: JSON.stringify(note) };
}

/** True where a saved negotiation may have forgotten moves of ours. */
export function isDoubtfulNow(store: Store, nid: Hex): boolean {
  return readRestored(store)?.doubtful.includes(nid) === true;
}
