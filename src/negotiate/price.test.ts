import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson, parseCanonical } from '../core/canonical.ts';
import { MAX_MSAT } from '../core/money.ts';
import { SEED, TERMS } from './deal.fixture.ts';
import { makeFixedPrice, readFixedAmount, type Price } from './price.ts';
import { priceSchema } from './priceSchema.ts';
import { anyPrice, EXAMPLES, LARGE, type Model } from './price.fixture.ts';
import { formatPrice, listPriceParts } from './priceWords.ts';
import { mutateJson } from './terms.fixture.ts';
import { parseTerms } from './termsSchema.ts';
import { computeTermsRoot, discloseTerms } from './termsRoot.ts';
import { checkDisclosure } from './checkDisclosure.ts';

const MODELS = Object.keys(EXAMPLES) as Model[];
const { per_unit: perUnit, subscription, prepaid, milestones } = EXAMPLES;
const { included: _included, cap_msat: _cap, ...flat } = subscription;
const allowance = { unit: 'page', count: 100 };
const over = { per: 1, tiers: [{ from: 0, price_msat: '1' }], tiering: 'volume' };
const tiersFrom = (...starts: number[]) => starts.map((from) => ({ from, price_msat: '1' }));
const pay = (...amounts: (string | number)[]) => amounts.map((amount, i) => ({ name: `Part ${i}`, amount_msat: amount }));

const refusalOf = (price: unknown): string => {
  const parsed = parseTerms({ ...TERMS, price });
  return parsed.kind === 'ok' ? 'ok' : `${parsed.pointer} ${parsed.problem}`;
};

describe('a price', () => {
  it('comes back from the wire and from a disclosure as it was, whatever its model', () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(anyPrice(LARGE), (price) => {
        seen.add(price.model);
        const read = parseCanonical(canonicalJson(price), { maxBytes: 100_000 });
        expect(read.kind === 'ok' ? priceSchema.parse(read.value) : read).toEqual(price);
        const terms = { ...TERMS, price };
        const shown = checkDisclosure(discloseTerms(terms, SEED, ['/price']));
        expect(shown).toMatchObject({ kind: 'ok', root: computeTermsRoot(terms, SEED) });
        if (shown.kind === 'ok') expect(shown.shown.get('/price')).toEqual(price);
      }),
      { numRuns: 200 },
    );
    expect([...seen].sort()).toEqual([...MODELS].sort());
  });

  it.each<[string, unknown, string]>([
    ['a unit that begins with a digit', { ...perUnit, unit: '000' }, '/price/unit invalid_format'],
    ['a price for no units', { ...perUnit, per: 0 }, '/price/per too_small'],
    ['a number above the safe range', { ...perUnit, per: 2 ** 53 }, ' number'],
    ['no tiers', { ...perUnit, tiers: [] }, '/price/tiers too_small'],
    ['17 tiers', { ...perUnit, tiers: tiersFrom(...Array(17).keys()) }, '/price/tiers too_big'],
    ['a first tier that begins later', { ...perUnit, tiers: tiersFrom(1, 2) }, '/price/tiers custom'],
    ['two tiers from one number', { ...perUnit, tiers: tiersFrom(0, 5, 5) }, '/price/tiers custom'],
    ['tiers that go back', { ...perUnit, tiers: tiersFrom(0, 5, 4) }, '/price/tiers custom'],
    ['no tiering', { ...perUnit, tiering: undefined }, '/price/tiering invalid_value'],
    ['another tiering', { ...perUnit, tiering: 'stairs' }, '/price/tiering invalid_value'],
    ['a minimum above the cap', { ...perUnit, minimum_msat: '3', cap_msat: '2' }, '/price custom'],
    ['a minimum that is longer text but less', { ...perUnit, minimum_msat: '9', cap_msat: '10' }, 'ok'],
    ['a minimum that is no amount', { ...perUnit, minimum_msat: '1.5' }, '/price/minimum_msat custom'],
    ['an amount besides', { ...perUnit, amount_msat: '1' }, '/price unrecognized_keys'],
    ['periods of no length', { ...flat, period_s: 0 }, '/price/period_s too_small'],
    ['no period at all', { ...flat, periods: 0 }, '/price/periods too_small'],
    ['more periods than are counted', { ...flat, periods: 100_001 }, '/price/periods too_big'],
    ['a flat subscription', flat, 'ok'],
    ['a cap with nothing to cap', { ...flat, included: allowance, cap_msat: '9000000' }, '/price custom'],
    ['a cap below the amount', { ...flat, included: { ...allowance, over }, cap_msat: '4999999' }, '/price custom'],
    ['a cap at the amount', { ...flat, included: { ...allowance, over }, cap_msat: '5000000' }, 'ok'],
    ['an allowance of nothing', { ...flat, included: { unit: 'page', count: 0 } }, '/price/included custom'],
    ['all use charged', { ...flat, included: { unit: 'page', count: 0, over } }, 'ok'],
    [
      'a unit within the overage',
      { ...flat, included: { ...allowance, over: { ...over, unit: 'x' } } },
      '/price/included/over unrecognized_keys',
    ],
    ['a balance that is never worth anything', { ...prepaid, expires_s: 0 }, '/price/expires_s too_small'],
    ['no milestone', { ...milestones, milestones: [] }, '/price/milestones too_small'],
    ['33 milestones', { ...milestones, milestones: pay(...Array<string>(33).fill('1')) }, '/price/milestones too_big'],
    ['two milestones of one name', { ...milestones, milestones: [...pay('1'), ...pay('2')] }, '/price/milestones custom'],
    ['milestones above all bitcoin', { ...milestones, milestones: pay(String(MAX_MSAT), '1') }, '/price/milestones custom'],
    ['milestones of all bitcoin', { ...milestones, milestones: pay(String(MAX_MSAT - 1n), '1') }, 'ok'],
    [
      'a milestone of two lines',
      { ...milestones, milestones: [{ name: 'a\nb', amount_msat: '1' }] },
      '/price/milestones/0/name invalid_format',
    ],
    ['a milestone paid in numbers', { ...milestones, milestones: pay(1) }, '/price/milestones/0/amount_msat invalid_type'],
  ])('with %s is taken or refused where the problem is', (_name, price, refusal) => {
    expect(refusalOf(price)).toBe(refusal);
  });

  it('never crashes the parser, whatever single place is changed', () => {
    let refused = 0;
    for (const model of MODELS) {
      for (const { json } of mutateJson(EXAMPLES[model])) if (!priceSchema.safeParse(json).success) refused += 1;
    }
    expect(refused).toBeGreaterThan(300);
    fc.assert(
      fc.property(fc.constantFrom(...MODELS), fc.anything(), fc.anything(), (model, one, other) => {
        priceSchema.safeParse({
          ...EXAMPLES[model],
          amount_msat: one,
          tiers: other,
          minimum_msat: other,
          cap_msat: one,
          milestones: [one],
        });
      }),
    );
  });

  it('is one amount for the whole job only where it is fixed', () => {
    expect(MODELS.map((model) => readFixedAmount(EXAMPLES[model]))).toEqual([700_000n, undefined, undefined, undefined, undefined]);
    expect(readFixedAmount(makeFixedPrice(5n))).toBe(5n);
  });
});

