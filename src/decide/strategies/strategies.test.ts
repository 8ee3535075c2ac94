// What all strategies keep, whatever the domain and the peer, and what each of them is known for.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keyOf } from '../outcomeKey.ts';
import { BUYER, PRICE, SELLER, SERVICE, SERVICE_BUYER, SERVICE_SELLER } from '../price.fixture.ts';
import { EPSILON, rankOutcomes } from '../ranking.ts';
import { playSession, type Session } from '../session/playSession.ts';
import { makeRandomScenario, type Scenario } from '../session/randomDomain.ts';
import { isInDomain, type Utility } from '../utility.ts';
import { buildStrategy, type StrategySpec } from './buildStrategy.ts';
import { isAtImpasse } from './impasse.ts';
import { look } from './look.ts';
import { NAMED_STRATEGIES, type NamedStrategy } from './namedStrategies.ts';
import { runStrategy } from './runStrategy.ts';
import type { Decision, Offered, StrategyInput } from './strategy.ts';
import { imitate } from './titForTat.ts';

const NAMES = Object.keys(NAMED_STRATEGIES) as readonly NamedStrategy[];
const noSpend = (): void => undefined;

function play({ domain, utilities }: Scenario, first: StrategySpec, second: StrategySpec, rounds: number, seed = 'a'): Session {
  const parties = [
    { utility: utilities[0], strategy: buildStrategy(first) },
    { utility: utilities[1], strategy: buildStrategy(second) },
  ] as const;
  return playSession({ domain, parties, rounds, seed });
}

function decide(spec: StrategySpec, input: Partial<StrategyInput>): Decision {
  const whole: StrategyInput = { domain: PRICE, utility: BUYER, history: [], timing: { round: 0, rounds: 10 }, seed: 'a', ...input };
  const run = runStrategy(buildStrategy(spec), whole);
  if (run.kind === 'refused') throw new Error(run.fault);
  return run.decision;
}

function offers(by: 'me' | 'peer', ...prices: readonly bigint[]): readonly Offered[] {
  return prices.map((price) => ({ by, outcomes: [{ price }] }));
}

const anyName = fc.constantFrom(...NAMES);
const anyScenario = fc
  .record({
    seed: fc.integer({ min: 0, max: 1e6 }),
    sizes: fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 4 }),
    interests: fc.constantFrom('opposed', 'independent'),
    reserves: fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true })),
  })
  .map(({ seed, ...options }) => makeRandomScenario(String(seed), options));

