// Asks strategies of the owner's own, each in its thread: beside whatever else this thread does, or standing still until the answer is there.

import { resolve } from 'node:path';
import { receiveMessageOnPort } from 'node:worker_threads';
import type { OwnStrategy } from '../../decide/strategies/buildStrategy.ts';
import type { Strategy, StrategyInput } from '../../decide/strategies/strategy.ts';
import { openThreads, type Answer, type OwnModule, type Pause, type Reply, type Talk, type ThreadLimits } from './strategyThread.ts';

/** Asks own strategies while other things go on: one question after the other for each module. */
export interface StrategyHost {
  /** Loads a module, or says how it stands with one that was loaded before. Never rejects. */
  load(own: OwnStrategy): Promise<OwnModule>;
  /** Asks a module, which is loaded when it is first asked. Never rejects. */
  ask(own: OwnStrategy, input: StrategyInput): Promise<Answer>;
  close(): Promise<void>;
}

/** The same for programs that have nothing else to do meanwhile: own strategies are functions, and this thread stands still in them. */
export interface StandingHost {
  load(own: OwnStrategy): OwnModule;
  strategyOf(own: OwnStrategy): Strategy;
  close(): Promise<void>;
}

/** A host of its own, with its own threads. */
export function createStrategyHost(limits: Partial<ThreadLimits> = {}): StrategyHost {
  const { peek, load, ask, close } = openThreads(limits);
  const turns = new Map<string, Promise<unknown>>();
  const inTurn = <T>({ module }: OwnStrategy, talk: Talk<T>): Promise<T> => {
    const path = resolve(module);
    const done = (turns.get(path) ?? Promise.resolve()).then(() => lead(talk));
    turns.set(
      path,
      done.catch(() => undefined),
    );
    return done;
  };
  return {
    // Whoever wants to know how it stands waits for no question.
    load: async (own) => peek(own) ?? inTurn(own, load(own)).catch(() => BROKEN.state),
    ask: (own, input) => inTurn(own, ask(own, input)).catch(() => BROKEN),
    close,
  };
}

// No thread could be started, or it could not be asked.
const BROKEN: Answer = {
  state: { kind: 'refused', problem: 'ended' },
  give: () => {
    throw new Error('The module of this strategy could not be asked.');
  },
};

/** A host of its own, with its own threads. */
export function createStandingHost(limits: Partial<ThreadLimits> = {}): StandingHost {
  const { load, ask, close } = openThreads(limits);
  return {
    load: (own) => leadStanding(load(own)),
    strategyOf: (own) => (input, spend) => leadStanding(ask(own, input)).give(input, spend),
    close,
  };
}

async function lead<T>(talk: Talk<T>): Promise<T> {
  let step = talk.next();
  while (step.done !== true) step = talk.next(await hear(step.value));
  return step.value;
}

function leadStanding<T>(talk: Talk<T>): T {
  let step = talk.next();
  while (step.done !== true) step = talk.next(hearStanding(step.value));
  return step.value;
}

/** The next reply, or undefined when none came in time. */
async function hear({ thread: { port, worker }, limitMs }: Pause): Promise<Reply | undefined> {
  const { promise, resolve: take } = Promise.withResolvers<Reply | undefined>();
  const onExit = (): void => take({ kind: 'ended' });
  // This thread may have been too busy to hear a reply that came in time.
  const timer = setTimeout(() => take(receiveReply(port)), limitMs);
  worker.once('exit', onExit);
  port.once('message', take);
  // The timer keeps the process alive for as long as this may take.
  port.unref();
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    worker.off('exit', onExit);
    port.off('message', take);
  }
}

/** The same; this thread stands still meanwhile. */
function hearStanding({ thread: { port, changes }, limitMs }: Pause): Reply | undefined {
  const endsAtMs = performance.now() + limitMs;
  for (;;) {
    // Counted before it is looked for: a reply that comes in between ends the wait at once.
    const seen = Atomics.load(changes, 0);
    const reply = receiveReply(port);
    const leftMs = endsAtMs - performance.now();
    if (reply !== undefined || leftMs <= 0) return reply;
    Atomics.wait(changes, 0, seen, leftMs);
  }
}

function receiveReply(port: Pause['thread']['port']): Reply | undefined {
  return (receiveMessageOnPort(port) as { readonly message: Reply } | undefined)?.message;
}
