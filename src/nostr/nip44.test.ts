// NIP-44 version 2, held against the published vectors and against nostr-tools.
// vectors/nip44.json is rust/src/nip44.vectors.json of github.com/paulmillr/nip44 as the MIT-licensed crate nip44 0.3.2 ships it, unchanged.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { chacha20 } from '@noble/ciphers/chacha.js';
import { expand } from '@noble/hashes/hkdf.js';
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js';
import { v2 as reference } from 'nostr-tools/nip44';
import { describe, expect, it } from 'vitest';
import { scale } from '../../test/lane.fixture.ts';
import { bytesToHex, hexToBytes, sha256, utf8 } from '../core/bytes.ts';
import { rollDice } from '../core/dice.fixture.ts';
import { NegotiateError } from '../core/errors.ts';
import { byNoble, byNode, openKey } from './ecdh.ts';
import { makeRumor, verifyEvent } from './event.ts';
import { chachaByNoble, chachaByNode, decryptPayload, deriveConversationKey, encryptPayload, paddedTextLength } from './nip44.ts';
import { createKeySigner } from './signer.ts';
import vectors from './vectors/nip44.json' with { type: 'json' };

const { valid, invalid } = vectors.v2;
const key = sha256('conversation');
const nonce = sha256('nonce');
const both = [byNode, byNoble] as const;

type Outcome = { readonly text: string } | { readonly refusal: string };

/** What decrypting gave; fails the test for anything but a plain Error. */
function tryDecrypt(payload: string, conversationKey = key): Outcome {
  try {
    return { text: decryptPayload(payload, conversationKey) };
  } catch (error) {
    if (!(error instanceof Error) || error instanceof NegotiateError) return expect.fail(`${String(error)} for ${payload}`);
    return { refusal: error.message };
  }
}

function tryReference(payload: string, conversationKey = key): Outcome {
  try {
    return { text: reference.decrypt(payload, conversationKey) };
  } catch (error) {
    return { refusal: String(error) };
  }
}

/** The text, or nothing for a refusal, whose words may differ. */
const textOf = (outcome: Outcome): string | undefined => ('text' in outcome ? outcome.text : undefined);

const REFUSED: Outcome = { refusal: expect.any(String) as string };

/** A payload with a valid MAC around any bytes in place of the padded text, made without our code. */
function forge(padded: Uint8Array, version = 2): string {
  const keys = expand(nobleSha256, key, nonce, 76);
  const ciphertext = chacha20(keys.subarray(0, 32), keys.subarray(32, 44), padded);
  const mac = hmac(nobleSha256, keys.subarray(44), Buffer.concat([nonce, ciphertext]));
  return Buffer.concat([Uint8Array.of(version), nonce, ciphertext, mac]).toString('base64');
}

/** `prefix` (hex) and `text`, with zeros up to `size` bytes. */
function padTo(size: number, prefix: string, text: string | Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from(prefix, 'hex'), typeof text === 'string' ? utf8(text) : text, new Uint8Array(size)]).subarray(0, size);
}

