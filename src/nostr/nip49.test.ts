// Encrypted keys are those of NIP-49.

import { decrypt, encrypt } from 'nostr-tools/nip49';
import { describe, expect, it } from 'vitest';
import { bytesToHex, hexToBytes } from '../core/bytes.ts';
import { decryptKey, encryptKey } from './nip49.ts';

const KEY = '3501454135014541350145413501453fefb02227e449e57cf4d3a3ce05378683';
const VECTOR =
  'ncryptsec1qgg9947rlpvqu76pj5ecreduf9jxhselq2nae2kghhvd5g7dgjtcxfqtd67p9m0w57lspw8gsq6yphnm8623nsl8xn9j4jdzz84zm3frztj3z7s35vpzmqf6ksu8r89qk5z2zxfmu5gv8th8wclt0h4p';

describe('an encrypted key', () => {
  it('is opened as the vector of NIP-49 says', () => {
    expect(bytesToHex(decryptKey(VECTOR, 'nostr'))).toBe(KEY);
  });

  it('is one that another implementation opens, and the other way round, also with a passphrase to be normalized', () => {
    // Two ways to write the same letters: NIP-49 has both opened by the same passphrase.
    const [typed, normal] = ['ÅΩẛ̣', 'ÅΩṩ'];
    const made = encryptKey(hexToBytes(KEY), typed, 12);
    expect(bytesToHex(decrypt(made as `ncryptsec1${string}`, normal))).toBe(KEY);
    expect(bytesToHex(decryptKey(encrypt(hexToBytes(KEY), normal, 12), typed))).toBe(KEY);
  });

  it.each([
    '',
    'ncryptsec1',
    'nsec1vl029mgpspedva04g90vltkh6fvh240zqtv9k0t9af8935ke9laqsnlfe5',
    VECTOR.slice(0, -1),
    `${VECTOR.slice(0, -1)}q`,
  ])('is refused when it is none: %j', (text) => {
    expect(() => decryptKey(text, 'nostr')).toThrow(expect.objectContaining({ code: 'input/invalid' }));
  });

  it('is not opened by another passphrase', () => {
    const made = encryptKey(hexToBytes(KEY), 'right', 10);
    expect(() => decryptKey(made, 'wrong')).toThrow(expect.objectContaining({ code: 'input/invalid' }));
  });
});
