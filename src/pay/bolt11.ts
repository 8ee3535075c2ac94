// Lightning invoices (BOLT #11): read strictly, because money hangs on every field, and written with what nodes ask for today.

import { bech32 } from '@scure/base';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { bytesToHex, equalBytes, hexToBytes, isHex32, sha256, utf8, type Hex } from '../core/bytes.ts';
import { NegotiateError } from '../core/errors.ts';
import { MAX_MSAT, type Msat } from '../core/money.ts';

/** The networks of BOLT #11 by the prefix after `ln`: mainnet, testnet, signet, regtest. */
export type Bolt11Network = 'bc' | 'tb' | 'tbs' | 'bcrt';

/** An invoice whose checksum and signature are right. */
export interface Bolt11 {
  readonly network: Bolt11Network;
  /** Absent: the payer chooses. */
  readonly amountMsat?: Msat;
  /** Unix seconds. */
  readonly timestamp: number;
  /** Seconds after `timestamp`; 3,600 where the invoice says nothing. */
  readonly expiryS: number;
  readonly paymentHash: Hex;
  readonly description?: string;
  readonly descriptionHash?: Hex;
  /** Public key of the node that signed (33 bytes, hex). */
  readonly payee: string;
  readonly paymentSecret?: Hex;
  readonly minFinalCltv: number;
}

/** Why a text is no invoice that can be paid. */
export type Bolt11Problem =
  'not-bolt11' | 'checksum' | 'network' | 'amount' | 'field' | 'no-payment-hash' | 'description' | 'feature' | 'signature';

/** An invoice, or why a text is none. */
export type Bolt11Parse = { readonly kind: 'ok'; readonly invoice: Bolt11 } | { readonly kind: 'refused'; readonly reason: Bolt11Problem };

/** What an invoice is to say: with a description, or with the SHA-256 (hex) of one. */
export interface Bolt11Draft {
  readonly network: Bolt11Network;
  readonly amountMsat?: Msat;
  /** Unix seconds. */
  readonly timestamp: number;
  readonly expiryS: number;
  readonly paymentHash: Hex;
  readonly description?: string;
  readonly descriptionHash?: Hex;
  readonly paymentSecret: Hex;
  readonly minFinalCltv?: number;
}

const MAX_CHARS = 4_000;
const SIGNATURE_WORDS = 104;
const TIMESTAMP_WORDS = 7;
const HASH_WORDS = 52;
const KEY_WORDS = 53;
const MAX_FIELD_WORDS = 1_023;
const DEFAULT_EXPIRY_S = 3_600;
const DEFAULT_CLTV = 18;
const NETWORKS: readonly Bolt11Network[] = ['bc', 'tb', 'tbs', 'bcrt'];
// One case throughout, and ASCII before anything turns it to lower case: the Kelvin sign would become a `k`.
const FORM = /^(?:ln[a-z0-9]*1[02-9ac-hj-np-z]{6,}|LN[A-Z0-9]*1[02-9AC-HJ-NP-Z]{6,})$/;
// Longest first, or `bc` would be read where `bcrt` stands.
const PREFIX = /^ln(bcrt|tbs|bc|tb)(?:([1-9][0-9]{0,19})([munp]?))?$/;
const LETTERS = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';
const MSAT_PER_UNIT = { '': 100_000_000_000n, m: 100_000_000n, u: 100_000n, n: 100n } as const;
// Fields that may stand once: a second one would leave open which counts.
const SINGLE = new Set(['p', 's', 'd', 'h', 'n', 'x', 'c', '9']);
// Even feature bits that are known: variable onion, payment secret, multi-part, route blinding, payment metadata, blinded paths (bLIP 39).
const KNOWN_FEATURES = new Set([8, 14, 16, 24, 48, 262]);
const REQUIRED_FEATURES = [8, 14];

/** True when nothing on this network is worth anything. */
export function isTestNetwork(network: Bolt11Network): boolean {
  return network !== 'bc';
}

/** Reads an invoice of at most 4,000 characters; the signature is always checked. Never throws, whatever the text. */
export function decodeBolt11(text: string): Bolt11Parse {
  const read = readBolt11(text);
  return typeof read === 'string' ? { kind: 'refused', reason: read } : { kind: 'ok', invoice: read };
}

/** Writes and signs an invoice with a node's secret key (32 bytes). Throws `input/invalid` for what an invoice cannot say. */
export function encodeBolt11(draft: Bolt11Draft, secretKey: Uint8Array): string {
  const { network, amountMsat, timestamp, expiryS, minFinalCltv = DEFAULT_CLTV } = draft;
  if (!Number.isSafeInteger(timestamp + expiryS)) throw unfit();
  const prefix = `ln${network}${amountMsat === undefined ? '' : writeAmount(amountMsat)}`;
  const words = [
    ...writeNumber(timestamp, TIMESTAMP_WORDS),
    ...writeField('p', writeHash(draft.paymentHash)),
    ...writeField('s', writeHash(draft.paymentSecret)),
    ...writeDescription(draft),
    ...writeField('x', writeNumber(expiryS)),
    ...writeField('c', writeNumber(minFinalCltv)),
    ...writeField('9', writeFeatures(REQUIRED_FEATURES)),
  ];
  return bech32.encode(prefix, [...words, ...signWords(prefix, words, secretKey)], false);
}

