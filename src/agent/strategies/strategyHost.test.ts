// Own strategies in threads: those that answer are functions like any other, those that do not are stopped, and are not waited for again.

import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { isWholeLane } from '../../../test/lane.fixture.ts';
import { makeRandomScenario } from '../../decide/session/randomDomain.ts';
import { replayDecision } from '../../decide/strategies/replayDecision.ts';
import { runStrategy } from '../../decide/strategies/runStrategy.ts';
import type { StrategyInput } from '../../decide/strategies/strategy.ts';
import { createStrategyHost, PLACES, type HostLimits, type StrategyHost } from './strategyHost.ts';

const scenarioOf = (seed: string) => makeRandomScenario(seed, { sizes: [4, 5], interests: 'opposed', reserves: [0.3, 0.3] });
const inputOf = (seed = 'host', seen: Partial<StrategyInput> = {}): StrategyInput => {
  const { domain, utilities } = scenarioOf(seed);
  return { domain, utility: utilities[0], history: [], timing: { round: 0, rounds: 6 }, seed: 's', ...seen };
};

// What most of these modules do when all is well.
const BEST = `
import { explain, findWorstAtLeast, look } from 'agent-negotiate';
const best = (input, spend) => {
  const { ranking } = look(input, spend);
  return { kind: 'offer', outcome: findWorstAtLeast(ranking, ranking.best), because: explain(input, { kind: 'best' }, { aim: ranking.best }) };
};
`;
const GOOD = `${BEST} export const strategy = best;`;

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'agent-negotiate-own-'))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const hosts: StrategyHost[] = [];
afterEach(async () => {
  for (const host of hosts.splice(0)) await host.close();
});

/** A host, and how often it waited in vain. */
function openHost(limits: Partial<HostLimits> = {}) {
  const waits = { timedOut: 0 };
  const wait: HostLimits['wait'] = (changes, seen, timeoutMs) => {
    const outcome = Atomics.wait(changes, 0, seen, timeoutMs);
    if (outcome === 'timed-out') waits.timedOut += 1;
    return outcome;
  };
  // Good modules have time, whatever else the machine does; those that hang are given little.
  const host = createStrategyHost({ loadMs: 20_000, decideMs: 20_000, wait, ...limits });
  hosts.push(host);
  return { host, waits };
}

let files = 0;
function writeModule(text: string, ending = 'mjs'): string {
  files += 1;
  const path = join(folder, `module-${files}.${ending}`);
  writeFileSync(path, text);
  return path;
}

const own = (module: string, name?: string) => ({ kind: 'own' as const, module, ...(name === undefined ? {} : { export: name }) });

describe('an own strategy', () => {
  it('decides like the same function here, names its module, and can be replayed', () => {
    const { host } = openHost();
    const module = writeModule(GOOD);
    const input = inputOf();
    const run = runStrategy(host.strategyOf(own(module)), input);
    if (run.kind === 'refused') throw new Error(run.fault);
    expect(run.decision.kind).toBe('offer');
    expect(run.decision.because).toMatchObject({
      strategy: { kind: 'own', module, export: 'strategy' },
      seed: 's',
      seen: 0,
      figures: { aim: expect.closeTo(1, 9) as number },
    });
    expect(replayDecision(run.decision, input, host.strategyOf(own(module)))).toEqual({ kind: 'same' });
    expect(replayDecision(run.decision, input)).toEqual({ kind: 'unknown-strategy' });
  });

  it('is asked about more preferences than its thread keeps, in any order', () => {
    const { host } = openHost();
    const strategy = host.strategyOf(own(writeModule(GOOD)));
    const inputs = Array.from({ length: PLACES * 2 + 1 }, (_, i) => inputOf(`many/${i}`));
    const ask = (): readonly string[] =>
      inputs.map((input) => {
        const run = runStrategy(strategy, input);
        return run.kind === 'decided' && run.decision.kind === 'offer' ? JSON.stringify(run.decision.outcome) : run.kind;
      });
    const once = ask();
    expect(new Set(once).size).toBeGreaterThan(3);
    expect([ask(), ask().toReversed()]).toEqual([once, once.toReversed()]);
  });

  it('may be written in TypeScript, and be the only function of its module', () => {
    const { host } = openHost();
    const text = `import type { Strategy } from 'agent-negotiate';
${BEST} export const words: string = 'no function'; export const mine = best as unknown as Strategy;`.replace(
      '(input, spend)',
      '(input: any, spend: any)',
    );
    expect(host.load(own(writeModule(text, 'ts')))).toEqual({ kind: 'loaded', name: 'mine' });
  });

  it('is read again when its file has changed', () => {
    const { host } = openHost();
    const module = writeModule('export const strategy = () => { throw new Error("not yet"); };');
    expect(runStrategy(host.strategyOf(own(module)), inputOf())).toEqual({ kind: 'refused', fault: 'threw' });
    writeFileSync(module, GOOD);
    expect(runStrategy(host.strategyOf(own(module)), inputOf()).kind).toBe('decided');
  });

  it('counts its steps where it runs', () => {
    const { host, waits } = openHost();
    const module = writeModule('export const strategy = (_, spend) => { for (;;) spend(); };');
    expect(runStrategy(host.strategyOf(own(module)), inputOf())).toEqual({ kind: 'refused', fault: 'stalled' });
    // It stopped by itself: nothing is held against it.
    expect([host.load(own(module)).kind, waits.timedOut]).toEqual(['loaded', 0]);
    const thrifty = writeModule(`${BEST} export const strategy = (input, spend) => { spend(1000); return best(input, spend); };`);
    expect(runStrategy(host.strategyOf(own(thrifty)), inputOf(), { maxSteps: 900 })).toEqual({ kind: 'refused', fault: 'stalled' });
    expect(runStrategy(host.strategyOf(own(thrifty)), inputOf()).kind).toBe('decided');
  });
});