describe('the published vectors of NIP-44', () => {
  it('are all there', () => {
    const counts = [...Object.values(valid), ...Object.values(invalid)].map((list) => list.length);
    expect(counts).toEqual([4, 24, 10, 1, 4, 9, 8, 8]);
  });

  it.each(valid.get_conversation_key)('conversation key: $note', ({ sec1, pub2, conversation_key }) => {
    for (const { openKey: open } of both) expect(bytesToHex(deriveConversationKey(open(hexToBytes(sec1)), pub2))).toBe(conversation_key);
  });

  it.each(valid.calc_padded_len)('%i bytes are padded to %i', (length, padded) => {
    expect(paddedTextLength(length!)).toBe(padded);
  });

  it.each(valid.encrypt_decrypt)('payload of $plaintext', (vector) => {
    const [own, peer] = [openKey(hexToBytes(vector.sec1)), openKey(hexToBytes(vector.sec2))];
    expect(bytesToHex(deriveConversationKey(own, peer.pubkey))).toBe(vector.conversation_key);
    expect(bytesToHex(deriveConversationKey(peer, own.pubkey))).toBe(vector.conversation_key);
    const conversationKey = hexToBytes(vector.conversation_key);
    expect(encryptPayload(vector.plaintext, conversationKey, hexToBytes(vector.nonce))).toBe(vector.ciphertext);
    expect(decryptPayload(vector.ciphertext, conversationKey)).toBe(vector.plaintext);
  });

  // The set has no ciphertext for it: nostr-tools tells.
  it.each(valid.encrypt_decrypt_long_msg)('payload of $note', (vector) => {
    const text = vector.letter.repeat(vector.repeat);
    const conversationKey = hexToBytes(vector.conversation_key);
    const payload = encryptPayload(text, conversationKey, hexToBytes(vector.nonce));
    expect(payload === reference.encrypt(text, conversationKey, hexToBytes(vector.nonce))).toBe(true);
    expect(decryptPayload(payload, conversationKey) === text).toBe(true);
  });

  it.each(invalid.get_conversation_key)('no conversation key: $note', ({ sec1, pub2 }) => {
    for (const { openKey: open } of both) expect(() => deriveConversationKey(open(hexToBytes(sec1)), pub2)).toThrow();
  });

  it.each(invalid.decrypt)('no text: $note, $plaintext', ({ conversation_key, ciphertext, note }) => {
    const refusals = {
      'unknown encryption version': 'version',
      'unknown encryption version 0': 'version',
      'invalid base64': 'base64',
      'invalid MAC': 'MAC',
      'invalid padding': 'padding',
    };
    const outcome = tryDecrypt(ciphertext, hexToBytes(conversation_key));
    expect(outcome).toEqual({ refusal: expect.stringContaining(refusals[note as keyof typeof refusals]) as string });
  });

  it.each(invalid.decrypt_msg_lengths)('no payload has %i characters', (length) => {
    expect(tryDecrypt('A'.repeat(length))).toEqual({ refusal: 'A payload is too short.' });
  });

  it('that forbid long texts are older than the long form; an empty text is still none', () => {
    const [empty, ...long] = invalid.encrypt_msg_lengths;
    expect(() => encryptPayload('x'.repeat(empty!), key)).toThrow(RangeError);
    expect(long).toEqual([65_536, 100_000, 10_000_000]);
    for (const length of long) expect(decryptPayload(encryptPayload('x'.repeat(length), key), key).length).toBe(length);
  });
});