function readBolt11(text: string): Bolt11 | Bolt11Problem {
  const parts = splitBolt11(text);
  if (typeof parts === 'string') return parts;
  const { prefix, words } = parts;
  const head = readPrefix(prefix);
  if (typeof head === 'string') return head;
  const signed = words.slice(0, -SIGNATURE_WORDS);
  const fields = readFields(signed.slice(TIMESTAMP_WORDS));
  if (fields === undefined) return 'field';
  const body = readBody(fields);
  if (typeof body === 'string') return body;
  const timestamp = readNumber(signed.slice(0, TIMESTAMP_WORDS));
  if (timestamp === undefined || !Number.isSafeInteger(timestamp + body.expiryS)) return 'field';
  const payee = recoverPayee(prefix, signed, words.slice(-SIGNATURE_WORDS), fields.get('n'));
  return payee === undefined ? 'signature' : { ...head, timestamp, ...body, payee };
}

function splitBolt11(text: string): { readonly prefix: string; readonly words: readonly number[] } | Bolt11Problem {
  if (text.length > MAX_CHARS || !FORM.test(text)) return 'not-bolt11';
  const decoded = bech32.decodeUnsafe(text, false);
  if (decoded === undefined) return 'checksum';
  return decoded.words.length < SIGNATURE_WORDS + TIMESTAMP_WORDS ? 'not-bolt11' : decoded;
}

function readPrefix(prefix: string): Pick<Bolt11, 'network' | 'amountMsat'> | Bolt11Problem {
  const match = PREFIX.exec(prefix);
  const network = NETWORKS.find((each) => each === match?.[1]);
  if (match === null || network === undefined) return /^ln(?:bcrt|tbs|bc|tb)/.test(prefix) ? 'amount' : 'network';
  const [, , digits, unit = ''] = match;
  if (digits === undefined) return { network };
  const amountMsat = readAmount(BigInt(digits), unit);
  return amountMsat === undefined || amountMsat > MAX_MSAT ? 'amount' : { network, amountMsat };
}

function readAmount(count: bigint, unit: string): Msat | undefined {
  // A pico-bitcoin is a tenth of a millisatoshi.
  if (unit === 'p') return count % 10n === 0n ? count / 10n : undefined;
  return count * MSAT_PER_UNIT[unit as keyof typeof MSAT_PER_UNIT];
}

function writeAmount(amountMsat: Msat): string {
  if (amountMsat <= 0n || amountMsat > MAX_MSAT) throw unfit();
  for (const unit of ['', 'm', 'u', 'n'] as const) {
    if (amountMsat % MSAT_PER_UNIT[unit] === 0n) return `${amountMsat / MSAT_PER_UNIT[unit]}${unit}`;
  }
  return `${amountMsat * 10n}p`;
}

/** The fields by letter; undefined when one reaches beyond the end, or stands twice where it must not. */
function readFields(words: readonly number[]): ReadonlyMap<string, readonly number[]> | undefined {
  const fields = new Map<string, readonly number[]>();
  for (let at = 0; at < words.length;) {
    const letter = LETTERS[words[at] ?? 0] ?? '';
    const end = at + 3 + (words[at + 1] ?? 0) * 32 + (words[at + 2] ?? 0);
    if (at + 3 > words.length || end > words.length) return undefined;
    const value = words.slice(at + 3, end);
    at = end;
    if (isSkipped(letter, value)) continue;
    if (fields.has(letter) && SINGLE.has(letter)) return undefined;
    fields.set(letter, value);
  }
  return fields;
}

// As BOLT #11 has it, a hash or key of another length is passed over, as is a field that nobody knows.
function isSkipped(letter: string, { length }: readonly number[]): boolean {
  if (letter === 'p' || letter === 'h' || letter === 's') return length !== HASH_WORDS;
  return letter === 'n' && length !== KEY_WORDS;
}

function readBody(
  fields: ReadonlyMap<string, readonly number[]>,
): Omit<Bolt11, 'network' | 'amountMsat' | 'timestamp' | 'payee'> | Bolt11Problem {
  const paymentHash = readHex(fields.get('p'));
  if (paymentHash === undefined) return 'no-payment-hash';
  const description = readText(fields.get('d'));
  const descriptionHash = readHex(fields.get('h'));
  if ((fields.get('d') === undefined) === (descriptionHash === undefined) || (fields.has('d') && description === undefined))
    return 'description';
  if (!(fields.get('9') ?? []).every((word, i, all) => areKnown(word, all.length - 1 - i))) return 'feature';
  const expiryS = fields.has('x') ? readNumber(fields.get('x') ?? []) : DEFAULT_EXPIRY_S;
  const minFinalCltv = fields.has('c') ? readNumber(fields.get('c') ?? []) : DEFAULT_CLTV;
  if (expiryS === undefined || minFinalCltv === undefined) return 'field';
  const paymentSecret = readHex(fields.get('s'));
  return {
    expiryS,
    paymentHash,
    ...(description === undefined ? {} : { description }),
    ...(descriptionHash === undefined ? {} : { descriptionHash }),
    ...(paymentSecret === undefined ? {} : { paymentSecret }),
    minFinalCltv,
  };
}

