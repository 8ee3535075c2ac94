// The threads of own strategies, and what is said with them: each strategy has one, which loads its module and answers question after question.

import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { deserialize } from 'node:v8';
import { MessageChannel, Worker, type MessagePort } from 'node:worker_threads';
import { programUrl } from '../../core/programUrl.ts';
import type { OwnStrategy } from '../../decide/strategies/buildStrategy.ts';
import { explain } from '../../decide/strategies/look.ts';
import { MAX_STEPS } from '../../decide/strategies/runStrategy.ts';
import type { Decision, Strategy, StrategyInput } from '../../decide/strategies/strategy.ts';

/**
 * Why a module is not used: there is no such file; it cannot be loaded; it has no such function; it is not clear which function is meant;
 * it did not answer in time; its thread ended, by an exit, a crash or for want of memory.
 */
export type ModuleProblem = 'missing' | 'unloadable' | 'no-such-export' | 'which-export' | 'stalled' | 'ended';

/** A module that was loaded, with the name of the export; or why it was not. */
export type OwnModule = { readonly kind: 'loaded'; readonly name: string } | { readonly kind: 'refused'; readonly problem: ModuleProblem };

/** What a module says to one question: `give` is a strategy that says it, for that question alone. `state` is how it stands with the module since. */
export interface Answer {
  readonly give: Strategy;
  readonly state: OwnModule;
}

/**
 * How long a thread may take, in milliseconds. `onStall` is called when one took longer. One that `isLoud` writes to stderr what its module prints,
 * what it throws, and what it returned that is no decision.
 */
export interface ThreadLimits {
  readonly loadMs: number;
  readonly decideMs: number;
  readonly onStall: () => void;
  readonly isLoud: boolean;
}

/** A wait for the next reply of a thread, for so many milliseconds at most. */
export interface Pause {
  readonly thread: Thread;
  readonly limitMs: number;
}

/** What is said with threads, up to the next reply: who leads it waits, beside other things or standing still, and goes on with undefined when none came. */
export type Talk<T> = Generator<Pause, T, Reply | undefined>;

/** The threads of one host. A module that stalled or ended its thread is not tried again until its file changes. */
export interface Threads {
  /** How it stands with a module whose file is as it was when it was loaded; undefined for any other. */
  peek(own: OwnStrategy): OwnModule | undefined;
  /** Loads a module, or says how it stands with one that was loaded before. */
  load(own: OwnStrategy): Talk<OwnModule>;
  /** Asks a module, which is loaded when it is first asked. Two talks with one module must not overlap. */
  ask(own: OwnStrategy, input: StrategyInput): Talk<Answer>;
  close(): Promise<void>;
}

/** What the worker is started with. `changes` counts its replies, so that this thread can wait for the next one. */
export interface WorkerStart {
  readonly module: string;
  readonly exported: string | undefined;
  readonly port: MessagePort;
  readonly changes: Int32Array;
  /** Where `import … from 'agent-negotiate'` leads. */
  readonly library: string;
  readonly maxSteps: number;
  readonly isLoud: boolean;
}

/** What it is asked. Preferences are sent once and then known by their place, so that what was worked out from them stays good. */
export interface Question extends Pick<StrategyInput, 'history' | 'timing' | 'seed'> {
  readonly place: number;
  readonly preferences?: Preferences;
}

/** What is bargained about, and what it is worth. */
export type Preferences = Pick<StrategyInput, 'domain' | 'utility'>;

/** What it replies. `answer` is a decision, or whatever the strategy returned instead, as v8 writes it down. */
export type Reply =
  | { readonly kind: 'loaded'; readonly name: string }
  | { readonly kind: 'refused'; readonly problem: ModuleProblem }
  | { readonly kind: 'answered'; readonly answer: Uint8Array; readonly steps: number }
  | { readonly kind: 'malformed' | 'threw'; readonly steps: number }
  | { readonly kind: 'ended' };

/** How many preferences a worker knows at a time. */
export const PLACES = 8;

const LIMITS: ThreadLimits = { loadMs: 5_000, decideMs: 2_000, onStall: () => undefined, isLoud: false };
const WORKER_HEAP_MB = { old: 128, young: 16 } as const;

/** A thread as this side knows it. */
export interface Thread {
  readonly module: string;
  /** Of the file, when it was loaded. */
  readonly version: string;
  readonly worker: Worker;
  readonly port: MessagePort;
  readonly changes: Int32Array;
  readonly known: Preferences[];
  sent: number;
  state: OwnModule;
}

/** Makes a set of threads, empty at first. They keep no process alive. */
export function openThreads(changed: Partial<ThreadLimits>): Threads {
  const limits = { ...LIMITS, ...changed };
  const threads = new Map<string, Thread>();
  const findKnown = (own: OwnStrategy): Thread | undefined => threads.get(keyOf(resolve(own.module), own.export));
  function* find(own: OwnStrategy): Talk<Thread | undefined> {
    const module = resolve(own.module);
    const version = readVersion(own);
    const known = findKnown(own);
    if (known !== undefined && known.version === version) return known;
    if (known !== undefined) void end(known);
    if (version === undefined) return undefined;
    const thread = startThread(module, own.export, version, limits.isLoud);
    thread.state = yield* awaitLoaded(thread, limits);
    // The same function by its name and without one has one thread.
    for (const name of [own.export, nameOf(thread)]) {
      const key = keyOf(module, name);
      const before = threads.get(key);
      if (before !== undefined && before !== thread) void end(before);
      threads.set(key, thread);
    }
    return thread;
  }
  return {
    peek: (own) => {
      const known = findKnown(own);
      return known?.version === readVersion(own) ? known?.state : undefined;
    },
    *load(own) {
      return (yield* find(own))?.state ?? MISSING;
    },
    *ask(own, input) {
      const thread = yield* find(own);
      const give = thread === undefined ? refuse(MISSING) : yield* decide(thread, input, limits);
      return { give, state: thread?.state ?? MISSING };
    },
    close: async () => {
      const open = [...new Set(threads.values())];
      threads.clear();
      await Promise.all(open.map((thread) => end(thread)));
    },
  };
}

