import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { defaultProposalTypes, getCiphersuiteImpl } from 'ts-mls';
import { beforeAll, describe, expect, it } from 'vitest';
import { NegotiateError } from '../core/errors.ts';
import { unwrapGift, wrapRumor } from '../nostr/giftWrap.ts';
import { describeChannel, type Channel } from './channel.ts';
import { decodeChannel, encodeChannel } from './channelCodec.ts';
import { createChannel } from './createChannel.ts';
import { peelGroupEvent } from './groupEvent.ts';
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
  say,
  type Pair,
} from './parties.fixture.ts';
import { encodePayload } from './payload.ts';
import { processMls } from './processMls.ts';
import { sealPayload } from './sealPayload.ts';
import { joinChannel } from './joinChannel.ts';

let pair: Pair;

beforeAll(async () => {
  pinClock();
  pair = await openPair();
});

async function deliver(to: Channel, event: Parameters<typeof peel>[1]): Promise<Channel & { text: string }> {
  const result = expectKind(await processMls(to, peel(to, event).mlsBytes), 'payload');
  return { ...result.channel, text: result.rumor.content };
}

describe('a channel', () => {
  it('is described alike on both sides', () => {
    const [a, b] = [describeChannel(pair.a), describeChannel(pair.b)];
    expect(a).toMatchObject({ epoch: 1, relays: ['wss://relay-a.example', 'wss://relay-b.example'], name: 'Negotiation', isMember: true });
    expect(b).toEqual(a);
    expect(a.admins).toEqual([pair.alice.signer.pubkey]);
    expect(a.members).toEqual([pair.alice.signer.pubkey, pair.bob.signer.pubkey]);
    expect(a.mlsGroupId).not.toBe(a.nostrGroupId);
  });

  it('opens through a gift wrap', async () => {
    const wrap = await wrapRumor({ ...pair.alice, recipient: pair.bob.signer.pubkey, rumor: pair.welcome, now: NOW });
    const { rumor, sender } = expectKind(await unwrapGift(pair.bob.signer, wrap), 'rumor');
    const joined = await joinChannel({ welcome: rumor, sender, keyPackagePrivate: pair.bobPackage.privateBytes });
    expect(expectKind(joined, 'joined').channel.own).toBe(pair.bob.signer.pubkey);
  });

  it('carries 200 messages both ways, shuffled, through storage and across a self-update of each side', async () => {
    const rng = makeRng('talk');
    let { a, b } = pair;
    const heard: string[] = [];
    for (let round = 0; round < 4; round += 1) {
      const fromA: Parameters<typeof peel>[1][] = [];
      const fromB: Parameters<typeof peel>[1][] = [];
      for (let i = 0; i < 25; i += 1) {
        const sentA = await say(a, `a${round}.${i}`, rng);
        const sentB = await say(b, `b${round}.${i}`, rng);
        [a, b] = [sentA.channel, sentB.channel];
        fromA.push(sentA.event);
        fromB.push(sentB.event);
      }
      // The update overtakes the messages of its epoch, which are then read newest first.
      const update = round % 2 === 0 ? await commit(b, rng) : await commit(a, rng);
      if (round % 2 === 0) {
        a = expectKind(await processMls(a, peel(a, update.event).mlsBytes), 'handshake').channel;
        b = update.channel;
      } else {
        b = expectKind(await processMls(b, peel(b, update.event).mlsBytes), 'handshake').channel;
        a = update.channel;
      }
      [a, b] = [decodeChannel(encodeChannel(a)), decodeChannel(encodeChannel(b))];
      for (const event of fromA.toReversed()) heard.push((b = await deliver(b, event)) && (b as Channel & { text: string }).text);
      for (const event of fromB.toReversed()) heard.push((a = await deliver(a, event)) && (a as Channel & { text: string }).text);
    }
    expect(heard).toHaveLength(200);
    expect(new Set(heard).size).toBe(200);
    expect([describeChannel(a).epoch, describeChannel(b).epoch]).toEqual([5, 5]);
  });

  it('still opens a message five epochs late, and none later', async () => {
    const rng = makeRng('late');
    let { a, b } = pair;
    const late = (await say(b, 'late', rng)).event;
    for (let i = 0; i < 5; i += 1) {
      const update = await commit(b, rng);
      a = expectKind(await processMls(a, update.mlsBytes), 'handshake').channel;
      b = update.channel;
    }
    expect((await deliver(a, late)).text).toBe('late');
    const sixth = await commit(b, rng);
    const moved = expectKind(await processMls(a, sixth.mlsBytes), 'handshake').channel;
    expect(peelGroupEvent(moved, late)).toEqual({ kind: 'unreadable', reason: 'no-key' });
    expect(await processMls(moved, peel(a, late).mlsBytes)).toEqual({ kind: 'unreadable', reason: 'stale-epoch' });
  });

  it('reads the last of 100 held-back messages first and then all others', async () => {
    const rng = makeRng('burst');
    let { a, b } = pair;
    const events = [];
    for (let i = 0; i < 100; i += 1) {
      const sent = await say(b, `${i}`, rng);
      b = sent.channel;
      events.push(sent.event);
    }
    for (const event of events.reverse()) a = await deliver(a, event);
    expect(events).toHaveLength(100);
  });

  it('tells a repetition from news, and an echo from either', async () => {
    const sent = await say(pair.b, 'once', makeRng('repeat'));
    const { mlsBytes, mlsHash } = peel(pair.a, sent.event);
    expect(mlsHash).toBe(sent.mlsHash);
    const { channel } = expectKind(await processMls(pair.a, mlsBytes), 'payload');
    expect(await processMls(channel, mlsBytes)).toEqual({ kind: 'unreadable', reason: 'already-read' });
    expect(await processMls(sent.channel, mlsBytes)).toEqual({ kind: 'own' });
  });

  it('asks to keep a message of an epoch still to come', async () => {
    const rng = makeRng('future');
    const update = await commit(pair.b, rng);
    const sent = await say(update.channel, 'soon', rng);
    expect(peelGroupEvent(pair.a, sent.event)).toEqual({ kind: 'unreadable', reason: 'no-key' });
    expect(await processMls(pair.a, peel(update.channel, sent.event).mlsBytes)).toEqual({ kind: 'unreadable', reason: 'future-epoch' });
  });

  it('hides the length of short messages', async () => {
    const rng = makeRng('length');
    const sizes = await Promise.all(['', 'x'.repeat(100)].map(async (text) => (await say(pair.b, text, rng)).event.content.length));
    expect(sizes[0]).toBe(sizes[1]);
  });

  it('sends only payloads by its own identity', async () => {
    const foreign = encodePayload(chat(pair.alice.signer.pubkey, 'not mine'));
    await expect(sealPayload(pair.b, { payload: foreign, now: NOW, rng: makeRng('x') })).rejects.toMatchObject({ code: 'input/invalid' });
    await expect(sealPayload(pair.b, { payload: '{}', now: NOW, rng: makeRng('x') })).rejects.toMatchObject({ code: 'input/invalid' });
  });

  it('is made the same way twice from the same randomness', async () => {
    const peers = [await readUsable(pair.bobPackage.event)];
    const make = async () =>
      (await createChannel({ ...makeParty('alice'), rng: makeRng('same'), peers, relays: RELAYS, now: NOW })).channel;
    // MLS draws the keys of a path itself; what we draw is the same.
    const { epochId, ...again } = describeChannel(await make());
    expect(describeChannel(await make())).toMatchObject(again);
    expect(epochId).toHaveLength(64);
  });

  it('is not opened with oneself, without relays, or with an expired key package', async () => {
    const own = await readUsable((await publish(pair.alice)).event);
    const peers = [await readUsable(pair.bobPackage.event)];
    const input = { ...pair.alice, relays: RELAYS, now: NOW };
    await expect(createChannel({ ...input, peers: [own] })).rejects.toMatchObject({ code: 'input/invalid' });
    await expect(createChannel({ ...input, peers, relays: [] })).rejects.toMatchObject({ code: 'input/invalid' });
    const past = NOW - 100 * 86_400;
    const old = await readUsable((await publish(pair.bob, past)).event, past);
    await expect(createChannel({ ...input, peers: [old] })).rejects.toMatchObject({ code: 'peer/unusable-key-package' });
    await expect(createChannel({ ...input, peers: [old], now: past })).rejects.toThrow(/clock/);
  });

  it('is read from storage only when the bytes are whole', () => {
    const bytes = encodeChannel(pair.a);
    expect(encodeChannel(decodeChannel(bytes))).toEqual(bytes);
    for (const broken of [
      bytes.subarray(0, 50),
      bytes.subarray(1),
      new Uint8Array(),
      Uint8Array.of(...bytes, 0),
      Uint8Array.of(1, ...bytes.subarray(1)),
    ]) {
      expect(() => decodeChannel(broken)).toThrow(NegotiateError);
    }
  });

  it('is read as it was stored before invitations were kept in it', () => {
    const bytes = encodeChannel(pair.a);
    // Version, length of four bytes, and what is packed: its last byte says that nobody is invited.
    const packed = deflateRawSync(inflateRawSync(bytes.subarray(5)).subarray(0, -1));
    const length = new Uint8Array(4);
    new DataView(length.buffer).setUint32(0, packed.length);
    expect(decodeChannel(Uint8Array.of(3, ...length, ...packed))).toEqual(decodeChannel(bytes));
    expect(() => decodeChannel(Uint8Array.of(4, ...length, ...packed))).toThrow(NegotiateError);
  });

  it('keeps the given channel usable when a step is abandoned', async () => {
    const rng = makeRng('abandon');
    await say(pair.b, 'never published', rng);
    const update = await commit(pair.b, rng);
    expectKind(await processMls(pair.a, update.mlsBytes), 'handshake');
    const sent = await say(pair.b, 'published', rng);
    expect((await deliver(pair.a, sent.event)).text).toBe('published');
  });
});

