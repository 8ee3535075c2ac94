// The frontier and the fair points of it, and how sessions are measured by them.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_LISTED } from '../outcomeSpace.ts';
import { BUYER, PRICE, SELLER, SERVICE, SERVICE_BUYER, SERVICE_SELLER } from '../price.fixture.ts';
import type { Domain, Utility } from '../utility.ts';
import { findFrontier, findProspects, type Point } from './frontier.ts';
import { measureSession } from './measure.ts';
import type { Session } from './playSession.ts';
import { makeOpponent, makeRandomScenario } from './randomDomain.ts';

const at = (...worths: readonly [number, number]): Point => ({ worths, outcome: () => ({}) });

/** One issue whose values are worth these pairs. */
function makePairs(
  pairs: readonly (readonly [number, number])[],
  reserves: readonly [number, number],
): { readonly domain: Domain; readonly utilities: readonly [Utility, Utility] } {
  const values = pairs.map((_, i) => `v${i}`);
  const utilityOf = (side: 0 | 1): Utility => ({
    issues: { it: { weight: 1, value: { kind: 'table', values: Object.fromEntries(pairs.map((pair, i) => [`v${i}`, pair[side]])) } } },
    reserve: reserves[side],
  });
  return { domain: { issues: [{ kind: 'discrete', name: 'it', values }] }, utilities: [utilityOf(0), utilityOf(1)] };
}

describe('the frontier', () => {
  it('has exactly the points that none beats, as comparing all pairs finds them', () => {
    const worth = fc.integer({ min: 0, max: 20 }).map((n) => n / 20);
    fc.assert(
      fc.property(fc.array(fc.tuple(worth, worth), { maxLength: 60 }), (pairs) => {
        const found = findFrontier(pairs.map((pair) => at(...pair))).map(({ worths }) => worths.join());
        const beaten = ([a, b]: readonly [number, number]): boolean => pairs.some(([c, d]) => c >= a && d >= b && (c > a || d > b));
        const expected = new Set(pairs.filter((pair) => !beaten(pair)).map((pair) => pair.join()));
        expect(new Set(found)).toEqual(expected);
        expect(found.length).toBe(expected.size);
      }),
    );
  });

  it('of a domain too large to list is found along its whole length, and nothing that was looked at beats it', () => {
    const { frontier, isExact, nash } = findProspects(SERVICE, SERVICE_BUYER, SERVICE_SELLER);
    expect(isExact).toBe(false);
    expect(frontier.length).toBeGreaterThan(50);
    expect(frontier[0]!.worths[0]).toBeCloseTo(1, 9);
    expect(frontier.at(-1)!.worths[1]).toBeCloseTo(1, 9);
    expect(nash).toHaveLength(1);
  });

  it('of a domain of ten thousand outcomes is exact', () => {
    const { domain, utilities } = makeRandomScenario('large', { sizes: [10, 10, 10, 10], interests: 'independent', reserves: [0, 0] });
    const { frontier, isExact } = findProspects(domain, ...utilities);
    expect(10_000).toBeLessThanOrEqual(MAX_LISTED);
    expect(isExact).toBe(true);
    expect(frontier.every(({ worths }, i) => i === 0 || worths[1] > frontier[i - 1]!.worths[1])).toBe(true);
  });
});

describe('the fair points', () => {
  it('of a symmetric price all lie in the middle', () => {
    const { nash, kalai, kalaiSmorodinsky, mostWelfare } = findProspects(PRICE, BUYER, SELLER);
    for (const points of [nash, kalai, kalaiSmorodinsky]) expect(points.map((point) => point.outcome())).toEqual([{ price: 5n }]);
    expect(mostWelfare).toBeCloseTo(1, 12);
  });

  it('differ where the sides have different prospects', () => {
    // Gains over the reserves: (0.8, 0.2) has the greatest product 0.16, (0.38, 0.35) the greatest smaller gain,
    // (0.5, 0.3) the most equal shares of what each could gain at most (0.9 and 0.5).
    const pairs = [
      [1, 0.15],
      [0.9, 0.3],
      [0.6, 0.4],
      [0.48, 0.45],
      [0.2, 0.6],
    ] as const;
    const { domain, utilities } = makePairs(pairs, [0.1, 0.1]);
    const { nash, kalai, kalaiSmorodinsky, mostWelfare } = findProspects(domain, ...utilities);
    expect([nash, kalai, kalaiSmorodinsky].map((points) => points.map((point) => point.outcome()['it']))).toEqual([['v1'], ['v3'], ['v2']]);
    expect(mostWelfare).toBeCloseTo(1.2, 12);
  });

  it('depend on the reserves', () => {
    // Worth the most multiplied is v1 (0.27); over the reserves 0.1 and 0.25 it gains 0.8 and 0.05, v3 gains 0.38 and 0.2.
    const pairs = [
      [1, 0.15],
      [0.9, 0.3],
      [0.6, 0.4],
      [0.48, 0.45],
      [0.2, 0.6],
    ] as const;
    const { domain, utilities } = makePairs(pairs, [0.1, 0.25]);
    expect(findProspects(domain, ...utilities).nash.map((point) => point.outcome()['it'])).toEqual(['v3']);
  });

  it('are none where no outcome is worth both reserves', () => {
    const { domain, utilities } = makePairs(
      [
        [1, 0],
        [0, 1],
      ],
      [0.5, 0.5],
    );
    expect(findProspects(domain, ...utilities)).toMatchObject({ nash: [], kalai: [], kalaiSmorodinsky: [] });
  });
});

