// A secret key encrypted with a passphrase, as it may be shown and carried elsewhere (NIP-49).

import { randomBytes, scryptSync } from 'node:crypto';
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import { bech32 } from '@scure/base';
import { NegotiateError } from '../core/errors.ts';

const PREFIX = 'ncryptsec';
const VERSION = 2;
const BYTES = 91;
const MAX_LOG_N = 22;
/** Twice what NIP-49 shows as an example: 128 MiB for each guess. */
const LOG_N = 17;
/** It is not known how the key was treated before. */
const KEY_SECURITY = 2;

/** Encrypts a secret key (32 bytes) as `ncryptsec1…`. */
export function encryptKey(secretKey: Uint8Array, passphrase: string, logN = LOG_N): string {
  const salt = randomBytes(16);
  const nonce = randomBytes(24);
  const aad = Uint8Array.of(KEY_SECURITY);
  const sealed = xchacha20poly1305(deriveKey(passphrase, salt, logN), nonce, aad).encrypt(secretKey);
  const bytes = Buffer.concat([Uint8Array.of(VERSION, logN), salt, nonce, aad, sealed]);
  return bech32.encode(PREFIX, bech32.toWords(bytes), false);
}

/** Decrypts `ncryptsec1…`. Throws `input/invalid` for another text and for another passphrase. */
export function decryptKey(text: string, passphrase: string): Uint8Array {
  const bytes = decode(text);
  const [version = 0, logN = 0] = bytes;
  if (version !== VERSION || bytes.length !== BYTES || logN > MAX_LOG_N) throw unusable();
  const key = deriveKey(passphrase, bytes.subarray(2, 18), logN);
  try {
    return xchacha20poly1305(key, bytes.subarray(18, 42), bytes.subarray(42, 43)).decrypt(bytes.subarray(43));
  } catch (cause) {
    throw new NegotiateError('input/invalid', 'This passphrase does not open the encrypted key. Type it again.', { cause });
  }
}

function deriveKey(passphrase: string, salt: Uint8Array, logN: number): Uint8Array {
  const N = 2 ** logN;
  return scryptSync(passphrase.normalize('NFKC'), salt, 32, { N, r: 8, p: 1, maxmem: 2_048 * N });
}

function decode(text: string): Uint8Array {
  try {
    const { prefix, words } = bech32.decode(text as `${string}1${string}`, false);
    if (prefix === PREFIX) return bech32.fromWords(words);
  } catch (cause) {
    throw unusable({ cause });
  }
  throw unusable();
}

function unusable(options: { cause?: unknown } = {}): NegotiateError {
  return new NegotiateError('input/invalid', 'This is no encrypted key (ncryptsec1…) of NIP-49. Check that it is whole.', options);
}
