// Rules of the Marmot documents that no other test proves (docs/interop.md names the test of each rule): what we publish, what we take
// and what we leave alone.

import {
  createApplicationMessage,
  createCommit,
  createGroup,
  createProposal,
  generateKeyPackageWithKey,
  makeCustomExtension,
  makeKeyPackageRef,
  mlsExporter,
  type CustomExtension,
  type KeyPackage,
  type Proposal,
} from 'ts-mls';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { bytesToHex, hexToBytes, utf8 } from '../core/bytes.ts';
import { makeRumor, type NostrEvent, type Rumor } from '../nostr/event.ts';
import { signExactly, unwrapGift, wrapRumor } from '../nostr/giftWrap.ts';
import { createRelayPool } from '../nostr/relayPool.ts';
import { createKeySigner, type Signer } from '../nostr/signer.ts';
import { startRelay } from '../relay/startRelay.ts';
import { openSqliteStore } from '../store/sqliteStore.ts';
import { makeClock, makeLab, type Lab, type TestAgent } from '../../test/agents.fixture.ts';
import { describeChannel, type Channel } from './channel.ts';
import { encodeAdmins, encodeProfile, encodeRouting } from './components.ts';
import { createChannel } from './createChannel.ts';
import { dictionaryExtension, makeLeafMaterial } from './createKeyPackage.ts';
import { joinBytes, writeUint, writeUint64, writeVector } from './cursor.ts';
import { decodeDictionary, decodeIdList, encodeDictionary, encodeIdList, findDictionary, type Dictionary } from './dictionary.ts';
import { groupDictionary, groupExtensions } from './groupExtensions.ts';
import { sealGroupEvent } from './groupEvent.ts';
import { routingOf } from './groupCheck.ts';
import { makeIdentityProof, verifyIdentityProof } from './identityProof.ts';
import { joinChannel } from './joinChannel.ts';
import { accountOf, ownCapabilities } from './leaf.ts';
import { createMlsContext } from './mlsContext.ts';
import { decodeMlsMessage, encodeMlsMessage } from './mlsMessage.ts';
import {
  chat,
  commit,
  expectKind,
  makeParty,
  makeRng,
  NOW,
  openPair,
  peel,
  pinClock,
  publish,
  readUsable,
  RELAYS,
} from './parties.fixture.ts';
import type { Pair } from './parties.fixture.ts';
import { encodePayload } from './payload.ts';
import { processMls } from './processMls.ts';
import { ADVERTISED, COMPONENTS, MLS } from './profile.ts';
import { readKeyPackage } from './readKeyPackage.ts';
import { sealPayload } from './sealPayload.ts';
import { createSuite, makeSignatureKeys, noRng } from './suite.ts';
import { buildWelcome } from './welcome.ts';

const rng = makeRng('interop');
const update = (component: number, payload: Uint8Array): Proposal => ({
  proposalType: MLS.appDataUpdate,
  proposalData: joinBytes(writeUint(component, 2), Uint8Array.of(1), writeVector(payload)),
});
const drop = (component: number): Proposal => ({
  proposalType: MLS.appDataUpdate,
  proposalData: joinBytes(writeUint(component, 2), Uint8Array.of(2)),
});
const SELF_REMOVE: Proposal = { proposalType: MLS.selfRemove, proposalData: new Uint8Array() };

function leafDictionary(proof?: Uint8Array): CustomExtension {
  const entries: [number, Uint8Array][] = [
    [COMPONENTS.appComponents, encodeIdList(ADVERTISED.components)],
    [COMPONENTS.safeAad, encodeIdList([])],
  ];
  return dictionaryExtension(encodeDictionary(new Map(proof === undefined ? entries : [...entries, [COMPONENTS.identityProof, proof]])));
}

async function makeProof(signer: Signer) {
  const signatureKeyPair = makeSignatureKeys(rng);
  return { signatureKeyPair, proof: await makeIdentityProof(signer, signatureKeyPair.publicKey, NOW) };
}

/** A key package like ours but for the extensions of its leaf. */
async function makeLeaf(signer: Signer, leafNodeExtensions: CustomExtension[], signatureKeyPair = makeSignatureKeys(rng)) {
  const capabilities = ownCapabilities();
  return generateKeyPackageWithKey({
    credential: { credentialType: MLS.basicCredential, identity: hexToBytes(signer.pubkey) },
    capabilities: { ...capabilities, extensions: [...capabilities.extensions, 0xf2f1] },
    lifetime: { notBefore: BigInt(NOW - 3_600), notAfter: BigInt(NOW + 86_400) },
    extensions: [],
    signatureKeyPair,
    cipherSuite: createSuite(rng),
    leafNodeExtensions,
  });
}

