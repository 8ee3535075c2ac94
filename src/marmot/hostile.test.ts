import { createProposal, makeCustomExtension, processPublicMessage, type ClientState, type Proposal } from 'ts-mls';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { makeRumor, signEvent, type NostrEvent } from '../nostr/event.ts';
import { sha256Hex } from '../core/bytes.ts';
import { publicKeyOf } from '../nostr/schnorr.ts';
import type { Channel } from './channel.ts';
import { encodeChannel } from './channelCodec.ts';
import { joinBytes, writeUint, writeUint64, writeVector } from './cursor.ts';
import { peelGroupEvent, sealGroupEvent } from './groupEvent.ts';
import { routingOf } from './groupCheck.ts';
import { sealAes } from './hpke.ts';
import { createMlsContext } from './mlsContext.ts';
import { decodeMlsMessage, encodeMlsMessage } from './mlsMessage.ts';
import {
  chat,
  commit,
  expectKind,
  makeRng,
  NOW,
  openPair,
  peel,
  pinClock,
  publish,
  readUsable,
  say,
  type Pair,
} from './parties.fixture.ts';
import { encodePayload } from './payload.ts';
import { processMls } from './processMls.ts';
import { sealPayload } from './sealPayload.ts';
import { expandWithLabel, makeSignatureKeys, noRng } from './suite.ts';

let pair: Pair;
const rng = makeRng('hostile');

beforeAll(async () => {
  pinClock();
  pair = await openPair();
});

/** What a cheat could send: any payload text, encrypted as a member would. */
async function sendRaw(from: Channel, text: string): Promise<Uint8Array> {
  const { createApplicationMessage } = await import('ts-mls');
  const { message } = await createApplicationMessage({
    context: createMlsContext(rng),
    state: from.state,
    message: new TextEncoder().encode(text),
  });
  return encodeMlsMessage(message);
}

async function propose(from: Channel, proposal: Proposal): Promise<Uint8Array> {
  const { message } = await createProposal({ context: createMlsContext(rng), state: from.state, proposal, wireAsPublicMessage: true });
  return encodeMlsMessage(message);
}

/** Puts a message of `from` under the outer key and opens it at `to`, as it would arrive. */
async function receive(to: Channel, mlsBytes: Uint8Array) {
  const before = encodeChannel(to);
  const event = sealGroupEvent(to.epoch.outerKey, routingOf(to.state).nostrGroupId, mlsBytes, NOW, rng);
  const result = await processMls(to, peel(to, event).mlsBytes);
  expect(encodeChannel(to)).toEqual(before);
  return result;
}

describe('payloads', () => {
  it('by another author than the MLS sender are refused', async () => {
    const forged = encodePayload(chat(pair.alice.signer.pubkey, 'I am Alice'));
    expect(await receive(pair.a, await sendRaw(pair.b, forged))).toEqual({ kind: 'refused', reason: 'author' });
    const stranger = encodePayload(chat('1'.repeat(64), 'I am a stranger'));
    expect(await receive(pair.a, await sendRaw(pair.b, stranger))).toEqual({ kind: 'refused', reason: 'author' });
  });

  it('that are not exactly a rumor are refused', async () => {
    const good = encodePayload(chat(pair.bob.signer.pubkey, 'fine'));
    expectKind(await receive(pair.a, await sendRaw(pair.b, good)), 'payload');
    const bad = [
      good.replace('fine', 'other'),
      good.replace('{', '{"sig":"",'),
      good.replace('{', '{"kind":9,'),
      `${good}x`,
      '',
      '[]',
      'null',
    ];
    for (const text of bad) expect(await receive(pair.a, await sendRaw(pair.b, text))).toEqual({ kind: 'refused', reason: 'payload' });
  });
});

describe('the sender of a message', () => {
  it('is refused when it points outside the tree, however far, before ts-mls sees it', async () => {
    const sent = peel(pair.a, (await say(pair.b, 'x', rng)).event).mlsBytes;
    for (const leafIndex of [2, 3, 1_000, 0x7fff_ffff, 0xffff_ffff]) {
      expect(await receive(pair.a, withSender(pair.b, sent, leafIndex, 0))).toEqual({ kind: 'refused', reason: 'sender' });
    }
  });

  it('cannot be claimed for a message that another key signed', async () => {
    const sent = peel(pair.a, (await say(pair.b, 'x', rng)).event).mlsBytes;
    expect(await receive(pair.a, withSender(pair.b, sent, 1, 5))).toEqual({ kind: 'unreadable', reason: 'undecryptable' });
    expect(await receive(pair.a, withSender(pair.b, sent, 1, 1_001))).toEqual({ kind: 'unreadable', reason: 'undecryptable' });
    expect(await receive(pair.a, withSender(pair.b, sent, 1, 0xffff_ffff))).toEqual({ kind: 'unreadable', reason: 'undecryptable' });
    expect(await receive(pair.a, withSender(pair.b, sent, 0, 0))).toEqual({ kind: 'own' });
  });

  it('needs the signature of its leaf', async () => {
    const imposter = { ...pair.b, state: { ...pair.b.state, signaturePrivateKey: makeSignatureKeys(rng).signKey } };
    const forged = await sendRaw(imposter, encodePayload(chat(pair.bob.signer.pubkey, 'forged')));
    expect(await receive(pair.a, forged)).toEqual({ kind: 'unreadable', reason: 'undecryptable' });
    expect(await receive(pair.a, (await commit(imposter, rng)).mlsBytes)).toEqual({ kind: 'unreadable', reason: 'undecryptable' });
  });
});

