import { chacha20poly1305 } from '@noble/ciphers/chacha.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesToHex, hexToBytes } from '../core/bytes.ts';
import { rollDice } from '../core/dice.fixture.ts';
import { createKeySigner, type Signer } from '../nostr/signer.ts';
import { decodeBase64, encodeBase64 } from './base64.ts';
import {
  decodeAdmins,
  decodeLifecycle,
  decodeProfile,
  decodeRouting,
  encodeAdmins,
  encodeLifecycle,
  encodeProfile,
  encodeRouting,
} from './components.ts';
import { joinBytes, openCursor, readUint64, readVarint, readVector, writeUint, writeUint64, writeVarint, writeVector } from './cursor.ts';
import { decodeDictionary, decodeIdList, encodeDictionary, encodeIdList } from './dictionary.ts';
import { openOuter, sealGroupEvent } from './groupEvent.ts';
import { makeIdentityProof, proofTemplate, verifyIdentityProof } from './identityProof.ts';
import { paddedLength } from './mlsContext.ts';
import { readMlsHeader } from './mlsHeader.ts';
import { decodeMlsMessage } from './mlsMessage.ts';
import { encodePayload, parsePayload } from './payload.ts';
import { ADVERTISED, COMPONENTS, GROUP_EVENT_EXPORTER, HARD_MINIMUM, REQUIRED } from './profile.ts';
import { buildInboxRelays, buildRelayList, parseInboxRelays, parseWriteRelays } from './relayLists.ts';
import { createSuite, noRng } from './suite.ts';
import groupEvents from './vectors/groupEvents.json' with { type: 'json' };
import proofVector from './vectors/identityProof.json' with { type: 'json' };
import requiredSet from './vectors/requiredSet.json' with { type: 'json' };
import routingVectors from './vectors/routing.json' with { type: 'json' };
import { computeEventId, makeRumor, signEvent, verifyEvent } from '../nostr/event.ts';
import { mlsExporter } from 'ts-mls';

const hex = (text: string): Uint8Array => hexToBytes(text.replaceAll(' ', ''));

describe('bytes', () => {
  it('are joined as Buffer joins them, into an array of their own', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 6 }), (parts) => {
        const joined = joinBytes(...parts);
        expect(joined).toEqual(new Uint8Array(Buffer.concat(parts)));
        expect(joined.buffer.byteLength).toBe(joined.length);
      }),
    );
  });

  it('of an integer are those that Buffer writes, or none', () => {
    const draw = fc.oneof(fc.integer({ min: -2, max: 70_000 }), fc.maxSafeInteger(), fc.constantFrom(255, 256, 2 ** 48 - 1, 2 ** 48, NaN));
    fc.assert(
      fc.property(draw, fc.integer({ min: 1, max: 6 }), (value, width) => {
        const fits = value >= 0 && value < 256 ** width;
        const expected = Buffer.alloc(width);
        if (fits) expected.writeUIntBE(value, 0, width);
        if (fits) expect(writeUint(value, width)).toEqual(new Uint8Array(expected));
        else expect(() => writeUint(value, width)).toThrow(RangeError);
      }),
    );
    for (const width of [0, 7]) expect(() => writeUint(1, width)).toThrow(RangeError);
  });
});

describe('the outer layer of a group event', () => {
  it('is opened by noble, and opens what noble has sealed', () => {
    const dice = rollDice('outer layer');
    for (let i = 0; i < 40; i += 1) {
      const [key, nonce, text] = [dice.bytes(32), dice.bytes(12), dice.bytes(dice.below(700))];
      const sealed = decodeBase64(sealGroupEvent(key, 'ab'.repeat(32), text, 1_800_000_000, dice).content) ?? new Uint8Array();
      expect(chacha20poly1305(key, sealed.slice(0, 12)).decrypt(sealed.slice(12))).toEqual(text);
      expect(openOuter(key, joinBytes(nonce, chacha20poly1305(key, nonce).encrypt(text)))).toEqual(text);
    }
  });
});