describe('every strategy', () => {
  it('offers and accepts only outcomes of the domain that are worth its reserve, and gives an answer each time', () => {
    let deals = 0;
    fc.assert(
      fc.property(anyScenario, anyName, anyName, fc.integer({ min: 1, max: 30 }), (scenario, first, second, rounds) => {
        const { domain, utilities } = scenario;
        const session = play(scenario, NAMED_STRATEGIES[first], NAMED_STRATEGIES[second], rounds);
        expect(session.end.kind).not.toBe('refused');
        const worth = (side: 0 | 1, outcome: Session['offers'][number]['outcomes'][number]): number =>
          rankOutcomes(domain, utilities[side]).worthOf(outcome)!;
        for (const { by, outcomes } of session.offers) {
          expect(outcomes.every((outcome) => isInDomain(domain, outcome))).toBe(true);
          expect(Math.min(...outcomes.map((outcome) => worth(by, outcome)))).toBeGreaterThanOrEqual(utilities[by].reserve - EPSILON);
        }
        if (session.end.kind !== 'agreed') return;
        deals += 1;
        for (const side of [0, 1] as const)
          expect(worth(side, session.end.outcome)).toBeGreaterThanOrEqual(utilities[side].reserve - EPSILON);
      }),
      { numRuns: 400 },
    );
    expect(deals).toBeGreaterThan(100);
  });

  it('does the same for the same seed', () => {
    fc.assert(
      fc.property(anyScenario, anyName, anyName, (scenario, first, second) => {
        const [one, other] = [0, 1].map(() => play(scenario, NAMED_STRATEGIES[first], NAMED_STRATEGIES[second], 12, 'same'));
        expect(one).toEqual(other);
      }),
    );
  });

  it('decides the same from a history that was written down and read again', () => {
    const reread = (outcome: Offered['outcomes'][number]): Offered['outcomes'][number] =>
      Object.fromEntries(Object.entries(outcome).toReversed());
    for (const name of NAMES) {
      const scenario = makeRandomScenario('reread', { sizes: [4, 5, 6], interests: 'opposed', reserves: [0.3, 0.3] });
      const { offers: made } = play(scenario, NAMED_STRATEGIES[name], NAMED_STRATEGIES.boulware, 12);
      expect(made.length).toBeGreaterThan(1);
      const history = made
        .slice(0, 2 * Math.floor(made.length / 2))
        .map(({ by, outcomes }): Offered => ({ by: by === 0 ? 'me' : 'peer', outcomes }));
      const read = history.map(({ by, outcomes }): Offered => ({ by, outcomes: outcomes.map(reread) }));
      const input = { domain: scenario.domain, utility: scenario.utilities[0], timing: { round: history.length / 2, rounds: 12 } };
      const [one, other] = [history, read].map((each) => decide(NAMED_STRATEGIES[name], { ...input, history: each }));
      expect(describeDecision(other!)).toBe(describeDecision(one!));
    }
  });

  it('works in a domain of billions of outcomes, with money in msat, and comes to a deal there', () => {
    const scenario: Scenario = { domain: SERVICE, utilities: [SERVICE_BUYER, SERVICE_SELLER] };
    const ends = NAMES.filter((name) => name !== 'firm').map(
      (name) => play(scenario, NAMED_STRATEGIES[name], NAMED_STRATEGIES.linear, 12).end.kind,
    );
    expect(ends).toEqual(ends.map(() => 'agreed'));
  });

  it('takes what is above its reserve in the last round, and nothing below it', () => {
    for (const name of NAMES) {
      const timing = { round: 9, rounds: 10 };
      const fair = decide(NAMED_STRATEGIES[name], { history: [...offers('me', 0n), ...offers('peer', 8n)], timing });
      const unfair = decide(NAMED_STRATEGIES[name], { history: [...offers('me', 0n), ...offers('peer', 9n)], timing });
      expect([fair.kind, unfair.kind]).toEqual(['accept', 'offer']);
    }
  });

  it('takes the best of several offers by its number, and ignores those that are outside the domain', () => {
    const history: readonly Offered[] = [{ by: 'peer', outcomes: [{ price: 99n }, { price: 9n }, { price: 1n }, { price: 1n }] }];
    for (const name of NAMES) {
      expect(decide(NAMED_STRATEGIES[name], { history, timing: { round: 9, rounds: 10 } })).toMatchObject({
        kind: 'accept',
        alternative: 2,
      });
      const strange: readonly Offered[] = [{ by: 'peer', outcomes: [{ price: -5n }] }];
      expect(decide(NAMED_STRATEGIES[name], { history: strange, timing: { round: 9, rounds: 10 } }).kind).toBe('offer');
    }
  });

  it('ends where nothing can be worth its reserve, and when the time is over', () => {
    const greedy: Utility = { issues: { price: { weight: 1, value: { kind: 'points', points: [{ at: 0n, value: 0.5 }] } } }, reserve: 0.6 };
    for (const name of NAMES) {
      expect(decide(NAMED_STRATEGIES[name], { utility: greedy })).toMatchObject({ kind: 'end', reason: 'nothing-acceptable' });
      expect(decide(NAMED_STRATEGIES[name], { timing: { round: 10, rounds: 10 } })).toMatchObject({ kind: 'end', reason: 'out-of-time' });
    }
  });
});

