// NIP-44 version 2: conversation keys and payloads, on node:crypto.

import { createCipheriv, createHmac, createSecretKey, getCiphers, randomBytes, timingSafeEqual } from 'node:crypto';
import { createRequire } from 'node:module';
import type * as NobleChacha from '@noble/ciphers/chacha.js';
import type { Hex } from '../core/bytes.ts';
import type { OpenKey } from './ecdh.ts';

// Errors of this file are plain Errors and say nothing of keys or text: callers take NegotiateErrors for faults of the signer.

const SALT = 'nip44-v2';
const VERSION = 2;
const NONCE_BYTES = 32;
const MAC_BYTES = 32;
const MIN_PAYLOAD_CHARS = 132;
const MIN_DATA_BYTES = 99;
const MIN_PADDED_BYTES = 32;
// From here on a text's length takes four bytes behind two zeros, as nostr-tools writes it; below, two bytes.
const LONG_TEXT_BYTES = 65_536;
const MAX_TEXT_BYTES = 2 ** 32 - 1;
const CIPHER = 'chacha20';
const hasCipher = getCiphers().includes(CIPHER);
const decoder = new TextDecoder();

/** The three keys of one message (NIP-44 "Encryption", step 3). */
interface MessageKeys {
  readonly cipherKey: Uint8Array;
  readonly cipherNonce: Uint8Array;
  readonly macKey: Uint8Array;
}

/** Applies the key stream of ChaCha20 (RFC 8439, counter from 0), which also takes it off. */
type StreamCipher = (key: Uint8Array, nonce: Uint8Array, data: Uint8Array) => Uint8Array;

/** The key (32 bytes) that an identity and a peer share. Throws an Error when `peer` (hex) is no public key. */
export function deriveConversationKey(own: OpenKey, peer: Hex): Uint8Array {
  return hmac(new TextEncoder().encode(SALT), own.agree(peer));
}

/**
 * Encrypts text of at least one byte under a conversation key and returns the payload (base64). `nonce` (32 bytes) is for test vectors
 * only; by default it is fresh randomness. Throws an Error for text that is empty or longer than four gibibytes.
 */
export function encryptPayload(plaintext: string, conversationKey: Uint8Array, nonce: Uint8Array = randomBytes(NONCE_BYTES)): string {
  if (nonce.length !== NONCE_BYTES) throw new RangeError('A NIP-44 nonce has 32 bytes.');
  const { cipherKey, cipherNonce, macKey } = deriveMessageKeys(conversationKey, nonce);
  const ciphertext = applyChaCha(cipherKey, cipherNonce, padText(plaintext));
  return Buffer.concat([Uint8Array.of(VERSION), nonce, ciphertext, hmac(macKey, nonce, ciphertext)]).toString('base64');
}

/** Decrypts {@link encryptPayload}. Throws an Error for another version, a wrong key, or anything malformed. */
export function decryptPayload(payload: string, conversationKey: Uint8Array): string {
  const data = decodePayload(payload);
  const nonce = data.subarray(1, 1 + NONCE_BYTES);
  const ciphertext = data.subarray(1 + NONCE_BYTES, -MAC_BYTES);
  const { cipherKey, cipherNonce, macKey } = deriveMessageKeys(conversationKey, nonce);
  if (!timingSafeEqual(hmac(macKey, nonce, ciphertext), data.subarray(-MAC_BYTES))) throw new Error('The MAC of a payload is wrong.');
  return unpadText(applyChaCha(cipherKey, cipherNonce, ciphertext));
}

/** True for text that has the form of a payload; only its keys tell whether it is one. */
export function isPayload(payload: string): boolean {
  try {
    return decodePayload(payload).length > 0;
  } catch {
    return false;
  }
}

/** The size that a text of `length` bytes (at least one) is padded to, without its length prefix. */
export function paddedTextLength(length: number): number {
  if (length <= MIN_PADDED_BYTES) return MIN_PADDED_BYTES;
  const nextPower = 2 ** (Math.floor(Math.log2(length - 1)) + 1);
  const chunk = nextPower <= 256 ? 32 : nextPower / 8;
  return chunk * (Math.floor((length - 1) / chunk) + 1);
}

/** ChaCha20 of node:crypto; its IV is the block counter (four bytes, little-endian) and the nonce. */
export const chachaByNode: StreamCipher = (key, nonce, data) =>
  // A stream cipher gives all it has at once: there is nothing left for final().
  createCipheriv(CIPHER, key, Buffer.concat([new Uint8Array(4), nonce])).update(data);

/** ChaCha20 of noble, for a Node whose OpenSSL was built without it. */
export const chachaByNoble: StreamCipher = (key, nonce, data) => {
  const { chacha20 } = createRequire(import.meta.url)('@noble/ciphers/chacha.js') as typeof NobleChacha;
  return chacha20(Uint8Array.from(key), Uint8Array.from(nonce), Uint8Array.from(data));
};

const applyChaCha = hasCipher ? chachaByNode : chachaByNoble;

function deriveMessageKeys(conversationKey: Uint8Array, nonce: Uint8Array): MessageKeys {
  const first = hmac(conversationKey, nonce, Uint8Array.of(1));
  const second = hmac(conversationKey, first, nonce, Uint8Array.of(2));
  const third = hmac(conversationKey, second, nonce, Uint8Array.of(3));
  // HKDF-Expand (RFC 5869) to 76 bytes: 32, 12 and 32.
  return { cipherKey: first, cipherNonce: second.subarray(0, 12), macKey: Buffer.concat([second.subarray(12), third.subarray(0, 12)]) };
}

function padText(plaintext: string): Uint8Array {
  const text = Buffer.from(plaintext, 'utf8');
  if (text.length < 1 || text.length > MAX_TEXT_BYTES) throw new RangeError('NIP-44 text has between 1 and 4294967295 bytes.');
  const prefixLength = text.length < LONG_TEXT_BYTES ? 2 : 6;
  const padded = Buffer.alloc(prefixLength + paddedTextLength(text.length));
  if (prefixLength === 2) padded.writeUInt16BE(text.length);
  else padded.writeUInt32BE(text.length, 2);
  padded.set(text, prefixLength);
  return padded;
}

function unpadText(padded: Uint8Array): string {
  const view = new DataView(padded.buffer, padded.byteOffset, padded.byteLength);
  const short = view.getUint16(0);
  const [length, prefixLength] = short === 0 ? [view.getUint32(2), 6] : [short, 2];
  const isMinimal = short !== 0 || length >= LONG_TEXT_BYTES;
  if (!isMinimal || padded.length !== prefixLength + paddedTextLength(length)) throw new Error('The padding of a payload is wrong.');
  return decoder.decode(padded.subarray(prefixLength, prefixLength + length));
}

function decodePayload(payload: string): Uint8Array {
  if (payload.startsWith('#')) throw new Error('A payload has an unknown version.');
  if (payload.length < MIN_PAYLOAD_CHARS) throw new Error('A payload is too short.');
  const data = Buffer.from(payload, 'base64');
  // Node skips what is no base64, so only the way back shows that nothing was skipped.
  if (data.toString('base64') !== payload) throw new Error('A payload is not base64.');
  if (data.length < MIN_DATA_BYTES) throw new Error('A payload is too short.');
  if (data[0] !== VERSION) throw new Error('A payload has an unknown version.');
  return data;
}

function hmac(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array {
  // createHmac takes a key object three times as fast as bytes.
  const state = createHmac('sha256', createSecretKey(key));
  for (const part of parts) state.update(part);
  return state.digest();
}
