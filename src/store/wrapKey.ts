// How the data key of a protected home is kept: wrapped under a key that comes from a passphrase, a file or a command.

import { hkdfSync, randomBytes, scryptSync } from 'node:crypto';
import { NegotiateError } from '../core/errors.ts';
import { decrypt, encrypt } from './seal.ts';

/** What opens a protected home. */
export type HomeKey =
  | { readonly kind: 'passphrase'; readonly passphrase: string }
  | { readonly kind: 'key-file'; readonly bytes: Uint8Array }
  | { readonly kind: 'key-command'; readonly bytes: Uint8Array };

/** The ways in which a home can be protected. */
export type ProtectionMethod = HomeKey['kind'];

/** scrypt with N = 2^17, r = 8, p = 1: 128 MiB and about half a second for each guess. */
export const SCRYPT_LOG_N = 17;
const SCRYPT = { r: 8, p: 1, maxmem: 512 * 1_024 * 1_024 } as const;
const MIN_PASSPHRASE = 8;
const MIN_KEY_FILE_BYTES = 32;
// What a saved cost may be: less would be too easy to guess, more would be a file that holds up whoever opens it.
const MIN_LOG_N = 14;
const MAX_LOG_N = 20;
const BASE64 = /^(?:[0-9a-zA-Z+/]{4})*(?:[0-9a-zA-Z+/]{2}==|[0-9a-zA-Z+/]{3}=)?$/;

/** A wrapped data key as it is saved. Bytes are base64. */
export interface Protection {
  readonly v: 1;
  readonly method: ProtectionMethod;
  readonly salt: string;
  /** Absent where the key comes from a file, which holds enough randomness. */
  readonly logN?: number | undefined;
  readonly wrapped: string;
}

/** Throws `input/invalid` for a key that is too easy to guess. */
export function checkKey(key: HomeKey): void {
  if (key.kind === 'passphrase' && normalize(key.passphrase).length < MIN_PASSPHRASE)
    throw new NegotiateError('input/invalid', `The passphrase is too short. Take at least ${MIN_PASSPHRASE} characters, better six words.`);
  if (key.kind === 'key-file' && key.bytes.length < MIN_KEY_FILE_BYTES)
    throw new NegotiateError(
      'input/invalid',
      `The key file is too short. Make one with: head -c ${MIN_KEY_FILE_BYTES} /dev/urandom > FILE`,
    );
  if (key.kind === 'key-command' && key.bytes.length < MIN_PASSPHRASE)
    throw new NegotiateError('input/invalid', `The key command says too little: at least ${MIN_PASSPHRASE} bytes are needed.`);
}

/** Wraps a data key (32 bytes). Throws as {@link checkKey}. */
export function wrapDataKey(dataKey: Uint8Array, key: HomeKey, logN = SCRYPT_LOG_N): Protection {
  checkKey(key);
  const salt = randomBytes(32).toString('base64');
  const head = { v: 1, method: key.kind, salt, ...(key.kind === 'key-file' ? {} : { logN }) } as const;
  const wrapped = encrypt(deriveKey(key, head), randomBytes(12), bind(head), dataKey);
  return { ...head, wrapped: Buffer.from(wrapped).toString('base64') };
}

/** Unwraps a data key. Throws `home/wrong-key`, and `home/key-needed` without a key or with one of another kind. */
export function unwrapDataKey({ wrapped, ...head }: Protection, key: HomeKey | undefined): Uint8Array {
  if (key?.kind !== head.method) throw keyNeeded(head.method);
  try {
    return decrypt(deriveKey(key, head), bind(head), Buffer.from(wrapped, 'base64'));
  } catch (cause) {
    throw new NegotiateError('home/wrong-key', `${WRONG[head.method]} Nothing was changed.`, { cause });
  }
}

/** Reads what {@link wrapDataKey} has made. Throws `store/corrupt`. */
export function parseProtection(text: string): Protection {
  try {
    const value: unknown = JSON.parse(text);
    if (isProtection(value)) return value;
    throw new TypeError('not of the form that is saved');
  } catch (cause) {
    throw new NegotiateError('store/corrupt', 'What says how this home is protected cannot be read. Restore a backup.', { cause });
  }
}

function isProtection(value: unknown): value is Protection {
  if (typeof value !== 'object' || value === null) return false;
  const { v, method, salt, logN, wrapped, ...rest } = value as Record<string, unknown>;
  const isCostKnown = logN === undefined || (Number.isInteger(logN) && Number(logN) >= MIN_LOG_N && Number(logN) <= MAX_LOG_N);
  const isMethodKnown = typeof method === 'string' && Object.hasOwn(NEEDED, method);
  return v === 1 && isMethodKnown && isCostKnown && isBase64(salt) && isBase64(wrapped) && Object.keys(rest).length === 0;
}

function isBase64(value: unknown): boolean {
  return typeof value === 'string' && BASE64.test(value);
}

/** What to do when a protected home is to be opened without its kind of key. */
function keyNeeded(method: ProtectionMethod): NegotiateError {
  return new NegotiateError('home/key-needed', `This home is protected. ${NEEDED[method]}`, { details: { protection: method } });
}

const NEEDED: Readonly<Record<ProtectionMethod, string>> = {
  passphrase: 'Give its passphrase: --passphrase-file FILE, AGENT_NEGOTIATE_PASSPHRASE_FILE, or type it in a terminal.',
  'key-file': 'Give its key file: --key-file FILE, or AGENT_NEGOTIATE_KEY_FILE.',
  'key-command': 'Give the command that says its key: --key-command COMMAND, or AGENT_NEGOTIATE_KEY_COMMAND.',
};

const WRONG: Readonly<Record<ProtectionMethod, string>> = {
  passphrase: 'This passphrase does not open it. Type it again, and check the file it comes from.',
  'key-file': 'This key file does not open it. Give the file that it was protected with.',
  'key-command': 'What the key command says does not open it. Give the command that it was protected with.',
};

function deriveKey(key: HomeKey, { salt, logN }: Pick<Protection, 'salt' | 'logN'>): Uint8Array {
  const bytes = Buffer.from(salt, 'base64');
  const secret = key.kind === 'passphrase' ? Buffer.from(normalize(key.passphrase), 'utf8') : key.bytes;
  return logN === undefined
    ? new Uint8Array(hkdfSync('sha256', secret, bytes, 'agent-negotiate home key 1', 32))
    : new Uint8Array(scryptSync(secret, bytes, 32, { N: 2 ** logN, ...SCRYPT }));
}

/** As NIP-49 has it: the same passphrase from every keyboard. */
function normalize(passphrase: string): string {
  return passphrase.normalize('NFKC');
}

function bind({ v, method, salt, logN }: Omit<Protection, 'wrapped'>): Uint8Array {
  return Buffer.from(JSON.stringify(['agent-negotiate', v, method, salt, logN ?? null]), 'utf8');
}
