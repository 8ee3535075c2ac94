// Encryption of what a home keeps: each value by itself, bound to its place, under keys that come from one data key.

import { createCipheriv, createDecipheriv, createHmac, createSecretKey, hkdfSync, randomBytes, type KeyObject } from 'node:crypto';
import { NegotiateError } from '../core/errors.ts';

const ALGORITHM = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const MAX_NAMES = 1_000;

/** A place in the database. `row` is the key of the row as it is when nothing is sealed. */
export interface Place {
  readonly table: string;
  readonly column: string;
  readonly row: string;
}

/** Seals values and opens them again. What does not open (another key, another place, changed) throws `store/corrupt`. */
export interface Vault {
  sealBytes(place: Place, bytes: Uint8Array): Uint8Array;
  openBytes(place: Place, sealed: Uint8Array): Uint8Array;
  /** As base64. */
  sealText(place: Place, text: string): string;
  openText(place: Place, sealed: string): string;
  /**
   * Seals what is looked up by, such as a key or a hash: the same name in the same column gives the same text. Who sees the database
   * learns which rows have the same name, and not which.
   */
  sealName(column: Omit<Place, 'row'>, name: string): string;
  openName(column: Omit<Place, 'row'>, sealed: string): string;
}

/** A fresh data key (32 bytes). */
export function makeDataKey(): Uint8Array {
  return new Uint8Array(randomBytes(32));
}

/** The vault of a data key (32 bytes). */
export function createVault(dataKey: Uint8Array): Vault {
  const derive = (use: string): KeyObject =>
    createSecretKey(new Uint8Array(hkdfSync('sha256', dataKey, new Uint8Array(), `agent-negotiate ${use} 1`, 32)));
  // Random nonces are good for 2^32 values under one key; changing how a home is protected makes a new one.
  const valueKey = derive('value');
  const nameKey = derive('name');
  const nonceKey = derive('name nonce');
  // An agent deals with few others, and with each of them many times.
  const names = new Map<string, string>();
  const sealBytes = (place: Place, bytes: Uint8Array): Uint8Array =>
    encrypt(valueKey, randomBytes(NONCE_BYTES), describe(place.table, place.column, place.row), bytes);
  const openBytes = (place: Place, sealed: Uint8Array): Uint8Array =>
    decrypt(valueKey, describe(place.table, place.column, place.row), sealed);
  return {
    sealBytes,
    openBytes,
    sealText: (place, text) => toBase64(sealBytes(place, Buffer.from(text, 'utf8'))),
    openText: (place, sealed) => toText(openBytes(place, Buffer.from(sealed, 'base64'))),
    sealName: ({ table, column }, name) => {
      const aad = describe(table, column);
      const place = `${table} ${column} ${name}`;
      const known = names.get(place);
      if (known !== undefined) return known;
      // Made from the name, so that two nonces are the same only where everything is.
      const nonce = createHmac('sha256', nonceKey).update(aad).update(name, 'utf8').digest().subarray(0, NONCE_BYTES);
      const sealed = toBase64(encrypt(nameKey, nonce, aad, Buffer.from(name, 'utf8')));
      if (names.size >= MAX_NAMES) names.clear();
      names.set(place, sealed);
      return sealed;
    },
    openName: ({ table, column }, sealed) => toText(decrypt(nameKey, describe(table, column), Buffer.from(sealed, 'base64'))),
  };
}

/** AES-256-GCM: nonce, ciphertext, tag. */
export function encrypt(key: Uint8Array | KeyObject, nonce: Uint8Array, aad: Uint8Array, bytes: Uint8Array): Uint8Array {
  const cipher = createCipheriv(ALGORITHM, key, nonce).setAAD(aad);
  const middle = cipher.update(bytes);
  // A stream: nothing is left for the end.
  cipher.final();
  return new Uint8Array(Buffer.concat([nonce, middle, cipher.getAuthTag()]));
}

/** Opens {@link encrypt}. Throws `store/corrupt`. */
export function decrypt(key: Uint8Array | KeyObject, aad: Uint8Array, sealed: Uint8Array): Uint8Array {
  try {
    const end = sealed.length - TAG_BYTES;
    const decipher = createDecipheriv(ALGORITHM, key, sealed.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
    decipher.setAAD(aad).setAuthTag(sealed.subarray(end));
    return new Uint8Array(Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES, end)), decipher.final()]));
  } catch (cause) {
    const message = 'Something in the home was changed by another hand, or is damaged. Keep the folder as it is and restore a backup.';
    throw new NegotiateError('store/corrupt', message, { cause });
  }
}

/** Lengths go first, so that no two places read the same. */
function describe(...parts: readonly string[]): Uint8Array {
  return Buffer.from(parts.map((part) => `${part.length}:${part}`).join(''), 'utf8');
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

function toText(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}
