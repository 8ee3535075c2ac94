// Own strategies in threads: those that answer are functions like any other, those that do not are stopped, and are not waited for again.

import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { isWholeLane } from '../../../test/lane.fixture.ts';
import { makeRandomScenario } from '../../decide/session/randomDomain.ts';
import { replayDecision } from '../../decide/strategies/replayDecision.ts';
import { runStrategy, type StrategyBudget, type StrategyRun } from '../../decide/strategies/runStrategy.ts';
import type { OwnStrategy } from '../../decide/strategies/buildStrategy.ts';
import type { StrategyInput } from '../../decide/strategies/strategy.ts';
import { createStandingHost, createStrategyHost, type StandingHost, type StrategyHost } from './strategyHost.ts';
import { PLACES, type ThreadLimits } from './strategyThread.ts';

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

const hosts: (StrategyHost | StandingHost)[] = [];
afterEach(async () => {
  for (const host of hosts.splice(0)) await host.close();
});

/** A host, and how often it waited in vain. */
function openHost(limits: Partial<ThreadLimits> = {}) {
  const waits = { timedOut: 0 };
  // Good modules have time, whatever else the machine does; those that hang are given little.
  const host = createStrategyHost({ loadMs: 20_000, decideMs: 20_000, onStall: () => (waits.timedOut += 1), ...limits });
  hosts.push(host);
  const run = async (module: OwnStrategy, input: StrategyInput, budget?: Partial<StrategyBudget>): Promise<StrategyRun> =>
    runStrategy((await host.ask(module, input)).give, input, budget);
  return { host, waits, run };
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
  it('decides like the same function here, names its module, and can be replayed', async () => {
    const { host, run } = openHost();
    const module = writeModule(GOOD);
    const input = inputOf();
    const ran = await run(own(module), input);
    if (ran.kind === 'refused') throw new Error(ran.fault);
    expect(ran.decision.kind).toBe('offer');
    expect(ran.decision.because).toMatchObject({
      strategy: { kind: 'own', module, export: 'strategy' },
      seed: 's',
      seen: 0,
      figures: { aim: expect.closeTo(1, 9) as number },
    });
    expect(replayDecision(ran.decision, input, (await host.ask(own(module), input)).give)).toEqual({ kind: 'same' });
    expect(replayDecision(ran.decision, input)).toEqual({ kind: 'unknown-strategy' });
  });

  it('is asked about more preferences than its thread keeps, in any order', async () => {
    const { run } = openHost();
    const module = own(writeModule(GOOD));
    const inputs = Array.from({ length: PLACES * 2 + 1 }, (_, i) => inputOf(`many/${i}`));
    const ask = (): Promise<readonly string[]> =>
      Promise.all(
        inputs.map(async (input) => {
          const ran = await run(module, input);
          return ran.kind === 'decided' && ran.decision.kind === 'offer' ? JSON.stringify(ran.decision.outcome) : ran.kind;
        }),
      );
    const once = await ask();
    expect(new Set(once).size).toBeGreaterThan(3);
    expect([await ask(), (await ask()).toReversed()]).toEqual([once, once.toReversed()]);
  });

  it('may be written in TypeScript, and be the only function of its module', async () => {
    const { host } = openHost();
    const text = `import type { Strategy } from 'agent-negotiate';
${BEST} export const words: string = 'no function'; export const mine = best as unknown as Strategy;`.replace(
      '(input, spend)',
      '(input: any, spend: any)',
    );
    expect(await host.load(own(writeModule(text, 'ts')))).toEqual({ kind: 'loaded', name: 'mine' });
  });

  it('is read again when its file has changed', async () => {
    const { run } = openHost();
    const module = writeModule('export const strategy = () => { throw new Error("not yet"); };');
    expect(await run(own(module), inputOf())).toEqual({ kind: 'refused', fault: 'threw' });
    writeFileSync(module, GOOD);
    expect((await run(own(module), inputOf())).kind).toBe('decided');
  });

  it('counts its steps where it runs', async () => {
    const { host, waits, run } = openHost();
    const module = writeModule('export const strategy = (_, spend) => { for (;;) spend(); };');
    expect(await run(own(module), inputOf())).toEqual({ kind: 'refused', fault: 'stalled' });
    // It stopped by itself: nothing is held against it.
    expect([(await host.load(own(module))).kind, waits.timedOut]).toEqual(['loaded', 0]);
    const thrifty = writeModule(`${BEST} export const strategy = (input, spend) => { spend(1000); return best(input, spend); };`);
    expect(await run(own(thrifty), inputOf(), { maxSteps: 900 })).toEqual({ kind: 'refused', fault: 'stalled' });
    expect((await run(own(thrifty), inputOf())).kind).toBe('decided');
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
  ])('%s is refused, without a wait in vain', async (_, text, name, problem) => {
    const { host, waits, run } = openHost();
    const module = own(writeModule(text), name);
    expect(await host.load(module)).toEqual({ kind: 'refused', problem });
    expect(await run(module, inputOf())).toEqual({ kind: 'refused', fault: 'threw' });
    expect(waits.timedOut).toBe(0);
  });

  it('is not there, or a folder, is refused', async () => {
    const { host, run } = openHost();
    for (const path of [join(folder, 'none.js'), folder]) {
      expect(await host.load(own(path))).toEqual({ kind: 'refused', problem: 'missing' });
      expect(await run(own(path), inputOf())).toEqual({ kind: 'refused', fault: 'threw' });
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
  ])('%s is refused, and asked again the next time', async (_, body, fault) => {
    const { host, waits, run } = openHost();
    const module = own(writeModule(`${BEST} export const strategy = (input, spend) => { ${body} };`));
    expect([await run(module, inputOf()), await run(module, inputOf())]).toEqual([
      { kind: 'refused', fault },
      { kind: 'refused', fault },
    ]);
    expect([(await host.load(module)).kind, waits.timedOut]).toEqual(['loaded', 0]);
  });

  it('accepts by a number that is none is refused', async () => {
    const { run } = openHost();
    const text = `export const strategy = ({ history }) => ({ kind: 'accept', alternative: '0', outcome: history[0].outcomes[0], because: { figures: {} } });`;
    const { domain, utility } = inputOf();
    const outcome = Object.fromEntries(
      domain.issues.map((issue) => [issue.name, issue.kind === 'discrete' ? issue.values[0]! : issue.min]),
    );
    const history = [{ by: 'peer', outcomes: [outcome] }] as const;
    const ran = await run(own(writeModule(text)), { ...inputOf('host', { history }), domain, utility });
    expect(ran).toEqual({ kind: 'refused', fault: 'nothing-to-accept' });
  });

  it('exits when it is asked is refused, and this process goes on', async () => {
    const { host, waits, run } = openHost();
    const module = own(writeModule('export const strategy = () => process.exit(3);'));
    expect(await run(module, inputOf())).toEqual({ kind: 'refused', fault: 'threw' });
    expect(await host.load(module)).toEqual({ kind: 'refused', problem: 'ended' });
    expect(waits.timedOut).toBe(0);
  });

  it('crashes between two questions is refused', async () => {
    const { host, run } = openHost();
    const module = own(writeModule(`${BEST} export const strategy = best; setTimeout(() => { throw new Error('later'); }, 1);`));
    expect((await host.load(module)).kind).toBe('loaded');
    // The next question finds it gone, whether the news of it has come here or not.
    for (let i = 0; i < 2_000 && (await host.load(module)).kind === 'loaded'; i += 1)
      await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await run(module, inputOf())).toEqual({ kind: 'refused', fault: 'threw' });
    expect(await host.load(module)).toEqual({ kind: 'refused', problem: 'ended' });
  });

  it('stalls is stopped, and nobody waits for it again until its file changes', async () => {
    const { host, waits, run } = openHost({ decideMs: 300 });
    const path = writeModule('export const strategy = () => { for (;;) {} };');
    const module = own(path);
    expect((await host.load(module)).kind).toBe('loaded');
    for (let i = 0; i < 3; i += 1) expect(await run(module, inputOf())).toEqual({ kind: 'refused', fault: 'stalled' });
    expect([waits.timedOut, await host.load(module)]).toEqual([1, { kind: 'refused', problem: 'stalled' }]);
    // By its name it is the same.
    expect(await host.load(own(path, 'strategy'))).toEqual({ kind: 'refused', problem: 'stalled' });
    utimesSync(path, 1, 1);
    expect((await host.load(module)).kind).toBe('loaded');
    expect(await run(module, inputOf())).toEqual({ kind: 'refused', fault: 'stalled' });
    expect(waits.timedOut).toBe(2);
  });

  it('stalls while it is loaded is stopped, and nobody waits for it again', async () => {
    const { host, waits, run } = openHost({ loadMs: 300 });
    const module = own(writeModule('for (;;) {}'));
    expect([await host.load(module), await host.load(module)]).toEqual(Array(2).fill({ kind: 'refused', problem: 'stalled' }));
    expect(await run(module, inputOf())).toEqual({ kind: 'refused', fault: 'stalled' });
    expect(waits.timedOut).toBe(1);
  });

  // Most of its time is a wait.
  const takesMemory = async (): Promise<void> => {
    const { host, run } = openHost({ decideMs: 4_000 });
    // Three hundred megabytes, which would be had in a moment, and then a decision that may be sent.
    const module = writeModule(`${BEST} const all = [];
export const strategy = (input, spend) => {
  for (let i = 0; i < 40; i += 1) all.push(Array.from({ length: 1_000_000 }, (_, n) => n + i / 3));
  return best(input, spend);
};`);
    expect((await run(own(module), inputOf())).kind).toBe('refused');
    expect((await host.load(own(module))).kind).toBe('refused');
  };
  if (isWholeLane) it('takes more memory than it may is ended, and this process goes on', takesMemory);

  it('prints without end fills nothing here', async () => {
    const { run } = openHost();
    const module = writeModule(`${BEST} export const strategy = (input, spend) => {
  for (let i = 0; i < 2_000; i += 1) { console.log('to stdout', 'x'.repeat(100)); console.error('to stderr'); }
  return best(input, spend);
};`);
    for (let i = 0; i < 3; i += 1) expect((await run(own(module), inputOf())).kind).toBe('decided');
  });

  it('looks for the environment finds none', async () => {
    const { run } = openHost();
    const module = writeModule(`${BEST} export const strategy = (input, spend) => {
  const because = { figures: { variables: Object.keys(process.env).length, words: process.argv.length } };
  return { ...best(input, spend), because };
};`);
    const ran = await run(own(module), inputOf());
    expect(ran).toMatchObject({ kind: 'decided', decision: { because: { figures: { variables: 0, words: 2 } } } });
  });
});

