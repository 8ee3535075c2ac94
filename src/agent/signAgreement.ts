// Has the identity sign an agreement and takes the answer only when it is exactly what was asked for.

import type { Hex } from '../core/bytes.ts';
import { NegotiateError } from '../core/errors.ts';
import type { Negotiation } from '../negotiate/negotiation.ts';
import type { LockValues } from '../negotiate/planSignature.ts';
import { verifySignature, type SignatureTemplate, type VerifiedSignature } from '../negotiate/signature.ts';
import { readSignerAnswer } from '../negotiate/signerAnswer.ts';
import { verifyEvent } from '../nostr/event.ts';
import { signExactly } from '../nostr/giftWrap.ts';
import type { AgentContext } from './context.ts';
import { lockValuesFor } from './lockValues.ts';

/** The two secret values of the next signature in a negotiation, `about` what is signed (unix seconds for `now`). */
export function makeLockValues({ store, rng }: AgentContext, { nid, chain }: Negotiation, about: Hex, now: number): LockValues {
  return lockValuesFor(store, rng, { nid, about, at: now, place: chain.sent.length });
}

/** Signs a template. Throws `signer/altered` when the signer returns anything else. */
export async function signAgreement(context: AgentContext, template: SignatureTemplate): Promise<VerifiedSignature> {
  const event = readSignerAnswer(template, context.pubkey, await signExactly(await context.signer(), template));
  const signature = event === undefined ? undefined : verifySignature(event, verifyEvent);
  if (signature !== undefined) return signature;
  throw new NegotiateError('signer/altered', 'The signer returned another event than it was asked to sign. Use another signer.');
}
