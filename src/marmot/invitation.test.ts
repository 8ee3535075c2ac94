// From a published key package to a joined channel: what is made, what is checked on the way in, and what each broken rule is called.

import { beforeAll, describe, expect, it } from 'vitest';
import { encode, generateKeyPackageWithKey, keyPackageEncoder, makeKeyPackageRef } from 'ts-mls';
import { scale } from '../../test/lane.fixture.ts';
import { bytesToHex, hexToBytes } from '../core/bytes.ts';
import { makeRumor, signEvent, type EventTemplate, type NostrEvent } from '../nostr/event.ts';
import { wrapRumor, unwrapGift } from '../nostr/giftWrap.ts';
import { publicKeyOf } from '../nostr/schnorr.ts';
import { createKeySigner } from '../nostr/signer.ts';
import { describeChannel } from './channel.ts';
import { createChannel } from './createChannel.ts';
import { dictionaryExtension } from './createKeyPackage.ts';
import { encodeDictionary } from './dictionary.ts';
import { makeIdentityProof } from './identityProof.ts';
import { joinChannel } from './joinChannel.ts';
import { encodeLeafDictionary, formatId, ownCapabilities } from './leaf.ts';
import { encodeMlsMessage } from './mlsMessage.ts';
import { expectKind, makeParty, makeRng, NOW, openPair, pinClock, publish, readUsable, RELAYS, type Pair } from './parties.fixture.ts';
import { ADVERTISED, COMPONENTS, LIFETIME, MLS } from './profile.ts';
import { readKeyPackage } from './readKeyPackage.ts';
import type { RefusalCode } from './refusal.ts';
import { createSuite, makeSignatureKeys } from './suite.ts';

type Params = Parameters<typeof generateKeyPackageWithKey>[0];

const secretKey = hexToBytes('07'.repeat(32));
const signer = createKeySigner(secretKey);
const rng = makeRng('invitation');

beforeAll(pinClock);

/** The event of a sound key package with other fields, signed again by its author. */
function resign(event: NostrEvent, changes: Partial<EventTemplate>): NostrEvent {
  return signEvent(secretKey, publicKeyOf(secretKey), { ...event, ...changes });
}

function withTag(event: NostrEvent, name: string, ...values: string[]): NostrEvent {
  return resign(event, { tags: event.tags.map((tag) => (tag[0] === name ? [name, ...values] : tag)) });
}

async function makeEvent(): Promise<NostrEvent> {
  return (await publish({ signer, rng, slot: 'ab'.repeat(32) })).event;
}

/** A key package event made like ours but for what `change` says about the leaf. */
async function makeOdd(change: (params: Params) => Params): Promise<NostrEvent> {
  const signatureKeyPair = makeSignatureKeys(rng);
  const proof = await makeIdentityProof(signer, signatureKeyPair.publicKey, NOW);
  const { publicPackage } = await generateKeyPackageWithKey(
    change({
      credential: { credentialType: MLS.basicCredential, identity: hexToBytes(signer.pubkey) },
      capabilities: ownCapabilities(),
      lifetime: { notBefore: BigInt(NOW - LIFETIME.backdateS), notAfter: BigInt(NOW + LIFETIME.lifeS) },
      extensions: [dictionaryExtension(encodeDictionary(new Map([[COMPONENTS.lastResort, new Uint8Array()]])))],
      signatureKeyPair,
      cipherSuite: createSuite(rng),
      leafNodeExtensions: [dictionaryExtension(encodeLeafDictionary(proof))],
    }),
  );
  const ref = bytesToHex(await makeKeyPackageRef(publicPackage, createSuite(rng).hash));
  const content = Buffer.from(encodeMlsMessage({ version: MLS.version, wireformat: 5, keyPackage: publicPackage })).toString('base64');
  const { extensions, proposals } = publicPackage.leafNode.capabilities;
  const base = withTag(await makeEvent(), 'i', ref);
  const lists = withTag(withTag(base, 'mls_extensions', ...extensions.map(formatId)), 'mls_proposals', ...proposals.map(formatId));
  return resign(lists, { content });
}