describe('a module that', () => {
  it.each<[string, string, string | undefined, string]>([
    ['is no code', 'export const = ;', undefined, 'unloadable'],
    ['needs what is not there', "import 'no-such-package-anywhere'; export const strategy = () => 1;", undefined, 'unloadable'],
    ['throws while it is loaded', 'throw new Error("no");', undefined, 'unloadable'],
    ['has no such export', GOOD, 'other', 'no-such-export'],
    ['exports no function of that name', 'export const strategy = 7;', 'strategy', 'no-such-export'],
    ['exports no function', 'export const strategy = 7;', undefined, 'which-export'],
    ['exports several functions', 'export const one = () => 1; export const two = () => 2;', undefined, 'which-export'],
    ['exits while it is loaded', 'process.exit(0);', undefined, 'ended'],
    ['awaits forever while it is loaded', 'await new Promise(() => {});', undefined, 'ended'],
  ])('%s is refused, without a wait in vain', (_, text, name, problem) => {
    const { host, waits } = openHost();
    const module = own(writeModule(text), name);
    expect(host.load(module)).toEqual({ kind: 'refused', problem });
    expect(runStrategy(host.strategyOf(module), inputOf())).toEqual({ kind: 'refused', fault: 'threw' });
    expect(waits.timedOut).toBe(0);
  });

  it('is not there, or a folder, is refused', () => {
    const { host } = openHost();
    for (const path of [join(folder, 'none.js'), folder]) {
      expect(host.load(own(path))).toEqual({ kind: 'refused', problem: 'missing' });
      expect(runStrategy(host.strategyOf(own(path)), inputOf())).toEqual({ kind: 'refused', fault: 'threw' });
    }
  });

  it.each<[string, string, string]>([
    ['throws', 'throw new Error("no");', 'threw'],
    ['returns a promise', 'return new Promise(() => {});', 'malformed'],
    ['returns nothing', '', 'malformed'],
    ['returns a function', 'return () => 1;', 'malformed'],
    ['returns what is no decision', 'return { kind: "surrender" };', 'malformed'],
    ['returns a decision without a record', 'return { ...best(input, spend), because: undefined };', 'malformed'],
    ['returns far too much', 'return { ...best(input, spend), more: "x".repeat(2_000_000) };', 'malformed'],
    ['weighs what is no number', 'return { ...best(input, spend), because: { figures: { aim: "much" } } };', 'non-finite'],
    ['leaves the domain', 'return { ...best(input, spend), outcome: { price: 1n } };', 'out-of-domain'],
    ['accepts what nobody offered', 'return { ...best(input, spend), kind: "accept", alternative: 0 };', 'nothing-to-accept'],
    ['changes what it is asked about', 'input.utility.reserve = 0; return best(input, spend);', 'threw'],
  ])('%s is refused, and asked again the next time', (_, body, fault) => {
    const { host, waits } = openHost();
    const module = own(writeModule(`${BEST} export const strategy = (input, spend) => { ${body} };`));
    const strategy = host.strategyOf(module);
    expect([runStrategy(strategy, inputOf()), runStrategy(strategy, inputOf())]).toEqual([
      { kind: 'refused', fault },
      { kind: 'refused', fault },
    ]);
    expect([host.load(module).kind, waits.timedOut]).toEqual(['loaded', 0]);
  });

  it('accepts by a number that is none is refused', () => {
    const { host } = openHost();
    const text = `export const strategy = ({ history }) => ({ kind: 'accept', alternative: '0', outcome: history[0].outcomes[0], because: { figures: {} } });`;
    const { domain, utility } = inputOf();
    const outcome = Object.fromEntries(
      domain.issues.map((issue) => [issue.name, issue.kind === 'discrete' ? issue.values[0]! : issue.min]),
    );
    const history = [{ by: 'peer', outcomes: [outcome] }] as const;
    const run = runStrategy(host.strategyOf(own(writeModule(text))), { ...inputOf('host', { history }), domain, utility });
    expect(run).toEqual({ kind: 'refused', fault: 'nothing-to-accept' });
  });

  it('exits when it is asked is refused, and this process goes on', () => {
    const { host, waits } = openHost();
    const module = own(writeModule('export const strategy = () => process.exit(3);'));
    expect(runStrategy(host.strategyOf(module), inputOf())).toEqual({ kind: 'refused', fault: 'threw' });
    expect(host.load(module)).toEqual({ kind: 'refused', problem: 'ended' });
    expect(waits.timedOut).toBe(0);
  });

  it('crashes between two questions is refused', async () => {
    const { host } = openHost();
    const module = own(writeModule(`${BEST} export const strategy = best; setTimeout(() => { throw new Error('later'); }, 1);`));
    expect(host.load(module).kind).toBe('loaded');
    // The next question finds it gone, whether the news of it has come here or not.
    for (let i = 0; i < 2_000 && host.load(module).kind === 'loaded'; i += 1) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(runStrategy(host.strategyOf(module), inputOf())).toEqual({ kind: 'refused', fault: 'threw' });
    expect(host.load(module)).toEqual({ kind: 'refused', problem: 'ended' });
  });

  it('stalls is stopped, and nobody waits for it again until its file changes', () => {
    const { host, waits } = openHost({ decideMs: 300 });
    const path = writeModule('export const strategy = () => { for (;;) {} };');
    const module = own(path);
    const strategy = host.strategyOf(module);
    expect(host.load(module).kind).toBe('loaded');
    for (let i = 0; i < 3; i += 1) expect(runStrategy(strategy, inputOf())).toEqual({ kind: 'refused', fault: 'stalled' });
    expect([waits.timedOut, host.load(module)]).toEqual([1, { kind: 'refused', problem: 'stalled' }]);
    // By its name it is the same.
    expect(host.load(own(path, 'strategy'))).toEqual({ kind: 'refused', problem: 'stalled' });
    utimesSync(path, 1, 1);
    expect(host.load(module).kind).toBe('loaded');
    expect(runStrategy(strategy, inputOf())).toEqual({ kind: 'refused', fault: 'stalled' });
    expect(waits.timedOut).toBe(2);
  });

  it('stalls while it is loaded is stopped, and nobody waits for it again', () => {
    const { host, waits } = openHost({ loadMs: 300 });
    const module = own(writeModule('for (;;) {}'));
    expect([host.load(module), host.load(module)]).toEqual(Array(2).fill({ kind: 'refused', problem: 'stalled' }));
    expect(runStrategy(host.strategyOf(module), inputOf())).toEqual({ kind: 'refused', fault: 'stalled' });
    expect(waits.timedOut).toBe(1);
  });

  // Most of its time is a wait.
  const takesMemory = (): void => {
    const { host } = openHost({ decideMs: 4_000 });
    // Three hundred megabytes, which would be had in a moment, and then a decision that may be sent.
    const module = writeModule(`${BEST} const all = [];
export const strategy = (input, spend) => {
  for (let i = 0; i < 40; i += 1) all.push(Array.from({ length: 1_000_000 }, (_, n) => n + i / 3));
  return best(input, spend);
};`);
    expect(runStrategy(host.strategyOf(own(module)), inputOf()).kind).toBe('refused');
    expect(host.load(own(module)).kind).toBe('refused');
  };
  if (isWholeLane) it('takes more memory than it may is ended, and this process goes on', takesMemory);

  it('prints without end fills nothing here', () => {
    const { host } = openHost();
    const module = writeModule(`${BEST} export const strategy = (input, spend) => {
  for (let i = 0; i < 2_000; i += 1) { console.log('to stdout', 'x'.repeat(100)); console.error('to stderr'); }
  return best(input, spend);
};`);
    const strategy = host.strategyOf(own(module));
    for (let i = 0; i < 3; i += 1) expect(runStrategy(strategy, inputOf()).kind).toBe('decided');
  });

  it('looks for the environment finds none', () => {
    const { host } = openHost();
    const module = writeModule(`${BEST} export const strategy = (input, spend) => {
  const because = { figures: { variables: Object.keys(process.env).length, words: process.argv.length } };
  return { ...best(input, spend), because };
};`);
    const run = runStrategy(host.strategyOf(own(module)), inputOf());
    expect(run).toMatchObject({ kind: 'decided', decision: { because: { figures: { variables: 0, words: 2 } } } });
  });
});
