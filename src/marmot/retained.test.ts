// What is kept of epochs and branches, what is let go, and which commits may make a branch at all (protocol-core/retained-history.md,
// protocol-core/convergence.md "Candidate branches").

import { beforeAll, describe, expect, it } from 'vitest';
import type { NostrEvent } from '../nostr/event.ts';
import { describeChannel, type Channel } from './channel.ts';
import { decodeChannel, encodeChannel } from './channelCodec.ts';
import { encodeAdmins } from './components.ts';
import { peelGroupEvent } from './groupEvent.ts';
import {
  expectTalk,
  followAll,
  holds,
  inject,
  openFour,
  propose,
  removeLeaf,
  RENAMED,
  saved,
  secretsOf,
  SELF_REMOVE,
  setComponent,
  type Four,
} from './groups.fixture.ts';
import { makePlaintext, sealPlaintext, signPublic, splitPublic } from './insider.fixture.ts';
import { chat, change, commit, expectKind, follow, makeRng, NOW, peel, pinClock, say, take, type Committed } from './parties.fixture.ts';
import { encodePayload } from './payload.ts';
import { processMls } from './processMls.ts';
import { COMPONENTS, CONVERGENCE, RETENTION } from './profile.ts';
import { adoptStaged, stageCommit } from './stageCommit.ts';

const rng = makeRng('retained');
const UPDATE = { kind: 'self-update' } as const;
const LOST = expect.objectContaining({ code: 'store/corrupt' }) as Error;
let four: Four;

beforeAll(async () => {
  pinClock();
  four = await openFour();
});

/** So many new leaves of one member, one after the other. */
async function renew(channel: Channel, count: number): Promise<readonly Committed[]> {
  const made: Committed[] = [];
  for (let i = 0; i < count; i += 1) made.push(await change(made.at(-1)?.channel ?? channel, UPDATE, rng));
  return made;
}

async function followEach(channel: Channel, events: readonly Committed[]): Promise<Channel> {
  let at = channel;
  for (const { event } of events) at = await follow(at, event);
  return at;
}

const tipOf = (made: readonly Committed[]): Channel => made.at(-1)?.channel as Channel;

/** Takes an event in as a program would that keeps what it cannot open yet. */
async function tryTake(channel: Channel, event: NostrEvent): Promise<Channel | string> {
  const peeled = peelGroupEvent(channel, event);
  if (peeled.kind === 'unreadable') return peeled.reason;
  const result = await processMls(channel, peeled.mlsBytes);
  return 'channel' in result ? saved(result.channel) : result.kind === 'own' ? 'own' : result.reason;
}

