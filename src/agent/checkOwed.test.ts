// What is owed under a bundle: only a closed deal that shows its price and its penalties has an answer.

import { describe, expect, it } from 'vitest';
import { encodeBundle, withholdTerms, type Bundle } from '../negotiate/bundle.ts';
import { makeDeal, TERMS, VALUES, verify } from '../negotiate/deal.fixture.ts';
import { EXAMPLES, type Model } from '../negotiate/price.fixture.ts';
import type { Terms } from '../negotiate/terms.ts';
import type { Usage } from '../negotiate/usage.ts';
import { verifyBundle } from '../negotiate/verifyBundle.ts';
import { checkOwed } from './checkOwed.ts';

const { c, v, a, l } = VALUES;
const penalties: Terms['penalties'] = [{ metric: 'late_s', over: 3_600, credit_msat: '50000' }];
const termsOf = (model: Model): Terms => ({ ...TERMS, price: EXAMPLES[model], penalties });
const closedDeal = (model: Model): Bundle => makeDeal({ c, a }, { terms: termsOf(model) });
const ask = (bundle: Bundle, usage: unknown) => checkOwed(encodeBundle(bundle), usage);

const CASES: readonly (readonly [Model, Usage, bigint, bigint | undefined])[] = [
  ['fixed', {}, 700_000n, 700_000n],
  ['per_unit', { units: 1_500_000 }, 2_750_000n, 5_000_000n],
  ['subscription', { periods: [100, 150, 400] }, 20_000_000n, 108_000_000n],
  ['prepaid', { units: 7 }, 10_000_000n, 10_000_000n],
  ['milestones', { milestones: ['Draft'] }, 300_000n, 900_000n],
];

describe('what is owed under a bundle', () => {
  it.each(CASES)(
    'is computed for a %s price, from the whole bundle or from the two leaves it needs',
    (model, usage, baseMsat, ceilingMsat) => {
      const bundle = closedDeal(model);
      const report = verifyBundle(encodeBundle(bundle), verify);
      expect(report).toMatchObject({ kind: 'valid', state: 'closed', price: EXAMPLES[model] });
      for (const shown of [bundle, withholdTerms(bundle, ['/price', '/penalties'])]) {
        const late = ask(shown, { ...usage, measures: { late_s: 3_601 } });
        expect(late).toMatchObject({ state: 'closed', baseMsat, creditsMsat: 50_000n, owedMsat: baseMsat - 50_000n, ceilingMsat });
        expect(ask(shown, { ...usage, measures: { late_s: 0 } })).toMatchObject({ owedMsat: baseMsat, creditsMsat: 0n });
      }
      expect(ask(bundle, usage)).toMatchObject({ problem: { code: 'missing-measure', about: 'late_s' } });
    },
  );

  it('has no answer where the price or the penalties are hidden', () => {
    const usage = { measures: { late_s: 0 } };
    const bundle = closedDeal('fixed');
    expect(ask(withholdTerms(bundle, ['/penalties']), usage)).toMatchObject({ state: 'closed', problem: { code: 'price-hidden' } });
    expect(ask(withholdTerms(bundle, ['/price']), usage)).toMatchObject({ state: 'closed', problem: { code: 'penalties-hidden' } });
    // Penalties that are shown to be none are not hidden.
    expect(ask(withholdTerms(makeDeal({ c, a }), ['/price', '/penalties']), {})).toMatchObject({ owedMsat: 700_000n });
  });

  it.each([
    ['closed-not-acknowledged', makeDeal({ c })],
    ['signed-not-closed', makeDeal({})],
    ['void', makeDeal({ v })],
    ['late', makeDeal({ c, l })],
    ['cheated', makeDeal({ c, v, a })],
  ] as const)('has no answer where the bundle is %s', (state, bundle) => {
    const result = ask(bundle, {});
    expect(result).toMatchObject({ state, problem: { code: 'not-closed' } });
    expect(result).not.toHaveProperty('owedMsat');
  });

  it('has no answer for a bundle that was tampered with, or for something else', () => {
    const cheaper = encodeBundle(closedDeal('per_unit')).replace('"price_msat":"2000"', '"price_msat":"1000"');
    for (const content of [cheaper, '', '{}'])
      expect(checkOwed(content, { units: 1, measures: { late_s: 0 } })).toMatchObject({
        state: 'invalid',
        problem: { code: 'bundle-invalid' },
      });
  });

  it('is not asked for with what is no usage', () => {
    expect(() => ask(closedDeal('fixed'), { units: '1' })).toThrow('The usage is not valid at /units (invalid_type).');
  });
});
