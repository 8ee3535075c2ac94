import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countParts, countUp } from './charge.fixture.ts';
import { anyRate, SMALL } from './price.fixture.ts';
import { chargeUnits, findDearest } from './tiers.ts';

describe('the charge of units', () => {
  it('is what counting unit by unit comes to', () => {
    const seen = { rounded: 0, severalTiers: 0, volume: 0 };
    fc.assert(
      fc.property(anyRate(SMALL), fc.nat({ max: 40 }), (rate, units) => {
        const { amountMsat, isRounded, shares } = chargeUnits(rate, units);
        expect(amountMsat).toBe(countUp(countParts(rate, units), rate.per));
        expect(shares.reduce((sum, share) => sum + share.units, 0)).toBe(units);
        if (isRounded) seen.rounded += 1;
        if (shares.length > 2) seen.severalTiers += 1;
        if (rate.tiering === 'volume' && units >= (rate.tiers[1]?.from ?? Infinity)) seen.volume += 1;
      }),
      { numRuns: 1_000 },
    );
    expect(Object.values(seen).every((count) => count > 50)).toBe(true);
  });

  it('never falls as more is used, but for a volume price whose tiers fall', () => {
    let [grown, fallen] = [0, 0];
    const rates = anyRate(SMALL).chain((rate) => fc.tuple(fc.constant(rate), fc.nat({ max: 40 }), fc.nat({ max: 5 })));
    fc.assert(
      fc.property(rates, ([rate, units, more]) => {
        const [one, other] = [chargeUnits(rate, units).amountMsat, chargeUnits(rate, units + more).amountMsat];
        const isFalling = rate.tiers.some(({ price_msat }, i) => BigInt(price_msat) < BigInt(rate.tiers[i - 1]?.price_msat ?? 0));
        if (rate.tiering === 'graduated' || !isFalling) expect(one <= other).toBe(true);
        if (other > one) grown += 1;
        if (other < one) fallen += 1;
      }),
      { numRuns: 1_000 },
    );
    expect([grown > 100, fallen > 5]).toEqual([true, true]);
  });

  it('by volume is at most the graduated amount where tiers fall, and at least it where they rise', () => {
    let different = 0;
    fc.assert(
      fc.property(anyRate(SMALL), fc.nat({ max: 60 }), fc.boolean(), (drawn, units, falls) => {
        const prices = drawn.tiers.map(({ price_msat }) => BigInt(price_msat)).sort((a, b) => (a < b ? -1 : 1));
        if (falls) prices.reverse();
        const tiers = drawn.tiers.map(({ from }, i) => ({ from, price_msat: String(prices[i]) }));
        const byVolume = chargeUnits({ ...drawn, tiers, tiering: 'volume' }, units).amountMsat;
        const byTier = chargeUnits({ ...drawn, tiers, tiering: 'graduated' }, units).amountMsat;
        expect(falls ? byVolume <= byTier : byVolume >= byTier).toBe(true);
        if (byVolume !== byTier) different += 1;
      }),
      { numRuns: 500 },
    );
    expect(different).toBeGreaterThan(100);
  });
});

describe('the dearest use', () => {
  it('is reached by some number of units, or there is none', () => {
    const seen = { limited: 0, unlimited: 0 };
    fc.assert(
      fc.property(anyRate(SMALL), fc.boolean(), (drawn, endsFree) => {
        const rate = {
          ...drawn,
          tiers: drawn.tiers.map((tier, i) => (endsFree && i === drawn.tiers.length - 1 ? { ...tier, price_msat: '0' } : tier)),
        };
        const amounts = Array.from({ length: 60 }, (_each, units) => chargeUnits(rate, units).amountMsat);
        const most = amounts.reduce((a, b) => (a > b ? a : b));
        const dearest = findDearest(rate);
        seen[dearest === undefined ? 'unlimited' : 'limited'] += 1;
        if (dearest === undefined) expect(chargeUnits(rate, Number.MAX_SAFE_INTEGER).amountMsat > most).toBe(true);
        else expect(dearest).toBe(most);
      }),
      { numRuns: 300 },
    );
    expect(Object.values(seen).every((count) => count > 50)).toBe(true);
  });
});
