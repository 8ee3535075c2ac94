// The peer's signatures: an accept of a plain offer is the first one, a confirm or the accept of a presigned offer the second
// (PROTOCOL "Who is bound when").

import type { Hex } from '../core/bytes.ts';
import { checkFirst, checkSecond } from './commitment.ts';
import { isLockUsed, locksOf } from './locks.ts';
import type { BodyOf } from './moveBody.ts';
import {
  findOffer,
  isFrozen,
  replaceCommitment,
  type FirstCommitment,
  type Negotiation,
  type Offer,
  type PendingAccept,
} from './negotiation.ts';
import type { VerifiedSignature } from './signature.ts';
import { findHeadProblem, findSlotHolder, isPresigned, readOfferStatus } from './slot.ts';
import { cancelFirst, dropDeadPresigned, dropPending, emit, emitError, lastSentId, resend, withState, type Step } from './step.ts';

/** An accept: of a plain offer it waits for our confirmation, of a presigned one it seals. */
export function receiveAccept(step: Step, id: Hex, body: BodyOf<'accept'>, now: number): Step {
  const { state } = step;
  const offer = findOffer(state, body.offer);
  if (offer === undefined || offer.by !== state.me) return emitError(step, id, 'unknown-offer', now);
  return offer.presigned === undefined ? receiveFirst(step, id, offer, body, now) : receiveAcceptance(step, id, body, now);
}

/** The second signature on a plain offer of the peer that we accepted. */
export function receiveConfirm(step: Step, id: Hex, body: BodyOf<'confirm'>, now: number): Step {
  const mine = findFirst(step.state, body.accept);
  if (mine === undefined || isPresigned(mine)) return emitError(step, id, 'unknown-accept', now);
  const signing = { role: 'offeror', signer: step.state.peer, event: body.signature, named: body.agreement } as const;
  if (checkSecond(mine, signing) === undefined) return emitError(step, id, 'invalid', now);
  return decide(step, mine, id, body.signature as VerifiedSignature, now);
}

function receiveFirst(step: Step, id: Hex, offer: Offer, body: BodyOf<'accept'>, now: number): Step {
  const { state } = step;
  const { alternative, agreement, signature } = body;
  const obstacle = findObstacle(state, offer, alternative, now);
  if (obstacle !== undefined) return emitError(step, id, obstacle, now);
  const check = checkFirst(state, { offer, alternative, agreement, event: signature, signer: state.peer }, now);
  if (check.kind === 'refused') return emitError(step, id, check.code, now);
  const first = signature as VerifiedSignature; // `transition` takes no arrival with an unchecked signature
  return holdPending(step, offer, { id, offer: offer.id, alternative, agreement, confirmBy: check.claim.confirmBy, first }, now);
}

function findObstacle(state: Negotiation, offer: Offer, alternative: number, now: number): string | undefined {
  if (isFrozen(state)) return 'frozen';
  if (state.ended !== undefined) return 'closed';
  if (offer.status !== 'open') return offer.status;
  if (now > offer.expiresAt) return 'expired';
  if (state.pending !== undefined || readOfferStatus(state, offer) === 'taken') return 'busy';
  // While a signature is out the slot comes first: what it decides may move the head.
  return findSlotHolder(state, offer) === undefined ? findHeadProblem(state, offer, alternative, now) : undefined;
}

function holdPending(step: Step, offer: Offer, pending: PendingAccept, now: number): Step {
  const held = findSlotHolder(step.state, offer);
  if (held === undefined) return withState(step, { ...step.state, pending });
  if (held.side !== 'first' || held.state !== 'undecided') {
    // The held agreement, which is not the one that the offer names.
    const isStale = held.state === 'agreed' && (offer.amends ?? offer.under) !== undefined;
    return emitError(step, pending.id, isStale ? 'stale' : 'busy', now);
  }
  // Both accepted at once: the accept by the buyer goes on.
  if (step.state.role === 'buyer') return emitError(step, pending.id, 'crossed', now);
  const freed = cancelFirst(step, held, now);
  const problem = findHeadProblem(freed.state, offer, pending.alternative, now);
  if (problem !== undefined) return emitError(freed, pending.id, problem, now);
  return freed.state.ended === undefined ? withState(freed, { ...freed.state, pending }) : emitError(freed, pending.id, 'closed', now);
}

/** The second signature on our presigned offer. */
function receiveAcceptance(step: Step, id: Hex, body: BodyOf<'accept'>, now: number): Step {
  const mine = findFirst(step.state, body.offer);
  if (mine === undefined) return emitError(step, id, 'unknown-offer', now);
  const signing = { role: 'acceptor', signer: step.state.peer, event: body.signature, named: body.agreement } as const;
  if (body.alternative !== 0 || checkSecond(mine, signing) === undefined) return emitError(step, id, 'invalid', now);
  return decide(step, mine, id, body.signature as VerifiedSignature, now);
}

/** The first signer decides, once: it closes unless something else stands in the way, and says the same again ever after. */
function decide(step: Step, mine: FirstCommitment, id: Hex, second: VerifiedSignature, now: number): Step {
  if (mine.state !== 'undecided') return resend(step, mine.answer);
  if (isLockUsed(step.state, locksOf(second))) return emitError(step, id, 'invalid', now);
  const offer = findOffer(step.state, mine.offer);
  if (offer === undefined) return cancelFirst(step, mine, now);
  const freed = isPresigned(mine) ? freeSlot(step, mine, offer, now) : step;
  if (freed === undefined || isHeadGone(freed.state, mine, offer, now)) return cancelFirst(step, mine, now);
  return closeFirst(freed, mine, id, second, now);
}

/** Makes room for a deal by our presigned offer: an undecided accept of ours gives way to it, nothing else does. */
function freeSlot(step: Step, mine: FirstCommitment, offer: Offer, now: number): Step | undefined {
  const held = findSlotHolder(step.state, offer);
  if (held === undefined) return dropPending(step, 'busy', now);
  if (held.side !== 'first' || held.state !== 'undecided') return undefined;
  const freed = cancelFirst(step, held, now);
  // A deferred end has taken effect with it, and voided this one too.
  return findFirst(freed.state, mine.firstMove)?.state === 'undecided' ? freed : undefined;
}

function isHeadGone(state: Negotiation, mine: FirstCommitment, offer: Offer, now: number): boolean {
  const problem = findHeadProblem(state, offer, mine.alternative, now);
  // Our own accept was counted when it was made.
  return problem === 'stale' || (problem !== undefined && isPresigned(mine));
}

function closeFirst(step: Step, mine: FirstCommitment, re: Hex, second: VerifiedSignature, now: number): Step {
  const { c } = mine.secrets;
  const sent = emit(step, { v: 1, type: 'close', re, agreement: mine.agreement, c }, now);
  const closed = { ...mine, state: 'closed', second, answer: lastSentId(sent), reveals: { c } } as const;
  return dropDeadPresigned(withState(sent, replaceCommitment(sent.state, closed)), now);
}

function findFirst(state: Negotiation, firstMove: Hex): FirstCommitment | undefined {
  return state.commitments.find((each): each is FirstCommitment => each.side === 'first' && each.firstMove === firstMove);
}
