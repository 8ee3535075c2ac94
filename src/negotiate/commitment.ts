// What is signed for an offer, and whether a signature is the one that was due (PROTOCOL "Who is bound when").

import type { Hex } from '../core/bytes.ts';
import { hashAgreement, makeAgreement, type Agreement } from './agreement.ts';
import { MAX_SKEW_S, MAX_WINDOW_S, readParties, type Negotiation, type Offer, type PendingAccept } from './negotiation.ts';
import { readClaim, type FirstClaim, type SecondClaim, type SignedEvent } from './signature.ts';
import { computeTermsRoot } from './termsRoot.ts';

/** The agreement that accepting an offer within `confirmBy` (unix seconds) makes. */
export function agreementFor(state: Negotiation, offer: Offer, confirmBy: number): Agreement {
  const termsRoot = computeTermsRoot(offer.terms, offer.seed);
  return makeAgreement({ nid: state.nid, offer: offer.id, alternative: 0, ...readParties(state), offeror: offer.by, termsRoot, confirmBy });
}

/** The latest `confirm_by` for an accept of this offer at `now`. */
export function latestConfirmBy(offer: Offer, now: number): number {
  return Math.min(offer.expiresAt, now + MAX_WINDOW_S);
}

/** A first signature that is due, or the code of the `error` it deserves. */
export type FirstCheck =
  { readonly kind: 'ok'; readonly claim: FirstClaim } | { readonly kind: 'refused'; readonly code: 'invalid' | 'window' };

/** Checks an acceptor's first signature on a plain offer. */
export function checkFirst(state: Negotiation, offer: Offer, agreement: Hex, event: SignedEvent, signer: Hex, now: number): FirstCheck {
  const claim = readClaim(event);
  if (claim?.order !== 'first' || claim.role !== 'acceptor' || event.pubkey !== signer) return { kind: 'refused', code: 'invalid' };
  if (claim.agreement !== agreement || hashAgreement(agreementFor(state, offer, claim.confirmBy)) !== agreement)
    return { kind: 'refused', code: 'invalid' };
  const inTime = now <= claim.confirmBy && claim.confirmBy <= latestConfirmBy(offer, now) && event.created_at <= now + MAX_SKEW_S;
  return inTime ? { kind: 'ok', claim } : { kind: 'refused', code: 'window' };
}

/** Reads an offeror's second signature that answers a first one; undefined when it is not that. */
export function checkSecond(
  accept: Omit<PendingAccept, 'id' | 'offer'>,
  agreement: Hex,
  event: SignedEvent,
  signer: Hex,
): SecondClaim | undefined {
  const claim = readClaim(event);
  if (claim?.order !== 'second' || claim.role !== 'offeror' || event.pubkey !== signer) return undefined;
  const answers = claim.first === accept.first.id && claim.agreement === accept.agreement && agreement === accept.agreement;
  return answers && event.created_at <= accept.confirmBy ? claim : undefined;
}
