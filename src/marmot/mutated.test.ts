// More than ten thousand damaged messages (half of them in `npm test`), from a flipped bit in an event to contents that a hostile member has signed itself: nothing
// throws, nothing hangs, and no channel changes by what it does not take. A failure names its case; MUTATION_SEED tries others.

import { createProposal, encode, keyPackageEncoder, type Proposal } from 'ts-mls';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { bytesToHex, equalBytes, sha256, sha256Hex, utf8 } from '../core/bytes.ts';
import { isNegotiateError } from '../core/errors.ts';
import { makeRandom, mutateBytes, type Random } from '../core/mutations.fixture.ts';
import { makeRumor, signEvent, type EventTemplate, type NostrEvent, type Rumor } from '../nostr/event.ts';
import { unwrapGift, wrapRumor } from '../nostr/giftWrap.ts';
import { loadSchnorr, publicKeyOf } from '../nostr/schnorr.ts';
import { describeChannel, type Channel } from './channel.ts';
import { decodeChannel, encodeChannel } from './channelCodec.ts';
import { encodeAdmins, encodeProfile } from './components.ts';
import { createChannel } from './createChannel.ts';
import { joinBytes, writeUint, writeVector } from './cursor.ts';
import { routingOf } from './groupCheck.ts';
import { peelGroupEvent, sealGroupEvent, type PeelResult } from './groupEvent.ts';
import {
  makePlaintext,
  openKeyPackage,
  openWelcome,
  sealPlaintext,
  signGroupInfo,
  signKeyPackage,
  signPublic,
  signWithLabel,
  splitPublic,
  withOwnDictionary,
} from './insider.fixture.ts';
import { joinChannel } from './joinChannel.ts';
import { createMlsContext } from './mlsContext.ts';
import { encodeMlsMessage } from './mlsMessage.ts';
import { mutateEvent, mutateTemplate } from './mutations.fixture.ts';
import { chat, commit, expectKind, makeRng, NOW, openPair, peel, pinClock, publish, RELAYS, say, type Pair } from './parties.fixture.ts';
import { scale } from '../../test/lane.fixture.ts';
import { encodePayload } from './payload.ts';
import { processMls } from './processMls.ts';
import type { ProcessResult } from './processResult.ts';
import { COMPONENTS } from './profile.ts';
import { readKeyPackage } from './readKeyPackage.ts';

const SEED = process.env['MUTATION_SEED'] ?? 'one';
const rng = makeRng('mutated');

/** What became of one damaged message. `isTaken`: it was read, joined or followed all the same. */
interface Trial {
  readonly mutation: string;
  readonly outcome: string;
  readonly isTaken: boolean;
}

/** How often each outcome came, and which mutations were taken all the same. */
interface Tally {
  readonly refused: ReadonlyMap<string, number>;
  readonly taken: ReadonlyMap<string, number>;
}

let total = 0;

async function campaign(layer: string, whole: number, run: (random: Random) => Promise<Trial>): Promise<Tally> {
  const count = scale(whole, whole / 2);
  const refused = new Map<string, number>();
  const taken = new Map<string, number>();
  for (let i = 0; i < count; i += 1) {
    const name = `${SEED}/${layer}/${i}`;
    const { mutation, outcome, isTaken } = await run(makeRandom(name)).catch((cause: unknown) => {
      throw new Error(`MUTATION_SEED=${SEED}: case ${name} failed: ${String(cause)}`, { cause });
    });
    const [tally, key] = isTaken ? [taken, `${mutation}: ${outcome}`] : [refused, outcome];
    tally.set(key, (tally.get(key) ?? 0) + 1);
  }
  total += count;
  if (process.env['MUTATION_REPORT'] !== undefined) console.log(layer, count, refused, taken);
  return { refused, taken };
}

/** Each of these reasons came, so that not all was over at the first check. */
function expectReasons({ refused }: Tally, ...reasons: readonly string[]): void {
  expect([...refused.keys()]).toEqual(expect.arrayContaining([...reasons]));
}

/** Nothing was taken all the same but after these mutations; each caller says why it may be. */
function expectTaken({ taken }: Tally, ...mutations: readonly string[]): void {
  const names = new Set([...taken.keys()].map((key) => key.slice(0, key.indexOf(':'))));
  expect([...names].filter((name) => !mutations.includes(name))).toEqual([]);
}

/** A channel that damaged messages come to, and its bytes before. */
interface Watched {
  readonly channel: Channel;
  readonly before: Uint8Array;
}

const watch = (channel: Channel): Watched => ({ channel, before: encodeChannel(channel) });

type Result = ProcessResult | Exclude<PeelResult, { kind: 'peeled' }>;

