// The two signatures of an agreement as never published Nostr events of kind 4391 (PROTOCOL "The agreement").

import { z } from 'zod';
import { hexToBytes, sha256Hex, type Hex } from '../core/bytes.ts';
import { hex32, limitedText, publicKey, signatureHex, unixSeconds } from './fields.ts';

/** Event kind of a signature; never published. */
export const SIGNATURE_KIND = 4391;

/** A signed Nostr event of the signature's shape (NIP-01). */
export const signedEventSchema = z.strictObject({
  id: hex32,
  pubkey: publicKey,
  created_at: unixSeconds,
  kind: z.literal(SIGNATURE_KIND),
  tags: z.array(z.array(limitedText(64)).min(1).max(2)).max(6),
  content: z.literal(''),
  sig: signatureHex,
});

/** A signature event whose shape is checked and nothing else. */
export type SignedEvent = z.infer<typeof signedEventSchema>;

declare const verified: unique symbol;
/** A signature event whose id and BIP-340 signature were checked at the border; the state machine takes no other. */
export type VerifiedSignature = SignedEvent & { readonly [verified]: true };

/** Whether the signer made the offer or accepts it. */
export type SignerRole = 'offeror' | 'acceptor';

/** What a first signature says; hashes are SHA-256 of 32 raw bytes, hex. */
export interface FirstClaim {
  readonly order: 'first';
  readonly role: SignerRole;
  readonly agreement: Hex;
  /** Unix seconds. */
  readonly confirmBy: number;
  readonly close: Hex;
  readonly void: Hex;
}

/** What a second signature says. */
export interface SecondClaim {
  readonly order: 'second';
  readonly role: SignerRole;
  readonly agreement: Hex;
  /** Id of the first signature. */
  readonly first: Hex;
  readonly ack: Hex;
  readonly late: Hex;
}

/** What a signer is asked to sign. */
export interface SignatureTemplate {
  readonly kind: typeof SIGNATURE_KIND;
  readonly created_at: number;
  readonly tags: string[][];
  readonly content: '';
}

/** The event to be signed for a claim, dated `createdAt` (unix seconds). */
export function makeSignatureTemplate(claim: FirstClaim | SecondClaim, createdAt: number): SignatureTemplate {
  const head = [['-'], ['x', claim.agreement], ['role', claim.role]];
  return { kind: SIGNATURE_KIND, created_at: createdAt, tags: [...head, ...lockTags(claim)], content: '' };
}

function lockTags(claim: FirstClaim | SecondClaim): string[][] {
  switch (claim.order) {
    case 'first':
      return [
        ['confirm_by', String(claim.confirmBy)],
        ['close', claim.close],
        ['void', claim.void],
      ];
    case 'second':
      return [
        ['e', claim.first],
        ['ack', claim.ack],
        ['late', claim.late],
      ];
    default:
      return claim satisfies never;
  }
}

/** Reads what a signature event claims; undefined unless its tags are exactly those of a first or second signature, in order. */
export function readClaim(event: SignedEvent): FirstClaim | SecondClaim | undefined {
  const claim = event.tags.length === 6 ? readTags(event.tags) : undefined;
  if (claim === undefined) return undefined;
  const locks = claim.order === 'first' ? [claim.close, claim.void] : [claim.ack, claim.late];
  if (locks[0] === locks[1]) return undefined;
  // Writing the claim again and comparing leaves no room for another spelling.
  return JSON.stringify(makeSignatureTemplate(claim, event.created_at).tags) === JSON.stringify(event.tags) ? claim : undefined;
}

function readTags(tags: readonly (readonly string[])[]): FirstClaim | SecondClaim | undefined {
  const [, agreement, role, third, fourth, fifth] = tags.map((tag) => tag[1] ?? '');
  if (role !== 'offeror' && role !== 'acceptor') return undefined;
  if (![agreement, fourth, fifth].every((value) => hex32.safeParse(value).success)) return undefined;
  const [x, lock1, lock2] = [agreement, fourth, fifth] as [Hex, Hex, Hex];
  if (tags[3]?.[0] === 'e')
    return hex32.safeParse(third).success
      ? { order: 'second', role, agreement: x, first: third as Hex, ack: lock1, late: lock2 }
      : undefined;
  return unixSeconds.safeParse(Number(third)).success
    ? { order: 'first', role, agreement: x, confirmBy: Number(third), close: lock1, void: lock2 }
    : undefined;
}

/** Brands a signature after checking its id and, through `verify` (BIP-340), its signature. Undefined when either is wrong. */
export function verifySignature(event: SignedEvent, verify: (event: SignedEvent) => boolean): VerifiedSignature | undefined {
  return computeSignatureId(event) === event.id && verify(event) ? (event as VerifiedSignature) : undefined;
}

/** The NIP-01 id of a signature event. */
export function computeSignatureId(event: Omit<SignedEvent, 'id' | 'sig'>): Hex {
  return sha256Hex(JSON.stringify([0, event.pubkey, event.created_at, event.kind, event.tags, event.content]));
}

/** SHA-256 of a 32-byte lock value given as hex: what a signature commits to before the value is revealed. */
export function hashLock(value: Hex): Hex {
  return sha256Hex(hexToBytes(value));
}