describe('a key package of ours', () => {
  it('has each tag of the profile once, in its one form, and passes our own checks', async () => {
    const { event, ref, expiresAt } = await publish({ signer, rng, slot: 'ab'.repeat(32) });
    expect(event.kind).toBe(30_443);
    expect(event.tags).toEqual([
      ['d', 'ab'.repeat(32)],
      ['mls_protocol_version', '1.0'],
      ['i', ref],
      ['mls_ciphersuite', '0x0001'],
      ['mls_extensions', ...ADVERTISED.extensions.map(formatId)],
      ['mls_proposals', ...ADVERTISED.proposals.map(formatId)],
      ['app_components', ...ADVERTISED.components.filter((id) => id >= 0x8000).map(formatId)],
    ]);
    expect(Buffer.from(event.content, 'base64').subarray(0, 4).toString('hex')).toBe('00010005');
    const usable = await readUsable(event);
    expect(usable).toMatchObject({ account: signer.pubkey, eventId: event.id, ref, expiresAt });
    expect(expiresAt - NOW).toBe(84 * 86_400);
    const bytes = encode(keyPackageEncoder, usable.keyPackage);
    expect(Buffer.from(event.content, 'base64').subarray(4).equals(Buffer.from(bytes))).toBe(true);
  });

  it('shows a new key each time and none of its secrets', async () => {
    const [one, two] = [await publish({ signer, rng, slot: 'ab'.repeat(32) }), await publish({ signer, rng, slot: 'ab'.repeat(32) })];
    expect(one.ref).not.toBe(two.ref);
    expect(one.event.content).not.toContain(bytesToHex(secretKey));
    expect(Buffer.from(one.event.content, 'base64').includes(Buffer.from(secretKey))).toBe(false);
  });
});

describe('a key package of a peer', () => {
  const refusals: readonly (readonly [string, RefusalCode, () => Promise<unknown>])[] = [
    ['is no event', 'content', async () => ({})],
    ['is of another kind', 'content', async () => resign(await makeEvent(), { kind: 1 })],
    ['is of before May 2026 (kind 443)', 'dialect', async () => resign(await makeEvent(), { kind: 443 })],
    ['has an encoding tag, as in spring 2026', 'dialect', async () => addTag(await makeEvent(), ['encoding', 'base64'])],
    ['is a bare KeyPackage, as in spring 2026', 'dialect', async () => bare(await makeEvent())],
    ['has a changed field', 'signature', async () => ({ ...(await makeEvent()), created_at: NOW + 1 })],
    ['has the signature of another event', 'signature', async () => ({ ...(await makeEvent()), sig: (await makeEvent()).sig })],
    ['is not base64', 'content', async () => resign(await makeEvent(), { content: '!!!' })],
    ['is cut off', 'content', async () => cut(await makeEvent(), -1)],
    ['has a byte too many', 'content', async () => grow(await makeEvent())],
    ['has no d tag', 'tags', async () => dropTag(await makeEvent(), 'd')],
    ['has two d tags', 'tags', async () => addTag(await makeEvent(), ['d', 'cd'.repeat(32)])],
    ['has a short slot', 'tags', async () => withTag(await makeEvent(), 'd', 'ab')],
    ['has no i tag', 'tags', async () => dropTag(await makeEvent(), 'i')],
    ['has another version', 'tags', async () => withTag(await makeEvent(), 'mls_protocol_version', '1.1')],
    ['names another ciphersuite', 'tags', async () => withTag(await makeEvent(), 'mls_ciphersuite', '0x0002')],
    ['writes the ciphersuite another way', 'tags', async () => withTag(await makeEvent(), 'mls_ciphersuite', '1')],
    ['has no extensions tag', 'tags', async () => dropTag(await makeEvent(), 'mls_extensions')],
    ['repeats an extension', 'tags', async () => withTag(await makeEvent(), 'mls_extensions', '0x0006', '0x0006')],
    ['has no components tag', 'tags', async () => dropTag(await makeEvent(), 'app_components')],
    ['names another key package', 'ref', async () => withTag(await makeEvent(), 'i', '00'.repeat(32))],
    ['lists less than its leaf', 'lists', async () => withTag(await makeEvent(), 'mls_extensions', '0x0006')],
    ['lists more than its leaf', 'lists', async () => withTag(await makeEvent(), 'mls_proposals', '0x0008', '0x000a', '0x000c')],
    ['lists other components', 'lists', async () => withTag(await makeEvent(), 'app_components', '0x8003', '0x8009')],
    [
      'is published by another account',
      'credential',
      async () => signEvent(new Uint8Array(32).fill(9), publicKeyOf(new Uint8Array(32).fill(9)), await makeEvent()),
    ],
    ['has a changed byte in its leaf', 'ref', async () => flip(await makeEvent(), 60)],
  ];
  it.each(refusals)('that %s is refused (%s), with advice', async (_, code, make) => {
    const refused = expectKind(await readKeyPackage(await make(), NOW), 'refused');
    expect(refused.code).toBe(code);
    expect(refused.message).toMatch(/\. (?:Ask|Fetch|Do not|Check)/);
  });

  const odd: readonly (readonly [string, RefusalCode, (params: Params) => Params])[] = [
    ['lives longer than 84 days', 'lifetime', (p) => ({ ...p, lifetime: { notBefore: BigInt(NOW), notAfter: BigInt(NOW + 85 * 86_400) } })],
    ['has expired', 'lifetime', (p) => ({ ...p, lifetime: { notBefore: BigInt(NOW - 9_000), notAfter: BigInt(NOW - 1) } })],
    ['is not valid yet', 'lifetime', (p) => ({ ...p, lifetime: { notBefore: BigInt(NOW + 1), notAfter: BigInt(NOW + 9_000) } })],
    ['lacks an extension we need', 'capabilities', (p) => ({ ...p, capabilities: { ...ownCapabilities(), extensions: [0x0003] } })],
    ['lacks a proposal we need', 'capabilities', (p) => ({ ...p, capabilities: { ...ownCapabilities(), proposals: [0x0008] } })],
    ['has no app components', 'components', (p) => ({ ...p, leafNodeExtensions: [] })],
    ['has a proof for another key', 'proof', (p) => ({ ...p, signatureKeyPair: makeSignatureKeys(rng) })],
    [
      'claims another account',
      'proof',
      (p) => ({ ...p, credential: { credentialType: MLS.basicCredential, identity: new Uint8Array(32).fill(5) } }),
    ],
    [
      'has a credential of another size',
      'credential',
      (p) => ({ ...p, credential: { credentialType: MLS.basicCredential, identity: new Uint8Array(31) } }),
    ],
  ];
  it.each(odd)('that %s is refused (%s)', async (_, code, change) => {
    const refused = expectKind(await readKeyPackage(await makeOdd(change), NOW), 'refused');
    expect(refused.code).toBe(code);
  });

  it('made the same way without a change is taken, so that each refusal is for its own reason', async () => {
    expect((await readKeyPackage(await makeOdd((params) => params), NOW)).kind).toBe('usable');
  });

  it('is never taken, and never throws, with any one byte changed', async () => {
    const event = await makeEvent();
    const size = Buffer.from(event.content, 'base64').length;
    for (let at = 0; at < size; at += scale(1, 3)) expect((await readKeyPackage(flip(event, at), NOW)).kind).toBe('refused');
    for (let length = 0; length < size; length += 5) expect((await readKeyPackage(cut(event, length), NOW)).kind).toBe('refused');
  });
});