describe('varints', () => {
  it.each([
    [0, '00'],
    [63, '3f'],
    [64, '4040'],
    [16_383, '7fff'],
    [16_384, '80004000'],
    [2 ** 30 - 1, 'bfffffff'],
  ])('%i is %s and back', (value, text) => {
    expect(bytesToHex(writeVarint(value))).toBe(text);
    expect(readVarint(openCursor(hex(text)))).toBe(value);
  });

  it.each(['4000', '403f', '80000000', '80003fff', 'c000000000000000', '40', '800000', ''])(
    '%s is refused: not minimal, too wide or cut off',
    (text) => {
      expect(() => readVarint(openCursor(hex(text)))).toThrow(expect.objectContaining({ code: 'marmot/invalid' }));
    },
  );

  it('frame any vector and any 64-bit number so that it reads back', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (bytes, number) => {
        const cursor = openCursor(joinBytes(writeVector(bytes), writeUint64(number)));
        expect(readVector(cursor)).toEqual(bytes);
        expect(readUint64(cursor)).toBe(number);
      }),
    );
  });
});

describe('dictionaries and id lists', () => {
  it('are written sorted and read back', () => {
    const dictionary = new Map([
      [0x8009, hex('aa')],
      [0x0001, hex('')],
    ]);
    expect(bytesToHex(encodeDictionary(dictionary))).toBe('07 0001 00 8009 01 aa'.replaceAll(' ', ''));
    expect([...decodeDictionary(encodeDictionary(dictionary)).keys()]).toEqual([1, 0x8009]);
    expect(bytesToHex(encodeIdList([0x8003, 1]))).toBe('0400018003');
    expect(decodeIdList(hex('00'))).toEqual([]);
  });

  it.each(['06 8001 00 0001 00', '06 0001 00 0001 00', '03 0001 00 00', '02 0001', '04 0001 00'])('%s is no dictionary', (text) => {
    expect(() => decodeDictionary(hex(text))).toThrow(expect.objectContaining({ code: 'marmot/invalid' }));
  });

  it.each(['04 0002 0001', '04 0001 0001', '03 0001 00', '02 0001 00', ''])('%s is no id list', (text) => {
    expect(() => decodeIdList(hex(text))).toThrow(expect.objectContaining({ code: 'marmot/invalid' }));
  });
});

describe('group components', () => {
  it.each(routingVectors)('routing: $name', ({ valid, hex: text, componentDataHex, nostrGroupId, relays }) => {
    if (!valid) {
      expect(() => decodeRouting(hex(text))).toThrow(expect.objectContaining({ code: 'marmot/invalid' }));
      return;
    }
    expect(decodeRouting(hex(text))).toEqual({ nostrGroupId, relays });
    expect(bytesToHex(encodeRouting({ nostrGroupId, relays }))).toBe(text);
    if (componentDataHex !== null)
      expect(bytesToHex(joinBytes(writeUint(COMPONENTS.routing, 2), writeVector(hex(text))))).toBe(componentDataHex);
  });

  it.each([
    [[]],
    [['wss://b.example', 'wss://a.example']],
    [['https://a.example']],
    [['wss://u:p@a.example']],
    [['wss://a.example/#x']],
    [['wss://a.example', 'x'.repeat(513)]],
    [Array.from({ length: 17 }, (_, i) => `wss://r${String(i).padStart(2, '0')}.example`)],
  ])('routing with relays %j is refused', (relays) => {
    expect(() => decodeRouting(encodeRouting({ nostrGroupId: '0'.repeat(64), relays }))).toThrow(
      expect.objectContaining({ code: 'marmot/invalid' }),
    );
  });

  it('profile, admins and lifecycle read back', () => {
    expect(decodeProfile(encodeProfile({ name: 'Übersetzung', description: '' }))).toEqual({ name: 'Übersetzung', description: '' });
    const admins = ['f'.repeat(64), '0'.repeat(64)];
    expect(decodeAdmins(encodeAdmins(admins))).toEqual(admins.toSorted());
    expect([decodeLifecycle(encodeLifecycle('active')), decodeLifecycle(encodeLifecycle('disbanded'))]).toEqual(['active', 'disbanded']);
  });

  it('out of bounds are refused', () => {
    const bad = [
      () => decodeProfile(encodeProfile({ name: 'x'.repeat(257), description: '' })),
      () => decodeProfile(encodeProfile({ name: '', description: 'x'.repeat(4_097) })),
      () => decodeProfile(hex('01 ff 00')),
      () => decodeAdmins(hex('00')),
      () => decodeAdmins(writeVector(new Uint8Array(64))),
      () => decodeAdmins(writeVector(new Uint8Array(33))),
      () => decodeLifecycle(hex('02')),
      () => decodeLifecycle(hex('0000')),
      () => decodeLifecycle(hex('')),
    ];
    for (const decode of bad) expect(decode).toThrow(expect.objectContaining({ code: 'marmot/invalid' }));
  });

  it('cover the required set of the current profile', () => {
    expect(HARD_MINIMUM.extensions).toEqual(requiredSet.extensions.map(Number));
    expect(HARD_MINIMUM.proposals).toEqual(requiredSet.proposals.map(Number));
    expect(HARD_MINIMUM.components).toEqual(requiredSet.components.map(Number));
    for (const id of requiredSet.components.map(Number)) expect(REQUIRED.components).toContain(id);
    for (const id of REQUIRED.components) expect(ADVERTISED.components).toContain(id);
  });
});

