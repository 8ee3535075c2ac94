// Declines: an offer and with it the negotiation, an offer alone, or a negotiation in which nothing is offered.

import { z } from 'zod';
import { identifier, longText } from '../negotiate/fields.ts';
import { issueMove } from './applyTransition.ts';
import type { AgentContext } from './context.ts';
import { findOfferById } from './findOfferById.ts';
import { openNamed } from './openNamed.ts';
import { finishStep, type MoveResult } from './finishStep.ts';
import { beginWork } from './work.ts';

/** What to decline: the peer's newest offer, unless `offer` names one. With `keepTalking` the negotiation goes on. */
export const rejectInput = z.strictObject({
  nid: z.string(),
  offer: z.string().optional(),
  keepTalking: z.boolean().default(false),
  code: identifier.default('declined'),
  text: longText.optional(),
  /** The owner says yes to what his mandate would ask him about. */
  isApproved: z.boolean().optional(),
});

/** Declines. Throws `input/…`, `negotiation/refused`, `mandate/…` for words that may not be said. */
export async function reject(context: AgentContext, input: z.infer<typeof rejectInput>): Promise<MoveResult> {
  const work = beginWork(context, input.isApproved);
  const open = openNamed(work, input.nid);
  const { state } = open;
  const named = input.offer === undefined ? undefined : findOfferById(state, input.offer);
  const target = named ?? state.offers.findLast(({ by }) => by === state.peer);
  const { keepTalking, code, text } = input;
  if (target === undefined && !keepTalking) await issueMove(work, open, { type: 'cancel' });
  else {
    const words = text === undefined ? {} : { text };
    const body = { v: 1, type: 'reject', offer: target?.id ?? '', final: !keepTalking, code, ...words } as const;
    await issueMove(work, open, { type: 'reject', body });
  }
  return finishStep(work, state.nid);
}
