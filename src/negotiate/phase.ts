// Where a negotiation stands, for people and programs (PROTOCOL "Phases").

import { isFrozen, type EndReason, type Negotiation } from './negotiation.ts';
import { findDeal, findUndecided, readOfferStatus } from './slot.ts';

/** Where a negotiation stands. */
export type Phase = 'open' | 'offered' | 'accepting' | 'sealing' | 'agreed' | 'frozen' | EndReason;

/** The phase; it stays `agreed` while an amendment or a call-off of the deal is under way. */
export function readPhase(state: Negotiation): Phase {
  if (findDeal(state) !== undefined) return 'agreed';
  if (isFrozen(state)) return 'frozen';
  if (state.ended !== undefined) return state.ended;
  const held = findUndecided(state);
  if (held !== undefined) return held.side === 'first' ? 'accepting' : 'sealing';
  return state.offers.some((offer) => readOfferStatus(state, offer) === 'open') ? 'offered' : 'open';
}
