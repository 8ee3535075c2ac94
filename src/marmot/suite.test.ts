// Ciphersuite 0x0001 on node:crypto, held against ts-mls' own implementation and against the RFCs.

import { ed25519 } from '@noble/curves/ed25519.js';
import { expand as nobleExpand, extract as nobleExtract } from '@noble/hashes/hkdf.js';
import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js';
import { defaultCryptoProvider } from 'ts-mls';
import { describe, expect, it } from 'vitest';
import { bytesToHex, hexToBytes, sha256, utf8 } from '../core/bytes.ts';
import { rollDice, type Dice } from '../core/dice.fixture.ts';
import type { Rng } from '../core/ports.ts';
import { hkdfExpand, hmacOf } from './hpke.ts';
import { createSuite, expandWithLabel, makeSignatureKeys, noRng, verifyWithLabel } from './suite.ts';

const theirs = await defaultCryptoProvider.getCiphersuiteImpl(1);
const ours = createSuite(rollDice('suite'));
const ROUNDS = 40;

/** Sizes around those of blocks and hashes, and others. */
const drawBytes = (dice: Dice, limit = 300): Uint8Array => {
  const edges = [0, 1, 31, 32, 33, 63, 64, 65];
  return dice.bytes(dice.below(3) === 0 ? edges[dice.below(edges.length)]! : dice.below(limit));
};

async function repeat(seed: string, round: (dice: Dice) => Promise<void>): Promise<void> {
  const dice = rollDice(seed);
  for (let i = 0; i < ROUNDS; i += 1) await round(dice);
}

/** An Rng that gives the listed bytes in turn. */
function dealBytes(...hands: readonly string[]): Rng {
  const left = [...hands];
  return { bytes: () => hexToBytes(left.shift() ?? expect.fail('more randomness than expected')) };
}

