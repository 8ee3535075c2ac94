// HPKE base mode over X25519, HKDF-SHA256 and AES-128-GCM (RFC 9180), with node:crypto, for ts-mls.

import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  diffieHellman,
  type KeyObject,
} from 'node:crypto';
import type { CiphersuiteImpl } from 'ts-mls';
import { utf8 } from '../core/bytes.ts';
import { NegotiateError } from '../core/errors.ts';
import type { Rng } from '../core/ports.ts';
import { joinBytes, malformed, writeUint } from './cursor.ts';

type Hpke = CiphersuiteImpl['hpke'];
type PublicKey = Awaited<ReturnType<Hpke['importPublicKey']>>;
type PrivateKey = Awaited<ReturnType<Hpke['importPrivateKey']>>;

const VERSION_LABEL = utf8('HPKE-v1');
const KEM_ID = joinBytes(utf8('KEM'), writeUint(0x0020, 2));
const HPKE_ID = joinBytes(utf8('HPKE'), writeUint(0x0020, 2), writeUint(0x0001, 2), writeUint(0x0001, 2));
const PRIVATE_DER = Buffer.from('302e020100300506032b656e04220420', 'hex');
const PUBLIC_DER = Buffer.from('302a300506032b656e032100', 'hex');
const NONE = new Uint8Array();
const TAG_BYTES = 16;
const BASE_MODE = Uint8Array.of(0);
const HASH_BYTES = 32;
// RFC 5869 section 2.3: the block counter is one byte.
const MAX_EXPAND_BYTES = 255 * HASH_BYTES;

