// secp256k1 without signatures: public keys, points, shared secrets. By node:crypto where its OpenSSL knows the curve, else by noble.

import { createECDH, ECDH, getCurves } from 'node:crypto';
import { createRequire } from 'node:module';
import { isUint8Array } from 'node:util/types';
import type * as NobleSecp256k1 from '@noble/curves/secp256k1.js';
import { bytesToHex, type Hex } from '../core/bytes.ts';
import { NegotiateError } from '../core/errors.ts';

/** A secret key ready for use. */
export interface OpenKey {
  /** Its x-only public key (32 bytes, hex). */
  readonly pubkey: Hex;
  /**
   * The x coordinate (32 bytes) of this secret times the point that `peer` (64 hex digits) names. Throws an Error for a peer that is
   * none, never a NegotiateError: callers take those for faults of the signer.
   */
  readonly agree: (peer: Hex) => Uint8Array;
}

/** Both operations of this file by one implementation. */
interface Implementation {
  readonly openKey: (secretKey: Uint8Array) => OpenKey;
  readonly liftX: (x: Hex) => unknown;
}

const CURVE = 'secp256k1';
const KEY_BYTES = 32;
const X_COORDINATE = /^[0-9a-f]{64}$/i;
// BIP-340 names a point by its x coordinate and means the one with an even y.
const EVEN_Y = '02';

let noble: typeof NobleSecp256k1 | undefined;

/** Noble's secp256k1, loaded at the first call: commands that do not need it start faster. */
export function loadNoble(): typeof NobleSecp256k1 {
  noble ??= createRequire(import.meta.url)('@noble/curves/secp256k1.js') as typeof NobleSecp256k1;
  return noble;
}

/** By OpenSSL, whose scalar multiplication takes constant time. */
export const byNode: Implementation = {
  openKey: (secretKey) => {
    const ecdh = createECDH(CURVE);
    ecdh.setPrivateKey(secretKey);
    return {
      pubkey: ecdh.getPublicKey('hex', 'compressed').slice(EVEN_Y.length),
      agree: (peer) => new Uint8Array(ecdh.computeSecret(checkX(peer), 'hex')),
    };
  },
  liftX: (x) => ECDH.convertKey(checkX(x), CURVE, 'hex', 'hex', 'uncompressed'),
};

/** By noble, for a Node whose OpenSSL was built without the curve. */
export const byNoble: Implementation = {
  openKey: (secretKey) => {
    const { schnorr, secp256k1 } = loadNoble();
    const secret = Uint8Array.from(secretKey);
    return {
      pubkey: bytesToHex(schnorr.getPublicKey(secret)),
      agree: (peer) => secp256k1.getSharedSecret(secret, new Uint8Array(Buffer.from(checkX(peer), 'hex'))).slice(1, 1 + KEY_BYTES),
    };
  },
  liftX: (x) => loadNoble().secp256k1.Point.fromHex(checkX(x)),
};

const best = getCurves().includes(CURVE) ? byNode : byNoble;

/** Opens a secret key (32 bytes; copied). Throws `input/invalid` for one outside the curve order. */
export function openKey(secretKey: Uint8Array): OpenKey {
  try {
    if (!isUint8Array(secretKey) || secretKey.length !== KEY_BYTES) throw new RangeError('A secret key has 32 bytes.');
    return best.openKey(secretKey);
  } catch (cause) {
    throw new NegotiateError('input/invalid', 'This is not a valid secp256k1 secret key (32 bytes, below the curve order).', { cause });
  }
}

/** True for an x coordinate (64 hex digits) of a point on the curve. */
export function isOnCurve(x: string): boolean {
  try {
    best.liftX(x);
    return true;
  } catch {
    return false;
  }
}

/** The compressed point of an x coordinate. Node would cut other text off at the first character that is no hex digit. */
function checkX(x: string): string {
  if (!X_COORDINATE.test(x)) throw new TypeError('A public key has 64 hex digits.');
  return `${EVEN_Y}${x}`;
}
