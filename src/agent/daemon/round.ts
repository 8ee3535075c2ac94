// One round of a daemon: takes in what has come, then does what is due until nothing is.

import type { Hex } from '../../core/bytes.ts';
import { isNegotiateError } from '../../core/errors.ts';
import { hasBehind } from '../behind.ts';
import { doChores, finishCommits } from '../chores.ts';
import type { AgentContext } from '../context.ts';
import { drainOutbox } from '../drainOutbox.ts';
import { forgetDueAt } from '../forgetSeen.ts';
import { findConfirmProblem, nameProblem, type JobProblem } from '../jobs/jobProblem.ts';
import { advanceJobs, isJobOpen } from '../jobs/pursue.ts';
import type { Service } from '../jobs/service.ts';
import { forgetAnswer } from '../jobs/walletDesk.ts';
import { listOpenChannels } from '../openChannels.ts';
import type { ChannelRecord } from '../../store/records.ts';
import { renewKeyPackage } from '../publishIdentity.ts';
import type { TrustBook } from '../inbox/trustBook.ts';
import type { WrapDesk } from '../inbox/wrapDesk.ts';
import { readStrangers } from '../inbox/strangers.ts';
import { joinWaiting, listUnscored, type JoinReport } from '../receiveWraps.ts';
import { readRestored } from '../restoredNote.ts';
import { advanceRfqs } from '../rfq/advanceRfq.ts';
import { letTimePass } from '../runTimers.ts';
import { settleRestored } from '../settleRestored.ts';
import { unlessSignerFails } from '../signerFaults.ts';
import { beginWork, hasChanges, saveWork } from '../work.ts';
import { listDueAt, nextDueAt, noteChanges, noteJob, rescheduleRfq, rescheduleTimer, set, type Agenda } from './agenda.ts';
import type { Feed } from './feed.ts';
import type { Log } from './log.ts';
import { createNewsDesk, type NewsDesk } from './newsDesk.ts';
import { takeIn, type Kept } from './takeIn.ts';
import type { Throttle } from './throttle.ts';
import { INBOX } from './wantedStreams.ts';
import type { WatchedStore } from './watchStore.ts';

const MAX_TURNS = 50;
const AGAIN_S = 30;
const AFTER_FAULT_S = 5;
// What a job waits for comes as a change; this is for what no change and no deadline tells of.
const LOOK_AGAIN_S = 600;
const LET_IN_EVERY_S = 30;
const STRANGERS_EVERY_S = 3_600;

/** What a daemon works with. */
export interface Engine {
  readonly context: AgentContext;
  readonly watched: WatchedStore;
  readonly feed: Feed;
  readonly agenda: Agenda;
  readonly kept: Kept;
  readonly short: Set<Hex>;
  readonly inbox: WrapDesk;
  readonly throttle: Throttle;
  readonly trust: TrustBook;
  readonly desk: NewsDesk;
  readonly log: Log;
  services: readonly Service[];
  /** Channels that have changed: to be followed anew, and their kept events to be tried again. */
  readonly unfollowed: Map<Hex, ChannelRecord>;
  readonly unread: Set<Hex>;
  /** Negotiations that have what their jobs waited for: a command has ended, a strategy or the wallet has answered. */
  readonly answered: Set<Hex>;
  /** Channels that were not over when last looked at, with their peers. */
  readonly open: Map<Hex, Hex | undefined>;
}

/** What a round has done. */
export interface Round {
  readonly touched: ReadonlySet<Hex>;
  readonly problems: readonly JobProblem[];
  readonly waiting: readonly Hex[];
  /** True when something that could not be read before may be readable now. */
  readonly isUnread: boolean;
}