describe('between two of ours, without a relay', () => {
  let pair: Pair;
  beforeAll(async () => {
    pinClock();
    pair = await openPair();
    return () => void vi.useRealTimers();
  });

  /** The channel after a message that is taken in, or a failed test. */
  async function take(channel: Channel, mlsBytes: Uint8Array): Promise<Channel> {
    const result = await processMls(channel, mlsBytes);
    if (result.kind === 'refused' || !('channel' in result)) throw new Error(`not taken in: ${JSON.stringify(result)}`);
    return result.channel;
  }

  /** What one side says, under the outer key of its epoch, and whether the other can read it. */
  async function tell(from: Channel, to: Channel, rumor: Rumor): Promise<{ readonly event: NostrEvent; readonly heard: Rumor }> {
    const { event } = await sealPayload(from, { payload: encodePayload(rumor), now: NOW, rng });
    return { event, heard: expectKind(await processMls(to, peel(to, event).mlsBytes), 'payload').rumor };
  }

  /** The commit of Alice, who is the admin, and both sides after it. */
  async function change(pair: Pick<Pair, 'a' | 'b'>, ...extraProposals: Proposal[]): Promise<Pick<Pair, 'a' | 'b'>> {
    const made = await commit(pair.a, rng, { extraProposals });
    return { a: made.channel, b: await take(pair.b, made.mlsBytes) };
  }

  async function refusalOf(...extraProposals: Proposal[]): Promise<unknown> {
    return processMls(pair.b, (await commit(pair.a, rng, { extraProposals })).mlsBytes);
  }

  function dictionaryOf({ state }: Channel): Dictionary {
    return findDictionary(state.groupContext.extensions, MLS.appDataDictionary);
  }

  describe('a key package of ours', () => {
    it('says in its leaf and beside it what the profile asks for', async () => {
      const { event } = await publish(pair.bob);
      const message = decodeMlsMessage(new Uint8Array(Buffer.from(event.content, 'base64')));
      if (!('keyPackage' in message)) throw new Error('no key package');
      const { keyPackage } = message;
      const { leafNode } = keyPackage;
      expect({ ...leafNode.credential, identity: accountOf(leafNode) }).toEqual({ credentialType: 1, identity: event.pubkey });
      expect(dictionaries(keyPackage)).toEqual([new Map([[COMPONENTS.lastResort, new Uint8Array()]])]);
      const own = findDictionary(leafNode.extensions, MLS.appDataDictionary);
      expect([...own.keys()]).toEqual([COMPONENTS.appComponents, COMPONENTS.safeAad, COMPONENTS.identityProof]);
      expect(decodeIdList(own.get(COMPONENTS.appComponents) ?? new Uint8Array())).toEqual(ADVERTISED.components);
      expect(own.get(COMPONENTS.safeAad)).toEqual(Uint8Array.of(0));
      const proof = own.get(COMPONENTS.identityProof) ?? new Uint8Array();
      expect(verifyIdentityProof(proof, { account: event.pubkey, signatureKey: leafNode.signaturePublicKey })).toBe(true);
      expect(leafNode.extensions.map(({ extensionType }) => extensionType)).toEqual([MLS.appDataDictionary]);
      expect(leafNode.capabilities).toMatchObject({ ciphersuites: [1], proposals: [8, 10], extensions: [3, 6, 0xf2d1], credentials: [1] });
      expect(Number(leafNode.lifetime.notAfter - leafNode.lifetime.notBefore)).toBeLessThanOrEqual(84 * 86_400 + 3_600);
      expect(leafNode.lifetime.notBefore).toBe(BigInt(NOW - 3_600));
    });
  });

  describe('a key package of a peer', () => {
    const resign = async (event: NostrEvent, tags: readonly (readonly string[])[]): Promise<string> =>
      expectKind(await readKeyPackage(await signExactly(pair.bob.signer, { ...event, tags }), NOW), 'refused').code;

    it.each(['d', 'i', 'mls_protocol_version', 'mls_ciphersuite', 'mls_extensions', 'mls_proposals', 'app_components'])(
      'with its %s tag twice, empty, split, too long or in capitals is refused',
      async (name) => {
        const { event } = await publish(pair.bob);
        const others = event.tags.filter((tag) => tag[0] !== name);
        const [, ...values] = event.tags.find((tag) => tag[0] === name) ?? [];
        expect((await readKeyPackage(await signExactly(pair.bob.signer, event), NOW)).kind).toBe('usable');
        const upper = values.map((value) => (value === '1.0' ? '1.00' : value.toUpperCase()));
        const bad = [
          [
            [name, ...values],
            [name, ...values],
          ],
          [[name]],
          [[name, ...values, values[0] ?? '']],
          [[name, ...upper]],
          [],
        ];
        for (const tags of bad) expect(await resign(event, [...others, ...tags])).toBe('tags');
        const [first = '', ...rest] = values;
        if (rest.length > 0) expect(await resign(event, [...others, [name, first], [name, ...rest]])).toBe('tags');
      },
    );

    it('with the identity proof of July 2026 (0xf2f1) is refused, even beside a current one', async () => {
      const { signatureKeyPair, proof } = await makeProof(pair.bob.signer);
      const legacy = makeCustomExtension({ extensionType: 0xf2f1, extensionData: new Uint8Array(104) });
      const readLeaf = async (extensions: CustomExtension[]) => {
        const { publicPackage } = await makeLeaf(pair.bob.signer, extensions, signatureKeyPair);
        const ref = bytesToHex(await makeKeyPackageRef(publicPackage, createSuite(rng).hash));
        const { event } = await publish(pair.bob);
        const tags = event.tags.map((tag) => (tag[0] === 'i' ? ['i', ref] : tag[0] === 'mls_extensions' ? [...tag, '0xf2f1'] : tag));
        const bytes = encodeMlsMessage({ version: MLS.version, wireformat: 5, keyPackage: publicPackage });
        const content = Buffer.from(bytes).toString('base64');
        return readKeyPackage(await signExactly(pair.bob.signer, { ...event, tags, content }), NOW);
      };
      expect((await readLeaf([leafDictionary(proof)])).kind).toBe('usable');
      expect(expectKind(await readLeaf([leafDictionary(proof), legacy]), 'refused').code).toBe('dialect');
    });

    it('that does not name the identity proof among its components is refused', async () => {
      const { event } = await publish(pair.bob);
      const tags = event.tags.map((tag) => tag.filter((value) => value !== '0x8009'));
      expect(await resign(event, tags)).toBe('lists');
    });
  });

  describe('a welcome', () => {
    const joinWith = (welcome: Rumor) =>
      joinChannel({ welcome, sender: pair.alice.signer.pubkey, keyPackagePrivate: pair.bobPackage.privateBytes });

    const alice = (): string => pair.alice.signer.pubkey;

    interface Odd {
      readonly hasTree?: boolean;
      readonly admin?: string;
      readonly dictionary?: (dictionary: Dictionary) => Dictionary;
      /** The leaf of who invites. */
      readonly leafExtensions?: CustomExtension[];
    }

    /** An invitation of Alice's for Bob, sound but for what is asked for. */
    async function invite({ hasTree = true, admin = alice(), dictionary = (same) => same, leafExtensions }: Odd = {}) {
      const bob = await publish(pair.bob);
      const relays = [...RELAYS].sort();
      const { publicPackage, privatePackage } =
        leafExtensions === undefined
          ? await makeLeafMaterial(pair.alice.signer, NOW, rng)
          : await makeLeaf(pair.alice.signer, leafExtensions);
      const context = createMlsContext(rng);
      const state = await createGroup({
        context,
        groupId: rng.bytes(32),
        keyPackage: publicPackage,
        privateKeyPackage: privatePackage,
        extensions: groupExtensions(dictionary(groupDictionary({ admin, nostrGroupId: 'ab'.repeat(32), relays, name: 'Odd' }))),
      });
      const add: Proposal = { proposalType: 1, add: { keyPackage: (await readUsable(bob.event)).keyPackage } };
      const made = { context, state, extraProposals: [add], ratchetTreeExtension: hasTree, wireAsPublicMessage: true };
      const { welcome } = await createCommit(made);
      if (welcome === undefined) throw new Error('no welcome');
      const facts = { keyPackageEventId: bob.event.id, relays, mlsBytes: encodeMlsMessage(welcome), now: NOW };
      const rumor = buildWelcome({ author: alice(), ...facts });
      return joinChannel({ welcome: rumor, sender: alice(), keyPackagePrivate: bob.privateBytes });
    }

    const without =
      (id: number) =>
      (dictionary: Dictionary): Dictionary =>
        new Map([...dictionary].filter(([each]) => each !== id));
    const having =
      (id: number, data: Uint8Array) =>
      (dictionary: Dictionary): Dictionary =>
        new Map([...dictionary, [id, data]]);
    const REQUIRING = [0x8001, 0x8003, 0x8004, 0x8009, 0x800c];

    it.each<[string, Odd, string]>([
      ['whose GroupInfo has no ratchet tree', { hasTree: false }, 'mls'],
      ['by somebody who is no admin of the group', { admin: makeParty('bob').signer.pubkey }, 'admin'],
      ['into a group without an admin policy', { dictionary: without(COMPONENTS.adminPolicy) }, 'components'],
      ['into a group without an address', { dictionary: without(COMPONENTS.routing) }, 'components'],
      ['into a group that requires too little', { dictionary: having(1, encodeIdList([0x8003, 0x8004])) }, 'components'],
      ['into a group that requires what we lack', { dictionary: having(1, encodeIdList([...REQUIRING, 0x9001])) }, 'components'],
      ['into a group that has been disbanded', { dictionary: having(COMPONENTS.lifecycle, Uint8Array.of(1)) }, 'lifecycle'],
      ['by a leaf with the proof of another key', { leafExtensions: [leafDictionary(new Uint8Array(104).fill(1))] }, 'proof'],
      ['by a leaf without a proof', { leafExtensions: [leafDictionary()] }, 'proof'],
    ])('%s is refused', async (_, odd, code) => {
      expect(expectKind(await invite(odd), 'refused').code).toBe(code);
    });

    it('made the same way without a fault is taken', async () => {
      expect((await invite()).kind).toBe('joined');
      expect((await invite({ dictionary: having(0x9001, Uint8Array.of(1)) })).kind).toBe('joined');
    });

    it('into a group from before the lifecycle component is taken', async () => {
      const older = (dictionary: Dictionary): Dictionary =>
        having(COMPONENTS.appComponents, encodeIdList([0x8001, 0x8003, 0x8004, 0x8009]))(without(COMPONENTS.lifecycle)(dictionary));
      expect((await invite({ dictionary: older })).kind).toBe('joined');
    });

    it('with another value in its e tag or a relay twice is refused; an encoding tag changes nothing', async () => {
      const { welcome } = pair;
      const [e = [], relays = []] = welcome.tags;
      const codeOf = async (...tags: (readonly string[])[]): Promise<string> =>
        expectKind(await joinWith(makeRumor(welcome.pubkey, { ...welcome, tags })), 'refused').code;
      expect(await codeOf([...e, 'x'], relays)).toBe('tags');
      expect(await codeOf(['e', (e[1] ?? '').toUpperCase()], relays)).toBe('tags');
      expect(await codeOf(e, [...relays, relays[1] ?? ''])).toBe('relays');
      expect(await codeOf(e, relays, relays)).toBe('relays');
      const odd = makeRumor(welcome.pubkey, { ...welcome, tags: [e, relays, ['encoding', 'hex']] });
      expect((await joinWith(odd)).kind).toBe('joined');
    });

    it('of another wire format is refused', async () => {
      const { event } = await publish(pair.bob);
      const other = makeRumor(pair.welcome.pubkey, { ...pair.welcome, content: event.content });
      expect(expectKind(await joinWith(other), 'refused').code).toBe('content');
    });
  });

  describe('a payload', () => {
    it('of any kind and with any tags is delivered, and no tag of it reaches the outer event', async () => {
      for (const kind of [0, 5, 1009, 1210, 31_999, 65_535]) {
        const tags = [['h', 'ff'.repeat(32)], ['expiration', '1'], ['encoding', 'hex'], [], ['p', pair.a.own]];
        const rumor = makeRumor(pair.b.own, { kind, created_at: 5, tags, content: 'x' });
        const { event, heard } = await tell(pair.b, pair.a, rumor);
        expect(heard).toEqual(rumor);
        expect(event.tags).toEqual([['h', describeChannel(pair.a).nostrGroupId]]);
      }
    });

    it('vanishes by the time that the group sets, not by the one that it names itself', async () => {
      const after = await change(pair, update(COMPONENTS.retention, writeUint64(60n)));
      const rumor = makeRumor(after.b.own, { kind: 9, created_at: NOW - 7, tags: [['expiration', '1']], content: 'x' });
      const { event } = await tell(after.b, after.a, rumor);
      expect(event.tags.slice(1)).toEqual([['expiration', String(NOW - 7 + 60)]]);
      const without = await change(after, drop(COMPONENTS.retention));
      expect((await tell(without.b, without.a, rumor)).event.tags).toHaveLength(1);
    });

    it('whose author is written in capitals is refused, though it is the right one', async () => {
      const loud = makeRumor(pair.b.own.toUpperCase(), chat(pair.b.own, 'x'));
      expect(loud.pubkey).not.toBe(pair.b.own);
      const context = createMlsContext(rng);
      const { message } = await createApplicationMessage({ context, state: pair.b.state, message: utf8(encodePayload(loud)) });
      expect(await processMls(pair.a, encodeMlsMessage(message))).toEqual({ kind: 'refused', reason: 'payload' });
    });

    it('in a second envelope is a repetition', async () => {
      const { event } = await tell(pair.b, pair.a, chat(pair.b.own, 'once'));
      const { mlsBytes, mlsHash } = peel(pair.a, event);
      const channel = await take(pair.a, mlsBytes);
      const { nostrGroupId } = routingOf(pair.a.state);
      const { exporterSecret } = pair.a.state.keySchedule;
      const key = await mlsExporter(exporterSecret, 'marmot', utf8('group-event'), 32, createSuite(noRng));
      const again = peel(channel, sealGroupEvent(key, nostrGroupId, mlsBytes, NOW + 9, rng));
      expect(again.mlsHash).toBe(mlsHash);
      expect(await processMls(channel, again.mlsBytes)).toEqual({ kind: 'unreadable', reason: 'already-read' });
    });
  });

  describe('the state of a group', () => {
    it('that we make holds and requires what the profile asks of a new one', () => {
      const dictionary = dictionaryOf(pair.a);
      const { appComponents, profile, adminPolicy, routing, lifecycle } = COMPONENTS;
      expect([...dictionary.keys()]).toEqual([appComponents, profile, adminPolicy, routing, lifecycle]);
      expect(decodeIdList(dictionary.get(appComponents) ?? new Uint8Array())).toEqual([0x8001, 0x8003, 0x8004, 0x8009, 0x800c]);
      expect(dictionary.get(lifecycle)).toEqual(Uint8Array.of(0));
      expect(dictionary.get(adminPolicy)).toEqual(joinBytes(Uint8Array.of(32), hexToBytes(pair.a.own)));
      const [required] = pair.a.state.groupContext.extensions;
      expect(required).toEqual({ extensionType: 3, extensionData: { extensionTypes: [6], proposalTypes: [8, 10], credentialTypes: [] } });
    });

    it('keeps an entry that nobody knows, byte for byte, through changes of others', async () => {
      const unknown = Uint8Array.of(9, 0, 255, 1);
      const first = await change(pair, update(0x9001, unknown));
      const second = await change(first, update(COMPONENTS.profile, encodeProfile({ name: '', description: 'changed' })));
      for (const side of [second.a, second.b]) {
        expect(dictionaryOf(side).get(0x9001)).toEqual(unknown);
        expect([...dictionaryOf(side).keys()]).toEqual([...dictionaryOf(pair.a).keys(), 0x9001]);
      }
      expect((await tell(second.a, second.b, chat(pair.a.own, 'x'))).heard.content).toBe('x');
    });

    it('keeps relay URLs as they were signed', async () => {
      const relays = ['WSS://Relay.Example:443/', 'wss://relay.example'];
      const after = await change(pair, update(COMPONENTS.routing, encodeRouting({ nostrGroupId: 'ef'.repeat(32), relays })));
      expect(describeChannel(after.b).relays).toEqual(relays);
      expect(decodeDictionary(bytesOf(after.b)).get(COMPONENTS.routing)).toEqual(dictionaryOf(after.a).get(COMPONENTS.routing));
    });

    it.each([
      ['without its lifecycle', drop(COMPONENTS.lifecycle)],
      ['with data of the frozen media component', update(COMPONENTS.frozenMedia, new Uint8Array())],
      ['with a lifecycle that does not exist', update(COMPONENTS.lifecycle, Uint8Array.of(2))],
      ['with no admin', update(COMPONENTS.adminPolicy, Uint8Array.of(0))],
      ['with an admin twice', update(COMPONENTS.adminPolicy, writeVector(new Uint8Array(32).fill(1), new Uint8Array(32).fill(1)))],
    ])('%s is refused', async (_, proposal) => {
      expect(await refusalOf(proposal)).toMatchObject({ kind: 'refused' });
    });
  });

  describe('a farewell', () => {
    const wishOf = async (channel: Channel): Promise<Uint8Array> => {
      const context = createMlsContext(rng);
      const { message } = await createProposal({ context, state: channel.state, proposal: SELF_REMOVE, wireAsPublicMessage: true });
      return encodeMlsMessage(message);
    };

    it('of an admin is taken once it has handed over', async () => {
      const wish = await wishOf(pair.a);
      expect(await processMls(pair.b, wish)).toEqual({ kind: 'refused', reason: 'proposals' });
      const after = await change(pair, update(COMPONENTS.adminPolicy, encodeAdmins([pair.b.own])));
      expect(describeChannel(await take(after.b, await wishOf(after.a))).leaving).toEqual([pair.a.own]);
    });

    it('is not committed together with anything else', async () => {
      const context = createMlsContext(rng);
      const made = await createProposal({ context, state: pair.b.state, proposal: SELF_REMOVE, wireAsPublicMessage: true });
      const leaving = await take(pair.a, encodeMlsMessage(made.message));
      const waiting = { ...pair.b, state: made.newState };
      const rename = update(COMPONENTS.profile, encodeProfile({ name: 'x', description: '' }));
      const mixed = await commit(leaving, rng, { extraProposals: [rename] });
      expect(await processMls(waiting, mixed.mlsBytes)).toEqual({ kind: 'refused', reason: 'proposals' });
      expect((await processMls(waiting, (await commit(leaving, rng)).mlsBytes)).kind).toBe('ended');
    });
  });

  it('two groups with one peer have addresses that are drawn anew', async () => {
    const peers = [await readUsable(pair.bobPackage.event)];
    const made = await Promise.all([0, 1].map(() => createChannel({ ...pair.alice, peers, relays: RELAYS, now: NOW })));
    const ids = made.flatMap(({ channel }) => [describeChannel(channel).nostrGroupId, describeChannel(channel).mlsGroupId]);
    expect(new Set(ids).size).toBe(4);
  });

  it('no two events share a key or a nonce, nor is a key that of a member', async () => {
    const events: NostrEvent[] = [];
    for (let i = 0; i < 20; i += 1) events.push((await tell(pair.b, pair.a, chat(pair.b.own, 'same'))).event);
    expect(new Set(events.map(({ pubkey }) => pubkey)).size).toBe(20);
    expect(new Set(events.map(({ content }) => content.slice(0, 16))).size).toBe(20);
    for (const { pubkey } of events) expect([pair.a.own, pair.b.own]).not.toContain(pubkey);
  });

  function dictionaries({ extensions }: KeyPackage): readonly Dictionary[] {
    return extensions.map((extension) => findDictionary([extension], MLS.appDataDictionary));
  }

  function bytesOf({ state }: Channel): Uint8Array {
    return state.groupContext.extensions.find(({ extensionType }) => extensionType === MLS.appDataDictionary)?.extensionData as Uint8Array;
  }
});

