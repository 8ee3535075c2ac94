// Events by throw-away keys: the same whichever implementation signs them.

import { schnorr } from '@noble/curves/secp256k1.js';
import { beforeAll, describe, expect, it } from 'vitest';
import { hexToBytes } from '../core/bytes.ts';
import { rollDice } from '../core/dice.fixture.ts';
import { computeEventId, signOnce, verifyEvent, type EventTemplate } from './event.ts';
import { loadSchnorr, publicKeyOf } from './schnorr.ts';

const dice = rollDice('throw-away keys');
const template = (content: string): EventTemplate => ({ kind: 445, created_at: 1_800_000_000, tags: [['h', 'ab'.repeat(32)]], content });

function expectSigned(content: string): void {
  const secretKey = dice.bytes(32);
  const event = signOnce(secretKey, template(content));
  expect(event).toEqual({
    ...template(content),
    id: computeEventId(publicKeyOf(secretKey), template(content)),
    pubkey: publicKeyOf(secretKey),
    sig: expect.stringMatching(/^[0-9a-f]{128}$/),
  });
  expect(verifyEvent(event)).toBe(true);
  expect(schnorr.verify(hexToBytes(event.sig), hexToBytes(event.id), hexToBytes(event.pubkey))).toBe(true);
}

const texts = ['', 'plain', '"quoted"\\\n\t\u0000\u001f', 'grüße 🤝 \u2028', '\u007f'];

describe('an event by a throw-away key names that key and is signed by it', () => {
  it.each(texts)('without WebAssembly: %j', (content) => {
    expectSigned(content);
  });

  describe('with it', () => {
    beforeAll(() => loadSchnorr());

    it.each(texts)('%j', (content) => {
      expectSigned(content);
    });

    it('any text', () => {
      for (let i = 0; i < 50; i += 1) expectSigned(Buffer.from(dice.bytes(dice.below(300))).toString('latin1'));
    });

    it('text that is too large for it', () => {
      expectSigned('x'.repeat(150_000));
    });

    it.each([
      ['zero', '00'.repeat(32)],
      ['the order of the curve', 'fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141'],
    ])('but not by a key that is none: %s', (_, key) => {
      expect(() => signOnce(hexToBytes(key), template('x'))).toThrow();
    });
  });
});
