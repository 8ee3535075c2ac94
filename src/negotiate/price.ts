// Price models. One leaf of the terms; a price of a model we do not know is refused, never guessed.

import type { z } from 'zod';
import { formatMsat, parseMsat, type Msat } from '../core/money.ts';
import type { priceSchema } from './priceSchema.ts';

/** A price, told apart by `model`. */
export type Price = z.infer<typeof priceSchema>;

/** The price of one model. */
export type PriceOf<M extends Price['model']> = Extract<Price, { model: M }>;

/** One amount for the whole job. Throws `input/invalid` for an amount that cannot exist. */
export function makeFixedPrice(amountMsat: Msat): PriceOf<'fixed'> {
  return { model: 'fixed', amount_msat: formatMsat(amountMsat) };
}

/** What the whole job costs where that is one amount, whatever happens; undefined for every other model. */
export function readFixedAmount(price: Price): Msat | undefined {
  return price.model === 'fixed' ? parseMsat(price.amount_msat) : undefined;
}
