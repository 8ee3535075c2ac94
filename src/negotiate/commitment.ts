// What is signed for an offer, and whether a signature is the one that was due (PROTOCOL "Who is bound when").

import type { Hex } from '../core/bytes.ts';
import { isUnixSeconds } from '../core/unixSeconds.ts';
import { hashAgreement, makeAgreement, START_BY_S, type Agreement } from './agreement.ts';
import { isLockUsed, locksOf } from './locks.ts';
import { MAX_SKEW_S, MAX_WINDOW_S, readParties, type Commitment, type Negotiation, type Offer } from './negotiation.ts';
import { readClaim, type FirstClaim, type SecondClaim, type SignedEvent, type SignerRole } from './signature.ts';
import { termsOf } from './slot.ts';
import { computeTermsRoot, deriveAlternativeSeed } from './termsRoot.ts';

/** The agreement that accepting an offer, or one of its alternatives, within `confirmBy` (unix seconds) makes. Undefined when it has no such alternative. */
export function agreementFor(state: Negotiation, offer: Offer, alternative: number, confirmBy: number): Agreement | undefined {
  const terms = termsOf(offer, alternative);
  if (terms === undefined) return undefined;
  const { id, ref, by, seed, amends, under } = offer;
  return makeAgreement({
    nid: state.nid,
    offer: ref ?? id,
    alternative,
    ...readParties(state),
    offeror: by,
    termsRoot: computeTermsRoot(terms, deriveAlternativeSeed(seed, alternative)),
    confirmBy,
    ...(amends === undefined ? {} : { supersedes: amends }),
    ...(under === undefined ? {} : { under }),
  });
}

/** The latest `confirm_by` for an accept of this plain offer at `now`. */
export function latestConfirmBy(offer: Offer, now: number): number {
  return Math.min(offer.expiresAt, now + MAX_WINDOW_S);
}

/** A first signature that is due, or the code of the `error` it deserves. */
export type FirstCheck =
  { readonly kind: 'ok'; readonly claim: FirstClaim } | { readonly kind: 'refused'; readonly code: 'invalid' | 'window' };

/** What a first signature is about. */
export interface Signing {
  readonly offer: Offer;
  readonly alternative: number;
  readonly agreement: Hex;
  readonly event: SignedEvent;
  readonly signer: Hex;
}

/** Checks an acceptor's first signature on a plain offer. */
export function checkFirst(state: Negotiation, signing: Signing, now: number): FirstCheck {
  const claim = readFirst(state, signing, 'acceptor');
  if (claim === undefined) return { kind: 'refused', code: 'invalid' };
  const inTime = now <= claim.confirmBy && claim.confirmBy <= latestConfirmBy(signing.offer, now) && isDatedWell(signing.event, now);
  return inTime ? { kind: 'ok', claim } : { kind: 'refused', code: 'window' };
}

/** Checks the signature that came with a presigned offer. Its window ends with the offer. */
export function checkPresigned(state: Negotiation, offer: Offer, event: SignedEvent, now: number): FirstCheck {
  const agreement = readClaim(event)?.agreement ?? '';
  const claim = readFirst(state, { offer, alternative: 0, agreement, event, signer: offer.by }, 'offeror');
  if (claim === undefined || claim.confirmBy !== offer.expiresAt || offer.alternatives !== undefined)
    return { kind: 'refused', code: 'invalid' };
  return isDatedWell(event, now) ? { kind: 'ok', claim } : { kind: 'refused', code: 'window' };
}

function readFirst(
  state: Negotiation,
  { offer, alternative, agreement, event, signer }: Signing,
  role: SignerRole,
): FirstClaim | undefined {
  const claim = readClaim(event);
  if (claim?.order !== 'first' || claim.role !== role || event.pubkey !== signer || claim.agreement !== agreement) return undefined;
  // A start-by beyond all time would make an agreement that no bundle may hold.
  if (!isUnixSeconds(claim.confirmBy + START_BY_S) || isLockUsed(state, locksOf(event))) return undefined;
  const due = agreementFor(state, offer, alternative, claim.confirmBy);
  return due !== undefined && hashAgreement(due) === agreement ? claim : undefined;
}

function isDatedWell(event: SignedEvent, now: number): boolean {
  return event.created_at <= now + MAX_SKEW_S;
}

/** Reads the second signature that answers a first one, by `signer` in `role`; undefined when it is not that. */
export function checkSecond(
  { first, agreement, confirmBy }: Pick<Commitment, 'first' | 'agreement' | 'confirmBy'>,
  { role, signer, event, named }: { readonly role: SignerRole; readonly signer: Hex; readonly event: SignedEvent; readonly named: Hex },
): SecondClaim | undefined {
  const claim = readClaim(event);
  if (claim?.order !== 'second' || claim.role !== role || event.pubkey !== signer) return undefined;
  const answers = claim.first === first.id && claim.agreement === agreement && named === agreement;
  return answers && event.created_at <= confirmBy ? claim : undefined;
}
