// Sees jobs through: fetches what is new, does whatever is due for each job, and waits for more.

import { z } from 'zod';
import type { Hex } from '../../core/bytes.ts';
import { isNegotiateError } from '../../core/errors.ts';
import type { Negotiation } from '../../negotiate/negotiation.ts';
import { findHeld } from '../../negotiate/slot.ts';
import { readDeal } from '../../negotiate/settleHeld.ts';
import type { AgentContext } from '../context.ts';
import { findNegotiation } from '../findNegotiation.ts';
import { isMandateError } from '../mandate/mandateError.ts';
import { listOpenAsks } from '../mandate/openAsks.ts';
import { readState } from '../negotiationState.ts';
import type { SignerProblem } from '../signerFaults.ts';
import { sync, syncUntil } from '../sync.ts';
import { keepThoughts, markAnswers } from '../strategies/thoughts.ts';
import { advanceBuyer } from './advanceBuyer.ts';
import { advanceProvider } from './advanceProvider.ts';
import { isFree } from './bargain.ts';
import { describeProblem, findConfirmProblem, isUntold, type JobProblem } from './jobProblem.ts';
import { findJob, newJob, readJob, type Job, type Purchase, type Sale } from './job.ts';
import { IDLE, pollAfter, type Progress } from './progress.ts';
import { servicesSchema, type Service } from './service.ts';
import { viewJob, type JobView } from './viewJob.ts';

const LONGEST_WAIT_S = 86_400;
const MAX_ROUNDS = 16;
const AFTER_FAULT_S = 5;
// The owner, the hour or another mandate may say otherwise.
const AFTER_NO_S = 30;

/**
 * The services to sell, and for how long to wait (seconds) when there is nothing to do. With `nid` only that purchase is advanced. With
 * `known`, the names of the problems that were told before, it comes back at once with any other.
 */
export const pursueInput = z.strictObject({
  services: servicesSchema.default([]),
  waitS: z.number().min(0).max(LONGEST_WAIT_S).default(0),
  nid: z.string().optional(),
  known: z.array(z.string()).optional(),
});

/** The jobs that are not over, and those that something happened to. */
export interface PursueReport {
  readonly jobs: readonly JobView[];
  readonly problems: readonly JobProblem[];
  /** npubs of those who would like to open a channel and wait for the owner's word. */
  readonly invites: readonly string[];
  /** About how many messages of strangers were not opened yet (see `SyncReport`). */
  readonly unopened: number;
  /** Why the signer could not do its part; jobs that need none went on. */
  readonly signer?: SignerProblem;
}

/**
 * Advances every purchase of this agent, and every sale of `services`, as far as possible; then waits for news, at most once. Throws
 * `input/…` for a negotiation that does not exist, `relay/unreachable` when no relay answers; what one job meets is told in `problems` and does not stop the others.
 */
export async function pursue(context: AgentContext, wanted: z.output<typeof pursueInput>): Promise<PursueReport> {
  const input = wanted.nid === undefined ? wanted : { ...wanted, nid: findNegotiation(context.store, wanted.nid).nid };
  const { invites, signer, unopened } = await sync(context, { from: [], waitS: 0 });
  const first = await advanceAll(context, input);
  const isNews = first.touched.size > 0 || isUntold(first.problems, input.known);
  if (isNews || input.waitS === 0 || context.closing.aborted) return reportJobs(context, input, first, { invites, signer, unopened });
  const waitS = Math.min(input.waitS, first.pollS);
  const later = await syncUntil(context, { from: [], waitS }, whenWorkEnds(context));
  const told = { invites: [...new Set([...invites, ...later.invites])], signer: later.signer ?? signer, unopened: later.unopened };
  return reportJobs(context, input, await advanceAll(context, input), told);
}

/** Aborted when a command that runs now has ended; undefined when none does. */
function whenWorkEnds({ background }: AgentContext): AbortSignal | undefined {
  const running = [...background.values()].filter(({ outcome }) => outcome === undefined);
  if (running.length === 0) return undefined;
  const wake = new AbortController();
  void Promise.race(running.map(({ ended }) => ended)).then(() => wake.abort());
  return wake.signal;
}

/** What advancing jobs came to. `pollS` says when to look again, whatever the peers do. */
export interface Round {
  readonly touched: ReadonlySet<Hex>;
  readonly problems: readonly JobProblem[];
  readonly pollS: number;
}

/** Advances what is due, and where a strategy thinks goes on with its answer. */
async function advanceAll(context: AgentContext, input: z.output<typeof pursueInput>): Promise<Round> {
  const due = listDue(context, input);
  if (input.nid === undefined) keepThoughts(context, due);
  const rounds: Round[] = [];
  for (let nids = due; nids.length > 0;) {
    const answered = markAnswers(context);
    rounds.push(await advanceJobs(context, nids, input.services));
    nids = await answered(nids);
  }
  return {
    touched: new Set(rounds.flatMap(({ touched }) => [...touched])),
    problems: rounds.flatMap(({ problems }) => problems),
    pollS: Math.min(...rounds.map(({ pollS }) => pollS)),
  };
}

