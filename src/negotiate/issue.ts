// What each own move needs before it may go out, and what it does to the negotiation (PROTOCOL "Moves").

import { isExempt, maySend } from './chain.ts';
import { checkFirst, checkSecond } from './commitment.ts';
import type { BodyOf } from './moveBody.ts';
import { findHeld, findOffer, isFrozen, markOffers, type Negotiation, type Offer } from './negotiation.ts';
import { closeOffers } from './receive.ts';
import { settleHeld } from './settleHeld.ts';
import type { SettlementMove, SettlementProblem } from './settlement.ts';
import { hashLock, type VerifiedSignature } from './signature.ts';
import { emit, endNegotiation, lastSentId, withState, type Step } from './step.ts';
import type { Hex } from '../core/bytes.ts';

/** An own move to be made; a signature comes with the two secret lock values it commits to. */
export type Draft =
  | { readonly type: 'talk'; readonly body: BodyOf<'ask'> | BodyOf<'answer'> }
  | { readonly type: 'offer'; readonly body: BodyOf<'offer'> }
  | {
      readonly type: 'accept';
      readonly body: BodyOf<'accept'>;
      readonly signature: VerifiedSignature;
      readonly secrets: { readonly c: Hex; readonly v: Hex };
    }
  | {
      readonly type: 'confirm';
      readonly body: BodyOf<'confirm'>;
      readonly signature: VerifiedSignature;
      readonly secrets: { readonly a: Hex; readonly l: Hex };
    }
  | { readonly type: 'reject'; readonly body: BodyOf<'reject'> }
  | { readonly type: 'withdraw'; readonly body: BodyOf<'withdraw'> }
  | { readonly type: 'cancel' }
  | { readonly type: 'settle'; readonly body: SettlementMove };

/** Why an own move may not go out now. */
export type Refusal =
  | 'ended'
  | 'frozen'
  | 'limit'
  | 'slot-taken'
  | 'unknown-offer'
  | 'superseded'
  | 'withdrawn'
  | 'rejected'
  | 'expired'
  | 'unknown-accept'
  | 'window'
  | 'invalid'
  | SettlementProblem;

/** Makes an own move, or says why not; a refused one changes nothing. */
export function issueDraft(step: Step, draft: Draft, now: number): Step | Refusal {
  const { state } = step;
  const isCommitment = draft.type === 'accept' || draft.type === 'confirm';
  const type = draft.type === 'talk' || draft.type === 'settle' ? draft.body.type : draft.type;
  if (state.ended !== undefined) return 'ended';
  if (isCommitment && isFrozen(state)) return 'frozen';
  if (!isExempt(type) && !maySend(state.chain, type, isCommitment)) return 'limit';
  switch (draft.type) {
    case 'talk':
      return emit(step, draft.body, now);
    case 'offer':
      return issueOffer(step, draft.body, now);
    case 'accept':
      return issueAccept(step, draft, now);
    case 'confirm':
      return issueConfirm(step, draft, now);
    case 'reject':
      return issueReject(step, draft.body, now);
    case 'withdraw':
      return issueWithdraw(step, draft.body, now);
    case 'cancel':
      return findHeld(state) === undefined ? endWith(emit(step, { v: 1, type: 'cancel' }, now)) : 'slot-taken';
    case 'settle':
      return issueSettlement(step, draft.body, now);
    default:
      return draft satisfies never;
  }
}

/** Why the peer's offer cannot be accepted at `now`, if it cannot. */
export function findOfferObstacle(state: Negotiation, offer: Offer | undefined, now: number): Refusal | undefined {
  if (offer === undefined || offer.by !== state.peer) return 'unknown-offer';
  switch (offer.status) {
    case 'superseded':
    case 'withdrawn':
    case 'rejected':
      return offer.status;
    case 'taken':
    case 'suspended':
      return 'slot-taken';
    case 'open':
      return now > offer.expiresAt ? 'expired' : undefined;
    default:
      return offer.status satisfies never;
  }
}