describe('a payload', () => {
  it('is the one that nostr-tools makes, and is read by either, for hundreds of pairs of keys and texts up to 200 kB', () => {
    const dice = rollDice('payloads');
    const sizes = Array.from({ length: scale(500, 150) }, (_, i) => {
      const [secret, other, oneNonce] = [dice.bytes(32), dice.bytes(32), dice.bytes(32)];
      const [own, peer] = [openKey(secret), openKey(other)];
      const conversationKey = reference.utils.getConversationKey(secret, peer.pubkey);
      expect(deriveConversationKey(own, peer.pubkey), `pair ${i}`).toEqual(Buffer.from(conversationKey));
      expect(deriveConversationKey(peer, own.pubkey), `pair ${i}`).toEqual(Buffer.from(conversationKey));
      // Many short texts, some long ones.
      const text = textOfBytes(dice.bytes(Math.ceil(200_000 ** ((dice.below(1_000_000) / 1_000_000) ** 2))), i);
      const payload = encryptPayload(text, conversationKey, oneNonce);
      // Compared first, shown never: texts are long.
      expect(payload === reference.encrypt(text, conversationKey, oneNonce), `pair ${i}`).toBe(true);
      expect(decryptPayload(payload, conversationKey) === text, `pair ${i}`).toBe(true);
      expect(reference.decrypt(encryptPayload(text, conversationKey), conversationKey) === text, `pair ${i}`).toBe(true);
      return utf8(text).length;
    });
    expect(sizes.filter((size) => size >= 65_536).length).toBeGreaterThan(scale(10, 3));
    expect(sizes.filter((size) => size < 33).length).toBeGreaterThan(20);
    expect(Math.max(...sizes)).toBeGreaterThan(150_000);
  });

  it.each([1, 2, 31, 32, 33, 64, 65, 255, 256, 257, 65_535, 65_536, 65_537, 131_071, 131_072, 131_073, 200_000])(
    'of %i bytes is the one of nostr-tools',
    (length) => {
      const text = 'y'.repeat(length);
      const payload = encryptPayload(text, key, nonce);
      expect(payload === reference.encrypt(text, key, nonce)).toBe(true);
      expect(decryptPayload(payload, key) === text).toBe(true);
    },
  );

  it.each([
    ['a byte order mark', '\ufefftext'],
    ['nothing but a byte order mark', '\ufeff'],
    ['half a surrogate pair', 'a\ud800b'],
    ['zero characters', '\0\0\0'],
    ['four-byte characters', '🥎🫃'],
  ])('of %s is read as nostr-tools reads it', (_, text) => {
    const payload = encryptPayload(text, key, nonce);
    expect(payload).toBe(reference.encrypt(text, key, nonce));
    expect(tryDecrypt(payload)).toEqual({ text: reference.decrypt(payload, key) });
  });

  it('pads any length as nostr-tools does', () => {
    const dice = rollDice('lengths');
    const lengths = [
      ...Array.from({ length: 2_100 }, (_, i) => i + 1),
      ...Array.from({ length: 2_000 }, () => 1 + dice.below(2 ** 32 - 1)),
    ];
    const powers = Array.from({ length: 31 }, (_, i) => 2 ** (i + 1)).flatMap((power) => [power - 1, power, power + 1]);
    const wrong = [...lengths, ...powers].filter((length) => paddedTextLength(length) !== reference.utils.calcPaddedLen(length));
    expect(wrong).toEqual([]);
  });

  it('has a fresh nonce each time', () => {
    const payloads = Array.from({ length: 50 }, () => encryptPayload('again', key));
    expect(new Set(payloads.map((payload) => payload.slice(0, 44))).size).toBe(50);
    expect(payloads.map((payload) => tryDecrypt(payload))).toEqual(payloads.map(() => ({ text: 'again' })));
  });

  it('is made with a nonce of 32 bytes only', () => {
    for (const length of [0, 12, 31, 33]) expect(() => encryptPayload('text', key, new Uint8Array(length))).toThrow(RangeError);
  });

  it('does not depend on buffers that are overwritten afterwards', () => {
    const [ownKey, ownNonce] = [Buffer.from(key), Buffer.from(nonce)];
    const payload = encryptPayload('text', ownKey, ownNonce);
    ownKey.fill(0);
    ownNonce.fill(0);
    expect(payload).toBe(reference.encrypt('text', key, nonce));
    expect(tryDecrypt(payload)).toEqual({ text: 'text' });
  });
});

