// The schema of a price by use, which several price models share.

import { z } from 'zod';
import { amountText, wholeNumber } from './fields.ts';

const MAX_TIERS = 16;

const tierSchema = z.strictObject({ from: wholeNumber, price_msat: amountText });

/** What is counted. It begins with a letter, so that no name can pass for digits of the number before it. */
export const unitName = z.string().regex(/^[a-z][a-z0-9._:-]{0,63}$/);

/**
 * The fields of every price by use. `price_msat` is for `per` units. The first tier starts at 0, each next one later. `graduated`: a tier
 * holds the units after the first `from` ones, each unit at its tier's price. `volume`: all units at the price of the last tier
 * whose `from` is not above their number.
 */
export const rateFields = {
  per: z.int().min(1),
  tiers: z.array(tierSchema).min(1).max(MAX_TIERS).refine(areRising),
  tiering: z.enum(['graduated', 'volume']),
};

function areRising(tiers: readonly { readonly from: number }[]): boolean {
  return tiers.every(({ from }, i) => (i === 0 ? from === 0 : from > (tiers[i - 1]?.from ?? from)));
}
