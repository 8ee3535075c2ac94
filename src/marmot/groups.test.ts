// Groups of several members: who may change them, where their events go, and that all members go along.

import { beforeAll, describe, expect, it } from 'vitest';
import { describeChannel, type Channel } from './channel.ts';
import { encodeChannel } from './channelCodec.ts';
import { encodeAdmins, encodeProfile, encodeRouting } from './components.ts';
import { writeUint64 } from './cursor.ts';
import { decodeIdList, encodeIdList } from './dictionary.ts';
import { peelGroupEvent } from './groupEvent.ts';
import { componentOf, retentionOf, routingOf } from './groupCheck.ts';
import { admit, expectTalk, followAll, membersOf, openFour, openShaped, saved, type Four, type Members } from './groups.fixture.ts';
import { joinChannel } from './joinChannel.ts';
import {
  change,
  expectKind,
  follow,
  makeParty,
  makeRng,
  NOW,
  openGroup,
  peel,
  pinClock,
  publish,
  readUsable,
  say,
  take,
} from './parties.fixture.ts';
import { processMls } from './processMls.ts';
import { COMPONENTS, CONVERGENCE, LIMITS } from './profile.ts';
import { proposeDeparture } from './proposeDeparture.ts';
import { dueInvitations, readInvitation, replaceInvitation } from './heldInvitations.ts';
import { adoptStaged, dropStaged, stageCommit, type GroupChange } from './stageCommit.ts';

const rng = makeRng('groups');
let four: Four;

beforeAll(async () => {
  pinClock();
  four = await openFour();
});

describe('a group of eight', () => {
  it('talks, removes one, lets one go, takes another in and talks on', async () => {
    const { channels } = await openGroup(['bob', 'carol', 'dave', 'erin', 'frank', 'grace', 'heidi']);
    let { heidi, ...group } = await expectTalk(channels as Members & Record<'alice' | 'frank' | 'grace' | 'heidi', Channel>);
    expect(membersOf(heidi)).toHaveLength(LIMITS.members);
    const ninth = await readUsable((await publish(makeParty('ivan'))).event);
    const full = change(group.alice, { kind: 'add', peers: [ninth] }, rng);
    await expect(full).rejects.toMatchObject({ code: 'input/invalid', message: expect.stringContaining('at most 8') as string });

    const removal = await change(group.alice, { kind: 'remove', account: heidi.own }, rng);
    heidi = expectKind(await take(heidi, removal.event), 'ended').channel;
    group = { ...(await followAll(group, removal.event, 'alice')), alice: removal.channel };

    const wish = await proposeDeparture(group.grace, NOW, rng);
    group = { ...(await followAll(group, wish.event, 'grace')), grace: wish.channel };
    const farewell = await change(group.frank, { kind: 'let-go' }, rng);
    const { grace, ...rest } = group;
    expectKind(await take(grace, farewell.event), 'ended');
    group = { ...(await followAll(rest, farewell.event, 'frank')), frank: farewell.channel } as typeof group;
    await expectTalk(group);

    const { channel, event, joined } = await admit(group.alice, makeParty('ivan'));
    const now = { ...(await followAll(group, event, 'alice')), alice: channel, ivan: joined };
    const accounts = Object.values(now)
      .map(({ own }) => own)
      .sort();
    expect(accounts).toHaveLength(7);
    for (const each of Object.values(now)) expect(membersOf(each)).toEqual(accounts);
    const sent = await say((await expectTalk(now)).ivan, 'not for those who have left', rng);
    for (const gone of [heidi, grace]) expect(peelGroupEvent(gone, sent.event).kind).toBe('unreadable');
  });
});

