// One step of a negotiation under construction: the state so far and what has to go out with it.

import type { Hex } from '../core/bytes.ts';
import { appendSent, nextHeader } from './chain.ts';
import { encodeMove, type MoveRumor } from './move.ts';
import type { MoveBody } from './moveBody.ts';
import {
  describeMove,
  findHeld,
  markOffers,
  replaceCommitment,
  type Commitment,
  type EndReason,
  type FirstCommitment,
  type Negotiation,
} from './negotiation.ts';

/** A step: save `state` and `send` in one transaction, then publish; `resend` names saved moves to publish again. */
export interface Step {
  readonly state: Negotiation;
  readonly send: readonly MoveRumor[];
  readonly resend: readonly Hex[];
}

/** Adds an own move to a step. `now` is in unix seconds. */
export function emit(step: Step, body: MoveBody, now: number): Step {
  const { state } = step;
  const rumor = encodeMove({ author: state.me, nid: state.nid, ...nextHeader(state.chain), alt: describeMove(body), body, createdAt: now });
  const chain = appendSent(state.chain, { id: rumor.id, type: body.type });
  return { ...step, state: { ...state, chain }, send: [...step.send, rumor] };
}

/** The id of the move that {@link emit} added last. */
export function lastSentId(step: Step): Hex {
  return step.send.at(-1)?.id ?? '';
}

/** Answers a move with `error`; errors are not answered. */
export function emitError(step: Step, re: Hex, code: string, now: number): Step {
  return emit(step, { v: 1, type: 'error', re, code }, now);
}

/** Publishes a saved move again. */
export function resend(step: Step, id: Hex | undefined): Step {
  return id === undefined ? step : { ...step, resend: [...step.resend, id] };
}

/** Changes the state of a step. */
export function withState(step: Step, state: Negotiation): Step {
  return { ...step, state };
}

/** Voids my first signature: reveals v, reopens what it held, and frees the slot. */
export function cancelFirst(step: Step, commitment: FirstCommitment, now: number): Step {
  const { accept, secrets } = commitment;
  const sent = emit(step, { v: 1, type: 'cancel', re: accept, void: secrets.v }, now);
  return releaseSlot(sent, {
    ...commitment,
    state: 'cancelled',
    answer: lastSentId(sent),
    reveals: { ...commitment.reveals, v: secrets.v },
  });
}

/** Stores a commitment that ended without a deal, reopens its offers, and lets a deferred end take effect. */
export function releaseSlot(step: Step, commitment: Commitment): Step {
  const state = replaceCommitment(step.state, commitment);
  const newest = (by: Hex): Hex | undefined => state.offers.findLast((offer) => offer.by === by)?.id;
  // An offer that a newer one of the same side has replaced meanwhile stays replaced.
  const reopened = state.offers.filter(
    ({ id, by, status }) => newest(by) === id && (status === 'suspended' || (status === 'taken' && id === commitment.offer)),
  );
  const gone = state.offers.filter(({ id, status }) => id === commitment.offer && status === 'taken');
  const next = markOffers(
    markOffers(
      state,
      gone.map(({ id }) => id),
      'superseded',
    ),
    reopened.map(({ id }) => id),
    'open',
  );
  return withState(step, settleEnd(next));
}

/** Ends a negotiation now, or once the slot frees without a deal. */
export function endNegotiation(state: Negotiation, reason: EndReason): Negotiation {
  return settleEnd({ ...state, deferredEnd: state.deferredEnd ?? reason });
}

function settleEnd(state: Negotiation): Negotiation {
  if (state.deferredEnd === undefined || state.ended !== undefined || findHeld(state) !== undefined) return state;
  const { pending: _, ...rest } = state;
  return { ...rest, ended: state.deferredEnd };
}