describe('several modules', () => {
  it('are asked at a time: one that hangs keeps none of the others waiting, and nothing else here', async () => {
    const { host, run, waits } = openHost({ decideMs: 3_000 });
    const [bad, good] = [own(writeModule('export const strategy = () => { for (;;) {} };')), own(writeModule(GOOD))];
    await Promise.all([host.load(bad), host.load(good)]);
    const events: string[] = [];
    const note = async (name: string, what: Promise<StrategyRun>): Promise<void> => {
      const ran = await what;
      events.push(`${name} ${ran.kind === 'refused' ? ran.fault : ran.decision.kind}`);
    };
    const hanging = ['hanging', 'hanging again'].map((name) => note(name, run(bad, inputOf())));
    await note('good', run(good, inputOf()));
    await new Promise((resolve) => setTimeout(resolve, 0));
    events.push('a timer');
    await note('good again', run(good, inputOf()));
    await Promise.all(hanging);
    expect(events).toEqual(['good offer', 'a timer', 'good again offer', 'hanging stalled', 'hanging again stalled']);
    expect(waits.timedOut).toBe(1);
  });
});

describe('a host that stands still', () => {
  const openStanding = (limits: Partial<ThreadLimits> = {}) => {
    const waits = { timedOut: 0 };
    const host = createStandingHost({ loadMs: 20_000, decideMs: 20_000, onStall: () => (waits.timedOut += 1), ...limits });
    hosts.push(host);
    return { host, waits };
  };

  it('makes functions of own strategies', () => {
    const { host } = openStanding();
    const module = own(writeModule(GOOD));
    const ran = runStrategy(host.strategyOf(module), inputOf());
    expect([ran.kind, host.load(module)]).toEqual(['decided', { kind: 'loaded', name: 'strategy' }]);
    expect(runStrategy(host.strategyOf(own(writeModule('process.exit(0);'))), inputOf())).toEqual({ kind: 'refused', fault: 'threw' });
  });

  it('stops one that stalls, and does not wait for it again', () => {
    const { host, waits } = openStanding({ decideMs: 300 });
    const strategy = host.strategyOf(own(writeModule('export const strategy = () => { for (;;) {} };')));
    for (let i = 0; i < 2; i += 1) expect(runStrategy(strategy, inputOf())).toEqual({ kind: 'refused', fault: 'stalled' });
    expect(waits.timedOut).toBe(1);
  });
});
