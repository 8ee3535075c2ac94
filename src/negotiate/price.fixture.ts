// Random valid prices of every model, usage that fits them, and one example of each model.

import fc from 'fast-check';
import { MAX_MSAT } from '../core/money.ts';
import type { Price, PriceOf } from './price.ts';
import type { Rate } from './tiers.ts';
import type { Usage } from './usage.ts';

/** The name of a price model. */
export type Model = Price['model'];

/** One price of each model, with all that is optional. */
export const EXAMPLES: { readonly [M in Model]: PriceOf<M> } = {
  fixed: { model: 'fixed', amount_msat: '700000' },
  per_unit: {
    model: 'per_unit',
    unit: 'token',
    per: 1_000,
    tiers: [
      { from: 0, price_msat: '2000' },
      { from: 1_000_000, price_msat: '1500' },
    ],
    tiering: 'graduated',
    minimum_msat: '10000',
    cap_msat: '5000000',
  },
  subscription: {
    model: 'subscription',
    amount_msat: '5000000',
    period_s: 2_592_000,
    periods: 12,
    included: { unit: 'page', count: 100, over: { per: 1, tiers: [{ from: 0, price_msat: '20000' }], tiering: 'volume' } },
    cap_msat: '9000000',
  },
  prepaid: {
    model: 'prepaid',
    amount_msat: '10000000',
    unit: 'call',
    per: 10,
    tiers: [{ from: 0, price_msat: '25000' }],
    tiering: 'graduated',
    expires_s: 7_776_000,
  },
  milestones: {
    model: 'milestones',
    milestones: [
      { name: 'Draft', amount_msat: '300000' },
      { name: 'Final text', amount_msat: '600000' },
    ],
  },
};

const unit = fc.stringMatching(/^[a-z][a-z0-9._:-]{0,5}$/);
const pickSome = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(arbitrary, { nil: undefined });

/** Drops the fields that are undefined, as JSON has none. */
function compact<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as T;
}

/** How large the numbers of a drawn price are: `small` ones can be counted unit by unit. */
export interface Scale {
  readonly amount: fc.Arbitrary<bigint>;
  readonly from: fc.Arbitrary<number>;
  readonly per: fc.Arbitrary<number>;
}

/** Numbers that can be counted through, with ends of tiers within reach of the usage. */
export const SMALL: Scale = {
  amount: fc.oneof(fc.bigInt(0n, 40n), fc.constant(0n)),
  from: fc.integer({ min: 1, max: 25 }),
  per: fc.constantFrom(1, 2, 3, 7, 10),
};

/** Every number that the wire can carry. */
export const LARGE: Scale = {
  amount: fc.oneof(fc.bigInt(0n, MAX_MSAT), fc.bigInt(0n, 1_000_000n), fc.constantFrom(0n, 1n, MAX_MSAT)),
  from: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  per: fc.oneof(fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), fc.constantFrom(1, 1_000)),
};

/** Tiers in order, the first from 0. */
export function anyRate({ amount, from, per }: Scale): fc.Arbitrary<Rate> {
  const later = fc.uniqueArray(from, { maxLength: 4 }).map((starts) => [0, ...starts.sort((a, b) => a - b)]);
  return fc
    .tuple(later, fc.array(amount, { minLength: 5, maxLength: 5 }), per, fc.constantFrom('graduated' as const, 'volume' as const))
    .map(([starts, prices, each, tiering]) => ({
      per: each,
      tiers: starts.map((start, i) => ({ from: start, price_msat: String(prices[i]) })),
      tiering,
    }));
}

