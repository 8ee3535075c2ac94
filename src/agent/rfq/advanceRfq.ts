// Sees requests through: answers, gathers offers, signs the best one, and once a deal is made tells the others no.

import { z } from 'zod';
import type { Hex } from '../../core/bytes.ts';
import { isNegotiateError, type ErrorCode } from '../../core/errors.ts';
import type { Judged } from '../../decide/rankOffers.ts';
import type { Negotiation } from '../../negotiate/negotiation.ts';
import { findDeal } from '../../negotiate/slot.ts';
import { accept } from '../accept.ts';
import type { AgentContext } from '../context.ts';
import { describeProblem, findConfirmProblem, isForOwner, isUntold, type JobProblem } from '../jobs/jobProblem.ts';
import { isMandateError } from '../mandate/mandateError.ts';
import { reject } from '../reject.ts';
import { send } from '../send.ts';
import { markAnswers } from '../strategies/thoughts.ts';
import { sync, syncUntil } from '../sync.ts';
import { hasSignature } from './budgetSlot.ts';
import { isOutbid } from './isOutbid.ts';
import { findRfq, listRfqs, saveRfq, type Rfq, type RfqBody } from './rfqRecord.ts';
import { haggleAll, isHopeless, STILL, type Stances } from './haggleAll.ts';
import { readProgression } from './pace.ts';
import { rankOffers, readStates, viewRfq, type OfferRef, type RfqView } from './viewRfq.ts';

const LONGEST_WAIT_S = 86_400;
const MAX_ROUNDS = 8;
const MAX_TRIES = 2;
// The owner, the hour or another mandate may say otherwise.
const AFTER_NO_S = 30;
const AT_ONCE_S = 1;

/**
 * Which request, by the first digits of its id; all that run unless named. Seconds to wait for news when there is nothing to do. With `known`,
 * the names of the problems that were told before, it comes back at once with any other.
 */
export const advanceRfqInput = z.strictObject({
  rfq: z.string().optional(),
  waitS: z.number().min(0).max(LONGEST_WAIT_S).default(0),
  known: z.array(z.string()).optional(),
});

/** The requests that were looked at, and what keeps some of their negotiations from going on. */
export interface RfqReport {
  readonly rfqs: readonly RfqView[];
  readonly problems: readonly JobProblem[];
  /** True when none of them goes on before the owner has said yes to what is asked in `problems`. */
  readonly isForOwner: boolean;
}

/** Does what is due for every request that runs; then waits for news, at most once. Throws what `sync` throws, `input/not-found`. */
export async function advanceRfq(context: AgentContext, { rfq, waitS, known }: z.output<typeof advanceRfqInput>): Promise<RfqReport> {
  const named = rfq === undefined ? undefined : findRfq(context.store, rfq).record.id;
  const wanted = listRfqIds(context, named);
  await sync(context, { from: [], waitS: 0 });
  const first = await advanceThinking(context, wanted);
  const isNews = first.didMove || isUntold(first.problems, known);
  if (isNews || waitS === 0 || !wanted.some((id) => isRfqOpen(context, id))) return reportRfqs(context, wanted, first);
  await syncUntil(context, { from: [], waitS: Math.min(waitS, first.pollS, untilDue(context, wanted)) }, undefined);
  return reportRfqs(context, wanted, await advanceThinking(context, wanted));
}

/** Does what is due, and where a strategy thinks goes on with its answer. */
async function advanceThinking(context: AgentContext, ids: readonly Hex[]): Promise<RfqRound> {
  let didMove = false;
  for (let times = 1; ; times += 1) {
    const answered = markAnswers(context);
    const round = await advanceRfqs(context, ids);
    didMove ||= round.didMove;
    if (times === MAX_ROUNDS || (await answered(listAsked(context, ids))).length === 0) return { ...round, didMove };
  }
}

function listAsked({ store }: AgentContext, ids: readonly Hex[]): readonly Hex[] {
  return ids.flatMap((id) => findRfq(store, id).body.asked.flatMap(({ nid }) => nid ?? []));
}

/** What is told of requests. */
export function reportRfqs(
  context: AgentContext,
  ids: readonly Hex[],
  { problems, stuck }: Pick<RfqRound, 'problems' | 'stuck'>,
): RfqReport {
  const open = ids.filter((id) => isRfqOpen(context, id));
  const isStuck = open.length > 0 && open.every((id) => stuck.has(id));
  return { rfqs: ids.map((id) => viewRfq(context, findRfq(context.store, id))), problems, isForOwner: isStuck };
}

