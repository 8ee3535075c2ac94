// Vectors of prices: what is owed for which usage, what is refused, and the most that each price can come to.

import { ceilingOf } from '../../src/negotiate/ceiling.ts';
import { computeOwed } from '../../src/negotiate/owed.ts';
import type { Price } from '../../src/negotiate/price.ts';
import { priceSchema } from '../../src/negotiate/priceSchema.ts';
import type { Terms } from '../../src/negotiate/terms.ts';
import { parseUsage, type Usage } from '../../src/negotiate/usage.ts';
import { expectSame, makeDice } from './testKeys.ts';

type Penalties = NonNullable<Terms['penalties']>;
type Expected = bigint | string;

const ALL = '2100000000000000000';
const rate = (tiering: 'graduated' | 'volume', per: number, ...tiers: readonly (readonly [number, string])[]) =>
  ({ per, tiers: tiers.map(([from, price]) => ({ from, price_msat: price })), tiering }) as const;
const fixed: Price = { model: 'fixed', amount_msat: '700000' };
const tokens: Price = { model: 'per_unit', unit: 'token', ...rate('graduated', 1_000, [0, '2000'], [1_000_000, '1500']) };
const limited: Price = { ...tokens, minimum_msat: '10000', cap_msat: '5000000' };
const byThree: Price = { model: 'per_unit', unit: 'page', ...rate('volume', 3, [0, '10']) };
const graduated: Price = { model: 'per_unit', unit: 'page', ...rate('graduated', 1, [0, '10'], [5, '8']) };
const volume: Price = { model: 'per_unit', unit: 'page', ...rate('volume', 1, [0, '10'], [5, '8']) };
const freeTail: Price = { model: 'per_unit', unit: 'page', ...rate('graduated', 7, [0, '10'], [5, '0']) };
const freeVolume: Price = { model: 'per_unit', unit: 'page', ...rate('volume', 7, [0, '10'], [5, '3'], [20, '0']) };
const flat: Price = { model: 'subscription', amount_msat: '5000000', period_s: 2_592_000, periods: 12 };
const allowance: Price = { ...flat, included: { unit: 'page', count: 100 } };
const metered: Price = { ...flat, included: { unit: 'page', count: 100, over: rate('volume', 1, [0, '20000']) }, cap_msat: '9000000' };
const open: Price = { model: 'subscription', amount_msat: '0', period_s: 1, included: { unit: 'page', count: 0, over: rate('graduated', 3, [0, '1']) } };
const prepaid: Price = { model: 'prepaid', amount_msat: '10000000', unit: 'call', ...rate('graduated', 10, [0, '25000']), expires_s: 7_776_000 };
const milestones: Price = {
  model: 'milestones',
  milestones: [
    { name: 'Draft', amount_msat: '300000' },
    { name: 'Final text', amount_msat: '600000' },
  ],
};
const late: Penalties = [{ metric: 'late_s', over: 3_600, credit_msat: '50000' }];
const two: Penalties = [...late, { metric: 'uptime_permille', under: 990, credit_msat: '680000' }];

const largestMilestones = {
  model: 'milestones' as const,
  milestones: Array.from({ length: 32 }, (_, i) => ({ name: `${i}`, amount_msat: i === 0 ? '2099999999999999969' : '1' })),
};
const sixteenTiers = rate('graduated', 1, ...Array.from({ length: 16 }, (_, i) => [i, `${i + 1}`] as const));
const endless: Price = { model: 'subscription', amount_msat: '7', period_s: 1 };