describe('the suite gives what ts-mls itself gives', () => {
  it('hashes and MACs', () =>
    repeat('hash', async (dice) => {
      const [key, data] = [drawBytes(dice), drawBytes(dice)];
      const mac = await theirs.hash.mac(key.length === 0 ? Uint8Array.of(0) : key, data);
      expect(await ours.hash.digest(data)).toEqual(await theirs.hash.digest(data));
      // Short keys are filled up with zeros, so no key and one zero are the same.
      expect(await ours.hash.mac(key, data)).toEqual(mac);
      expect(await ours.hash.verifyMac(key, mac, data)).toBe(true);
      mac[dice.below(32)]! ^= 1 << dice.below(8);
      expect(await ours.hash.verifyMac(key, mac, data)).toBe(false);
      expect(await ours.hash.verifyMac(key, mac.subarray(1), data)).toBe(false);
      expect(await ours.hash.verifyMac(key, new Uint8Array(), data)).toBe(false);
    }));

  it('extracted and expanded secrets', () =>
    repeat('kdf', async (dice) => {
      const [salt, ikm, info, prk] = [dice.bytes(32), drawBytes(dice), drawBytes(dice), dice.bytes(32)];
      const length = [1, 31, 32, 33, 64, 65, 1 + dice.below(1_000), 8_159, 8_160][dice.below(9)]!;
      expect(await ours.kdf.extract(salt, ikm)).toEqual(await theirs.kdf.extract(salt, ikm));
      // Theirs takes no other salts.
      const other = drawBytes(dice);
      expect(await ours.kdf.extract(other, ikm)).toEqual(nobleExtract(nobleSha256, ikm, other));
      const secret = await ours.kdf.expand(prk, info, length);
      expect(secret).toEqual(await theirs.kdf.expand(prk, info, length));
      expect(secret.length).toBe(length);
      expect(ours.kdf.size).toBe(theirs.kdf.size);
    }));

  it('signatures, and it takes theirs', () =>
    repeat('signature', async (dice) => {
      const [{ signKey, publicKey }, message] = [await ours.signature.keygen(), drawBytes(dice)];
      const signature = await ours.signature.sign(signKey, message);
      expect(publicKey).toEqual(ed25519.getPublicKey(signKey));
      expect(signature).toEqual(await theirs.signature.sign(signKey, message));
      expect(await theirs.signature.verify(publicKey, message, signature)).toBe(true);
      expect(await ours.signature.verify(publicKey, message, signature)).toBe(true);
      expect(await ours.signature.verify(publicKey, Buffer.concat([message, Uint8Array.of(0)]), signature)).toBe(false);
      expect(await ours.signature.verify(dice.bytes(32), message, signature)).toBe(false);
      signature[dice.below(64)]! ^= 1 << dice.below(8);
      expect(await ours.signature.verify(publicKey, message, signature)).toBe(false);
    }));

  it('key pairs', () =>
    repeat('pairs', async (dice) => {
      const ikm = dice.bytes(32);
      const [own, other] = [await ours.hpke.deriveKeyPair(ikm), await theirs.hpke.deriveKeyPair(ikm)];
      expect(await ours.hpke.exportPrivateKey(own.privateKey)).toEqual(await theirs.hpke.exportPrivateKey(other.privateKey));
      expect(await ours.hpke.exportPublicKey(own.publicKey)).toEqual(await theirs.hpke.exportPublicKey(other.publicKey));
    }));

  it('HPKE ciphertexts that either opens', () =>
    repeat('hpke', async (dice) => {
      const { privateKey, publicKey } = await ours.hpke.generateKeyPair();
      const [secret, point] = [await ours.hpke.exportPrivateKey(privateKey), await ours.hpke.exportPublicKey(publicKey)];
      const [theirSecret, theirPoint] = [await theirs.hpke.importPrivateKey(secret), await theirs.hpke.importPublicKey(point)];
      const [text, info, aad] = [drawBytes(dice, 2_000), drawBytes(dice), dice.below(2) === 0 ? drawBytes(dice) : undefined];
      const own = await ours.hpke.seal(await ours.hpke.importPublicKey(point), text, info, aad);
      const other = await theirs.hpke.seal(theirPoint, text, info, aad);
      expect(await theirs.hpke.open(theirSecret, own.enc, own.ct, info, aad)).toEqual(text);
      expect(await ours.hpke.open(privateKey, other.enc, other.ct, info, aad)).toEqual(text);
      expect(await ours.hpke.open(await ours.hpke.importPrivateKey(secret), own.enc, own.ct, info, aad)).toEqual(text);
      const altered = Uint8Array.from(own.ct);
      altered[dice.below(altered.length)]! ^= 1 << dice.below(8);
      const more = Buffer.concat([info, Uint8Array.of(0)]);
      await expect(ours.hpke.open(privateKey, own.enc, altered, info, aad)).rejects.toThrow();
      await expect(ours.hpke.open(privateKey, own.enc, own.ct, more, aad)).rejects.toThrow();
      await expect(ours.hpke.open(privateKey, own.enc, own.ct, info, Buffer.concat([aad ?? more, more]))).rejects.toThrow();
      await expect(ours.hpke.open(privateKey, other.enc, own.ct, info, aad)).rejects.toThrow();
      await expect(ours.hpke.open((await ours.hpke.generateKeyPair()).privateKey, own.enc, own.ct, info, aad)).rejects.toThrow();
    }));

  it('sealed messages', () =>
    repeat('aead', async (dice) => {
      const [key, nonce, text] = [dice.bytes(16), dice.bytes(12), drawBytes(dice, 2_000)];
      const aad = dice.below(2) === 0 ? drawBytes(dice) : undefined;
      const sealed = await ours.hpke.encryptAead(key, nonce, aad, text);
      expect(sealed).toEqual(await theirs.hpke.encryptAead(key, nonce, aad, text));
      expect(await ours.hpke.decryptAead(key, nonce, aad, sealed)).toEqual(text);
      const altered = Uint8Array.from(sealed);
      altered[dice.below(altered.length)]! ^= 1 << dice.below(8);
      for (const wrong of [altered, sealed.subarray(1), sealed.subarray(0, -1), sealed.subarray(0, 15), new Uint8Array()]) {
        await expect(ours.hpke.decryptAead(key, nonce, aad, wrong)).rejects.toThrow();
      }
    }));

  it('numbers', () => {
    expect([ours.id, ours.hpke.keyLength, ours.hpke.nonceLength]).toEqual([theirs.id, theirs.hpke.keyLength, theirs.hpke.nonceLength]);
    expect(ours.rng.randomBytes(7).length).toBe(7);
  });
});

