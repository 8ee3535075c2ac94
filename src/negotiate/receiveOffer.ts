// An offer of the peer: terms on the table, with its signature already there or without (PROTOCOL "Moves").

import { supersedeOffers } from './closeOffers.ts';
import { checkPresigned } from './commitment.ts';
import type { MoveHeader } from './move.ts';
import type { BodyOf } from './moveBody.ts';
import type { Negotiation, Offer } from './negotiation.ts';
import type { Hex } from '../core/bytes.ts';
import type { VerifiedSignature } from './signature.ts';
import { readOfferStatus } from './slot.ts';
import { emitError, withState, type Step } from './step.ts';

/** Takes in an offer. What it amends or calls off from is judged when it is accepted: until then the head may move. */
export function receiveOffer(step: Step, header: MoveHeader, body: BodyOf<'offer'>, now: number): Step {
  const { state } = step;
  const offer = toOffer(body, header, state.peer);
  const problem = state.ended === undefined ? findProblem(state, offer, now) : 'closed';
  if (problem !== undefined) return emitError(step, header.id, problem, now);
  const rest = supersedeOffers(state, state.peer);
  return withState(step, { ...rest, offers: [...rest.offers, offer] });
}

/** An offer as either side keeps it. The signature, if there is one, has been checked to be genuine. */
export function toOffer(body: BodyOf<'offer'>, { id, ref }: Pick<MoveHeader, 'id' | 'ref'>, by: Hex): Offer {
  const { terms, salt_seed: seed, expires_at: expiresAt, alternatives, presigned, amends, under } = body;
  return {
    id,
    ...(ref === undefined ? {} : { ref }),
    by,
    terms,
    seed,
    expiresAt,
    ...(alternatives === undefined ? {} : { alternatives }),
    ...(presigned === undefined ? {} : { presigned: presigned as VerifiedSignature }),
    ...(amends === undefined ? {} : { amends }),
    ...(under === undefined ? {} : { under }),
    status: 'open',
  };
}

function findProblem(state: Negotiation, offer: Offer, now: number): string | undefined {
  if (offer.presigned === undefined) return undefined;
  const check = checkPresigned(state, offer, offer.presigned, now);
  if (check.kind === 'refused') return check.code;
  // A side may have one signature out in this way. It is decided once it is cancelled, or its window and the grace are over.
  const isOther = state.offers.some(
    (each) => each.by === state.peer && each.presigned !== undefined && readOfferStatus(state, each) === 'open' && now <= each.expiresAt,
  );
  return isOther ? 'busy' : undefined;
}
