// The most that a price can ever come to, which whoever gives an agent a mandate needs to know.

import { MAX_MSAT, parseMsat, type Msat } from '../core/money.ts';
import type { Price, PriceOf } from './price.ts';
import { sumAmounts } from './milestones.ts';
import { findDearest } from './tiers.ts';

/**
 * The most that can ever be owed under a price, whatever is used; undefined when nothing limits it. Some usage reaches it, unless
 * it is all bitcoin there can be, above which nothing is ever owed. Credits are left out: nobody can count on them.
 *
 * @example ceilingOf(makeFixedPrice(700_000n)) // 700_000n
 */
export function ceilingOf(price: Price): Msat | undefined {
  const ceilingMsat = findCeiling(price);
  return ceilingMsat === undefined ? undefined : lower(ceilingMsat, MAX_MSAT);
}

function findCeiling(price: Price): Msat | undefined {
  switch (price.model) {
    case 'fixed':
    case 'prepaid':
      return parseMsat(price.amount_msat);
    case 'per_unit': {
      const dearest = findDearest(price);
      const least = parseMsat(price.minimum_msat ?? '0');
      return lower(dearest === undefined || dearest > least ? dearest : least, readCap(price));
    }
    case 'subscription':
      return findSubscriptionCeiling(price);
    case 'milestones':
      return sumAmounts(price.milestones);
    default:
      return price satisfies never;
  }
}

function findSubscriptionCeiling(price: PriceOf<'subscription'>): Msat | undefined {
  const { amount_msat, periods, included } = price;
  const dearest = included?.over === undefined ? 0n : findDearest(included.over);
  const period = lower(dearest === undefined ? undefined : parseMsat(amount_msat) + dearest, readCap(price));
  // Any number of free periods is free.
  if (period === undefined || period === 0n) return period;
  return periods === undefined ? undefined : period * BigInt(periods);
}

function readCap({ cap_msat }: { readonly cap_msat?: string | undefined }): Msat | undefined {
  return cap_msat === undefined ? undefined : parseMsat(cap_msat);
}

/** The lower of two limits; undefined is no limit. */
function lower(one: Msat, other: Msat): Msat;
function lower(one: Msat | undefined, other: Msat | undefined): Msat | undefined;
function lower(one: Msat | undefined, other: Msat | undefined): Msat | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return one < other ? one : other;
}
