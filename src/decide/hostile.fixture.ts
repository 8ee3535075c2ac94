// Strategies that nobody should have, for tests: each answers in a way that must never be sent.

import { explain } from './strategies/look.ts';
import type { Decision, Strategy, StrategyInput } from './strategies/strategy.ts';
import type { Outcome } from './utility.ts';

const because = (input: StrategyInput): Decision['because'] => explain(input, { kind: 'hostile' }, {});
const offering =
  (change: (value: bigint, input: StrategyInput) => unknown): Strategy =>
  (input) => {
    const values = input.domain.issues.map((issue) => [issue.name, change(issue.kind === 'integer' ? issue.max : 0n, input)]);
    return { kind: 'offer', outcome: Object.fromEntries(values) as Outcome, because: because(input) };
  };

/** Takes whatever was offered last, in the domain or not. */
const grabs: Strategy = (input) => {
  const outcome = input.history.at(-1)?.outcomes[0] ?? {};
  return { kind: 'accept', alternative: 0, outcome, because: because(input) };
};

/** Takes the last of several offers, in the domain or not. */
const grabsLast: Strategy = (input) => {
  const outcomes = input.history.at(-1)?.outcomes ?? [];
  return { kind: 'accept', alternative: Math.max(0, outcomes.length - 1), outcome: outcomes.at(-1) ?? {}, because: because(input) };
};

/** By name. Those from `acceptsAnything` on answer what may be sent, at times or always, and are of no use to their owner. */
export const HOSTILE_STRATEGIES: Readonly<Record<string, Strategy>> = {
  throws: () => {
    throw new Error('no');
  },
  stalls: (_, spend) => {
    for (;;) spend(10_000);
  },
  belowReserve: offering((value, { utility, domain }) => {
    const [first] = domain.issues;
    const judged = first === undefined ? undefined : utility.issues[first.name]?.value;
    return judged?.kind === 'linear' && judged.best === 'low' ? value + 1n : -1n;
  }),
  notANumber: offering(() => Number.NaN),
  brokenFigures: (input) => ({
    ...offering((value) => value)(input, () => undefined),
    because: explain(input, { kind: 'x' }, { t: NaN }),
  }),
  huge: offering(() => 10n ** 40n),
  negative: offering(() => -(10n ** 18n)),
  otherIssues: (input) => ({ kind: 'offer', outcome: { '/price': 1n, tip: 1n }, because: because(input) }),
  nothing: () => undefined as unknown as Decision,
  smuggles: (input) => ({ kind: 'alternatives', outcomes: [bestOf(input), pastWorst(input)], because: because(input) }),
  offersSix: (input) => ({ kind: 'alternatives', outcomes: Array<Outcome>(6).fill(bestOf(input)), because: because(input) }),
  acceptsWhatIsNotThere: (input) => {
    const { outcomes = [] } = input.history.at(-1) ?? {};
    return { kind: 'accept', alternative: outcomes.length, outcome: outcomes[0] ?? {}, because: because(input) };
  },
  acceptsByNoNumber: (input) => {
    const outcome = input.history.at(-1)?.outcomes[0] ?? {};
    return { kind: 'accept', alternative: '0' as unknown as number, outcome, because: because(input) };
  },
  acceptsAnything: grabs,
  acceptsTheLast: grabsLast,
  repeatsItself: (input) => {
    const [best, worst] = [bestOf(input), worstOf(input)];
    return { kind: 'alternatives', outcomes: [best, best, worst, { ...best }], because: because(input) };
  },
  neverAccepts: (input) => ({ kind: 'offer', outcome: bestOf(input), because: because(input) }),
  givesEverything: (input) => ({ kind: 'offer', outcome: worstOf(input), because: because(input) }),
  endsAtOnce: (input) => ({ kind: 'end', reason: 'impasse', because: because(input) }),
};

/** The worst of everything, and of the first issue more than that. */
function pastWorst(input: StrategyInput): Outcome {
  const worst = worstOf(input);
  const [first] = input.domain.issues;
  const value = first === undefined ? undefined : worst[first.name];
  if (first?.kind !== 'integer' || typeof value !== 'bigint') return worst;
  const judged = input.utility.issues[first.name]?.value;
  const isLowBest = judged?.kind === 'linear' && judged.best === 'low';
  return { ...worst, [first.name]: isLowBest ? value + first.step : value - first.step };
}

function bestOf({ domain, utility }: StrategyInput): Outcome {
  return pickEnds({ domain, utility }, 'low');
}

function worstOf({ domain, utility }: StrategyInput): Outcome {
  return pickEnds({ domain, utility }, 'high');
}

function pickEnds({ domain, utility }: Pick<StrategyInput, 'domain' | 'utility'>, whereLow: 'low' | 'high'): Outcome {
  const ends = domain.issues.flatMap((issue) => {
    const value = utility.issues[issue.name]?.value;
    if (issue.kind !== 'integer' || value?.kind !== 'linear') return [];
    return [[issue.name, (value.best === 'low') === (whereLow === 'low') ? issue.min : issue.max] as const];
  });
  return Object.fromEntries(ends);
}
