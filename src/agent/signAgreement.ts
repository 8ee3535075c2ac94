// Has the identity sign an agreement and takes the answer only when it is exactly what was asked for.

import { bytesToHex } from '../core/bytes.ts';
import { NegotiateError } from '../core/errors.ts';
import type { Rng } from '../core/ports.ts';
import type { LockValues } from '../negotiate/planSignature.ts';
import { verifySignature, type SignatureTemplate, type VerifiedSignature } from '../negotiate/signature.ts';
import { readSignerAnswer } from '../negotiate/signerAnswer.ts';
import { verifyEvent } from '../nostr/event.ts';
import { signExactly } from '../nostr/giftWrap.ts';
import type { AgentContext } from './context.ts';

/** Draws the two secret values of a signature. */
export function drawLockValues(rng: Rng): LockValues {
  return { yes: bytesToHex(rng.bytes(32)), no: bytesToHex(rng.bytes(32)) };
}

/** Signs a template. Throws `signer/altered` when the signer returns anything else. */
export async function signAgreement(context: AgentContext, template: SignatureTemplate): Promise<VerifiedSignature> {
  const event = readSignerAnswer(template, context.pubkey, await signExactly(await context.signer(), template));
  const signature = event === undefined ? undefined : verifySignature(event, verifyEvent);
  if (signature !== undefined) return signature;
  throw new NegotiateError('signer/altered', 'The signer returned another event than it was asked to sign. Use another signer.');
}
