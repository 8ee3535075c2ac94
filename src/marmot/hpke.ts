// HPKE base mode over X25519, HKDF-SHA256 and AES-128-GCM (RFC 9180), with node:crypto, for ts-mls.

import { createCipheriv, createDecipheriv, createPrivateKey, createPublicKey, diffieHellman } from 'node:crypto';
import type { CiphersuiteImpl } from 'ts-mls';
import { hmacSha256, utf8 } from '../core/bytes.ts';
import { NegotiateError } from '../core/errors.ts';
import type { Rng } from '../core/ports.ts';
import { joinBytes, malformed, writeUint } from './cursor.ts';

type Hpke = CiphersuiteImpl['hpke'];
type PublicKey = Awaited<ReturnType<Hpke['importPublicKey']>>;
type PrivateKey = Awaited<ReturnType<Hpke['importPrivateKey']>>;

const KEM_ID = joinBytes(utf8('KEM'), writeUint(0x0020, 2));
const HPKE_ID = joinBytes(utf8('HPKE'), writeUint(0x0020, 2), writeUint(0x0001, 2), writeUint(0x0001, 2));
const PRIVATE_DER = Buffer.from('302e020100300506032b656e04220420', 'hex');
const PUBLIC_DER = Buffer.from('302a300506032b656e032100', 'hex');
const NONE = new Uint8Array();
const TAG_BYTES = 16;

/** HKDF-Expand (RFC 5869) with SHA-256. */
export function hkdfExpand(prk: Uint8Array, info: Uint8Array, length: number): Uint8Array {
  const blocks: Uint8Array[] = [];
  let last: Uint8Array = NONE;
  for (let i = 1; blocks.length * 32 < length; i += 1) {
    last = hmacSha256(prk, joinBytes(last, info, Uint8Array.of(i)));
    blocks.push(last);
  }
  return joinBytes(...blocks).subarray(0, length);
}

/** AES-128-GCM; the tag follows the ciphertext. */
export function sealAes(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, plaintext: Uint8Array): Uint8Array {
  const cipher = createCipheriv('aes-128-gcm', key, nonce, { authTagLength: TAG_BYTES }).setAAD(aad);
  return joinBytes(cipher.update(plaintext), cipher.final(), cipher.getAuthTag());
}

/** Opens {@link sealAes}. Throws when the tag does not fit. */
export function openAes(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, sealed: Uint8Array): Uint8Array {
  if (sealed.length < TAG_BYTES) throw malformed('a ciphertext is too short');
  const decipher = createDecipheriv('aes-128-gcm', key, nonce, { authTagLength: TAG_BYTES }).setAAD(aad);
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
  return joinBytes(decipher.update(sealed.subarray(0, -TAG_BYTES)), decipher.final());
}

/** HPKE as ts-mls wants it. Its key handles are our raw 32 bytes: ts-mls only passes them back. */
export function createHpke(rng: Rng): Hpke {
  return {
    keyLength: 16,
    nonceLength: 12,
    importPrivateKey: async (key) => asHandle<PrivateKey>(checkKey(key)),
    importPublicKey: async (key) => asHandle<PublicKey>(checkKey(key)),
    exportPrivateKey: async (key) => asBytes(key),
    exportPublicKey: async (key) => asBytes(key),
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
  const enc = publicOf(ephemeral);
  const { key, nonce } = scheduleKeys(sharedSecret(exchange(ephemeral, recipient), enc, recipient), info);
  return { enc, ct: sealAes(key, nonce, aad, plaintext) };
}

function openBase(recipient: Uint8Array, enc: Uint8Array, sealed: Uint8Array, info: Uint8Array, aad: Uint8Array): Uint8Array {
  const { key, nonce } = scheduleKeys(sharedSecret(exchange(recipient, checkKey(enc)), enc, publicOf(recipient)), info);
  return openAes(key, nonce, aad, sealed);
}

function sharedSecret(dh: Uint8Array, enc: Uint8Array, recipient: Uint8Array): Uint8Array {
  const prk = labeledExtract(KEM_ID, NONE, 'eae_prk', dh);
  return labeledExpand(KEM_ID, prk, 'shared_secret', joinBytes(enc, recipient), 32);
}

function scheduleKeys(shared: Uint8Array, info: Uint8Array): { key: Uint8Array; nonce: Uint8Array } {
  const pskIdHash = labeledExtract(HPKE_ID, NONE, 'psk_id_hash', NONE);
  const context = joinBytes(Uint8Array.of(0), pskIdHash, labeledExtract(HPKE_ID, NONE, 'info_hash', info));
  const secret = labeledExtract(HPKE_ID, shared, 'secret', NONE);
  return { key: labeledExpand(HPKE_ID, secret, 'key', context, 16), nonce: labeledExpand(HPKE_ID, secret, 'base_nonce', context, 12) };
}

function labeledExtract(suite: Uint8Array, salt: Uint8Array, label: string, ikm: Uint8Array): Uint8Array {
  return hmacSha256(salt, joinBytes(utf8('HPKE-v1'), suite, utf8(label), ikm));
}

function labeledExpand(suite: Uint8Array, prk: Uint8Array, label: string, info: Uint8Array, length: number): Uint8Array {
  return hkdfExpand(prk, joinBytes(writeUint(length, 2), utf8('HPKE-v1'), suite, utf8(label), info), length);
}

function exchange(privateKey: Uint8Array, publicKey: Uint8Array): Uint8Array {
  // OpenSSL refuses an all-zero result, as RFC 9180 section 7.1.4 asks.
  return new Uint8Array(diffieHellman({ privateKey: privateObject(privateKey), publicKey: derKey(publicKey) }));
}

function publicOf(privateKey: Uint8Array): Uint8Array {
  return new Uint8Array(createPublicKey(privateObject(privateKey)).export({ type: 'spki', format: 'der' }).subarray(-32));
}

function privateObject(key: Uint8Array): ReturnType<typeof createPrivateKey> {
  return createPrivateKey({ key: Buffer.concat([PRIVATE_DER, key]), format: 'der', type: 'pkcs8' });
}

function derKey(key: Uint8Array): ReturnType<typeof createPublicKey> {
  return createPublicKey({ key: Buffer.concat([PUBLIC_DER, key]), format: 'der', type: 'spki' });
}

function toPair(privateKey: Uint8Array): { privateKey: PrivateKey; publicKey: PublicKey } {
  return { privateKey: asHandle<PrivateKey>(privateKey), publicKey: asHandle<PublicKey>(publicOf(privateKey)) };
}

function checkKey(key: Uint8Array): Uint8Array {
  if (key.length !== 32) throw malformed('a key does not have 32 bytes');
  return key;
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
