// An agent that stays: follows its relays, does what is due when it is due, and serves its use cases meanwhile. One writer at a time.

import type { Hex } from '../../core/bytes.ts';
import { NegotiateError } from '../../core/errors.ts';
import { parseRelayUrl } from '../../nostr/relayUrl.ts';
import { USE_CASES, type Agent, type UseCaseName } from '../api.ts';
import { callUseCase, openParts, parseInput, type AgentParts, type OpenOptions } from '../compose.ts';
import type { AgentContext } from '../context.ts';
import { servicesSchema } from '../jobs/service.ts';
import { createWalletDesk } from '../jobs/walletDesk.ts';
import { listOpenChannels } from '../openChannels.ts';
import { openAgenda } from './agenda.ts';
import type { CallOptions } from './callOptions.ts';
import { createTrustBook } from '../inbox/trustBook.ts';
import { createWrapBudgets, DAEMON_BURST_MS } from '../inbox/wrapBudgets.ts';
import { createWrapDesk } from '../inbox/wrapDesk.ts';
import { createFeed } from './followEvents.ts';
import { NO_LOG, type Log } from './log.ts';
import { createNewsDesk } from './newsDesk.ts';
import { createQueue } from './queue.ts';
import type { Engine } from './round.ts';
import { end, mendFeed, wake, type DaemonNews, type Runtime } from './runtime.ts';
import type { StrategyHost } from '../strategies/strategyHost.ts';
import { createThrottle } from './throttle.ts';
import { callWaiting, isWaiting, runStep, type Hub } from './waiting.ts';
import { watchStore } from './watchStore.ts';

export type { DaemonNews };

/** What a daemon is made of. */
export interface DaemonOptions extends OpenOptions {
  readonly onNews?: (news: DaemonNews) => void;
  readonly log?: Log;
  /** Where own strategies think; that of the process unless given. */
  readonly strategies?: StrategyHost;
  /** Milliseconds between two looks at the wall clock, which may have jumped; 30,000 by default. */
  readonly beatMs?: number;
}

/** A running daemon. */
export interface Daemon {
  /** Its use cases, for this process; `close` is {@link stop}. */
  readonly agent: Agent;
  call(name: UseCaseName, input: unknown, options?: CallOptions): Promise<unknown>;
  /** Sells these from now on: what `announce` has taken. */
  sell(services: unknown): Promise<void>;
  /** Resolves when every subscription has heard from its relays, or failed to. */
  readonly ready: Promise<void>;
  /** Resolves when it has ended; rejects with the fault that it ended with. */
  readonly ended: Promise<void>;
  /** Closes something with it, before the home is given back: whoever takes that over must not find it. */
  attach(close: () => Promise<void>): void;
  /** Ends it in order: the step that runs, what is quick to publish, then the relays. */
  stop(): Promise<void>;
}

const BEAT_MS = 30_000;

/** Opens the daemon of a home, which it holds until it ends. Throws as `openAgent` does. */
export function openDaemon({ onApprovalUrl, ...options }: DaemonOptions): Daemon {
  // Whoever's step runs sees the page at which to approve it.
  const showUrl = (url: string): void => (runtime.asker?.onApprovalUrl ?? onApprovalUrl)?.(url);
  const runtime = createRuntime(openParts({ ...options, onApprovalUrl: showUrl }), options);
  const { engine, queue, ready, ended, attached } = runtime;
  const { context, agenda } = engine;
  // A command that has ended, or a strategy that has answered, is what a job waits for.
  watchEnds(context.background, (nid) => lookAgain(runtime, nid));
  watchEnds(context.thoughts, (nid) => lookAgain(runtime, nid));
  engine.log('info', 'starting');
  engine.feed.refresh();
  wake(runtime);

  const call: Daemon['call'] = (name, input, by = {}) => callIn(runtime, name, input, by);
  const stop = async (): Promise<void> => {
    await end(runtime);
    await ended.promise;
  };
  const sell = async (services: unknown): Promise<void> => {
    engine.services = parseInput(servicesSchema, services);
    await queue.run(async () => {
      for (const [nid, at] of openAgenda(context, engine.services).jobs) agenda.jobs.set(nid, at);
    });
    wake(runtime);
  };
  const methods = Object.keys(USE_CASES).map((name) => [name, (input: unknown = {}) => call(name as UseCaseName, input)]);
  const agent = Object.freeze({ ...Object.fromEntries(methods), close: stop }) as Agent;
  const attach = (close: () => Promise<void>): void => void attached.push(close);
  return { agent, call, sell, ready: ready.promise, ended: ended.promise, attach, stop };
}