describe('the identity proof', () => {
  const secretKey = hexToBytes(proofVector.secretKey);
  const signatureKey = hexToBytes(proofVector.signatureKey);
  const { account, createdAt } = proofVector;
  const withAux: Signer = {
    ...createKeySigner(secretKey),
    signEvent: async (t) => signEvent(secretKey, account, t, hexToBytes(proofVector.auxRand)),
  };

  it('is byte-exact with the test vector of the specification', async () => {
    expect(computeEventId(account, proofTemplate({ createdAt, signatureKey }))).toBe(proofVector.eventId);
    expect(bytesToHex(await makeIdentityProof(withAux, signatureKey, createdAt))).toBe(proofVector.componentData);
    expect(verifyIdentityProof(hexToBytes(proofVector.componentData), { account, signatureKey })).toBe(true);
  });

  it('fails for another account, another key, and any changed byte', () => {
    const data = hexToBytes(proofVector.componentData);
    expect(verifyIdentityProof(data, { account: '1'.repeat(64), signatureKey })).toBe(false);
    expect(verifyIdentityProof(data, { account, signatureKey: signatureKey.with(0, 1) })).toBe(false);
    for (let i = 0; i < data.length; i += 1)
      expect(verifyIdentityProof(data.with(i, (data[i] ?? 0) ^ 1), { account, signatureKey })).toBe(false);
    for (const cut of [data.subarray(1), joinBytes(data, data.subarray(0, 1)), new Uint8Array()])
      expect(verifyIdentityProof(cut, { account, signatureKey })).toBe(false);
  });

  it('is not made when the signer adds a client tag, another time or another author', async () => {
    const other = createKeySigner(new Uint8Array(32).fill(5));
    const altered: Signer[] = [
      { ...withAux, signEvent: (t) => withAux.signEvent({ ...t, tags: [...t.tags, ['client', 'x']] }) },
      { ...withAux, signEvent: (t) => withAux.signEvent({ ...t, created_at: t.created_at + 1 }) },
      { ...withAux, signEvent: (t) => other.signEvent(t) },
      { ...withAux, signEvent: async (t) => ({ ...(await withAux.signEvent(t)), sig: '0'.repeat(128) }) },
    ];
    for (const signer of altered)
      await expect(makeIdentityProof(signer, signatureKey, createdAt)).rejects.toMatchObject({ code: 'signer/altered' });
  });
});

describe('events recorded from another implementation', () => {
  it.each(groupEvents.events)(
    'of epoch $epoch open with the exporter of their epoch',
    async ({ event, groupEventKey, exporterSecret, mlsMessage }) => {
      const { label, context, length } = GROUP_EVENT_EXPORTER;
      const key = await mlsExporter(hexToBytes(exporterSecret), label, new TextEncoder().encode(context), length, createSuite(noRng));
      expect(bytesToHex(key)).toBe(groupEventKey);
      expect(verifyEvent(event)).toBe(true);
      const opened = openOuter(key, decodeBase64(event.content) ?? new Uint8Array());
      expect(opened === undefined ? '' : bytesToHex(opened)).toBe(mlsMessage);
      expect(readMlsHeader(hexToBytes(mlsMessage))).toMatchObject({ kind: 'private' });
      expect(decodeMlsMessage(hexToBytes(mlsMessage))).toHaveProperty('privateMessage');
      expect(openOuter(key.with(0, (key[0] ?? 0) ^ 1), decodeBase64(event.content) ?? new Uint8Array())).toBeUndefined();
    },
  );
});