/** Takes an event in as an agent does. Fails when the channel given has changed by it. */
async function offer({ channel, before }: Watched, event: unknown): Promise<Result> {
  const peeled = peelGroupEvent(channel, event);
  const result = peeled.kind === 'unreadable' ? peeled : await processMls(channel, peeled.mlsBytes);
  if (!equalBytes(encodeChannel(channel), before)) throw new Error('the channel has changed');
  return result;
}

function outcomeOf(result: Result): Omit<Trial, 'mutation'> {
  switch (result.kind) {
    case 'refused':
    case 'unreadable':
      return { outcome: result.reason, isTaken: false };
    case 'own':
      return { outcome: 'own', isTaken: false };
    case 'payload':
    case 'handshake':
    case 'rival':
    case 'ended':
    case 'stray':
      return { outcome: result.kind, isTaken: true };
    default:
      return result satisfies never;
  }
}

/** A genuine message on its way: who sends it, who receives it, and what comes of it undamaged. */
interface Sent {
  readonly by: Channel;
  readonly to: Watched;
  readonly event: NostrEvent;
  readonly mlsBytes: Uint8Array;
  readonly outcome: string;
}

let pair: Pair;
let traffic: Readonly<Record<string, Sent>>;
let [a, b]: [Channel, Channel] = [{} as Channel, {} as Channel];

const sent = (name: string): Sent => {
  const found = traffic[name];
  if (found === undefined) throw new Error(`no traffic called ${name}`);
  return found;
};

const set = (component: number, payload: Uint8Array): Proposal => ({
  proposalType: 0x0008,
  proposalData: joinBytes(writeUint(component, 2), Uint8Array.of(1), writeVector(payload)),
});
const RENAME = set(COMPONENTS.profile, encodeProfile({ name: 'New name', description: 'x' }));

function seal(by: Channel, mlsBytes: Uint8Array): NostrEvent {
  return sealGroupEvent(by.epoch.outerKey, routingOf(by.state).nostrGroupId, mlsBytes, NOW, rng);
}

async function propose(by: Channel, proposal: Proposal): Promise<Uint8Array> {
  const { message } = await createProposal({ context: createMlsContext(rng), state: by.state, proposal, wireAsPublicMessage: true });
  return encodeMlsMessage(message);
}

async function send(by: Channel, to: Channel, mlsBytes: Uint8Array): Promise<Sent> {
  const event = seal(by, mlsBytes);
  const watched = watch(to);
  return { by, to: watched, event, mlsBytes, outcome: outcomeOf(await processMls(to, mlsBytes)).outcome };
}

/** What signatures are blinded with, too, so that a case is the same case each time. */
function pinDice(): void {
  vi.spyOn(globalThis.crypto, 'getRandomValues').mockImplementation((array) => {
    const view = array as unknown as Uint8Array;
    view.set(rng.bytes(view.byteLength));
    return array;
  });
}

afterAll(() => {
  vi.restoreAllMocks();
});
beforeAll(async () => {
  pinClock();
  pinDice();
  await loadSchnorr();
  pair = await openPair();
  // Both have spoken, so that each ratchet is there.
  const [byBob, byAlice] = [await say(pair.b, 'from Bob', rng), await say(pair.a, 'from Alice', rng)];
  a = expectKind(await processMls(byAlice.channel, peel(pair.a, byBob.event).mlsBytes), 'payload').channel;
  b = expectKind(await processMls(byBob.channel, peel(pair.b, byAlice.event).mlsBytes), 'payload').channel;
  const message = peel(a, (await say(b, 'A message.', rng)).event).mlsBytes;
  const [update, rival] = [await commit(b, rng), await commit(b, rng)];
  const later = expectKind(await processMls(a, update.mlsBytes), 'handshake').channel;
  const read = expectKind(await processMls(a, message), 'payload').channel;
  const rename = await commit(a, rng, { extraProposals: [RENAME] });
  const remove = await commit(a, rng, { extraProposals: [{ proposalType: 3, remove: { removed: 1 } }] });
  traffic = {
    message: await send(b, a, message),
    'late message': await send(b, later, message),
    'repeated message': await send(b, read, message),
    'self-update': await send(b, a, update.mlsBytes),
    'rival self-update': await send(b, later, rival.mlsBytes),
    'SelfRemove proposal': await send(b, a, await propose(b, { proposalType: 0x000a, proposalData: new Uint8Array() })),
    'AppDataUpdate proposal': await send(a, b, await propose(a, RENAME)),
    'forbidden AppDataUpdate proposal': await send(b, a, await propose(b, RENAME)),
    'forbidden Remove proposal': await send(b, a, await propose(b, { proposalType: 3, remove: { removed: 0 } })),
    'AppDataUpdate commit': await send(a, b, rename.mlsBytes),
    'Remove commit': await send(a, b, remove.mlsBytes),
  };
});

const pickSent = (random: Random): Sent => sent(random.pick(Object.keys(traffic)));