describe('a price in words', () => {
  it('is one line of each model', () => {
    expect(MODELS.map((model) => formatPrice(EXAMPLES[model]))).toEqual([
      '700 sats',
      '2 sats per 1000 token to begin with (2 tiers, graduated), at least 10 sats, at most 5000 sats',
      '5000 sats per 30 days, at most 12 times, 100 page included each time, more at 20 sats per page, at most 9000 sats each time',
      '10000 sats prepaid, drawn down at 25 sats per 10 call, valid for 90 days after payment',
      '900 sats in 2 milestones',
    ]);
    expect(formatPrice(flat)).toBe('5000 sats per 30 days, at most 12 times');
  });

  it('differs in its parts whenever the price differs', () => {
    let [same, different] = [0, 0];
    const changed = (price: Price): Price[] =>
      [...mutateJson(price)].map(({ json }) => json as Price).filter((json) => priceSchema.safeParse(json).success);
    const linesOf = (price: Price): string => canonicalJson(listPriceParts(price).map(([name, text]) => `${name}: ${text}`));
    const other = fc
      .tuple(anyPrice(LARGE), anyPrice(LARGE))
      .chain(([a, b]) => fc.constantFrom(...changed(a), b, structuredClone(a)).map((c) => [a, c] as const));
    fc.assert(
      fc.property(other, ([a, b]) => {
        const isSame = canonicalJson(a) === canonicalJson(b);
        if (isSame) same += 1;
        else different += 1;
        expect(linesOf(a) === linesOf(b)).toBe(isSame);
      }),
      { numRuns: 500 },
    );
    for (const model of MODELS)
      for (const json of changed(EXAMPLES[model]))
        expect(linesOf(json) === linesOf(EXAMPLES[model])).toBe(canonicalJson(json) === canonicalJson(EXAMPLES[model]));
    expect([same > 5, different > 300]).toEqual([true, true]);
  });
});