function issueOffer(step: Step, body: BodyOf<'offer'>, now: number): Step | Refusal {
  if (body.expires_at <= now) return 'expired';
  const sent = emit(step, body, now);
  const { me } = step.state;
  // While my slot is taken a new offer waits with the others for the outcome.
  const status = findHeld(step.state) === undefined ? 'open' : 'suspended';
  const offer: Offer = { id: lastSentId(sent), by: me, terms: body.terms, seed: body.salt_seed, expiresAt: body.expires_at, status };
  const rest = closeOffers(sent.state, me, 'superseded');
  return withState(sent, { ...rest, offers: [...rest.offers, offer] });
}

function issueAccept(step: Step, draft: Extract<Draft, { type: 'accept' }>, now: number): Step | Refusal {
  const { state } = step;
  const { body, signature: first, secrets } = draft;
  if (findHeld(state) !== undefined || state.pending !== undefined) return 'slot-taken';
  const offer = findOffer(state, body.offer);
  const obstacle = findOfferObstacle(state, offer, now);
  if (obstacle !== undefined || offer === undefined) return obstacle ?? 'unknown-offer';
  const check = checkFirst(state, offer, body.agreement, first, state.me, now);
  if (check.kind === 'refused') return check.code;
  if (hashLock(secrets.c) !== check.claim.close || hashLock(secrets.v) !== check.claim.void) return 'invalid';
  const sent = emit(step, { ...body, signature: first }, now);
  const mine = sent.state.offers.filter(({ by, status }) => by === state.me && status === 'open').map(({ id }) => id);
  const marked = markOffers(markOffers(sent.state, mine, 'suspended'), [offer.id], 'taken');
  const { agreement } = body;
  const commitment = {
    side: 'first',
    state: 'accepting',
    accept: lastSentId(sent),
    offer: offer.id,
    agreement,
    confirmBy: check.claim.confirmBy,
    first,
    secrets,
    reveals: {},
  } as const;
  return withState(sent, { ...marked, commitments: [...marked.commitments, commitment] });
}

function issueConfirm(step: Step, draft: Extract<Draft, { type: 'confirm' }>, now: number): Step | Refusal {
  const { state } = step;
  const { body, signature: second, secrets } = draft;
  const { pending } = state;
  if (pending === undefined || pending.id !== body.accept) return 'unknown-accept';
  if (findHeld(state) !== undefined) return 'slot-taken';
  if (now > pending.confirmBy) return 'window';
  const claim = checkSecond(pending, body.agreement, second, state.me);
  if (claim === undefined || hashLock(secrets.a) !== claim.ack || hashLock(secrets.l) !== claim.late) return 'invalid';
  const sent = emit(step, { ...body, signature: second }, now);
  const { pending: _, ...rest } = sent.state;
  const { id: accept, offer, agreement, confirmBy, first } = pending;
  const commitment = {
    side: 'second',
    state: 'sealing',
    accept,
    confirm: lastSentId(sent),
    offer,
    agreement,
    confirmBy,
    first,
    second,
    secrets,
    reveals: {},
  } as const;
  return withState(sent, { ...markOffers(rest, [offer], 'taken'), commitments: [...rest.commitments, commitment] });
}

function issueReject(step: Step, body: BodyOf<'reject'>, now: number): Step | Refusal {
  const offer = findOffer(step.state, body.offer);
  if (offer === undefined || offer.by !== step.state.peer) return 'unknown-offer';
  if (body.final && findHeld(step.state) !== undefined) return 'slot-taken';
  const sent = emit(step, body, now);
  const state = closeOffers(sent.state, sent.state.peer, 'rejected', offer.id);
  return withState(sent, body.final ? endNegotiation(state, 'rejected') : state);
}

function issueWithdraw(step: Step, body: BodyOf<'withdraw'>, now: number): Step | Refusal {
  const offer = findOffer(step.state, body.offer);
  if (offer === undefined || offer.by !== step.state.me) return 'unknown-offer';
  if (offer.status === 'taken') return 'slot-taken';
  const sent = emit(step, body, now);
  return withState(sent, closeOffers(sent.state, sent.state.me, 'withdrawn', offer.id));
}

/** One that was made before is not made again: the first one is on its way, or was received. */
function issueSettlement(step: Step, body: SettlementMove, now: number): Step | Refusal {
  const settled = settleHeld(step.state, body, step.state.role);
  if (typeof settled === 'string') return settled;
  return settled === step.state ? step : emit(withState(step, settled), body, now);
}

function endWith(step: Step): Step {
  return withState(step, endNegotiation(step.state, 'cancelled'));
}
