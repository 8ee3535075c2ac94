// Strategies without channel and store: negotiations in a second, the frontier of a large domain, and who does how well against whom.

import { findProspects } from '../src/decide/session/frontier.ts';
import { playSession } from '../src/decide/session/playSession.ts';
import { makeRandomScenario, type RandomDomainOptions } from '../src/decide/session/randomDomain.ts';
import { buildStrategy } from '../src/decide/strategies/buildStrategy.ts';
import { NAMED_STRATEGIES, type NamedStrategy } from '../src/decide/strategies/namedStrategies.ts';
import { measureCallMs, measureCpuMs, median, type Metric } from './measure.ts';

export { makeTables } from './strategyTables.ts';

const SECOND_MS = 1_000;
const ROUNDS_OF_MEASURING = 5;
const SCENARIOS = 3;

/** The domains: sizes of the issues and rounds. Zero-sum in each issue, weights drawn, both reserves 0.3. */
const DOMAINS: readonly (readonly [name: string, sizes: readonly number[], rounds: number])[] = [
  ['101 prices', [101], 100],
  ['120 outcomes', [4, 5, 6], 100],
  ['2000 outcomes', [10, 10, 20], 100],
  ['120 outcomes', [4, 5, 6], 12],
  ['2000 outcomes', [10, 10, 20], 12],
];
const STRATEGIES = ['boulware', 'linear', 'conceder', 'naive-tit-for-tat', 'micro', 'fast-micro'] as const;

/** Runs the bench `decide`. */
export async function run(): Promise<readonly Metric[]> {
  const metrics: Metric[] = [];
  for (const [name, sizes, rounds] of DOMAINS) metrics.push(await timeNegotiations(name, sizes, rounds));
  const large = options([10, 10, 10, 10]);
  let number = 0;
  const frontierMs = await measureCallMs(
    () => {
      // A new one each time: nothing is kept of the last one.
      const { domain, utilities } = makeRandomScenario(`frontier ${(number += 1)}`, large);
      return findProspects(domain, ...utilities).frontier.length;
    },
    { batch: 5 },
  );
  return [...metrics, { metric: 'frontier of 10000', value: frontierMs, unit: 'ms' }];
}

/** Every strategy with every other; each negotiation in a domain that is new to it, so that ranking its outcomes is counted. */
async function timeNegotiations(name: string, sizes: readonly number[], rounds: number): Promise<Metric> {
  let number = 0;
  const playAll = (): number => {
    let played = 0;
    for (const first of STRATEGIES) {
      for (const second of STRATEGIES) {
        for (let i = 0; i < SCENARIOS; i += 1) {
          play(first, second, sizes, rounds, (number += 1));
          played += 1;
        }
      }
    }
    return played;
  };
  const played = playAll();
  const totals: number[] = [];
  for (let i = 0; i < ROUNDS_OF_MEASURING; i += 1) totals.push(await measureCpuMs(playAll));
  return { metric: `${name}, ${rounds} rounds, a second`, value: (played / median(totals)) * SECOND_MS, unit: 'count' };
}

function play(first: NamedStrategy, second: NamedStrategy, sizes: readonly number[], rounds: number, number: number): void {
  const { domain, utilities } = makeRandomScenario(String(number), options(sizes));
  const parties = [
    { utility: utilities[0], strategy: buildStrategy(NAMED_STRATEGIES[first]) },
    { utility: utilities[1], strategy: buildStrategy(NAMED_STRATEGIES[second]) },
  ] as const;
  const { end } = playSession({ domain, parties, rounds, seed: 'bench' });
  if (end.kind === 'refused') throw new Error(`A strategy failed in the bench: ${end.fault}`);
}

function options(sizes: readonly number[]): RandomDomainOptions {
  return { sizes, interests: 'opposed', reserves: [0.3, 0.3] };
}
