// Chance that a seed decides: the same seed, the same numbers.

/** A generator of 32-bit numbers from a seed (mulberry32). */
export function makeDice(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return (t ^ (t >>> 14)) >>> 0;
  };
}

/** The item that `pick` falls on, by weight. */
export function choose<T>(items: readonly (readonly [number, T])[], pick: number): T {
  const sum = items.reduce((total, [weight]) => total + weight, 0);
  let left = ((pick >>> 8) / 2 ** 24) * sum;
  for (const [weight, item] of items) {
    left -= weight;
    if (left < 0) return item;
  }
  return (items.at(-1) as (typeof items)[number])[1];
}
