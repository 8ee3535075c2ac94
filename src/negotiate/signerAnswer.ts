// What a signer hands back: only the very event that was asked for counts (PROTOCOL "The agreement").

import type { Hex } from '../core/bytes.ts';
import { canonicalJson } from '../core/canonical.ts';
import { computeSignatureId, type SignatureTemplate, type SignedEvent } from './signature.ts';
import { signedEventSchema } from './signatureSchema.ts';

/**
 * Reads a signer's answer to a signature template. Undefined unless the answer is the template in every field, by `pubkey`, under its
 * own id, with nothing added; a remote signer (NIP-46) may have changed any of it. The BIP-340 signature itself is checked by
 * `verifySignature`. Never throws for parsed JSON.
 */
export function readSignerAnswer(template: SignatureTemplate, pubkey: Hex, answer: unknown): SignedEvent | undefined {
  const parsed = signedEventSchema.safeParse(answer);
  if (!parsed.success) return undefined;
  const { id, sig: _, ...unsigned } = parsed.data;
  const requested = canonicalJson({ ...template, pubkey });
  return canonicalJson(unsigned) === requested && computeSignatureId(unsigned) === id ? parsed.data : undefined;
}
