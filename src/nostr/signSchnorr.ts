// BIP-340 signatures with OpenSSL's scalar multiplication: for a process that signs once or twice, nothing else is ready sooner.

import { createECDH, getCurves, randomBytes } from 'node:crypto';
import { bytesToHex, sha256, utf8, type Hex } from '../core/bytes.ts';

const CURVE = 'secp256k1';
/** Order of the curve (SEC 2). */
const N = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const KEY_BYTES = 32;
const ODD_Y = 3;

/** False for a Node whose OpenSSL was built without the curve: then noble signs. */
export const canSignByNode = getCurves().includes(CURVE);

/** A secret with its point: negated where that is what gives the point an even y, which BIP-340 goes by. */
interface EvenSecret {
  readonly secret: bigint;
  /** x coordinate, 32 bytes. */
  readonly x: Uint8Array;
}

/** Signs a message of 32 bytes, as BIP-340 has it. Throws for a secret key that is none. */
export function signByNode(message: Uint8Array, secretKey: Uint8Array, auxRand: Uint8Array = randomBytes(KEY_BYTES)): Uint8Array {
  const own = evenSecret(secretKey);
  const masked = toBytes(own.secret ^ toNumber(hashTagged('BIP0340/aux', auxRand)));
  const nonce = toNumber(hashTagged('BIP0340/nonce', masked, own.x, message)) % N;
  // Zero, with which it throws, is not to be met before the sun goes out.
  const { secret, x } = evenSecret(toBytes(nonce));
  const challenge = toNumber(hashTagged('BIP0340/challenge', x, own.x, message)) % N;
  return Buffer.concat([x, toBytes((secret + challenge * own.secret) % N)]);
}

function evenSecret(bytes: Uint8Array): EvenSecret {
  // OpenSSL would take fewer.
  if (bytes.length !== KEY_BYTES) throw new RangeError('A secret key has 32 bytes.');
  const ecdh = createECDH(CURVE);
  ecdh.setPrivateKey(bytes);
  const point = ecdh.getPublicKey(null, 'compressed');
  const secret = toNumber(bytes);
  return { secret: point[0] === ODD_Y ? N - secret : secret, x: point.subarray(1) };
}

function hashTagged(tag: string, ...parts: readonly Uint8Array[]): Uint8Array {
  const name = sha256(utf8(tag));
  return sha256(Buffer.concat([name, name, ...parts]));
}

function toNumber(bytes: Uint8Array): bigint {
  return BigInt(`0x${bytesToHex(bytes)}`);
}

function toBytes(value: bigint): Uint8Array {
  const hex: Hex = value.toString(16).padStart(2 * KEY_BYTES, '0');
  return Buffer.from(hex, 'hex');
}
