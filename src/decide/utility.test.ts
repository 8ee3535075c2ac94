// Utilities, the ranking of outcomes by them, and the search for an outcome of a given worth.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findWorstAtLeast, listWorth, measureDistance } from './findOutcome.ts';
import { MAX_LISTED, readSpace } from './outcomeSpace.ts';
import { BUYER, PRICE, SELLER, SERVICE, SERVICE_BUYER, SERVICE_SELLER } from './price.fixture.ts';
import { EPSILON, rankOutcomes } from './ranking.ts';
import { makeRandomScenario } from './session/randomDomain.ts';
import { evaluate, isInDomain, type Domain, type Utility } from './utility.ts';
import { findDomainProblem, findUtilityProblem } from './utilityProblem.ts';

const MANY: Domain = {
  issues: Array.from({ length: 12 }, (_, i) => ({ kind: 'discrete', name: `i${i}`, values: ['a', 'b', 'c', 'd', 'e', 'f', 'g'] }) as const),
};
const OF_MANY: Utility = {
  issues: Object.fromEntries(
    MANY.issues.map(({ name }, i) => [
      name,
      { weight: i + 1, value: { kind: 'table', values: { a: 0, b: 0.1, c: 0.25, d: 0.5, e: 0.6, f: 0.9, g: 1 } } },
    ]),
  ),
  reserve: 0.2,
};

describe('a utility', () => {
  it('is the weighted mean of what the values are worth', () => {
    const outcome = { price_msat: 100_000n, within_s: 259_200n, format: 'docx', revisions: 'one' };
    expect(evaluate(SERVICE, SERVICE_BUYER, outcome)).toBeCloseTo((5 * 1 + 3 * 0.6 + 0.7 + 2 * 0.5) / 11, 12);
  });

  it('draws straight lines between points, and is level before the first and after the last', () => {
    const at = (seconds: bigint): number | undefined =>
      evaluate(
        SERVICE,
        { issues: { within_s: { weight: 1, value: SERVICE_BUYER.issues['within_s']!.value } }, reserve: 0 },
        { price_msat: 100_000n, within_s: seconds, format: 'pdf', revisions: 'one' },
      );
    expect([3_600n, 86_400n, 172_800n, 259_200n, 432_000n, 604_800n].map(at)).toEqual([1, 1, 0.8, 0.6, 0.3, 0]);
  });

  it('says nothing of what is not in the domain: a value between the steps, above the range, of another kind, of another name', () => {
    const whole = { price_msat: 100_000n, within_s: 3_600n, format: 'pdf', revisions: 'one' };
    expect(isInDomain(SERVICE, whole)).toBe(true);
    const strange = [{ price_msat: 100_001n }, { price_msat: 1_000_001_000n }, { within_s: '3600' }, { format: 'epub' }, { more: 'x' }];
    for (const part of strange) expect(evaluate(SERVICE, SERVICE_BUYER, { ...whole, ...part })).toBeUndefined();
    expect(evaluate(SERVICE, SERVICE_BUYER, { price_msat: 100_000n })).toBeUndefined();
    expect(evaluate(PRICE, BUYER, Object.create({ price: 1n }) as Record<string, bigint>)).toBeUndefined();
  });

  it('takes amounts that no float holds, step by step', () => {
    const domain: Domain = { issues: [{ kind: 'integer', name: 'price_msat', min: 0n, max: 2_100_000_000_000_000_000n, step: 1n }] };
    const utility: Utility = { issues: { price_msat: { weight: 1, value: { kind: 'linear', best: 'high' } } }, reserve: 0 };
    const outcome = findWorstAtLeast(rankOutcomes(domain, utility), 1 / 3);
    expect(outcome['price_msat']).toBeGreaterThan(699_999_997_000_000_000n);
    expect(outcome['price_msat']).toBeLessThan(700_000_000_100_000_000n);
  });
});