/** Runs a round. Throws what cannot be mended by trying again: `store/…`. */
export async function runRound(engine: Engine): Promise<Round> {
  const { context, agenda, feed, log } = engine;
  const startedMs = performance.now();
  const own = createNewsDesk();
  const touched = new Set<Hex>();
  const problems: JobProblem[] = [];
  // Channels whose commit has been cleared: what has come meanwhile can be read now.
  note(engine);
  const again = listReadable(engine);
  engine.unread.clear();
  for (const nid of engine.answered) noteJob(context, agenda, nid);
  engine.answered.clear();
  const taken = await takeIn(engine, feed.take(), again);
  if (taken.waiting.length > 0) agenda.invitesAt = context.clock.now();
  if (feed.mayRenewInbox() && engine.inbox.takeShortfall()) feed.renew(INBOX);
  for (const owner of taken.renewed) feed.renew(owner);
  own.add({ ...taken, ended: [] });
  // What has come may have shown that the home is an old one.
  if (agenda.restoredAt === Infinity && hasBehind(context.store)) agenda.restoredAt = context.clock.now();
  note(engine);
  if (feed.takeReturn() && agenda.outboxAt < Infinity) await publish(engine, true);
  for (let turn = 0; turn < MAX_TURNS && nextDueAt(agenda) <= context.clock.now() && !context.closing.aborted; turn += 1) {
    await runTurn(engine, own, touched, problems);
  }
  const ended = followChanges(engine);
  const news = own.take();
  engine.desk.add({ ...news, ended });
  const ms = Math.round(performance.now() - startedMs);
  if (taken.events > 0) log('info', 'received', { events: taken.events, moves: news.news.length, ms });
  else log('debug', 'step', { ms });
  // A job and the timer of its negotiation meet the same.
  const named = new Map(problems.map((problem) => [nameProblem(problem), problem]));
  return { touched, problems: [...named.values()], waiting: news.waiting, isUnread: listReadable(engine).length > 0 };
}

async function runTurn(whole: Engine, own: NewsDesk, touched: Set<Hex>, problems: JobProblem[]): Promise<void> {
  const { context, agenda, services } = whole;
  const now = context.clock.now();
  // Before anything of ours is said: a home that may be old catches up first.
  if (agenda.restoredAt <= now) await settle(whole, own);
  // Jobs before timers: a move of ours covers the receipt that would go out otherwise.
  for (const nid of listDueAt(agenda.jobs, now)) {
    const round = await advanceJobs(context, [nid], services);
    for (const each of round.touched) touched.add(each);
    problems.push(...round.problems);
    note(whole);
    const inS = Math.max(1, Math.min(round.pollS, LOOK_AGAIN_S));
    const isOpen = isJobOpen(context, nid, services);
    if (!isOpen) forgetAnswer(context, nid);
    set(agenda.jobs, nid, isOpen ? context.clock.now() + inS : Infinity);
  }
  for (const nid of listDueAt(agenda.timers, now)) {
    await unlessSignerFails(() => letTimePass(context, nid));
    problems.push(...[await findConfirmProblem(context, nid)].flatMap((problem) => problem ?? []));
    note(whole);
    rescheduleTimer(context, agenda, nid);
  }
  if (agenda.invitesAt <= now) own.add({ ...(await letIn(whole)), waiting: [], news: [], ended: [] });
  if (agenda.keyPackageAt <= now) await renew(whole);
  if (agenda.choresAt <= now || listDueAt(agenda.leaves, now).length > 0) await doDueChores(whole, own);
  for (const id of listDueAt(agenda.rfqs, now)) {
    const round = await unlessSignerFails(() => advanceRfqs(context, [id]));
    problems.push(...(round?.problems ?? []));
    note(whole);
    rescheduleRfq(context, agenda, id, round?.pollS);
  }
  if (agenda.outboxAt <= now) await publish(whole);
}

/** Lets in those who may come in by now, and looks up the scores of those whose score decides. */
async function letIn(engine: Engine): Promise<JoinReport> {
  const { context, agenda, trust } = engine;
  const report = await joinWaiting(context, trust.of);
  note(engine);
  const unscored = listUnscored(context, trust.of);
  // Beside the rounds: relays may take their time.
  if (unscored.length > 0) {
    void trust.lookUp(unscored).then((hasFound) => {
      if (hasFound) agenda.invitesAt = 0;
    });
  }
  agenda.invitesAt = context.store.listInvites().length > 0 ? context.clock.now() + LET_IN_EVERY_S : Infinity;
  return report;
}