// Amounts by hand; a text is the reason of a refusal.
const CASES: readonly (readonly [string, Price, Usage, Expected, Penalties?])[] = [
  ['a fixed price', fixed, {}, 700_000n],
  ['a fixed price and units', fixed, { units: 1 }, 'unexpected-units'],
  ['no units', tokens, { units: 0 }, 0n],
  ['no units, with a minimum', limited, { units: 0 }, 10_000n],
  ['units missing', tokens, {}, 'missing-units'],
  ['one unit of a thousand', tokens, { units: 1 }, 2n],
  ['a third, rounded up', byThree, { units: 1 }, 4n],
  ['two thirds, rounded up', byThree, { units: 2 }, 7n],
  ['three thirds', byThree, { units: 3 }, 10n],
  ['two tiers', tokens, { units: 1_500_000 }, 2_750_000n],
  ['two tiers, rounded once', tokens, { units: 1_234_567 }, 2_351_851n],
  ['the most', limited, { units: 4_000_000 }, 5_000_000n],
  ['graduated, last unit of a tier', graduated, { units: 5 }, 50n],
  ['graduated, first unit of the next', graduated, { units: 6 }, 58n],
  ['volume, below the second tier', volume, { units: 4 }, 40n],
  ['volume, where the second begins', volume, { units: 5 }, 40n],
  ['volume, in the second tier', volume, { units: 6 }, 48n],
  ['volume, no units', volume, { units: 0 }, 0n],
  ['a free tail', freeTail, { units: 1_000 }, 8n],
  ['no period', metered, { periods: [] }, 0n],
  ['three flat periods', flat, { periods: [0, 0, 0] }, 15_000_000n],
  ['units of a flat period', flat, { periods: [0, 1] }, 'units-not-sold'],
  ['an allowance', allowance, { periods: [100, 0] }, 10_000_000n],
  ['above an allowance', allowance, { periods: [100, 101] }, 'units-not-sold'],
  ['an allowance and more', metered, { periods: [100, 150] }, 11_000_000n],
  ['a period at its most', metered, { periods: [0, 400] }, 14_000_000n],
  ['a period too many', flat, { periods: Array.from({ length: 13 }, () => 0) }, 'too-many-periods'],
  ['rounding for each period', open, { periods: [1, 1, 1] }, 3n],
  ['the same in one period', open, { periods: [3] }, 1n],
  ['periods missing', flat, { units: 3 }, 'unexpected-units'],
  ['nothing of a subscription', flat, {}, 'missing-periods'],
  ['a balance, unused', prepaid, { units: 0 }, 10_000_000n],
  ['a balance, drawn', prepaid, { units: 7 }, 10_000_000n],
  ['a balance, used up', prepaid, { units: 999_999 }, 10_000_000n],
  ['no milestone', milestones, { milestones: [] }, 0n],
  ['one milestone', milestones, { milestones: ['Final text'] }, 600_000n],
  ['all milestones', milestones, { milestones: ['Final text', 'Draft'] }, 900_000n],
  ['a milestone not agreed', milestones, { milestones: ['Draft', 'Party'] }, 'unknown-milestone'],
  ['milestones missing', milestones, {}, 'missing-milestones'],
  ['late, at the limit', fixed, { measures: { late_s: 3_600 } }, 700_000n, late],
  ['uptime, at the limit', fixed, { measures: { uptime_permille: 990 } }, 700_000n, two.slice(1)],
  ['uptime, under it', fixed, { measures: { uptime_permille: 989 } }, 20_000n, two.slice(1)],
  ['a minimum that is the cap', { ...tokens, minimum_msat: '7', cap_msat: '7' }, { units: 1_000 }, 7n],
  ['a cap that is the amount', { ...metered, cap_msat: '5000000' }, { periods: [150] }, 5_000_000n],
  ['one unit included', { ...flat, included: { unit: 'page', count: 1 } }, { periods: [1] }, 5_000_000n],
  ['one period sold', { ...flat, periods: 1 }, { periods: [0] }, 5_000_000n],
  ['a balance for one second', { ...prepaid, expires_s: 1 }, { units: 0 }, 10_000_000n],
  ['32 milestones, together all bitcoin', largestMilestones, { milestones: largestMilestones.milestones.map(({ name }) => name) }, BigInt(ALL)],
  ['one milestone in the list', { model: 'milestones', milestones: [{ name: 'x', amount_msat: '1' }] }, { milestones: ['x'] }, 1n],
  ['sixteen tiers and a unit of 64', { model: 'per_unit', unit: `a09._:-z${'x'.repeat(56)}`, ...sixteenTiers }, { units: 16 }, 136n],
  ['late, over it', fixed, { measures: { late_s: 3_601 } }, 650_000n, late],
  ['two credits, no more than is owed', fixed, { measures: { late_s: 9_999, uptime_permille: 989 } }, 0n, two],
  ['a measure below zero', fixed, { measures: { late_s: -5, uptime_permille: -1 } }, 20_000n, two],
  ['the least and the largest measure', fixed, { measures: { late_s: 9_007_199_254_740_991, uptime_permille: -9_007_199_254_740_991 } }, 0n, two],
  ['measures of which there are many', fixed, { measures: Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`m${i}`, i])) }, 'unknown-measure'],
  ['a measure missing', fixed, { measures: { late_s: 1 } }, 'missing-measure', two],
  ['a measure of no penalty', fixed, { measures: { late_s: 1, noise: 1 } }, 'unknown-measure', late],
  ['two measures of no penalty', fixed, { measures: { zeal: 1, late_s: 1, noise: 1 } }, 'unknown-measure', late],
  ['measures come first', fixed, { units: 1 }, 'missing-measure', late],
  ['a measure missing, and one of no penalty', fixed, { measures: { noise: 1 } }, 'missing-measure', late],
  ['both measures missing', fixed, {}, 'missing-measure', two],
  ['a measure of no penalty, and units', fixed, { units: 1, measures: { noise: 1 } }, 'unknown-measure'],
  ['units, periods and milestones of a fixed price', fixed, { milestones: ['Draft'], periods: [1], units: 1 }, 'unexpected-units'],
  ['periods and milestones of a fixed price', fixed, { milestones: ['Draft'], periods: [1] }, 'unexpected-periods'],
  ['milestones for units', tokens, { milestones: ['Draft'] }, 'unexpected-milestones'],
  ['units and periods for milestones', milestones, { units: 1, periods: [0] }, 'unexpected-units'],
  ['units beside a milestone not agreed', milestones, { units: 1, milestones: ['Party'] }, 'unexpected-units'],
  ['units missing of a balance', prepaid, { measures: { late_s: 0 } }, 'missing-units', late],
  ['two milestones not agreed', milestones, { milestones: ['Party', 'Draft', 'Encore'] }, 'unknown-milestone'],
  ['units that are not sold in two periods', allowance, { periods: [100, 102, 101] }, 'units-not-sold'],
  ['units that are not sold, and more than all bitcoin', { ...allowance, amount_msat: ALL }, { periods: [0, 101] }, 'units-not-sold'],
  ['a period too many, and more than all bitcoin', { ...flat, amount_msat: ALL }, { periods: Array.from({ length: 13 }, () => 0) }, 'too-many-periods'],
  ['more than all bitcoin, less a credit', { ...flat, amount_msat: ALL }, { periods: [0, 0], measures: { late_s: 3_601 } }, 'too-much', [{ metric: 'late_s', over: 0, credit_msat: ALL }]],
  ['periods of a fixed price', fixed, { periods: [1] }, 'unexpected-periods'],
  ['milestones of a fixed price', fixed, { milestones: ['Draft'] }, 'unexpected-milestones'],
  ['a period too many, and units that are not sold', allowance, { periods: Array.from({ length: 13 }, () => 101) }, 'too-many-periods'],
  ['dear periods', { ...flat, amount_msat: ALL }, { periods: [0, 0] }, 'too-much'],
  ['a credit on a balance', prepaid, { units: 7, measures: { late_s: 3_601 } }, 9_950_000n, late],
  ['a credit on periods', metered, { periods: [100, 150], measures: { late_s: 3_601 } }, 10_950_000n, late],
  ['two penalties of one metric', fixed, { measures: { late_s: 7_000 } }, 600_000n, [...late, ...late]],
  ['all bitcoin, exactly', { model: 'per_unit', unit: 'x', ...rate('volume', 1, [0, ALL]) }, { units: 1 }, BigInt(ALL)],
  ['more than all bitcoin', { model: 'per_unit', unit: 'x', ...rate('volume', 1, [0, ALL]) }, { units: 2 }, 'too-much'],
  ['more than all bitcoin, capped', { model: 'per_unit', unit: 'x', ...rate('volume', 1, [0, ALL]), cap_msat: '7' }, { units: 2 }, 7n],
  ['the largest numbers', { model: 'per_unit', unit: 'x', ...rate('graduated', 9_007_199_254_740_991, [0, ALL]) }, { units: 9_007_199_254_740_991 }, BigInt(ALL)],
];