describe('payload text', () => {
  const rumor = makeRumor('a'.repeat(64), { kind: 4390, created_at: 5, tags: [['x:y', '"\\']], content: '{":":"\\":"}' });

  it('reads back what it wrote, and takes any member order and white space', () => {
    expect(parsePayload(encodePayload(rumor))).toEqual(rumor);
    expect(parsePayload(JSON.stringify(Object.fromEntries(Object.entries(rumor).reverse()), null, 2))).toEqual(rumor);
    fc.assert(
      fc.property(fc.string(), fc.array(fc.array(fc.string(), { maxLength: 3 }), { maxLength: 3 }), (content, tags) => {
        const any = makeRumor('b'.repeat(64), { kind: 1, created_at: 1, tags, content });
        expect(parsePayload(encodePayload(any))).toEqual(any);
      }),
    );
  });

  it.each([
    ['a repeated member', (t: string) => t.replace('{', '{"kind":4390,')],
    ['a member repeated under an escape', (t: string) => t.replace('{', '{"\\u006bind":4390,')],
    ['an unknown member', (t: string) => t.replace('{', '{"v":1,')],
    ['a prototype', (t: string) => t.replace('{', '{"__proto__":{},')],
    ['a signature', (t: string) => t.replace('{', `{"sig":"${'0'.repeat(128)}",`)],
    ['another id', (t: string) => t.replace('"created_at":5', '"created_at":6')],
    ['a missing member', (t: string) => t.replace('"kind":4390,', '')],
    ['an object in the tags', (t: string) => t.replace('["x:y"', '[{}')],
    ['a byte order mark', (t: string) => `\ufeff${t}`],
    ['a second value', (t: string) => `${t}{}`],
  ])('with %s is refused', (_, change) => {
    const text = encodePayload(rumor);
    expect(change(text)).not.toBe(text);
    expect(parsePayload(change(text))).toBeUndefined();
  });

  it('that is not UTF-8, nests without end or holds a lone surrogate is refused', () => {
    expect(parsePayload(Uint8Array.of(0xff, 0xfe))).toBeUndefined();
    expect(parsePayload('['.repeat(200_000))).toBeUndefined();
    expect(parsePayload(encodePayload(makeRumor('a'.repeat(64), { kind: 1, created_at: 1, tags: [], content: '\ud800' })))).toBeUndefined();
  });
});

describe('small things', () => {
  it('base64 has one spelling', () => {
    expect(decodeBase64(encodeBase64(Uint8Array.of(251, 255)))).toEqual(Uint8Array.of(251, 255));
    for (const text of ['-_8=', '+/8', '+/9=', ' +/8=', '+/8=\n', '+/8==']) expect(decodeBase64(text)).toBeUndefined();
  });

  it('padding grows in few steps and always suffices', () => {
    expect([0, 512, 513, 2_000, 4_096, 4_097, 9_000].map(paddedLength)).toEqual([512, 512, 1_024, 2_048, 4_096, 8_192, 12_288]);
    fc.assert(fc.property(fc.nat(100_000), (n) => paddedLength(n) >= n));
  });

  it('relay lists name write relays and inboxes, normalised, and pass over nonsense', () => {
    const list = buildRelayList(['WSS://A.example/', 'wss://b.example', 'wss://a.example'], 7);
    expect(list).toEqual({
      kind: 10002,
      created_at: 7,
      content: '',
      tags: [
        ['r', 'wss://a.example'],
        ['r', 'wss://b.example'],
      ],
    });
    expect(parseWriteRelays(list)).toEqual(['wss://a.example', 'wss://b.example']);
    const marked = {
      ...list,
      tags: [
        ['r', 'wss://a.example', 'read'],
        ['r', 'wss://b.example', 'write'],
        ['r', 'http://c.example'],
        ['r'],
        ['x', 'wss://d.example'],
        [],
      ],
    };
    expect(parseWriteRelays(marked)).toEqual(['wss://b.example']);
    expect(parseInboxRelays(buildInboxRelays(['wss://b.example'], 7))).toEqual(['wss://b.example']);
    expect([parseInboxRelays(list), parseWriteRelays({ ...list, kind: 1 })]).toEqual([[], []]);
    const many = { ...list, tags: Array.from({ length: 500 }, (_, i) => ['r', `wss://r${i}.example`]) };
    expect(parseWriteRelays(many)).toHaveLength(16);
    expect(() => buildInboxRelays(['http://x.example'], 7)).toThrow(expect.objectContaining({ code: 'relay/invalid-url' }));
  });
});
