// An agent that stays: follows its relays, does what is due when it is due, and serves its use cases meanwhile. One writer at a time.

import { isNegotiateError, NegotiateError } from '../../core/errors.ts';
import { encodeNpub } from '../../nostr/npub.ts';
import { parseRelayUrl } from '../../nostr/relayUrl.ts';
import { USE_CASES, type Agent, type UseCaseName } from '../api.ts';
import { callUseCase, openParts, type OpenOptions } from '../compose.ts';
import type { AgentContext } from '../context.ts';
import { drainOutbox } from '../drainOutbox.ts';
import type { JobProblem } from '../jobs/pursue.ts';
import { servicesSchema, type Service } from '../jobs/service.ts';
import { viewJob, type JobView } from '../jobs/viewJob.ts';
import { readJob } from '../jobs/job.ts';
import { listOpenChannels } from '../openChannels.ts';
import { takeSignerProblem, type SignerProblem } from '../signerFaults.ts';
import { nextDueAt, openAgenda } from './agenda.ts';
import type { CallOptions } from './callOptions.ts';
import { createFeed } from './followEvents.ts';
import { NO_LOG, type Log } from './log.ts';
import { createNewsDesk } from './newsDesk.ts';
import { createQueue } from './queue.ts';
import { mayPass, runRound, type Engine, type Round } from './round.ts';
import { markRead } from './takeIn.ts';
import { callWaiting, isWaiting } from './waiting.ts';
import { watchStore } from './watchStore.ts';

/** Something happened to jobs, or somebody knocks, or the signer fails: for the owner to be told. */
export interface DaemonNews {
  readonly jobs: readonly JobView[];
  readonly problems: readonly JobProblem[];
  /** npubs of those who would like to open a channel. */
  readonly invites: readonly string[];
  readonly signer?: SignerProblem;
}

/** What a daemon is made of. */
export interface DaemonOptions extends OpenOptions {
  readonly onNews?: (news: DaemonNews) => void;
  readonly log?: Log;
  /** Milliseconds between two looks at the wall clock, which may have jumped; 30,000 by default. */
  readonly beatMs?: number;
}