/** Signed by a key made for this one event, as group events are. */
function signNew(random: Random, template: EventTemplate): NostrEvent {
  const key = random.bytes(32);
  return signEvent(key, publicKeyOf(key), template);
}

describe('the traffic to be damaged', () => {
  it('is read and followed as it is', () => {
    const outcomes = Object.fromEntries(Object.entries(traffic).map(([name, { outcome }]) => [name, outcome]));
    expect(outcomes).toMatchObject({
      message: 'payload',
      'late message': 'payload',
      'repeated message': 'already-read',
      'self-update': 'handshake',
      'SelfRemove proposal': 'handshake',
      'AppDataUpdate proposal': 'handshake',
      'forbidden AppDataUpdate proposal': 'proposals',
      'forbidden Remove proposal': 'proposals',
      'AppDataUpdate commit': 'handshake',
      'Remove commit': 'ended',
    });
  });
});

describe('group events', () => {
  it('that were damaged after they were signed are never opened', async () => {
    const tally = await campaign('event', 1_200, async (random) => {
      const { to, event } = pickSent(random);
      const { mutation, value } = mutateEvent(random, event, pickSent(random).event);
      return { mutation, ...outcomeOf(await offer(to, value)) };
    });
    expectTaken(tally);
    expectReasons(tally, 'malformed', 'signature', 'other-group', 'too-large');
  });

  it('that were damaged and signed again by anybody are opened only where the damage means nothing', async () => {
    const tally = await campaign('event signed again', 900, async (random) => {
      const { to, event, outcome: genuine } = pickSent(random);
      const { mutation, value } = mutateTemplate(random, event, pickSent(random).event);
      const trial = { mutation, ...outcomeOf(await offer(to, signNew(random, value))) };
      if (trial.isTaken && mutation !== 'otherContent') expect(trial.outcome).toBe(genuine);
      return trial;
    });
    // Time and expiry are anybody's to write; with the content of another message of the same epoch, it is that message.
    expectTaken(tally, 'expiration', 'otherContent', 'time');
    expectReasons(tally, 'malformed', 'other-group', 'no-key', 'too-large');
  });
});

// Bytes of version, wire format, length of the group id, epoch; then content type or sender with its leaf, and what follows.
const FRONT = [1, 3, 4, 37, 44, 45, 46, 49, 50, 51, 52];

describe('MLS messages', () => {
  it('that were damaged under the right outer key are never taken', async () => {
    const tally = await campaign('MLS bytes', 2_000, async (random) => {
      const { by, to, mlsBytes } = pickSent(random);
      const { mutation, value } = mutateBytes(random, mlsBytes, pickSent(random).mlsBytes);
      return { mutation, ...outcomeOf(await offer(to, seal(by, value))) };
    });
    expectTaken(tally);
    expectReasons(tally, 'malformed', 'other-group', 'future-epoch', 'undecryptable', 'already-read');
  });

  it('that were damaged in their front are never taken', async () => {
    const tally = await campaign('MLS front', 600, async (random) => {
      const { by, to, mlsBytes } = pickSent(random);
      const field = random.pick(FRONT);
      const byte = random.pick([0, 1, 2, 3, 4, 5, 0x80, 0xff]);
      if (random.below(2) === 0 && mlsBytes[field] !== byte)
        return { mutation: 'field', ...outcomeOf(await offer(to, seal(by, mlsBytes.with(field, byte)))) };
      const { mutation, value } = mutateBytes(random, mlsBytes.slice(0, 64), pickSent(random).mlsBytes.slice(0, 64));
      return { mutation, ...outcomeOf(await offer(to, seal(by, joinBytes(value, mlsBytes.slice(64))))) };
    });
    expectTaken(tally);
    expectReasons(tally, 'malformed', 'other-group', 'future-epoch', 'stale-epoch', 'handshake-form', 'sender', 'own', 'undecryptable');
  });

  it('in public, with damaged contents that their sender has signed, change the tip never, and add a proposal at most', async () => {
    const names = Object.keys(traffic).filter((name) => !name.endsWith('message'));
    const tally = await campaign('public content', 900, async (random) => {
      const name = random.pick(names);
      const isCommit = !name.endsWith('proposal');
      const { by, to, mlsBytes } = sent(name);
      const { content, confirmation } = splitPublic(mlsBytes, isCommit);
      // Group id, epoch and sender stay as they are in three of four cases, so that the rest comes to be looked at.
      const kept = random.below(4) === 0 ? 0 : 46;
      const { value } = mutateBytes(random, content.slice(kept), mlsBytes);
      const result = await offer(to, seal(by, signPublic(by, joinBytes(content.slice(0, kept), value), confirmation)));
      if (result.kind === 'handshake') expectProposalOnly(to, result.channel);
      return { mutation: isCommit ? 'commit' : 'proposal', ...outcomeOf(result) };
    });
    // Who may propose may propose anything; a commit is bound by its confirmation tag.
    expectTaken(tally, 'proposal');
    expect(tally.taken.size).toBeGreaterThan(0);
    expectReasons(tally, 'malformed', 'other-group', 'handshake-form', 'undecryptable', 'proposals');
  });

  it('in public, made anew around damaged contents, leave a sound group of the same two or are not taken', async () => {
    let unmade = 0;
    const proposals = [RENAME, set(COMPONENTS.adminPolicy, encodeAdmins([a.own])), set(COMPONENTS.retention, new Uint8Array(8))];
    const dictionary = ownDictionary(b);
    const tally = await campaign('made anew', 300, async (random) => {
      const isLeaf = random.below(2) === 0;
      const by = isLeaf ? b : a;
      const source = random.pick(proposals);
      const damaged = isLeaf
        ? mutateBytes(random, dictionary)
        : mutateBytes(random, 'proposalData' in source ? source.proposalData : dictionary);
      const made = await (
        isLeaf
          ? commit(withOwnDictionary(by, damaged.value), rng)
          : commit(by, rng, { extraProposals: [{ proposalType: 0x0008, proposalData: damaged.value }] })
      ).catch(() => undefined);
      if (made === undefined) {
        // What ts-mls does not make cannot be offered.
        unmade += 1;
        return { mutation: 'unmade', outcome: 'unmade', isTaken: false };
      }
      const result = await offer(isLeaf ? sent('self-update').to : sent('Remove commit').to, made.event);
      if (result.kind === 'handshake') {
        const after = decodeChannel(encodeChannel(result.channel));
        expect(describeChannel(after).members).toEqual(describeChannel(by).members);
      }
      return { mutation: isLeaf ? 'leaf' : 'data', ...outcomeOf(result) };
    });
    total -= unmade;
    expectTaken(tally, 'data', 'leaf');
    expectReasons(tally, 'group-state', 'undecryptable');
    expect(unmade).toBeLessThan(scale(200, 100));
  });
});

