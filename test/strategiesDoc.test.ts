// docs/strategies.md tells the truth: its file is read, its strategy is the one that is tested here, its tables are what comes out.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readMarkdown } from '../scripts/markdown.ts';
import { simulateNegotiations } from '../src/agent/simulation/simulateNegotiations.ts';
import {
  buildStrategy,
  makeRandomScenario,
  NAMED_STRATEGIES,
  renderTable,
  replayDecision,
  runStrategy,
  simulate,
  type NamedStrategy,
} from '../src/index.ts';
import { stubborn } from './ownStrategy.fixture.ts';

const text = readFileSync('docs/strategies.md', 'utf8');
const { fences, prose } = readMarkdown(text);
const names = Object.keys(NAMED_STRATEGIES) as readonly NamedStrategy[];
const contestant = (name: NamedStrategy) => ({ name, strategy: buildStrategy(NAMED_STRATEGIES[name]) });

describe('the document on strategies', () => {
  it('shows a file that can be simulated', () => {
    const file: unknown = JSON.parse(fences.find(({ language }) => language === 'json')!.text);
    const { rows, strategy } = simulateNegotiations({ file, against: ['boulware'], scenarios: 4 });
    expect(strategy).toBe('trade-off');
    expect(rows[0]).toMatchObject({ played: 4, refused: 0 });
  });

  it('shows the strategy that is tested here', () => {
    const fixture = readFileSync('test/ownStrategy.fixture.ts', 'utf8').replace("'../src/index.ts'", "'agent-negotiate'");
    const shown = fences.find(({ text: code }) => code.includes('stubborn: Strategy'))!.text;
    expect(fixture.slice(fixture.indexOf('import'))).toBe(shown);
  });

  it('describes every strategy, and no other', () => {
    const described = [...prose.matchAll(/^\| `([a-z-]+)` \| [^|]+\| [^|]+\|$/gm)].map(([, name]) => name);
    expect(described).toEqual(names);
  });

  it.each([
    ['boulware', 'conceder', 12],
    ['micro', 'micro', 12],
    ['micro', 'micro', 100],
    ['variants', 'tit-for-tat', 12],
    ['firm', 'naive-tit-for-tat', 12],
    ['fast-micro', 'linear', 100],
  ] as const)('has the table’s cell of %s with %s in %i rounds as it comes out', (me, opponent, rounds) => {
    const scenarios = Array.from({ length: 200 }, (_, i) =>
      makeRandomScenario(`table/4x5x6/${i}`, { sizes: [4, 5, 6], interests: 'opposed', reserves: [0.3, 0.3] }),
    );
    const [row] = simulate({ me: contestant(me), opponents: [contestant(opponent)], scenarios, rounds, seed: 'table' }).rows;
    const tables = text.split('you \\ they').slice(1);
    const line = tables[rounds === 12 ? 0 : 1]!.split('\n').find((each) => each.startsWith(`| **${me}**`))!;
    const [deals, worth] = line.split('|')[2 + names.indexOf(opponent)]!.split(',').map(Number);
    expect(worth).toBe(Number(row!.myWorth.toFixed(2)));
    expect(Math.abs(deals! - row!.agreementRate * 100)).toBeLessThanOrEqual(1);
  });
});

describe('the own strategy of the document', () => {
  const scenarios = Array.from({ length: 50 }, (_, i) =>
    makeRandomScenario(`mine/${i}`, { sizes: [4, 5, 6], interests: 'opposed', reserves: [0.3, 0.3] }),
  );
  const me = { name: 'stubborn', strategy: stubborn };

  it('passes every check, makes deals, and does not move', () => {
    const simulation = simulate({ me, opponents: [contestant('linear')], scenarios, rounds: 12, seed: '1' });
    expect(simulation.rows[0]).toMatchObject({ played: 50, refused: 0 });
    expect(simulation.rows[0]!.agreementRate).toBeGreaterThan(0.9);
    expect(renderTable(simulation)[2]).toMatch(/^linear +\d+ %/);
  });

  it('can be replayed', () => {
    const [{ domain, utilities }] = scenarios as [(typeof scenarios)[number]];
    const run = runStrategy(stubborn, { domain, utility: utilities[0], history: [], timing: { round: 0, rounds: 12 }, seed: '1' });
    if (run.kind === 'refused') throw new Error(run.fault);
    expect(replayDecision(run.decision, { domain, utility: utilities[0], history: [] }, stubborn)).toEqual({ kind: 'same' });
    expect(replayDecision(run.decision, { domain, utility: utilities[0], history: [] })).toEqual({ kind: 'unknown-strategy' });
  });
});
