// The charge of units by the definition read aloud, to hold the quick way against.

import type { Rate } from './tiers.ts';

/** Every unit is looked at by itself, in parts of one `per`th of a msat. */
export function countParts({ tiers, tiering }: Rate, units: number): bigint {
  let parts = 0n;
  for (let unit = 1; unit <= units; unit += 1) {
    const place = tiering === 'graduated' ? unit - 1 : units;
    for (const [i, { from, price_msat }] of tiers.entries()) {
      const end = tiers[i + 1]?.from ?? Infinity;
      if (from <= place && place < end) parts += BigInt(price_msat);
    }
  }
  return parts;
}

/** The least whole amount that is no less than so many parts, found by trying. */
export function countUp(parts: bigint, per: number): bigint {
  let amount = 0n;
  while (amount * BigInt(per) < parts) amount += 1n;
  return amount;
}