async function settle(engine: Engine, own: NewsDesk): Promise<void> {
  const { context, agenda } = engine;
  const report = await unlessSignerFails(() => settleRestored(context));
  if (report !== undefined) own.add({ ...report, joined: [], waiting: [], ended: [] });
  const isOver = readRestored(context.store) === undefined && !hasBehind(context.store);
  agenda.restoredAt = isOver ? Infinity : context.clock.now() + AGAIN_S;
  note(engine);
}

async function renew(engine: Engine): Promise<void> {
  const { context, agenda } = engine;
  const work = beginWork(context);
  await unlessSignerFails(() => renewKeyPackage(work));
  if (hasChanges(work)) saveWork(work);
  // Noting the change finds the next time; without one the signer was away.
  agenda.keyPackageAt = context.clock.now() + AGAIN_S;
  note(engine);
}

async function doDueChores(engine: Engine, own: NewsDesk): Promise<void> {
  const { context, agenda } = engine;
  agenda.choresAt = Infinity;
  await unlessSignerFails(() => finishCommits(context));
  const report = await unlessSignerFails(() => doChores(context));
  if (report !== undefined) own.add({ ...report, joined: [], waiting: [], ended: [] });
  note(engine);
  const isBusy = listOpenChannels(context.store).some(({ hasChores }) => hasChores);
  const now = context.clock.now();
  const laterAt = readStrangers(context.store).length > 0 ? now + STRANGERS_EVERY_S : Infinity;
  agenda.choresAt = Math.max(now + AGAIN_S, isBusy ? 0 : Math.min(laterAt, forgetDueAt(context)));
  // A renewal that no relay took is tried again after a while, and not in the same second.
  for (const id of listDueAt(agenda.leaves, context.clock.now())) set(agenda.leaves, id, context.clock.now() + AGAIN_S);
}

async function publish(engine: Engine, force = false): Promise<void> {
  const { context, agenda, log } = engine;
  const startedMs = performance.now();
  const report = await unlessSignerFails(() => drainOutbox(context, { force }));
  agenda.outboxAt = Infinity;
  note(engine);
  // What a signer that is away has held up is due still.
  if (report === undefined || agenda.outboxAt <= context.clock.now()) agenda.outboxAt = context.clock.now() + AFTER_FAULT_S;
  log('info', 'published', { ...report, ms: Math.round(performance.now() - startedMs) });
}

function note({ context, watched, agenda, unfollowed, unread }: Engine): void {
  const changes = watched.take();
  noteChanges(context, agenda, changes);
  for (const [id, record] of changes.channels) {
    unfollowed.set(id, record);
    unread.add(id);
  }
}

function listReadable({ kept, unread }: Engine): readonly Hex[] {
  return [...kept.keys()].filter((id) => unread.has(id));
}

/** Follows the channels as they are now, and returns the peers of those that are over since the last time. */
export function followChanges(engine: Engine): readonly Hex[] {
  note(engine);
  const { unfollowed, open, kept, feed } = engine;
  const ended: Hex[] = [];
  for (const { id, peer, endedAt } of unfollowed.values()) {
    const before = open.get(id);
    if (endedAt === undefined) open.set(id, peer);
    else if (open.delete(id) && before !== undefined) ended.push(before);
    if (endedAt !== undefined) kept.delete(id);
  }
  if (unfollowed.size > 0) feed.refresh([...unfollowed.values()]);
  unfollowed.clear();
  return ended;
}

/** Joins those who may be let in by now. */
export async function joinAllowed(engine: Engine): Promise<void> {
  const report = await joinWaiting(engine.context);
  engine.desk.add({ ...report, waiting: [], news: [], ended: [] });
}

/** True for a fault that may pass by itself. */
export function mayPass(error: unknown): boolean {
  return isNegotiateError(error) && error.retryable;
}
