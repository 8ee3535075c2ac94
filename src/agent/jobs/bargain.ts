// Haggles for the owner, within the owner's limits: looks at the moves so far, decides, and makes the move.

import type { Hex } from '../../core/bytes.ts';
import { isNegotiateError } from '../../core/errors.ts';
import type { Msat } from '../../core/money.ts';
import { areSameButPrice, buildProviderTerms, findObjection, type ProviderSells } from '../../decide/fitTerms.ts';
import { decideAsBuyer, decideAsProvider, type Decision, type SeenMove } from '../../decide/haggle.ts';
import { decodeMove, type MoveRumor } from '../../negotiate/move.ts';
import type { Negotiation, Offer } from '../../negotiate/negotiation.ts';
import { findHeld } from '../../negotiate/slot.ts';
import { makeFixedPrice, readFixedAmount } from '../../negotiate/price.ts';
import type { Terms } from '../../negotiate/terms.ts';
import { accept } from '../accept.ts';
import type { AgentContext } from '../context.ts';
import { offer } from '../offer.ts';
import { reject } from '../reject.ts';
import { send } from '../send.ts';
import { decideByTactics, listIssues } from './decideByTactics.ts';
import type { Job } from './job.ts';
import type { Plan } from './plan.ts';

const OFFER_LIFE_S = 3_600;
const NOTICES = new Set(['receipt', 'error']);

/** Makes the next move, if it is ours to make. Returns whether one was made; a move that the rules refuse by now is left. */
export async function bargain(context: AgentContext, state: Negotiation, job: Job, plan: Plan): Promise<boolean> {
  return isFree(state) && actIfAllowed(context, state, plan, decide(context, state, job, plan));
}

/** Where one of several negotiations stands. `content`: it would take what is offered. `out`: it would end, as things are. */
export type Stance = 'moved' | 'waits' | 'content' | 'out';

/** Makes the next move like {@link bargain}, but neither accepts nor ends: which of several to take is not decided in one of them. */
export async function bargainOpenly(context: AgentContext, state: Negotiation, job: Job, plan: Plan): Promise<Stance> {
  if (!isFree(state)) return 'waits';
  const decision = decide(context, state, job, plan);
  if (decision.kind === 'accept') return 'content';
  if (decision.kind === 'reject') return 'out';
  return (await actIfAllowed(context, state, plan, decision)) ? 'moved' : 'waits';
}

/** True while nothing is signed in it, and nothing waits for our signature. */
function isFree(state: Negotiation): boolean {
  return state.ended === undefined && findHeld(state) === undefined && state.pending === undefined;
}

async function actIfAllowed(context: AgentContext, state: Negotiation, plan: Plan, decision: Decision): Promise<boolean> {
  try {
    return await act(context, state, plan, decision);
  } catch (error) {
    if (isNegotiateError(error) && error.code === 'negotiation/refused') return false;
    throw error;
  }
}

function decide(context: AgentContext, state: Negotiation, job: Job, plan: Plan): Decision {
  const moves = listSeenMoves(context, state, plan);
  if (plan.tactics !== undefined) return decideByTactics(context, moves, job, { ...plan, tactics: plan.tactics });
  return plan.role === 'buyer' ? decideAsBuyer(moves, plan.limits) : decideAsProvider(moves, plan.limits);
}

async function act(context: AgentContext, state: Negotiation, plan: Plan, decision: Decision): Promise<boolean> {
  const { nid } = state;
  const theirs = state.offers.findLast(({ by, status }) => by === state.peer && status === 'open');
  if (plan.role === 'buyer' && theirs !== undefined && decision.kind !== 'wait') {
    // A time that is bargained for is no reason to end.
    const wants = bargainsForTime(context, plan) ? { ...plan.wants, withinS: undefined } : plan.wants;
    const objection = findObjection(theirs.terms, wants);
    if (objection !== undefined)
      return done(reject(context, { nid, offer: theirs.id, keepTalking: false, code: 'terms', text: objection }));
  }
  switch (decision.kind) {
    case 'wait':
      return false;
    case 'ask':
    case 'answer':
      return done(send(context, { nid, text: plan.role === 'buyer' ? plan.answer : plan.question }));
    case 'offer': {
      const terms = buildTerms(state, plan, theirs, decision);
      return terms === undefined ? false : done(offer(context, { nid, terms, lifeS: OFFER_LIFE_S }));
    }
    case 'accept':
      return theirs === undefined ? false : take(context, nid, theirs);
    case 'reject':
      return done(reject(context, { nid, keepTalking: false, code: decision.reason }));
    default:
      return decision satisfies never;
  }
}

