// The closed schema of a signature event, whatever it claims.

import { z } from 'zod';
import { hex32, publicKey, signatureHex, unixSeconds, limitedText } from './fields.ts';
import { SIGNATURE_KIND, type SignedEvent } from './signature.ts';

/** A signed Nostr event of the signature's shape (NIP-01). */
export const signedEventSchema: z.ZodType<SignedEvent> = z.strictObject({
  id: hex32,
  pubkey: publicKey,
  created_at: unixSeconds,
  kind: z.literal(SIGNATURE_KIND),
  tags: z.array(z.array(limitedText(64)).min(1).max(2)).max(6),
  content: z.literal(''),
  sig: signatureHex,
});
