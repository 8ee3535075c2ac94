import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_MSAT } from '../core/money.ts';
import { countParts, countUp } from './charge.fixture.ts';
import { computeOwed, type Owed, type OwedRefusal } from './owed.ts';
import type { Price, PriceOf } from './price.ts';
import { anyPrice, anyPriceOf, anyUsageOf, EXAMPLES, LARGE, SMALL, type Model } from './price.fixture.ts';
import type { Terms } from './terms.ts';
import { chargeUnits } from './tiers.ts';
import type { Usage } from './usage.ts';

type Penalties = NonNullable<Terms['penalties']>;

const MODELS = Object.keys(EXAMPLES) as Model[];
const { fixed, per_unit: perUnit, subscription, prepaid, milestones } = EXAMPLES;
const { minimum_msat: _minimum, cap_msat: _cap, ...plain } = perUnit;
const { included, cap_msat: _most, ...flat } = subscription;
const allowance: PriceOf<'subscription'> = { ...flat, included: { unit: 'page', count: 100 } };
const byThree = { ...plain, per: 3, tiers: [{ from: 0, price_msat: '10' }] };
const twoTiers = [
  { from: 0, price_msat: '10' },
  { from: 5, price_msat: '8' },
];
const graduated: PriceOf<'per_unit'> = { model: 'per_unit', unit: 'page', per: 1, tiers: twoTiers, tiering: 'graduated' };
const volume: PriceOf<'per_unit'> = { ...graduated, tiering: 'volume' };

const owe = (price: Price, usage: Usage, penalties?: Penalties): Owed | OwedRefusal =>
  computeOwed({ price, ...(penalties === undefined ? {} : { penalties }) }, usage);
const must = (result: Owed | OwedRefusal): Owed => {
  if (result.kind === 'refused') throw new Error(result.reason);
  return result;
};
const owedOf = (price: Price, usage: Usage): bigint => must(owe(price, usage)).owedMsat;

/** Price and fitting usage. */
const anyCase = (price: fc.Arbitrary<Price>, most?: number): fc.Arbitrary<readonly [Price, Usage]> =>
  price.chain((each) => anyUsageOf(each, most).map((usage) => [each, usage] as const));