describe('an altered payload', () => {
  const payload = encryptPayload('the quick brown fox jumps over the lazy dog', key, nonce);
  const bytes = Buffer.from(payload, 'base64');

  it('is refused whichever byte was altered', () => {
    const dice = rollDice('bytes');
    expect(tryDecrypt(payload)).toHaveProperty('text');
    expect(bytes.length).toBe(1 + 32 + 2 + 64 + 32);
    for (const at of bytes.keys()) {
      for (const change of [1, 0x80, 1 + dice.below(255)]) {
        const altered = Buffer.from(bytes);
        altered[at]! ^= change;
        expect(tryDecrypt(altered.toString('base64')), `byte ${at} by ${change}`).toEqual(REFUSED);
      }
    }
  });

  it('is refused for its version, whatever the MAC says', () => {
    const padded = padTo(34, '0004', 'text');
    expect(tryDecrypt(forge(padded))).toEqual({ text: 'text' });
    const versions = Array.from({ length: 256 }, (_, version) => version).filter((version) => version !== 2);
    for (const version of versions) {
      expect(tryDecrypt(forge(padded, version))).toEqual({ refusal: 'A payload has an unknown version.' });
    }
  });

  it('is refused for each character that is another or no base64, and at each length that is not its own', () => {
    // 131 bytes: one "=" at the end, and two bits of the last letter that mean nothing.
    expect(payload.endsWith('=')).toBe(true);
    for (let at = 0; at < payload.length; at += 1) {
      const here = payload[at]!;
      const others = ['-', '_', ' ', '\n', '=', '#', '\0', 'é', '', `${here}\n`, `${here} `, `${here}=`, here === 'A' ? 'B' : 'A'];
      for (const other of others.filter((one) => one !== here)) {
        const altered = `${payload.slice(0, at)}${other}${payload.slice(at + 1)}`;
        expect(tryDecrypt(altered), JSON.stringify([at, other])).toEqual(REFUSED);
      }
      expect(tryDecrypt(payload.slice(0, at)), `cut off at ${at}`).toEqual(REFUSED);
    }
  });

  it('is refused when it decodes to the same bytes in another spelling', () => {
    const last = payload.at(-2)!;
    const spellings = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/']
      .map((letter) => `${payload.slice(0, -2)}${letter}=`)
      .filter((spelling) => Buffer.from(spelling, 'base64').equals(bytes));
    expect(spellings.length).toBe(4);
    expect(spellings.filter((spelling) => 'text' in tryDecrypt(spelling))).toEqual([`${payload.slice(0, -2)}${last}=`]);
    for (const spelling of [payload.slice(0, -1), `${payload}=`, `${payload}\n`, payload.replaceAll('+', '-').replaceAll('/', '_')]) {
      expect(Buffer.from(spelling, 'base64')).toEqual(bytes);
      expect(tryDecrypt(spelling)).toEqual(REFUSED);
    }
  });

  it('is refused under another key', () => {
    for (const at of key.keys()) {
      const other = Uint8Array.from(key);
      other[at]! ^= 1;
      expect(tryDecrypt(payload, other), `byte ${at}`).toEqual({ refusal: 'The MAC of a payload is wrong.' });
    }
  });
});

describe('a padding under a valid MAC', () => {
  const long = new Uint8Array(65_536).fill(0x7a);

  it.each<[string, Uint8Array, string | undefined]>([
    ['that is right', padTo(34, '0004', 'text'), 'text'],
    ['that is right for a long text', padTo(6 + 65_536, '000000010000', long), 'z'.repeat(65_536)],
    ['whose bytes are not zero, which nobody checks', Buffer.concat([padTo(6, '0004', 'text'), new Uint8Array(28).fill(1)]), 'text'],
    ['of no text', padTo(34, '0000', ''), undefined],
    ['of no text in the long form', padTo(38, '000000000000', ''), undefined],
    ['of a short text in the long form', padTo(38, '000000000004', 'text'), undefined],
    ['of the longest short text in the long form', padTo(6 + 65_536, '00000000ffff', long), undefined],
    ['that ends before the text does', padTo(34, '0021', 'x'.repeat(33)), undefined],
    ['that is a byte too short', padTo(65, '0021', 'x'.repeat(33)), undefined],
    ['that is a byte too long', padTo(35, '0004', 'text'), undefined],
    ['that is a step too long', padTo(66, '0004', 'text'), undefined],
    ['that claims the longest short text', padTo(34, 'ffff', ''), undefined],
    ['that claims the longest text of all', padTo(34, '0000ffffffff', ''), undefined],
    ['of a long text that is a byte too short', padTo(5 + 65_536, '000000010000', long), undefined],
    ['of a long text that is a step too long', padTo(6 + 81_920, '000000010000', long), undefined],
    ['of a long text in the short form', padTo(2 + 65_536, '0000', long), undefined],
    ['with less than the smallest text', padTo(33, '0004', 'text'), undefined],
  ])('%s is taken as nostr-tools takes it', (_, padded, text) => {
    const payload = forge(padded);
    const outcome = tryDecrypt(payload);
    expect(textOf(outcome) === text, JSON.stringify(outcome).slice(0, 200)).toBe(true);
    expect(textOf(tryReference(payload)) === text).toBe(true);
  });

  it('of any form and size is read as nostr-tools reads it', () => {
    const dice = rollDice('paddings');
    const sizes = [33, 34, 35, 38, 66, 70, 98, 102, 130];
    const outcomes = Array.from({ length: 1_500 }, () => {
      const padded = dice.bytes(sizes[dice.below(sizes.length)]!);
      // Random bytes are nearly never a length that fits.
      padded.set([0, dice.below(140)]);
      const payload = forge(padded);
      const outcome = textOf(tryDecrypt(payload));
      expect(outcome, payload).toBe(textOf(tryReference(payload)));
      return outcome === undefined ? 'refused' : 'read';
    });
    expect(outcomes.filter((outcome) => outcome === 'read').length).toBeGreaterThan(100);
    expect(outcomes.filter((outcome) => outcome === 'refused').length).toBeGreaterThan(100);
  });
});

