// Haggles for the owner, within the owner's limits: looks at the moves so far, decides, and makes the move.

import type { Hex } from '../../core/bytes.ts';
import { isNegotiateError } from '../../core/errors.ts';
import type { Msat } from '../../core/money.ts';
import { areSameButPrice, buildProviderTerms, findObjection, type BuyerWants, type ProviderSells } from '../../decide/fitTerms.ts';
import {
  decideAsBuyer,
  decideAsProvider,
  type BuyerLimits,
  type Decision,
  type ProviderLimits,
  type SeenMove,
} from '../../decide/haggle.ts';
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

/** How a side bargains: within which limits, for what, and what it says when it is its turn to speak. */
export type Plan =
  | { readonly role: 'buyer'; readonly wants: BuyerWants; readonly limits: BuyerLimits; readonly answer: string }
  | { readonly role: 'provider'; readonly sells: ProviderSells; readonly limits: ProviderLimits; readonly question: string };

const OFFER_LIFE_S = 3_600;
const NOTICES = new Set(['receipt', 'error']);

/** Makes the next move, if it is ours to make. Returns whether one was made; a move that the rules refuse by now is left. */
export async function bargain(context: AgentContext, state: Negotiation, plan: Plan): Promise<boolean> {
  if (state.ended !== undefined || findHeld(state) !== undefined || state.pending !== undefined) return false;
  const moves = listMoves(context, state, plan);
  const decision = plan.role === 'buyer' ? decideAsBuyer(moves, plan.limits) : decideAsProvider(moves, plan.limits);
  try {
    return await act(context, state, plan, decision);
  } catch (error) {
    if (isNegotiateError(error) && error.code === 'negotiation/refused') return false;
    throw error;
  }
}

async function act(context: AgentContext, state: Negotiation, plan: Plan, decision: Decision): Promise<boolean> {
  const { nid } = state;
  const theirs = state.offers.findLast(({ by, status }) => by === state.peer && status === 'open');
  if (plan.role === 'buyer' && theirs !== undefined && decision.kind !== 'wait') {
    const objection = findObjection(theirs.terms, plan.wants);
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
      const terms = buildTerms(state, plan, theirs, decision.priceMsat);
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

/** A provider offers its own terms; a buyer counters the provider's with another price. */
function buildTerms(state: Negotiation, plan: Plan, theirs: Offer | undefined, priceMsat: Msat): Terms | undefined {
  if (plan.role === 'provider') return offeredTerms(state, plan.sells, priceMsat);
  return theirs === undefined ? undefined : { ...theirs.terms, price: makeFixedPrice(priceMsat) };
}

function offeredTerms(state: Negotiation, sells: ProviderSells, priceMsat: Msat): Terms {
  return buildProviderTerms(state.open.terms, state.open.requirements.slice(0, 4_000), sells, priceMsat);
}

function listMoves({ store }: AgentContext, state: Negotiation, plan: Plan): readonly SeenMove[] {
  const prices = new Map<Hex, Msat>(state.offers.map((each) => [each.id, priceOf(state, plan, each)]));
  return store.listMoves(state.nid).flatMap(({ id, author, rumor }): SeenMove[] => {
    const decoded = decodeMove(JSON.parse(rumor) as MoveRumor);
    if (decoded.kind !== 'move' || NOTICES.has(decoded.body.type)) return [];
    const priceMsat = prices.get(id);
    return [{ by: author === state.me ? 'me' : 'peer', type: decoded.body.type, ...(priceMsat === undefined ? {} : { priceMsat }) }];
  });
}

// A bid on other terms than the provider's own, or on a price that is no fixed amount, is worth nothing to it: it is answered with
// the provider's terms. A buyer says what it objects to before it looks at the amount.
function priceOf(state: Negotiation, plan: Plan, { by, terms }: Offer): Msat {
  const isFit = plan.role === 'buyer' || by === state.me || areSameButPrice(terms, offeredTerms(state, plan.sells, 0n));
  return isFit ? (readFixedAmount(terms.price) ?? 0n) : 0n;
}

async function done(move: Promise<unknown>): Promise<boolean> {
  await move;
  return true;
}
