// Reads the key package event of a peer: usable, or refused with the reason and what to do.

import { encode, keyPackageEncoder, makeKeyPackageRef, type KeyPackage } from 'ts-mls';
import { bytesToHex, equalBytes, type Hex } from '../core/bytes.ts';
import { isEventShape, verifyEvent, type NostrEvent } from '../nostr/event.ts';
import { decodeBase64 } from './base64.ts';
import { checkLeaf, checkLifetime } from './leaf.ts';
import { readKeyPackageTags, tagsMatchLeaf, type KeyPackageTags } from './keyPackageTags.ts';
import { decodeMlsMessage } from './mlsMessage.ts';
import { KINDS, LIMITS, MLS, REQUIRED } from './profile.ts';
import { attempt, isRefusal, refuse, type Refusal } from './refusal.ts';
import { createSuite, noRng, verifyWithLabel } from './suite.ts';
import { splitKeyPackage } from './treeReader.ts';

/** A key package that passed every check: whose it is, where it was published, until when it can be used (unix seconds). */
export interface UsableKeyPackage {
  readonly kind: 'usable';
  readonly account: Hex;
  readonly eventId: Hex;
  readonly slot: Hex;
  readonly ref: Hex;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly components: readonly number[];
  readonly keyPackage: KeyPackage;
}

const OLD_KIND = 443;
const MESSAGE_MARK = Uint8Array.of(0x00, 0x01, 0x00, 0x05);
const UNREADABLE = 'The key package cannot be decoded. Ask the peer to publish a new one.';
const DIALECT_A =
  'This is a kind 443 key package of Marmot before May 2026. Ask the peer to update to MDK 0.9.5 or a client of the same age.';
const DIALECT_B =
  'This key package is of the Marmot generation of spring 2026 (bare KeyPackage). Ask the peer to update to MDK 0.9.5 or newer.';

/**
 * Checks a kind 30443 event in full: signature, exact tags, MLSMessage content, KeyPackageRef, lists equal to the leaf, both MLS
 * signatures, identity proof, lifetime at `now` (unix seconds) and support for what our groups require. Older generations are named
 * in the message. Never throws.
 */
export async function readKeyPackage(event: unknown, now: number): Promise<UsableKeyPackage | Refusal> {
  if (!isEventShape(event)) return refuse('content', 'This is not a Nostr event. Fetch the key package again.');
  if (event.kind === OLD_KIND) return refuse('dialect', DIALECT_A);
  if (event.kind !== KINDS.keyPackage)
    return refuse('content', 'This event is not a key package (kind 30443). Fetch one from the peer’s write relays.');
  if (!verifyEvent(event))
    return refuse('signature', 'The signature of the key package event is wrong. Fetch it again from another relay.');
  const keyPackage = await decodeContent(event);
  if (isRefusal(keyPackage)) return keyPackage;
  const tags = readKeyPackageTags(event);
  if (isRefusal(tags)) return tags;
  return attempt('mls', UNREADABLE, () => checkKeyPackage(event, tags, keyPackage, now));
}

async function decodeContent(event: NostrEvent): Promise<KeyPackage | Refusal> {
  const bytes = event.content.length <= LIMITS.eventContentChars ? decodeBase64(event.content) : undefined;
  if (bytes === undefined) return refuse('content', 'The key package is not base64. Ask the peer to publish a new one.');
  if (event.tags.some((tag) => tag[0] === 'encoding') || !equalBytes(bytes.subarray(0, 4), MESSAGE_MARK))
    return refuse('dialect', DIALECT_B);
  return attempt('content', UNREADABLE, () => {
    const message = decodeMlsMessage(bytes);
    return 'keyPackage' in message
      ? message.keyPackage
      : refuse('content', 'The content is no key package. Ask the peer to publish a new one.');
  });
}

async function checkKeyPackage(
  event: NostrEvent,
  tags: KeyPackageTags,
  keyPackage: KeyPackage,
  now: number,
): Promise<UsableKeyPackage | Refusal> {
  if (keyPackage.cipherSuite !== MLS.suite)
    return refuse('suite', 'The key package uses a ciphersuite other than 0x0001. Ask the peer for one with 0x0001.');
  const ref = bytesToHex(await makeKeyPackageRef(keyPackage, createSuite(noRng).hash));
  if (ref !== tags.ref) return refuse('ref', 'The i tag does not name this key package. Ask the peer to publish a new one.');
  if (!hasValidSignatures(keyPackage))
    return refuse('signature', 'An MLS signature in the key package is wrong. Ask the peer to publish a new one.');
  const leaf = await checkLeaf(keyPackage.leafNode, REQUIRED);
  if (isRefusal(leaf)) return leaf;
  if (leaf.account !== event.pubkey)
    return refuse('credential', 'The key package belongs to another account than its author. Do not use it.');
  if (!tagsMatchLeaf(tags, keyPackage.leafNode, leaf.components))
    return refuse('lists', 'The tags do not say what the key package says. Ask the peer to publish a new one.');
  const expired = checkLifetime(keyPackage.leafNode, now);
  if (expired !== undefined) return expired;
  const expiresAt = Number(keyPackage.leafNode.lifetime.notAfter);
  return {
    kind: 'usable',
    account: leaf.account,
    eventId: event.id,
    slot: tags.slot,
    ref,
    createdAt: event.created_at,
    expiresAt,
    components: leaf.components,
    keyPackage,
  };
}

function hasValidSignatures(keyPackage: KeyPackage): boolean {
  const parts = splitKeyPackage(encode(keyPackageEncoder, keyPackage));
  const key = keyPackage.leafNode.signaturePublicKey;
  if (equalBytes(keyPackage.initKey, keyPackage.leafNode.hpkePublicKey)) return false;
  return (
    verifyWithLabel(key, 'LeafNodeTBS', parts.leafTbs, parts.leafSignature) &&
    verifyWithLabel(key, 'KeyPackageTBS', parts.tbs, parts.signature)
  );
}