/** Advances the jobs of these negotiations as far as they go; one that has none is left. */
export async function advanceJobs(context: AgentContext, nids: readonly Hex[], services: readonly Service[]): Promise<Round> {
  const touched = new Set<Hex>();
  const problems: JobProblem[] = [];
  let pollS = Infinity;
  for (const nid of nids) {
    const { didMove, last, problem } = await advanceJob(context, nid, services);
    if (didMove) touched.add(nid);
    if (problem !== undefined) problems.push(problem);
    if (last.kind === 'poll') pollS = Math.min(pollS, last.afterS);
  }
  return { touched, problems, pollS };
}

interface Advanced {
  readonly didMove: boolean;
  readonly last: Progress;
  readonly problem?: JobProblem;
}

/** Advances one job as far as it goes by itself. */
async function advanceJob(context: AgentContext, nid: Hex, services: readonly Service[]): Promise<Advanced> {
  let didMove = false;
  for (let round = 0; round < MAX_ROUNDS && !context.closing.aborted; round += 1) {
    try {
      const last = await advanceOnce(context, nid, services);
      if (last.kind !== 'moved') return { didMove, ...(await reviewConfirm(context, nid, last)) };
      didMove = true;
    } catch (error) {
      if (!isNegotiateError(error)) throw error;
      const problem = describeProblem(context, nid, error);
      return { didMove, last: pollAfter(isMandateError(error) ? AFTER_NO_S : AFTER_FAULT_S), problem };
    }
  }
  return { didMove, last: IDLE };
}

/** A second signature that the mandate holds back is no turn of the peer's. */
async function reviewConfirm(context: AgentContext, nid: Hex, last: Progress): Promise<Pick<Advanced, 'last' | 'problem'>> {
  const problem = await findConfirmProblem(context, nid);
  return problem === undefined ? { last } : { last: pollAfter(AFTER_NO_S), problem };
}

async function advanceOnce(context: AgentContext, nid: Hex, services: readonly Service[]): Promise<Progress> {
  const saved = context.store.findNegotiation(nid);
  if (saved === undefined) return IDLE;
  const state = readState(saved);
  // What was thought about is decided.
  if (!isFree(state)) context.thoughts.delete(nid);
  if (state.ended !== undefined && findHeld(state) === undefined) return IDLE;
  const job = findJob(context.store, nid);
  if (job?.body.role === 'buyer') return advanceBuyer(context, state, job as Job<Purchase>);
  const service = services.find(({ capabilities }) => capabilities.includes(state.open.service));
  if (service === undefined || state.role !== 'provider') return IDLE;
  if (job === undefined) context.store.save([newJob(nid, describeSale(service), context.clock.now())]);
  const sale = findJob(context.store, nid) as Job<Sale> | undefined;
  return sale === undefined ? IDLE : advanceProvider(context, state, sale, service);
}

function describeSale({ id, result }: Service): Sale {
  return { role: 'provider', service: id, resultName: result };
}

/** The negotiations that may have something to do, latest change first. */
export function listDue(context: AgentContext, { nid, services }: z.output<typeof pursueInput>): readonly Hex[] {
  const { store } = context;
  if (nid !== undefined) return [nid];
  const purchases = store
    .listJobs()
    .map(readJob)
    .filter((job) => !viewJob(store, job).isOver)
    .map(({ record }) => record.nid);
  const sales =
    services.length === 0
      ? []
      : store
          .listNegotiations()
          .map(readState)
          .filter((state) => isSaleOpen(context, state))
          .map((state) => state.nid);
  return [...new Set([...purchases, ...sales])];
}

/** True while a negotiation is a purchase or a sale with something left to do. */
export function isJobOpen(context: AgentContext, nid: Hex, services: readonly Service[]): boolean {
  const job = findJob(context.store, nid);
  if (job?.body.role === 'buyer') return !viewJob(context.store, job).isOver;
  const record = services.length === 0 ? undefined : context.store.findNegotiation(nid);
  return record !== undefined && isSaleOpen(context, readState(record));
}

function isSaleOpen({ store }: AgentContext, state: Negotiation): boolean {
  if (state.role !== 'provider') return false;
  const deal = readDeal(state);
  if (deal === undefined) return state.ended === undefined;
  const { dispute, completions } = deal.settlement;
  if (completions.provider === undefined) return dispute === undefined;
  // A promise to delete is still to be kept.
  const job = deal.terms.confidentiality?.retention_s === undefined ? undefined : findJob(store, state.nid);
  return job?.body.role === 'provider' && job.body.deletedAt === undefined;
}

/** What is told of the jobs. */
export function reportJobs(
  { store, clock }: AgentContext,
  { nid }: z.output<typeof pursueInput>,
  { touched, problems }: Pick<Round, 'touched' | 'problems'>,
  { invites, signer, unopened }: Pick<PursueReport, 'invites' | 'unopened'> & { readonly signer: SignerProblem | undefined },
): PursueReport {
  const asks = listOpenAsks(store, clock.now());
  const jobs = store.listJobs().map((record) => viewJob(store, readJob(record), asks.get(record.nid)));
  const wanted = jobs.filter((job) => (nid === undefined ? !job.isOver || touched.has(job.nid) : job.nid === nid));
  return { jobs: wanted, problems, invites, unopened, ...(signer === undefined ? {} : { signer }) };
}
