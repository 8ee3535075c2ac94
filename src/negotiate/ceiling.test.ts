import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_MSAT } from '../core/money.ts';
import { ceilingOf } from './ceiling.ts';
import { computeOwed } from './owed.ts';
import type { Price, PriceOf } from './price.ts';
import { anyPrice, anyUsageOf, EXAMPLES, LARGE, SMALL } from './price.fixture.ts';

const { fixed, per_unit: perUnit, subscription, prepaid, milestones } = EXAMPLES;
const { minimum_msat: _minimum, cap_msat: _cap, ...plain } = perUnit;
const { included, cap_msat: _most, ...flat } = subscription;
const first = { from: 0, price_msat: '10' };
const thenFree = (tiering: 'graduated' | 'volume'): PriceOf<'per_unit'> => ({
  ...plain,
  per: 1,
  tiers: [first, { from: 5, price_msat: '0' }],
  tiering,
});

const anyCase = fc.oneof(anyPrice(SMALL), anyPrice(LARGE)).chain((price) => anyUsageOf(price, 60).map((usage) => [price, usage] as const));

describe('the ceiling of a price', () => {
  it.each<[string, Price, bigint | undefined]>([
    ['a fixed price', fixed, 700_000n],
    ['use with a cap', perUnit, 5_000_000n],
    ['use without one', plain, undefined],
    ['use that becomes free', thenFree('graduated'), 50n],
    ['use that becomes free for all', thenFree('volume'), 40n],
    ['free use with a minimum', { ...plain, tiers: [{ from: 0, price_msat: '0' }], minimum_msat: '7' }, 7n],
    ['12 capped periods', subscription, 108_000_000n],
    ['12 flat periods', flat, 60_000_000n],
    ['periods without end', { model: 'subscription', amount_msat: '1', period_s: 1 }, undefined],
    ['free periods without end', { model: 'subscription', amount_msat: '0', period_s: 1 }, 0n],
    ['periods with use without end', { ...flat, included: included ?? { unit: 'x', count: 1 } }, undefined],
    ['more than all bitcoin', { ...flat, amount_msat: String(MAX_MSAT) }, MAX_MSAT],
    ['a balance', prepaid, 10_000_000n],
    ['milestones', milestones, 900_000n],
  ])('of %s', (_name, price, ceilingMsat) => {
    expect(ceilingOf(price)).toBe(ceilingMsat);
  });

  it('is never passed', () => {
    const seen = { below: 0, reached: 0, unlimited: 0 };
    fc.assert(
      fc.property(anyCase, ([price, usage]) => {
        const ceilingMsat = ceilingOf(price);
        const owed = computeOwed({ price }, usage);
        if (ceilingMsat === undefined) seen.unlimited += 1;
        if (ceilingMsat === undefined || owed.kind === 'refused') return;
        expect(owed.owedMsat <= ceilingMsat).toBe(true);
        seen[owed.owedMsat === ceilingMsat ? 'reached' : 'below'] += 1;
      }),
      { numRuns: 1_000 },
    );
    for (const [name, count] of Object.entries(seen)) expect(count, name).toBeGreaterThan(20);
  });
});
