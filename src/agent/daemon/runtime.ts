// What drives a daemon: one timer for whatever is due next, a beat for clocks that jump, rounds in the queue, and the end in order.

import { isNegotiateError } from '../../core/errors.ts';
import { encodeNpub } from '../../nostr/npub.ts';
import type { AgentParts } from '../compose.ts';
import type { AgentContext } from '../context.ts';
import { drainOutbox } from '../drainOutbox.ts';
import { readJob } from '../jobs/job.ts';
import type { JobProblem } from '../jobs/jobProblem.ts';
import { listReasonCodes } from '../mandate/mandateError.ts';
import { viewJob, type JobView } from '../jobs/viewJob.ts';
import { takeSignerProblem, type SignerProblem } from '../signerFaults.ts';
import { nextDueAt } from './agenda.ts';
import type { CallOptions } from './callOptions.ts';
import type { StepQueue } from './queue.ts';
import { mayPass, runRound, type Engine, type Round } from './round.ts';
import { markRead } from './takeIn.ts';

/** Something happened to jobs, or somebody knocks, or the signer fails: for the owner to be told. */
export interface DaemonNews {
  readonly jobs: readonly JobView[];
  readonly problems: readonly JobProblem[];
  /** npubs of those who would like to open a channel. */
  readonly invites: readonly string[];
  readonly signer?: SignerProblem;
}

/** A daemon between two rounds. */
export interface Runtime {
  readonly engine: Engine;
  readonly queue: StepQueue;
  readonly parts: AgentParts;
  readonly onNews: (news: DaemonNews) => void;
  readonly beatMs: number;
  readonly stopping: AbortController;
  readonly ready: PromiseWithResolvers<void>;
  readonly ended: PromiseWithResolvers<void>;
  /** What is to be closed with it, before the home is given back. */
  readonly attached: (() => Promise<void>)[];
  /** Fires when something is due, or with the next beat. */
  timer: NodeJS.Timeout | undefined;
  /** Fires when what has just come has been gathered. */
  soon: NodeJS.Timeout | undefined;
  /** Fires when subscriptions that have ended with a fault are to be opened again. */
  mending: NodeJS.Timeout | undefined;
  changed: PromiseWithResolvers<void>;
  lastBeat: { readonly wallS: number; readonly monotonicMs: number };
  lastMarkMs: number;
  isEnding: boolean;
  /** Whose step runs. */
  asker: CallOptions | undefined;
}

const LONGEST_SLEEP_S = 60;
const MARK_EVERY_MS = 6 * 3_600_000;
const AFTER_FAULT_MS = 5_000;
const GATHER_MS = 15;
const LAST_WORDS_MS = 3_000;

/** Runs a round soon: what comes in the same moment is taken in together. */
export function wake(runtime: Runtime): void {
  if (runtime.soon !== undefined || runtime.stopping.signal.aborted) return;
  runtime.soon = setTimeout(() => void runOne(runtime), GATHER_MS);
}

/** Sleeps until something is due, and no longer than a beat: a wall clock may jump, and a machine may sleep. */
function plan(runtime: Runtime, leastMs = 0): void {
  const { engine, stopping, beatMs } = runtime;
  clearTimeout(runtime.timer);
  if (stopping.signal.aborted) return;
  const { agenda, context, feed, throttle } = engine;
  const dueMs = Math.min((nextDueAt(agenda) - context.clock.now()) * 1_000, throttle.msUntilFree(feed.listGathered()));
  runtime.timer = setTimeout(beat, Math.max(leastMs, Math.min(beatMs, Math.max(0, dueMs))), runtime);
}

function beat(runtime: Runtime): void {
  const { engine, queue, lastBeat } = runtime;
  const now = { wallS: engine.context.clock.now(), monotonicMs: performance.now() };
  runtime.lastBeat = now;
  const jumpedS = now.wallS - lastBeat.wallS - (now.monotonicMs - lastBeat.monotonicMs) / 1_000;
  const isBack = jumpedS > LONGEST_SLEEP_S;
  if (isBack) {
    engine.log('info', 'woke', { afterS: Math.round(jumpedS) });
    void engine.feed.reopen();
  }
  if (now.monotonicMs - runtime.lastMarkMs > MARK_EVERY_MS) {
    runtime.lastMarkMs = now.monotonicMs;
    // The time may be over for which relays that the agent has left are still read.
    engine.feed.refresh();
    void queue
      .run(async () => markRead(engine.context, engine.feed.listWhole(), engine.inbox))
      .catch((error: unknown) => fail(runtime, error));
  }
  if (isBack || nextDueAt(engine.agenda) <= now.wallS) void runOne(runtime);
  else plan(runtime);
}