describe('between two agents and a relay', () => {
  const clock = makeClock();
  let lab: Lab;
  beforeAll(async () => {
    lab = await makeLab(clock);
  });
  afterAll(() => lab.close());

  const dice = { bytes: (length: number) => crypto.getRandomValues(new Uint8Array(length)) };
  const signerOf = ({ home }: TestAgent): Signer => createKeySigner(hexToBytes(readFileSync(join(home, 'identity.key'), 'utf8').trim()));
  const storedBy = ({ pubkey }: TestAgent, kind: number): readonly NostrEvent[] =>
    lab.relay.storedEvents().filter((event) => event.kind === kind && event.pubkey === pubkey);

  async function openChannel(): Promise<{ buyer: TestAgent; seller: TestAgent }> {
    const [buyer, seller] = [await lab.makeAgent(), await lab.makeAgent()];
    await buyer.call((agent) => agent.start({ peer: seller.npub, service: 'translation', requirements: 'A page.' }));
    return { buyer, seller };
  }

  function readHome<T>({ home }: TestAgent, read: (store: ReturnType<typeof openSqliteStore>) => T): T {
    const store = openSqliteStore(join(home, 'agent.db'));
    try {
      return read(store);
    } finally {
      store.close();
    }
  }

  it('the commit that makes a group is published to nobody', async () => {
    const before = lab.relay.storedEvents().filter(({ kind }) => kind === 445).length;
    const { buyer } = await openChannel();
    // The first move, and nothing else.
    expect(lab.relay.storedEvents().filter(({ kind }) => kind === 445)).toHaveLength(before + 1);
    expect(readHome(buyer, (store) => store.listChannels())).toHaveLength(1);
  });

  it('a key package goes to the write relays of its owner, and a welcome to its inbox relays', async () => {
    const other = await startRelay({ clock });
    try {
      const seller = await lab.makeAgent({ relays: [other.url] });
      const buyer = await lab.makeAgent({ relays: [lab.relay.url, other.url] });
      await buyer.call((agent) => agent.start({ peer: seller.npub, service: 'translation', requirements: 'A page.' }));
      const isForSeller = ({ kind, pubkey, tags }: NostrEvent): boolean =>
        kind === 1_059 ? tags[0]?.[1] === seller.pubkey : pubkey === seller.pubkey;
      expect(lab.relay.storedEvents().filter(isForSeller)).toEqual([]);
      const kinds = other
        .storedEvents()
        .filter(isForSeller)
        .map(({ kind }) => kind);
      expect(kinds.sort((a, b) => a - b)).toEqual([1_059, 10_002, 10_050, 30_443]);
      expect((await seller.call((agent) => agent.sync())).joined).toEqual([buyer.npub]);
    } finally {
      await other.close();
    }
  });

  it('a key package that was used is replaced in its slot', async () => {
    const { seller } = await openChannel();
    const [before] = storedBy(seller, 30_443);
    const tagOf = (event: NostrEvent | undefined, name: string): string | undefined => event?.tags.find((tag) => tag[0] === name)?.[1];
    // Of two in the same second a relay keeps the one with the lower id.
    clock.advance(1);
    await seller.call((agent) => agent.sync());
    const after = storedBy(seller, 30_443);
    expect(after).toHaveLength(1);
    expect(tagOf(after[0], 'd')).toBe(tagOf(before, 'd'));
    expect(tagOf(after[0], 'i')).not.toBe(tagOf(before, 'i'));
  });

  it('a welcome that comes again changes neither the group nor the key packages', async () => {
    const { buyer, seller } = await openChannel();
    const [wrap] = lab.relay.storedEvents().filter(({ kind, tags }) => kind === 1_059 && tags[0]?.[1] === seller.pubkey);
    const { rumor } = expectKind(await unwrapGift(signerOf(seller), wrap), 'rumor');
    expect((await seller.call((agent) => agent.sync())).joined).toEqual([buyer.npub]);
    await seller.call((agent) => agent.sync());
    const facts = (): unknown =>
      readHome(seller, (store) => [store.listChannels().map(({ id, state }) => [id, state]), store.listKeyPackages()]);
    const before = facts();
    const again = await wrapRumor({ signer: signerOf(buyer), recipient: seller.pubkey, rumor, now: clock.now(), rng: dice });
    const pool = createRelayPool({ clock });
    await pool.publish([lab.relay.url], again, { purpose: 'lookup' });
    pool.close();
    expect(await seller.call((agent) => agent.sync())).toMatchObject({ joined: [], invites: [] });
    expect(readHome(seller, (store) => store.hasSeen(again.id))).toBe(true);
    expect(facts()).toEqual(before);
  });

  it('what one relay has taken is still brought to the other, unchanged, by a later process', async () => {
    const other = await startRelay();
    await other.close();
    const agent = await lab.makeAgent({ relays: [lab.relay.url, other.url] });
    const own = lab.relay.storedEvents().filter(({ pubkey }) => pubkey === agent.pubkey);
    expect(own).toHaveLength(3);
    const back = await startRelay({ port: other.port });
    try {
      await agent.call((open) => open.sync());
      const ids = (events: readonly NostrEvent[]): readonly string[] => events.map(({ id }) => id).sort();
      expect(ids(back.storedEvents())).toEqual(ids(own));
    } finally {
      await back.close();
    }
  });
});
