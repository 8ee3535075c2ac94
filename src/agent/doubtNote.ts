// Channels in which more may have been sent than this home knows, because it was not closed in order: they are caught up with, and some keys are
// thrown away, before anything is sent in them.

import { z } from 'zod';
import type { Hex } from '../core/bytes.ts';
import { NegotiateError } from '../core/errors.ts';
import type { Change, Store } from '../store/records.ts';

const KEY = 'doubts';

const doubtSchema = z.strictObject({
  /** How many messages may have been sent at most. */
  burn: z.int().min(0),
  /** Whether a relay has been asked since for what we have sent. */
  isRead: z.boolean(),
});
const schema = z.record(z.string(), doubtSchema);

/** What is in doubt about a channel. */
export type Doubt = z.infer<typeof doubtSchema>;

/** By channel id. */
export type Doubts = Readonly<Record<Hex, Doubt>>;

/** Reads them. Throws `store/corrupt`. */
export function readDoubts(store: Pick<Store, 'readSetting'>): Doubts {
  return parseDoubts(store.readSetting(KEY));
}

function parseDoubts(text: string | undefined): Doubts {
  if (text === undefined) return {};
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw new NegotiateError('store/corrupt', 'A setting of the home cannot be read. Restore a copy of the home.', { cause });
  }
}

/** The change that writes them. */
export function writeDoubts(doubts: Doubts): Change {
  return { kind: 'setting', key: KEY, value: JSON.stringify(doubts) };
}

/** As they are after these changes. */
export function doubtsAfter(store: Pick<Store, 'readSetting'>, changes: readonly Change[]): Doubts {
  const latest = changes.findLast((change) => change.kind === 'setting' && change.key === KEY);
  return latest?.kind === 'setting' ? parseDoubts(latest.value) : readDoubts(store);
}
