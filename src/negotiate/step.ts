// One step of a negotiation under construction: the state so far and what has to go out with it.

import type { Hex } from '../core/bytes.ts';
import { appendSent, nextHeader } from './chain.ts';
import { encodeMove, type MoveRumor } from './move.ts';
import type { MoveBody } from './moveBody.ts';
import {
  describeMove,
  markOffers,
  replaceCommitment,
  type Commitment,
  type EndReason,
  type FirstCommitment,
  type Negotiation,
} from './negotiation.ts';
import { findHeadProblem, findHeld, findSlotHolder, isPresigned, listPresigned } from './slot.ts';

/** A step: save `state` and `send` in one transaction, then publish; `resend` names saved moves to publish again. */
export interface Step {
  readonly state: Negotiation;
  readonly send: readonly MoveRumor[];
  readonly resend: readonly Hex[];
}

/** Adds an own move to a step. `now` is in unix seconds. */
export function emit(step: Step, body: MoveBody, now: number): Step {
  const { state } = step;
  const rumor = draftMove(state, body, now);
  const chain = appendSent(state.chain, { id: rumor.id, type: body.type });
  return { ...step, state: { ...state, chain }, send: [...step.send, rumor] };
}

/** The event that the next own move would be. */
export function draftMove(state: Negotiation, body: MoveBody, now: number): MoveRumor {
  return encodeMove({ author: state.me, nid: state.nid, ...nextHeader(state.chain), alt: describeMove(body), body, createdAt: now });
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

/** Answers the accept that waits for our confirmation with an error, and forgets it; `only` names the offer that it must be about. */
export function dropPending(step: Step, code: string, now: number, only?: Hex): Step {
  const { pending, ...rest } = step.state;
  if (pending === undefined || (only ?? pending.offer) !== pending.offer) return step;
  return emitError(withState(step, rest), pending.id, code, now);
}

/** Voids my first signature: reveals v and frees what it held. */
export function cancelFirst(step: Step, commitment: FirstCommitment, now: number): Step {
  const { firstMove, secrets } = commitment;
  const sent = emit(step, { v: 1, type: 'cancel', re: firstMove, void: secrets.v }, now);
  const reveals = { ...commitment.reveals, v: secrets.v };
  return releaseSlot(sent, { ...commitment, state: 'cancelled', answer: lastSentId(sent), reveals }, now);
}

/** Stores a commitment that ended without a deal. Its offer can be accepted again, unless its own signature is void now. */
export function releaseSlot(step: Step, commitment: Commitment, now: number): Step {
  const state = replaceCommitment(step.state, commitment);
  const next = isPresigned(commitment) ? markOffers(state, [commitment.offer], 'cancelled') : state;
  return settleEnd(withState(step, next), now);
}

/** Voids my presigned offers that can become no deal any more, now that another agreement is closed. */
export function dropDeadPresigned(step: Step, now: number): Step {
  return listPresigned(step.state).reduce((next, each) => {
    const offer = next.state.offers.find(({ id }) => id === each.offer);
    const isDead =
      offer === undefined ||
      findHeadProblem(next.state, offer, 0, now) === 'stale' ||
      findSlotHolder(next.state, offer)?.state === 'agreed';
    return isDead ? cancelFirst(next, each, now) : next;
  }, step);
}

/** Ends a negotiation now, or once the slot frees without a deal. My presigned offers are void then. */
export function endNegotiation(step: Step, reason: EndReason, now: number): Step {
  return settleEnd(withState(step, { ...step.state, deferredEnd: step.state.deferredEnd ?? reason }), now);
}

function settleEnd(step: Step, now: number): Step {
  const { state } = step;
  if (state.deferredEnd === undefined || state.ended !== undefined || findHeld(state) !== undefined) return step;
  const [presigned] = listPresigned(state);
  // Cancelling comes back here when it has freed the last one.
  if (presigned !== undefined) return cancelFirst(step, presigned, now);
  const freed = dropPending(step, 'closed', now);
  return withState(freed, { ...freed.state, ended: state.deferredEnd });
}