async function runOne(runtime: Runtime): Promise<void> {
  const { engine, queue, stopping, ready } = runtime;
  clearTimeout(runtime.soon);
  runtime.soon = undefined;
  try {
    const done = await queue.run(() => runRound(engine), stopping.signal);
    if (done !== undefined) tell(runtime, done);
    plan(runtime);
    if (done?.isUnread === true) wake(runtime);
  } catch (error) {
    if (!mayPass(error)) return fail(runtime, error);
    engine.log('error', 'fault', isNegotiateError(error) ? { code: error.code } : {});
    // What had come was not saved: the relays have it still.
    void engine.feed.reopen();
    plan(runtime, AFTER_FAULT_MS);
  }
  if (engine.feed.count().starting === 0) ready.resolve();
  tellChange(runtime);
}

function tell({ engine: { context, log }, onNews }: Runtime, { touched, problems, waiting }: Round): void {
  const signer = takeSignerProblem(context);
  if (signer !== undefined) log('warn', 'signer', { code: signer.code });
  for (const { code, reasons = '' } of problems) {
    const codes = listReasonCodes(reasons);
    if (codes.length === 0) log('warn', 'jobs', { code });
    for (const reason of codes) log('warn', 'jobs', { code, reason });
  }
  if (touched.size + problems.length + waiting.length === 0 && signer === undefined) return;
  const jobs = [...touched].flatMap((nid) => context.store.findJob(nid) ?? []).map((record) => viewJob(context.store, readJob(record)));
  onNews({ jobs, problems, invites: waiting.map(encodeNpub), ...(signer === undefined ? {} : { signer }) });
}

function tellChange(runtime: Runtime): void {
  const { resolve } = runtime.changed;
  runtime.changed = Promise.withResolvers<void>();
  resolve();
}

/** A fault that nothing but a person can mend ends the daemon. */
function fail(runtime: Runtime, error: unknown): void {
  if (runtime.isEnding) return;
  runtime.engine.log('error', 'fault', isNegotiateError(error) ? { code: error.code, isFatal: true } : { isFatal: true });
  void end(runtime, error);
}

/** A subscription has ended with a fault: a store that only a person can mend ends the daemon, or it would stay and hear nothing. */
export function mendFeed(runtime: Runtime, error: unknown): void {
  if (runtime.isEnding) return;
  if (isNegotiateError(error) && error.code.startsWith('store/') && !error.retryable) return fail(runtime, error);
  runtime.mending ??= setTimeout(() => {
    runtime.mending = undefined;
    void runtime.engine.feed.reopen();
  }, AFTER_FAULT_MS);
}

/** Ends it in order: the step that runs, what is quick to publish, the clients, the relays, the home. */
export async function end(runtime: Runtime, fault?: unknown): Promise<void> {
  const { engine, queue, parts, stopping, ready, ended } = runtime;
  if (runtime.isEnding) return;
  runtime.isEnding = true;
  engine.log('info', 'stopping');
  stopping.abort();
  clearTimeout(runtime.timer);
  clearTimeout(runtime.soon);
  clearTimeout(runtime.mending);
  ready.resolve();
  tellChange(runtime);
  await engine.feed.close();
  await engine.inbox.close();
  await queue.idle();
  if (fault === undefined) await sayLastWords(engine.context);
  for (const close of runtime.attached) await close();
  await parts.close();
  engine.log('info', 'stopped');
  if (fault === undefined) ended.resolve();
  else ended.reject(fault);
}

/** Publishes what is due, for as long as that is quick; the rest waits for the next process. */
async function sayLastWords(context: AgentContext): Promise<void> {
  const draining = drainOutbox(context).catch(() => undefined);
  await Promise.race([draining, new Promise((resolve) => setTimeout(resolve, LAST_WORDS_MS).unref())]);
}