describe('what is owed', () => {
  it.each<[string, Price, Usage, bigint]>([
    ['a fixed price', fixed, {}, 700_000n],
    ['no units', plain, { units: 0 }, 0n],
    ['no units, with a minimum', perUnit, { units: 0 }, 10_000n],
    // 1 of 1,000 at 2,000
    ['one unit of a thousand', plain, { units: 1 }, 2n],
    ['a third, rounded up', byThree, { units: 1 }, 4n],
    ['two thirds, rounded up', byThree, { units: 2 }, 7n],
    ['three thirds, nothing to round', byThree, { units: 3 }, 10n],
    // 1,000,000 × 2 + 500,000 × 1.5
    ['two tiers', plain, { units: 1_500_000 }, 2_750_000n],
    ['the most', perUnit, { units: 4_000_000 }, 5_000_000n],
    ['graduated, at the last unit of the first tier', graduated, { units: 5 }, 50n],
    ['graduated, at the first unit of the second tier', graduated, { units: 6 }, 58n],
    ['volume, below the second tier', volume, { units: 4 }, 40n],
    ['volume, where the second tier begins', volume, { units: 5 }, 40n],
    ['volume, in the second tier', volume, { units: 6 }, 48n],
    ['no period', subscription, { periods: [] }, 0n],
    ['three flat periods', flat, { periods: [0, 0, 0] }, 15_000_000n],
    ['an allowance', allowance, { periods: [100, 0] }, 10_000_000n],
    // 5,000 + 5,000 + 50 × 20 sats
    ['an allowance and more', subscription, { periods: [100, 150] }, 11_000_000n],
    // the second period: 5,000 + 300 × 20 sats, but no more than 9,000
    ['a period at its most', subscription, { periods: [0, 400] }, 14_000_000n],
    ['a balance, unused', prepaid, { units: 0 }, 10_000_000n],
    ['a balance, used', prepaid, { units: 7 }, 10_000_000n],
    ['no milestone', milestones, { milestones: [] }, 0n],
    ['one milestone', milestones, { milestones: ['Final text'] }, 600_000n],
    ['all milestones, in any order', milestones, { milestones: ['Final text', 'Draft'] }, 900_000n],
  ])('for %s is what it is by hand', (_name, price, usage, owedMsat) => {
    expect(owe(price, usage)).toMatchObject({ kind: 'owed', owedMsat, baseMsat: owedMsat, creditsMsat: 0n });
  });

  it('is rounded for each period of a subscription, and once for all tiers', () => {
    const thirds = { per: 3, tiers: [{ from: 0, price_msat: '1' }], tiering: 'graduated' as const };
    const price: PriceOf<'subscription'> = { ...flat, amount_msat: '0', included: { unit: 'page', count: 0, over: thirds } };
    expect([owedOf(price, { periods: [1, 1, 1] }), owedOf(price, { periods: [3] })]).toEqual([3n, 1n]);
    const tiers = [0, 1, 2].map((from) => ({ from, price_msat: '1' }));
    expect(chargeUnits({ ...thirds, tiers }, 3)).toMatchObject({ amountMsat: 1n, isRounded: false, shares: [{}, {}, {}] });
  });

  it('says what it is made of', () => {
    const penalties: Penalties = [{ metric: 'late_s', over: 3_600, credit_msat: '50000' }];
    const { lines } = must(owe(subscription, { periods: [10, 400], measures: { late_s: 7_200 } }, penalties));
    expect(lines.map(({ kind, text, amountMsat }) => `${kind} ${amountMsat}: ${text}`)).toEqual([
      'period 5000000: period 1',
      'period 5000000: period 2',
      'usage 6000000: period 2, above the 100 included: 300 page, 300 at 20 sats per page',
      'cap -2000000: period 2, down to the most, 9000 sats',
      'credit -50000: back, since late_s is 7200, over 3600',
    ]);
    expect(must(owe(perUnit, { units: 1 })).lines.map(({ text }) => text)).toEqual([
      '1 token, 1 at 2 sats per 1000 token',
      'up to the least, 10 sats',
    ]);
    expect(must(owe(byThree, { units: 1 })).lines[0]?.text).toBe('1 token, 1 at 0.01 sats per 3 token, rounded up');
  });

  it('of a whole price is what counting comes to, with minimum and cap', () => {
    const seen = { minimum: 0, cap: 0, over: 0 };
    fc.assert(
      fc.property(
        anyCase(anyPriceOf('per_unit', SMALL)),
        anyCase(anyPriceOf('subscription', SMALL)),
        ([use, { units = 0 }], [sub, used]) => {
          if (use.model !== 'per_unit' || sub.model !== 'subscription') throw new Error('drawn otherwise');
          const exact = countUp(countParts(use, units), use.per);
          const raised = exact < BigInt(use.minimum_msat ?? 0) ? BigInt(use.minimum_msat ?? 0) : exact;
          const cut = use.cap_msat !== undefined && raised > BigInt(use.cap_msat) ? BigInt(use.cap_msat) : raised;
          expect(owedOf(use, { units })).toBe(cut);
          if (raised > exact) seen.minimum += 1;
          if (cut < raised) seen.cap += 1;
          const { included: { count = 0, over } = {}, amount_msat, cap_msat } = sub;
          let sum = 0n;
          for (const each of used.periods ?? []) {
            const above = Math.max(0, each - count);
            if (above > 0) seen.over += 1;
            const period = BigInt(amount_msat) + (over === undefined ? 0n : countUp(countParts(over, above), over.per));
            sum += cap_msat !== undefined && period > BigInt(cap_msat) ? BigInt(cap_msat) : period;
          }
          expect(owedOf(sub, used)).toBe(sum);
        },
      ),
      { numRuns: 500 },
    );
    expect(Object.values(seen).every((count) => count > 50)).toBe(true);
  });

  it('never falls as more milestones are accepted', () => {
    fc.assert(
      fc.property(anyPriceOf('milestones', LARGE), ({ milestones: all, model }) => {
        const names = all.map(({ name }) => name);
        const amounts = [0, ...names.keys()].map((i) => owedOf({ model, milestones: all }, { milestones: names.slice(0, i + 1) }));
        expect(amounts.every((amount, i) => i === 0 || amount >= (amounts[i - 1] ?? 0n))).toBe(true);
      }),
    );
  });

  it('lies between the minimum and the cap, and is what its lines add up to', () => {
    const seen = new Map<string, number>();
    fc.assert(
      fc.property(anyCase(anyPrice(LARGE), Number.MAX_SAFE_INTEGER), ([price, usage]) => {
        const owed = owe(price, usage);
        seen.set(owed.kind === 'owed' ? price.model : owed.reason, 1 + (seen.get(price.model) ?? 0));
        if (owed.kind === 'refused') {
          expect(owed.reason).toBe('too-much');
          return;
        }
        expect(owed.lines.reduce((sum, { amountMsat }) => sum + amountMsat, 0n)).toBe(owed.owedMsat);
        expect(owed.owedMsat >= 0n && owed.owedMsat <= MAX_MSAT).toBe(true);
        if (price.model === 'per_unit') {
          expect(owed.owedMsat >= BigInt(price.minimum_msat ?? 0)).toBe(true);
          expect(owed.owedMsat <= BigInt(price.cap_msat ?? MAX_MSAT)).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
    expect([...seen.keys()].sort()).toEqual([...MODELS, 'too-much'].sort());
  });

  it('of a prepaid balance is the balance; what is used and what is left make it up', () => {
    expect([0, 1, 7, 4_000, 4_001, 1e9].map((units) => must(owe(prepaid, { units })).leftMsat)).toEqual([
      10_000_000n,
      9_997_500n,
      9_982_500n,
      0n,
      0n,
      0n,
    ]);
    const seen = { empty: 0, left: 0 };
    fc.assert(
      fc.property(anyPriceOf('prepaid', SMALL), fc.integer({ min: 1, max: 150 }), fc.nat({ max: 40 }), (drawn, amount, units) => {
        const price = { ...drawn, amount_msat: String(amount) };
        const { owedMsat, leftMsat = -1n, lines } = must(owe(price, { units }));
        const balance = BigInt(price.amount_msat);
        const used = countUp(countParts(price, units), price.per);
        expect([owedMsat, leftMsat + (used < balance ? used : balance)]).toEqual([balance, balance]);
        expect(lines[1]?.text.endsWith('as far as the balance goes')).toBe(used > balance);
        if (used > 0n) seen[leftMsat === 0n ? 'empty' : 'left'] += 1;
      }),
      { numRuns: 300 },
    );
    expect(Object.values(seen).every((count) => count > 20)).toBe(true);
  });
});

describe('credits', () => {
  const penalties: Penalties = [
    { metric: 'late_s', over: 3_600, credit_msat: '50000' },
    { metric: 'late_s', over: 86_400, credit_msat: '100000' },
    { metric: 'uptime_permille', under: 990, credit_msat: '600000' },
  ];

  it.each([
    ['none at their limits', 3_600, 990, 0n],
    ['one above its limit', 3_601, 990, 50_000n],
    ['one below its limit', 0, 989, 600_000n],
    ['two of one metric, each once', 1_000_000, 1_000, 150_000n],
    ['two metrics', 3_601, 0, 650_000n],
    ['never more than there is', 86_401, -5, 700_000n],
  ])('are subtracted last: %s', (_name, late, uptime, creditsMsat) => {
    const owed = owe(fixed, { measures: { late_s: late, uptime_permille: uptime } }, penalties);
    expect(owed).toMatchObject({ kind: 'owed', baseMsat: 700_000n, creditsMsat, owedMsat: 700_000n - creditsMsat });
  });

  it('come after the minimum, and leave what is left of a balance alone', () => {
    const measures = { late_s: 4_000, uptime_permille: 1_000 };
    expect(owe(perUnit, { units: 0, measures }, penalties)).toMatchObject({ baseMsat: 10_000n, creditsMsat: 10_000n, owedMsat: 0n });
    expect(owe(prepaid, { units: 0, measures }, penalties)).toMatchObject({ owedMsat: 9_950_000n, leftMsat: 10_000_000n });
  });

  it('are never negative nor above what is owed', () => {
    const metric = fc.constantFrom('late_s', 'errors', 'constructor');
    const penalty = fc
      .tuple(metric, fc.boolean(), fc.nat({ max: 10 }), LARGE.amount)
      .map(([name, isOver, at, credit]) => ({ metric: name, [isOver ? 'over' : 'under']: at, credit_msat: String(credit) }));
    const measures = fc.record({ late_s: fc.integer(), errors: fc.nat({ max: 12 }), constructor: fc.nat({ max: 12 }) });
    const seen = { some: 0, all: 0, none: 0 };
    fc.assert(
      fc.property(anyCase(anyPrice(SMALL)), fc.array(penalty, { maxLength: 4 }), measures, ([price, usage], list, measured) => {
        const named = Object.fromEntries(Object.entries(measured).filter(([name]) => list.some((each) => each.metric === name)));
        const owed = must(owe(price, { ...usage, measures: named }, list as Penalties));
        expect(owed.creditsMsat >= 0n && owed.creditsMsat <= owed.baseMsat).toBe(true);
        expect(owed.baseMsat).toBe(owedOf(price, usage));
        expect(owed.owedMsat).toBe(owed.baseMsat - owed.creditsMsat);
        expect(owed.lines.reduce((sum, { amountMsat }) => sum + amountMsat, 0n)).toBe(owed.owedMsat);
        seen[owed.creditsMsat === 0n ? 'none' : owed.owedMsat === 0n ? 'all' : 'some'] += 1;
      }),
      { numRuns: 500, seed: 4 },
    );
    expect(Object.values(seen).every((count) => count > 5)).toBe(true);
  });
});

describe('usage that is not what was agreed', () => {
  const late: Penalties = [{ metric: 'late_s', over: 1, credit_msat: '1' }];
  it.each<[string, Price, Usage, Penalties | undefined, string]>([
    ['units for a fixed price', fixed, { units: 0 }, undefined, 'unexpected-units'],
    ['periods for a fixed price', fixed, { periods: [] }, undefined, 'unexpected-periods'],
    ['milestones for a price by use', perUnit, { units: 1, milestones: [] }, undefined, 'unexpected-milestones'],
    ['units for a subscription', subscription, { periods: [1], units: 1 }, undefined, 'unexpected-units'],
    ['no units', perUnit, {}, undefined, 'missing-units'],
    ['no units of a balance', prepaid, {}, undefined, 'missing-units'],
    ['no periods', subscription, {}, undefined, 'missing-periods'],
    ['no milestones', milestones, {}, undefined, 'missing-milestones'],
    ['an unknown milestone', milestones, { milestones: ['Draft', 'draft'] }, undefined, 'unknown-milestone draft'],
    ['more periods than agreed', subscription, { periods: Array<number>(13).fill(0) }, undefined, 'too-many-periods'],
    ['units in a flat period', flat, { periods: [0, 1] }, undefined, 'units-not-sold 2'],
    ['units above an allowance', allowance, { periods: [100, 100, 101] }, undefined, 'units-not-sold 3'],
    ['no measure', fixed, {}, late, 'missing-measure late_s'],
    ['a measure that nothing hangs on', fixed, { measures: { late_s: 1, errors: 1 } }, late, 'unknown-measure errors'],
    ['two measures that nothing hangs on', fixed, { measures: { zeal: 1, errors: 1, late_s: 1 } }, late, 'unknown-measure errors'],
    ['a measure without penalties', fixed, { measures: { constructor: 1 } }, undefined, 'unknown-measure constructor'],
    ['no measure of an inherited name', fixed, {}, [{ metric: 'constructor', over: 1, credit_msat: '1' }], 'missing-measure constructor'],
    ['more than all bitcoin', { ...graduated, tiers: [{ from: 0, price_msat: String(MAX_MSAT) }] }, { units: 2 }, undefined, 'too-much'],
    ['too many dear periods', { ...flat, amount_msat: String(MAX_MSAT) }, { periods: [0, 0] }, undefined, 'too-much'],
  ])('is refused: %s', (_name, price, usage, penalties, reason) => {
    const owed = owe(price, usage, penalties);
    expect(owed.kind === 'refused' ? [owed.reason, ...(owed.name === undefined ? [] : [owed.name])].join(' ') : owed).toBe(reason);
  });
});
