// Tells outcomes apart by what they say, not by which object says it.

import type { Outcome } from './utility.ts';

const keys = new WeakMap<Outcome, string>();

/** One text for one outcome, whatever the order of its issues. */
export function keyOf(outcome: Outcome): string {
  const known = keys.get(outcome);
  if (known !== undefined) return known;
  const parts = Object.entries(outcome).map(([name, value]) =>
    JSON.stringify([name, typeof value === 'bigint' ? `${value}n` : `'${value}`]),
  );
  const key = parts.sort().join();
  // What may still be changed has no text for good.
  if (Object.isFrozen(outcome)) keys.set(outcome, key);
  return key;
}
