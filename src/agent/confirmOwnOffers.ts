// The second signature: an accept of our own open offer is confirmed without asking, because the offer was the consent.

import { planConfirm } from '../negotiate/planSignature.ts';
import { issueIfAllowed } from './applyTransition.ts';
import { drawLockValues, signAgreement } from './signAgreement.ts';
import type { OpenNegotiation, Work } from './work.ts';

/** Confirms what waits for it among the negotiations this step has touched; the rules of the state machine decide what may. */
export async function confirmOwnOffers(work: Work): Promise<void> {
  for (const open of [...work.negotiations.values()]) await confirmPending(work, open);
}

/** Confirms a pending accept of one negotiation, if there is one. Throws `signer/altered`. */
export async function confirmPending(work: Work, open: OpenNegotiation): Promise<void> {
  const { pending } = open.state;
  if (pending === undefined || work.now > pending.confirmBy) return;
  const { agreement, template, secrets } = planConfirm(pending, drawLockValues(work.context.rng), work.now);
  const signature = await signAgreement(work.context, template);
  const body = { v: 1, type: 'confirm', accept: pending.id, agreement, signature } as const;
  await issueIfAllowed(work, open, { type: 'confirm', body, signature, secrets });
}
