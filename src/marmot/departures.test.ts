// Leaving a group: who may ask for it, who lets whom go, and what becomes of wishes that come late, twice or in bad company
// (protocol-core/member-departure.md).

import { beforeAll, describe, expect, it } from 'vitest';
import { sha256Hex, type Hex } from '../core/bytes.ts';
import type { NostrEvent } from '../nostr/event.ts';
import { encodeBase64 } from './base64.ts';
import { describeChannel, type Channel } from './channel.ts';
import { encodeAdmins } from './components.ts';
import {
  expectTalk,
  followAll,
  inject,
  membersOf,
  openFour,
  propose,
  removeLeaf,
  RENAMED,
  saved,
  SELF_REMOVE,
  setComponent,
  type Four,
} from './groups.fixture.ts';
import { decodeMlsMessage } from './mlsMessage.ts';
import { change, commit, expectKind, follow, makeRng, NOW, peel, pinClock, take } from './parties.fixture.ts';
import { processMls } from './processMls.ts';
import { COMPONENTS } from './profile.ts';
import { proposeDeparture } from './proposeDeparture.ts';

const rng = makeRng('departures');
let four: Four;
/** Dave has asked to be let go, and all have heard of it. */
let waiting: Four;
let wish: NostrEvent;

beforeAll(async () => {
  pinClock();
  four = await openFour();
  const asked = await proposeDeparture(four.dave, NOW, rng);
  wish = asked.event;
  waiting = { ...(await followAll(four, wish, 'dave')), dave: saved(asked.channel) };
});

const admins = (...accounts: Hex[]) => ({ kind: 'component', component: COMPONENTS.adminPolicy, data: encodeAdmins(accounts) }) as const;

/** The references of the proposals that a commit is of. */
function referencesIn(channel: Channel, event: NostrEvent): readonly string[] {
  const message = decodeMlsMessage(peel(channel, event).mlsBytes);
  const content = 'publicMessage' in message ? message.publicMessage.content : undefined;
  if (content === undefined || !('commit' in content)) throw new Error('expected a commit');
  return content.commit.proposals.map((each) => ('reference' in each ? encodeBase64(each.reference) : 'inline'));
}

describe('a wish to leave', () => {
  it('is granted by any member, no admin needed, and everybody goes along', async () => {
    expect(describeChannel(waiting.carol)).toMatchObject({ admins: [four.alice.own], leaving: [four.dave.own] });
    for (const [name, channel] of Object.entries(waiting).filter(([each]) => each !== 'dave')) {
      const farewell = await change(channel, { kind: 'let-go' }, rng);
      const { dave, ...rest } = { ...waiting, [name]: farewell.channel };
      const ended = expectKind(await take(dave, farewell.event), 'ended').channel;
      expect(describeChannel(ended).isMember).toBe(false);
      const after = await expectTalk(await followAll(rest, farewell.event, name));
      for (const each of Object.values(after)) expect(membersOf(each)).not.toContain(dave.own);
    }
  });

  it('is not granted by its own author', async () => {
    await expect(change(waiting.dave, { kind: 'let-go' }, rng)).rejects.toMatchObject({ code: 'input/invalid' });
  });

  it('is granted by who is no admin only without anything beside it', async () => {
    const rename = setComponent(RENAMED.component, RENAMED.data);
    for (const extra of [rename, removeLeaf(0)]) {
      const mixed = await commit(waiting.bob, rng, { extraProposals: [extra] });
      expect(await processMls(waiting.carol, mixed.mlsBytes)).toEqual({ kind: 'refused', reason: 'proposals' });
    }
    expectKind(await processMls(waiting.carol, (await commit(waiting.bob, rng)).mlsBytes), 'handshake');
  });

  it('is granted together with those of others, in one commit', async () => {
    const second = await proposeDeparture(waiting.carol, NOW, rng);
    const both = { ...(await followAll(waiting, second.event, 'carol')), carol: second.channel };
    const farewell = await change(both.bob, { kind: 'let-go' }, rng);
    expect(referencesIn(both.alice, farewell.event)).toHaveLength(2);
    for (const gone of [both.carol, both.dave]) expectKind(await take(gone, farewell.event), 'ended');
    const alice = await follow(both.alice, farewell.event);
    expect(membersOf(alice)).toEqual([both.alice.own, both.bob.own].sort());
    await expectTalk({ alice, bob: farewell.channel });
  });

  it('is not granted in a commit that holds an invalid one as well', async () => {
    // Alice is the admin: who takes her wish in breaks the rule.
    const invalid = await propose(waiting.alice, SELF_REMOVE);
    expect(await processMls(waiting.carol, invalid.mlsBytes)).toEqual({ kind: 'refused', reason: 'proposals' });
    const made = await commit(await inject(waiting.bob, invalid.mlsBytes), rng);
    expect(referencesIn(waiting.carol, made.event)).toHaveLength(2);
    expect(await processMls(waiting.carol, made.mlsBytes)).toEqual({ kind: 'unreadable', reason: 'missing-proposal' });
    expect(await processMls(await inject(waiting.carol, invalid.mlsBytes), made.mlsBytes)).toEqual({
      kind: 'refused',
      reason: 'proposals',
    });
  });

  it('that comes after the commit that grants it makes that one readable', async () => {
    const farewell = await change(waiting.bob, { kind: 'let-go' }, rng);
    expect(await take(four.carol, farewell.event)).toEqual({ kind: 'unreadable', reason: 'missing-proposal' });
    const carol = await follow(await follow(four.carol, wish), farewell.event);
    expect(membersOf(carol)).not.toContain(four.dave.own);
    await expectTalk({ bob: farewell.channel, carol });
  });
});

