// The agreements of a negotiation as their owner sees them, each with its terms as lines for people.

import type { Hex } from '../core/bytes.ts';
import { agreementFor } from '../negotiate/commitment.ts';
import { findOffer, readParties, type Commitment, type Negotiation } from '../negotiate/negotiation.ts';
import { formatPrice } from '../negotiate/priceWords.ts';
import { renderTerms } from '../negotiate/renderTerms.ts';
import { isPresigned, termsOf } from '../negotiate/slot.ts';
import type { Terms } from '../negotiate/terms.ts';
import { encodeNpub } from '../nostr/npub.ts';

/** A deal, or a deal in the making. */
export interface AgreementView {
  /** Hash of the agreement, the same on both sides. */
  readonly hash: Hex;
  readonly kind: 'deal' | 'amendment' | 'call-off';
  /** `agreed`: both hold it, act on it. `replaced`: a later change of it counts. `closed`: we closed it, the peer has not acknowledged yet. Otherwise a signature is out. */
  readonly state: 'accepting' | 'sealing' | 'closed' | 'agreed' | 'replaced';
  readonly offer: Hex;
  readonly price: string;
  readonly terms: Terms;
  readonly lines: readonly string[];
  readonly buyer: string;
  readonly provider: string;
  /** Unix seconds by which the job must have been started. */
  readonly startBy: number;
}

/** Every agreement that holds or is in the making, in the order in which we signed; an offer of ours that nobody has accepted is none. */
export function listAgreements(state: Negotiation): readonly AgreementView[] {
  return state.commitments.flatMap((each) => viewAgreement(state, each) ?? []);
}

/** The terms that a commitment is about. */
export function termsOfCommitment(state: Negotiation, { offer: id, alternative }: Commitment): Terms | undefined {
  const offer = findOffer(state, id);
  return offer === undefined ? undefined : termsOf(offer, alternative);
}

/** Terms with their price and their lines, made from the very values that are hashed. */
export function viewTerms(terms: Terms): { readonly price: string; readonly terms: Terms; readonly lines: readonly string[] } {
  return { price: formatPrice(terms.price), terms, lines: renderTerms(terms) };
}

function viewAgreement(state: Negotiation, commitment: Commitment): AgreementView | undefined {
  const offer = findOffer(state, commitment.offer);
  const terms = termsOfCommitment(state, commitment);
  const shown = showState(commitment);
  if (offer === undefined || terms === undefined || shown === undefined) return undefined;
  const agreement = agreementFor(state, offer, commitment.alternative, commitment.confirmBy);
  const { buyer, provider } = readParties(state);
  return {
    hash: commitment.agreement,
    kind: offer.amends !== undefined ? 'amendment' : offer.under !== undefined ? 'call-off' : 'deal',
    state: shown === 'agreed' && isReplaced(state, commitment) ? 'replaced' : shown,
    offer: offer.id,
    ...viewTerms(terms),
    buyer: encodeNpub(buyer),
    provider: encodeNpub(provider),
    startBy: agreement?.start_by ?? 0,
  };
}

function isReplaced(state: Negotiation, { agreement }: Commitment): boolean {
  return state.commitments.some((each) => each.state === 'agreed' && findOffer(state, each.offer)?.amends === agreement);
}

function showState(commitment: Commitment): AgreementView['state'] | undefined {
  switch (commitment.state) {
    case 'undecided':
      return isPresigned(commitment) ? undefined : 'accepting';
    case 'sealing':
    case 'closed':
    case 'agreed':
      return commitment.state;
    case 'cancelled':
    case 'late':
    case 'given-up':
      return undefined;
    default:
      return commitment satisfies never;
  }
}
