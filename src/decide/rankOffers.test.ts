// Offers beside each other: what makes one the best, and what another one has to cost to be better.

import { describe, expect, it } from 'vitest';
import { makeFixedPrice } from '../negotiate/price.ts';
import type { Terms } from '../negotiate/terms.ts';
import { priceToBeat, rankBids, type Request, type Weights } from './rankOffers.ts';
import { seedDice } from './seededDice.ts';

const termsOf = (priceMsat: bigint, withinS?: number): Terms => ({
  service: { capability: 'translation' },
  scope: { summary: 'Two pages.' },
  price: makeFixedPrice(priceMsat),
  ...(withinS === undefined ? {} : { delivery: { within_s: withinS } }),
});

const requestOf = (weights: Partial<Weights>, more: Partial<Request> = {}): Request => ({
  capability: 'translation',
  summary: 'Two pages.',
  maxMsat: 1_000_000n,
  weights: { price: 0, time: 0, trust: 0, ...weights },
  ...more,
});

const utilityOf = (terms: Terms, trust: number, request: Request): number => {
  const [judged] = rankBids([{ of: 'it', terms, trust }], request);
  return judged?.kind === 'fit' ? judged.utility : Number.NaN;
};

describe('the price to beat', () => {
  it('is just below the other one where only the price counts', () => {
    const request = requestOf({ price: 1 });
    const best = utilityOf(termsOf(700_000n), 0, request);
    const most = priceToBeat({ terms: termsOf(900_000n), trust: 0 }, best, request) ?? 0n;
    expect(most < 700_000n && most >= 699_998n).toBe(true);
    expect(utilityOf(termsOf(most), 0, request)).toBeGreaterThan(best);
  });

  it('makes up for time and trust, and is none where no price can', () => {
    const request = requestOf({ price: 1, time: 1 }, { withinS: 86_400 });
    const best = utilityOf(termsOf(500_000n, 3_600), 0, request);
    const slow = priceToBeat({ terms: termsOf(500_000n, 43_200), trust: 0 }, best, request) ?? 0n;
    expect(slow > 40_000n && slow < 60_000n).toBe(true);
    expect(priceToBeat({ terms: termsOf(500_000n, 86_400), trust: 0 }, best, request)).toBeUndefined();
    // Better without regard to the price: then the owner's limit is the most.
    expect(priceToBeat({ terms: termsOf(1n, 1_800), trust: 0 }, utilityOf(termsOf(990_000n, 80_000), 0, request), request)).toBe(
      1_000_000n,
    );
    // Nothing weighs the price: it cannot make up for anything.
    expect(priceToBeat({ terms: termsOf(1n), trust: 10 }, 0.5, requestOf({ trust: 1 }))).toBeUndefined();
    expect(priceToBeat({ terms: termsOf(1n), trust: 10 }, 0, requestOf({}))).toBeUndefined();
    // Nothing is cheaper than for free.
    expect(priceToBeat({ terms: termsOf(1n), trust: 0 }, 1, requestOf({ price: 1 }))).toBeUndefined();
  });

  it('is better, and close to the highest that is, for thousands of offers', () => {
    const dice = seedDice('price to beat');
    let found = 0;
    for (let i = 0; i < 5_000; i += 1) {
      const request = requestOf(
        { price: dice.below(5), time: dice.below(5), trust: dice.below(5) },
        { maxMsat: BigInt(1 + dice.below(2_000_000)), withinS: 1 + dice.below(100_000) },
      );
      const offer = (): Terms => termsOf(BigInt(dice.below(Number(request.maxMsat) + 1)), 1 + dice.below(request.withinS ?? 1));
      const [other, own, trust, theirs] = [offer(), offer(), dice.below(101), dice.below(101)];
      const best = utilityOf(other, theirs, request);
      if (Number.isNaN(best)) continue;
      const most = priceToBeat({ terms: own, trust }, best, request);
      const worthAt = (priceMsat: bigint): number => utilityOf({ ...own, price: makeFixedPrice(priceMsat) }, trust, request);
      if (most === undefined) {
        if (request.weights.price > 0) expect(worthAt(1n)).toBeLessThanOrEqual(best + 2e-6);
        continue;
      }
      found += 1;
      expect(most <= request.maxMsat).toBe(true);
      expect(worthAt(most)).toBeGreaterThan(best);
      const dearer = most + request.maxMsat / 100_000n + 1n;
      if (dearer <= request.maxMsat) expect(worthAt(dearer)).toBeLessThanOrEqual(best);
    }
    expect(found).toBeGreaterThan(1_000);
  });
});