describe('who wants to leave', () => {
  it('asks once in an epoch', async () => {
    for (const channel of [waiting.dave, saved(waiting.dave)])
      await expect(proposeDeparture(channel, NOW, rng)).rejects.toMatchObject({ code: 'input/invalid' });
    expect(describeChannel(waiting.dave).leaving).toEqual([four.dave.own]);
  });

  it('asks anew in the next epoch, where the wish of the one before counts for nothing', async () => {
    const renamed = await change(waiting.alice, RENAMED, rng);
    const next = { ...(await followAll(waiting, renamed.event, 'alice')), alice: saved(renamed.channel) };
    for (const channel of Object.values(next)) expect(describeChannel(channel).leaving).toEqual([]);
    // The old bytes again, as a relay may show them any time.
    const { mlsBytes, mlsHash } = peel(waiting.bob, wish);
    const again = await processMls(next.bob, mlsBytes);
    const bob = 'channel' in again ? again.channel : next.bob;
    expect(describeChannel(bob).leaving).toEqual([]);
    await expect(change(bob, { kind: 'let-go' }, rng)).rejects.toThrow('Nobody has asked');

    const anew = await proposeDeparture(next.dave, NOW, rng);
    expect(anew.mlsHash).not.toBe(mlsHash);
    const farewell = await change(await follow(bob, anew.event), { kind: 'let-go' }, rng);
    expectKind(await take(anew.channel, farewell.event), 'ended');
  });

  it('gives up being an admin first, and names another before that when there is none', async () => {
    const { alice, bob } = four;
    await expect(proposeDeparture(alice, NOW, rng)).rejects.toMatchObject({ code: 'input/invalid' });
    await expect(change(alice, admins(), rng)).rejects.toMatchObject({ code: 'input/invalid' });
    const named = await change(alice, admins(alice.own, bob.own), rng);
    let group: Four = { ...(await followAll(four, named.event, 'alice')), alice: named.channel };
    await expect(proposeDeparture(group.alice, NOW, rng)).rejects.toMatchObject({ code: 'input/invalid' });
    const givenUp = await change(group.alice, admins(bob.own), rng);
    group = { ...(await followAll(group, givenUp.event, 'alice')), alice: givenUp.channel };
    const asked = await proposeDeparture(group.alice, NOW, rng);
    group = { ...(await followAll(group, asked.event, 'alice')), alice: asked.channel };
    const farewell = await change(group.carol, { kind: 'let-go' }, rng);
    expectKind(await take(group.alice, farewell.event), 'ended');
    const { alice: _, ...rest } = { ...group, carol: farewell.channel };
    await expectTalk(await followAll(rest, farewell.event, 'carol'));
  });
});

