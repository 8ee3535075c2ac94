// secp256k1: OpenSSL and noble give the same keys, points and secrets, and refuse the same input.

import { schnorr, secp256k1 } from '@noble/curves/secp256k1.js';
import { describe, expect, it } from 'vitest';
import { bytesToHex, hexToBytes, sha256 } from '../core/bytes.ts';
import { rollDice } from '../core/dice.fixture.ts';
import { NegotiateError } from '../core/errors.ts';
import { byNoble, byNode, isOnCurve, openKey } from './ecdh.ts';

const P = 2n ** 256n - 2n ** 32n - 977n;
const N = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const MAX = 2n ** 256n - 1n;
// SEC 2: the generator, which is the public key of the secret 1.
const GENERATOR = '79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798';

// Found by trying: secrets whose public key, or whose secret shared with sha256('own'), begins with zero bytes; how many of each.
const ZEROS: readonly (readonly [peer: number, sharedZeros: number, pubkeyZeros: number])[] = [
  [69_431, 2, 0],
  [58_165, 0, 2],
];

const hexOf = (value: bigint): string => value.toString(16).padStart(64, '0');
const keyOf = (value: bigint): Uint8Array => hexToBytes(hexOf(value));
const range = (from: bigint, to: bigint): bigint[] => Array.from({ length: Number(to - from) + 1 }, (_, i) => from + BigInt(i));

const implementations = [
  ['node:crypto', byNode],
  ['noble', byNoble],
  // What the program takes of the two.
  ['the chosen one', { openKey, liftX: (x: string): unknown => isOnCurve(x) || expect.fail('not on the curve') }],
] as const;

/** Euler's criterion for x³ + 7, with plain numbers: what all implementations are held against. */
function hasPoint(x: bigint): boolean {
  if (x >= P) return false;
  let [power, square, exponent] = [1n, (x ** 3n + 7n) % P, (P - 1n) / 2n];
  for (; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) power = (power * square) % P;
    square = (square * square) % P;
  }
  return power === 1n;
}

/** Random and special x, and whether each has a point. */
const POINTS = drawPoints();

function drawPoints(): ReadonlyMap<bigint, boolean> {
  const dice = rollDice('points');
  const random = Array.from({ length: 2_000 }, () => BigInt(`0x${bytesToHex(dice.bytes(32))}`));
  const edges = [...range(0n, 5n), ...range(N - 1n, N + 1n), ...range(P - 2n, P + 2n), MAX];
  return new Map([...random, ...edges].map((x) => [x, hasPoint(x)]));
}

function faultOf(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return 'no fault';
}

function expectPlainError(run: () => unknown, input: string): void {
  const fault = faultOf(run);
  expect(fault, input).toBeInstanceOf(Error);
  expect(fault, input).not.toBeInstanceOf(NegotiateError);
}