const CEILINGS: readonly (readonly [string, Price, bigint | null])[] = [
  ['a fixed price', fixed, 700_000n],
  ['by use, without a limit', tokens, null],
  ['by use, capped', limited, 5_000_000n],
  ['a free tail, graduated', freeTail, 8n],
  ['a free tail, volume', freeVolume, 9n],
  ['a free tail, volume, dearest in the first tier', { ...freeVolume, ...rate('volume', 7, [0, '90'], [5, '3'], [20, '0']) }, 52n],
  ['nothing but a free tail', { ...freeTail, ...rate('volume', 7, [0, '0']) }, 0n],
  ['a free tail below the minimum', { ...freeTail, minimum_msat: '20' }, 20n],
  ['flat periods', flat, 60_000_000n],
  ['capped periods', metered, 108_000_000n],
  ['periods without an end', open, null],
  ['periods with an end, of which none has a limit', { ...flat, included: { unit: 'page', count: 1, over: rate('volume', 1, [0, '1']) } }, null],
  ['free periods without an end', { model: 'subscription', amount_msat: '0', period_s: 1 }, 0n],
  ['a balance', prepaid, 10_000_000n],
  ['milestones', milestones, 900_000n],
  ['as many periods as there may be', { ...flat, periods: 100_000 }, 500_000_000_000n],
  ['no more than all bitcoin', { ...flat, amount_msat: ALL }, BigInt(ALL)],
];

