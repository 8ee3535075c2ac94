// Signatures by OpenSSL: byte for byte those that noble makes with the same randomness.

import { schnorr } from '@noble/curves/secp256k1.js';
import { describe, expect, it } from 'vitest';
import { bytesToHex, hexToBytes } from '../core/bytes.ts';
import { rollDice } from '../core/dice.fixture.ts';
import { signByNode } from './signSchnorr.ts';

const N = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const keyOf = (value: bigint): Uint8Array => hexToBytes(value.toString(16).padStart(64, '0'));

describe('a signature by node:crypto', () => {
  it('is the one that noble makes, for keys whose point has an even y and for others', () => {
    const dice = rollDice('signatures');
    const edges = [1n, 2n, 3n, N - 2n, N - 1n].map(keyOf);
    const keys = [...edges, ...Array.from({ length: 60 }, () => dice.bytes(32))];
    for (const key of keys) {
      const [message, aux] = [dice.bytes(32), dice.bytes(32)];
      expect(bytesToHex(signByNode(message, key, aux)), bytesToHex(key)).toBe(bytesToHex(schnorr.sign(message, key, aux)));
    }
  });

  it('is that of BIP-340, test vectors 0 and 1', () => {
    const zero = signByNode(new Uint8Array(32), keyOf(3n), new Uint8Array(32));
    expect(bytesToHex(zero).toUpperCase()).toBe(
      'E907831F80848D1069A5371B402410364BDF1C5F8307B0084C55F1CE2DCA821525F66A4A85EA8B71E482A74F382D2CE5EBEEE8FDB2172F477DF4900D310536C0',
    );
    const [message, key, aux] = [
      '243f6a8885a308d313198a2e03707344a4093822299f31d0082efa98ec4e6c89',
      'b7e151628aed2a6abf7158809cf4f3c762e7160f38b4da56a784d9045190cfef',
      `${'00'.repeat(31)}01`,
    ].map(hexToBytes) as [Uint8Array, Uint8Array, Uint8Array];
    expect(bytesToHex(signByNode(message, key, aux)).toUpperCase()).toBe(
      '6896BD60EEAE296DB48A229FF71DFE071BDE413E6D43F917DC8DCF8C78DE33418906D11AC976ABCCB20B091292BFF4EA897EFCB639EA871CFA95F6DE339E4B0A',
    );
  });

  it('is another one each time, and holds', () => {
    const dice = rollDice('fresh randomness');
    const [message, key] = [dice.bytes(32), dice.bytes(32)];
    const [one, other] = [signByNode(message, key), signByNode(message, key)];
    expect(bytesToHex(one)).not.toBe(bytesToHex(other));
    for (const each of [one, other]) expect(schnorr.verify(each, message, schnorr.getPublicKey(key))).toBe(true);
  });

  it.each([
    ['zero', keyOf(0n)],
    ['the order of the curve', keyOf(N)],
    ['a byte too few', keyOf(1n).subarray(1)],
    ['a byte too many', Buffer.concat([keyOf(1n), keyOf(1n).subarray(31)])],
  ])('is refused to a key that is none: %s', (_, key) => {
    expect(() => signByNode(new Uint8Array(32), key)).toThrow();
  });
});
