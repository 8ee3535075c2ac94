// Applies a move after a deal to the negotiation that holds the deal.

import type { Hex } from '../core/bytes.ts';
import type { Role } from './agreement.ts';
import { findOffer, readParties, type Commitment, type Negotiation } from './negotiation.ts';
import { beginSettlement, settle, type DealFacts, type Settlement, type SettlementMove, type SettlementProblem } from './settlement.ts';
import { findCommitment, findDeal, termsOf } from './slot.ts';

/** A deal that both hold: its facts and what has happened since. */
export type Deal = DealFacts & { readonly settlement: Settlement };

/** The deal to act on, or the one of this agreement; undefined before both hold it. An amended deal is found by its hash only. */
export function readDeal(state: Negotiation, agreement?: Hex): Deal | undefined {
  const held = agreement === undefined ? findDeal(state) : findCommitment(state, agreement);
  return held === undefined || held.state !== 'agreed' ? undefined : describeDeal(state, held);
}

function describeDeal(state: Negotiation, { offer: id, alternative, agreement }: Commitment): Deal | undefined {
  const offer = findOffer(state, id);
  const terms = offer === undefined ? undefined : termsOf(offer, alternative);
  if (terms === undefined) return undefined;
  const settlement = (state.settlements ?? []).find((each) => each.agreement === agreement);
  return { terms, parties: readParties(state), settlement: settlement ?? beginSettlement(agreement) };
}

/** The negotiation after a move by `by`, or why it changes nothing. */
export function settleHeld(state: Negotiation, move: SettlementMove, by: Role): Negotiation | SettlementProblem {
  const deal = readDeal(state, move.agreement);
  if (deal === undefined) return 'too-early';
  const next = settle(deal.settlement, move, by, deal);
  if (typeof next === 'string') return next;
  const others = (state.settlements ?? []).filter(({ agreement }) => agreement !== next.agreement);
  return next === deal.settlement ? state : { ...state, settlements: [...others, next] };
}