const INVALID_PRICES: readonly (readonly [string, unknown])[] = [
  ['a first tier above 0', { ...tokens, tiers: [{ from: 1, price_msat: '1' }] }],
  ['tiers that do not rise', { ...graduated, tiers: [0, 5, 5].map((from) => ({ from, price_msat: '1' })) }],
  ['no tier', { ...tokens, tiers: [] }],
  ['seventeen tiers', { ...tokens, tiers: Array.from({ length: 17 }, (_, from) => ({ from, price_msat: '1' })) }],
  ['per nothing', { ...tokens, per: 0 }],
  ['a minimum above the cap', { ...tokens, minimum_msat: '8', cap_msat: '7' }],
  ['a unit that begins with a digit', { ...tokens, unit: '1k' }],
  ['tiering of another kind', { ...tokens, tiering: 'step' }],
  ['a cap without more units', { ...flat, cap_msat: '9000000' }],
  ['a cap below the amount', { ...metered, cap_msat: '4999999' }],
  ['an allowance of nothing', { ...flat, included: { unit: 'page', count: 0 } }],
  ['a unit of 65', { ...tokens, unit: 'x'.repeat(65) }],
  ['a unit with a stroke', { ...tokens, unit: 'a/b' }],
  ['a balance for no time', { ...prepaid, expires_s: 0 }],
  ['no period', { ...flat, periods: 0 }],
  ['a period too many', { ...flat, periods: 100_001 }],
  ['a period of no time', { ...flat, period_s: 0 }],
  ['33 milestones', { model: 'milestones', milestones: Array.from({ length: 33 }, (_, i) => ({ name: `${i}`, amount_msat: '1' })) }],
  ['no milestone', { model: 'milestones', milestones: [] }],
  ['milestones of one name', { model: 'milestones', milestones: ['1', '2'].map((amount) => ({ name: 'a', amount_msat: amount })) }],
  ['milestones above all bitcoin', { model: 'milestones', milestones: ['a', 'b'].map((name) => ({ name, amount_msat: ALL })) }],
  ['no model', { amount_msat: '1' }],
];

const INVALID_USAGE: readonly (readonly [string, unknown])[] = [
  ['units below zero', { units: -1 }],
  ['units that are text', { units: '1' }],
  ['half a unit', { units: 0.5 }],
  ['a milestone twice', { milestones: ['a', 'a'] }],
  ['a part that is unknown', { unit: 1 }],
  ['a metric in capitals', { measures: { LATE: 1 } }],
  ['null', null],
  ['33 milestones', { milestones: Array.from({ length: 33 }, (_, i) => `${i}`) }],
  ['a measure that is a fraction', { measures: { late_s: 0.5 } }],
  ['a measure below them all', { measures: { late_s: -9_007_199_254_740_992 } }],
  ['units beyond 2^53', { units: 9_007_199_254_740_992 }],
];