describe('handshake messages', () => {
  it('that remove us are refused when the peer is no admin', async () => {
    const removeAlice: Proposal = { proposalType: 3, remove: { removed: 0 } };
    const removal = await commit(pair.b, rng, { extraProposals: [removeAlice] });
    expect(await receive(pair.a, removal.mlsBytes)).toEqual({ kind: 'refused', reason: 'proposals' });
  });

  it('that carry a proposal which the peer may not make are refused', async () => {
    const carol = await readUsable(
      (await publish({ ...pair.bob, signer: (await import('./parties.fixture.ts')).makeParty('carol').signer })).event,
    );
    const add: Proposal = { proposalType: 1, add: { keyPackage: carol.keyPackage } };
    const context: Proposal = { proposalType: 7, groupContextExtensions: { extensions: [...pair.a.state.groupContext.extensions] } };
    const rename: Proposal = {
      proposalType: 0x0008,
      proposalData: joinBytes(writeUint(0x8001, 2), Uint8Array.of(1), writeVector(Uint8Array.of(0, 0))),
    };
    for (const proposal of [add, context, rename]) {
      const made = await commit(pair.b, rng, { extraProposals: [proposal] });
      expect(await receive(pair.a, made.mlsBytes)).toEqual({ kind: 'refused', reason: 'proposals' });
    }
    // An admin may.
    expectKind(await receive(pair.b, (await commit(pair.a, rng, { extraProposals: [add] })).mlsBytes), 'handshake');
  });

  it('that only propose are refused, unless it is an own departure; without a right signature also that', async () => {
    expect(await receive(pair.a, await propose(pair.b, { proposalType: 3, remove: { removed: 0 } }))).toEqual({
      kind: 'refused',
      reason: 'proposals',
    });
    for (const body of [writeUint(0x000a, 2), joinBytes(writeUint(0x0008, 2), writeUint(0x8001, 2), Uint8Array.of(2))]) {
      const head = publicHead(pair.b, 1);
      const standalone = joinBytes(head, Uint8Array.of(2), body, writeVector(new Uint8Array(64)), writeVector(new Uint8Array(32)));
      const inline = joinBytes(
        head,
        Uint8Array.of(3),
        writeVector(Uint8Array.of(1), body),
        Uint8Array.of(0),
        writeVector(new Uint8Array(64)),
      );
      expect(await receive(pair.a, standalone)).toEqual({ kind: 'unreadable', reason: 'undecryptable' });
      expect(await receive(pair.a, inline)).toEqual({ kind: 'unreadable', reason: 'undecryptable' });
    }
  });

  it('from outside the group are refused', async () => {
    const head = joinBytes(writeUint(1, 2), writeUint(1, 2), writeVector(pair.a.state.groupContext.groupId), writeUint64(1n));
    const rest = joinBytes(writeVector(), Uint8Array.of(3), writeVector());
    for (const sender of [Uint8Array.of(4), Uint8Array.of(3), Uint8Array.of(2, 0, 0, 0, 0), Uint8Array.of(1, 0, 0, 0, 9)]) {
      expect(await receive(pair.a, joinBytes(head, sender, rest))).toEqual({ kind: 'refused', reason: 'sender' });
    }
  });

  it('inside a private message are refused', async () => {
    const made = await commit(pair.b, rng, { wireAsPublicMessage: false });
    expect(await receive(pair.a, made.mlsBytes)).toEqual({ kind: 'refused', reason: 'handshake-form' });
  });

  it('that take over another identity or drop the proof are refused, though MLS itself accepts them', async () => {
    const thief = withOwnLeaf(pair.b, (leaf) => ({ ...leaf, credential: { credentialType: 1, identity: new Uint8Array(32).fill(7) } }));
    const bare = withOwnLeaf(pair.b, (leaf) => ({
      ...leaf,
      extensions: [makeCustomExtension({ extensionType: 6, extensionData: Uint8Array.of(0) })],
    }));
    for (const cheat of [thief, bare]) {
      const { mlsBytes } = await commit(cheat, rng);
      const message = decodeMlsMessage(mlsBytes);
      if (!('publicMessage' in message)) throw new Error('expected a public message');
      await processPublicMessage({ context: createMlsContext(noRng), state: pair.a.state, publicMessage: message.publicMessage });
      expect(await receive(pair.a, mlsBytes)).toEqual({ kind: 'refused', reason: 'group-state' });
    }
  });

  it('of one epoch: one of them counts, whichever comes first', async () => {
    const made = [await commit(pair.b, rng), await commit(pair.b, rng)].map(({ mlsBytes }) => mlsBytes);
    const [low, high] = made.toSorted((x, y) => (sha256Hex(x) < sha256Hex(y) ? -1 : 1)) as [Uint8Array, Uint8Array];
    const kept = expectKind(await receive(pair.a, low), 'handshake').channel;
    expect(await processMls(kept, low)).toEqual({ kind: 'unreadable', reason: 'already-read' });
    const beside = expectKind(await processMls(kept, high), 'rival').channel;
    expect(beside.epoch).toEqual(kept.epoch);
    const first = expectKind(await receive(pair.a, high), 'handshake').channel;
    const changed = expectKind(await processMls(first, low), 'handshake');
    expect(changed.superseded).toEqual([sha256Hex(high)]);
    expect(changed.channel.epoch).toEqual(kept.epoch);
    // Of ours, and made by a state that this one knows nothing of.
    expectKind(await processMls(pair.b, low), 'stray');
  });

  it('of an epoch more than five before the last are too late', async () => {
    const old = await commit(pair.b, rng);
    let [a, b] = [pair.a, pair.b];
    for (let epochs = 1; epochs <= 6; epochs += 1) {
      const next = await commit(b, rng);
      a = expectKind(await processMls(a, next.mlsBytes), 'handshake').channel;
      b = next.channel;
      const late = await processMls(a, old.mlsBytes);
      if (epochs <= 5) expectKind(late, epochs === 1 ? (late.kind === 'rival' ? 'rival' : 'handshake') : 'rival');
      else expect(late).toEqual({ kind: 'unreadable', reason: 'stale-epoch' });
    }
  });
});