/** Fails when more than the list of waiting proposals is another. */
function expectProposalOnly({ channel, before }: Watched, after: Channel): void {
  const state = { ...after.state, unappliedProposals: channel.state.unappliedProposals };
  if (!equalBytes(encodeChannel({ ...after, state, proposalDigests: channel.proposalDigests }), before))
    throw new Error('a proposal has changed more than the list of proposals');
}

/** The dictionary of a channel's own leaf. */
function ownDictionary({ state }: Channel): Uint8Array {
  const node = state.ratchetTree[state.privatePath.leafIndex * 2];
  const [extension] = node !== undefined && 'leaf' in node ? node.leaf.extensions : [];
  if (extension === undefined || !(extension.extensionData instanceof Uint8Array)) throw new Error('no dictionary');
  return extension.extensionData;
}

describe('application messages', () => {
  const rumor = (): Rumor => chat(b.own, 'A message.');
  const offerPlain = async (plaintext: Uint8Array, senderData?: Uint8Array): Promise<Result> =>
    offer(sent('message').to, seal(b, sealPlaintext(b, plaintext, senderData)));

  it('made by hand are read as those of ts-mls are', async () => {
    const result = await offerPlain(makePlaintext(b, utf8(encodePayload(rumor()))));
    expect(expectKind(result, 'payload').rumor).toEqual(rumor());
  });

  it('that are damaged inside the encryption are read only where the damage is more or less padding', async () => {
    const plaintext = makePlaintext(b, utf8(encodePayload(rumor())));
    const tally = await campaign('plaintext', 600, async (random) => {
      const { mutation, value } = mutateBytes(random, plaintext, sent('self-update').mlsBytes);
      const result = await offerPlain(value);
      if (result.kind === 'payload') {
        const common = Math.min(value.length, plaintext.length);
        expect(value.subarray(0, common)).toEqual(plaintext.subarray(0, common));
        expect(result.rumor).toEqual(rumor());
      }
      return { mutation, ...outcomeOf(result) };
    });
    // Checked above, one by one: the same bytes with more or fewer zeros after them.
    expect(tally.taken.size).toBeGreaterThan(0);
    // Nothing but lengths and one signature can be wrong here.
    expectReasons(tally, 'undecryptable');
  });

  it('with damaged sender data under the right key are refused', async () => {
    const plaintext = makePlaintext(b, utf8(encodePayload(rumor())));
    const genuine = joinBytes(
      writeUint(1, 4),
      writeUint(b.state.secretTree.leafNodes[2]?.application.generation ?? 0, 4),
      new Uint8Array(4),
    );
    const tally = await campaign('sender data', 200, async (random) => {
      const { mutation, value } = mutateBytes(random, genuine);
      return { mutation, ...outcomeOf(await offerPlain(plaintext, value)) };
    });
    expectTaken(tally);
    expectReasons(tally, 'undecryptable', 'sender', 'own', 'already-read');
  });

  it('with damaged payloads, sealed by their genuine sender, are read only when they are another sound payload of its own', async () => {
    const text = encodePayload(rumor());
    const byStranger = makeRumor(a.own, rumor());
    // Each with what it must come to.
    const written: Readonly<Record<string, (random: Random) => string>> = {
      author: () => encodePayload(byStranger),
      authorAlone: () => text.replaceAll(b.own, a.own),
      rehashed: (random) =>
        encodePayload(makeRumor(b.own, { ...rumor(), content: bytesToHex(random.bytes(8)), kind: random.below(65_536) })),
      spaced: () => JSON.stringify(JSON.parse(text), null, 1),
      reordered: () => JSON.stringify(Object.fromEntries(Object.entries(rumor()).toReversed())),
      escaped: () => text.replace('A message', '\\u0041 message'),
      repeatedMember: () => text.replace('{', '{"kind":9,'),
      prototype: () => text.replace('{', '{"__proto__":{"kind":9},'),
      signed: () => text.replace('{', `{"sig":"${'0'.repeat(128)}",`),
      number: (random) =>
        text.replace('"kind":9', `"kind":${random.pick(['9.5', '1e999', '-9', '"9"', '[9]', '99999999999999999999', 'NaN'])}`),
      surrogate: () => encodePayload(makeRumor(b.own, { ...rumor(), content: '\ud800' })),
      mark: () => `\ufeff${text}`,
      nested: () => '['.repeat(20_000),
      tags: (random) => text.replace('"tags":[]', `"tags":${random.pick(['{}', '[{}]', '[[1]]', '[[["x"]]]', 'null', '"x"'])}`),
    };
    const tally = await campaign('payload', 800, async (random) => {
      const name = random.below(2) === 0 ? random.pick(Object.keys(written)) : undefined;
      const data = name === undefined ? mutateBytes(random, utf8(text)) : { mutation: name, value: utf8(written[name]?.(random) ?? '') };
      const result = await offerPlain(makePlaintext(b, data.value));
      if (result.kind === 'payload') expect(result.rumor.pubkey).toBe(b.own);
      if (result.kind === 'payload' && name !== 'rehashed') expect(result.rumor).toEqual(rumor());
      return { mutation: data.mutation, ...outcomeOf(result) };
    });
    // Another way to write the same, or another message of the same author.
    expectTaken(tally, 'escaped', 'rehashed', 'reordered', 'spaced');
    expectReasons(tally, 'payload', 'author');
  });
});

