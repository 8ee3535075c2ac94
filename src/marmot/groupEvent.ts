// Group events (kind 445): the outer layer that hides MLS messages from relays (transports/nostr.md "Group message delivery").

import { createCipheriv, createDecipheriv, createSecretKey } from 'node:crypto';
import { isHex32, sha256Hex, type Hex } from '../core/bytes.ts';
import type { Rng } from '../core/ports.ts';
import { isEventShape, signOnce, verifyEvent, type NostrEvent } from '../nostr/event.ts';
import { decodeBase64, encodeBase64 } from './base64.ts';
import { addressesOf, outerKeysOf } from './branches.ts';
import type { Channel } from './channel.ts';
import { joinBytes } from './cursor.ts';
import { KINDS, LIMITS } from './profile.ts';

const CIPHER = 'chacha20-poly1305';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** The MLS message in a group event, and its SHA-256 (hex): the id to deduplicate by. */
export interface Peeled {
  readonly kind: 'peeled';
  readonly mlsBytes: Uint8Array;
  readonly mlsHash: Hex;
}

/** Why a group event stays closed. `no-key`: none of our epochs opens it; try again after the next commit. */
export type UnpeelableReason = 'malformed' | 'too-large' | 'signature' | 'other-group' | 'no-key';

/** What is in a group event, or why it cannot be read. */
export type PeelResult = Peeled | { readonly kind: 'unreadable'; readonly reason: UnpeelableReason };

/** Opens the outer layer of a group event with the keys of the tip, of up to five epochs before it, and of branches beside them. Never throws. */
export function peelGroupEvent(channel: Channel, event: unknown): PeelResult {
  if (!isEventShape(event) || event.kind !== KINDS.groupEvent) return unreadable('malformed');
  if (event.content.length > LIMITS.eventContentChars) return unreadable('too-large');
  const target = readTarget(event);
  if (target === undefined) return unreadable('malformed');
  if (!addressesOf(channel).includes(target)) return unreadable('other-group');
  if (!verifyEvent(event)) return unreadable('signature');
  const sealed = decodeBase64(event.content);
  if (sealed === undefined || sealed.length < NONCE_BYTES + TAG_BYTES) return unreadable('malformed');
  for (const key of outerKeysOf(channel)) {
    const mlsBytes = openOuter(key, sealed);
    if (mlsBytes !== undefined) return { kind: 'peeled', mlsBytes, mlsHash: sha256Hex(mlsBytes) };
  }
  return unreadable('no-key');
}

/**
 * Seals MLS bytes under an outer key into an event by a throw-away key, with the `h` tag and no other but the end of an application
 * message in a group whose messages vanish (`expiresAt`, unix seconds, NIP-40).
 */
export function sealGroupEvent(
  key: Uint8Array,
  nostrGroupId: Hex,
  mlsBytes: Uint8Array,
  now: number,
  rng: Rng,
  expiresAt?: number,
): NostrEvent {
  const content = encodeBase64(sealOuter(key, rng.bytes(NONCE_BYTES), mlsBytes));
  const tags = [['h', nostrGroupId], ...(expiresAt === undefined ? [] : [['expiration', String(expiresAt)]])];
  return signOnce(rng.bytes(32), { kind: KINDS.groupEvent, created_at: now, tags, content });
}

/** True for an event that was sealed with this outer key, which nobody has but members of the epoch. Never throws. */
export function isSealedWith(key: Uint8Array, { content }: Pick<NostrEvent, 'content'>): boolean {
  const sealed = content.length <= LIMITS.eventContentChars ? decodeBase64(content) : undefined;
  return key.length > 0 && sealed !== undefined && sealed.length >= NONCE_BYTES + TAG_BYTES && openOuter(key, sealed) !== undefined;
}

/** Opens nonce, ciphertext and tag; undefined when the key does not fit. */
export function openOuter(key: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
  try {
    const decipher = createDecipheriv(CIPHER, createSecretKey(key), sealed.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
    decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
    return joinBytes(decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final());
  } catch {
    return undefined;
  }
}

function sealOuter(key: Uint8Array, nonce: Uint8Array, plaintext: Uint8Array): Uint8Array {
  const cipher = createCipheriv(CIPHER, createSecretKey(key), nonce, { authTagLength: TAG_BYTES });
  return joinBytes(nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag());
}

// Exactly one h tag of one value; NIP-40 expiration is the only other tag there may be.
function readTarget(event: NostrEvent): Hex | undefined {
  const targets = event.tags.filter((tag) => tag[0] === 'h');
  const expirations = event.tags.filter((tag) => tag[0] === 'expiration' && tag.length === 2);
  const isExact =
    targets.length === 1 &&
    targets[0]?.length === 2 &&
    expirations.length <= 1 &&
    targets.length + expirations.length === event.tags.length;
  const target = targets[0]?.[1];
  return isExact && isHex32(target) ? target : undefined;
}

function unreadable(reason: UnpeelableReason): PeelResult {
  return { kind: 'unreadable', reason };
}
