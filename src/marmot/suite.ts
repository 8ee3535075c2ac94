// MLS ciphersuite 0x0001 for ts-mls on node:crypto, with the caller's randomness.

import { createPrivateKey, createPublicKey, sign, timingSafeEqual, verify } from 'node:crypto';
import type { CiphersuiteImpl } from 'ts-mls';
import { hmacSha256, sha256, utf8 } from '../core/bytes.ts';
import { NegotiateError } from '../core/errors.ts';
import type { Rng } from '../core/ports.ts';
import { joinBytes, writeUint, writeVector } from './cursor.ts';
import { createHpke, hkdfExpand } from './hpke.ts';
import { MLS } from './profile.ts';

const PRIVATE_DER = Buffer.from('302e020100300506032b657004220420', 'hex');
const PUBLIC_DER = Buffer.from('302a300506032b6570032100', 'hex');

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
  return {
    id: MLS.suite,
    rng: { randomBytes: (length) => rng.bytes(length) },
    hpke: createHpke(rng),
    kdf: {
      size: 32,
      extract: async (salt, ikm) => hmacSha256(salt, ikm),
      expand: async (prk, info, length) => hkdfExpand(prk, info, length),
    },
    hash: {
      digest: async (data) => sha256(data),
      mac: async (key, data) => hmacSha256(key, data),
      verifyMac: async (key, mac, data) => mac.length === 32 && timingSafeEqual(hmacSha256(key, data), mac),
    },
    signature: {
      sign: async (seed, message) => new Uint8Array(sign(null, message, privateObject(seed))),
      verify: async (publicKey, message, signature) => verifyEd25519(publicKey, message, signature),
      keygen: async () => makeSignatureKeys(rng),
    },
  };
}

/** Makes a fresh Ed25519 pair from `rng`. */
export function makeSignatureKeys(rng: Rng): SignatureKeys {
  const signKey = rng.bytes(32);
  const der = createPublicKey(privateObject(signKey)).export({ type: 'spki', format: 'der' });
  return { signKey, publicKey: new Uint8Array(der.subarray(-32)) };
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
    const key = createPublicKey({ key: Buffer.concat([PUBLIC_DER, publicKey]), format: 'der', type: 'spki' });
    return publicKey.length === 32 && signature.length === 64 && verify(null, message, key, signature);
  } catch {
    return false;
  }
}

function privateObject(seed: Uint8Array): ReturnType<typeof createPrivateKey> {
  return createPrivateKey({ key: Buffer.concat([PRIVATE_DER, seed]), format: 'der', type: 'pkcs8' });
}
