// Randomness that is the same in each run, so that a failure comes again.

import { createCipheriv } from 'node:crypto';
import { sha256 } from './bytes.ts';
import type { Rng } from './ports.ts';

/** Dice that a seed decides, and what tests draw from them. */
export interface Dice extends Rng {
  /** A whole number from 0 up to, but not including, `limit` (at most 2^32). */
  readonly below: (limit: number) => number;
}

/** An endless stream of bytes that depends on `seed` alone. For tests. */
export function rollDice(seed: string): Dice {
  const stream = createCipheriv('aes-256-ctr', sha256(seed), new Uint8Array(16));
  const bytes = (length: number): Uint8Array => new Uint8Array(stream.update(new Uint8Array(length)));
  return { bytes, below: (limit) => Math.floor((Buffer.from(bytes(4)).readUInt32BE() / 2 ** 32) * limit) };
}