/** A running daemon. */
export interface Daemon {
  /** Its use cases, for this process; `close` is {@link stop}. */
  readonly agent: Agent;
  call(name: UseCaseName, input: unknown, options?: CallOptions): Promise<unknown>;
  /** Sells these from now on. Throws nothing for what was checked (`announce` does). */
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
const LONGEST_SLEEP_S = 60;
const MARK_EVERY_MS = 6 * 3_600_000;
const AFTER_FAULT_MS = 5_000;
const GATHER_MS = 15;
const LAST_WORDS_MS = 3_000;

/** Opens the daemon of a home, which it holds until it ends. Throws as `openAgent` does. */
export function openDaemon({ onNews = () => undefined, log = NO_LOG, beatMs = BEAT_MS, onApprovalUrl, ...options }: DaemonOptions): Daemon {
  let asker: CallOptions | undefined;
  // Whoever's step runs sees the page at which to approve it.
  const showUrl = (url: string): void => (asker?.onApprovalUrl ?? onApprovalUrl)?.(url);
  const parts = openParts({ ...options, onApprovalUrl: showUrl });
  const watched = watchStore(parts.context.store);
  const context: AgentContext = { ...parts.context, store: watched.store };
  const queue = createQueue();
  const attached: (() => Promise<void>)[] = [];
  const stopping = new AbortController();
  const ready = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  let [timer, soon]: (NodeJS.Timeout | undefined)[] = [];
  let changed = Promise.withResolvers<void>();
  let lastBeat = { wallS: context.clock.now(), monotonicMs: performance.now() };
  let [isEnding, lastMarkMs] = [false, performance.now()];

  const wake = (): void => {
    if (soon === undefined && !stopping.signal.aborted) soon = setTimeout(() => void round(), GATHER_MS);
  };
  const feed = createFeed(context, wake, log);
  const engine: Engine = {
    context,
    watched,
    feed,
    agenda: openAgenda(context, []),
    kept: new Map(),
    desk: createNewsDesk(),
    log,
    services: [],
    unfollowed: new Map(),
    unread: new Set(),
    open: new Map(listOpenChannels(context.store).map(({ id, peer }) => [id, peer])),
  };

  /** Sleeps until something is due, and no longer than a beat: a wall clock may jump, and a machine may sleep. */
  const plan = (afterMs = 0): void => {
    clearTimeout(timer);
    if (stopping.signal.aborted) return;
    const dueMs = (nextDueAt(engine.agenda) - context.clock.now()) * 1_000;
    timer = setTimeout(beat, Math.max(afterMs, Math.min(beatMs, Math.max(0, dueMs))));
  };
  const beat = (): void => {
    const now = { wallS: context.clock.now(), monotonicMs: performance.now() };
    const jumpedS = now.wallS - lastBeat.wallS - (now.monotonicMs - lastBeat.monotonicMs) / 1_000;
    lastBeat = now;
    const isBack = jumpedS > LONGEST_SLEEP_S;
    if (isBack) log('info', 'woke', { afterS: Math.round(jumpedS) });
    if (isBack) void feed.reopen();
    if (now.monotonicMs - lastMarkMs > MARK_EVERY_MS) {
      lastMarkMs = now.monotonicMs;
      void queue.run(async () => markRead(context, feed.listWhole())).catch(fail);
    }
    if (isBack || nextDueAt(engine.agenda) <= now.wallS) void round();
    else plan();
  };
  const round = async (): Promise<void> => {
    clearTimeout(soon);
    soon = undefined;
    try {
      const done = await queue.run(() => runRound(engine), stopping.signal);
      if (done !== undefined) tell(done);
      plan();
      if (done?.isUnread === true) wake();
    } catch (error) {
      if (!mayPass(error)) return fail(error);
      log('error', 'fault', isNegotiateError(error) ? { code: error.code } : {});
      plan(AFTER_FAULT_MS);
    }
    if (feed.count().starting === 0) ready.resolve();
    tellChange();
  };
  const tellChange = (): void => {
    const { resolve } = changed;
    changed = Promise.withResolvers<void>();
    resolve();
  };
  const tell = ({ touched, problems, waiting }: Round): void => {
    const signer = takeSignerProblem(context);
    if (signer !== undefined) log('warn', 'signer', { code: signer.code });
    for (const { code } of problems) log('warn', 'jobs', { code });
    if (touched.size + problems.length + waiting.length === 0 && signer === undefined) return;
    const jobs = [...touched].flatMap((nid) => context.store.findJob(nid) ?? []).map((record) => viewJob(context.store, readJob(record)));
    onNews({ jobs, problems, invites: waiting.map(encodeNpub), ...(signer === undefined ? {} : { signer }) });
  };
  const fail = (error: unknown): void => {
    if (isEnding) return;
    log('error', 'fault', isNegotiateError(error) ? { code: error.code, isFatal: true } : { isFatal: true });
    void end(error);
  };

  const write = <T>(step: (own: AgentContext) => Promise<T>, by: CallOptions): Promise<T | undefined> =>
    queue.run(async () => {
      asker = by;
      try {
        return await step(extend(context, by));
      } finally {
        asker = undefined;
        wake();
      }
    }, by.signal);
  const call: Daemon['call'] = async (name, input, by = {}) => {
    if (stopping.signal.aborted) throw gone();
    const hub = { engine, write, ready: ready.promise, nextChange: () => changed.promise, stopping: stopping.signal };
    if (isWaiting(name)) return callWaiting(hub, name, input, by);
    if (!USE_CASES[name].writes) return callUseCase(extend(context, by), name, input);
    return write((own) => callUseCase(own, name, input), by);
  };
  const end = async (fault?: unknown): Promise<void> => {
    if (isEnding) return;
    isEnding = true;
    log('info', 'stopping');
    stopping.abort();
    clearTimeout(timer);
    clearTimeout(soon);
    ready.resolve();
    tellChange();
    await feed.close();
    await queue.idle();
    if (fault === undefined) await sayLastWords(context);
    for (const close of attached) await close();
    await parts.close();
    log('info', 'stopped');
    if (fault === undefined) ended.resolve();
    else ended.reject(fault);
  };
  ended.promise.catch(() => undefined);
  const sell = async (services: unknown): Promise<void> => {
    engine.services = servicesSchema.parse(services) as readonly Service[];
    await queue.run(async () => {
      engine.agenda.jobs.clear();
      for (const [nid, at] of openAgenda(context, engine.services).jobs) engine.agenda.jobs.set(nid, at);
    });
    wake();
  };
  // A command that has ended is what its job waits for.
  const background = watchBackground(context, (nid) => {
    engine.agenda.jobs.set(nid, context.clock.now());
    wake();
  });
  const stop = async (): Promise<void> => {
    background();
    await end();
    await ended.promise;
  };
  log('info', 'starting');
  feed.refresh();
  wake();
  const methods = Object.keys(USE_CASES).map((name) => [name, (input: unknown = {}) => call(name as UseCaseName, input)]);
  const agent = Object.freeze({ ...Object.fromEntries(methods), close: stop }) as Agent;
  const attach = (close: () => Promise<void>): void => void attached.push(close);
  return { agent, call, sell, ready: ready.promise, ended: ended.promise, attach, stop };
}

/** Publishes what is due, for as long as that is quick; the rest waits for the next process. */
async function sayLastWords(context: AgentContext): Promise<void> {
  await Promise.race([drainOutbox(context), new Promise((resolve) => setTimeout(resolve, LAST_WORDS_MS).unref())]);
}

function extend(context: AgentContext, { relays = [] }: CallOptions): AgentContext {
  return relays.length === 0 ? context : { ...context, extraRelays: [...context.extraRelays, ...relays.map(parseRelayUrl)] };
}

/** The error of a daemon that is on its way out. */
function gone(): NegotiateError {
  return new NegotiateError('home/locked', 'The daemon of this home is stopping. Try again when it has ended.');
}

/** Calls `onEnd` for each piece of background work that ends; returns how to stop that. */
function watchBackground({ background }: AgentContext, onEnd: (nid: string) => void): () => void {
  let isOver = false;
  const add = background.set.bind(background);
  background.set = (nid, work) => {
    void work.ended.then(() => {
      if (!isOver) onEnd(nid);
    });
    return add(nid, work);
  };
  return () => (isOver = true);
}
