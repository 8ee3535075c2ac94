// What two sides say while every order of arrival is explored: a deal by a plain offer, and one by a presigned offer.

import type { Draft } from './draft.ts';
import { locksOf, offerBody, seedOf, signOffer, type OfferPlan } from './exploreMoves.fixture.ts';
import { sign, T0 } from './exploreSide.fixture.ts';
import type { Script, ScriptedMove } from './exploreWire.fixture.ts';
import type { Negotiation } from './negotiation.ts';
import { planAccept, planConfirm } from './planSignature.ts';

const plan: OfferPlan = { sats: 700, expiresAt: T0 + 3_600 };
const offer: ScriptedMove = () => ({ type: 'offer', body: offerBody(plan, seedOf(1, 0)) });

const quote: ScriptedMove = (state) => signOffer(state, 1, offerBody(plan, seedOf(1, 0)), { ...plan, isPresigned: true }, T0, 0);

const accept: ScriptedMove = (state) => {
  const open = state.offers.find(({ by, status }) => by === state.peer && status === 'open');
  const signing = open === undefined ? undefined : planAccept(state, open, 0, locksOf(0, 'wire'), T0);
  if (open === undefined || signing === undefined) return undefined;
  const signature = sign(0, signing.template);
  const body = { v: 1, type: 'accept', offer: open.id, alternative: 0, agreement: signing.agreement, signature } as const;
  return { type: 'accept', body, signature, secrets: signing.secrets };
};

const confirm: ScriptedMove = ({ pending }): Draft | undefined => {
  if (pending === undefined) return undefined;
  const { agreement, template, secrets } = planConfirm(pending, locksOf(1, 'wire'), T0);
  const signature = sign(1, template);
  return { type: 'confirm', body: { v: 1, type: 'confirm', accept: pending.id, agreement, signature }, signature, secrets };
};

/** The scripts: the buyer's moves, the provider's. */
export const SCRIPTS: Readonly<Record<string, Script>> = {
  'a plain offer': [[accept], [offer, confirm]],
  'a presigned offer': [[accept], [quote]],
};

/** True when both hold one deal. */
export function isAgreed(sides: readonly Negotiation[]): boolean {
  return sides.every(({ commitments }) => commitments.length === 1 && commitments[0]?.state === 'agreed');
}
