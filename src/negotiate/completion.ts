// The signatures that end a deal: buyer, then provider, state that the files delivered are accepted (PROTOCOL "After the deal").

import { z } from 'zod';
import { sha256Hex, type Hex } from '../core/bytes.ts';
import { canonicalJson } from '../core/canonical.ts';
import type { Role } from './agreement.ts';
import { hex32, limitedText, publicKey, signatureHex, unixSeconds } from './fields.ts';

/** Event kind of a completion; never published. */
export const COMPLETION_KIND = 4396;

/** A signed Nostr event of a completion's shape (NIP-01). */
export const completionEventSchema = z.strictObject({
  id: hex32,
  pubkey: publicKey,
  created_at: unixSeconds,
  kind: z.literal(COMPLETION_KIND),
  tags: z.array(z.array(limitedText(64)).min(1).max(2)).max(4),
  content: z.literal(''),
  sig: signatureHex,
});

/** A completion whose shape is checked and nothing else. */
export type CompletionEvent = z.infer<typeof completionEventSchema>;

/** What a completion says: its signer, in this role of this agreement, takes the files with this digest as delivered. */
export interface CompletionClaim {
  readonly agreement: Hex;
  readonly role: Role;
  /** `hashFiles` of what was delivered. */
  readonly files: Hex;
}

/** What a signer is asked to sign. */
export interface CompletionTemplate {
  readonly kind: typeof COMPLETION_KIND;
  readonly created_at: number;
  readonly tags: string[][];
  readonly content: '';
}

/** The event to be signed, dated `createdAt` (unix seconds). */
export function makeCompletionTemplate({ agreement, role, files }: CompletionClaim, createdAt: number): CompletionTemplate {
  return { kind: COMPLETION_KIND, created_at: createdAt, tags: [['-'], ['x', agreement], ['role', role], ['files', files]], content: '' };
}

/** Reads what a completion claims; undefined unless its tags are exactly those of one, in order. */
export function readCompletion(event: CompletionEvent): CompletionClaim | undefined {
  const [, agreement, role, files] = event.tags.map((tag) => tag[1] ?? '');
  if ((role !== 'buyer' && role !== 'provider') || !hex32.safeParse(agreement).success || !hex32.safeParse(files).success) return undefined;
  const claim = { agreement: agreement as Hex, role, files: files as Hex } as const;
  // Writing the claim again and comparing leaves no room for another spelling.
  return JSON.stringify(makeCompletionTemplate(claim, 0).tags) === JSON.stringify(event.tags) ? claim : undefined;
}

/** True when the event's id and, through `verify` (BIP-340), its signature are right. */
export function verifyCompletion(event: CompletionEvent, verify: (event: CompletionEvent) => boolean): boolean {
  const { id, pubkey, created_at, kind, tags, content } = event;
  return sha256Hex(JSON.stringify([0, pubkey, created_at, kind, tags, content])) === id && verify(event);
}

/** SHA-256 (hex) of both completions: names the receipt that the two hold, and tells nothing of the deal. */
export function hashReceipt(buyer: CompletionEvent, provider: CompletionEvent): Hex {
  return sha256Hex(canonicalJson({ domain: 'agent-negotiate/receipt/1', buyer, provider }));
}
