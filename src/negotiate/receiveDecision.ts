// What decides a signature: the closing or voiding by its first signer, the acknowledgement or refusal by the second
// (PROTOCOL "Who is bound when").

import type { Hex } from '../core/bytes.ts';
import type { BodyOf } from './moveBody.ts';
import { findOffer, markOffers, replaceCommitment, type FirstCommitment, type Negotiation, type SecondCommitment } from './negotiation.ts';
import { hashLock, readClaim, type FirstClaim, type SecondClaim, type SignedEvent } from './signature.ts';
import { dropDeadPresigned, emit, emitError, endNegotiation, lastSentId, releaseSlot, resend, withState, type Step } from './step.ts';

/** The first signer closes: we acknowledge, or refuse as late if we have given up. */
export function receiveClose(step: Step, id: Hex, body: BodyOf<'close'>, now: number): Step {
  const mine = step.state.commitments.find((held): held is SecondCommitment => held.side === 'second' && held.secondMove === body.re);
  if (mine === undefined) return emitError(step, id, 'unknown-confirm', now);
  if (body.agreement !== mine.agreement || hashLock(body.c) !== firstClaim(mine.first).close) return emitError(step, id, 'invalid', now);
  const known: SecondCommitment = { ...mine, reveals: { ...mine.reveals, c: body.c } };
  switch (mine.state) {
    case 'sealing':
      return acknowledge(step, known, now);
    case 'given-up':
      return refuseLate(step, known, id, now);
    case 'cancelled':
      return noteCheat(step, known);
    case 'agreed':
    case 'late':
      return resend(step, mine.answer);
    default:
      return mine.state satisfies never;
  }
}

/** The first signer voids its signature, or with no signature named ends the negotiation. */
export function receiveCancel(before: Step, id: Hex, body: BodyOf<'cancel'>, now: number): Step {
  const { re, void: value } = body;
  if (re === undefined || value === undefined) return endNegotiation(before, 'cancelled', now);
  const step = noteVoid(before, hashLock(value));
  const { state } = step;
  if (state.pending?.id === re) {
    const { pending: _, ...rest } = state;
    return withState(step, rest);
  }
  const mine = state.commitments.find((held): held is SecondCommitment => held.side === 'second' && held.firstMove === re);
  return mine === undefined ? voidOffer(step, id, re, value, now) : voidFirst(step, id, mine, value, now);
}

/** Kept also where no signature of ours is about it: signed upon later, it would make a deal that its first signer can disown. */
function noteVoid(step: Step, lock: Hex): Step {
  const known = step.state.voided ?? [];
  return known.includes(lock) ? step : withState(step, { ...step.state, voided: [...known, lock] });
}

/** The second signer acknowledges our closing: both hold the deal. */
export function receiveAcknowledgement(step: Step, a: Hex, now: number): Step {
  const mine = findByLock(step.state, (claim) => claim.ack === hashLock(a));
  if (mine === undefined) return step;
  const known: FirstCommitment = { ...mine, reveals: { ...mine.reveals, a } };
  if (mine.reveals.l !== undefined) return noteCheat(step, known);
  if (mine.state !== 'closed') return withState(step, replaceCommitment(step.state, known));
  return dropDeadPresigned(withState(step, replaceCommitment(step.state, { ...known, state: 'agreed' })), now);
}

/** The second signer had given up before our closing came: there is no deal. */
export function receiveLate(step: Step, l: Hex, now: number): Step {
  const mine = findByLock(step.state, (claim) => claim.late === hashLock(l));
  if (mine === undefined) return step;
  const known: FirstCommitment = { ...mine, reveals: { ...mine.reveals, l } };
  if (mine.reveals.a !== undefined) return noteCheat(step, known);
  if (mine.state !== 'closed') return withState(step, replaceCommitment(step.state, known));
  return releaseSlot(step, { ...known, state: 'late' }, now);
}

function acknowledge(step: Step, mine: SecondCommitment, now: number): Step {
  const { a } = mine.secrets;
  const sent = emit(step, { v: 1, type: 'receipt', upto: step.state.chain.received.length, a }, now);
  const agreed = { ...mine, state: 'agreed', answer: lastSentId(sent), reveals: { ...mine.reveals, a } } as const;
  return dropDeadPresigned(withState(sent, replaceCommitment(sent.state, agreed)), now);
}

function refuseLate(step: Step, mine: SecondCommitment, close: Hex, now: number): Step {
  const { l } = mine.secrets;
  const sent = emit(step, { v: 1, type: 'error', re: close, code: 'late', l }, now);
  const late = { ...mine, state: 'late', answer: lastSentId(sent), reveals: { ...mine.reveals, l } } as const;
  return withState(sent, replaceCommitment(sent.state, late));
}

/** A presigned offer that we have not accepted is void; an accept that was answered with an error is nothing any more. */
function voidOffer(step: Step, id: Hex, re: Hex, value: Hex, now: number): Step {
  const offer = findOffer(step.state, re);
  if (offer?.presigned === undefined || offer.by !== step.state.peer) return step;
  if (hashLock(value) !== firstClaim(offer.presigned).void) return emitError(step, id, 'invalid', now);
  return withState(step, markOffers(step.state, [offer.id], 'cancelled'));
}

function voidFirst(step: Step, id: Hex, mine: SecondCommitment, value: Hex, now: number): Step {
  if (hashLock(value) !== firstClaim(mine.first).void) return emitError(step, id, 'invalid', now);
  const known: SecondCommitment = { ...mine, reveals: { ...mine.reveals, v: value } };
  if (mine.reveals.c !== undefined) return noteCheat(step, known);
  // Once we have given up, the first signer's word only says that there is no deal.
  return mine.state === 'sealing' || mine.state === 'given-up'
    ? releaseSlot(step, { ...known, state: 'cancelled' }, now)
    : withState(step, replaceCommitment(step.state, known));
}

function noteCheat(step: Step, known: FirstCommitment | SecondCommitment): Step {
  return withState(step, { ...replaceCommitment(step.state, known), cheated: true });
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
