// Channels in which more may have been sent than this home knows, because it was not closed in order: they are caught up with, and some keys are
// thrown away, before anything is sent in them.

import type { Hex } from '../core/bytes.ts';
import type { Change, Store } from '../store/records.ts';
import { parseSetting } from './parseSetting.ts';

const KEY = 'doubts';

/** What is in doubt about a channel. */
export interface Doubt {
  /** How many messages may have been sent at most. */
  readonly burn: number;
  /** Whether a relay has been asked since for what we have sent. */
  readonly isRead: boolean;
}

/** By channel id. */
export type Doubts = Readonly<Record<Hex, Doubt>>;

/** Reads them. Throws `store/corrupt`. */
export function readDoubts(store: Pick<Store, 'readSetting'>): Doubts {
  return parseDoubts(store.readSetting(KEY));
}

function parseDoubts(text: string | undefined): Doubts {
  return text === undefined ? {} : parseSetting(text, checkDoubts);
}

// By hand: verbs that only look read them too, and load no schemas for it.
function checkDoubts(value: unknown): Doubts {
  const isMap = typeof value === 'object' && value !== null && !Array.isArray(value);
  if (isMap && Object.values(value).every(isDoubt)) return value as Doubts;
  throw new TypeError('These are no doubts.');
}

function isDoubt(value: unknown): value is Doubt {
  if (typeof value !== 'object' || value === null) return false;
  const { burn, isRead, ...rest } = value as Record<string, unknown>;
  return Number.isSafeInteger(burn) && Number(burn) >= 0 && typeof isRead === 'boolean' && Object.keys(rest).length === 0;
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