describe('a session is measured', () => {
  const session = (outcome: Record<string, string>): Session => ({ end: { kind: 'agreed', by: 0, outcome }, rounds: 7, offers: [] });

  it('by its distance from the nearest fair point, as a part of how far the domain reaches', () => {
    const { domain, utilities } = makePairs(
      [
        [1, 0],
        [0.6, 0.8],
        [0, 1],
        [0.3, 0.4],
      ],
      [0.1, 0.2],
    );
    const measures = measureSession(session({ it: 'v3' }), findProspects(domain, ...utilities), [0.3, 0.4]);
    const away = { distance: expect.closeTo(0.5, 12) as number, optimality: expect.closeTo(1 - 0.5 / Math.SQRT2, 12) as number };
    expect(measures).toEqual({
      isAgreed: true,
      rounds: 7,
      worths: [0.3, 0.4],
      welfare: 0.7,
      gap: expect.closeTo(0.1, 12) as number,
      gains: expect.closeTo(0.4, 12) as number,
      welfareOptimality: 0.7 / 1.4,
      pareto: away,
      nash: away,
      kalai: away,
      kalaiSmorodinsky: away,
    });
    const best = measureSession(session({ it: 'v1' }), findProspects(domain, ...utilities), [0.6, 0.8]);
    expect(best).toMatchObject({ welfareOptimality: 1, pareto: { distance: 0, optimality: 1 }, nash: { distance: 0, optimality: 1 } });
  });

  it('without an agreement by its reserves, near to nothing', () => {
    const none: Session = { end: { kind: 'no-rounds-left' }, rounds: 10, offers: [] };
    const measures = measureSession(none, findProspects(PRICE, BUYER, SELLER), undefined);
    expect(measures).toEqual({ isAgreed: false, rounds: 10, worths: [0.2, 0.2], welfare: 0.4, gap: 0, gains: 0, welfareOptimality: 0 });
  });
});

describe('a random scenario', () => {
  it('is decided by its seed, opposed issue by issue or not', () => {
    const options = { sizes: [3, 4], interests: 'opposed', reserves: [0.3, 0.2] } as const;
    expect(makeRandomScenario('a', options)).toEqual(makeRandomScenario('a', options));
    expect(makeRandomScenario('a', options)).not.toEqual(makeRandomScenario('b', options));
    const [one, other] = makeRandomScenario('a', options).utilities;
    for (const name of ['issue1', 'issue2']) {
      const [mine, theirs] = [one, other].map(({ issues }) => issues[name]!.value);
      const [values, opposed] = [mine, theirs].map((value) => (value?.kind === 'table' ? Object.values(value.values) : []));
      expect(opposed).toEqual(values!.map((value) => 1 - value));
      expect([Math.min(...values!), Math.max(...values!)]).toEqual([0, 1]);
    }
  });

  it('gives a utility an opponent that wants the opposite of each issue', () => {
    const opponent = makeOpponent(SERVICE, SERVICE_BUYER, 0.3, 'a');
    expect(opponent.issues['price_msat']!.value).toEqual({ kind: 'linear', best: 'high' });
    expect(opponent.issues['within_s']!.value).toMatchObject({
      points: [
        { at: 86_400n, value: 0 },
        { at: 259_200n, value: 0.4 },
        { at: 604_800n, value: 1 },
      ],
    });
    expect(opponent.issues['format']!.value).toEqual({
      kind: 'table',
      values: { pdf: 0, docx: expect.closeTo(0.3, 12) as number, txt: 1 },
    });
  });
});
