// Hashes, held against another implementation and against the standard.

import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createHmac } from 'node:crypto';
import { bytesToHex, hexToBytes, hmacSha256, sha256, sha256Hex } from './bytes.ts';

describe('SHA-256', () => {
  it.each([
    ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
  ])('of %j is that of FIPS 180-4', (text, digest) => {
    expect(sha256Hex(text)).toBe(digest);
    expect(bytesToHex(sha256(text))).toBe(digest);
  });

  it('is that of noble for any bytes, and a plain array of its own', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (data) => {
        const digest = sha256(data);
        expect(digest).toEqual(nobleSha256(data));
        expect(digest.constructor).toBe(Uint8Array);
        expect([digest.byteOffset, digest.buffer.byteLength]).toEqual([0, 32]);
        expect(sha256Hex(data)).toBe(bytesToHex(digest));
      }),
    );
  });

  it('takes text as UTF-8, with a mark for what has none', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.constantFrom('', '\ud800', '\udfff'), (text, lone) => {
        const bytes = new TextEncoder().encode(text + lone);
        expect(sha256(text + lone)).toEqual(nobleSha256(bytes));
        expect(sha256Hex(text + lone)).toBe(bytesToHex(nobleSha256(bytes)));
      }),
    );
  });
});

describe('HMAC-SHA256', () => {
  it.each([
    ['0b'.repeat(20), '4869205468657265', 'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7'],
    [
      '4a656665',
      '7768617420646f2079612077616e7420666f72206e6f7468696e673f',
      '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    ],
    [
      'aa'.repeat(131),
      '54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65204b6579202d2048617368204b6579204669727374',
      '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
    ],
  ])('under %s is that of RFC 4231', (key, data, mac) => {
    expect(bytesToHex(hmacSha256(hexToBytes(key), hexToBytes(data)))).toBe(mac);
  });

  it('is that of node:crypto for keys and texts of any length', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 140 }), fc.string({ unit: 'grapheme' }), (key, text) => {
        const expected = new Uint8Array(createHmac('sha256', key).update(text).digest());
        expect(hmacSha256(key, text)).toEqual(expected);
        expect(hmacSha256(key, new TextEncoder().encode(text))).toEqual(expected);
      }),
    );
  });
});
