// Accepts an offer of the peer: our signature, with the two values that decide it.

import { z } from 'zod';
import type { Hex } from '../core/bytes.ts';
import { NegotiateError } from '../core/errors.ts';
import { MAX_ALTERNATIVES } from '../negotiate/agreementSchema.ts';
import { describeSigning } from '../decide/mandateAction.ts';
import { latestConfirmBy } from '../negotiate/commitment.ts';
import { findOfferObstacle } from '../negotiate/issueSignature.ts';
import { MAX_WINDOW_S, type Negotiation, type Offer } from '../negotiate/negotiation.ts';
import { planAccept } from '../negotiate/planSignature.ts';
import { readFixedAmount } from '../negotiate/price.ts';
import { findHeld, termsOf } from '../negotiate/slot.ts';
import type { Terms } from '../negotiate/terms.ts';
import { isBudgetTaken, issueMove } from './applyTransition.ts';
import type { AgentContext } from './context.ts';
import { findOfferById } from './findOfferById.ts';
import { openNamed } from './openNamed.ts';
import { subjectOf } from './mandate/facts.ts';
import { readMandate } from './mandate/mandateSetting.ts';
import { foresee } from './mandate/permit.ts';
import { finishStep, type MoveResult } from './finishStep.ts';
import { refusalError } from './refusalError.ts';
import { makeLockValues, signAgreement } from './signAgreement.ts';
import { atPresent, beginWork, type Work } from './work.ts';

/** Which offer to accept: the peer's newest one, unless `offer` names it. `priceMsat`: only for exactly this fixed price. */
export const acceptInput = z.strictObject({
  nid: z.string(),
  offer: z.string().optional(),
  /** One of the offer's alternatives, from 1; 0 is its main terms. */
  alternative: z.int().min(0).max(MAX_ALTERNATIVES).optional(),
  priceMsat: z.bigint().optional(),
  /** The owner says yes to what his mandate would ask him about. */
  isApproved: z.boolean().optional(),
});

/** Accepts an offer. Throws `input/…`, `negotiation/refused` and `mandate/…` (nothing is signed then), `signer/altered`. */
export async function accept(context: AgentContext, input: z.infer<typeof acceptInput>): Promise<MoveResult> {
  const work = beginWork(context, input.isApproved);
  const open = openNamed(work, input.nid);
  const { alternative = 0 } = input;
  if (isBudgetTaken(work, open)) throw refusalError('budget');
  const chosen = chooseOffer(open.state, input.offer, alternative, work.now);
  const terms = termsOf(chosen, alternative);
  const confirmBy = chooseWindow(work, chosen);
  const locks = makeLockValues(context, open.state, chosen.id, work.now);
  const plan = planAccept(open.state, chosen, alternative, locks, work.now, confirmBy);
  if (terms === undefined || plan === undefined) throw refusalError('unknown-offer');
  checkPrice(terms, input.priceMsat);
  const isFirst = chosen.presigned === undefined;
  await foresee(work, subjectOf(open.state), describeSigning('accept', chosen, alternative, isFirst ? confirmBy : undefined));
  const signature = await signAgreement(context, plan.template);
  const body = { v: 1, type: 'accept', offer: chosen.id, alternative, agreement: plan.agreement, signature } as const;
  // A person may have taken a while to approve it. Signed too late is not signed: nothing is saved then.
  await issueMove(atPresent(work), open, { type: 'accept', body, signature, secrets: plan.secrets });
  return finishStep(work, open.state.nid);
}

/** Until when the peer may answer our first signature: the rules' longest time, or the shorter one of the owner's mandate. */
function chooseWindow({ context, now }: Work, offer: Offer): number {
  const longestS = readMandate(context.store)?.windows.signature_s ?? MAX_WINDOW_S;
  return Math.min(latestConfirmBy(offer, now), now + longestS);
}

/** The offer to accept; everything that speaks against it is said before anything is signed. */
function chooseOffer(state: Negotiation, text: string | undefined, alternative: number, now: number): Offer {
  if (state.ended !== undefined) throw refusalError('ended');
  const id: Hex | undefined = text === undefined ? undefined : findOfferById(state, text).id;
  const newest = state.offers.findLast(({ by }) => by === state.peer);
  const chosen = id === undefined ? newest : state.offers.find((each) => each.id === id);
  if (chosen === undefined && findHeld(state) !== undefined) throw refusalError('slot-taken');
  const obstacle = findOfferObstacle(state, chosen, alternative, now);
  if (obstacle !== undefined || chosen === undefined) throw refusalError(obstacle ?? 'unknown-offer');
  return chosen;
}

function checkPrice({ price }: Terms, priceMsat: bigint | undefined): void {
  const offeredMsat = readFixedAmount(price);
  if (priceMsat === undefined || offeredMsat === priceMsat) return;
  // A price by use, period or milestone is no amount that could be the one named.
  const message =
    offeredMsat === undefined
      ? 'The offer has no fixed price. Look at its terms with status, and accept without naming an amount if you want them.'
      : 'The offer has another price than the one you named. Look at status and decide again.';
  throw new NegotiateError('negotiation/refused', message, { details: { reason: 'price' } });
}