describe('group events', () => {
  const secretKey = new Uint8Array(32).fill(9);
  const remake = (event: NostrEvent, change: Partial<NostrEvent>): NostrEvent =>
    signEvent(secretKey, publicKeyOf(secretKey), { ...event, ...change });

  it('are by a new key each time and say nothing but the group', async () => {
    const [x, y] = [(await say(pair.b, 'same', rng)).event, (await say(pair.b, 'same', rng)).event];
    expect(x.pubkey).not.toBe(y.pubkey);
    expect([pair.alice.signer.pubkey, pair.bob.signer.pubkey]).not.toContain(x.pubkey);
    expect(x.tags).toEqual([['h', routingOf(pair.a.state).nostrGroupId]]);
  });

  it('with any tag too many, too few or too long are malformed; only expiration may join h', async () => {
    const { event } = await say(pair.b, 'tags', rng);
    const [h] = event.tags;
    if (h === undefined) throw new Error('no tag');
    expect(peelGroupEvent(pair.a, remake(event, { tags: [h, ['expiration', '1900000000']] })).kind).toBe('peeled');
    for (const tags of [
      [],
      [h, h],
      [[...h, 'x']],
      [h, ['encoding', 'base64']],
      [['h']],
      [['h', 'ABC']],
      [h, ['expiration', '1'], ['expiration', '2']],
    ]) {
      expect(peelGroupEvent(pair.a, remake(event, { tags }))).toEqual({ kind: 'unreadable', reason: 'malformed' });
    }
  });

  it('of another group, another kind, with a bad signature or bad content stay closed', async () => {
    const { event } = await say(pair.b, 'closed', rng);
    const reasonOf = (e: unknown): string => expectKind(peelGroupEvent(pair.a, e), 'unreadable').reason;
    expect(reasonOf(remake(event, { tags: [['h', '0'.repeat(64)]] }))).toBe('other-group');
    expect(reasonOf(remake(event, { kind: 1 }))).toBe('malformed');
    expect(reasonOf({ ...event, created_at: event.created_at + 1 })).toBe('signature');
    expect(reasonOf(remake(event, { content: Buffer.alloc(27).toString('base64') }))).toBe('malformed');
    expect(reasonOf(remake(event, { content: Buffer.alloc(28).toString('base64') }))).toBe('no-key');
    expect(reasonOf(remake(event, { content: event.content.replace(/=*$/, '!') }))).toBe('malformed');
    expect(reasonOf(remake(event, { content: 'A'.repeat(600_000) }))).toBe('too-large');
    for (const odd of [undefined, null, 1, 'x', [], {}, { ...event, tags: [[1]] }]) expect(reasonOf(odd)).toBe('malformed');
  });

  it('never throw out of peeling or processing, however their bytes are changed', async () => {
    const application = peel(pair.a, (await say(pair.b, 'fuzz', rng)).event).mlsBytes;
    const update = (await commit(pair.b, rng)).mlsBytes;
    const seen = new Set<string>();
    for (const source of [application, update]) {
      // Every bit of the header, where kinds and senders are told apart, and every third of the rest.
      for (let bit = 0; bit < source.length * 8; bit += bit < 800 ? 1 : 3) {
        const bytes = source.with(bit >> 3, (source[bit >> 3] ?? 0) ^ (1 << (bit & 7)));
        seen.add((await processMls(pair.a, bytes)).kind);
      }
      for (let length = 0; length < source.length; length += 7) seen.add((await processMls(pair.a, source.slice(0, length))).kind);
    }
    expect([...seen].sort()).toEqual(['own', 'refused', 'unreadable']);
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
        expect((await processMls(pair.a, bytes)).kind).toBe('unreadable');
      }),
      { numRuns: 200 },
    );
  });

  it('of a third party without the group key cannot be opened', async () => {
    const other = await openPair();
    const { event } = await say(other.b, 'elsewhere', makeRng('elsewhere'));
    const key = new Uint8Array(32).fill(1);
    const guess = sealGroupEvent(key, routingOf(pair.a.state).nostrGroupId, new Uint8Array(100), NOW, rng);
    expect(peelGroupEvent(pair.a, guess)).toEqual({ kind: 'unreadable', reason: 'no-key' });
    expect(peelGroupEvent({ ...pair.a, epoch: { ...pair.a.epoch, outerKey: key } }, event).kind).toBe('unreadable');
  });
});