const MOST_PERIODS = 100_000;

/** The content of vectors/owed.json. */
export function makeOwedVectors(): unknown {
  return {
    about: 'Section 9 of docs/protocol.md. Amounts are decimal text in msat; null is no ceiling.',
    cases: [
      ...[...CASES, ...drawCases(60)].map(([name, price, usage, expected, penalties]) => makeCase(name, price, usage, expected, penalties)),
      repeatPeriod(makeCase('as many periods as there may be', endless, { periods: Array.from({ length: MOST_PERIODS }, () => 0) }, 700_000n, undefined), MOST_PERIODS),
    ],
    ceilings: CEILINGS.map(([name, price, ceiling]) => {
      expectSame(name, ceilingOf(price)?.toString() ?? null, ceiling?.toString() ?? null);
      return { name, price, ceiling_msat: ceiling?.toString() ?? null };
    }),
    invalid_prices: INVALID_PRICES.map(([name, price]) => {
      expectSame(name, priceSchema.safeParse(price).success, false);
      return { name, price };
    }),
    invalid_usage: [...INVALID_USAGE, ['a period more than there may be', { periods: Array.from({ length: MOST_PERIODS + 1 }, () => 0) }] as const].map(([name, usage]) => {
      expectSame(name, parseUsage(usage).kind, 'refused');
      return name.startsWith('a period more') ? repeatPeriod({ name, usage }, MOST_PERIODS + 1) : { name, usage };
    }),
  };
}

/** The same with one period, and how many times it is meant. */
function repeatPeriod(made: unknown, times: number): unknown {
  return { ...(made as object), usage: { periods: [0] }, times };
}

function makeCase(name: string, price: Price, usage: Usage, expected: Expected | undefined, penalties: Penalties | undefined): unknown {
  priceSchema.parse(price);
  expectSame(name, parseUsage(usage).kind, 'ok');
  const given = { name, price, ...(penalties === undefined ? {} : { penalties }), usage };
  const owed = computeOwed({ price, ...(penalties === undefined ? {} : { penalties }) }, usage);
  if (owed.kind === 'refused') {
    if (expected !== undefined) expectSame(name, owed.reason, expected);
    return { ...given, refused: owed.reason, ...(owed.name === undefined ? {} : { about: owed.name }) };
  }
  if (expected !== undefined) expectSame(name, String(owed.owedMsat), String(expected));
  const left = owed.leftMsat === undefined ? {} : { left_msat: owed.leftMsat.toString() };
  return { ...given, owed_msat: String(owed.owedMsat), base_msat: String(owed.baseMsat), credits_msat: String(owed.creditsMsat), ...left };
}

/** Prices and usage drawn from a fixed seed, whose amounts the code alone has worked out. */
function drawCases(count: number): readonly (readonly [string, Price, Usage, undefined, undefined])[] {
  return Array.from({ length: count }, (_, i) => {
    const pick = makeDice(`owed ${i}`);
    const froms = [0, ...new Set(Array.from({ length: pick(4) }, () => 1 + pick(50)))].sort((a, b) => a - b);
    const drawn = {
      per: 1 + pick(12),
      tiers: froms.map((from) => ({ from, price_msat: String(pick(90)) })),
      tiering: pick(2) === 0 ? ('graduated' as const) : ('volume' as const),
    };
    const units = pick(80);
    if (i % 3 === 0) return [`drawn ${i}`, { model: 'per_unit', unit: 'x', ...drawn, minimum_msat: String(pick(30)) }, { units }, undefined, undefined];
    if (i % 3 === 1) return [`drawn ${i}`, { model: 'prepaid', amount_msat: String(pick(900)), unit: 'x', ...drawn }, { units }, undefined, undefined];
    const included = { unit: 'x', count: pick(20), over: drawn };
    const amount = pick(50);
    const price = { model: 'subscription', amount_msat: String(amount), period_s: 60, included, cap_msat: String(amount + pick(200)) } as const;
    return [`drawn ${i}`, price, { periods: [units, pick(80), pick(80)] }, undefined, undefined];
  });
}
