// Strategies that fail, stall or lie: nothing of theirs is sent, and what was decided can be decided again.

import { describe, expect, it } from 'vitest';
import { BUYER, PRICE, SELLER } from '../price.fixture.ts';
import { makeRandomScenario } from '../session/randomDomain.ts';
import { playSession } from '../session/playSession.ts';
import { buildStrategy } from './buildStrategy.ts';
import { explain } from './look.ts';
import { NAMED_STRATEGIES, type NamedStrategy } from './namedStrategies.ts';
import { replayDecision } from './replayDecision.ts';
import { runStrategy, type StrategyFault } from './runStrategy.ts';
import type { Decision, Offered, Strategy, StrategyInput } from './strategy.ts';

const INPUT: StrategyInput = {
  domain: PRICE,
  utility: BUYER,
  history: [{ by: 'peer', outcomes: [{ price: 9n }, { price: 5n }] }],
  timing: { round: 0, rounds: 10 },
  seed: 'a',
};
const because = explain(INPUT, { kind: 'own' }, {});
const say =
  (decision: unknown): Strategy =>
  () =>
    decision as Decision;

describe('a strategy that is not sound is refused, and says why', () => {
  it.each<[string, Strategy, StrategyFault]>([
    [
      'throws',
      () => {
        throw new Error('no');
      },
      'threw',
    ],
    [
      'never ends, counting its steps',
      (_, spend) => {
        for (;;) spend();
      },
      'stalled',
    ],
    [
      'goes on after it was stopped',
      (_, spend) => {
        try {
          spend(1e12);
        } catch {
          /* ignored */
        }
        return { kind: 'offer', outcome: { price: 0n }, because };
      },
      'stalled',
    ],
    [
      'counts steps that are no number',
      (_, spend) => {
        spend(Number.NaN);
        return { kind: 'offer', outcome: { price: 0n }, because };
      },
      'stalled',
    ],
    ['answers nothing', say(undefined), 'malformed'],
    ['answers a promise', say(Promise.resolve({ kind: 'offer', outcome: { price: 0n }, because })), 'malformed'],
    ['answers of an unknown kind', say({ kind: 'wait', because }), 'malformed'],
    ['gives no record', say({ kind: 'offer', outcome: { price: 0n } }), 'malformed'],
    [
      'gives a record too large to keep',
      say({ kind: 'offer', outcome: { price: 0n }, because: { ...because, seed: 'x'.repeat(5_000) } }),
      'malformed',
    ],
    ['gives a record that no JSON holds', say({ kind: 'offer', outcome: { price: 0n }, because: { ...because, seed: 1n } }), 'threw'],
    [
      'gives a figure that is no number',
      say({ kind: 'offer', outcome: { price: 0n }, because: { ...because, figures: { t: Number.NaN } } }),
      'non-finite',
    ],
    ['offers what is outside the domain', say({ kind: 'offer', outcome: { price: 11n }, because }), 'out-of-domain'],
    ['offers a number where the domain has a bigint', say({ kind: 'offer', outcome: { price: 1 }, because }), 'out-of-domain'],
    ['settles more than there is to settle', say({ kind: 'offer', outcome: { price: 1n, tip: 1n }, because }), 'out-of-domain'],
    ['offers no outcome', say({ kind: 'offer', outcome: null, because }), 'malformed'],
    ['offers below the reserve', say({ kind: 'offer', outcome: { price: 9n }, because }), 'below-reserve'],
    [
      'offers one variant below the reserve',
      say({ kind: 'alternatives', outcomes: [{ price: 0n }, { price: 9n }], because }),
      'below-reserve',
    ],
    ['offers no variants', say({ kind: 'alternatives', outcomes: [], because }), 'malformed'],
    [
      'offers more variants than an offer holds',
      say({ kind: 'alternatives', outcomes: [0n, 1n, 2n, 3n, 4n, 5n].map((price) => ({ price })), because }),
      'malformed',
    ],
    ['accepts below the reserve', say({ kind: 'accept', alternative: 0, outcome: { price: 9n }, because }), 'below-reserve'],
    [
      'accepts by a number that was not offered',
      say({ kind: 'accept', alternative: 2, outcome: { price: 5n }, because }),
      'nothing-to-accept',
    ],
    [
      'accepts another outcome than the one of that number',
      say({ kind: 'accept', alternative: 0, outcome: { price: 5n }, because }),
      'nothing-to-accept',
    ],
    ['ends for no reason', say({ kind: 'end', reason: 'bored', because }), 'malformed'],
  ])('%s', (_, strategy, fault) => {
    expect(runStrategy(strategy, INPUT, { maxSteps: 1_000 })).toEqual({ kind: 'refused', fault });
  });

  it('and is not even asked about a domain, a utility or a history that is not sound', () => {
    let asked = 0;
    const strategy: Strategy = () => {
      asked += 1;
      return { kind: 'offer', outcome: { price: 0n }, because };
    };
    const refusal = { kind: 'refused', fault: 'bad-input' };
    expect(runStrategy(strategy, { ...INPUT, domain: { issues: [] } })).toEqual(refusal);
    expect(runStrategy(strategy, { ...INPUT, utility: { ...BUYER, reserve: 7 } })).toEqual(refusal);
    expect(runStrategy(strategy, INPUT, { maxHistory: 0 })).toEqual(refusal);
    expect(asked).toBe(0);
    expect(runStrategy(strategy, INPUT)).toMatchObject({ kind: 'decided' });
    expect(asked).toBe(1);
  });

  it('sends what was checked, whatever becomes of the strategy’s objects later', () => {
    const outcome = { price: 0n };
    const run = runStrategy(say({ kind: 'offer', outcome, because, extra: 'x' }), INPUT);
    outcome.price = 9n;
    expect(run).toEqual({ kind: 'decided', decision: { kind: 'offer', outcome: { price: 0n }, because } });
    let reads = 0;
    const shifty = {
      get price() {
        return (reads += 1) === 1 ? 0n : 9n;
      },
    };
    expect(runStrategy(say({ kind: 'offer', outcome: shifty, because }), INPUT)).toMatchObject({ decision: { outcome: { price: 0n } } });
    expect(reads).toBe(1);
  });

  it('takes what is sound', () => {
    expect(runStrategy(say({ kind: 'accept', alternative: 1, outcome: { price: 5n }, because }), INPUT).kind).toBe('decided');
    expect(runStrategy(say({ kind: 'offer', outcome: { price: 8n }, because }), INPUT).kind).toBe('decided');
    expect(runStrategy(say({ kind: 'end', reason: 'impasse', because }), INPUT).kind).toBe('decided');
  });

  it('ends a session with the one who is at fault, and no offer of it', () => {
    const parties = [
      { utility: BUYER, strategy: buildStrategy(NAMED_STRATEGIES.linear) },
      { utility: SELLER, strategy: say({ kind: 'offer', outcome: { price: 0n }, because }) },
    ] as const;
    const session = playSession({ domain: PRICE, parties, rounds: 10, seed: 'a' });
    expect(session).toMatchObject({ end: { kind: 'refused', by: 1, fault: 'below-reserve' }, rounds: 1, offers: { length: 1 } });
  });
});

