// What each move of the peer does to a negotiation (PROTOCOL "Moves" and the race table).

import type { Hex } from '../core/bytes.ts';
import type { Arrival } from './chain.ts';
import { checkFirst, checkSecond } from './commitment.ts';
import type { MoveHeader } from './move.ts';
import type { BodyOf, MoveBody } from './moveBody.ts';
import {
  findHeld,
  findOffer,
  isFrozen,
  markOffers,
  replaceCommitment,
  type FirstCommitment,
  type Negotiation,
  type Offer,
  type PendingAccept,
  type SecondCommitment,
} from './negotiation.ts';
import { hashLock, readClaim, type FirstClaim, type SecondClaim, type SignedEvent, type VerifiedSignature } from './signature.ts';
import { settleHeld } from './settleHeld.ts';
import type { SettlementMove } from './settlement.ts';
import { cancelFirst, emit, emitError, endNegotiation, lastSentId, releaseSlot, resend, withState, type Step } from './step.ts';

/** Applies one authentic move that is next in the peer's chain. */
export function applyArrival(step: Step, arrival: Arrival, now: number): Step {
  const { header } = arrival;
  if (arrival.kind === 'unusable') return emitError(step, header.id, arrival.problem, now);
  const isUnknown = header.seen !== '' && !step.state.chain.sent.some(({ id }) => id === header.seen);
  if (isUnknown) return arrival.body.type === 'error' ? step : emitError(step, header.id, 'seen', now);
  return applyBody(step, header, arrival.body, now);
}

function applyBody(step: Step, header: MoveHeader, body: MoveBody, now: number): Step {
  switch (body.type) {
    case 'open':
      return emitError(step, header.id, 'schema', now);
    case 'ask':
    case 'answer':
      return step;
    case 'offer':
      return receiveOffer(step, header.id, body, now);
    case 'accept':
      return receiveAccept(step, header.id, body, now);
    case 'confirm':
      return receiveConfirm(step, header.id, body, now);
    case 'close':
      return receiveClose(step, header.id, body, now);
    case 'cancel':
      return receiveCancel(step, header.id, body, now);
    case 'reject':
      return receiveReject(step, header.id, body, now);
    case 'withdraw':
      return withState(step, closeOffers(step.state, step.state.peer, 'withdrawn', body.offer));
    case 'receipt':
      return resendFrom(body.a === undefined ? step : receiveAcknowledgement(step, body.a), body.upto);
    case 'error':
      return receiveError(step, body, now);
    case 'input':
    case 'payterms':
    case 'funded':
    case 'deliver':
    case 'completion':
    case 'dispute':
      return receiveSettlement(step, header.id, body, now);
    default:
      return body satisfies never;
  }
}

/** Marks the open offers of one side, or the one with this id, as replaced or withdrawn; what is taken stays taken. */
export function closeOffers(state: Negotiation, by: Hex, status: 'superseded' | 'withdrawn' | 'rejected', only?: Hex): Negotiation {
  const ids = state.offers.filter(
    (offer) => offer.by === by && (offer.status === 'open' || offer.status === 'suspended') && (only ?? offer.id) === offer.id,
  );
  return markOffers(
    state,
    ids.map(({ id }) => id),
    status,
  );
}

function receiveOffer(step: Step, id: Hex, body: BodyOf<'offer'>, now: number): Step {
  const { state } = step;
  if (state.ended !== undefined) return emitError(step, id, 'closed', now);
  const offer: Offer = { id, by: state.peer, terms: body.terms, seed: body.salt_seed, expiresAt: body.expires_at, status: 'open' };
  const rest = closeOffers(state, state.peer, 'superseded');
  return withState(step, { ...rest, offers: [...rest.offers, offer] });
}

