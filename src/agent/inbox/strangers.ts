// The channels that strangers have opened, as far as they count: those that are open, and those of the last hour.

import { z } from 'zod';
import type { Hex } from '../../core/bytes.ts';
import { NegotiateError } from '../../core/errors.ts';
import type { Change, Store } from '../../store/records.ts';

/** A channel that was joined without the owner's word, and when (unix seconds). */
export interface Stranger {
  readonly channel: Hex;
  readonly at: number;
}

const KEY = 'strangers';
const HOUR_S = 3_600;
const schema = z.array(z.strictObject({ channel: z.string(), at: z.number() }));

/** The list as it was last saved. Throws `store/corrupt`. */
export function readStrangers(store: Store): readonly Stranger[] {
  const text = store.readSetting(KEY);
  if (text === undefined) return [];
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    throw new NegotiateError('store/corrupt', 'The list of channels with strangers cannot be read. Restore a copy of the home.');
  }
}

/** True for one that counts for the limit of an hour. */
export function isLate({ at }: Stranger, now: number): boolean {
  return now - at < HOUR_S;
}

/** The change that saves a list. */
export function writeStrangers(strangers: readonly Stranger[]): Change {
  return { kind: 'setting', key: KEY, value: JSON.stringify(strangers) };
}