const MISSING: OwnModule = { kind: 'refused', problem: 'missing' };

function keyOf(module: string, name: string | undefined): string {
  return JSON.stringify([module, name ?? null]);
}

function nameOf({ state }: Thread): string | undefined {
  return state.kind === 'loaded' ? state.name : undefined;
}

/** What changes when the file of a module does; undefined where there is none. */
export function readVersion({ module }: OwnStrategy): string | undefined {
  try {
    const stats = statSync(module);
    return stats.isFile() ? `${stats.mtimeMs} ${stats.size}` : undefined;
  } catch {
    return undefined;
  }
}

function startThread(module: string, exported: string | undefined, version: string, isLoud: boolean): Thread {
  const { port1, port2 } = new MessageChannel();
  const changes = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const library = programUrl(import.meta.url, '../../index').href;
  const workerData: WorkerStart = { module, exported, port: port2, changes, library, maxSteps: MAX_STEPS, isLoud };
  const worker = new Worker(programUrl(import.meta.url, './strategyWorker'), {
    workerData,
    transferList: [port2],
    argv: [],
    env: {},
    execArgv: [],
    // Nobody reads them: reading would keep the process alive. The worker throws away what is printed, or writes it to stderr itself.
    stdout: true,
    stderr: true,
    resourceLimits: { maxOldGenerationSizeMb: WORKER_HEAP_MB.old, maxYoungGenerationSizeMb: WORKER_HEAP_MB.young },
  });
  const thread: Thread = {
    module,
    version,
    worker,
    port: port1,
    changes,
    known: [],
    sent: 0,
    state: { kind: 'refused', problem: 'ended' },
  };
  worker.on('error', () => void end(thread, 'ended'));
  worker.on('exit', () => void end(thread, 'ended'));
  worker.unref();
  return thread;
}

/** Ends a thread; the first reason stays. */
async function end(thread: Thread, problem: ModuleProblem = 'ended'): Promise<void> {
  if (thread.state.kind === 'loaded') thread.state = { kind: 'refused', problem };
  thread.port.close();
  await thread.worker.terminate();
}

function* awaitLoaded(thread: Thread, { loadMs, onStall }: ThreadLimits): Talk<OwnModule> {
  const reply = yield { thread, limitMs: loadMs };
  if (reply?.kind === 'loaded') return reply;
  void end(thread);
  if (reply?.kind === 'refused') return reply;
  if (reply === undefined) onStall();
  return { kind: 'refused', problem: reply === undefined ? 'stalled' : 'ended' };
}

function* decide(thread: Thread, input: StrategyInput, { decideMs, onStall }: ThreadLimits): Talk<Strategy> {
  const { module, state } = thread;
  if (state.kind === 'refused') return refuse(state);
  thread.port.postMessage(makeQuestion(thread, input));
  const reply = yield { thread, limitMs: decideMs };
  switch (reply?.kind) {
    case 'answered':
      return (asked, spend) => {
        spend(reply.steps);
        return sign(deserialize(reply.answer), asked, { kind: 'own', module, export: state.name });
      };
    case 'malformed':
      return (_, spend) => {
        spend(reply.steps);
        // What is no decision is told by whoever runs strategies.
        return undefined as unknown as Decision;
      };
    case 'threw':
      return (_, spend) => {
        spend(reply.steps);
        throw new Error('The strategy threw.');
      };
    case 'loaded':
    case 'refused':
    case 'ended':
    case undefined:
      if (reply === undefined) onStall();
      void end(thread, reply === undefined ? 'stalled' : 'ended');
      return refuse(thread.state);
    default:
      return reply satisfies never;
  }
}

/** A stall counts as too many steps. */
function refuse(state: OwnModule): Strategy {
  return (_, spend) => {
    if (state.kind === 'refused' && state.problem === 'stalled') spend(Infinity);
    throw new Error('The module of this strategy is not used.');
  };
}

function makeQuestion(thread: Thread, { domain, utility, history, timing, seed }: StrategyInput): Question {
  const known = thread.known.findIndex((each) => each.domain === domain && each.utility === utility);
  if (known >= 0) return { place: known, history, timing, seed };
  const place = thread.sent % PLACES;
  thread.sent += 1;
  const preferences = { domain, utility };
  thread.known[place] = preferences;
  return { place, preferences, history, timing, seed };
}

/** The record of why is made here, so that it is whole and names the module; the figures are the strategy's. */
function sign(answer: unknown, input: StrategyInput, name: Required<OwnStrategy>): Decision {
  if (typeof answer !== 'object' || answer === null) return answer as Decision;
  const { because } = answer as { readonly because?: unknown };
  const figures = typeof because === 'object' && because !== null ? (because as { readonly figures?: unknown }).figures : undefined;
  if (typeof figures !== 'object' || figures === null) return answer as Decision;
  return { ...(answer as Decision), because: explain(input, { ...name }, { ...figures }) };
}
