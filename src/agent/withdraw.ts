// Takes an offer of ours back: a plain one by saying so, a signed one by making its signature void.

import { z } from 'zod';
import { readOfferStatus } from '../negotiate/slot.ts';
import { issueMove } from './applyTransition.ts';
import type { AgentContext } from './context.ts';
import { findOfferById } from './findOfferById.ts';
import { openNamed } from './openNamed.ts';
import { finishStep, type MoveResult } from './finishStep.ts';
import { refusalError } from './refusalError.ts';
import { beginWork } from './work.ts';

/** Which offer to take back: our newest open one, unless `offer` names it. */
export const withdrawInput = z.strictObject({ nid: z.string(), offer: z.string().optional() });

/** Takes it back. Throws `input/…`, `negotiation/refused` when it is gone already or a signature of ours is about it. */
export async function withdraw(context: AgentContext, input: z.infer<typeof withdrawInput>): Promise<MoveResult> {
  const work = beginWork(context);
  const open = openNamed(work, input.nid);
  const { state } = open;
  const newest = state.offers.findLast((offer) => offer.by === state.me && ['open', 'suspended'].includes(readOfferStatus(state, offer)));
  const chosen = input.offer === undefined ? newest : findOfferById(state, input.offer);
  if (chosen === undefined || chosen.by !== state.me) throw refusalError('unknown-own-offer');
  if (chosen.presigned !== undefined) await issueMove(work, open, { type: 'cancel', offer: chosen.id });
  else await issueMove(work, open, { type: 'withdraw', body: { v: 1, type: 'withdraw', offer: chosen.id } });
  return finishStep(work, state.nid);
}
