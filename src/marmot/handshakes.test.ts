// What the peer may do to a channel, and what becomes of it: new leaves, new group data, farewells.

import { createProposal, type Proposal } from 'ts-mls';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Hex } from '../core/bytes.ts';
import { describeChannel, type Channel } from './channel.ts';
import { decodeChannel, encodeChannel } from './channelCodec.ts';
import { encodeAdmins, encodeProfile, encodeRouting } from './components.ts';
import { encodeIdList } from './dictionary.ts';
import { joinBytes, writeUint, writeUint64, writeVector } from './cursor.ts';
import { adminsOf, leafAt } from './groupCheck.ts';
import { createMlsContext } from './mlsContext.ts';
import { encodeMlsMessage } from './mlsMessage.ts';
import { change, commit, expectKind, follow, makeRng, NOW, openPair, peel, pinClock, say, take, type Pair } from './parties.fixture.ts';
import { processMls } from './processMls.ts';
import type { ProcessResult } from './processResult.ts';
import { COMPONENTS } from './profile.ts';
import { proposeDeparture } from './proposeDeparture.ts';

const rng = makeRng('handshakes');
let pair: Pair;
let [alice, bob]: [Hex, Hex] = ['', ''];
beforeAll(async () => {
  pinClock();
  pair = await openPair();
  [alice, bob] = [pair.alice.signer.pubkey, pair.bob.signer.pubkey];
});

const set = (component: number, payload: Uint8Array): Proposal => ({
  proposalType: 0x0008,
  proposalData: joinBytes(writeUint(component, 2), Uint8Array.of(1), writeVector(payload)),
});
const unset = (component: number): Proposal => ({
  proposalType: 0x0008,
  proposalData: joinBytes(writeUint(component, 2), Uint8Array.of(2)),
});
const SELF_REMOVE: Proposal = { proposalType: 0x000a, proposalData: new Uint8Array() };

/** The commit of Alice, who is the admin, as Bob takes it in. */
async function byAdmin(...extraProposals: Proposal[]): Promise<{ result: ProcessResult; a: Channel }> {
  const made = await commit(pair.a, rng, { extraProposals });
  return { result: await processMls(pair.b, made.mlsBytes), a: made.channel };
}

async function proposeBy(channel: Channel, proposal: Proposal): Promise<{ bytes: Uint8Array; channel: Channel }> {
  const { newState, message } = await createProposal({
    context: createMlsContext(rng),
    state: channel.state,
    proposal,
    wireAsPublicMessage: true,
  });
  return { bytes: encodeMlsMessage(message), channel: { ...channel, state: newState } };
}

async function talks(from: Channel, to: Channel): Promise<void> {
  const sent = await say(from, 'still here', rng);
  expect(expectKind(await processMls(to, peel(to, sent.event).mlsBytes), 'payload').rumor.content).toBe('still here');
}

