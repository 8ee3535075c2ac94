// The tables of docs/strategies.md: every strategy against every other, in few rounds and in many.

import { makeRandomScenario, type Scenario } from '../src/decide/session/randomDomain.ts';
import { percent } from '../src/decide/simulate/renderTable.ts';
import { simulate, type Contestant, type Simulation } from '../src/decide/simulate/simulate.ts';
import { buildStrategy } from '../src/decide/strategies/buildStrategy.ts';
import { NAMED_STRATEGIES, type NamedStrategy } from '../src/decide/strategies/namedStrategies.ts';

const SCENARIOS = 200;
const NAMES = Object.keys(NAMED_STRATEGIES) as readonly NamedStrategy[];
const ALL = NAMES.map((name): Contestant => ({ name, strategy: buildStrategy(NAMED_STRATEGIES[name]) }));
const DOMAINS: readonly (readonly [name: string, sizes: readonly number[]])[] = [
  ['101 prices', [101]],
  ['120 outcomes', [4, 5, 6]],
  ['2000 outcomes', [10, 10, 20]],
];
const LENGTHS = [12, 100] as const;

/** The tables as lines of Markdown. The same code makes the same tables on every machine. */
export function makeTables(): readonly string[] {
  const played = DOMAINS.flatMap(([domain, sizes]) => LENGTHS.map((rounds) => ({ domain, rounds, results: playAll(sizes, rounds) })));
  const whole = played.filter(({ domain }) => domain === '120 outcomes').flatMap(({ rounds, results }) => tabulatePairs(rounds, results));
  return [...whole, ...tabulateMeans(played)];
}

function playAll(sizes: readonly number[], rounds: number): readonly Simulation[] {
  const scenarios = Array.from({ length: SCENARIOS }, (_, i): Scenario =>
    makeRandomScenario(`table/${sizes.join('x')}/${i}`, { sizes, interests: 'opposed', reserves: [0.3, 0.3] }),
  );
  return ALL.map((me) => simulate({ me, opponents: ALL, scenarios, rounds, seed: 'table' }));
}

function tabulatePairs(rounds: number, results: readonly Simulation[]): readonly string[] {
  const lines = results.map(({ rows, total }, i) => {
    const cells = [...rows, total].map(({ agreementRate, myWorth }) => `${percent(agreementRate).replace(' %', '')}, ${short(myWorth)}`);
    return row([`**${NAMES[i] ?? ''}**`, ...cells]);
  });
  return ['', `120 outcomes, ${rounds} rounds:`, '', ...head([`you \\ they`, ...NAMES, 'all']), ...lines];
}

type Played = readonly { readonly domain: string; readonly rounds: number; readonly results: readonly Simulation[] }[];

function tabulateMeans(played: Played): readonly string[] {
  const columns = played.map(({ domain, rounds }) => `${domain}, ${rounds} rounds`);
  const lines = NAMES.map((name, i) => {
    const cells = played.map(({ results }) => {
      const total = results[i]?.total;
      const nash = total?.ofDeals?.nashDistance;
      return total === undefined
        ? '–'
        : `${percent(total.agreementRate).replace(' %', '')}, ${short(total.myWorth)}, ${nash === undefined ? '–' : short(nash)}`;
    });
    return row([`**${name}**`, ...cells]);
  });
  return ['', 'All opponents together:', '', ...head(['', ...columns]), ...lines];
}

function head(names: readonly string[]): readonly string[] {
  return [row(names), row(names.map(() => '---'))];
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

function short(worth: number): string {
  return worth.toFixed(2).replace(/^0/, '');
}