describe('key packages', () => {
  let events: readonly NostrEvent[];
  let keyPackage: Uint8Array;
  beforeAll(async () => {
    events = [pair.bobPackage.event, (await publish(pair.bob)).event];
    keyPackage = encode(keyPackageEncoder, expectKind(await readKeyPackage(pair.bobPackage.event, NOW), 'usable').keyPackage);
  });

  async function read(mutation: string, event: unknown): Promise<Trial> {
    const result = await readKeyPackage(event, NOW);
    if (result.kind === 'refused') return { mutation, outcome: result.code, isTaken: false };
    // Whatever was damaged around it: it is the very package that its owner has made and signed.
    const isOurs = events.some(({ id }) => id === result.eventId);
    if (!isOurs && !equalBytes(encode(keyPackageEncoder, result.keyPackage), keyPackage)) throw new Error('another key package was taken');
    return { mutation, outcome: 'usable', isTaken: true };
  }

  it('that were damaged after they were signed are refused', async () => {
    const tally = await campaign('key package event', 350, async (random) => {
      const { mutation, value } = mutateEvent(random, pair.bobPackage.event, random.pick(events));
      return read(mutation, value);
    });
    expectTaken(tally);
    expectReasons(tally, 'content', 'signature');
  });

  it('that were damaged and signed again are taken only where the damage means nothing', async () => {
    const tally = await campaign('key package event signed again', 450, async (random) => {
      const { mutation, value } = mutateTemplate(random, pair.bobPackage.event, random.pick(events));
      return read(mutation, await pair.bob.signer.signEvent(value));
    });
    // Time, order of tags, tags of other names, and the slot, which is the author's to choose.
    expectTaken(tally, 'time', 'tagsReordered', 'tagAdded', 'expiration', 'tagRepeated', 'tagText');
    expectReasons(tally, 'content', 'dialect', 'tags', 'ref', 'lists');
  });

  it('with damaged contents that their owner has signed are refused, or say what they may', async () => {
    const { privateBytes, event } = pair.bobPackage;
    const parts = openKeyPackage(privateBytes);
    expect(signKeyPackage(privateBytes, parts)).toEqual(keyPackage);
    const tally = await campaign('key package contents', 400, async (random) => {
      const part = random.pick(['head', 'leaf', 'leaf', 'leaf', 'extensions'] as const);
      const { mutation, value } = mutateBytes(random, parts[part], keyPackage);
      const bytes = signKeyPackage(privateBytes, { ...parts, [part]: value });
      const ref = sha256Hex(joinBytes(writeVector(utf8('MLS 1.0 KeyPackage Reference')), writeVector(bytes)));
      const tags = event.tags.map((tag) => (tag[0] === 'i' ? ['i', ref] : tag));
      const content = Buffer.from(joinBytes(Uint8Array.of(0, 1, 0, 5), bytes)).toString('base64');
      const result = await readKeyPackage(await pair.bob.signer.signEvent({ ...event, tags, content }), NOW);
      if (result.kind === 'refused') return { mutation, outcome: result.code, isTaken: false };
      // Its owner's business, then: an invitation with it goes out, or fails as one with a bad key package does.
      expect(result.account).toBe(pair.bob.signer.pubkey);
      const made = await createChannel({ ...pair.alice, peers: [result], relays: RELAYS, now: NOW }).catch((error: unknown) => error);
      const outcome = isNegotiateError(made) ? made.code : 'usable';
      if (made instanceof Error) expect(outcome).toBe('peer/unusable-key-package');
      return { mutation: part, outcome, isTaken: true };
    });
    expectReasons(tally, 'content', 'suite', 'signature', 'capabilities', 'components', 'proof', 'lifetime');
  });
});