/** True when a payer of today knows every even bit among these five. */
function areKnown(word: number, fromEnd: number): boolean {
  return [0, 1, 2, 3, 4].every((i) => {
    const bit = fromEnd * 5 + i;
    return (word >> i) % 2 === 0 || bit % 2 === 1 || KNOWN_FEATURES.has(bit);
  });
}

function writeFeatures(bits: readonly number[]): readonly number[] {
  const length = Math.floor(Math.max(...bits) / 5) + 1;
  return Array.from({ length }, (_, i) =>
    bits.reduce((word, bit) => (Math.floor(bit / 5) === length - 1 - i ? word | (1 << (bit % 5)) : word), 0),
  );
}

/** The key that signed; undefined when there is none, or when field `n` names another. */
function recoverPayee(
  prefix: string,
  signed: readonly number[],
  signature: readonly number[],
  named: readonly number[] | undefined,
): string | undefined {
  const bytes = toBytes(signature);
  try {
    // The recovery number is last on the wire, first in the library.
    const recovered = secp256k1.Signature.fromBytes(new Uint8Array([...bytes.slice(64), ...bytes.slice(0, 64)]), 'recovered');
    const payee = recovered.recoverPublicKey(hashSigned(prefix, signed)).toBytes(true);
    return named === undefined || equalBytes(payee, toBytes(named)) ? bytesToHex(payee) : undefined;
  } catch {
    return undefined;
  }
}

function signWords(prefix: string, words: readonly number[], secretKey: Uint8Array): readonly number[] {
  if (!secp256k1.utils.isValidSecretKey(secretKey)) throw new NegotiateError('input/invalid', 'Expected a secret key of 32 bytes.');
  const bytes = secp256k1.sign(hashSigned(prefix, words), secretKey, { prehash: false, format: 'recovered' });
  return bech32.toWords(new Uint8Array([...bytes.slice(1), ...bytes.slice(0, 1)]));
}

function hashSigned(prefix: string, words: readonly number[]): Uint8Array {
  return sha256(new Uint8Array([...utf8(prefix), ...padToBytes(words)]));
}

/** Words as bytes, filled up with zero bits, as the signature covers them. */
function padToBytes(words: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(Math.ceil((words.length * 5) / 8));
  words.forEach((word, i) => {
    for (let bit = 0; bit < 5; bit += 1) {
      const at = i * 5 + bit;
      if ((word >> (4 - bit)) % 2 === 1) bytes[at >> 3] = (bytes[at >> 3] ?? 0) | (0x80 >> (at & 7));
    }
  });
  return bytes;
}

function toBytes(words: readonly number[]): Uint8Array {
  return padToBytes(words).slice(0, Math.floor((words.length * 5) / 8));
}

function readHex(words: readonly number[] | undefined): Hex | undefined {
  return words === undefined ? undefined : bytesToHex(toBytes(words));
}

function readText(words: readonly number[] | undefined): string | undefined {
  if (words === undefined) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(toBytes(words));
  } catch {
    return undefined;
  }
}

function readNumber(words: readonly number[]): number | undefined {
  const value = words.reduce((sum, word) => sum * 32 + word, 0);
  return Number.isSafeInteger(value) ? value : undefined;
}

function writeNumber(value: number, length = 0): readonly number[] {
  if (!Number.isSafeInteger(value) || value < 0) throw unfit();
  const words: number[] = [];
  for (let rest = value; rest > 0 || words.length < Math.max(1, length); rest = Math.floor(rest / 32)) words.unshift(rest % 32);
  if (length > 0 && words.length > length) throw unfit();
  return words;
}

function writeHash(hash: Hex): readonly number[] {
  if (!isHex32(hash)) throw unfit();
  return bech32.toWords(hexToBytes(hash));
}

/** Field `d` or `h`: one of them, and text that UTF-8 can carry. */
function writeDescription({ description, descriptionHash }: Bolt11Draft): readonly number[] {
  if (descriptionHash !== undefined && description === undefined) return writeField('h', writeHash(descriptionHash));
  if (descriptionHash !== undefined || description?.isWellFormed() !== true) throw unfit();
  return writeField('d', bech32.toWords(utf8(description)));
}

function writeField(letter: string, words: readonly number[]): readonly number[] {
  if (words.length > MAX_FIELD_WORDS) throw unfit();
  return [LETTERS.indexOf(letter), words.length >> 5, words.length & 31, ...words];
}

function unfit(): NegotiateError {
  return new NegotiateError('input/invalid', 'An invoice cannot say this. Check amount, times, hashes and the length of the description.');
}
