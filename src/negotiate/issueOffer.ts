// Our own offers: plain ones, and those that carry our signature (PROTOCOL "Who is bound when").

import type { Hex } from '../core/bytes.ts';
import { supersedeOffers } from './closeOffers.ts';
import { checkPresigned } from './commitment.ts';
import type { Draft, FirstSecrets, Refusal } from './draft.ts';
import type { BodyOf } from './moveBody.ts';
import type { Negotiation, Offer } from './negotiation.ts';
import { toOffer } from './receiveOffer.ts';
import { hashLock, type VerifiedSignature } from './signature.ts';
import { findHeadProblem, findSlotHolder, listPresigned } from './slot.ts';
import { draftMove, dropPending, emit, withState, type Step } from './step.ts';

/** The offer that this body would make now, without a signature: what a presigned offer's agreement is made from. */
export function draftOffer(state: Negotiation, body: BodyOf<'offer'>, now: number): Offer {
  const { presigned: _, ...plain } = body;
  return toOffer(plain, { id: draftMove(state, plain, now).id }, state.me);
}

/** Puts an offer on the table. A plain one replaces our plain ones; what waits for their confirmation is answered. */
export function issueOffer(step: Step, draft: Extract<Draft, { type: 'offer' }>, now: number): Step | Refusal {
  const { body, signature, secrets } = draft;
  if (body.expires_at <= now) return 'expired';
  if (body.presigned === undefined) return putDown(step, body, now);
  return signature === undefined || secrets === undefined ? 'invalid' : issuePresigned(step, body, signature, secrets, now);
}

function putDown(step: Step, body: BodyOf<'offer'>, now: number, ref?: Hex): Step {
  const sent = dropPending(emit(step, body, now), 'superseded', now);
  const offer = toOffer(body, { id: sentId(step, sent), ...(ref === undefined ? {} : { ref }) }, step.state.me);
  const rest = supersedeOffers(sent.state, step.state.me);
  return withState(sent, { ...rest, offers: [...rest.offers, offer] });
}

/** The id of the first move that `after` has and `before` has not. */
function sentId(before: Step, after: Step): Hex {
  return after.send[before.send.length]?.id ?? '';
}

function issuePresigned(
  step: Step,
  body: BodyOf<'offer'>,
  signature: VerifiedSignature,
  secrets: FirstSecrets,
  now: number,
): Step | Refusal {
  const { state } = step;
  const draft = draftOffer(state, body, now);
  if (findSlotHolder(state, draft) !== undefined || state.pending !== undefined || listPresigned(state).length > 0) return 'slot-taken';
  const problem = findHeadProblem(state, draft, 0, now);
  if (problem !== undefined) return problem;
  const check = checkPresigned(state, draft, signature, now);
  if (check.kind === 'refused') return check.code;
  const { claim } = check;
  if (hashLock(secrets.c) !== claim.close || hashLock(secrets.v) !== claim.void) return 'invalid';
  const sent = putDown(step, { ...body, presigned: signature }, now, draft.id);
  const id = sentId(step, sent);
  const { agreement, confirmBy } = claim;
  const commitment = {
    side: 'first',
    state: 'undecided',
    firstMove: id,
    offer: id,
    alternative: 0,
    agreement,
    confirmBy,
    first: signature,
    secrets,
    reveals: {},
  } as const;
  return withState(sent, { ...sent.state, commitments: [...sent.state.commitments, commitment] });
}