describe('a group as White Noise makes it', () => {
  const REQUIRED = [0x8001, 0x8003, 0x8004, 0x8005, 0x8006, 0x8009, 0x800b, 0x800c];
  const STREAM = Uint8Array.from(Buffer.from('010300001000000000000000', 'hex'));
  const open = () =>
    openShaped(['bob', 'carol'], {
      dictionary: (ours) =>
        new Map([
          ...ours,
          [COMPONENTS.appComponents, encodeIdList(REQUIRED)],
          [COMPONENTS.retention, writeUint64(86_400n)],
          [COMPONENTS.agentTextStream, STREAM],
          // What it says of media is for those who send some.
          [COMPONENTS.media, Uint8Array.of(1, 2, 3)],
        ]),
    }) as Promise<Record<'alice' | 'bob' | 'carol', Channel>>;

  it('is joined, and used: we talk, rename, add, let go and hand over, and what we do not know of stays as it was', async () => {
    let group = await expectTalk(await open());
    const [required] = group.bob.state.groupContext.extensions;
    expect(required?.extensionData).toMatchObject({ extensionTypes: [6], proposalTypes: [8, 10] });
    const admins = { kind: 'component', component: COMPONENTS.adminPolicy, data: encodeAdmins([group.alice.own, group.bob.own]) } as const;
    const handOver = await change(group.alice, admins, rng);
    group = { ...(await followAll(group, handOver.event, 'alice')), alice: handOver.channel };
    const renamed = await change(group.bob, rename('Ours'), rng);
    group = { ...(await followAll(group, renamed.event, 'bob')), bob: renamed.channel };
    const { channel, event, joined } = await admit(group.bob, makeParty('dave'));
    const five = { ...(await followAll(group, event, 'bob')), bob: channel, dave: joined };
    const wish = await proposeDeparture(five.carol, NOW, rng);
    const waiting = await followAll(five, wish.event, 'carol');
    const farewell = await change(waiting.dave, { kind: 'let-go' }, rng);
    expectKind(await take(wish.channel, farewell.event), 'ended');
    const { carol: _, ...rest } = waiting;
    const after = await expectTalk({ ...(await followAll(rest, farewell.event, 'dave')), dave: farewell.channel });
    for (const { state } of Object.values(after)) {
      expect(componentOf(state, COMPONENTS.agentTextStream)).toEqual(STREAM);
      expect(componentOf(state, COMPONENTS.media)).toEqual(Uint8Array.of(1, 2, 3));
      expect(decodeIdList(componentOf(state, COMPONENTS.appComponents) ?? new Uint8Array())).toEqual(REQUIRED);
      expect(retentionOf(state)).toBe(86_400n);
    }
    expect((await say(after.dave, 'x', rng)).event.tags[1]).toEqual(['expiration', String(NOW + 86_400)]);
  });
});

const rename = (name: string): GroupChange => ({
  kind: 'component',
  component: COMPONENTS.profile,
  data: encodeProfile({ name, description: '' }),
});

describe('a change of ours', () => {
  it('that only an admin may make is not made by another', async () => {
    const erin = await readUsable((await publish(makeParty('erin'))).event);
    const { alice, bob, carol } = four;
    const changes: GroupChange[] = [
      { kind: 'add', peers: [erin] },
      { kind: 'remove', account: carol.own },
      { kind: 'disband' },
      rename('x'),
    ];
    for (const what of changes) {
      await expect(stageCommit(bob, what, NOW, rng), what.kind).rejects.toMatchObject({ code: 'input/invalid' });
      const { event } = await change(alice, what, rng);
      expect(expectKind(await take(four.dave, event), what.kind === 'disband' ? 'ended' : 'handshake').channel).toBeDefined();
    }
  });

  it('that adds somebody invites when it is applied, not when it was dropped or has lost, and still when it wins after all', async () => {
    const newcomer = await publish(makeParty('erin'));
    const peers = [await readUsable(newcomer.event)];
    const staged = await stageCommit(four.alice, { kind: 'add', peers }, NOW, rng);
    expect(Object.keys(staged).sort()).toEqual(['channel', 'event', 'mlsHash']);
    const { channel } = adoptStaged(saved(staged.channel));
    const invitations = dueInvitations(saved(channel)).map(readInvitation);
    expect(invitations.map(({ account }) => account)).toEqual(peers.map(({ account }) => account));
    const welcome = invitations[0]?.welcome;
    if (welcome === undefined) throw new Error('nobody was invited');
    const joined = await joinChannel({ welcome, sender: channel.own, keyPackagePrivate: newcomer.privateBytes });
    await expectTalk({ ...(await followAll(four, staged.event, 'alice')), alice: channel, erin: expectKind(joined, 'joined').channel });

    expect(() => adoptStaged(dropStaged(staged.channel))).toThrow();
    expect(dropStaged(staged.channel).invited).toEqual([]);
    // Two commits beat one, whoever made it.
    let at = staged.channel;
    let { bob } = four;
    for (let i = 0; i < 2; i += 1) {
      const made = await change(bob, { kind: 'self-update' }, rng);
      at = await follow(at, made.event);
      bob = made.channel;
    }
    const lost = adoptStaged(at);
    expect([lost.channel.epoch.id, dueInvitations(lost.channel)]).toEqual([bob.epoch.id, []]);

    // Three beat two: the one that has waited since is due, once.
    let won = saved(lost.channel);
    let carol = await follow(four.carol, staged.event);
    for (let i = 0; i < 2; i += 1) {
      const made = await change(carol, { kind: 'self-update' }, rng);
      won = await follow(won, made.event);
      carol = made.channel;
    }
    expect(won.epoch.id).toBe(carol.epoch.id);
    const due = dueInvitations(won);
    expect(due.map(readInvitation)).toEqual(invitations);
    for (const held of due) won = replaceInvitation(won, held, { ...held, wrapId: 'ab'.repeat(32) });
    expect([dueInvitations(saved(won)), saved(won)]).toEqual([[], won]);
    // And it is kept no longer than its epoch.
    for (let i = 2; i <= CONVERGENCE.maxRewind; i += 1) {
      expect(won.invited).toHaveLength(1);
      const made = await change(carol, { kind: 'self-update' }, rng);
      won = await follow(won, made.event);
      carol = made.channel;
    }
    expect(won.invited).toEqual([]);
  });

  it('never asks relays to forget it, where messages vanish', async () => {
    const made = await change(four.alice, { kind: 'component', component: COMPONENTS.retention, data: writeUint64(60n) }, rng);
    const { bob, carol } = await followAll(four, made.event, 'alice');
    const said = await say(bob, 'soon gone', rng);
    expect(said.event.tags).toEqual([
      ['h', bob.epoch.address],
      ['expiration', String(NOW + 60)],
    ]);
    const wish = await proposeDeparture(bob, NOW, rng);
    const events = [wish.event, (await change(await follow(carol, wish.event), { kind: 'let-go' }, rng)).event];
    for (const what of [{ kind: 'self-update' }, rename('x')] as const) events.push((await change(made.channel, what, rng)).event);
    for (const { tags } of events) expect(tags).toEqual([['h', bob.epoch.address]]);
  });
});