/** Accepts an offer; one whose time is over is offered back as it was, one whose price is no fixed amount is left. */
async function take(context: AgentContext, nid: Hex, { id, terms, expiresAt }: Offer): Promise<boolean> {
  const priceMsat = readFixedAmount(terms.price);
  if (priceMsat === undefined) return false;
  const isOver = context.clock.now() > expiresAt;
  return done(isOver ? offer(context, { nid, terms, lifeS: OFFER_LIFE_S }) : accept(context, { nid, offer: id, priceMsat }));
}

type Bid = Extract<Decision, { kind: 'offer' }>;

/** A provider offers its own terms; a buyer counters the provider's with another price. */
function buildTerms(state: Negotiation, plan: Plan, theirs: Offer | undefined, next: Bid): Terms | undefined {
  const { priceMsat, withinS } = next;
  if (plan.role === 'provider') return offeredTerms(state, withinS === undefined ? plan.sells : { ...plan.sells, withinS }, priceMsat);
  if (theirs === undefined) return undefined;
  const delivery = withinS === undefined ? {} : { delivery: { ...theirs.terms.delivery, within_s: withinS } };
  return { ...theirs.terms, ...delivery, price: makeFixedPrice(priceMsat) };
}

function offeredTerms(state: Negotiation, sells: ProviderSells, priceMsat: Msat): Terms {
  return buildProviderTerms(state.open.terms, state.open.requirements.slice(0, 4_000), sells, priceMsat);
}

/** The moves so far as decisions are made from them, oldest first. */
export function listSeenMoves(context: AgentContext, state: Negotiation, plan: Plan): readonly SeenMove[] {
  const { store } = context;
  const isTimed = bargainsForTime(context, plan);
  const values = new Map(
    state.offers.map((each) => [each.id, { ...timeOf(isTimed, each), priceMsat: priceOf(state, plan, isTimed, each) }]),
  );
  return store.listMoves(state.nid).flatMap(({ id, author, rumor }): SeenMove[] => {
    const decoded = decodeMove(JSON.parse(rumor) as MoveRumor);
    if (decoded.kind !== 'move' || NOTICES.has(decoded.body.type)) return [];
    return [{ by: author === state.me ? 'me' : 'peer', type: decoded.body.type, ...values.get(id) }];
  });
}

// A bid on other terms than the provider's own, or on a price that is no fixed amount, is worth nothing to it: it is answered with
// the provider's terms. A buyer says what it objects to before it looks at the amount.
function priceOf(state: Negotiation, plan: Plan, isTimed: boolean, { by, terms }: Offer): Msat {
  const isFit = plan.role === 'buyer' || by === state.me || isOnOwnTerms(state, plan.sells, isTimed, terms);
  return isFit ? (readFixedAmount(terms.price) ?? 0n) : 0n;
}

function isOnOwnTerms(state: Negotiation, sells: ProviderSells, isTimed: boolean, terms: Terms): boolean {
  const withinS = isTimed ? terms.delivery?.within_s : sells.withinS;
  return areSameButPrice(terms, offeredTerms(state, { ...sells, withinS }, 0n));
}

function timeOf(isTimed: boolean, { terms: { delivery } }: Offer): Pick<SeenMove, 'withinS'> {
  return isTimed && delivery?.within_s !== undefined ? { withinS: delivery.within_s } : {};
}

function bargainsForTime(context: AgentContext, plan: Plan): boolean {
  return plan.tactics !== undefined && listIssues(context, plan).some(({ term }) => term === '/delivery/within_s');
}

async function done(move: Promise<unknown>): Promise<boolean> {
  await move;
  return true;
}