describe('what is kept', () => {
  it('is the tip, five epochs before it, every branch from there and the commit on its way, through storage', async () => {
    const mine = await renew(four.alice, 6);
    const theirs = await renew(await followEach(four.bob, mine.slice(0, 2)), 2);
    const { channel } = await stageCommit(await followEach(tipOf(mine), theirs), UPDATE, NOW, rng);
    const kept = saved(channel);
    expect(encodeChannel(kept)).toEqual(encodeChannel(channel));
    expect(kept.past.map(({ epoch }) => epoch.number)).toEqual([6n, 5n, 4n, 3n, 2n]);
    expect(kept.past.map(({ epoch }) => epoch.id)).toEqual([4, 3, 2, 1, 0].map((i) => mine[i]?.channel.epoch.id));
    expect(kept.rivals.map(({ epoch }) => epoch.id)).toEqual(theirs.map((each) => each.channel.epoch.id));
    expect([kept.epoch.number, kept.staged?.epoch.number]).toEqual([7n, 8n]);
    // All of it can be used: another branch is followed, and the commit is applied.
    const longer = await renew(tipOf(theirs), 4);
    expect((await followEach(kept, longer)).epoch.id).toBe(tipOf(longer).epoch.id);
    expect(adoptStaged(kept).channel.epoch.id).toBe(kept.staged?.epoch.id);
  });

  it('has the numbers of the convergence policy', () => {
    expect(CONVERGENCE).toEqual({ maxRewind: 5, quorumSenders: 2, quorumEpochs: 1, witnessBoost: 1 });
    expect(RETENTION.epochs).toBe(5);
  });

  it('loses the secrets that have no use: most with the next commit, the rest with the sixth', async () => {
    const secrets = secretsOf(four.alice);
    const made = await renew(four.alice, 6);
    const heldAfter = (count: number): readonly string[] =>
      Object.keys(secrets).filter((name) => holds(made[count - 1]?.channel as Channel, secrets[name] as Uint8Array));
    const { leafIndex } = four.alice.state.privatePath;
    const path = Object.keys(secrets).filter((name) => name.startsWith('path '));
    expect(path).toContain(`path ${leafIndex * 2}`);
    expect(Object.keys(secrets)).toEqual(expect.arrayContaining(['exporterSecret', 'confirmationKey', 'epochAuthenticator', 'initSecret']));
    // To follow another commit of that epoch, to read what was said in it, and to sign.
    const useful = ['initSecret', 'membershipKey', 'outer', 'resumptionPsk', 'senderDataSecret', 'signature', ...path];
    expect([...heldAfter(1)].sort()).toEqual([...useful].sort());
    expect([...heldAfter(5)].sort()).toEqual([...useful].sort());
    expect(heldAfter(6)).toEqual(['signature']);
  });

  it('stops everything when there is a gap in it: nothing is followed by default', async () => {
    const mine = await renew(four.alice, 4);
    const theirs = await renew(four.bob, 2);
    const whole = await followEach(tipOf(mine), theirs);
    expect([whole.past.length, whole.rivals.length]).toEqual([4, 2]);
    for (let gap = 0; gap < 3; gap += 1) {
      const broken = { ...whole, past: whole.past.filter((_, i) => i !== gap) };
      expect(() => decodeChannel(encodeChannel(broken)), `epoch ${gap}`).toThrow(LOST);
    }
    expect(() => decodeChannel(encodeChannel({ ...whole, rivals: whole.rivals.slice(1) }))).toThrow(LOST);
    expect(() => decodeChannel(encodeChannel({ ...whole, past: [] }))).toThrow(LOST);
  });

  it('stops everything when a state in it is damaged, as soon as that is needed, and leaves the channel as it is', async () => {
    const mine = await renew(four.alice, 2);
    const [first, second] = (await renew(four.bob, 2)) as [Committed, Committed];
    const cut = (kept: Channel['past']): Channel['past'] => kept.map((each) => ({ ...each, bytes: each.bytes.slice(0, -20) }));
    const tip = tipOf(mine);
    const both = await follow(tip, first.event);
    for (const [broken, event] of [
      [{ ...tip, past: cut(tip.past) }, first.event],
      [{ ...both, rivals: cut(both.rivals) }, second.event],
    ] as const) {
      const before = encodeChannel(broken);
      await expect(take(broken, event)).rejects.toEqual(LOST);
      expect(encodeChannel(broken)).toEqual(before);
      // What needs no lost state is read as ever.
      const said = await say(await followEach(four.carol, mine), 'still there', rng);
      expectKind(await take(broken, said.event), 'payload');
    }
    // A branch that would win is not gone over to when an epoch within it is lost: bob’s key is the lower one.
    const two = await follow(await follow(tipOf(await renew(tip, 1)), first.event), second.event);
    const [third] = (await renew(second.channel, 1)) as [Committed];
    expect((await follow(two, third.event)).epoch.id).toBe(third.channel.epoch.id);
    const inner = two.rivals.map((kept) => (kept.epoch.id === first.channel.epoch.id ? cut([kept])[0] : kept)) as Channel['rivals'];
    await expect(take({ ...two, rivals: inner }, third.event)).rejects.toEqual(LOST);
  });
});

