// Hashes, held against another implementation and against the standard.

import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesToHex, sha256, sha256Hex } from './bytes.ts';

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