describe('welcomes', () => {
  let wraps: readonly NostrEvent[];
  let joined: Uint8Array;

  async function wrap(): Promise<NostrEvent> {
    return wrapRumor({ signer: pair.alice.signer, recipient: pair.bob.signer.pubkey, rumor: pair.welcome, now: NOW, rng });
  }
  beforeAll(async () => {
    wraps = [await wrap(), await wrap()];
    joined = encodeChannel(pair.b);
  });

  /** Joins as Bob. What is joined by a damaged welcome must be the channel that the genuine one opens, unless `isFree`. */
  async function join(mutation: string, welcome: Rumor, sender: string, isFree = false): Promise<Trial> {
    const keyPackagePrivate = pair.bobPackage.privateBytes.slice();
    const result = await joinChannel({ welcome, sender, keyPackagePrivate });
    if (!equalBytes(keyPackagePrivate, pair.bobPackage.privateBytes)) throw new Error('the private key package has changed');
    if (result.kind === 'refused') return { mutation, outcome: result.code, isTaken: false };
    const bytes = encodeChannel(result.channel);
    if (!isFree && !equalBytes(bytes, joined)) throw new Error('another channel was joined');
    expect(describeChannel(decodeChannel(bytes)).members).toEqual([pair.alice.signer.pubkey, pair.bob.signer.pubkey]);
    return { mutation, outcome: 'joined', isTaken: true };
  }

  async function receive(mutation: string, event: unknown): Promise<Trial> {
    const opened = await unwrapGift(pair.bob.signer, event);
    return opened.kind === 'rumor' ? join(mutation, opened.rumor, opened.sender) : { mutation, outcome: opened.reason, isTaken: false };
  }

  it('in gift wraps that were damaged after they were signed are never opened', async () => {
    const [first, second] = wraps as [NostrEvent, NostrEvent];
    const tally = await campaign('gift wrap', 350, async (random) => {
      const { mutation, value } = mutateEvent(random, first, second);
      return receive(mutation, value);
    });
    expectTaken(tally);
    expectReasons(tally, 'not-a-gift-wrap', 'signature');
  });

  it('in gift wraps, seals and rumors damaged before they were signed are opened only where the damage means nothing', async () => {
    const { alice, bob } = pair;
    const [first, second] = wraps as [NostrEvent, NostrEvent];
    const sealed = JSON.parse(await bob.signer.decrypt(first.pubkey, first.content)) as NostrEvent;
    const encrypt = (value: unknown): Promise<string> => alice.signer.encrypt(bob.signer.pubkey, JSON.stringify(value ?? null));
    const tally = await campaign('gift wrap signed again', 350, async (random) => {
      const layer = random.pick(['wrap', 'seal', 'sealSigned', 'rumor'] as const);
      if (layer === 'wrap') {
        const { mutation, value } = mutateTemplate(random, first, second);
        return receive(`${layer} ${mutation}`, signNew(random, value));
      }
      // By Alice here, who is as good a throw-away key as any.
      const wrapped = async (value: unknown): Promise<NostrEvent> =>
        alice.signer.signEvent({ kind: 1_059, created_at: NOW, tags: [['p', bob.signer.pubkey]], content: await encrypt(value) });
      if (layer === 'seal') {
        const { mutation, value } = mutateEvent(random, sealed, second);
        return receive(`${layer} ${mutation}`, await wrapped(value));
      }
      if (layer === 'sealSigned') {
        const { mutation, value } = mutateTemplate(random, sealed, second);
        return receive(`${layer} ${mutation}`, await wrapped(await alice.signer.signEvent(value)));
      }
      const { mutation, value } = mutateEvent(random, { ...pair.welcome, sig: '' }, { ...second, sig: '' });
      const content = await encrypt(withoutSig(value));
      const seal13 = await alice.signer.signEvent({ kind: 13, created_at: NOW, tags: [], content });
      return receive(`${layer} ${mutation}`, await wrapped(seal13));
    });
    // Times are anybody's to write; an id that is left out follows from the rest, and a rumor has no signature to be damaged.
    expectTaken(tally, 'wrap time', 'sealSigned time', 'rumor memberRemoved', 'rumor memberOdd', 'rumor hexFlip');
    expectReasons(tally, 'not-a-gift-wrap', 'decrypt', 'seal', 'rumor', 'author');
  });

  it('that were damaged as rumors are refused, or open the same channel', async () => {
    const tally = await campaign('welcome rumor', 350, async (random) => {
      const { mutation, value } = mutateTemplate(random, pair.welcome, wraps[0] ?? pair.welcome);
      return join(mutation, makeRumor(pair.alice.signer.pubkey, value), pair.alice.signer.pubkey);
    });
    // The relay list of the rumor is a hint: the group itself says where its events go.
    expectTaken(tally, 'time', 'tagsReordered', 'tagAdded', 'tagRepeated', 'tagLonger', 'tagShorter', 'tagText', 'expiration');
    expectReasons(tally, 'content', 'tags', 'relays', 'mls');
  });

  const joinBytesOf = (mutation: string, mlsBytes: Uint8Array, isFree = false): Promise<Trial> => {
    const content = Buffer.from(mlsBytes).toString('base64');
    const { pubkey } = pair.alice.signer;
    return join(mutation, makeRumor(pubkey, { ...pair.welcome, content }), pubkey, isFree);
  };

  it('that were damaged as MLS messages are refused', async () => {
    const bytes = new Uint8Array(Buffer.from(pair.welcome.content, 'base64'));
    const tally = await campaign('welcome bytes', 300, async (random) => {
      const { mutation, value } = mutateBytes(random, bytes, sent('self-update').mlsBytes);
      return joinBytesOf(mutation, value);
    });
    expectTaken(tally);
    expect(tally.refused.get('mls')).toBeGreaterThan(scale(240, 120));
  });

  it('with contents that their maker has damaged and signed are refused, or open a sound group of the two', async () => {
    const bytes = new Uint8Array(Buffer.from(pair.welcome.content, 'base64'));
    const opened = await openWelcome(bytes, pair.bobPackage.privateBytes, pair.a, rng);
    const { context, extensions, groupSecrets } = opened;
    const genuine = signGroupInfo(pair.a, opened, context, extensions);
    expect(frameTree(extensions.slice(TREE_AT))).toEqual(extensions);
    expect((await joinBytesOf('none', await opened.seal(groupSecrets, genuine, rng))).outcome).toBe('joined');
    const tally = await campaign('welcome contents', 500, async (random) => {
      const layer = random.pick(['secrets', 'info', 'context', 'context', 'context', 'tree'] as const);
      const remake = async (secrets: Uint8Array, info: Uint8Array): Promise<Trial> =>
        joinBytesOf(layer, await opened.seal(secrets, info, rng), layer === 'context');
      if (layer === 'secrets') return remake(mutateBytes(random, groupSecrets, context).value, genuine);
      if (layer === 'info') return remake(groupSecrets, mutateBytes(random, genuine, context).value);
      if (layer === 'context') {
        return remake(groupSecrets, signGroupInfo(pair.a, opened, mutateBytes(random, context, extensions).value, extensions));
      }
      // The lengths around the tree fit in two of three cases, so that the tree itself comes to be looked at.
      const tree = extensions.slice(TREE_AT);
      const damaged = mutateBytes(random, tree, extensions).value;
      const framed = random.below(3) === 0 ? joinBytes(extensions.slice(0, TREE_AT), damaged) : frameTree(damaged);
      return remake(groupSecrets, signGroupInfo(pair.a, opened, context, framed));
    });
    // Another name, other relays, another address: what an inviter may choose. In the secrets, any byte but 1 says that no path secret
    // follows, and the channel is the same one.
    expectTaken(tally, 'context', 'secrets');
    expectReasons(tally, 'mls', 'components', 'admin');
  });

  it('with a damaged tree whose hash, leaf signature, confirmation tag and GroupInfo are all made to fit, likewise', async () => {
    const bytes = new Uint8Array(Buffer.from(pair.welcome.content, 'base64'));
    const opened = await openWelcome(bytes, pair.bobPackage.privateBytes, pair.a, rng);
    const nodes = cutTree(opened.extensions.slice(TREE_AT), openKeyPackage(pair.bobPackage.privateBytes).leaf);
    const remake = async (mutation: string, tree: TwoLeaves): Promise<Trial> => {
      const context = replaceBytes(opened.context, pair.a.state.groupContext.treeHash, hashTree(tree));
      const info = signGroupInfo(pair.a, opened, context, frameTree(joinBytes(tree.inviter, tree.parent, tree.joiner)));
      return joinBytesOf(mutation, await opened.seal(opened.groupSecrets, info, rng), true);
    };
    expect(await remake('none', nodes)).toMatchObject({ outcome: 'joined' });
    const tally = await campaign('tree', 400, async (random) => {
      const part = random.pick(['inviter', 'inviter', 'parent', 'joiner'] as const);
      if (part === 'parent') return remake(part, { ...nodes, parent: makeParent(random) });
      if (part === 'joiner') return remake(part, { ...nodes, joiner: mutateBytes(random, nodes.joiner, nodes.inviter).value });
      const leaf = mutateBytes(random, nodes.inviter.slice(2, -66), nodes.joiner).value;
      const signature = signWithLabel(pair.a.state.signaturePrivateKey, 'LeafNodeTBS', leaf);
      return remake(part, { ...nodes, inviter: joinBytes(nodes.inviter.slice(0, 2), leaf, writeVector(signature)) });
    });
    // Another key, another lifetime or further capabilities of the inviter's own leaf.
    expectTaken(tally, 'inviter');
    expectReasons(tally, 'mls', 'components', 'sender', 'proof');
  });
});

