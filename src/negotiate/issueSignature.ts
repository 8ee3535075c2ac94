// Our own signatures: an accept of a plain offer is the first one, a confirm or the accept of a presigned offer the second
// (PROTOCOL "Who is bound when").

import { checkFirst, checkSecond } from './commitment.ts';
import type { Draft, Refusal, SecondSecrets } from './draft.ts';
import { isLockUsed, locksOf } from './locks.ts';
import type { BodyOf } from './moveBody.ts';
import { findOffer, MAX_WINDOW_S, type FirstCommitment, type Negotiation, type Offer, type SecondCommitment } from './negotiation.ts';
import { hashLock, readClaim, type FirstClaim, type SecondClaim, type VerifiedSignature } from './signature.ts';
import { findHeadProblem, findSlotHolder, listPresigned, readOfferStatus, termsOf } from './slot.ts';
import { cancelFirst, emit, lastSentId, withState, type Step } from './step.ts';

type AcceptDraft = Extract<Draft, { type: 'accept' }>;

/** Why the peer's offer, or this alternative of it, cannot be accepted at `now`, if it cannot. */
export function findOfferObstacle(state: Negotiation, offer: Offer | undefined, alternative: number, now: number): Refusal | undefined {
  if (offer === undefined || offer.by !== state.peer || termsOf(offer, alternative) === undefined) return 'unknown-offer';
  const status = readOfferStatus(state, offer);
  if (status === 'taken' || status === 'suspended') return 'slot-taken';
  if (status !== 'open') return status;
  if (now > offer.expiresAt) return 'expired';
  // Of a deal that is made, an offer that names another one is too old or too new; one that names none is out of place.
  const problem = findHeadProblem(state, offer, alternative, now);
  if (problem !== undefined) return problem;
  if (findSlotHolder(state, offer) !== undefined || state.pending !== undefined) return 'slot-taken';
  return offer.presigned !== undefined && offer.expiresAt > now + MAX_WINDOW_S ? 'window' : undefined;
}

/** Accepts: a plain offer with a first signature, a presigned one with a second. */
export function issueAccept(step: Step, draft: AcceptDraft, now: number): Step | Refusal {
  const { state } = step;
  const offer = findOffer(state, draft.body.offer);
  const obstacle = findOfferObstacle(state, offer, draft.body.alternative, now);
  if (obstacle !== undefined || offer === undefined) return obstacle ?? 'unknown-offer';
  return offer.presigned === undefined ? acceptPlain(step, offer, draft, now) : acceptPresigned(step, offer, offer.presigned, draft, now);
}

function acceptPlain(step: Step, offer: Offer, { body, signature: first, secrets }: AcceptDraft, now: number): Step | Refusal {
  const { alternative, agreement } = body;
  const check = checkFirst(step.state, { offer, alternative, agreement, event: first, signer: step.state.me }, now);
  if (check.kind === 'refused') return check.code;
  if (!('c' in secrets) || hashLock(secrets.c) !== check.claim.close || hashLock(secrets.v) !== check.claim.void) return 'invalid';
  const sent = emit(step, { ...body, signature: first }, now);
  return addCommitment(sent, {
    side: 'first',
    state: 'undecided',
    firstMove: lastSentId(sent),
    offer: offer.id,
    alternative,
    agreement,
    confirmBy: check.claim.confirmBy,
    first,
    secrets,
    reveals: {},
  });
}

function acceptPresigned(
  step: Step,
  offer: Offer,
  first: VerifiedSignature,
  { body, signature: second, secrets }: AcceptDraft,
  now: number,
): Step | Refusal {
  const { agreement, confirmBy } = readClaim(first) as FirstClaim; // checked when the offer came
  const signing = { role: 'acceptor', signer: step.state.me, event: second, named: body.agreement } as const;
  const claim = checkSecond({ first, agreement, confirmBy }, signing);
  if (claim === undefined || !('a' in secrets) || !fitsLocks(step.state, second, claim, secrets)) return 'invalid';
  // Of two sides that accept each other's presigned offers at once, one must have made its own void before: the provider.
  const freed =
    step.state.role === 'provider' ? listPresigned(step.state).reduce((next, each) => cancelFirst(next, each, now), step) : step;
  const sent = emit(freed, { ...body, signature: second }, now);
  return addCommitment(sent, {
    side: 'second',
    state: 'sealing',
    firstMove: offer.id,
    secondMove: lastSentId(sent),
    offer: offer.id,
    alternative: 0,
    agreement,
    confirmBy,
    first,
    second,
    secrets,
    reveals: {},
  });
}

/** Confirms the accept of a plain offer of ours. */
export function issueConfirm(step: Step, draft: Extract<Draft, { type: 'confirm' }>, now: number): Step | Refusal {
  const { state } = step;
  const { body, signature: second, secrets } = draft;
  const { pending } = state;
  if (pending === undefined || pending.id !== body.accept) return 'unknown-accept';
  const offer = findOffer(state, pending.offer);
  if (offer === undefined) return 'unknown-offer';
  const problem = findHeadProblem(state, offer, pending.alternative, now);
  if (problem !== undefined) return problem;
  if (findSlotHolder(state, offer) !== undefined) return 'slot-taken';
  if (now > pending.confirmBy) return 'window';
  const claim = checkSecond(pending, { role: 'offeror', signer: state.me, event: second, named: body.agreement });
  if (claim === undefined || !fitsLocks(state, second, claim, secrets)) return 'invalid';
  return sealPending(emit(step, { ...body, signature: second } satisfies BodyOf<'confirm'>, now), draft);
}

function sealPending(sent: Step, { signature: second, secrets }: Extract<Draft, { type: 'confirm' }>): Step | Refusal {
  const { pending, ...rest } = sent.state;
  if (pending === undefined) return 'unknown-accept';
  const { id: firstMove, ...signed } = pending;
  return addCommitment(withState(sent, rest), {
    side: 'second',
    state: 'sealing',
    firstMove,
    secondMove: lastSentId(sent),
    ...signed,
    second,
    secrets,
    reveals: {},
  });
}

function addCommitment(step: Step, commitment: FirstCommitment | SecondCommitment): Step {
  return withState(step, { ...step.state, commitments: [...step.state.commitments, commitment] });
}

function fitsLocks(state: Negotiation, event: VerifiedSignature, { ack, late }: SecondClaim, { a, l }: SecondSecrets): boolean {
  return hashLock(a) === ack && hashLock(l) === late && !isLockUsed(state, locksOf(event));
}
