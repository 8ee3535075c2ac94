// Randomness that a seed decides: the same seed, the same throws, on every machine. Never for secrets.

import { sha256 } from '../core/bytes.ts';

/** Throws of seeded dice. */
export interface SeededDice {
  /** A number from 0 up to, but not including, 1. */
  readonly unit: () => number;
  /** A whole number from 0 up to, but not including, `limit`. */
  readonly below: (limit: number) => number;
}

/** Dice for a seed: the small fast counting generator (sfc32) on four words of the seed's SHA-256. */
export function seedDice(seed: string): SeededDice {
  const view = new DataView(sha256(seed).buffer);
  let [a, b, c, counter] = [view.getInt32(0), view.getInt32(4), view.getInt32(8), view.getInt32(12)];
  const unit = (): number => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    c |= 0;
    return (sum >>> 0) / 2 ** 32;
  };
  return { unit, below: (limit) => Math.floor(unit() * limit) };
}

/** The items in another order, each order as likely as the others. */
export function shuffle<T>(items: readonly T[], dice: SeededDice): readonly T[] {
  const mixed = [...items];
  for (let i = mixed.length - 1; i > 0; i -= 1) {
    const j = dice.below(i + 1);
    const [one, other] = [mixed[i], mixed[j]];
    if (one !== undefined && other !== undefined) [mixed[i], mixed[j]] = [other, one];
  }
  return mixed;
}
