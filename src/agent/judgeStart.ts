// At the start of a writer: is this home as it was when it was last used, or an older copy of it? (docs/decisions/0012-old-homes.md)

import type { Change, Store } from '../store/records.ts';
import type { Sentinel, SentinelReading } from '../store/sentinel.ts';
import { readDoubts, writeDoubts, type Doubts } from './doubtNote.ts';
import { noteReturned, readRestored, writeRestored } from './restoredNote.ts';
import { BLOCK, readSends, writeSends } from './sendCount.ts';

// Other clients follow a sender over a gap of two hundred messages, some no further.
const MAX_BURN = 160;

/** What the second place says about a home. `upTo`: how many messages there may be. */
export type Verdict =
  | { readonly kind: 'same' }
  | { readonly kind: 'doubt'; readonly burn: number; readonly upTo: number }
  | { readonly kind: 'old'; readonly upTo: number };

/** Compares the number of messages in the database with what the second place remembers. */
export function judge(count: number, seen: SentinelReading): Verdict {
  if (seen.kind !== 'known') return count === 0 && seen.kind === 'missing' ? { kind: 'same' } : { kind: 'doubt', burn: BLOCK, upTo: count };
  const { floor, mark } = seen.record;
  if (count < floor) return { kind: 'old', upTo: mark };
  // The place itself is old, or was out of reach for a while.
  if (count > mark) return { kind: 'doubt', burn: BLOCK, upTo: count };
  return count === mark ? { kind: 'same' } : { kind: 'doubt', burn: mark - count, upTo: mark };
}

/**
 * Notes what is in doubt, or that the home is old, and brings the second place up to date. A place that cannot be written tells nothing from one
 * start to the next: then every channel is caught up with before anything is sent.
 */
export function judgeStart(store: Store, sentinel: Sentinel, now: number): void {
  const count = readSends(store);
  const seen = sentinel.read();
  const verdict = judge(count, seen);
  if (verdict.kind === 'same') return;
  if (verdict.kind === 'old') store.save([...listReturned(store, now), writeSends(verdict.upTo)]);
  else {
    const isBounded = seen.kind === 'known' && count <= seen.record.mark;
    // Until the doubt is written down, the place says that there is one.
    const canTell = isBounded || sentinel.write({ floor: count, mark: count + BLOCK });
    store.save([writeDoubts(addDoubts(store, canTell ? verdict.burn : 0)), writeSends(verdict.upTo)]);
  }
  sentinel.write({ floor: verdict.upTo, mark: verdict.upTo });
}

/** The changes that mark a home as an old copy of itself. Its key packages may have been used since, too. */
export function listReturned(store: Store, now: number): readonly Change[] {
  return [writeRestored(noteReturned(store, now)), writeDoubts({}), { kind: 'retire-key-packages', at: now }];
}

function addDoubts(store: Store, burn: number): Doubts {
  const before = readDoubts(store);
  const suspect = readRestored(store)?.suspect ?? [];
  const open = store.listChannels().filter(({ id, endedAt }) => endedAt === undefined && !suspect.includes(id));
  return Object.fromEntries(open.map(({ id }) => [id, { burn: Math.min(MAX_BURN, (before[id]?.burn ?? 0) + burn), isRead: false }]));
}