describe('the key stream', () => {
  const stream = [chachaByNode, chachaByNoble] as const;

  it('is ChaCha20 from block 0: RFC 8439 A.1, test vectors 1 and 2', () => {
    const expected =
      '76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7da41597c5157488d7724e03fb8d84a376a43b8f41518a11cc387b669b2ee6586' +
      '9f07e7be5551387a98ba977c732d080dcb0f29a048e3656912c6533e32ee7aed29b721769ce64e43d57133b074d839d531ed1f28510afb45ace10a1f4b794d6f';
    for (const apply of stream) {
      expect(bytesToHex(apply(new Uint8Array(32), new Uint8Array(12), new Uint8Array(128)))).toBe(expected);
    }
  });

  it('is the same from OpenSSL and from noble', () => {
    const dice = rollDice('streams');
    for (const length of [0, 1, 63, 64, 65, 200_000, ...Array.from({ length: 200 }, () => dice.below(1_000))]) {
      const [cipherKey, cipherNonce, data] = [dice.bytes(32), dice.bytes(12), dice.bytes(length)];
      const before = Uint8Array.from(data);
      const ofNode = chachaByNode(cipherKey, cipherNonce, data);
      expect(ofNode.length).toBe(length);
      expect(Buffer.compare(ofNode, chachaByNoble(cipherKey, cipherNonce, data)), `${length} bytes`).toBe(0);
      expect(Buffer.compare(before, data)).toBe(0);
    }
  });
});

describe('a signer', () => {
  const peer = createKeySigner(sha256('peer'));

  it('keeps its key when the caller overwrites the bytes it was made of', async () => {
    for (const secret of [Uint8Array.from(sha256('own')), Buffer.from(sha256('own'))]) {
      const own = createKeySigner(secret);
      secret.fill(3);
      const template = { kind: 1, created_at: 1, tags: [], content: 'text' };
      expect(verifyEvent(await own.signEvent(template))).toBe(true);
      expect(makeRumor(own.pubkey, template).id).toBe((await own.signEvent(template)).id);
      expect(await own.decrypt(peer.pubkey, await peer.encrypt(own.pubkey, 'text'))).toBe('text');
    }
  });

  it('talks to more peers than it remembers', async () => {
    const own = createKeySigner(sha256('own'));
    const peers = Array.from({ length: 70 }, (_, i) => createKeySigner(sha256(`peer ${i}`)));
    for (const other of [...peers, ...peers]) {
      expect(await other.decrypt(own.pubkey, await own.encrypt(other.pubkey, other.pubkey))).toBe(other.pubkey);
    }
  });

  it('says by a plain error that a peer is none: a NegotiateError would be a fault of its own', async () => {
    for (const nobody of ['', 'f'.repeat(64), '0'.repeat(64), `${peer.pubkey}00`, 'z'.repeat(64)]) {
      for (const run of [() => peer.encrypt(nobody, 'text'), () => peer.decrypt(nobody, encryptPayload('text', key))]) {
        const fault = await run().catch((error: unknown) => error);
        expect(fault, nobody).toBeInstanceOf(Error);
        expect(fault, nobody).not.toBeInstanceOf(NegotiateError);
      }
    }
  });
});