describe('RFC 9180 A.1.1 (HPKE, base mode)', () => {
  const vector = {
    info: '4f6465206f6e2061204772656369616e2055726e',
    ikmE: '7268600d403fce431561aef583ee1613527cff655c1343f29812e66706df3234',
    skE: '52c4a758a802cd8b936eceea314432798d5baf2d7e9235dc084ab1b9cfa2f736',
    enc: '37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431',
    ikmR: '6db9df30aa07dd42ee5e8181afdb977e538f5e1fec8a06223f33f7013e525037',
    skR: '4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8',
    pkR: '3948cfe0ad1ddb695d780e59077195da6c56506b027329794ab02bca80815c4d',
    text: '4265617574792069732074727574682c20747275746820626561757479',
    aad: '436f756e742d30',
    ct: 'f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a96d8770ac83d07bea87e13c512a',
  };
  const { info, ikmE, skE, enc, ikmR, skR, pkR, text, aad, ct } = vector;

  it.each([
    [ikmE, skE, enc],
    [ikmR, skR, pkR],
  ])('derives the pair of %s', async (ikm, secret, point) => {
    const { privateKey, publicKey } = await ours.hpke.deriveKeyPair(hexToBytes(ikm));
    expect(bytesToHex(await ours.hpke.exportPrivateKey(privateKey))).toBe(secret);
    expect(bytesToHex(await ours.hpke.exportPublicKey(publicKey))).toBe(point);
  });

  it('seals and opens', async () => {
    const { hpke } = createSuite(dealBytes(skE));
    const sealed = await hpke.seal(await hpke.importPublicKey(hexToBytes(pkR)), hexToBytes(text), hexToBytes(info), hexToBytes(aad));
    expect([sealed.enc, sealed.ct].map(bytesToHex)).toEqual([enc, ct]);
    const privateKey = await hpke.importPrivateKey(hexToBytes(skR));
    expect(bytesToHex(await hpke.open(privateKey, hexToBytes(enc), hexToBytes(ct), hexToBytes(info), hexToBytes(aad)))).toBe(text);
  });
});

