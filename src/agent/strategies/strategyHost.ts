// Runs strategies of the owner's own, each in a worker thread that is stopped when its time is over; to the caller they are plain functions.

import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { deserialize } from 'node:v8';
import { MessageChannel, receiveMessageOnPort, Worker, type MessagePort } from 'node:worker_threads';
import { programUrl } from '../../core/programUrl.ts';
import type { OwnStrategy } from '../../decide/strategies/buildStrategy.ts';
import { explain } from '../../decide/strategies/look.ts';
import { MAX_STEPS } from '../../decide/strategies/runStrategy.ts';
import type { Decision, Spend, Strategy, StrategyInput } from '../../decide/strategies/strategy.ts';

/**
 * Why a module is not used: there is no such file; it cannot be loaded; it has no such function; it is not clear which function is meant;
 * it did not answer in time; its thread ended, by an exit, a crash or for want of memory.
 */
export type ModuleProblem = 'missing' | 'unloadable' | 'no-such-export' | 'which-export' | 'stalled' | 'ended';

/** A module that was loaded, with the name of the export; or why it was not. */
export type OwnModule = { readonly kind: 'loaded'; readonly name: string } | { readonly kind: 'refused'; readonly problem: ModuleProblem };

/** Runs own strategies. A module that stalled or ended its thread is not tried again until its file changes. */
export interface StrategyHost {
  /** Loads a module, or says how it stands with one that was loaded before. */
  load(own: OwnStrategy): OwnModule;
  /** The strategy of a module, loaded when it is first asked. */
  strategyOf(own: OwnStrategy): Strategy;
  close(): Promise<void>;
}

/** How long this thread waits, in milliseconds, and how. */
export interface HostLimits {
  readonly loadMs: number;
  readonly decideMs: number;
  readonly wait: (changes: Int32Array, seen: number, timeoutMs: number) => 'ok' | 'not-equal' | 'timed-out';
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

const LIMITS: HostLimits = {
  loadMs: 5_000,
  decideMs: 2_000,
  wait: (changes, seen, timeoutMs) => Atomics.wait(changes, 0, seen, timeoutMs),
};
const WORKER_HEAP_MB = { old: 128, young: 16 } as const;

interface Thread {
  readonly module: string;
  /** Of the file, when it was loaded. */
  readonly stamp: string;
  readonly worker: Worker;
  readonly port: MessagePort;
  readonly changes: Int32Array;
  readonly known: Preferences[];
  sent: number;
  state: OwnModule;
}

/** A host of its own, with its own threads. They keep no process alive. */
export function createStrategyHost(changed: Partial<HostLimits> = {}): StrategyHost {
  const limits = { ...LIMITS, ...changed };
  const threads = new Map<string, Thread>();
  const find = (own: OwnStrategy): Thread | undefined => {
    const module = resolve(own.module);
    const stamp = readStamp(module);
    const known = threads.get(keyOf(module, own.export));
    if (known !== undefined && known.stamp === stamp) return known;
    if (known !== undefined) void end(known);
    if (stamp === undefined) return undefined;
    const thread = startThread(module, own.export, stamp);
    thread.state = awaitLoaded(thread, limits);
    // The same function by its name and without one has one thread.
    for (const name of [own.export, nameOf(thread)]) {
      const key = keyOf(module, name);
      const before = threads.get(key);
      if (before !== undefined && before !== thread) void end(before);
      threads.set(key, thread);
    }
    return thread;
  };
  return {
    load: (own) => find(own)?.state ?? MISSING,
    strategyOf: (own) => (input, spend) => decide(find(own), input, spend, limits),
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

/** What changes when a file does; undefined where there is none. */
function readStamp(module: string): string | undefined {
  try {
    const stats = statSync(module);
    return stats.isFile() ? `${stats.mtimeMs} ${stats.size}` : undefined;
  } catch {
    return undefined;
  }
}

function startThread(module: string, exported: string | undefined, stamp: string): Thread {
  const { port1, port2 } = new MessageChannel();
  const changes = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const library = programUrl(import.meta.url, '../../index').href;
  const workerData: WorkerStart = { module, exported, port: port2, changes, library, maxSteps: MAX_STEPS };
  const worker = new Worker(programUrl(import.meta.url, './strategyWorker'), {
    workerData,
    transferList: [port2],
    argv: [],
    env: {},
    execArgv: [],
    // Nobody reads them: reading would keep the process alive. The worker throws away what is printed.
    stdout: true,
    stderr: true,
    resourceLimits: { maxOldGenerationSizeMb: WORKER_HEAP_MB.old, maxYoungGenerationSizeMb: WORKER_HEAP_MB.young },
  });
  const thread: Thread = { module, stamp, worker, port: port1, changes, known: [], sent: 0, state: { kind: 'refused', problem: 'ended' } };
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

function awaitLoaded(thread: Thread, limits: HostLimits): OwnModule {
  const reply = awaitReply(thread, limits, limits.loadMs);
  if (reply?.kind === 'loaded') return reply;
  void end(thread);
  if (reply?.kind === 'refused') return reply;
  return { kind: 'refused', problem: reply === undefined ? 'stalled' : 'ended' };
}

/** The next reply, or undefined when none came in time. This thread stands still meanwhile. */
function awaitReply({ port, changes }: Thread, { wait }: HostLimits, limitMs: number): Reply | undefined {
  const endsAtMs = performance.now() + limitMs;
  for (;;) {
    // Counted before it is looked for: a reply that comes in between ends the wait at once.
    const seen = Atomics.load(changes, 0);
    const received = receiveMessageOnPort(port) as { readonly message: Reply } | undefined;
    if (received !== undefined) return received.message;
    const leftMs = endsAtMs - performance.now();
    if (leftMs <= 0) return undefined;
    wait(changes, seen, leftMs);
  }
}

function decide(thread: Thread | undefined, input: StrategyInput, spend: Spend, limits: HostLimits): Decision {
  const { state } = thread ?? { state: MISSING };
  if (thread === undefined || state.kind === 'refused') return refuse(state, spend);
  thread.port.postMessage(ask(thread, input));
  const reply = awaitReply(thread, limits, limits.decideMs);
  switch (reply?.kind) {
    case 'answered':
      spend(reply.steps);
      return sign(deserialize(reply.answer), input, { kind: 'own', module: thread.module, export: state.name });
    case 'malformed':
      spend(reply.steps);
      // What is no decision is told by whoever runs strategies.
      return undefined as unknown as Decision;
    case 'threw':
      spend(reply.steps);
      throw new Error('The strategy threw.');
    case 'loaded':
    case 'refused':
    case 'ended':
    case undefined:
      void end(thread, reply === undefined ? 'stalled' : 'ended');
      return refuse(thread.state, spend);
    default:
      return reply satisfies never;
  }
}

/** A stall counts as too many steps. */
function refuse(state: OwnModule, spend: Spend): never {
  if (state.kind === 'refused' && state.problem === 'stalled') spend(Infinity);
  throw new Error('The module of this strategy is not used.');
}

function ask(thread: Thread, { domain, utility, history, timing, seed }: StrategyInput): Question {
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