describe('a domain or a utility that is not sound is named as such', () => {
  const number = { kind: 'integer', name: 'n', min: 0n, max: 1n, step: 1n } as const;
  it.each<[string, Domain]>([
    ['no issues', { issues: [] }],
    ['two of a name', { issues: [number, number] }],
    ['a name that is no name', { issues: [{ ...number, name: '__proto__' }] }],
    ['no step', { issues: [{ ...number, step: 0n }] }],
    ['an empty range', { issues: [{ ...number, min: 2n }] }],
    ['no values', { issues: [{ kind: 'discrete', name: 'd', values: [] }] }],
    ['two equal values', { issues: [{ kind: 'discrete', name: 'd', values: ['a', 'a'] }] }],
    ['a value with a control character', { issues: [{ kind: 'discrete', name: 'd', values: ['a\u0007'] }] }],
    ['numbers beyond all money', { issues: [{ ...number, max: 10n ** 30n }] }],
  ])('domain: %s', (_, domain) => {
    expect(findDomainProblem(domain)).toBeDefined();
    expect(() => rankOutcomes(domain, { issues: {}, reserve: 0 })).toThrow('cannot be negotiated');
  });

  const price = BUYER.issues['price']!;
  it.each<[string, Utility]>([
    ['a reserve above 1', { ...BUYER, reserve: 1.1 }],
    ['a reserve that is no number', { ...BUYER, reserve: Number.NaN }],
    ['no weight at all', { issues: { price: { ...price, weight: 0 } }, reserve: 0 }],
    ['a negative weight', { issues: { price: { ...price, weight: -1 } }, reserve: 0 }],
    ['an issue that is not in the domain', { issues: { price, speed: price }, reserve: 0 }],
    ['a table for numbers', { issues: { price: { weight: 1, value: { kind: 'table', values: { a: 1 } } } }, reserve: 0 }],
    [
      'points out of order',
      {
        issues: {
          price: {
            weight: 1,
            value: {
              kind: 'points',
              points: [
                { at: 2n, value: 1 },
                { at: 1n, value: 0 },
              ],
            },
          },
        },
        reserve: 0,
      },
    ],
    ['a point above 1', { issues: { price: { weight: 1, value: { kind: 'points', points: [{ at: 2n, value: 2 }] } } }, reserve: 0 }],
  ])('utility: %s', (_, utility) => {
    expect(findUtilityProblem(PRICE, utility)).toBeDefined();
    expect(() => rankOutcomes(PRICE, utility)).toThrow('cannot be negotiated');
  });

  it('a table must have exactly the values of its issue', () => {
    const judge = (values: Record<string, number>): unknown =>
      findUtilityProblem(
        { issues: [{ kind: 'discrete', name: 'd', values: ['a', 'b'] }] },
        { issues: { d: { weight: 1, value: { kind: 'table', values } } }, reserve: 0 },
      );
    expect(judge({ a: 0, b: 1 })).toBeUndefined();
    expect([judge({ a: 0 }), judge({ a: 0, b: 1, c: 1 }), judge({ a: 0, b: Number.NaN })].every((problem) => problem !== undefined)).toBe(
      true,
    );
  });
});

