// Makes the bundle of a commitment from what one side holds.

import type { Bundle } from './bundle.ts';
import { agreementFor } from './commitment.ts';
import { findOffer, type Commitment, type Negotiation } from './negotiation.ts';

/** The bundle of a commitment: both sides of a closed deal make the same one. Undefined when the offer is not in the state. */
export function exportBundle(state: Negotiation, commitment: Commitment): Bundle | undefined {
  const offer = findOffer(state, commitment.offer);
  if (offer === undefined) return undefined;
  const { first, second, confirmBy, reveals } = commitment;
  return {
    v: 1,
    type: 'agent-negotiate/bundle',
    agreement: agreementFor(state, offer, confirmBy),
    terms: { kind: 'full', terms: offer.terms, seed: offer.seed },
    first,
    ...(second === undefined ? {} : { second }),
    reveals,
  };
}
