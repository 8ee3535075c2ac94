// Makes a key package: the public event that lets others invite us, and the private part that lets us join.

import { generateKeyPackageWithKey, makeCustomExtension, makeKeyPackageRef, type KeyPackage, type PrivateKeyPackage } from 'ts-mls';
import { bytesToHex, hexToBytes, isHex32, type Hex } from '../core/bytes.ts';
import { NegotiateError } from '../core/errors.ts';
import type { Rng } from '../core/ports.ts';
import type { EventTemplate, NostrEvent } from '../nostr/event.ts';
import { signExactly } from '../nostr/giftWrap.ts';
import type { Signer } from '../nostr/signer.ts';
import { encodeBase64 } from './base64.ts';
import { encodeDictionary } from './dictionary.ts';
import { makeIdentityProof } from './identityProof.ts';
import { encodePrivatePackage } from './keyPackagePrivate.ts';
import { encodeLeafDictionary, formatId, ownCapabilities } from './leaf.ts';
import { encodeMlsMessage } from './mlsMessage.ts';
import { ADVERTISED, COMPONENTS, KINDS, LIFETIME, MLS } from './profile.ts';
import { createSuite } from './suite.ts';

/** Who makes the key package, in which publication slot (64 hex digits, random, reused on rotation), when, with what randomness. */
export interface KeyPackageInput {
  readonly signer: Signer;
  readonly slot: Hex;
  readonly now: number;
  readonly rng: Rng;
}

/** A key package ready to publish: the kind 30443 event, its KeyPackageRef, the private bytes to keep secret, the end (unix seconds). */
export interface MadeKeyPackage {
  readonly event: NostrEvent;
  readonly ref: Hex;
  readonly privateBytes: Uint8Array;
  readonly expiresAt: number;
}

/** An MLS key package with its private half. */
export interface LeafMaterial {
  readonly publicPackage: KeyPackage;
  readonly privatePackage: PrivateKeyPackage;
}

/**
 * Makes and signs a last-resort key package (transports/nostr.md "KeyPackage publication"). Save `privateBytes` before publishing
 * `event`. Throws `input/invalid` for a bad slot, `signer/altered` when the signer changes what it signs.
 */
export async function createKeyPackage({ signer, slot, now, rng }: KeyPackageInput): Promise<MadeKeyPackage> {
  if (!isHex32(slot))
    throw new NegotiateError('input/invalid', 'A key package slot is 64 lower-case hex digits. Make 32 random bytes once and keep them.');
  const material = await makeLeafMaterial(signer, now, rng);
  const ref = bytesToHex(await makeKeyPackageRef(material.publicPackage, createSuite(rng).hash));
  const event = await signExactly(signer, keyPackageTemplate(material.publicPackage, slot, ref, now));
  const privateBytes = encodePrivatePackage({ eventId: event.id, ...material });
  return { event, ref, privateBytes, expiresAt: now + LIFETIME.lifeS };
}

/** Makes a leaf of ours with fresh keys and its identity proof, as a key package that lives 84 days. */
export async function makeLeafMaterial(signer: Signer, now: number, rng: Rng): Promise<LeafMaterial> {
  const cipherSuite = createSuite(rng);
  const signatureKeyPair = await cipherSuite.signature.keygen();
  const proof = await makeIdentityProof(signer, signatureKeyPair.publicKey, now);
  return generateKeyPackageWithKey({
    credential: { credentialType: MLS.basicCredential, identity: hexToBytes(signer.pubkey) },
    capabilities: ownCapabilities(),
    lifetime: { notBefore: BigInt(now - LIFETIME.backdateS), notAfter: BigInt(now + LIFETIME.lifeS) },
    extensions: [dictionaryExtension(encodeDictionary(new Map([[COMPONENTS.lastResort, new Uint8Array()]])))],
    signatureKeyPair,
    cipherSuite,
    leafNodeExtensions: [dictionaryExtension(encodeLeafDictionary(proof))],
  });
}

/** The app_data_dictionary as an MLS extension. */
export function dictionaryExtension(extensionData: Uint8Array): ReturnType<typeof makeCustomExtension> {
  return makeCustomExtension({ extensionType: MLS.appDataDictionary, extensionData });
}

function keyPackageTemplate(keyPackage: KeyPackage, slot: Hex, ref: Hex, now: number): EventTemplate {
  const { extensions, proposals } = keyPackage.leafNode.capabilities;
  const tags = [
    ['d', slot],
    ['mls_protocol_version', '1.0'],
    ['i', ref],
    ['mls_ciphersuite', formatId(MLS.suite)],
    ['mls_extensions', ...extensions.map(formatId)],
    ['mls_proposals', ...proposals.map(formatId)],
    ['app_components', ...ADVERTISED.components.filter((id) => id >= 0x8000).map(formatId)],
  ];
  const content = encodeBase64(encodeMlsMessage({ version: MLS.version, wireformat: 5, keyPackage }));
  return { kind: KINDS.keyPackage, created_at: now, tags, content };
}
