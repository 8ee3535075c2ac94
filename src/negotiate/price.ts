// Price models. One leaf of the terms; a price of a model we do not know is refused, never guessed.

import { z } from 'zod';
import { formatMsat, formatSats, parseMsat, type Msat } from '../core/money.ts';
import { amountText } from './fields.ts';

const fixedPrice = z.strictObject({ model: z.literal('fixed'), amount_msat: amountText });

/** A price, told apart by `model`. */
export const priceSchema = z.discriminatedUnion('model', [fixedPrice]);

/** A price, told apart by `model`. */
export type Price = z.infer<typeof priceSchema>;

/** One amount for the whole job. Throws `input/invalid` for an amount that cannot exist. */
export function makeFixedPrice(amountMsat: Msat): Price {
  return { model: 'fixed', amount_msat: formatMsat(amountMsat) };
}

/** What the whole job costs. */
export function totalPrice(price: Price): Msat {
  switch (price.model) {
    case 'fixed':
      return parseMsat(price.amount_msat);
    default:
      return price.model satisfies never;
  }
}

/** The price as people read it. @example formatPrice(makeFixedPrice(700_000n)) // '700 sats' */
export function formatPrice(price: Price): string {
  return formatSats(totalPrice(price));
}