describe.each(implementations)('secp256k1 by %s', (_, { openKey: open, liftX }) => {
  it('gives the public keys that noble gives', () => {
    const dice = rollDice('public keys');
    const secrets = [
      ...Array.from({ length: 200 }, () => dice.bytes(32)),
      ...range(1n, 5n).map(keyOf),
      ...range(N - 5n, N - 1n).map(keyOf),
    ];
    const pubkeys = secrets.map((secret) => open(secret).pubkey);
    expect(pubkeys).toEqual(secrets.map((secret) => bytesToHex(schnorr.getPublicKey(secret))));
    expect(pubkeys.at(200)).toBe(GENERATOR);
    expect(pubkeys.at(-1)).toBe(GENERATOR);
  });

  it('agrees with noble on the shared secret, from either side', () => {
    const dice = rollDice('shared secrets');
    const secrets = [...Array.from({ length: 60 }, () => dice.bytes(32)), keyOf(1n), keyOf(2n), keyOf(N - 2n), keyOf(N - 1n)];
    secrets.forEach((secret, i) => {
      const other = secrets[(i + 1) % secrets.length]!;
      const [own, peer] = [open(secret), open(other)];
      const shared = own.agree(peer.pubkey);
      expect(shared, bytesToHex(secret)).toEqual(peer.agree(own.pubkey));
      expect(shared, bytesToHex(secret)).toEqual(secp256k1.getSharedSecret(secret, hexToBytes(`02${peer.pubkey}`)).slice(1));
    });
  });

  it('keeps the leading zeros of secret keys, public keys and shared secrets', () => {
    const own = open(sha256('own'));
    for (const [peer, ...zeros] of ZEROS) {
      const { pubkey } = open(keyOf(BigInt(peer)));
      const shared = own.agree(pubkey);
      expect(shared.length).toBe(32);
      expect([bytesToHex(shared), pubkey].map((hex) => /^(?:00)*/.exec(hex)![0].length / 2)).toEqual(zeros);
      expect(shared).toEqual(secp256k1.getSharedSecret(sha256('own'), hexToBytes(`02${pubkey}`)).slice(1));
    }
  });

  it('finds a point for just those x that have one', () => {
    const wrong = [...POINTS].filter(([x, exists]) => exists !== (faultOf(() => liftX(hexOf(x))) === 'no fault'));
    expect(wrong.map(([x]) => hexOf(x))).toEqual([]);
    const found = [...POINTS.values()].filter(Boolean).length;
    expect(found).toBeGreaterThan(900);
    expect(found).toBeLessThan(1_100);
    // Reduced modulo p, these would be points.
    expect([hasPoint(1n), hasPoint(2n), hasPoint(P + 1n), hasPoint(P + 2n)]).toEqual([true, true, false, false]);
  });

  it('agrees on nothing with an x that has no point', () => {
    const own = open(sha256('own'));
    const none = [...POINTS].filter(([, exists]) => !exists).map(([x]) => x);
    expect(none).toEqual(expect.arrayContaining([0n, 5n, ...range(P, P + 2n), MAX]));
    for (const x of none) expectPlainError(() => own.agree(hexOf(x)), hexOf(x));
  });

  it.each([
    ['nothing', ''],
    ['a digit too few', GENERATOR.slice(1)],
    ['a byte too few', GENERATOR.slice(2)],
    ['a digit too many', `${GENERATOR}0`],
    ['a byte too many', `${GENERATOR}00`],
    ['a compressed point', `02${GENERATOR}`],
    ['a line end behind it', `${GENERATOR}\n`],
    ['a space before it', ` ${GENERATOR}`],
    ['a letter that is no digit', `${GENERATOR.slice(0, 63)}g`],
    ['no digits from the middle on', `${GENERATOR.slice(0, 32)}${'z'.repeat(32)}`],
  ])('takes no x with %s', (_name, x) => {
    expectPlainError(() => open(sha256('own')).agree(x), x);
    expect(faultOf(() => liftX(x))).toBeInstanceOf(Error);
  });

  it('takes upper-case digits', () => {
    const own = open(sha256('own'));
    expect(own.agree(GENERATOR.toUpperCase())).toEqual(own.agree(GENERATOR));
    expect(faultOf(() => liftX(GENERATOR.toUpperCase()))).toBe('no fault');
  });

  it('refuses 0, the order of the curve and all above', () => {
    for (const value of [0n, N, N + 1n, N + 2n, P, MAX])
      expect(
        faultOf(() => open(keyOf(value))),
        hexOf(value),
      ).toBeInstanceOf(Error);
  });

  it('goes on with the same key when the bytes of secrets are overwritten', () => {
    for (const secret of [Uint8Array.from(sha256('own')), Buffer.from(sha256('own'))]) {
      const own = open(secret);
      const shared = own.agree(GENERATOR);
      const copy = Uint8Array.from(shared);
      secret.fill(7);
      shared.fill(7);
      expect(own.agree(GENERATOR)).toEqual(copy);
      expect(bytesToHex(copy)).toBe(own.pubkey);
    }
  });
});

describe('a secret key', () => {
  it.each([
    ['0', keyOf(0n)],
    ['the order of the curve', keyOf(N)],
    ['one more than that', keyOf(N + 1n)],
    ['all ones', keyOf(MAX)],
    ['31 bytes', keyOf(1n).subarray(1)],
    ['33 bytes', Buffer.concat([new Uint8Array(1), keyOf(1n)])],
    ['no bytes', new Uint8Array()],
    ['text', 'x'.repeat(32) as unknown as Uint8Array],
    ['a list', Array.from(keyOf(1n)) as unknown as Uint8Array],
    ['nothing', undefined as unknown as Uint8Array],
  ])('is refused as bad input when it is %s', (_, secret) => {
    expect(() => openKey(secret)).toThrow(expect.objectContaining({ code: 'input/invalid' }));
  });

  it('may be a view into a larger buffer', () => {
    const buffer = Buffer.concat([new Uint8Array(5).fill(9), keyOf(1n), new Uint8Array(5).fill(9)]);
    expect(openKey(buffer.subarray(5, 37)).pubkey).toBe(GENERATOR);
  });
});