/** HMAC-SHA256 (RFC 2104) of the joined parts. The key goes in as a key object, which createHmac takes three times as fast as bytes. */
export function hmacOf(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array {
  const state = createHmac('sha256', createSecretKey(key));
  for (const part of parts) state.update(part);
  return new Uint8Array(state.digest());
}

/** HKDF-Expand (RFC 5869) with SHA-256. Throws `marmot/invalid` above 8160 bytes. */
export function hkdfExpand(prk: Uint8Array, info: Uint8Array, length: number): Uint8Array {
  if (length > MAX_EXPAND_BYTES) throw malformed('a derived secret is too long');
  let last = hmacOf(prk, info, Uint8Array.of(1));
  if (length <= HASH_BYTES) return last.slice(0, length);
  const blocks = [last];
  for (let i = 2; blocks.length * HASH_BYTES < length; i += 1) {
    last = hmacOf(prk, last, info, Uint8Array.of(i));
    blocks.push(last);
  }
  return joinBytes(...blocks).slice(0, length);
}

// What every key schedule without a pre-shared key begins with (RFC 9180 section 5.1).
const NO_PSK_HASH = labeledExtract(HPKE_ID, NONE, 'psk_id_hash', NONE);

/** AES-128-GCM; the tag follows the ciphertext. The key goes in as a key object, which ciphers too take much faster than bytes. */
export function sealAes(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, plaintext: Uint8Array): Uint8Array {
  const cipher = createCipheriv('aes-128-gcm', createSecretKey(key), nonce, { authTagLength: TAG_BYTES }).setAAD(aad);
  return joinBytes(cipher.update(plaintext), cipher.final(), cipher.getAuthTag());
}

/** Opens {@link sealAes}. Throws when the tag does not fit. */
export function openAes(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, sealed: Uint8Array): Uint8Array {
  if (sealed.length < TAG_BYTES) throw malformed('a ciphertext is too short');
  const decipher = createDecipheriv('aes-128-gcm', createSecretKey(key), nonce, { authTagLength: TAG_BYTES }).setAAD(aad);
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
  return joinBytes(decipher.update(sealed.subarray(0, -TAG_BYTES)), decipher.final());
}

/** HPKE as ts-mls wants it. Its key handles are our own copies of the raw 32 bytes: ts-mls only passes them back. */
export function createHpke(rng: Rng): Hpke {
  return {
    keyLength: 16,
    nonceLength: 12,
    importPrivateKey: async (key) => asHandle<PrivateKey>(copyKey(key)),
    importPublicKey: async (key) => asHandle<PublicKey>(copyKey(key)),
    exportPrivateKey: async (key) => copyKey(asBytes(key)),
    exportPublicKey: async (key) => copyKey(asBytes(key)),
    generateKeyPair: async () => toPair(rng.bytes(32)),
    deriveKeyPair: async (ikm) => toPair(labeledExpand(KEM_ID, labeledExtract(KEM_ID, NONE, 'dkp_prk', ikm), 'sk', NONE, 32)),
    seal: async (publicKey, plaintext, info, aad = NONE) => sealBase(rng.bytes(32), asBytes(publicKey), plaintext, info, aad),
    open: async (privateKey, enc, sealed, info, aad = NONE) => openBase(asBytes(privateKey), enc, sealed, info, aad),
    encryptAead: async (key, nonce, aad, plaintext) => sealAes(key, nonce, aad ?? NONE, plaintext),
    decryptAead: async (key, nonce, aad, sealed) => openAes(key, nonce, aad ?? NONE, sealed),
    exportSecret: refuseExternal,
    importSecret: refuseExternal,
  };
}

function sealBase(
  ephemeral: Uint8Array,
  recipient: Uint8Array,
  plaintext: Uint8Array,
  info: Uint8Array,
  aad: Uint8Array,
): { ct: Uint8Array; enc: Uint8Array } {
  const own = privateObject(ephemeral);
  const enc = publicOf(own);
  const { key, nonce } = scheduleKeys(sharedSecret(exchange(own, recipient), enc, recipient), info);
  return { enc, ct: sealAes(key, nonce, aad, plaintext) };
}

function openBase(recipient: Uint8Array, enc: Uint8Array, sealed: Uint8Array, info: Uint8Array, aad: Uint8Array): Uint8Array {
  const own = privateObject(recipient);
  const { key, nonce } = scheduleKeys(sharedSecret(exchange(own, checkKey(enc)), enc, publicOf(own)), info);
  return openAes(key, nonce, aad, sealed);
}

function sharedSecret(dh: Uint8Array, enc: Uint8Array, recipient: Uint8Array): Uint8Array {
  const prk = labeledExtract(KEM_ID, NONE, 'eae_prk', dh);
  return labeledExpand(KEM_ID, prk, 'shared_secret', joinBytes(enc, recipient), 32);
}

function scheduleKeys(shared: Uint8Array, info: Uint8Array): { key: Uint8Array; nonce: Uint8Array } {
  const context = joinBytes(BASE_MODE, NO_PSK_HASH, labeledExtract(HPKE_ID, NONE, 'info_hash', info));
  const secret = labeledExtract(HPKE_ID, shared, 'secret', NONE);
  return { key: labeledExpand(HPKE_ID, secret, 'key', context, 16), nonce: labeledExpand(HPKE_ID, secret, 'base_nonce', context, 12) };
}

function labeledExtract(suite: Uint8Array, salt: Uint8Array, label: string, ikm: Uint8Array): Uint8Array {
  return hmacOf(salt, VERSION_LABEL, suite, utf8(label), ikm);
}

function labeledExpand(suite: Uint8Array, prk: Uint8Array, label: string, info: Uint8Array, length: number): Uint8Array {
  return hkdfExpand(prk, joinBytes(writeUint(length, 2), VERSION_LABEL, suite, utf8(label), info), length);
}

function exchange(own: KeyObject, publicKey: Uint8Array): Uint8Array {
  // OpenSSL refuses an all-zero result, as RFC 9180 section 7.1.4 asks.
  return new Uint8Array(diffieHellman({ privateKey: own, publicKey: publicObject(publicKey) }));
}

/** The public key (32 bytes) of an X25519 or Ed25519 private key object. */
export function publicOf(own: KeyObject): Uint8Array {
  // As JWK, which Node exports ten times as fast as DER.
  return new Uint8Array(Buffer.from(createPublicKey(own).export({ format: 'jwk' }).x ?? '', 'base64url'));
}

function privateObject(key: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.concat([PRIVATE_DER, key]), format: 'der', type: 'pkcs8' });
}

function publicObject(key: Uint8Array): KeyObject {
  return createPublicKey({ key: Buffer.concat([PUBLIC_DER, key]), format: 'der', type: 'spki' });
}

function toPair(privateKey: Uint8Array): { privateKey: PrivateKey; publicKey: PublicKey } {
  let publicKey: PublicKey | undefined;
  return {
    privateKey: asHandle<PrivateKey>(privateKey),
    // Only for those who ask: who follows the path of another derives pairs for their secret halves.
    get publicKey() {
      return (publicKey ??= asHandle<PublicKey>(publicOf(privateObject(privateKey))));
    },
  };
}

function checkKey(key: Uint8Array): Uint8Array {
  if (key.length !== 32) throw malformed('a key does not have 32 bytes');
  return key;
}

function copyKey(key: Uint8Array): Uint8Array {
  // Not slice(), by which a Buffer only shares its bytes.
  return Uint8Array.from(checkKey(key));
}

function asHandle<T>(key: Uint8Array): T {
  return key as unknown as T;
}

function asBytes(key: PublicKey | PrivateKey): Uint8Array {
  return key as unknown as Uint8Array;
}

async function refuseExternal(): Promise<never> {
  throw new NegotiateError('internal/bug', 'External joins are not part of this profile. Please report this.');
}
