// Bargains in every negotiation of a request that is to become a job: the best offer of one is what the others have to beat.

import type { Hex } from '../../core/bytes.ts';
import { isNegotiateError, type ErrorCode } from '../../core/errors.ts';
import type { Msat } from '../../core/money.ts';
import { priceToBeat, type Judged } from '../../decide/rankOffers.ts';
import type { Negotiation } from '../../negotiate/negotiation.ts';
import type { AgentContext } from '../context.ts';
import { bargainOpenly, type Stance } from '../jobs/bargain.ts';
import { findJob, type Job, type Purchase } from '../jobs/job.ts';
import { planOf } from '../jobs/plan.ts';
import { describeProblem, type JobProblem } from '../jobs/jobProblem.ts';
import { rankOffers, readRequest, trustOf, type OfferRef } from './viewRfq.ts';
import { findBidTime, readProgression } from './pace.ts';
import type { Rfq, RfqBody } from './rfqRecord.ts';

const WHOLE_SAT = 1_000n;
const STAYS_HERE: ReadonlySet<ErrorCode> = new Set(['negotiation/refused', 'mandate/denied', 'mandate/approval-needed']);

/** Where each negotiation stands that bargains by itself. */
export type Stances = ReadonlyMap<Hex, Exclude<Stance, 'moved'>>;

/** `moved`: a move was made somewhere, look at everything again. `bidAt`: a bid goes out then (unix seconds), whoever has answered. */
export interface Haggled {
  readonly kind: 'moved' | 'still';
  readonly stances: Stances;
  readonly bidAt: number;
}

/**
 * Makes the next move in each where it is ours to make, in step: a bid waits for the answers of those who are no further, each for its part
 * of the time to gather. A strategy or a mandate that says no stops only its own negotiation, and is told.
 */
export async function haggleAll(
  context: AgentContext,
  rfq: Rfq,
  states: readonly Negotiation[],
  problems: Map<Hex, JobProblem>,
): Promise<Haggled> {
  const stances = new Map<Hex, Exclude<Stance, 'moved'>>();
  const paces = states.flatMap((state) => (state.ended === undefined ? [readProgression(context.store, state)] : []));
  const best = findBest(context, rfq.body, states);
  let kind: Haggled['kind'] = 'still';
  let bidAt = Infinity;
  for (const state of states) {
    const job = state.ended === undefined ? findJob(context.store, state.nid) : undefined;
    const own = paces.find(({ nid }) => nid === state.nid);
    if (own === undefined || job?.body.role !== 'buyer' || job.body.rfq === undefined) continue;
    const at = findBidTime(own, paces, partOfTime(rfq, job.body), context.clock.now());
    const thread = { body: rfq.body, best, state, job: job as Job<Purchase>, mayBid: at === undefined };
    const stance = await haggleOne(context, thread, problems);
    if (own.isOurTurn && at !== undefined) bidAt = Math.min(bidAt, at);
    if (stance === 'moved') kind = 'moved';
    else stances.set(state.nid, stance);
  }
  return { kind, stances, bidAt };
}

/** For how long an answer is waited for, in seconds: each offer of ours has its part of the time to gather. */
function partOfTime({ record, body }: Rfq, { tactics }: Purchase): number {
  return Math.floor((body.collectUntil - record.createdAt) / ((tactics?.rounds ?? 1) + 1));
}

/** Nobody has been asked for a move. */
export const STILL: Haggled = { kind: 'still', stances: new Map(), bidAt: Infinity };

/** True when no more can be expected of anybody. */
export function isHopeless(stances: Stances): boolean {
  return stances.size > 0 && [...stances.values()].every((stance) => stance === 'out');
}

interface Thread {
  readonly body: RfqBody;
  /** The best offer of all that are bargained for. */
  readonly best: Judged<OfferRef> | undefined;
  readonly state: Negotiation;
  readonly job: Job<Purchase>;
  readonly mayBid: boolean;
}

async function haggleOne(context: AgentContext, thread: Thread, problems: Map<Hex, JobProblem>): Promise<Stance> {
  const { state, job, mayBid } = thread;
  const mostMsat = findMost(context, thread);
  if (mostMsat === undefined) return 'out';
  const plan = planOf(job.body);
  const maxMsat = mostMsat < plan.limits.maxMsat ? mostMsat : plan.limits.maxMsat;
  const limits = { ...plan.limits, maxMsat, ...(hasBetter(thread) ? { patience: 1 } : {}) };
  try {
    return await bargainOpenly(context, state, job, { ...plan, limits }, mayBid);
  } catch (error) {
    if (!isNegotiateError(error) || !STAYS_HERE.has(error.code)) throw error;
    problems.set(state.nid, describeProblem(context, state.nid, error));
    return 'waits';
  }
}

/** True when somebody else has made the best offer: by the fixed rules one bid is enough then, and nobody waits for small steps. */
function hasBetter({ best, state }: Thread): boolean {
  return best?.kind === 'fit' && best.of.nid !== state.nid;
}

/**
 * The most to pay here: with whom the best offer is on the table, the owner's limit; with the others less, so that it is worth more than
 * that offer. Undefined where no price does it.
 */
function findMost({ store }: AgentContext, { body, best, state }: Thread): Msat | undefined {
  const terms = state.offers.findLast(({ by, status }) => by === state.peer && status === 'open')?.terms;
  const request = readRequest(store, body);
  if (best?.kind !== 'fit' || best.of.nid === state.nid || terms === undefined) return request.maxMsat;
  const most = priceToBeat({ terms, trust: trustOf(body, state.nid) }, best.utility, request);
  if (most === undefined || most < WHOLE_SAT) return most;
  return most - (most % WHOLE_SAT);
}

/** The best offer on the table. One that did not answer a signature of ours in time is nothing to reckon with. */
function findBest({ store, clock }: AgentContext, body: RfqBody, states: readonly Negotiation[]): Judged<OfferRef> | undefined {
  const live = states.filter(({ ended, commitments }) => ended === undefined && commitments.length === 0);
  return rankOffers(store, body, live, clock.now())[0];
}