describe('a commit that gives the group another address', () => {
  const nostrGroupId = 'cd'.repeat(32);
  const relays = ['wss://elsewhere.example'];
  const move: GroupChange = { kind: 'component', component: COMPONENTS.routing, data: encodeRouting({ nostrGroupId, relays }) };

  it('goes to the address before it, and what is said after it to the new one', async () => {
    const old = routingOf(four.bob.state);
    const staged = await stageCommit(four.alice, move, NOW, rng);
    expect(staged.event.tags).toEqual([['h', old.nostrGroupId]]);
    // As long as no relay has it, the channel is where it was.
    expect(describeChannel(staged.channel)).toMatchObject(old);
    const alice = adoptStaged(staged.channel).channel;
    const group = { ...(await followAll(four, staged.event, 'alice')), alice };
    for (const each of Object.values(group)) expect(describeChannel(each)).toMatchObject({ nostrGroupId, relays });
    expect((await say(group.bob, 'here', rng)).event.tags).toEqual([['h', nostrGroupId]]);
    await expectTalk(group);
  });

  it('leaves what was said at the address before it readable', async () => {
    const late = await say(four.carol, 'late', rng);
    const { event } = await change(four.alice, move, rng);
    const bob = await follow(four.bob, event);
    expect(late.event.tags).not.toEqual([['h', bob.epoch.address]]);
    expect(expectKind(await take(bob, late.event), 'payload').rumor.content).toBe('late');
  });
});

describe('the key of a staged commit', () => {
  it('is tried on events, and what it opens waits until the commit is applied', async () => {
    const staged = await stageCommit(four.alice, { kind: 'self-update' }, NOW, rng);
    const said = await say(await follow(four.bob, staged.event), 'in the next epoch', rng);
    expect(peelGroupEvent(four.alice, said.event)).toEqual({ kind: 'unreadable', reason: 'no-key' });
    const before = encodeChannel(staged.channel);
    const { mlsBytes } = peel(saved(staged.channel), said.event);
    expect(await processMls(staged.channel, mlsBytes)).toEqual({ kind: 'unreadable', reason: 'future-epoch' });
    expect(encodeChannel(staged.channel)).toEqual(before);
    const applied = adoptStaged(staged.channel).channel;
    expect(expectKind(await processMls(applied, mlsBytes), 'payload').rumor.content).toBe('in the next epoch');
    expect(peelGroupEvent(dropStaged(staged.channel), said.event)).toEqual({ kind: 'unreadable', reason: 'no-key' });
  });
});
