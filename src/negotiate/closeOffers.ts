// Takes offers off the table.

import type { Hex } from '../core/bytes.ts';
import { markOffers, type Negotiation, type Offer } from './negotiation.ts';

/** Marks the open offer with this id as replaced, withdrawn or rejected; it is one of `by`, and plain unless rejected. */
export function closeOffer(state: Negotiation, by: Hex, id: Hex, status: 'withdrawn' | 'rejected'): Negotiation {
  const isIt = (offer: Offer): boolean => offer.id === id && offer.by === by && (status === 'rejected' || offer.presigned === undefined);
  return mark(state, isIt, status);
}

/** Marks the plain offers of one side as replaced: a new offer has come. */
export function supersedeOffers(state: Negotiation, by: Hex): Negotiation {
  return mark(state, (offer) => offer.by === by && offer.presigned === undefined, 'superseded');
}

function mark(state: Negotiation, isMeant: (offer: Offer) => boolean, status: Offer['status']): Negotiation {
  const ids = state.offers.filter((offer) => offer.status === 'open' && isMeant(offer)).map(({ id }) => id);
  return markOffers(state, ids, status);
}
