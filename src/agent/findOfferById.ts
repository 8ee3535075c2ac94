// Which offer a person means: by the first digits of its id.

import { NegotiateError } from '../core/errors.ts';
import type { Negotiation, Offer } from '../negotiate/negotiation.ts';

/** Finds an offer of a negotiation. Throws `input/not-found`, or `input/ambiguous` when several fit. */
export function findOfferById(state: Negotiation, text: string): Offer {
  const found = text.length < 4 ? [] : state.offers.filter(({ id }) => id.startsWith(text));
  const [only] = found;
  if (only === undefined) throw new NegotiateError('input/not-found', 'There is no such offer here. See: agent-negotiate status');
  if (found.length > 1) throw new NegotiateError('input/ambiguous', 'Several offers fit. Give more digits of the id.');
  return only;
}