describe('a commit whose parent has not come', () => {
  it('waits, whatever else comes, and is followed after it', async () => {
    const theirs = await renew(four.bob, 3);
    const [first, second, third] = theirs.map(({ event }) => event) as [NostrEvent, NostrEvent, NostrEvent];
    const mine = await renew(four.alice, 1);
    const alice = tipOf(mine);
    expect([await tryTake(alice, third), await tryTake(alice, second)]).toEqual(['no-key', 'no-key']);
    const one = await follow(alice, first);
    expect([await tryTake(one, third), one.epoch.number]).toEqual(['no-key', 2n]);
    expect((await follow(await follow(one, second), third)).epoch.id).toBe(tipOf(theirs).epoch.id);
  });

  it('waits for five epochs, and is past all hope after the sixth', async () => {
    const theirs = await renew(four.bob, 7);
    const mine = await renew(four.alice, 6);
    const [five, six] = [mine[4]?.channel as Channel, mine[5]?.channel as Channel];
    const [first, ...rest] = theirs;
    if (first === undefined) throw new Error('there are seven');
    for (const channel of [five, six]) for (const { event } of rest) expect(await tryTake(channel, event)).toBe('no-key');
    expect((await followEach(five, theirs)).epoch.id).toBe(tipOf(theirs).epoch.id);
    expect(await tryTake(six, first.event)).toBe('no-key');
    expect(await processMls(six, peel(four.bob, first.event).mlsBytes)).toEqual({ kind: 'unreadable', reason: 'stale-epoch' });
  });

  it('is not the end of the channel: who missed a commit reads on when it comes', async () => {
    const [first, second] = (await renew(four.bob, 2)) as [Committed, Committed];
    const said = await say(second.channel, 'later', rng);
    expect([await tryTake(four.carol, second.event), await tryTake(four.carol, said.event)]).toEqual(['no-key', 'no-key']);
    const carol = await followEach(four.carol, [first, second]);
    expect(expectKind(await take(carol, said.event), 'payload').rumor.content).toBe('later');
  });
});