describe('a decision', () => {
  const { domain, utilities } = makeRandomScenario('replay', { sizes: [5, 6, 4], interests: 'opposed', reserves: [0.3, 0.3] });
  const names = Object.keys(NAMED_STRATEGIES) as readonly NamedStrategy[];

  /** Every decision of the first side in one negotiation, with the history it was made from, in the end. */
  function record(name: NamedStrategy): { readonly decisions: readonly Decision[]; readonly history: readonly Offered[] } {
    const decisions: Decision[] = [];
    let history: readonly Offered[] = [];
    const strategy: Strategy = (input, spend) => {
      const decision = buildStrategy(NAMED_STRATEGIES[name])(input, spend);
      decisions.push(decision);
      history = [...input.history];
      return decision;
    };
    const parties = [
      { utility: utilities[0], strategy },
      { utility: utilities[1], strategy: buildStrategy(NAMED_STRATEGIES.boulware) },
    ] as const;
    playSession({ domain, parties, rounds: 12, seed: name });
    return { decisions, history };
  }

  it.each(names)('of %s comes out the same from its record, as plain JSON, and the history', (name) => {
    const { decisions, history } = record(name);
    expect(decisions.length).toBeGreaterThan(1);
    for (const decision of decisions) {
      const kept = { ...decision, because: JSON.parse(JSON.stringify(decision.because)) as Decision['because'] };
      expect(replayDecision(kept, { domain, utility: structuredClone(utilities[0]), history })).toEqual({ kind: 'same' });
      expect(JSON.stringify(decision.because).length).toBeLessThan(1_000);
    }
  });

  it('that was altered does not come out the same, and one from other inputs is not judged', () => {
    const { decisions, history } = record('boulware');
    const [first] = decisions;
    const given = { domain, utility: utilities[0], history };
    const [, second] = Array.from({ length: 2 }, (_, i) => (decisions[i]?.kind === 'offer' ? decisions[i] : undefined));
    expect(first?.kind).toBe('offer');
    expect(replayDecision({ ...first!, kind: 'end', reason: 'impasse' }, given)).toMatchObject({ kind: 'different' });
    expect(replayDecision({ ...second!, because: { ...second!.because, timing: { round: 11, rounds: 12 } } }, given).kind).toBe(
      'different',
    );
    expect(replayDecision(first!, { ...given, utility: { ...utilities[0], reserve: 0.31 } })).toEqual({ kind: 'other-input' });
    expect(replayDecision(decisions.at(-1)!, { ...given, history: [] })).toEqual({ kind: 'other-input' });
    expect(replayDecision({ ...first!, because: { ...first!.because, strategy: { kind: 'own' } } }, given)).toEqual({
      kind: 'unknown-strategy',
    });
  });

  it('of an own strategy is replayed with that strategy', () => {
    const own: Strategy = (input) => ({ kind: 'offer', outcome: { price: 0n }, because: explain(input, { kind: 'own' }, {}) });
    const decision = own(INPUT, () => undefined);
    expect(replayDecision(decision, INPUT, own)).toEqual({ kind: 'same' });
  });
});
