// The thread that runs one strategy of the owner's own (see strategyThread.ts): loads its module, then answers question after question.

import { registerHooks } from 'node:module';
import { pathToFileURL } from 'node:url';
import { serialize } from 'node:v8';
import { workerData } from 'node:worker_threads';
import { makeMeter } from '../../decide/strategies/runStrategy.ts';
import type { Strategy } from '../../decide/strategies/strategy.ts';
import type { Preferences, Question, Reply, WorkerStart } from './strategyThread.ts';

// No decision is as large.
const MAX_ANSWER_BYTES = 1_048_576;
const PACKAGE = 'agent-negotiate';

const { module, exported, port, changes, library, maxSteps } = workerData as WorkerStart;
const known: Preferences[] = [];

for (const stream of [process.stdout, process.stderr]) stream._writev = (_chunks, done) => done();
process.on('exit', () => tell({ kind: 'ended' }));
// The library that runs the strategy is the one that it gets, wherever its file lies.
registerHooks({
  resolve: (specifier, context, next) => (specifier === PACKAGE ? { url: library, shortCircuit: true } : next(specifier, context)),
});

// Not awaited here: a module that never finishes would have Node write about it to the terminal.
void load().then(({ reply, strategy }) => {
  tell(reply);
  port.on('message', (question: Question) => tell(answer(strategy, question)));
});

function tell(reply: Reply): void {
  port.postMessage(reply);
  Atomics.add(changes, 0, 1);
  Atomics.notify(changes, 0);
}

async function load(): Promise<{ readonly reply: Reply; readonly strategy?: Strategy }> {
  try {
    const space = (await import(pathToFileURL(module).href)) as Readonly<Record<string, unknown>>;
    const name = exported ?? chooseExport(space);
    if (name === undefined) return { reply: { kind: 'refused', problem: 'which-export' } };
    const strategy = space[name];
    if (typeof strategy !== 'function') return { reply: { kind: 'refused', problem: 'no-such-export' } };
    return { reply: { kind: 'loaded', name }, strategy: strategy as Strategy };
  } catch {
    return { reply: { kind: 'refused', problem: 'unloadable' } };
  }
}

/** The export that is meant where none is named. */
function chooseExport(space: Readonly<Record<string, unknown>>): string | undefined {
  if (typeof space['strategy'] === 'function') return 'strategy';
  const [only, ...others] = Object.keys(space).filter((name) => typeof space[name] === 'function');
  return others.length === 0 ? only : undefined;
}

function answer(strategy: Strategy | undefined, { place, preferences, ...rest }: Question): Reply {
  // What all later questions share, no strategy may change.
  if (preferences !== undefined) known[place] = freeze(preferences);
  const shared = known[place];
  const meter = makeMeter(maxSteps);
  if (strategy === undefined || shared === undefined) return { kind: 'threw', steps: 0 };
  try {
    const decision: unknown = strategy({ ...shared, ...rest }, meter.spend);
    return { ...writeDown(decision), steps: meter.spent() };
  } catch {
    return { kind: 'threw', steps: meter.spent() };
  }
}

/** Promises and functions cannot be written down: they are no decisions. */
function writeDown(decision: unknown): { readonly kind: 'answered'; readonly answer: Uint8Array } | { readonly kind: 'malformed' } {
  try {
    const bytes = serialize(decision);
    return bytes.length > MAX_ANSWER_BYTES ? { kind: 'malformed' } : { kind: 'answered', answer: bytes };
  } catch {
    return { kind: 'malformed' };
  }
}

function freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  Object.values(value).forEach(freeze);
  return Object.freeze(value);
}