function describeDecision(decision: Decision): string {
  if (decision.kind === 'end') return decision.reason;
  const outcomes = decision.kind === 'alternatives' ? decision.outcomes : [decision.outcome];
  return `${decision.kind} ${outcomes.map(keyOf).join(' ')}`;
}

describe('a strategy by time', () => {
  it('never asks for more than it did before', () => {
    fc.assert(
      fc.property(anyScenario, fc.constantFrom('boulware', 'linear', 'conceder'), anyName, (scenario, first, second) => {
        const { offers: made } = play(scenario, NAMED_STRATEGIES[first], NAMED_STRATEGIES[second], 20);
        const ranking = rankOutcomes(scenario.domain, scenario.utilities[0]);
        const worths = made.filter(({ by }) => by === 0).map(({ outcomes }) => ranking.worthOf(outcomes[0]!)!);
        expect(worths).toEqual(worths.toSorted((a, b) => b - a));
      }),
    );
  });

  it('with a tolerance offers what is nearest to the peer’s last offer of all that is worth enough', () => {
    const scenario = makeRandomScenario('near', { sizes: [6, 6, 6], interests: 'opposed', reserves: [0.2, 0.2] });
    const { domain, utilities } = scenario;
    const peer = rankOutcomes(domain, utilities[1]).at(0);
    const input = { domain, utility: utilities[0], history: [{ by: 'peer', outcomes: [peer] }] as const, timing: { round: 5, rounds: 12 } };
    const [plain, near] = [0, 0.1].map((tolerance) => decide({ ...NAMED_STRATEGIES.linear, tolerance }, input));
    const worthTo = (side: 0 | 1, decision: Decision | undefined): number =>
      decision?.kind === 'offer' ? rankOutcomes(domain, utilities[side]).worthOf(decision.outcome)! : 0;
    expect(worthTo(0, near)).toBeGreaterThanOrEqual(worthTo(0, plain) - EPSILON);
    expect(worthTo(1, near)).toBeGreaterThan(worthTo(1, plain));
  });
});

describe('tit for tat', () => {
  const view = (history: readonly Offered[]): ReturnType<typeof look> =>
    look({ domain: PRICE, utility: BUYER, history, timing: { round: 3, rounds: 10 }, seed: 'a' }, noSpend);
  // To the buyer the peer's offers are worth 0.1, 0.2, 0.4.
  const conceding = view(offers('peer', 9n, 8n, 6n));

  it.each([
    ['relative', 1, 0.9 * (0.2 / 0.4)],
    ['relative', 2, 0.9 * (0.1 / 0.2)],
    ['absolute', 1, 0.9 - 0.2],
    ['absolute', 2, 0.9 - 0.1],
    ['averaged', 2, 0.9 * (0.1 / 0.4)],
    ['averaged', 3, 0.9],
  ] as const)('%s over a window of %i', (imitates, window, expected) => {
    expect(imitate(conceding, 0.9, { imitates, window, noise: 0 })).toBeCloseTo(expected, 12);
  });

  it('asks for more again when the peer does, and stays within its range', () => {
    const retreating = view(offers('peer', 6n, 9n));
    expect(imitate(retreating, 0.5, { imitates: 'relative', window: 1, noise: 0 })).toBeCloseTo(2, 12);
    const history = [...offers('me', 5n), ...offers('peer', 6n), ...offers('me', 5n), ...offers('peer', 9n)];
    expect(decide({ ...NAMED_STRATEGIES['tit-for-tat'], imitates: 'relative', kindness: 0 }, { history })).toMatchObject({
      kind: 'offer',
      outcome: { price: 0n },
    });
  });

  it('adds chance only by the seed, and no more than it may', () => {
    const spec = { imitates: 'absolute', window: 1, noise: 0.1 } as const;
    const drawn = ['a', 'b', 'c'].map((seed) => imitate({ ...conceding, input: { ...conceding.input, seed } }, 0.9, spec));
    expect(new Set(drawn).size).toBe(3);
    expect(Math.max(...drawn.map((each) => Math.abs(each - 0.7)))).toBeLessThanOrEqual(0.1);
    expect(imitate(conceding, 0.9, spec)).toBe(imitate(conceding, 0.9, spec));
  });
});