describe('the admin of a channel', () => {
  it('changes its name, its admins and its relays, and both go on', async () => {
    const relays = ['wss://another.example'];
    const { result, a } = await byAdmin(
      set(COMPONENTS.profile, encodeProfile({ name: 'New name', description: '' })),
      set(COMPONENTS.adminPolicy, encodeAdmins([alice, bob])),
      set(COMPONENTS.routing, encodeRouting({ nostrGroupId: 'cd'.repeat(32), relays })),
    );
    const b = decodeChannel(encodeChannel(expectKind(result, 'handshake').channel));
    expect(adminsOf(b.state)).toEqual([alice, bob].sort());
    expect(describeChannel(b)).toMatchObject({ nostrGroupId: 'cd'.repeat(32), relays, epoch: 2 });
    await talks(a, b);
    await talks(b, a);
  });

  it('has messages vanish after a while, and keeps them again', async () => {
    const week = writeUint64(604_800n);
    const { result, a } = await byAdmin(set(COMPONENTS.retention, week));
    const b = expectKind(result, 'handshake').channel;
    const { event } = await say(b, 'soon gone', rng);
    expect(event.tags.slice(1)).toEqual([['expiration', String(NOW + 604_800)]]);
    expectKind(await processMls(a, peel(a, event).mlsBytes), 'payload');
    for (const payload of [writeUint64(0n), writeUint64(2n ** 64n - 1n)]) {
      const made = await commit(a, rng, { extraProposals: [set(COMPONENTS.retention, payload)] });
      const next = expectKind(await processMls(b, made.mlsBytes), 'handshake').channel;
      expect((await say(next, 'kept', rng)).event.tags).toHaveLength(1);
    }
    expect((await byAdmin(set(COMPONENTS.retention, Uint8Array.of(1)))).result).toEqual({ kind: 'refused', reason: 'group-state' });
  });

  it.each<[string, () => Proposal[]]>([
    ['takes the admin list away', () => [unset(COMPONENTS.adminPolicy)]],
    ['names an admin from outside', () => [set(COMPONENTS.adminPolicy, encodeAdmins([alice, 'ee'.repeat(32)]))]],
    [
      'writes the admins out of order',
      () => [
        set(
          COMPONENTS.adminPolicy,
          joinBytes(
            encodeAdmins([alice, bob]).slice(0, 2),
            ...[alice, bob]
              .sort()
              .reverse()
              .map((key) => Buffer.from(key, 'hex')),
          ),
        ),
      ],
    ],
    ['takes the routing away', () => [unset(COMPONENTS.routing)]],
    [
      'names a relay that is none',
      () => [set(COMPONENTS.routing, encodeRouting({ nostrGroupId: 'cd'.repeat(32), relays: ['http://x.example'] }))],
    ],
    ['requires less than the profile', () => [set(COMPONENTS.appComponents, encodeIdList([COMPONENTS.adminPolicy]))]],
    ['requires what we do not have', () => [set(COMPONENTS.appComponents, encodeIdList([0x8001, 0x8003, 0x8004, 0x8009, 0x800c, 0xabcd]))]],
    ['puts an identity proof into the group', () => [set(COMPONENTS.identityProof, new Uint8Array(104))]],
    ['writes a name that is none', () => [set(COMPONENTS.profile, Uint8Array.of(1))]],
  ])('is not followed when it %s', async (_, proposals) => {
    const { result } = await byAdmin(...proposals());
    expect(result).toEqual({ kind: 'refused', reason: 'group-state' });
    await talks(pair.a, pair.b);
  });

  it('proposes first and commits then', async () => {
    const proposed = await proposeBy(pair.a, set(COMPONENTS.profile, encodeProfile({ name: 'Later', description: '' })));
    const waiting = expectKind(await processMls(pair.b, proposed.bytes), 'handshake').channel;
    // What waits does not keep anybody from talking, and is still there afterwards.
    const sent = await say(waiting, 'meanwhile', rng);
    expectKind(await processMls(proposed.channel, peel(proposed.channel, sent.event).mlsBytes), 'payload');
    const made = await commit(proposed.channel, rng);
    const b = expectKind(await processMls(decodeChannel(encodeChannel(sent.channel)), made.mlsBytes), 'handshake').channel;
    await talks(made.channel, b);
  });

  it('removes the peer, who knows that it is out', async () => {
    const { result } = await byAdmin({ proposalType: 3, remove: { removed: 1 } });
    const ended = expectKind(result, 'ended').channel;
    expect(ended.state.groupActiveState.kind).toBe('removedFromGroup');
    expect(decodeChannel(encodeChannel(ended)).state.groupActiveState.kind).toBe('removedFromGroup');
    await expect(say(ended, 'x', rng)).rejects.toThrow();
  });

  it('does not remove a second admin who stays listed', async () => {
    const both = await byAdmin(set(COMPONENTS.adminPolicy, encodeAdmins([alice, bob])));
    const b = expectKind(both.result, 'handshake').channel;
    const removal: Proposal = { proposalType: 3, remove: { removed: 1 } };
    const bad = await commit(both.a, rng, { extraProposals: [removal] });
    expect(await processMls(b, bad.mlsBytes)).toEqual({ kind: 'refused', reason: 'group-state' });
    const good = await commit(both.a, rng, { extraProposals: [removal, set(COMPONENTS.adminPolicy, encodeAdmins([alice]))] });
    expectKind(await processMls(b, good.mlsBytes), 'ended');
  });

  it('may not ask to be let go', async () => {
    const { bytes } = await proposeBy(pair.a, SELF_REMOVE);
    expect(await processMls(pair.b, bytes)).toEqual({ kind: 'refused', reason: 'proposals' });
  });
});

describe('a member that is no admin', () => {
  it('asks to be let go, is let go, and knows it', async () => {
    const { channel: b, event } = await proposeDeparture(pair.b, NOW, rng);
    const a = await follow(pair.a, event);
    expect(describeChannel(a).leaving).toEqual([bob]);
    const farewell = await change(a, { kind: 'let-go' }, rng);
    expect(describeChannel(farewell.channel)).toMatchObject({ members: [alice], leaving: [], epoch: 2 });
    const ended = expectKind(await take(decodeChannel(encodeChannel(b)), farewell.event), 'ended').channel;
    expect(describeChannel(decodeChannel(encodeChannel(ended)))).toMatchObject({ isMember: false });
    await expect(change(pair.a, { kind: 'let-go' }, rng)).rejects.toMatchObject({ code: 'input/invalid' });
    await expect(proposeDeparture(pair.a, NOW, rng)).rejects.toMatchObject({ code: 'input/invalid' });
    await expect(proposeDeparture(ended, NOW, rng)).rejects.toMatchObject({ code: 'input/invalid' });
  });

  it('proposes and commits nothing else', async () => {
    for (const proposal of [set(COMPONENTS.profile, Uint8Array.of(0, 0)), { proposalType: 3, remove: { removed: 0 } } satisfies Proposal]) {
      const { bytes, channel } = await proposeBy(pair.b, proposal);
      expect(await processMls(pair.a, bytes)).toEqual({ kind: 'refused', reason: 'proposals' });
      const made = await commit(channel, rng);
      expectKind(await processMls(pair.a, made.mlsBytes), 'unreadable');
    }
  });

  it('has sixteen proposals at most waiting', async () => {
    let a = expectKind((await byAdmin(set(COMPONENTS.adminPolicy, encodeAdmins([alice, bob])))).result, 'handshake').channel;
    const admin = (await byAdmin(set(COMPONENTS.adminPolicy, encodeAdmins([alice, bob])))).a;
    expect(leafAt(a.state.ratchetTree, 0)).toBeDefined();
    let refused = 0;
    for (let i = 0; i < 20; i += 1) {
      const { bytes } = await proposeBy(admin, set(COMPONENTS.profile, encodeProfile({ name: `${i}`, description: '' })));
      const result = await processMls(a, bytes);
      if (result.kind === 'handshake') a = result.channel;
      else refused += 1;
    }
    expect([Object.keys(a.state.unappliedProposals).length, refused]).toEqual([16, 4]);
  });
});