describe('a process of its own', () => {
  const urlOf = (file: string): string => JSON.stringify(new URL(file, import.meta.url).href);
  const SETUP = `import crypto from 'node:crypto'; import { registerHooks, syncBuiltinESMExports } from 'node:module';
    const loaded = [];
    registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) });
    const slow = () => loaded.filter((url) => /node_modules.(?:@noble|@scure|nostr-tools)/.test(url)).length;`;
  const PARTS = `const { openKey, isOnCurve } = await import(${urlOf('./ecdh.ts')});
    const { deriveConversationKey, encryptPayload, decryptPayload } = await import(${urlOf('./nip44.ts')});
    const own = openKey(new Uint8Array(32).fill(5));
    const key = deriveConversationKey(own, own.pubkey);
    const payload = encryptPayload('text', key, new Uint8Array(32).fill(6));
    const result = [own.pubkey, payload, decryptPayload(payload, key), isOnCurve(own.pubkey), isOnCurve('0'.repeat(64))];`;

  async function run(code: string): Promise<unknown> {
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', code]);
    return JSON.parse(stdout) as unknown;
  }

  function expectedResult(): unknown[] {
    const secret = new Uint8Array(32).fill(5);
    const { pubkey } = openKey(secret);
    const payload = reference.encrypt('text', reference.utils.getConversationKey(secret, pubkey), new Uint8Array(32).fill(6));
    return [pubkey, payload, 'text', true, false];
  }

  it('makes a public key, encrypts and decrypts without loading noble or nostr-tools, and loads noble to sign', async () => {
    const code = `${SETUP} ${PARTS}
      const { createKeySigner } = await import(${urlOf('./signer.ts')});
      const signer = createKeySigner(new Uint8Array(32).fill(5));
      await signer.decrypt(signer.pubkey, await signer.encrypt(signer.pubkey, 'text'));
      const [files, before] = [loaded.length, slow()];
      await signer.signEvent({ kind: 1, created_at: 1, tags: [], content: '' });
      console.log(JSON.stringify({ result, files, before, after: slow() }));`;
    const told = (await run(code)) as { files: number; before: number; after: number };
    expect(told).toMatchObject({ result: expectedResult(), before: 0 });
    // The hook sees what is loaded: our own files first, noble's in the end.
    expect(told.files).toBeGreaterThan(4);
    expect(told.after).toBeGreaterThan(0);
  });

  it('does the same by noble where OpenSSL has neither the curve nor the cipher', async () => {
    const code = `${SETUP}
      const none = () => { throw new Error('not in this OpenSSL'); };
      Object.assign(crypto, { getCurves: () => ['prime256v1'], getCiphers: () => ['aes-128-gcm'], createECDH: none, createCipheriv: none });
      crypto.ECDH.convertKey = none;
      syncBuiltinESMExports();
      ${PARTS}
      console.log(JSON.stringify({ result, slow: slow() > 0 }));`;
    expect(await run(code)).toEqual({ result: expectedResult(), slow: true });
  });
});

/** Text of about as many bytes: ASCII letters, or every third time any characters. */
function textOfBytes(bytes: Uint8Array, i: number): string {
  if (i % 3 !== 0) return Buffer.from(bytes.map((byte) => 32 + (byte % 95))).toString('latin1');
  // There and back, which leaves no half of a surrogate pair.
  return Buffer.from(Buffer.from(bytes).toString('utf16le') || 'é').toString();
}
