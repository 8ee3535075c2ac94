// Makes the bundle of a commitment from what one side holds.

import type { Bundle } from './bundle.ts';
import { agreementFor } from './commitment.ts';
import { findOffer, type Commitment, type Negotiation } from './negotiation.ts';
import { termsOf } from './slot.ts';
import { deriveAlternativeSeed } from './termsRoot.ts';

/** The bundle of a commitment: both sides of a closed deal make the same one. Undefined when the offer is not in the state. */
export function exportBundle(state: Negotiation, commitment: Commitment): Bundle | undefined {
  const { first, second, confirmBy, reveals, alternative } = commitment;
  const offer = findOffer(state, commitment.offer);
  const terms = offer === undefined ? undefined : termsOf(offer, alternative);
  const agreement = offer === undefined ? undefined : agreementFor(state, offer, alternative, confirmBy);
  if (offer === undefined || terms === undefined || agreement === undefined) return undefined;
  return {
    v: 1,
    type: 'agent-negotiate/bundle',
    agreement,
    terms: { kind: 'full', terms, seed: deriveAlternativeSeed(offer.seed, alternative) },
    first,
    ...(second === undefined ? {} : { second }),
    reveals,
  };
}