function withoutSig(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([name]) => name !== 'sig'));
}

// Extensions as a vector of one: its length in two bytes, the type in two, then the tree's nodes in two nested vectors.
const TREE_AT = 8;

function frameTree(nodes: Uint8Array): Uint8Array {
  return writeVector(writeUint(2, 2), writeVector(writeVector(nodes)));
}

/** The nodes of a tree of two, each as it is written, whether it is there or not. */
interface TwoLeaves {
  readonly inviter: Uint8Array;
  readonly parent: Uint8Array;
  readonly joiner: Uint8Array;
}

/** Cuts the tree of a new group, whose parent is blank, before the leaf of the joiner. */
function cutTree(nodes: Uint8Array, joinerLeaf: Uint8Array): TwoLeaves {
  const at = Buffer.from(nodes).indexOf(joinerLeaf) - 2;
  if (at < 0 || nodes[at - 1] !== 0) throw new Error('this is not the tree of a new group');
  return { inviter: nodes.slice(0, at - 1), parent: nodes.slice(at - 1, at), joiner: nodes.slice(at) };
}

/** The tree hash (RFC 9420 section 7.8) of three nodes, as far as they are nodes. */
function hashTree({ inviter, parent, joiner }: TwoLeaves): Uint8Array {
  // A node says what type it is after whether it is there; the hash wants it before.
  const body = (node: Uint8Array): Uint8Array => joinBytes(node.slice(0, 1), node.slice(2));
  const leaf = (index: number, node: Uint8Array): Uint8Array => sha256(joinBytes(Uint8Array.of(1), writeUint(index, 4), body(node)));
  return sha256(joinBytes(Uint8Array.of(2), body(parent), writeVector(leaf(0, inviter)), writeVector(leaf(1, joiner))));
}