describe('HPKE', () => {
  // The points of small order and their other encodings: p - 1, p and p + 1, and each with the bit that X25519 leaves out.
  const LOW_ORDER = [
    '0000000000000000000000000000000000000000000000000000000000000000',
    '0100000000000000000000000000000000000000000000000000000000000000',
    'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
    '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
    'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  ].flatMap((point) => [point, bytesToHex(hexToBytes(point).with(31, hexToBytes(point)[31]! | 0x80))]);

  it.each(LOW_ORDER)('neither seals to nor opens from the low-order point %s', async (point) => {
    const { privateKey } = await ours.hpke.generateKeyPair();
    const text = utf8('text');
    // Another secret of the same length gets through, so it is the point that is refused.
    await expect(ours.hpke.seal(await ours.hpke.importPublicKey(sha256(point)), text, text)).resolves.toHaveProperty('ct');
    await expect(ours.hpke.seal(await ours.hpke.importPublicKey(hexToBytes(point)), text, text)).rejects.toThrow(/derivation|failed/i);
    await expect(ours.hpke.open(privateKey, hexToBytes(point), new Uint8Array(20), text)).rejects.toThrow(/derivation|failed/i);
  });

  it.each([0, 31, 33, 64])('takes no key of %i bytes', async (length) => {
    const { privateKey } = await ours.hpke.generateKeyPair();
    const invalid = expect.objectContaining({ code: 'marmot/invalid' }) as Error;
    await expect(ours.hpke.importPrivateKey(new Uint8Array(length))).rejects.toEqual(invalid);
    await expect(ours.hpke.importPublicKey(new Uint8Array(length))).rejects.toEqual(invalid);
    await expect(ours.hpke.open(privateKey, new Uint8Array(length), new Uint8Array(20), utf8('info'))).rejects.toEqual(invalid);
  });

  it.each([
    ['a Uint8Array', (key: Uint8Array) => Uint8Array.from(key)],
    ['a Buffer, whose slices share its bytes', (key: Uint8Array) => Buffer.from(key)],
  ])('keeps keys that came in or went out as %s when it is overwritten', async (_, copy) => {
    const { hpke } = ours;
    const { privateKey, publicKey } = await hpke.generateKeyPair();
    const [secret, point] = [copy(await hpke.exportPrivateKey(privateKey)), copy(await hpke.exportPublicKey(publicKey))];
    const [imported, importedPoint] = [await hpke.importPrivateKey(secret), await hpke.importPublicKey(point)];
    secret.fill(1);
    point.fill(1);
    (await hpke.exportPrivateKey(imported)).fill(1);
    (await hpke.exportPublicKey(importedPoint)).fill(1);
    const { enc, ct } = await hpke.seal(importedPoint, utf8('text'), utf8('info'));
    expect(await hpke.open(imported, enc, ct, utf8('info'))).toEqual(utf8('text'));
    expect(await hpke.open(privateKey, enc, ct, utf8('info'))).toEqual(utf8('text'));
  });

  it('has read its arguments when it returns its promise', async () => {
    const { hpke } = ours;
    const { privateKey, publicKey } = await hpke.generateKeyPair();
    const [text, info, aad] = [utf8('text'), utf8('info'), utf8('aad')];
    const sealing = hpke.seal(publicKey, text, info, aad);
    for (const bytes of [text, info, aad]) bytes.fill(0);
    const { enc, ct } = await sealing;
    expect(
      await theirs.hpke.open(
        await theirs.hpke.importPrivateKey(await hpke.exportPrivateKey(privateKey)),
        enc,
        ct,
        utf8('info'),
        utf8('aad'),
      ),
    ).toEqual(utf8('text'));
    const opening = hpke.open(privateKey, enc, ct, utf8('info'), utf8('aad'));
    for (const bytes of [enc, ct]) bytes.fill(0);
    expect(await opening).toEqual(utf8('text'));
  });

  it('has no part in external joins', async () => {
    const { privateKey, publicKey } = await ours.hpke.generateKeyPair();
    const none = new Uint8Array();
    const bug = expect.objectContaining({ code: 'internal/bug' }) as Error;
    await expect(ours.hpke.exportSecret(publicKey, none, 32, none)).rejects.toEqual(bug);
    await expect(ours.hpke.importSecret(privateKey, none, none, 32, none)).rejects.toEqual(bug);
  });
});

describe('RFC 5869 (HKDF-SHA256)', () => {
  const run = (from: number, to: number): string => bytesToHex(Uint8Array.from({ length: to - from + 1 }, (_, i) => from + i));

  it.each([
    {
      name: 'A.1',
      ikm: '0b'.repeat(22),
      salt: run(0, 0x0c),
      info: run(0xf0, 0xf9),
      length: 42,
      prk: '077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5',
      okm: '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865',
    },
    {
      name: 'A.2',
      ikm: run(0, 0x4f),
      salt: run(0x60, 0xaf),
      info: run(0xb0, 0xff),
      length: 82,
      prk: '06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc244',
      okm:
        'b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09' +
        'da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87',
    },
    {
      name: 'A.3',
      ikm: '0b'.repeat(22),
      salt: '',
      info: '',
      length: 42,
      prk: '19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04',
      okm: '8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8',
    },
  ])('$name', async ({ ikm, salt, info, length, prk, okm }) => {
    expect(bytesToHex(await ours.kdf.extract(hexToBytes(salt), hexToBytes(ikm)))).toBe(prk);
    expect(bytesToHex(await ours.kdf.expand(hexToBytes(prk), hexToBytes(info), length))).toBe(okm);
  });

  it('gives 255 blocks and not a byte more', () => {
    expect(hkdfExpand(sha256('prk'), utf8('info'), 8_160)).toEqual(nobleExpand(nobleSha256, sha256('prk'), utf8('info'), 8_160));
    for (const length of [8_161, 65_535]) {
      expect(() => hkdfExpand(sha256('prk'), utf8('info'), length)).toThrow(expect.objectContaining({ code: 'marmot/invalid' }));
    }
  });
});

describe('RFC 4231 (HMAC-SHA256)', () => {
  const mac = '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843';

  it('case 2', async () => {
    expect(bytesToHex(await ours.hash.mac(utf8('Jefe'), utf8('what do ya want for nothing?')))).toBe(mac);
  });

  it('case 2 in parts', () => {
    expect(bytesToHex(hmacOf(utf8('Jefe'), utf8('what do ya want '), new Uint8Array(), utf8('for nothing?')))).toBe(mac);
  });
});

describe('RFC 8032 7.1 (Ed25519)', () => {
  it.each([
    {
      name: 'test 1',
      seed: '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
      publicKey: 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
      message: '',
      signature:
        'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
    },
    {
      name: 'test 2',
      seed: '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
      publicKey: '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
      message: '72',
      signature:
        '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
    },
    {
      name: 'test 3',
      seed: 'c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7',
      publicKey: 'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
      message: 'af82',
      signature:
        '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
    },
  ])('$name', async ({ seed, publicKey, message, signature }) => {
    const pair = makeSignatureKeys(dealBytes(seed));
    expect([pair.signKey, pair.publicKey].map(bytesToHex)).toEqual([seed, publicKey]);
    expect(bytesToHex(await ours.signature.sign(hexToBytes(seed), hexToBytes(message)))).toBe(signature);
    expect(await ours.signature.verify(hexToBytes(publicKey), hexToBytes(message), hexToBytes(signature))).toBe(true);
  });
});

describe('signing', () => {
  const message = utf8('message');

  it.each([
    ['a Uint8Array', (key: Uint8Array) => Uint8Array.from(key)],
    ['a Buffer, whose slices share its bytes', (key: Uint8Array) => Buffer.from(key)],
  ])('goes by the seed that now stands in %s, not by the one that stood there before', async (_, copy) => {
    const { signature } = createSuite(noRng);
    const seed = copy(sha256('first'));
    const first = await signature.sign(seed, message);
    seed.set(sha256('second'));
    expect(await signature.sign(seed, message)).toEqual(ed25519.sign(message, sha256('second')));
    expect(first).toEqual(ed25519.sign(message, sha256('first')));
    expect(await signature.sign(sha256('first'), message)).toEqual(first);
  });

  it('with many seeds in turn takes the right one each time', async () => {
    const dice = rollDice('seeds');
    const seeds = Array.from({ length: 5 }, () => dice.bytes(32));
    for (let i = 0; i < 60; i += 1) {
      const seed = seeds[dice.below(5)]!;
      expect(await ours.signature.sign(seed, message)).toEqual(ed25519.sign(message, seed));
    }
  });

  it.each([0, 31, 33, 64])('refuses a seed of %i bytes, also after one that was right', async (length) => {
    const { signature } = createSuite(noRng);
    const good = await signature.sign(sha256('seed'), message);
    const wrong = Buffer.concat([sha256('seed'), sha256('seed')]).subarray(0, length);
    await expect(signature.sign(wrong, message)).rejects.toMatchObject({ code: 'marmot/invalid' });
    expect(await signature.sign(sha256('seed'), message)).toEqual(good);
    expect(() => makeSignatureKeys({ bytes: () => wrong })).toThrow(expect.objectContaining({ code: 'marmot/invalid' }));
  });
});

describe('verifying', () => {
  const { signKey, publicKey } = makeSignatureKeys(rollDice('verifying'));
  const message = utf8('message');
  const signature = ed25519.sign(message, signKey);

  it('remembers more keys than it keeps, and never takes one for another', async () => {
    const dice = rollDice('signers');
    const signers = Array.from({ length: 150 }, () => makeSignatureKeys(dice)).map((pair) => ({
      ...pair,
      mark: ed25519.sign(message, pair.signKey),
    }));
    for (let i = 0; i < 600; i += 1) {
      // Near one another most of the time, so that some keys are kept and some are gone.
      const [one, other] = [signers[(i + dice.below(20)) % 150]!, signers[(i + 20) % 150]!];
      expect(await ours.signature.verify(one.publicKey, message, one.mark)).toBe(true);
      expect(await ours.signature.verify(other.publicKey, message, one.mark)).toBe(false);
    }
  });

  it('goes by the key that now stands in a buffer', async () => {
    const key = Buffer.from(publicKey);
    expect(await ours.signature.verify(key, message, signature)).toBe(true);
    key.set(makeSignatureKeys(rollDice('another')).publicKey);
    expect(await ours.signature.verify(key, message, signature)).toBe(false);
    expect(await ours.signature.verify(publicKey, message, signature)).toBe(true);
  });

  it('refuses a second signature made from the first by adding the order of the group (RFC 8032 5.1.7)', async () => {
    const order = 2n ** 252n + 27_742_317_777_372_353_535_851_937_790_883_648_493n;
    const s = BigInt(`0x${bytesToHex(signature.slice(32).reverse())}`);
    const raised = hexToBytes((s + order).toString(16).padStart(64, '0')).reverse();
    expect(await ours.signature.verify(publicKey, message, Buffer.concat([signature.subarray(0, 32), raised]))).toBe(false);
  });

  it('is false, and throws nothing, for keys and signatures of any form', async () => {
    const dice = rollDice('forms');
    const keys = [...[0, 31, 33, 64].map((length) => dice.bytes(length)), new Uint8Array(32), new Uint8Array(32).fill(255)];
    const marks = [...[0, 63, 65, 128].map((length) => dice.bytes(length)), new Uint8Array(64), new Uint8Array(64).fill(255)];
    for (const key of keys) expect(await ours.signature.verify(key, message, signature), bytesToHex(key)).toBe(false);
    for (const mark of marks) expect(await ours.signature.verify(publicKey, message, mark), bytesToHex(mark)).toBe(false);
    expect(await ours.signature.verify(publicKey, message, Buffer.concat([signature, Uint8Array.of(0)]))).toBe(false);
    expect(await ours.signature.verify(Buffer.concat([publicKey, Uint8Array.of(0)]), message, signature)).toBe(false);
  });
});

describe('labels (RFC 9420 5.1.2 and 8)', () => {
  // Both vectors here are shorter than 64 bytes, whose length is one byte.
  const frame = (bytes: Uint8Array): Uint8Array => Buffer.concat([Uint8Array.of(bytes.length), bytes]);
  const labels = ['KeyPackageTBS', 'key', ''];

  it.each(labels)('%j is part of what is signed', (label) => {
    const { signKey, publicKey } = makeSignatureKeys(rollDice(label));
    const content = utf8('content');
    const signature = ed25519.sign(Buffer.concat([frame(utf8(`MLS 1.0 ${label}`)), frame(content)]), signKey);
    expect(verifyWithLabel(publicKey, label, content, signature)).toBe(true);
    expect(verifyWithLabel(publicKey, `${label}x`, content, signature)).toBe(false);
    expect(verifyWithLabel(publicKey, label, utf8('contents'), signature)).toBe(false);
    expect(verifyWithLabel(publicKey, label, content, new Uint8Array(3))).toBe(false);
    expect(verifyWithLabel(new Uint8Array(3), label, content, signature)).toBe(false);
  });

  it.each(labels)('%j is part of what is expanded', (label) => {
    for (const length of [12, 16, 32, 300]) {
      const info = Buffer.concat([Uint8Array.of(length >> 8, length & 255), frame(utf8(`MLS 1.0 ${label}`)), frame(utf8('context'))]);
      expect(expandWithLabel(sha256('secret'), label, utf8('context'), length)).toEqual(
        nobleExpand(nobleSha256, sha256('secret'), info, length),
      );
    }
  });
});

it('reading asks for no randomness', () => {
  expect(() => noRng.bytes(1)).toThrow(expect.objectContaining({ code: 'internal/bug' }));
});
