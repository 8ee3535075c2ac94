// What each move of the peer does to a negotiation (PROTOCOL "Moves" and the race table).

import type { Hex } from '../core/bytes.ts';
import { countMoves, isExempt, MAX_MOVES, type Arrival } from './chain.ts';
import { closeOffer } from './closeOffers.ts';
import type { MoveHeader } from './move.ts';
import type { BodyOf, MoveBody, MoveType } from './moveBody.ts';
import { findOffer } from './negotiation.ts';
import { receiveAcknowledgement, receiveCancel, receiveClose, receiveLate } from './receiveDecision.ts';
import { receiveOffer } from './receiveOffer.ts';
import { receiveAccept, receiveConfirm } from './receiveSignature.ts';
import { settleHeld } from './settleHeld.ts';
import type { SettlementMove } from './settlement.ts';
import { findUndecided, listPresigned } from './slot.ts';
import { cancelFirst, emitError, endNegotiation, resend, withState, type Step } from './step.ts';

/** Applies one authentic move that is next in the peer's chain. */
export function applyArrival(step: Step, arrival: Arrival, now: number): Step {
  const { header } = arrival;
  if (arrival.kind === 'unusable') return emitError(step, header.id, arrival.problem, now);
  if (isBeyondLimit(step, arrival.body.type)) return emitError(step, header.id, 'limit', now);
  const isUnknown = header.seen !== '' && !step.state.chain.sent.some(({ id }) => id === header.seen);
  if (isUnknown) return arrival.body.type === 'error' ? step : emitError(step, header.id, 'seen', now);
  return applyBody(step, header, arrival.body, now);
}

/** A peer that makes more moves than the protocol allows is read on, but nothing more comes of what counts. */
function isBeyondLimit({ state }: Step, type: MoveType): boolean {
  return !isExempt(type) && countMoves(state.chain.received.filter((link) => link.type !== 'unusable')) > MAX_MOVES;
}

function applyBody(step: Step, header: MoveHeader, body: MoveBody, now: number): Step {
  switch (body.type) {
    case 'open':
      return emitError(step, header.id, 'schema', now);
    case 'ask':
    case 'answer':
      return step;
    case 'offer':
      return receiveOffer(step, header, body, now);
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
      return withState(step, closeOffer(step.state, step.state.peer, body.offer, 'withdrawn'));
    case 'receipt':
      return resendFrom(body.a === undefined ? step : receiveAcknowledgement(step, body.a, now), body.upto);
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

/** A receipt names the last move its sender has processed without a gap: what came after it goes out again. */
export function resendFrom(step: Step, upto: number): Step {
  return step.state.chain.sent.slice(upto).reduce((next, { id }) => resend(next, id), step);
}

/** What the peer will not take up is not kept open for it: a presigned offer is made void. */
function receiveReject(step: Step, id: Hex, body: BodyOf<'reject'>, now: number): Step {
  const offer = findOffer(step.state, body.offer);
  if (offer === undefined || offer.by !== step.state.me) return emitError(step, id, 'unknown-offer', now);
  const presigned = listPresigned(step.state).find((each) => each.offer === offer.id);
  const next =
    presigned === undefined
      ? withState(step, closeOffer(step.state, step.state.me, offer.id, 'rejected'))
      : cancelFirst(step, presigned, now);
  return body.final ? endNegotiation(next, 'rejected', now) : next;
}

/** After an error about a first signature of ours it is void. One about our opening says that the peer will not talk to us. */
function receiveError(step: Step, body: BodyOf<'error'>, now: number): Step {
  const { state } = step;
  if (body.l !== undefined) return receiveLate(step, body.l, now);
  if (body.re === state.nid && state.open.to === state.peer) return endNegotiation(step, 'failed', now);
  const held = findUndecided(state);
  const accepted = held?.side === 'first' && held.state === 'undecided' ? [held] : [];
  const mine = [...accepted, ...listPresigned(state)].find(({ firstMove }) => firstMove === body.re);
  return mine === undefined ? step : cancelFirst(step, mine, now);
}

function receiveSettlement(step: Step, id: Hex, move: SettlementMove, now: number): Step {
  const by = step.state.role === 'buyer' ? 'provider' : 'buyer';
  const settled = settleHeld(step.state, move, by);
  return typeof settled === 'string' ? emitError(step, id, settled, now) : withState(step, settled);
}
