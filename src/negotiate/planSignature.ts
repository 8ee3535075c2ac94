// What a side has to sign for a move of its own, and the two lock values that go with it (PROTOCOL "The agreement").

import type { Hex } from '../core/bytes.ts';
import { hashAgreement } from './agreement.ts';
import { agreementFor, latestConfirmBy } from './commitment.ts';
import type { FirstSecrets, SecondSecrets } from './draft.ts';
import { draftOffer } from './issueOffer.ts';
import type { BodyOf } from './moveBody.ts';
import type { Negotiation, Offer, PendingAccept } from './negotiation.ts';
import { hashLock, makeSignatureTemplate, readClaim, type SignatureTemplate, type SignerRole } from './signature.ts';

/** Two values of 32 random bytes, hex: `yes` closes or acknowledges, `no` voids or refuses. */
export interface LockValues {
  readonly yes: Hex;
  readonly no: Hex;
}

/** A signature to be made, and the agreement it is about. */
export interface SigningPlan<S extends FirstSecrets | SecondSecrets = FirstSecrets | SecondSecrets> {
  readonly agreement: Hex;
  readonly template: SignatureTemplate;
  readonly secrets: S;
}

/**
 * For accepting an offer: first on a plain one, second on a presigned one. Undefined when it has no such alternative. `now` in unix seconds;
 * a first signature is open until `confirmBy`.
 */
export function planAccept(
  state: Negotiation,
  offer: Offer,
  alternative: number,
  values: LockValues,
  now: number,
  confirmBy = latestConfirmBy(offer, now),
): SigningPlan | undefined {
  const claim = offer.presigned === undefined ? undefined : readClaim(offer.presigned);
  if (claim?.order === 'first') return planSecond('acceptor', claim.agreement, offer.presigned?.id ?? '', values, now);
  return planFirst(state, offer, alternative, 'acceptor', confirmBy, values, now);
}

/** For confirming the accept of a plain offer of ours. */
export function planConfirm({ agreement, first }: PendingAccept, values: LockValues, now: number): SigningPlan<SecondSecrets> {
  return planSecond('offeror', agreement, first.id, values, now);
}

/** For an offer that is to carry our signature; it has to be issued at the same `now`, as the next move. */
export function planPresigned(
  state: Negotiation,
  body: BodyOf<'offer'>,
  values: LockValues,
  now: number,
): SigningPlan<FirstSecrets> | undefined {
  return planFirst(state, draftOffer(state, body, now), 0, 'offeror', body.expires_at, values, now);
}

function planFirst(
  state: Negotiation,
  offer: Offer,
  alternative: number,
  role: SignerRole,
  confirmBy: number,
  { yes, no }: LockValues,
  now: number,
): SigningPlan<FirstSecrets> | undefined {
  const due = agreementFor(state, offer, alternative, confirmBy);
  if (due === undefined) return undefined;
  const agreement = hashAgreement(due);
  const locks = { close: hashLock(yes), void: hashLock(no) };
  const template = makeSignatureTemplate({ order: 'first', role, agreement, confirmBy, ...locks }, now);
  return { agreement, template, secrets: { c: yes, v: no } };
}

function planSecond(role: SignerRole, agreement: Hex, first: Hex, { yes, no }: LockValues, now: number): SigningPlan<SecondSecrets> {
  const locks = { ack: hashLock(yes), late: hashLock(no) };
  return {
    agreement,
    template: makeSignatureTemplate({ order: 'second', role, agreement, first, ...locks }, now),
    secrets: { a: yes, l: no },
  };
}
