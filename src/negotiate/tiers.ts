// What so many units cost: prices by tier, added up as exact fractions and rounded up once.

import { parseMsat, type Msat } from '../core/money.ts';

/** A price by use. */
export interface Rate {
  readonly per: number;
  readonly tiers: readonly { readonly from: number; readonly price_msat: string }[];
  readonly tiering: 'graduated' | 'volume';
}

/** Units that are charged at one price, which is for `per` units. */
export interface Share {
  readonly units: number;
  readonly priceMsat: Msat;
}

/** What units cost, in whole msat, and what it is made of. */
export interface Charge {
  readonly amountMsat: Msat;
  /** Whether the exact amount was not whole, and so was rounded up. */
  readonly isRounded: boolean;
  readonly shares: readonly Share[];
}

/** What `units` cost. @example chargeUnits({ per: 3, tiers: [{ from: 0, price_msat: '10' }], tiering: 'volume' }, 2).amountMsat // 7n */
export function chargeUnits(rate: Rate, units: number): Charge {
  const shares = rate.tiering === 'graduated' ? splitGraduated(rate, units) : splitVolume(rate, units);
  const parts = shares.reduce((sum, share) => sum + BigInt(share.units) * share.priceMsat, 0n);
  const per = BigInt(rate.per);
  const isRounded = parts % per !== 0n;
  return { amountMsat: parts / per + (isRounded ? 1n : 0n), isRounded, shares };
}

/** The most that any number of units can cost; undefined when there is no such amount, because the last tier is not free. */
export function findDearest(rate: Rate): Msat | undefined {
  const { tiers, tiering } = rate;
  const last = tiers.at(-1);
  if (last === undefined || parseMsat(last.price_msat) > 0n) return undefined;
  // Within a tier more units never cost less, so that the ends of the tiers are all there is to look at.
  const ends = tiering === 'graduated' ? [last.from] : tiers.slice(1).map(({ from }) => from - 1);
  return ends.reduce((most, units) => atLeast(most, chargeUnits(rate, units).amountMsat), 0n);
}

function splitGraduated({ tiers }: Rate, units: number): readonly Share[] {
  return tiers.flatMap(({ from, price_msat }, i) => {
    const end = Math.min(units, tiers[i + 1]?.from ?? units);
    return end > from ? [{ units: end - from, priceMsat: parseMsat(price_msat) }] : [];
  });
}

function splitVolume({ tiers }: Rate, units: number): readonly Share[] {
  const tier = tiers.findLast(({ from }) => from <= units);
  return tier === undefined || units === 0 ? [] : [{ units, priceMsat: parseMsat(tier.price_msat) }];
}

function atLeast(least: Msat, amountMsat: Msat): Msat {
  return amountMsat > least ? amountMsat : least;
}