function receiveAccept(step: Step, id: Hex, body: BodyOf<'accept'>, now: number): Step {
  const { state } = step;
  const offer = findOffer(state, body.offer);
  if (offer === undefined || offer.by !== state.me || body.alternative !== 0) return emitError(step, id, 'unknown-offer', now);
  const obstacle = findObstacle(state, offer, now);
  if (obstacle !== undefined) return emitError(step, id, obstacle, now);
  const check = checkFirst(state, offer, body.agreement, body.signature, state.peer, now);
  if (check.kind === 'refused') return emitError(step, id, check.code, now);
  const first = body.signature as VerifiedSignature; // `transition` takes no arrival with an unchecked signature
  return holdPending(step, { id, offer: offer.id, agreement: body.agreement, confirmBy: check.claim.confirmBy, first }, now);
}

function findObstacle(state: Negotiation, offer: Offer, now: number): string | undefined {
  if (isFrozen(state)) return 'frozen';
  if (state.ended !== undefined) return 'closed';
  if (offer.status === 'superseded' || offer.status === 'withdrawn' || offer.status === 'rejected') return offer.status;
  if (now > offer.expiresAt) return 'expired';
  return state.pending !== undefined || offer.status === 'taken' ? 'busy' : undefined;
}

function holdPending(step: Step, pending: PendingAccept, now: number): Step {
  const held = findHeld(step.state);
  if (held === undefined) return withState(step, { ...step.state, pending });
  if (held.side !== 'first' || held.state !== 'accepting') return emitError(step, pending.id, 'busy', now);
  // Both accepted at once: the accept by the buyer goes on.
  if (step.state.role === 'buyer') return emitError(step, pending.id, 'crossed', now);
  const freed = cancelFirst(step, held, now);
  return withState(freed, { ...freed.state, pending });
}

function receiveConfirm(step: Step, id: Hex, body: BodyOf<'confirm'>, now: number): Step {
  const mine = step.state.commitments.find((held): held is FirstCommitment => held.side === 'first' && held.accept === body.accept);
  if (mine === undefined) return emitError(step, id, 'unknown-accept', now);
  if (checkSecond(mine, body.agreement, body.signature, step.state.peer) === undefined) return emitError(step, id, 'invalid', now);
  if (mine.state !== 'accepting') return resend(step, mine.answer);
  const { c } = mine.secrets;
  const sent = emit(step, { v: 1, type: 'close', re: id, agreement: mine.agreement, c }, now);
  const second = body.signature as VerifiedSignature;
  return withState(sent, replaceCommitment(sent.state, { ...mine, state: 'closed', second, answer: lastSentId(sent), reveals: { c } }));
}

function receiveClose(step: Step, id: Hex, body: BodyOf<'close'>, now: number): Step {
  const mine = step.state.commitments.find((held): held is SecondCommitment => held.side === 'second' && held.confirm === body.re);
  if (mine === undefined) return emitError(step, id, 'unknown-confirm', now);
  if (body.agreement !== mine.agreement || hashLock(body.c) !== firstClaim(mine.first).close) return emitError(step, id, 'invalid', now);
  const known: SecondCommitment = { ...mine, reveals: { ...mine.reveals, c: body.c } };
  switch (mine.state) {
    case 'sealing':
      return acknowledge(step, known, now);
    case 'given-up':
      return refuseLate(step, known, id, now);
    case 'cancelled':
      return withState(step, { ...replaceCommitment(step.state, known), cheated: true });
    case 'agreed':
    case 'late':
      return resend(step, mine.answer);
    default:
      return mine.state satisfies never;
  }
}

function acknowledge(step: Step, mine: SecondCommitment, now: number): Step {
  const { a } = mine.secrets;
  const sent = emit(step, { v: 1, type: 'receipt', upto: step.state.chain.received.length, a }, now);
  return withState(
    sent,
    replaceCommitment(sent.state, { ...mine, state: 'agreed', answer: lastSentId(sent), reveals: { ...mine.reveals, a } }),
  );
}

