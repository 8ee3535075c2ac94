// The values that decide a signature can be found again from the seed, and are new at every place.

import { describe, expect, it } from 'vitest';
import type { SigningPlace } from '../negotiate/replay.ts';
import { createMemoryStore } from '../store/memoryStore.ts';
import { deriveLockValues, lockValuesFor, seedLocks } from './lockValues.ts';

const rng = { bytes: (length: number) => crypto.getRandomValues(new Uint8Array(length)) };
const place: SigningPlace = { nid: 'a1'.repeat(32), about: 'b2'.repeat(32), at: 1_800_000_000, place: 3 };
const others: readonly SigningPlace[] = [
  { ...place, nid: 'a2'.repeat(32) },
  { ...place, about: 'b3'.repeat(32) },
  { ...place, at: place.at + 1 },
  { ...place, place: 4 },
];

describe('lock values', () => {
  it('are the same for one place and seed, and all different otherwise', () => {
    const store = createMemoryStore();
    store.save(seedLocks(store, rng));
    expect(seedLocks(store, rng)).toEqual([]);
    expect(lockValuesFor(store, rng, place)).toEqual(lockValuesFor(store, rng, place));
    const values = [place, ...others].map((each) => lockValuesFor(store, rng, each));
    const other = deriveLockValues('00'.repeat(32), place);
    expect(new Set([...values, other].flatMap(({ yes, no }) => [yes, no])).size).toBe(12);
  });

  it('are drawn by chance where there is no seed', () => {
    const store = createMemoryStore();
    expect(lockValuesFor(store, rng, place)).not.toEqual(lockValuesFor(store, rng, place));
  });
});