/** A parent node with any list of unmerged leaves. */
function makeParent(random: Random): Uint8Array {
  const unmerged = Array.from({ length: random.below(4) }, () =>
    writeUint(random.pick([0, 1, 1, 2, 3, 1_000, 0x7fff_ffff, 0xffff_ffff]), 4),
  );
  const parentHash = random.bytes(random.pick([0, 32]));
  return joinBytes(
    Uint8Array.of(1, 2),
    writeVector(random.bytes(random.pick([32, 31]))),
    writeVector(parentHash),
    writeVector(...unmerged),
  );
}

function replaceBytes(bytes: Uint8Array, old: Uint8Array, fresh: Uint8Array): Uint8Array {
  const at = Buffer.from(bytes).indexOf(old);
  return joinBytes(bytes.slice(0, at), fresh, bytes.slice(at + old.length));
}

describe('afterwards', () => {
  it('every channel takes what was genuine as it did before', async () => {
    for (const { to, event, outcome } of Object.values(traffic)) {
      if (outcome !== 'race') expect(outcomeOf(await offer(to, event)).outcome).toBe(outcome);
      const restored = decodeChannel(to.before);
      if (outcome !== 'race') expect(outcomeOf(await offer(watch(restored), event)).outcome).toBe(outcome);
    }
  });

  it('more than ten thousand damaged messages have come through', () => {
    expect(total).toBeGreaterThanOrEqual(scale(10_000, 5_000));
  });
});