function refuseLate(step: Step, mine: SecondCommitment, close: Hex, now: number): Step {
  const { l } = mine.secrets;
  const sent = emit(step, { v: 1, type: 'error', re: close, code: 'late', l }, now);
  return withState(
    sent,
    replaceCommitment(sent.state, { ...mine, state: 'late', answer: lastSentId(sent), reveals: { ...mine.reveals, l } }),
  );
}

function receiveCancel(step: Step, id: Hex, body: BodyOf<'cancel'>, now: number): Step {
  const { state } = step;
  if (body.re === undefined || body.void === undefined) return withState(step, endNegotiation(state, 'cancelled'));
  if (state.pending?.id === body.re) {
    const { pending: _, ...rest } = state;
    return withState(step, rest);
  }
  const mine = state.commitments.find((held): held is SecondCommitment => held.side === 'second' && held.accept === body.re);
  if (mine === undefined) return step; // an accept that was answered with an error
  if (hashLock(body.void) !== firstClaim(mine.first).void) return emitError(step, id, 'invalid', now);
  const known: SecondCommitment = { ...mine, reveals: { ...mine.reveals, v: body.void } };
  if (mine.reveals.c !== undefined) return withState(step, { ...replaceCommitment(state, known), cheated: true });
  return releaseSlot(step, { ...known, state: 'cancelled' });
}

function receiveReject(step: Step, id: Hex, body: BodyOf<'reject'>, now: number): Step {
  const offer = findOffer(step.state, body.offer);
  if (offer === undefined || offer.by !== step.state.me) return emitError(step, id, 'unknown-offer', now);
  const state = closeOffers(step.state, step.state.me, 'rejected', body.offer);
  return withState(step, body.final ? endNegotiation(state, 'rejected') : state);
}

/** A receipt names the last move its sender has processed without a gap: what came after it goes out again. */
export function resendFrom(step: Step, upto: number): Step {
  return step.state.chain.sent.slice(upto).reduce((next, { id }) => resend(next, id), step);
}

function receiveAcknowledgement(step: Step, a: Hex): Step {
  const mine = findByLock(step.state, (claim) => claim.ack === hashLock(a));
  if (mine === undefined) return step;
  const known: FirstCommitment = { ...mine, reveals: { ...mine.reveals, a } };
  if (mine.reveals.l !== undefined) return withState(step, { ...replaceCommitment(step.state, known), cheated: true });
  return withState(step, replaceCommitment(step.state, { ...known, state: 'agreed' }));
}

function receiveError(step: Step, body: BodyOf<'error'>, now: number): Step {
  const { l } = body;
  if (l !== undefined) return receiveLate(step, l);
  const held = findHeld(step.state);
  const isAboutMyAccept = held?.side === 'first' && held.state === 'accepting' && held.accept === body.re;
  return isAboutMyAccept ? cancelFirst(step, held, now) : step;
}

function receiveLate(step: Step, l: Hex): Step {
  const mine = findByLock(step.state, (claim) => claim.late === hashLock(l));
  if (mine === undefined) return step;
  const known: FirstCommitment = { ...mine, reveals: { ...mine.reveals, l } };
  if (mine.reveals.a !== undefined) return withState(step, { ...replaceCommitment(step.state, known), cheated: true });
  return releaseSlot(step, { ...known, state: 'late' });
}

function receiveSettlement(step: Step, id: Hex, move: SettlementMove, now: number): Step {
  const by = step.state.role === 'buyer' ? 'provider' : 'buyer';
  const settled = settleHeld(step.state, move, by);
  return typeof settled === 'string' ? emitError(step, id, settled, now) : withState(step, settled);
}

function findByLock(state: Negotiation, opens: (claim: SecondClaim) => boolean): FirstCommitment | undefined {
  return state.commitments.find((held): held is FirstCommitment => {
    const claim = held.side === 'first' && held.second !== undefined ? readClaim(held.second) : undefined;
    return claim?.order === 'second' && opens(claim);
  });
}

function firstClaim(event: SignedEvent): FirstClaim {
  return readClaim(event) as FirstClaim; // checked before the commitment was stored
}