function createRuntime(
  parts: AgentParts,
  { onNews: tell = () => undefined, log = NO_LOG, beatMs = BEAT_MS, strategies }: DaemonOptions,
): Runtime {
  const watched = watchStore(parts.context.store);
  const wrapBudgets = createWrapBudgets(DAEMON_BURST_MS);
  const wallets = createWalletDesk((nid) => lookAgain(runtime, nid));
  const context: AgentContext = { ...parts.context, store: watched.store, wrapBudgets, strategies, wallets };
  const onNews: () => void = () => wake(runtime);
  const [inbox, throttle] = [createWrapDesk(context.openUnwrapper, wrapBudgets, onNews), createThrottle()];
  const engine: Engine = {
    ...{ context, watched, inbox, throttle, trust: createTrustBook(context) },
    feed: createFeed({ context, inbox, throttle, onNews, onFault: (error) => mendFeed(runtime, error), log }),
    agenda: openAgenda(context, []),
    kept: new Map(),
    short: new Set(),
    desk: createNewsDesk(),
    log,
    services: [],
    unfollowed: new Map(),
    unread: new Set(),
    answered: new Set(),
    open: new Map(listOpenChannels(context.store).map(({ id, peer }) => [id, peer])),
  };
  const runtime: Runtime = {
    ...{ engine, queue: createQueue(), parts, onNews: tell, beatMs, stopping: new AbortController(), attached: [] },
    ...{ ready: Promise.withResolvers(), ended: Promise.withResolvers(), changed: Promise.withResolvers() },
    ...{ timer: undefined, soon: undefined, mending: undefined, asker: undefined, isEnding: false, lastMarkMs: performance.now() },
    lastBeat: { wallS: context.clock.now(), monotonicMs: performance.now() },
  };
  // Whoever wants to know waits for it.
  runtime.ended.promise.catch(() => undefined);
  return runtime;
}

function lookAgain(runtime: Runtime, nid: Hex): void {
  runtime.engine.answered.add(nid);
  wake(runtime);
}

/** Reads run at once, writes in their turn, and what waits waits outside the queue. */
async function callIn(runtime: Runtime, name: UseCaseName, input: unknown, by: CallOptions): Promise<unknown> {
  const { engine, stopping, ready } = runtime;
  if (stopping.signal.aborted) throw new NegotiateError('home/locked', 'The daemon of this home is stopping. Try again when it has ended.');
  const write: Hub['write'] = (step, options) => writeIn(runtime, step, options);
  const hub = { engine, write, ready: ready.promise, nextChange: () => runtime.changed.promise, stopping: stopping.signal };
  if (isWaiting(name)) return callWaiting(hub, name, input, by);
  if (!USE_CASES[name].writes) return callUseCase(extend(engine.context, by), name, input);
  return runStep(hub, by, (own) =>
    callUseCase(own, name, input).finally(() => (name === 'changeRelays' ? engine.feed.refresh() : undefined)),
  );
}

function writeIn<T>(runtime: Runtime, step: (own: AgentContext) => Promise<T>, by: CallOptions): Promise<T | undefined> {
  return runtime.queue.run(async () => {
    runtime.asker = by;
    try {
      return await step(extend(runtime.engine.context, by));
    } finally {
      runtime.asker = undefined;
      wake(runtime);
    }
  }, by.signal);
}

function extend(context: AgentContext, { relays = [] }: CallOptions): AgentContext {
  return relays.length === 0 ? context : { ...context, extraRelays: [...context.extraRelays, ...relays.map(parseRelayUrl)] };
}

/** Calls `onEnd` for each piece of work in the background that ends. */
function watchEnds<W extends { readonly ended: Promise<void> }>(works: Map<Hex, W>, onEnd: (nid: Hex) => void): void {
  const add = works.set.bind(works);
  works.set = (nid, work) => {
    void work.ended.then(() => onEnd(nid));
    return add(nid, work);
  };
}
