// Applies a move after the deal to the negotiation that holds the deal.

import type { Role } from './agreement.ts';
import { findHeld, findOffer, readParties, type Negotiation } from './negotiation.ts';
import { beginSettlement, settle, type DealFacts, type Settlement, type SettlementMove, type SettlementProblem } from './settlement.ts';

/** The held deal of an agreed negotiation: its facts and what has happened since; undefined before both hold it. */
export function readDeal(state: Negotiation): (DealFacts & { readonly settlement: Settlement }) | undefined {
  const held = findHeld(state);
  const offer = held?.state === 'agreed' ? findOffer(state, held.offer) : undefined;
  if (held === undefined || offer === undefined) return undefined;
  const settlement = (state.settlements ?? []).find(({ agreement }) => agreement === held.agreement);
  return { terms: offer.terms, parties: readParties(state), settlement: settlement ?? beginSettlement(held.agreement) };
}

/** The negotiation after a move by `by`, or why it changes nothing. */
export function settleHeld(state: Negotiation, move: SettlementMove, by: Role): Negotiation | SettlementProblem {
  const deal = readDeal(state);
  if (deal === undefined || deal.settlement.agreement !== move.agreement) return 'too-early';
  const next = settle(deal.settlement, move, by, deal);
  if (typeof next === 'string') return next;
  const others = (state.settlements ?? []).filter(({ agreement }) => agreement !== next.agreement);
  return next === deal.settlement ? state : { ...state, settlements: [...others, next] };
}