/** Shows requests, newest first, without doing anything. */
export function showRfqs(context: AgentContext): RfqReport {
  return { rfqs: listRfqs(context.store).map((each) => viewRfq(context, each)), problems: [], isForOwner: false };
}

/** The requests that run, or the named one. */
export function listRfqIds({ store }: AgentContext, named: Hex | undefined): readonly Hex[] {
  if (named !== undefined) return [named];
  return listRfqs(store)
    .filter(({ body }) => body.outcome === undefined)
    .map(({ record }) => record.id);
}

/** True while a request runs. */
export function isRfqOpen({ store }: AgentContext, id: Hex): boolean {
  return findRfq(store, id).body.outcome === undefined;
}

/** Seconds until the gathering or the life of one of them is over. */
export function untilDue({ store, clock }: AgentContext, ids: readonly Hex[]): number {
  const now = clock.now();
  const times = ids.flatMap((id) => {
    const { collectUntil, endsAt } = findRfq(store, id).body;
    return [collectUntil, endsAt].filter((at) => at > now);
  });
  return Math.max(1, Math.min(...times, now + LONGEST_WAIT_S) - now);
}

/** What advancing requests came to. `pollS` says when to look again, whatever the peers do. */
export interface RfqRound {
  readonly didMove: boolean;
  readonly problems: readonly JobProblem[];
  /** The requests that wait for the owner's yes and for nothing else. */
  readonly stuck: ReadonlySet<Hex>;
  readonly pollS: number;
}

/** Does what is due for these requests. What one negotiation meets is told in `problems` and stops no other. */
export async function advanceRfqs(context: AgentContext, ids: readonly Hex[]): Promise<RfqRound> {
  let didMove = false;
  let pollS = Infinity;
  const problems: JobProblem[] = [];
  const stuck = new Set<Hex>();
  for (const id of ids) {
    const notes: Notes = { problems: new Map(), bidAt: Infinity, isStuck: false };
    let round = 0;
    for (; round < MAX_ROUNDS && (await advanceOne(context, id, notes)); round += 1) didMove = true;
    problems.push(...notes.problems.values());
    if (notes.isStuck) stuck.add(id);
    if (round === MAX_ROUNDS) pollS = AT_ONCE_S;
    if (notes.problems.size > 0) pollS = Math.min(pollS, AFTER_NO_S);
    pollS = Math.min(pollS, Math.max(AT_ONCE_S, notes.bidAt - context.clock.now()));
  }
  return { didMove, problems, stuck, pollS };
}

/** What is found on the way: what keeps negotiations from going on, and when the next bid goes out whoever has answered. */
interface Notes {
  readonly problems: Map<Hex, JobProblem>;
  bidAt: number;
  /** Nothing is left to do but what the owner is asked. */
  isStuck: boolean;
}

/** One thing that is due. Returns whether something was done. */
async function advanceOne(context: AgentContext, id: Hex, notes: Notes): Promise<boolean> {
  const rfq = findRfq(context.store, id);
  if (rfq.body.outcome !== undefined) return false;
  const states = readStates(context.store, rfq.body);
  const now = context.clock.now();
  notes.isStuck = false;
  const chosen = states.find((state) => findDeal(state) !== undefined);
  if (chosen !== undefined) return conclude(context, rfq, states, 'agreed');
  // Whatever is out has the budget until it is decided.
  if (states.some(hasSignature)) return false;
  await reviewConfirms(context, states, notes);
  if (now > rfq.body.endsAt || states.every(({ ended }) => ended !== undefined)) return conclude(context, rfq, states, 'no-deal');
  if (await answerOne(context, rfq.body, states)) return true;
  const fit = listFit(context, rfq.body, states);
  // Once the gathering is over there is no more bargaining, if there is something to sign.
  const isGathering = now < rfq.body.collectUntil || fit.length === 0;
  const { kind, stances, bidAt } = isGathering ? await haggleAll(context, rfq, states, notes.problems) : STILL;
  notes.bidAt = bidAt;
  if (kind === 'moved') return true;
  if (fit.length === 0 && isHopeless(stances)) return conclude(context, rfq, states, 'no-deal');
  const live = states.filter(({ ended }) => ended === undefined);
  const asks = ({ nid }: Negotiation): boolean => [notes.problems.get(nid)].some((each) => each !== undefined && isForOwner(each));
  notes.isStuck ||= live.some(asks) && live.every((state) => asks(state) || stances.get(state.nid) === 'out');
  return signBest(context, { body: rfq.body, states, stances, fit }, notes);
}

