// What each own move needs before it may go out, and what it does to the negotiation (PROTOCOL "Moves").

import type { Hex } from '../core/bytes.ts';
import { isExempt, maySend } from './chain.ts';
import { closeOffer } from './closeOffers.ts';
import type { Draft, Refusal } from './draft.ts';
import { issueOffer } from './issueOffer.ts';
import { issueAccept, issueConfirm } from './issueSignature.ts';
import type { BodyOf, MoveType } from './moveBody.ts';
import { findOffer, isFrozen } from './negotiation.ts';
import { settleHeld } from './settleHeld.ts';
import type { SettlementMove } from './settlement.ts';
import { findHeld, isPresigned, listPresigned, readOfferStatus } from './slot.ts';
import { cancelFirst, dropPending, emit, endNegotiation, withState, type Step } from './step.ts';

/** Makes an own move, or says why not; a refused one changes nothing. */
export function issueDraft(step: Step, draft: Draft, now: number): Step | Refusal {
  const { state } = step;
  const isCommitment = isSigned(draft);
  const type = readType(draft);
  if (state.ended !== undefined) return 'ended';
  if (isCommitment && isFrozen(state)) return 'frozen';
  if (!isExempt(type) && !maySend(state.chain, type, isCommitment)) return 'limit';
  switch (draft.type) {
    case 'talk':
      return emit(step, draft.body, now);
    case 'offer':
      return issueOffer(step, draft, now);
    case 'accept':
      return issueAccept(step, draft, now);
    case 'confirm':
      return issueConfirm(step, draft, now);
    case 'decline':
      return state.pending === undefined ? 'unknown-accept' : dropPending(step, draft.code, now);
    case 'reject':
      return issueReject(step, draft.body, now);
    case 'withdraw':
      return issueWithdraw(step, draft.body, now);
    case 'cancel':
      return draft.offer === undefined ? issueEnd(step, now) : issueCancel(step, draft.offer, now);
    case 'settle':
      return issueSettlement(step, draft.body, now);
    default:
      return draft satisfies never;
  }
}

function readType(draft: Draft): MoveType {
  switch (draft.type) {
    case 'talk':
    case 'settle':
      return draft.body.type;
    case 'decline':
      return 'error';
    case 'offer':
    case 'accept':
    case 'confirm':
    case 'reject':
    case 'withdraw':
    case 'cancel':
      return draft.type;
    default:
      return draft satisfies never;
  }
}

/** True for a move that carries a signature of ours. */
export function isSigned(draft: Draft): boolean {
  return draft.type === 'accept' || draft.type === 'confirm' || (draft.type === 'offer' && draft.body.presigned !== undefined);
}

function issueReject(step: Step, body: BodyOf<'reject'>, now: number): Step | Refusal {
  const offer = findOffer(step.state, body.offer);
  if (offer === undefined || offer.by !== step.state.peer) return 'unknown-offer';
  if (readOfferStatus(step.state, offer) === 'taken' || (body.final && findHeld(step.state) !== undefined)) return 'slot-taken';
  // An ending takes our own presigned offers with it, and they go first.
  const freed = body.final ? voidPresigned(step, now) : step;
  const sent = emit(freed, body, now);
  const next = withState(sent, closeOffer(sent.state, sent.state.peer, offer.id, 'rejected'));
  return body.final ? endNegotiation(next, 'rejected', now) : next;
}

function issueWithdraw(step: Step, body: BodyOf<'withdraw'>, now: number): Step | Refusal {
  const offer = findOffer(step.state, body.offer);
  if (offer === undefined || offer.by !== step.state.me || offer.presigned !== undefined) return 'unknown-offer';
  if (readOfferStatus(step.state, offer) === 'taken') return 'slot-taken';
  // Their accept that waits for our word gets it now.
  const sent = dropPending(emit(step, body, now), 'withdrawn', now, offer.id);
  return withState(sent, closeOffer(sent.state, sent.state.me, offer.id, 'withdrawn'));
}

function issueEnd(step: Step, now: number): Step | Refusal {
  if (findHeld(step.state) !== undefined) return 'slot-taken';
  return endNegotiation(emit(voidPresigned(step, now), { v: 1, type: 'cancel' }, now), 'cancelled', now);
}

/** An undecided presigned offer is taken back; an accept that is out is not ours to take back before its window is over. */
function issueCancel(step: Step, id: Hex, now: number): Step | Refusal {
  const mine = listPresigned(step.state).find((each) => each.offer === id);
  if (mine !== undefined) return cancelFirst(step, mine, now);
  return step.state.commitments.some((each) => each.offer === id && isPresigned(each)) ? 'slot-taken' : 'unknown-offer';
}

function voidPresigned(step: Step, now: number): Step {
  return listPresigned(step.state).reduce((next, each) => cancelFirst(next, each, now), step);
}

/** One that was made before is not made again: the first one is on its way, or was received. */
function issueSettlement(step: Step, body: SettlementMove, now: number): Step | Refusal {
  const settled = settleHeld(step.state, body, step.state.role);
  if (typeof settled === 'string') return settled;
  return settled === step.state ? step : emit(withState(step, settled), body, now);
}
