// MLS ciphersuite 0x0001 for ts-mls on node:crypto, with the caller's randomness.

import { createPrivateKey, createPublicKey, sign, timingSafeEqual, verify, type KeyObject } from 'node:crypto';
import type { CiphersuiteImpl } from 'ts-mls';
import { bytesToHex, sha256, utf8, type Hex } from '../core/bytes.ts';
import { NegotiateError } from '../core/errors.ts';
import type { Rng } from '../core/ports.ts';
import { joinBytes, malformed, writeUint, writeVector } from './cursor.ts';
import { createHpke, hkdfExpand, hmacOf, publicOf } from './hpke.ts';
import { MLS } from './profile.ts';

const PRIVATE_DER = Buffer.from('302e020100300506032b657004220420', 'hex');
const PUBLIC_DER = Buffer.from('302a300506032b6570032100', 'hex');
const HASH_BYTES = 32;
const KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;
const MAX_KEPT_KEYS = 64;

/** An Ed25519 key pair as ts-mls takes it: seed and public key, 32 bytes each. */
export interface SignatureKeys {
  readonly signKey: Uint8Array;
  readonly publicKey: Uint8Array;
}

/** Randomness for work that must not need any: reading. */
export const noRng: Rng = {
  bytes: () => {
    throw new NegotiateError('internal/bug', 'Reading a message asked for randomness. Please report this.');
  },
};

/** Ciphersuite 0x0001 (X25519, AES-128-GCM, SHA-256, Ed25519) with randomness from `rng`. */
export function createSuite(rng: Rng): CiphersuiteImpl {
  const { signWith, makeKeys } = createEd25519Signer();
  return {
    id: MLS.suite,
    rng: { randomBytes: (length) => rng.bytes(length) },
    hpke: createHpke(rng),
    kdf: {
      size: HASH_BYTES,
      extract: async (salt, ikm) => hmacOf(salt, ikm),
      expand: async (prk, info, length) => hkdfExpand(prk, info, length),
    },
    hash: {
      digest: async (data) => sha256(data),
      mac: async (key, data) => hmacOf(key, data),
      verifyMac: async (key, mac, data) => mac.length === HASH_BYTES && timingSafeEqual(hmacOf(key, data), mac),
    },
    signature: {
      sign: async (seed, message) => signWith(seed, message),
      verify: async (publicKey, message, signature) => verifyEd25519(publicKey, message, signature),
      keygen: async () => makeKeys(rng),
    },
  };
}

/** Makes a fresh Ed25519 pair from `rng`. */
export function makeSignatureKeys(rng: Rng): SignatureKeys {
  return createEd25519Signer().makeKeys(rng);
}

/** Checks an MLS SignWithLabel signature (RFC 9420 section 5.1.2). Never throws. */
export function verifyWithLabel(publicKey: Uint8Array, label: string, content: Uint8Array, signature: Uint8Array): boolean {
  return verifyEd25519(publicKey, joinBytes(writeVector(utf8(`MLS 1.0 ${label}`)), writeVector(content)), signature);
}

/** MLS ExpandWithLabel (RFC 9420 section 8). */
export function expandWithLabel(secret: Uint8Array, label: string, context: Uint8Array, length: number): Uint8Array {
  return hkdfExpand(secret, joinBytes(writeUint(length, 2), writeVector(utf8(`MLS 1.0 ${label}`)), writeVector(context)), length);
}

function verifyEd25519(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  try {
    return (
      publicKey.length === KEY_BYTES && signature.length === SIGNATURE_BYTES && verify(null, message, publicObject(publicKey), signature)
    );
  } catch {
    return false;
  }
}

// The public keys seen last, the latest at the end: each message of a peer is signed by the same one.
const publicObjects = new Map<Hex, KeyObject>();

function publicObject(publicKey: Uint8Array): KeyObject {
  const name = bytesToHex(publicKey);
  const key = publicObjects.get(name) ?? createPublicKey({ key: Buffer.concat([PUBLIC_DER, publicKey]), format: 'der', type: 'spki' });
  publicObjects.delete(name);
  publicObjects.set(name, key);
  const [oldest] = publicObjects.keys();
  if (publicObjects.size > MAX_KEPT_KEYS && oldest !== undefined) publicObjects.delete(oldest);
  return key;
}

interface Ed25519Signer {
  readonly signWith: (seed: Uint8Array, message: Uint8Array) => Uint8Array;
  readonly makeKeys: (rng: Rng) => SignatureKeys;
}

/** Signs with a seed, and keeps the key object of the last one it made or signed with: what it keeps goes when it does itself. */
function createEd25519Signer(): Ed25519Signer {
  let last: { readonly seed: Uint8Array; readonly key: KeyObject } | undefined;
  const open = (seed: Uint8Array): KeyObject => {
    if (last?.seed.length !== seed.length || !timingSafeEqual(last.seed, seed))
      last = { seed: Uint8Array.from(seed), key: privateObject(seed) };
    return last.key;
  };
  return {
    signWith: (seed, message) => new Uint8Array(sign(null, message, open(seed))),
    makeKeys: (rng) => {
      const signKey = rng.bytes(KEY_BYTES);
      return { signKey, publicKey: publicOf(open(signKey)) };
    },
  };
}

function privateObject(seed: Uint8Array): KeyObject {
  // OpenSSL would take the first 32 bytes of a longer one.
  if (seed.length !== KEY_BYTES) throw malformed('a key does not have 32 bytes');
  return createPrivateKey({ key: Buffer.concat([PRIVATE_DER, seed]), format: 'der', type: 'pkcs8' });
}