/** Tells of second signatures that wait for the owner's yes, or their time. */
async function reviewConfirms(context: AgentContext, states: readonly Negotiation[], notes: Notes): Promise<void> {
  for (const { nid } of states) {
    const problem = await findConfirmProblem(context, nid);
    if (problem !== undefined) notes.problems.set(nid, problem);
  }
}

/** Answers a question that is open, with the words the owner has given for it. */
async function answerOne(context: AgentContext, { answer }: RfqBody, states: readonly Negotiation[]): Promise<boolean> {
  const asking = answer === undefined ? undefined : states.find((state) => state.ended === undefined && isAsked(context, state));
  if (asking === undefined || answer === undefined) return false;
  try {
    await send(context, { nid: asking.nid, text: answer });
    return true;
  } catch (error) {
    // The others go on without this answer.
    if (isMandateError(error)) return false;
    throw error;
  }
}

/** True when the last word in it is a question of the peer. */
function isAsked({ store }: AgentContext, state: Negotiation): boolean {
  const { isOurTurn, lastType } = readProgression(store, state);
  return isOurTurn && lastType === 'ask';
}

type Fit = Extract<Judged<OfferRef>, { readonly kind: 'fit' }>;

function listFit({ store, clock }: AgentContext, body: RfqBody, states: readonly Negotiation[]): readonly Fit[] {
  const live = states.filter(({ ended }) => ended === undefined);
  return rankOffers(store, body, live, clock.now()).filter((each) => each.kind === 'fit');
}

/** What there is to choose from, best first, and where each negotiation stands. */
interface Offered {
  readonly body: RfqBody;
  readonly states: readonly Negotiation[];
  readonly stances: Stances;
  readonly fit: readonly Fit[];
}

/**
 * Signs the best offer once the gathering is over, or nobody has more to say that could be better. One that came to nothing before gives way to those that have
 * not been tried.
 */
async function signBest(context: AgentContext, { body, states, stances, fit }: Offered, notes: Notes): Promise<boolean> {
  const live = states.filter(({ ended }) => ended === undefined);
  const [best] = fit;
  const isSettled = (state: Negotiation): boolean => {
    const { nid } = state;
    const stance = stances.get(nid);
    if (stance === undefined) return fit.some(({ of }) => of.nid === nid);
    return stance !== 'waits' || (best !== undefined && best.of.nid !== nid && isOutbid(context.store, body, state, best.utility));
  };
  if (context.clock.now() < body.collectUntil && !live.every(isSettled)) return false;
  const tries = ({ nid }: OfferRef): number => states.find((state) => state.nid === nid)?.commitments.length ?? 0;
  const ordered = fit.filter(({ of }) => tries(of) < MAX_TRIES).toSorted((a, b) => tries(a.of) - tries(b.of));
  for (const { of, priceMsat } of ordered) {
    const outcome = await sign(context, of, priceMsat, notes.problems);
    // What the owner's mandate refuses gives way to the next best; what it asks about waits for the answer.
    if (outcome === 'asked') notes.isStuck = true;
    if (outcome !== 'denied') return outcome === 'signed';
  }
  return false;
}

type Signing = 'signed' | 'gone' | 'denied' | 'asked';

const NOT_SIGNED: ReadonlyMap<ErrorCode, Signing> = new Map([
  // It has gone meanwhile; the next look finds another one, or none.
  ['negotiation/refused', 'gone'],
  ['mandate/denied', 'denied'],
  ['mandate/approval-needed', 'asked'],
]);

async function sign(context: AgentContext, of: OfferRef, priceMsat: bigint, problems: Map<Hex, JobProblem>): Promise<Signing> {
  try {
    await accept(context, { ...of, priceMsat });
    return 'signed';
  } catch (error) {
    const outcome = isNegotiateError(error) ? NOT_SIGNED.get(error.code) : undefined;
    if (!isNegotiateError(error) || outcome === undefined) throw error;
    if (outcome !== 'gone') problems.set(of.nid, describeProblem(context, of.nid, error));
    return outcome;
  }
}

/** Tells everybody who is still waiting a neutral no; with the last of them the request is over. */
async function conclude(context: AgentContext, rfq: Rfq, states: readonly Negotiation[], outcome: 'agreed' | 'no-deal'): Promise<boolean> {
  for (const state of states) {
    if (state.ended !== undefined || hasSignature(state)) continue;
    await reject(context, { nid: state.nid, keepTalking: false, code: 'not-selected' });
  }
  context.store.save([saveRfq(rfq.record, { ...rfq.body, outcome })]);
  return true;
}