function addTag(event: NostrEvent, tag: readonly string[]): NostrEvent {
  return resign(event, { tags: [...event.tags, tag] });
}

function dropTag(event: NostrEvent, name: string): NostrEvent {
  return resign(event, { tags: event.tags.filter((tag) => tag[0] !== name) });
}

function mapContent(event: NostrEvent, change: (bytes: Buffer) => Uint8Array): NostrEvent {
  return resign(event, { content: Buffer.from(change(Buffer.from(event.content, 'base64'))).toString('base64') });
}

const bare = (event: NostrEvent): NostrEvent => mapContent(event, (bytes) => bytes.subarray(4));
const cut = (event: NostrEvent, end: number): NostrEvent => mapContent(event, (bytes) => bytes.subarray(0, end));
const grow = (event: NostrEvent): NostrEvent => mapContent(event, (bytes) => Buffer.concat([bytes, Buffer.from([0])]));
const flip = (event: NostrEvent, at: number): NostrEvent => mapContent(event, (bytes) => bytes.with(at, (bytes[at] ?? 0) ^ 1));

describe('an invitation', () => {
  let pair: Pair;
  beforeAll(async () => {
    pair = await openPair();
  });

  const join = async (changes: Partial<Parameters<typeof joinChannel>[0]> = {}) =>
    joinChannel({
      welcome: pair.welcome,
      sender: pair.alice.signer.pubkey,
      keyPackagePrivate: pair.bobPackage.privateBytes,
      ...changes,
    });

  it('goes through a gift wrap and opens the same group on both sides', async () => {
    const wrap = await wrapRumor({ signer: pair.alice.signer, recipient: pair.bob.signer.pubkey, rumor: pair.welcome, now: NOW, rng });
    expect(JSON.stringify(wrap)).not.toContain(pair.alice.signer.pubkey);
    const opened = expectKind(await unwrapGift(pair.bob.signer, wrap), 'rumor');
    expect(opened.sender).toBe(pair.alice.signer.pubkey);
    const { channel } = expectKind(await join({ welcome: opened.rumor, sender: opened.sender }), 'joined');
    const [mine, theirs] = [describeChannel(channel), describeChannel(pair.a)];
    expect(mine).toEqual(theirs);
    expect(mine.relays).toEqual([...RELAYS].sort());
  });

  it('by another account than the one that wrote it is refused', async () => {
    const mallory = makeParty('mallory').signer.pubkey;
    expect(expectKind(await join({ sender: mallory }), 'refused').code).toBe('sender');
    const rewritten = makeRumor(mallory, pair.welcome);
    expect(expectKind(await join({ welcome: rewritten, sender: mallory }), 'refused').code).toBe('sender');
  });

  it('for another key package, and one that is malformed, is refused', async () => {
    const other = await publish(pair.bob);
    expect(expectKind(await join({ keyPackagePrivate: other.privateBytes }), 'refused').code).toBe('key-package');
    const { pubkey } = pair.welcome;
    const codeOf = async (changes: Partial<EventTemplate>): Promise<string> =>
      expectKind(await join({ welcome: makeRumor(pubkey, { ...pair.welcome, ...changes }) }), 'refused').code;
    const [e = [], relays = []] = pair.welcome.tags;
    expect(await codeOf({ kind: 445 })).toBe('content');
    expect(await codeOf({ tags: [relays] })).toBe('tags');
    expect(await codeOf({ tags: [e, e, relays] })).toBe('tags');
    expect(await codeOf({ tags: [e] })).toBe('relays');
    expect(await codeOf({ tags: [e, ['relays']] })).toBe('relays');
    expect(await codeOf({ tags: [e, ['relays', 'http://a.example']] })).toBe('relays');
    expect(await codeOf({ content: '!' })).toBe('content');
    expect(await codeOf({ content: 'AAAA' })).toBe('mls');
  });

  it('never throws and never joins with any one byte changed', async () => {
    const bytes = Buffer.from(pair.welcome.content, 'base64');
    for (let at = 0; at < bytes.length; at += scale(3, 9)) {
      const content = Buffer.from(bytes.with(at, (bytes[at] ?? 0) ^ 0x10)).toString('base64');
      expect((await join({ welcome: makeRumor(pair.welcome.pubkey, { ...pair.welcome, content }) })).kind).toBe('refused');
    }
  });

  it('into a group of nine is refused, and so is one by somebody who may not invite', async () => {
    const { createCommit, createGroup } = await import('ts-mls');
    const { createMlsContext } = await import('./mlsContext.ts');
    const { groupDictionary, groupExtensions } = await import('./groupExtensions.ts');
    const { makeLeafMaterial } = await import('./createKeyPackage.ts');
    const { buildWelcome } = await import('./welcome.ts');
    const bob = await publish(pair.bob);
    const carol = await publish(makeParty('carol'));
    const invite = async (admin: string, guests: readonly NostrEvent[]) => {
      const material = await makeLeafMaterial(pair.alice.signer, NOW, rng);
      const context = createMlsContext(rng);
      const facts = { admin, nostrGroupId: bytesToHex(rng.bytes(32)), relays: [...RELAYS].sort(), name: 'Odd' };
      const founded = await createGroup({
        context,
        groupId: rng.bytes(32),
        keyPackage: material.publicPackage,
        privateKeyPackage: material.privatePackage,
        extensions: groupExtensions(groupDictionary(facts)),
      });
      const packages = await Promise.all(guests.map((event) => readUsable(event)));
      const { welcome } = await createCommit({
        context,
        state: founded,
        extraProposals: packages.map(({ keyPackage }) => ({ proposalType: 1 as const, add: { keyPackage } })),
        ratchetTreeExtension: true,
        wireAsPublicMessage: true,
      });
      if (welcome === undefined) throw new Error('no welcome');
      const author = pair.alice.signer.pubkey;
      const rumor = buildWelcome({
        author,
        keyPackageEventId: bob.event.id,
        relays: facts.relays,
        mlsBytes: encodeMlsMessage(welcome),
        now: NOW,
      });
      return join({ welcome: rumor, keyPackagePrivate: bob.privateBytes });
    };
    const crowd = await Promise.all([1, 2, 3, 4, 5, 6].map(async (i) => (await publish(makeParty(`guest ${i}`))).event));
    expect((await invite(pair.alice.signer.pubkey, [bob.event, ...crowd])).kind).toBe('joined');
    expect(expectKind(await invite(pair.alice.signer.pubkey, [bob.event, carol.event, ...crowd]), 'refused').code).toBe('mls');
    expect(expectKind(await invite(pair.bob.signer.pubkey, [bob.event]), 'refused').code).toBe('admin');
    expect(expectKind(await invite(makeParty('carol').signer.pubkey, [bob.event]), 'refused').code).toBe('admin');
    expect((await invite(pair.alice.signer.pubkey, [bob.event])).kind).toBe('joined');
  });

  it('cannot be made with a key package that has expired meanwhile', async () => {
    const peers = [await readUsable((await publish(pair.bob)).event)];
    const late = NOW + 85 * 86_400;
    await expect(createChannel({ ...pair.alice, peers, relays: RELAYS, now: late })).rejects.toMatchObject({
      code: 'peer/unusable-key-package',
    });
  });
});