describe('naive tit for tat', () => {
  it('by NegMAS’s rule takes what gives it more than half of its range, and not half', () => {
    const spec = { ...NAMED_STRATEGIES['naive-tit-for-tat'], mirrors: true };
    const utility = { ...BUYER, reserve: 0 };
    const answer = (price: bigint): string =>
      decide(spec, { utility, history: [...offers('me', 0n, 1n, 1n), ...offers('peer', price)], timing: { round: 3, rounds: 10 } }).kind;
    expect([4n, 5n, 6n].map(answer)).toEqual(['accept', 'offer', 'offer']);
  });
});

describe('MiCRO', () => {
  const scenario = makeRandomScenario('micro', { sizes: [5, 5, 4], interests: 'opposed', reserves: [0.3, 0.3] });

  it('goes down its ranking step by step while the peer makes new offers', () => {
    const { offers: made } = play(scenario, NAMED_STRATEGIES.micro, NAMED_STRATEGIES.micro, 100);
    const ranking = rankOutcomes(scenario.domain, scenario.utilities[0]);
    const mine = made.filter(({ by }) => by === 0).map(({ outcomes }) => outcomes[0]!);
    expect(mine.length).toBeGreaterThan(3);
    expect(mine).toEqual(mine.map((_, rank) => ranking.at(rank)));
  });

  it('repeats old offers while the peer repeats its own', () => {
    const { offers: made } = play(scenario, NAMED_STRATEGIES.micro, { kind: 'firm', level: 1 }, 30);
    const distinct = new Set(made.filter(({ by }) => by === 0).map(({ outcomes }) => keyOf(outcomes[0]!)));
    expect(made.length).toBeGreaterThan(50);
    expect(distinct.size).toBe(2);
  });

  it('that skips reaches its reserve in few rounds of a large domain, where the plain one has hardly begun', () => {
    const large = makeRandomScenario('large', { sizes: [10, 10, 20], interests: 'opposed', reserves: [0.3, 0.3] });
    const lowest = (name: NamedStrategy): number => {
      const { offers: made } = play(large, NAMED_STRATEGIES[name], NAMED_STRATEGIES.boulware, 12);
      const ranking = rankOutcomes(large.domain, large.utilities[0]);
      return Math.min(...made.filter(({ by }) => by === 0).map(({ outcomes }) => ranking.worthOf(outcomes[0]!)!));
    };
    expect(lowest('micro')).toBeGreaterThan(0.9);
    expect(lowest('fast-micro')).toBeLessThan(0.7);
  });
});

describe('a firm price list', () => {
  it('makes one offer and takes what is as good', () => {
    const { offers: made, end } = play(
      { domain: PRICE, utilities: [BUYER, SELLER] },
      NAMED_STRATEGIES.linear,
      { kind: 'firm', level: 0.5 },
      10,
    );
    expect(new Set(made.filter(({ by }) => by === 1).map(({ outcomes }) => outcomes[0]!['price']))).toEqual(new Set([6n]));
    expect(end).toMatchObject({ kind: 'agreed', outcome: { price: 6n } });
  });
});