describe('a branch', () => {
  const rename = setComponent(RENAMED.component, RENAMED.data);

  it('is made by no commit that is invalid on its parent, not even beside the tip', async () => {
    const { alice, bob } = four;
    const [tip] = (await renew(alice, 1)) as [Committed];
    const stranger = setComponent(COMPONENTS.adminPolicy, encodeAdmins([alice.own, 'ee'.repeat(32)]));
    const good = await commit(bob, rng);
    const cut = splitPublic(good.mlsBytes, true);
    const forged = signPublic(
      { ...bob, state: { ...bob.state, signaturePrivateKey: four.carol.state.signaturePrivateKey } },
      cut.content,
      cut.confirmation,
    );
    const unconfirmed = signPublic(bob, cut.content, cut.confirmation.with(5, (cut.confirmation[5] ?? 0) ^ 1));
    const bad: [string, Uint8Array, string][] = [
      ['no right', (await commit(bob, rng, { extraProposals: [rename] })).mlsBytes, 'proposals'],
      ['a removal by who may not', (await commit(bob, rng, { extraProposals: [removeLeaf(2)] })).mlsBytes, 'proposals'],
      ['an unsound result', (await commit(alice, rng, { extraProposals: [stranger] })).mlsBytes, 'group-state'],
      ['the signature of another', forged, 'undecryptable'],
      ['a wrong confirmation', unconfirmed, 'undecryptable'],
    ];
    const carol = await follow(four.carol, tip.event);
    const before = encodeChannel(carol);
    for (const [what, mlsBytes, reason] of bad) {
      const result = await processMls(carol, mlsBytes);
      expect(result, what).toMatchObject({ reason });
      expect(encodeChannel(carol)).toEqual(before);
    }
    // The same way, unspoilt.
    expect(signPublic(bob, cut.content, cut.confirmation)).toEqual(good.mlsBytes);
    const made = await processMls(carol, good.mlsBytes);
    if (!('channel' in made)) throw new Error('a good commit makes a branch');
    expect(made.channel.rivals).toHaveLength(1);
  });

  it('gives the rights that its own epochs give, not those of the tip', async () => {
    const { alice, bob, carol, dave } = four;
    const admins = { kind: 'component', component: COMPONENTS.adminPolicy, data: encodeAdmins([alice.own, carol.own]) } as const;
    const promoted = await change(alice, admins, rng);
    const [beside] = (await renew(bob, 1)) as [Committed];
    // Carol is an admin on the branch of alice’s, and none on bob’s.
    const there = await commit(await follow(carol, promoted.event), rng, { extraProposals: [rename] });
    const here = await commit(await follow(carol, beside.event), rng, { extraProposals: [rename] });
    const onHers = await followEach(dave, [promoted, beside]);
    expect(describeChannel(onHers).admins).toContain(carol.own);
    expect(await processMls(onHers, here.mlsBytes)).toEqual({ kind: 'refused', reason: 'proposals' });
    expectKind(await processMls(onHers, there.mlsBytes), 'handshake');
    // With two commits bob’s is the one to follow, and what she does on the other is right all the same.
    const [more] = (await renew(beside.channel, 1)) as [Committed];
    const onHis = await followEach(onHers, [more]);
    expect(describeChannel(onHis).admins).not.toContain(carol.own);
    const rival = await processMls(onHis, there.mlsBytes);
    if (!('channel' in rival)) throw new Error('it belongs to a branch');
    expect([...rival.channel.rivals, rival.channel].map(({ epoch }) => epoch.parent)).toContain(promoted.channel.epoch.id);
    expect(await processMls(onHis, here.mlsBytes)).toEqual({ kind: 'refused', reason: 'proposals' });
  });

  it('gains nothing from payloads that are not valid', async () => {
    const { alice, bob, carol } = four;
    const longer = await renew(alice, 2);
    const [shorter] = (await renew(bob, 1)) as [Committed];
    const onHis = await say(await follow(carol, shorter.event), 'so that she has a ratchet', rng);
    const byBob = await say(shorter.channel, 'here', rng);
    // Sound in MLS, with another author than its sender; and with no payload at all.
    const forged = [encodePayload(chat(alice.own, 'not by carol')), 'hello'].map((text) =>
      sealPlaintext(onHis.channel, makePlaintext(onHis.channel, new TextEncoder().encode(text))),
    );
    const heard = await followEach(tipOf(longer), [shorter, byBob]);
    expect(heard.epoch.id).toBe(tipOf(longer).epoch.id);
    const [author, payload] = await Promise.all(forged.map((mlsBytes) => processMls(heard, mlsBytes)));
    expect([author, payload]).toEqual([
      { kind: 'refused', reason: 'author' },
      { kind: 'refused', reason: 'payload' },
    ]);
    // A valid one from her is what it takes.
    expect((await follow(heard, onHis.event)).epoch.id).toBe(shorter.channel.epoch.id);
  });

  it('takes with it the proposals of its own epochs, and those of no other', async () => {
    const wish = await propose(four.dave, SELF_REMOVE);
    const [mine] = (await renew(four.alice, 1)) as [Committed];
    const alice = await followAll({ ...four, alice: mine.channel }, mine.event, 'alice');
    // It belongs to an epoch before, where it may still be granted on a branch of its own.
    const heard = expectKind(await processMls(alice.carol, wish.mlsBytes), 'handshake').channel;
    expect(describeChannel(heard).leaving).toEqual([]);
    const farewell = await commit(await inject(four.bob, wish.mlsBytes), rng);
    const [after] = await renew(farewell.channel, 1);
    const carol = await followEach(saved(heard), [{ ...farewell }, after as Committed]);
    expect(describeChannel(carol).members).not.toContain(four.dave.own);
    await expectTalk({ bob: (after as Committed).channel, carol });
  });
});