/** Any price of one model. `name` draws the names of milestones. */
export function anyPriceOf<M extends Model>(model: M, scale: Scale, name: fc.Arbitrary<string> = fc.constantFrom('a', 'b', 'c', 'd')) {
  const all: { readonly [N in Model]: fc.Arbitrary<PriceOf<N>> } = {
    fixed: scale.amount.map((amount) => ({ model: 'fixed', amount_msat: String(amount) })),
    per_unit: anyPerUnit(scale),
    subscription: anySubscription(scale),
    prepaid: fc
      .tuple(scale.amount, unit, anyRate(scale), pickSome(fc.integer({ min: 1, max: 10_000_000 })))
      .map(([amount, named, rate, expiresS]) =>
        compact({ model: 'prepaid' as const, amount_msat: String(amount), unit: named, ...copyRate(rate), expires_s: expiresS }),
      ),
    milestones: fc
      .uniqueArray(fc.record({ name, amount_msat: scale.amount }), { minLength: 1, maxLength: 4, selector: (each) => each.name })
      .map((list) => ({
        model: 'milestones',
        // A quarter each, so that four of them are not above all bitcoin.
        milestones: list.map(({ name: text, amount_msat }) => ({ name: text, amount_msat: String(amount_msat / 4n) })),
      })),
  };
  return all[model];
}

/** Any price of any model. */
export function anyPrice(scale: Scale, name?: fc.Arbitrary<string>): fc.Arbitrary<Price> {
  return fc.oneof(...(Object.keys(EXAMPLES) as Model[]).map((model): fc.Arbitrary<Price> => anyPriceOf(model, scale, name)));
}

/** Usage that this price can be applied to, of up to `most` units at a time. */
export function anyUsageOf(price: Price, most = 40): fc.Arbitrary<Usage> {
  const units = fc.nat({ max: most });
  switch (price.model) {
    case 'fixed':
      return fc.constant({});
    case 'per_unit':
    case 'prepaid':
      return units.map((used) => ({ units: used }));
    case 'subscription': {
      const { included, periods = 5 } = price;
      const used = included?.over !== undefined ? units : fc.nat({ max: Math.min(most, included?.count ?? 0) });
      return fc.array(used, { maxLength: Math.min(periods, 5) }).map((list) => ({ periods: list }));
    }
    case 'milestones':
      return fc.subarray(price.milestones.map(({ name }) => name)).map((names) => ({ milestones: names }));
    default:
      return price satisfies never;
  }
}

function anyPerUnit(scale: Scale): fc.Arbitrary<PriceOf<'per_unit'>> {
  return fc.tuple(unit, anyRate(scale), pickSome(scale.amount), pickSome(scale.amount)).map(([name, rate, one, other]) => {
    const [minimum, cap] = one !== undefined && other !== undefined && one > other ? [other, one] : [one, other];
    const limits = { minimum_msat: minimum?.toString(), cap_msat: cap?.toString() };
    return compact({ model: 'per_unit', unit: name, ...copyRate(rate), ...limits }) as PriceOf<'per_unit'>;
  });
}

function anySubscription(scale: Scale): fc.Arbitrary<PriceOf<'subscription'>> {
  const included = fc
    .record({ unit, count: fc.oneof(scale.from, fc.constant(0)), over: pickSome(anyRate(scale)) })
    .map(({ count, over, ...rest }) => compact({ ...rest, count: over === undefined && count === 0 ? 1 : count, over }));
  return fc
    .tuple(scale.amount, scale.from, pickSome(fc.integer({ min: 1, max: 6 })), pickSome(included), pickSome(scale.amount))
    .map(([amount, periodS, periods, allowance, more]) => {
      const most = more === undefined || allowance?.over === undefined ? undefined : String(more > amount ? more : amount);
      const fields = { amount_msat: String(amount), period_s: periodS, periods, included: allowance, cap_msat: most };
      return compact({ model: 'subscription', ...fields }) as PriceOf<'subscription'>;
    });
}

// The parsed form is not read-only.
function copyRate({ per, tiers, tiering }: Rate): Pick<PriceOf<'per_unit'>, 'per' | 'tiers' | 'tiering'> {
  return { per, tiers: tiers.map((tier) => ({ ...tier })), tiering };
}
