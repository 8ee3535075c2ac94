// The closed schemas of prices, one for each model.

import { z } from 'zod';
import { isMsatText, MAX_MSAT } from '../core/money.ts';
import { amountText, lineText, wholeNumber } from './fields.ts';
import { sumAmounts } from './milestones.ts';
import { rateFields, unitName } from './rateSchema.ts';

/** Most periods of a subscription that an amount can be worked out for: eleven years of hours. */
export const MAX_PERIODS = 100_000;
/** Most milestones of a price. */
export const MAX_MILESTONES = 32;

const fixedPrice = z.strictObject({ model: z.literal('fixed'), amount_msat: amountText });

// Pay for what is used, between a least and a most amount.
const perUnitPrice = z
  .strictObject({
    model: z.literal('per_unit'),
    unit: unitName,
    ...rateFields,
    minimum_msat: amountText.optional(),
    cap_msat: amountText.optional(),
  })
  .refine(({ minimum_msat, cap_msat }) => isAtMost(minimum_msat, cap_msat));

// The units that each period's amount includes; `over` is what those above them cost, and without it there are none above them.
const allowance = z
  .strictObject({ unit: unitName, count: wholeNumber, over: z.strictObject(rateFields).optional() })
  .refine(({ count, over }) => count > 0 || over !== undefined);

// An amount for each period begun; without `periods` until it is ended. The cap is for one period, its amount included.
const subscriptionPrice = z
  .strictObject({
    model: z.literal('subscription'),
    amount_msat: amountText,
    period_s: z.int().min(1),
    periods: z.int().min(1).max(MAX_PERIODS).optional(),
    included: allowance.optional(),
    cap_msat: amountText.optional(),
  })
  // Without units above the included ones a period costs its amount: there is nothing to cap.
  .refine(({ cap_msat, included }) => cap_msat === undefined || included?.over !== undefined)
  .refine(({ amount_msat, cap_msat }) => isAtMost(amount_msat, cap_msat));

// A balance paid before, drawn down by use, worth something for `expires_s` seconds after its payment.
const prepaidPrice = z.strictObject({
  model: z.literal('prepaid'),
  amount_msat: amountText,
  unit: unitName,
  ...rateFields,
  expires_s: z.int().min(1).optional(),
});

const milestone = z.strictObject({ name: lineText, amount_msat: amountText });

// An amount for each part that is accepted; all of them together are an amount that can exist.
const milestonesPrice = z.strictObject({
  model: z.literal('milestones'),
  milestones: z
    .array(milestone)
    .min(1)
    .max(MAX_MILESTONES)
    .refine((milestones) => new Set(milestones.map(({ name }) => name)).size === milestones.length)
    .refine((milestones) => sumAmounts(milestones) <= MAX_MSAT),
});

/** A price, told apart by `model`. */
export const priceSchema = z.discriminatedUnion('model', [fixedPrice, perUnitPrice, subscriptionPrice, prepaidPrice, milestonesPrice]);

// Runs beside the checks of the single amounts, so that it may meet texts that are none.
function isAtMost(least: string | undefined, most: string | undefined): boolean {
  if (least === undefined || most === undefined || !isMsatText(least) || !isMsatText(most)) return true;
  return BigInt(least) <= BigInt(most);
}