describe('several wishes of one member in one epoch', () => {
  /** Two messages that ask for the same and differ in a field without meaning. */
  async function askTwice(round: number): Promise<readonly [Uint8Array, Uint8Array]> {
    const asked = [0, 1].map(async (each) => (await propose(four.dave, SELF_REMOVE, Uint8Array.of(round, each))).mlsBytes);
    const [low, high] = (await Promise.all(asked)).sort((a, b) => (sha256Hex(a) < sha256Hex(b) ? -1 : 1));
    if (low === undefined || high === undefined) throw new Error('there are two');
    return [low, high];
  }

  /** A channel that has taken these in, and the reference of the last of them. */
  async function hear(channel: Channel, ...wishes: Uint8Array[]): Promise<{ readonly channel: Channel; readonly last: string }> {
    let at = { channel, last: '' };
    for (const mlsBytes of wishes) {
      const next = saved(expectKind(await processMls(at.channel, mlsBytes), 'handshake').channel);
      const last = Object.keys(next.state.unappliedProposals).find((ref) => !(ref in at.channel.state.unappliedProposals));
      at = { channel: next, last: last ?? '' };
    }
    return at;
  }

  it('are all kept, and we grant the one with the lowest digest, whichever came first', async () => {
    for (let round = 0; round < 3; round += 1) {
      const [low, high] = await askTwice(round);
      const { channel: bob } = await hear(four.bob, low, high);
      const { channel: carol, last: lowest } = await hear(four.carol, high, low);
      expect(Object.keys(bob.state.unappliedProposals)).toHaveLength(2);
      for (const by of [bob, carol]) {
        const { event } = await change(by, { kind: 'let-go' }, rng);
        expect(referencesIn(four.alice, event)).toEqual([lowest]);
      }
    }
  });

  it('are all good: who grants another one is followed', async () => {
    const [low, high] = await askTwice(9);
    const { channel: bob, last: other } = await hear(four.bob, low, high);
    const only = Object.fromEntries(Object.entries(bob.state.unappliedProposals).filter(([ref]) => ref === other));
    const made = await commit({ ...bob, state: { ...bob.state, unappliedProposals: only } }, rng);
    const { channel: carol } = await hear(four.carol, high, low);
    expect(referencesIn(carol, made.event)).toEqual([other]);
    expect(membersOf(await follow(carol, made.event))).not.toContain(four.dave.own);
  });

  it('are one wish when their bytes are the same', async () => {
    const { mlsBytes } = peel(waiting.bob, wish);
    const result = await processMls(waiting.bob, mlsBytes);
    const bob = 'channel' in result ? result.channel : waiting.bob;
    expect(Object.keys(bob.state.unappliedProposals)).toHaveLength(1);
  });
});

describe('two who grant one wish', () => {
  it.each(['alice', 'carol'] as const)('end in one epoch, that of the lower key, whoever is first: bob against %s', async (name) => {
    const [byBob, byOther] = [await change(waiting.bob, { kind: 'let-go' }, rng), await change(waiting[name], { kind: 'let-go' }, rng)];
    // That alice is the admin does not help her: no admin is needed for this.
    expect(waiting.bob.own < waiting[name].own).toBe(true);
    const witness = name === 'alice' ? waiting.carol : waiting.alice;
    for (const events of [
      [byBob.event, byOther.event],
      [byOther.event, byBob.event],
    ]) {
      let at = witness;
      for (const event of events) at = await follow(at, event);
      expect(at.epoch.id).toBe(byBob.channel.epoch.id);
    }
    await expectTalk({ bob: await follow(byBob.channel, byOther.event), other: await follow(byOther.channel, byBob.event) });
    for (const event of [byBob.event, byOther.event]) expectKind(await take(waiting.dave, event), 'ended');
  });
});