describe('sending', () => {
  it('goes on when a proposal was left in a stored state', async () => {
    const waiting = { '': { proposal: { proposalType: 3 as const, remove: { removed: 0 } }, senderLeafIndex: 1 } };
    const stuck = { ...pair.b, state: { ...pair.b.state, unappliedProposals: waiting } };
    const sent = await sealPayload(stuck, { payload: encodePayload(chat(stuck.own, 'through')), now: NOW, rng });
    expect(expectKind(await processMls(pair.a, peel(pair.a, sent.event).mlsBytes), 'payload').rumor).toEqual(
      makeRumor(stuck.own, chat(stuck.own, 'through')),
    );
  });
});

/** The message with its sender data replaced, as any member could. */
function withSender(member: Channel, mlsBytes: Uint8Array, leafIndex: number, generation: number): Uint8Array {
  const message = decodeMlsMessage(mlsBytes);
  if (!('privateMessage' in message)) throw new Error('expected a private message');
  const { privateMessage } = message;
  const sample = privateMessage.ciphertext.subarray(0, 32);
  const secret = member.state.keySchedule.senderDataSecret;
  const aad = joinBytes(writeVector(privateMessage.groupId), writeUint64(privateMessage.epoch), writeUint(privateMessage.contentType, 1));
  const plain = joinBytes(writeUint(leafIndex, 4), writeUint(generation, 4), new Uint8Array(4));
  const encryptedSenderData = sealAes(expandWithLabel(secret, 'key', sample, 16), expandWithLabel(secret, 'nonce', sample, 12), aad, plain);
  return encodeMlsMessage({ ...message, privateMessage: { ...privateMessage, encryptedSenderData } });
}

function publicHead({ state }: Channel, leafIndex: number): Uint8Array {
  const { groupId, epoch } = state.groupContext;
  return joinBytes(
    writeUint(1, 2),
    writeUint(1, 2),
    writeVector(groupId),
    writeUint64(epoch),
    Uint8Array.of(1),
    writeUint(leafIndex, 4),
    writeVector(),
  );
}

type Leaf = Extract<NonNullable<ClientState['ratchetTree'][number]>, { leaf: unknown }>['leaf'];

function withOwnLeaf(channel: Channel, change: (leaf: Leaf) => Leaf): Channel {
  const own = channel.state.privatePath.leafIndex * 2;
  const ratchetTree = channel.state.ratchetTree.map((node, i) =>
    i === own && node !== undefined && 'leaf' in node ? { ...node, leaf: change(node.leaf) } : node,
  );
  return { ...channel, state: { ...channel.state, ratchetTree } };
}