describe('several offers at once', () => {
  it('are worth the same within the spread, lie in the domain, and differ', () => {
    let several = 0;
    fc.assert(
      fc.property(
        anyScenario,
        fc.integer({ min: 2, max: 5 }),
        fc.double({ min: 0, max: 0.2, noNaN: true }),
        fc.integer({ min: 0, max: 11 }),
        (scenario, alternatives, spread, round) => {
          const { domain, utilities } = scenario;
          const decision = decide(
            { ...NAMED_STRATEGIES.linear, alternatives, spread },
            { domain, utility: utilities[0], timing: { round, rounds: 12 } },
          );
          if (decision.kind !== 'alternatives') return;
          several += 1;
          const worths = decision.outcomes.map((outcome) => rankOutcomes(domain, utilities[0]).worthOf(outcome)!);
          expect(decision.outcomes.length).toBeLessThanOrEqual(alternatives);
          expect(new Set(decision.outcomes.map(keyOf)).size).toBe(decision.outcomes.length);
          expect(Math.max(...worths) - Math.min(...worths)).toBeLessThanOrEqual(spread + 4 * EPSILON);
          expect(Math.min(...worths)).toBeGreaterThanOrEqual(utilities[0].reserve - EPSILON);
        },
      ),
      { numRuns: 1_500 },
    );
    expect(several).toBeGreaterThan(50);
  });

  it('of a huge domain too', () => {
    const decision = decide(NAMED_STRATEGIES.variants, { domain: SERVICE, utility: SERVICE_BUYER, timing: { round: 6, rounds: 12 } });
    expect(decision).toMatchObject({ kind: 'alternatives', outcomes: { length: 4 } });
  });
});

describe('several offers about one number', () => {
  it('are one: another price would be only better or worse', () => {
    const spec = { ...NAMED_STRATEGIES.variants, spread: 0.5 };
    expect(decide(spec, { domain: PRICE, utility: BUYER, timing: { round: 3, rounds: 10 } }).kind).toBe('offer');
  });
});

describe('an impasse', () => {
  const stuck = (...prices: readonly bigint[]): readonly Offered[] =>
    prices.flatMap((price) => [...offers('me', 0n), ...offers('peer', price)]);

  it('is there when the peer moves in no issue for so many rounds, and in none of its variants', () => {
    expect(isAtImpasse(stuck(9n, 9n, 9n), 2)).toBe(true);
    expect(isAtImpasse(stuck(9n, 9n), 2)).toBe(false);
    expect(isAtImpasse(stuck(9n, 8n, 9n), 2)).toBe(false);
    const variants = (price: bigint): Offered => ({
      by: 'peer',
      outcomes: [
        { price: 9n, days: 1n },
        { price, days: 2n },
      ],
    });
    expect(isAtImpasse([variants(8n), variants(8n)], 1)).toBe(true);
    expect(isAtImpasse([variants(8n), variants(7n)], 1)).toBe(false);
    expect(
      isAtImpasse(
        [
          { by: 'peer', outcomes: [{ price: 9n, days: 2n }] },
          { by: 'peer', outcomes: [{ price: 9n, days: 1n }] },
        ],
        1,
      ),
    ).toBe(false);
  });

  it('ends the negotiation, or takes what is there when it is above the reserve; but not in the last round', () => {
    const spec = { ...NAMED_STRATEGIES.boulware, impasseRounds: 2 };
    const timing = { round: 4, rounds: 10 };
    expect(decide(spec, { history: stuck(9n, 9n, 9n), timing })).toMatchObject({ kind: 'end', reason: 'impasse' });
    expect(decide(spec, { history: stuck(7n, 7n, 7n), timing })).toMatchObject({ kind: 'accept' });
    expect(decide(spec, { history: stuck(9n, 9n, 8n), timing }).kind).toBe('offer');
    expect(decide(spec, { history: stuck(9n, 9n, 9n), timing: { round: 9, rounds: 10 } }).kind).toBe('offer');
  });
});

describe('options out of range are refused', () => {
  it.each<StrategySpec>([
    { ...NAMED_STRATEGIES.boulware, exponent: 0 },
    { ...NAMED_STRATEGIES.boulware, exponent: Number.NaN },
    { ...NAMED_STRATEGIES.boulware, alternatives: 6 },
    { ...NAMED_STRATEGIES['tit-for-tat'], window: 1.5 },
    { kind: 'firm', level: 2 },
    { kind: 'psychic' } as unknown as StrategySpec,
  ])('%o', (spec) => {
    expect(() => buildStrategy(spec)).toThrow(/strategy/);
  });
});