describe('ts-mls as installed', () => {
  it('agrees with our ciphersuite on HPKE, hashing and signatures', async () => {
    const { createSuite } = await import('./suite.ts');
    const ours = createSuite(makeRng('suite'));
    const theirs = await getCiphersuiteImpl('MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519');
    const text = new TextEncoder().encode('cross-check');
    const keys = await ours.hpke.deriveKeyPair(text);
    const [priv, pub] = [await ours.hpke.exportPrivateKey(keys.privateKey), await ours.hpke.exportPublicKey(keys.publicKey)];
    const twin = await theirs.hpke.deriveKeyPair(text);
    expect(await theirs.hpke.exportPublicKey(twin.publicKey)).toEqual(pub);
    const fromOurs = await ours.hpke.seal(keys.publicKey, text, text, text);
    expect(new Uint8Array(await theirs.hpke.open(await theirs.hpke.importPrivateKey(priv), fromOurs.enc, fromOurs.ct, text, text))).toEqual(
      text,
    );
    const fromTheirs = await theirs.hpke.seal(await theirs.hpke.importPublicKey(pub), text, text, text);
    expect(await ours.hpke.open(keys.privateKey, new Uint8Array(fromTheirs.enc), new Uint8Array(fromTheirs.ct), text, text)).toEqual(text);
    const signing = await ours.signature.keygen();
    expect(await theirs.signature.verify(signing.publicKey, text, await ours.signature.sign(signing.signKey, text))).toBe(true);
    expect(await ours.kdf.expand(priv, text, 77)).toEqual(new Uint8Array(await theirs.kdf.expand(priv, text, 77)));
    expect(await ours.hash.mac(text, text)).toEqual(new Uint8Array(await theirs.hash.mac(text, text)));
  });

  it('still names the proposal type that an invitation uses', () => {
    expect(defaultProposalTypes.add).toBe(1);
  });
});