describe('the ranking', () => {
  it('lists every outcome of a small domain once, best first, with what it is worth', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1e6 }),
        fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 4 }),
        (seed, sizes) => {
          const { domain, utilities } = makeRandomScenario(String(seed), { sizes, interests: 'independent', reserves: [0, 0] });
          const ranking = rankOutcomes(domain, utilities[0]);
          const outcomes = Array.from({ length: ranking.count }, (_, rank) => ranking.at(rank));
          expect(new Set(outcomes.map((each) => JSON.stringify(each))).size).toBe(sizes.reduce((product, size) => product * size, 1));
          outcomes.forEach((each, rank) => expect(ranking.worths[rank]).toBeCloseTo(evaluate(domain, utilities[0], each)!, 12));
          expect([...ranking.worths]).toEqual([...ranking.worths].sort((a, b) => b - a));
        },
      ),
    );
  });

  it('puts equals in the order in which their values are written', () => {
    const domain: Domain = {
      issues: [
        { kind: 'discrete', name: 'd', values: ['x', 'y', 'z'] },
        { kind: 'integer', name: 'n', min: 0n, max: 1n, step: 1n },
      ],
    };
    const ranking = rankOutcomes(domain, { issues: { n: { weight: 1, value: { kind: 'linear', best: 'low' } } }, reserve: 0 });
    const order = Array.from({ length: 6 }, (_, rank) => `${ranking.at(rank)['d']}${ranking.at(rank)['n']}`);
    expect(order).toEqual(['x0', 'y0', 'z0', 'x1', 'y1', 'z1']);
  });

  it('finds the outcome that is worth least but enough, as trying all would', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), fc.double({ min: 0, max: 1, noNaN: true }), (seed, worth) => {
        const { domain, utilities } = makeRandomScenario(String(seed), { sizes: [4, 5, 3], interests: 'independent', reserves: [0, 0] });
        const ranking = rankOutcomes(domain, utilities[0]);
        const found = evaluate(domain, utilities[0], findWorstAtLeast(ranking, worth))!;
        const enough = [...ranking.worths].filter((each) => each >= worth - EPSILON);
        expect(found).toBeCloseTo(enough.length === 0 ? ranking.best : Math.min(...enough), 9);
      }),
    );
  });

  it.each([
    ['with numbers that cannot all be listed', SERVICE, SERVICE_BUYER, 1e-4],
    ['with numbers, for the other side', SERVICE, SERVICE_SELLER, 1e-4],
    ['with names that cannot all be listed', MANY, OF_MANY, 0.01],
  ])('comes close from above in a huge domain, %s', (_, domain, utility, within) => {
    const ranking = rankOutcomes(domain, utility);
    expect(ranking.space.isWhole).toBe(false);
    expect(ranking.count).toBeLessThanOrEqual(MAX_LISTED);
    for (let worth = 0.05; worth < 1; worth += 0.05) {
      const outcome = findWorstAtLeast(ranking, worth);
      const found = evaluate(domain, utility, outcome)!;
      expect(found).toBeGreaterThanOrEqual(worth - 2 * EPSILON);
      expect(found - worth).toBeLessThan(within);
    }
  });

  it('reaches the very best and the very worst of a huge domain', () => {
    for (const [domain, utility] of [
      [SERVICE, SERVICE_BUYER],
      [MANY, OF_MANY],
    ] as const) {
      const { best, worst, worthOf, at, count } = rankOutcomes(domain, utility);
      expect([best, worst]).toEqual([expect.closeTo(1, 12), expect.closeTo(0, 12)]);
      expect([worthOf(at(0)), worthOf(at(count - 1))]).toEqual([expect.closeTo(1, 12), expect.closeTo(0, 12)]);
    }
    expect(readSpace(MANY).size).toBe(7n ** 12n);
  });

  it('gives outcomes between two worths, none below the reserve', () => {
    const ranking = rankOutcomes(SERVICE, SERVICE_BUYER);
    const some = listWorth(ranking, 0.3, 0.4).map((outcome) => ranking.worthOf(outcome)!);
    expect(some.length).toBeGreaterThan(100);
    expect(Math.min(...some)).toBeGreaterThanOrEqual(SERVICE_BUYER.reserve - EPSILON);
    expect(Math.max(...some)).toBeLessThanOrEqual(0.4 + 3 * EPSILON);
  });
});

describe('the distance of two outcomes', () => {
  it('is 0 for the same, 1 for opposite ends, and in between for numbers in between', () => {
    const of = (price: bigint, other: bigint): number => measureDistance(PRICE, { price }, { price: other });
    expect([of(3n, 3n), of(0n, 10n), of(2n, 4n)]).toEqual([0, 1, 0.2]);
    expect(SELLER.reserve).toBe(0.2);
  });
});
