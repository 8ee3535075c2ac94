// Accepts an offer of the peer: our signature, first, with the values that close or void it.

import { z } from 'zod';
import { bytesToHex, type Hex } from '../core/bytes.ts';
import { formatSats } from '../core/money.ts';
import { NegotiateError } from '../core/errors.ts';
import { hashAgreement } from '../negotiate/agreement.ts';
import { agreementFor, latestConfirmBy } from '../negotiate/commitment.ts';
import { findOfferObstacle } from '../negotiate/issue.ts';
import { findHeld, type Negotiation, type Offer } from '../negotiate/negotiation.ts';
import { formatPrice } from '../negotiate/price.ts';
import { hashLock, makeSignatureTemplate } from '../negotiate/signature.ts';
import { issueMove } from './applyTransition.ts';
import type { AgentContext } from './context.ts';
import { findOfferById } from './findOfferById.ts';
import { openNamed } from './openNamed.ts';
import { finishStep, type MoveResult } from './finishStep.ts';
import { refusalError } from './refusalError.ts';
import { signAgreement } from './signAgreement.ts';
import { beginWork } from './work.ts';

/** Which offer to accept: the peer's open one, unless `offer` names it. `priceMsat`: only if it costs exactly this. */
export const acceptInput = z.strictObject({ nid: z.string(), offer: z.string().optional(), priceMsat: z.bigint().optional() });

/** Accepts an offer. Throws `input/…`, `negotiation/refused` (nothing is signed then), `signer/altered`. */
export async function accept(context: AgentContext, input: z.infer<typeof acceptInput>): Promise<MoveResult> {
  const work = beginWork(context);
  const open = openNamed(work, input.nid);
  const chosen = chooseOffer(open.state, input.offer, work.now);
  checkPrice(chosen, input.priceMsat);
  const secrets = { c: bytesToHex(context.rng.bytes(32)), v: bytesToHex(context.rng.bytes(32)) };
  const confirmBy = latestConfirmBy(chosen, work.now);
  const agreement = hashAgreement(agreementFor(open.state, chosen, confirmBy));
  const locks = { close: hashLock(secrets.c), void: hashLock(secrets.v) };
  const template = makeSignatureTemplate({ order: 'first', role: 'acceptor', agreement, confirmBy, ...locks }, work.now);
  const signature = await signAgreement(context, template);
  const body = { v: 1, type: 'accept', offer: chosen.id, alternative: 0, agreement, signature } as const;
  await issueMove(work, open, { type: 'accept', body, signature, secrets });
  return finishStep(work, open.state.nid);
}

/** The offer to accept; everything that speaks against it is said before anything is signed. */
function chooseOffer(state: Negotiation, text: string | undefined, now: number): Offer {
  if (state.ended !== undefined) throw refusalError('ended');
  if (findHeld(state) !== undefined || state.pending !== undefined) throw refusalError('slot-taken');
  const id: Hex | undefined = text === undefined ? undefined : findOfferById(state, text).id;
  const newest = state.offers.findLast(({ by }) => by === state.peer);
  const chosen = id === undefined ? newest : state.offers.find((each) => each.id === id);
  const obstacle = findOfferObstacle(state, chosen, now);
  if (obstacle !== undefined || chosen === undefined) throw refusalError(obstacle ?? 'unknown-offer');
  return chosen;
}

function checkPrice({ terms }: Offer, priceMsat: bigint | undefined): void {
  if (priceMsat === undefined || formatPrice(terms.price) === formatSats(priceMsat)) return;
  throw new NegotiateError('negotiation/refused', 'The offer has another price than the one you named. Look at status and decide again.', {
    details: { reason: 'price' },
  });
}
