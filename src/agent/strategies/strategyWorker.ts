// The thread that runs one strategy of the owner's own (see strategyThread.ts): loads its module, then answers question after question.

import { writeSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';
import { serialize } from 'node:v8';
import { workerData } from 'node:worker_threads';
import { makeMeter, runStrategy } from '../../decide/strategies/runStrategy.ts';
import type { Decision, Strategy, StrategyInput } from '../../decide/strategies/strategy.ts';
import type { Preferences, Question, Reply, WorkerStart } from './strategyThread.ts';

// No decision is as large.
const MAX_ANSWER_BYTES = 1_048_576;
const PACKAGE = 'agent-negotiate';
const STDERR = 2;
const MAX_SHOWN_CHARS = 2_000;
// The same mistake comes in every round.
const MAX_SHOWN = 10;

const { module, exported, port, changes, library, maxSteps, isLoud } = workerData as WorkerStart;
const known: Preferences[] = [];
let mistakes = 0;

for (const stream of [process.stdout, process.stderr]) {
  stream._writev = (chunks, done) => {
    for (const { chunk } of chunks) show(String(chunk));
    done();
  };
}
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

/** For whoever looks for a mistake in a module: at once, since the other thread stands still. */
function show(text: string): void {
  if (!isLoud) return;
  try {
    writeSync(STDERR, text);
  } catch {
    // Nobody reads it.
  }
}

function showMistake(what: string, value: unknown): void {
  mistakes += 1;
  if (mistakes > MAX_SHOWN) return;
  const shown = value instanceof Error ? (value.stack ?? String(value)) : inspect(value, { depth: 4, breakLength: 120 });
  show(`${what} ${shown.slice(0, MAX_SHOWN_CHARS)}\n`);
}

async function load(): Promise<{ readonly reply: Reply; readonly strategy?: Strategy }> {
  try {
    const space = (await import(pathToFileURL(module).href)) as Readonly<Record<string, unknown>>;
    const name = exported ?? chooseExport(space);
    if (name === undefined) return { reply: { kind: 'refused', problem: 'which-export' } };
    const strategy = space[name];
    if (typeof strategy !== 'function') return { reply: { kind: 'refused', problem: 'no-such-export' } };
    return { reply: { kind: 'loaded', name }, strategy: strategy as Strategy };
  } catch (error) {
    showMistake('The module cannot be loaded:', error);
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
    if (isLoud) showFault(decision, { ...shared, ...rest });
    return { ...writeDown(decision), steps: meter.spent() };
  } catch (error) {
    showMistake('The strategy threw:', error);
    return { kind: 'threw', steps: meter.spent() };
  }
}

function showFault(decision: unknown, input: StrategyInput): void {
  const run = runStrategy(() => decision as Decision, input);
  if (run.kind === 'refused') showMistake(`The strategy returned what is not sent (${run.fault}):`, decision);
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
