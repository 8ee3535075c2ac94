// Groups of several agents on a real relay: as people use them from the command line, and when branches, deaths and refusals come between.

import { createCommit, createProposal, type Proposal } from 'ts-mls';
import { afterEach, describe, expect, it, type TestContext } from 'vitest';
import { commitChange } from '../src/agent/commits.ts';
import { lookUpPeer } from '../src/agent/lookUpPeer.ts';
import { receiveGroupEvents } from '../src/agent/receiveGroupEvents.ts';
import { createWrapQueue } from '../src/agent/inbox/wrapQueue.ts';
import { receiveWraps } from '../src/agent/receiveWraps.ts';
import { sync } from '../src/agent/sync.ts';
import { bytesToHex } from '../src/core/bytes.ts';
import { describeChannel } from '../src/marmot/channel.ts';
import { encodeProfile, encodeRouting } from '../src/marmot/components.ts';
import { createKeyPackage } from '../src/marmot/createKeyPackage.ts';
import { joinBytes, writeUint, writeVector } from '../src/marmot/cursor.ts';
import { openOuter, sealGroupEvent } from '../src/marmot/groupEvent.ts';
import { createMlsContext } from '../src/marmot/mlsContext.ts';
import { encodeMlsMessage } from '../src/marmot/mlsMessage.ts';
import { COMPONENTS, CONVERGENCE, LIMITS, MLS } from '../src/marmot/profile.ts';
import { readKeyPackage } from '../src/marmot/readKeyPackage.ts';
import type { NostrEvent } from '../src/nostr/event.ts';
import { unwrapGift, wrapRumor } from '../src/nostr/giftWrap.ts';
import { encodeNpub } from '../src/nostr/npub.ts';
import { createKeySigner } from '../src/nostr/signer.ts';
import { startRelay } from '../src/relay/startRelay.ts';
import { makeClock, makeLab, type TestAgent } from './agents.fixture.ts';
import { isWholeLane } from './lane.fixture.ts';
import { openStage, type Party } from './bank.fixture.ts';
import { runCli } from './cli.fixture.ts';
import {
  catchUp,
  channelOf,
  dyingAt,
  expectAgreement,
  hideNew,
  openTable,
  recordOf,
  sentEvents,
  storedEvents,
  textsOf,
  type Table,
} from './groups.fixture.ts';
import { launch } from './market.fixture.ts';
import { groupsOf, startTap } from './tap.fixture.ts';

const GROUP_EVENT = 445;
const GIFT_WRAP = 1059;
const RENEW = { kind: 'self-update' } as const;

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function seat(members: number, relays: readonly string[] = []): Promise<Table> {
  const table = await openTable(members, relays);
  ends.push(table.close);
  return table;
}

/** The parties of a table by name. */
async function seatThree(relays: readonly string[] = []): Promise<Table & { ann: Party; ben: Party; cat: Party }> {
  const table = await seat(3, relays);
  const [ann, ben, cat] = table.parties;
  if (ann === undefined || ben === undefined || cat === undefined) throw new Error('three were asked for');
  return { ...table, ann, ben, cat };
}

/** Publishes an MLS message that the party's own agent would not make, in the epoch it is in. */
async function publishRaw(party: Party, mlsBytes: Uint8Array): Promise<NostrEvent> {
  const { context } = party;
  const { epoch } = channelOf(party);
  const event = sealGroupEvent(epoch.outerKey, epoch.address, mlsBytes, context.clock.now(), context.rng);
  const outcomes = await (await context.pool()).publish(recordOf(party).relays, event, { purpose: `group:${epoch.address}` });
  expect(outcomes.some(({ outcome }) => outcome === 'accepted')).toBe(true);
  return event;
}

function renaming(name: string): Proposal {
  const payload = encodeProfile({ name, description: '' });
  return {
    proposalType: MLS.appDataUpdate,
    proposalData: joinBytes(writeUint(COMPONENTS.profile, 2), Uint8Array.of(1), writeVector(payload)),
  };
}

const groupsTold = async (party: Party): Promise<readonly string[]> =>
  (await party.call('sync', {})).groups.map((news) => (news.type === 'message' ? news.text : news.type));

interface Told {
  readonly type: string;
  readonly text?: string;
}

interface Shown {
  readonly state: string;
  readonly name: string;
  readonly members: readonly string[];
  readonly epoch: number;
  readonly messages: readonly { readonly text: string; readonly isWithdrawn: boolean }[];
}

/** A member at the command line: every call is a process of its own. */
interface Member {
  readonly home: string;
  readonly npub: string;
  run<T = unknown>(...args: readonly string[]): Promise<T>;
  /** What a sync tells of groups: what was said, or what has happened. */
  hear(): Promise<readonly string[]>;
  show(group: string): Promise<Shown>;
}

/** Agents on a relay of their own, which ends with the test. */
async function openMembers(count: number, { onTestFinished }: TestContext): Promise<readonly Member[]> {
  const lab = await makeLab();
  onTestFinished(lab.close);
  const make = async (): Promise<Member> => {
    const { home, npub } = await lab.makeAgent();
    const run: Member['run'] = async <T>(...args: readonly string[]) => {
      const result = await runCli([...args, '--json', '--home', home]);
      if (result.code !== 0) throw new Error(`${args.join(' ')}: ${result.stdout}${result.stderr}`);
      return result.json() as T;
    };
    const hear = async (): Promise<readonly string[]> => {
      const { groups } = await run<{ groups: readonly Told[] }>('sync');
      return groups.map(({ type, text }) => text ?? type).sort();
    };
    return { home, npub, run, hear, show: (group) => run<Shown>('group', 'show', group) };
  };
  return Promise.all(Array.from({ length: count }, make));
}

describe.concurrent('a group at the command line', { timeout: 180_000 }, () => {
  it.runIf(isWholeLane)('is made, talked in, changed, left and cleared, and all who stay see the same', async (context) => {
    const { expect: see } = context;
    const [creator, member, third, late] = (await openMembers(4, context)) as [Member, Member, Member, Member];
    const { group } = await creator.run<{ group: string }>('group', 'create', 'Plans', member.npub, third.npub);
    see(await member.hear()).toEqual(['joined']);
    see(await third.hear()).toEqual(['joined']);
    const first = [creator, member, third];
    await Promise.all(first.map((each, i) => each.run('group', 'say', group, `hello from ${i}`)));
    see(await Promise.all(first.map((each) => each.hear()))).toEqual([
      ['hello from 1', 'hello from 2'],
      ['hello from 0', 'hello from 2'],
      ['hello from 0', 'hello from 1'],
    ]);

    const updated = await member.run<Shown>('group', 'update', group.slice(0, 8));
    see(updated).toMatchObject({ isWaiting: false, members: [creator.npub, member.npub, third.npub] });
    see(await creator.run('group', 'rename', group, 'Better plans')).toMatchObject({ name: 'Better plans', epoch: updated.epoch + 1 });
    see(await creator.run('group', 'add', group, late.npub)).toMatchObject({ members: { length: 4 }, epoch: updated.epoch + 2 });
    see(await late.hear()).toEqual(['joined']);
    await Promise.all([late.run('group', 'say', group, 'hello from afar'), creator.run('group', 'say', group, 'welcome')]);
    see(await Promise.all([creator, member, third, late].map((each) => each.hear()))).toEqual([
      ['hello from afar'],
      ['changed', 'changed', 'hello from afar', 'welcome'],
      ['changed', 'changed', 'hello from afar', 'welcome'],
      ['welcome'],
    ]);
    see((await late.show(group)).messages.map(({ text }) => text)).toEqual(['hello from afar', 'welcome']);

    see(await third.run('group', 'leave', group)).toMatchObject({ state: 'leaving' });
    // Not the admin has to do it: any member lets another go.
    await member.hear();
    see(await third.hear()).toEqual(['ended']);
    see(await Promise.all([creator.hear(), late.hear()])).toEqual([['changed'], ['changed']]);
    await creator.run('group', 'remove', group, late.npub);
    see(await Promise.all([late.hear(), member.hear()])).toEqual([['ended'], ['changed']]);
    for (const gone of [third, late]) {
      const said = await runCli(['group', 'say', group, 'But I', '--json', '--home', gone.home]);
      see([said.code, said.json().error?.code]).toEqual([66, 'input/not-found']);
    }
    see(await late.show(group)).toMatchObject({ state: 'over' });
    await creator.run('group', 'say', group, 'just us now');
    see(await member.hear()).toEqual(['just us now']);
    const [mine, theirs] = await Promise.all([creator.show(group), member.show(group)]);
    see(theirs).toMatchObject({ members: mine.members, epoch: mine.epoch, name: 'Better plans', state: 'open' });
    see(mine.members).toEqual([creator.npub, member.npub]);
    const texts = (shown: Shown) => shown.messages.map(({ text }) => text).sort();
    see(texts(theirs)).toEqual(texts(mine));
    see(mine.messages).toHaveLength(6);
    see([...mine.messages, ...theirs.messages].some(({ isWithdrawn }) => isWithdrawn)).toBe(false);
  });

  it.runIf(isWholeLane)('goes on when processes that wait for news are killed again and again', async (context) => {
    const { expect: see } = context;
    const [creator, member, third] = (await openMembers(3, context)) as [Member, Member, Member];
    const { group } = await creator.run<{ group: string }>('group', 'create', 'Plans', member.npub, third.npub);
    // Who has not joined yet could not leave in the end.
    for (const each of [member, third]) await each.hear();
    const wait = ({ home }: Member) => launch(['sync', '--wait', '30s', '--home', home], () => undefined);
    const steps = [
      ['say', group, 'one'],
      ['rename', group, 'Better plans'],
      ['say', group, 'two'],
      ['say', group, 'three'],
    ];
    let killed = 0;
    for (const [i, step] of steps.entries()) {
      const waiting = [member, third].map(wait);
      await creator.run('group', ...step);
      // A little later each time, while they read and answer what the step has brought.
      await new Promise((resolve) => setTimeout(resolve, i * 50));
      for (const process of waiting) process.kill();
      killed += (await Promise.all(waiting.map(({ ended }) => ended))).filter((code) => code === null).length;
    }
    see(killed).toBeGreaterThan(0);
    await third.run('group', 'leave', group);
    const waiting = wait(creator);
    await member.hear();
    waiting.kill();
    await waiting.ended;
    for (const each of [creator, member, third, creator]) await each.hear();
    const [mine, theirs, gone] = await Promise.all([creator, member, third].map((each) => each.show(group)));
    see(theirs).toMatchObject({ members: mine?.members, epoch: mine?.epoch, name: 'Better plans' });
    see(mine?.members).toEqual([creator.npub, member.npub]);
    see(gone?.state).toBe('over');
    for (const shown of [mine, theirs, gone]) see(shown?.messages.map(({ text }) => text).sort()).toEqual(['one', 'three', 'two']);
  });
});

describe('what a group is asked for in vain', () => {
  it('is refused by name, and changes nothing', async () => {
    const lab = await makeLab();
    ends.push(lab.close);
    const [ann, ben] = [await lab.makeAgent(), await lab.makeAgent()];
    const { group } = await ann.call((agent) => agent.createGroup({ name: 'Plans', members: [ben.npub] }));
    for (const each of [ben, ann]) await each.call((agent) => agent.sync());
    const stranger = encodeNpub(createKeySigner(crypto.getRandomValues(new Uint8Array(32))).pubkey);
    const known = await Promise.all(Array.from({ length: LIMITS.members - 1 }, async () => (await lab.makeAgent()).npub));
    const look = async () => ({
      groups: await Promise.all([ann, ben].map((each) => each.call((agent) => agent.listGroups()))),
      sent: lab.relay.storedEvents().map(({ id }) => id),
    });
    const before = await look();
    type Change = Parameters<Parameters<Parameters<TestAgent['call']>[0]>[0]['changeGroup']>[0]['change'];
    const change = (by: TestAgent, what: Change, named = group) => by.call((agent) => agent.changeGroup({ group: named, change: what }));
    const create = (name: string, members: readonly string[]) => ann.call((agent) => agent.createGroup({ name, members: [...members] }));
    const long = 'é'.repeat(129);
    const unknown = 'f0'.repeat(32);
    const cases: readonly (readonly [string, () => Promise<unknown>, string, RegExp])[] = [
      ['show: unknown', () => ann.call((agent) => agent.showGroup({ group: unknown })), 'input/not-found', /no such group/],
      [
        'show: too few digits',
        () => ann.call((agent) => agent.showGroup({ group: group.slice(0, 3) })),
        'input/not-found',
        /no such group/,
      ],
      ['say: unknown', () => ann.call((agent) => agent.say({ group: unknown, text: 'Hello' })), 'input/not-found', /no such group/],
      ['say: nothing', () => ann.call((agent) => agent.say({ group, text: '' })), 'input/invalid', /text/],
      ['say: too much', () => ann.call((agent) => agent.say({ group, text: 'x'.repeat(16_385) })), 'input/invalid', /text/],
      ['update: unknown', () => change(ann, RENEW, unknown), 'input/not-found', /no such group/],
      ['leave: unknown', () => change(ann, { kind: 'leave' }, unknown), 'input/not-found', /no such group/],
      ['leave: the only admin', () => change(ann, { kind: 'leave' }), 'input/invalid', /only admin/],
      ['create: bad npub', () => create('New', ['npub1nobody']), 'input/invalid', /npub/],
      ['create: nobody', () => create('New', []), 'input/invalid', /members/],
      ['create: oneself', () => create('New', [ann.npub]), 'input/invalid', /each once/],
      ['create: somebody twice', () => create('New', [ben.npub, ben.npub]), 'input/invalid', /each once/],
      ['create: with a stranger', () => create('New', [ben.npub, stranger]), 'peer/no-key-package', /Nothing is known/],
      ['create: too many', () => create('New', [ben.npub, ...known]), 'input/invalid', /members/],
      ['create: long name', () => create(long, [ben.npub]), 'input/invalid', /name/],
      ['add: bad npub', () => change(ann, { kind: 'add', members: ['npub1nobody'] }), 'input/invalid', /npub/],
      ['add: stranger', () => change(ann, { kind: 'add', members: [stranger] }), 'peer/no-key-package', /Nothing is known/],
      ['add: a member', () => change(ann, { kind: 'add', members: [ben.npub] }), 'input/invalid', /member already/],
      ['add: oneself', () => change(ann, { kind: 'add', members: [ann.npub] }), 'input/invalid', /each once/],
      ['add: too many', () => change(ann, { kind: 'add', members: known }), 'input/invalid', /at most 8/],
      ['remove: bad npub', () => change(ann, { kind: 'remove', member: 'nobody' }), 'input/invalid', /npub/],
      ['remove: no member', () => change(ann, { kind: 'remove', member: stranger }), 'input/invalid', /no other member/],
      ['remove: oneself', () => change(ann, { kind: 'remove', member: ann.npub }), 'input/invalid', /leave it/],
      ['rename: long name', () => change(ann, { kind: 'rename', name: long }), 'input/invalid', /name/],
      ['admins: nobody', () => change(ann, { kind: 'admins', admins: [] }), 'input/invalid', /admins/],
      ['admins: no member', () => change(ann, { kind: 'admins', admins: [stranger] }), 'input/invalid', /not be a sound one/],
      ['no admin: add', () => change(ben, { kind: 'add', members: known.slice(0, 1) }), 'input/invalid', /Only an admin/],
      ['no admin: remove', () => change(ben, { kind: 'remove', member: ann.npub }), 'input/invalid', /Only an admin/],
      ['no admin: rename', () => change(ben, { kind: 'rename', name: 'Mine' }), 'input/invalid', /Only an admin/],
      ['no admin: admins', () => change(ben, { kind: 'admins', admins: [ben.npub] }), 'input/invalid', /Only an admin/],
      ['no admin: disband', () => change(ben, { kind: 'disband' }), 'input/invalid', /Only an admin/],
    ];
    const outcomes: (readonly [string, string, boolean])[] = [];
    for (const [name, use, , words] of cases) {
      const error = await use().then(
        () => ({ code: 'nothing refused', message: '' }),
        (thrown: { code: string; message: string }) => thrown,
      );
      outcomes.push([name, error.code, words.test(error.message)]);
    }
    expect(outcomes).toEqual(cases.map(([name, , code]) => [name, code, true]));
    expect(await look()).toEqual(before);
    // On the command line the same, with an exit code of its own and nothing on stdout but the error.
    const refused = await runCli(['group', 'rename', group, 'Mine', '--json', '--home', ben.home]);
    expect([refused.code, refused.json().error?.code]).toEqual([64, 'input/invalid']);
    const spoken = await runCli(['group', 'rename', group, 'Mine', '--home', ben.home]);
    expect([spoken.code, spoken.stdout]).toEqual([64, '']);
    expect(spoken.stderr).toContain('Only an admin of the group can do this.');
  });
});

describe('branches', () => {
  /** Ann and Ben, both admins, change the group at once; Ben says something on his branch, Ann’s becomes the longer one. */
  async function splitGroup() {
    const table = await seatThree();
    const { ann, ben, cat, group } = table;
    await ann.call('changeGroup', { group, change: { kind: 'admins', admins: [ann.npub, ben.npub] } });
    await catchUp(ben, cat);
    const showAll = hideNew(table);
    await ben.call('changeGroup', { group, change: { kind: 'rename', name: 'Left' } });
    await ben.call('say', { group, text: 'said on the left' });
    const left = new Set(
      storedEvents(table)
        .slice(-2)
        .map(({ id }) => id),
    );
    await ann.call('changeGroup', { group, change: { kind: 'rename', name: 'Right' } });
    await ann.call('changeGroup', { group, change: RENEW });
    expect([describeChannel(channelOf(ann)).name, describeChannel(channelOf(ben)).name]).toEqual(['Right', 'Left']);
    const known = new Set(storedEvents(table).map(({ id }) => id));
    /** Shows what was there before and Ben’s branch, not Ann’s. */
    const showLeft = (): void => {
      table.tap.faults.hides = ({ id, kind }) => kind === GROUP_EVENT && known.has(id) && !left.has(id) && !before.has(id);
    };
    const before = new Set(
      storedEvents(table)
        .slice(0, -4)
        .map(({ id }) => id),
    );
    return { ...table, ann, ben, cat, showAll, showLeft };
  }

  it('that lose take with them what was said and changed there, and all is told', async () => {
    const { ann, ben, cat, group, showAll, showLeft } = await splitGroup();
    showLeft();
    expect(await groupsTold(cat)).toEqual(['changed', 'said on the left']);
    expect(await textsOf(cat, group)).toEqual(['said on the left']);
    expect((await cat.call('showGroup', { group })).name).toBe('Left');

    showAll();
    // The change is taken back by telling the one that counts.
    expect((await cat.call('sync', {})).groups).toMatchObject([{ type: 'changed', name: 'Right' }]);
    expect(await textsOf(cat, group)).toEqual(['(said on the left)']);
    // Nor does it come to whom it never came: Ann hears of no change and no words.
    expect(await groupsTold(ann)).toEqual([]);
    expect(await textsOf(ann, group)).toEqual([]);
    expect((await ben.call('sync', {})).groups).toMatchObject([{ type: 'changed', name: 'Right' }]);
    expect(await textsOf(ben, group)).toEqual(['(said on the left)']);

    await catchUp(ann, ben, cat);
    expectAgreement(ann, ben, cat);
    await ben.call('say', { group, text: 'said again' });
    expect(await groupsTold(cat)).toEqual(['said again']);
    expect(await groupsTold(ann)).toEqual(['said again']);
  });

  it('end alike for who saw them one after the other, with a stop in between, and who saw all at once', async () => {
    const table = await seat(4);
    const [ann, ben, cat, dan] = table.parties as [Party, Party, Party, Party];
    const { group } = table;
    const showAll = hideNew(table);
    await ben.call('changeGroup', { group, change: RENEW });
    await cat.call('changeGroup', { group, change: RENEW });
    const [first, second] = storedEvents(table).slice(-2);
    expect(new Set([ben, cat].map((party) => channelOf(party).epoch.id)).size).toBe(2);
    table.tap.faults.hides = ({ id }) => id === second?.id;
    await dan.call('sync', {});
    expect(channelOf(dan).epoch.id).toBe(channelOf(ben).epoch.id);
    // Its process dies once more, just before it would save what it has gathered.
    showAll();
    await expect(sync(dyingAt(dan, 2), { from: [], waitS: 0 })).rejects.toThrow('the process died');
    expect(channelOf(dan).epoch.id).toBe(channelOf(ben).epoch.id);
    await dan.call('sync', {});
    expect(first?.id).not.toBe(second?.id);
    await catchUp(ann, ben, cat);
    expectAgreement(ann, ben, cat, dan);
    expect(channelOf(ann).epoch.number).toBe(channelOf(dan).epoch.number);
  });

  it('are changed wholly or not at all, whenever the process dies', async () => {
    const { ann, cat, group, showAll, showLeft } = await splitGroup();
    showLeft();
    await cat.call('sync', {});
    const old = channelOf(cat).epoch.id;
    showAll();
    const seen: string[] = [];
    for (let at = 1; at < 9; at += 1) {
      const died = await sync(dyingAt(cat, at), { from: [], waitS: 0 }).then(
        () => false,
        () => true,
      );
      const isOld = channelOf(cat).epoch.id === old;
      expect(await textsOf(cat, group)).toEqual([isOld ? 'said on the left' : '(said on the left)']);
      expect((await cat.call('showGroup', { group })).name).toBe(isOld ? 'Left' : 'Right');
      seen.push(isOld ? 'old' : 'new');
      if (!died) break;
    }
    expect(new Set(seen)).toEqual(new Set(['old', 'new']));
    expect(channelOf(cat).epoch.id).toBe(channelOf(ann).epoch.id);
  });
});

describe('while a commit of ours is on its way', () => {
  it('what comes in waits, and is read once it is clear', async () => {
    const { ann, ben, cat, group, tap } = await seatThree();
    tap.faults.fate = ({ kind }) => (kind === GROUP_EVENT ? 'lost-before' : undefined);
    await ann.call('changeGroup', { group, change: RENEW });
    tap.faults.fate = undefined;
    await ben.call('say', { group, text: 'meanwhile' });
    const before = recordOf(ann, group);
    tap.faults.fate = ({ kind }) => (kind === GROUP_EVENT ? 'lost-before' : undefined);
    expect(await groupsTold(ann)).toEqual([]);
    expect(recordOf(ann, group)).toEqual(before);
    // Words are not sealed for a state that may be left.
    await expect(ann.call('say', { group, text: 'too early' })).rejects.toMatchObject({ code: 'relay/unacknowledged' });
    tap.faults.fate = undefined;
    expect(await groupsTold(ann)).toEqual(['meanwhile']);
    await catchUp(ben, cat);
    expectAgreement(ann, ben, cat);
  });

  it('nobody is invited: the welcome goes out after it', async () => {
    const { ann, ben, group, tap, makeOther } = await seatThree();
    const dan = await makeOther();
    const wraps = (): number => tap.relay.storedEvents().filter(({ kind }) => kind === GIFT_WRAP).length;
    const before = wraps();
    tap.faults.fate = ({ kind }) => (kind === GROUP_EVENT ? 'lost-before' : undefined);
    expect(await ann.call('changeGroup', { group, change: { kind: 'add', members: [dan.npub] } })).toMatchObject({ isWaiting: true });
    await ann.call('sync', {});
    expect(wraps()).toBe(before);
    tap.faults.fate = undefined;
    await ann.call('sync', {});
    expect(wraps()).toBe(before + 1);
    expect(tap.relay.storedEvents().slice(-2)).toMatchObject([{ kind: GROUP_EVENT }, { kind: GIFT_WRAP }]);
    expect(await groupsTold(dan)).toEqual(['joined']);
    await catchUp(ann, ben, dan);
    expectAgreement(ann, ben, dan);
  });

  it('moves wait and are sealed for the state that was chosen', async () => {
    const clock = makeClock();
    const tap = await startTap({ clock });
    const stage = await openStage({ clock, relays: [tap.url] });
    ends.push(tap.close, stage.close);
    const [buyer, seller] = [await stage.makeParty(0n), await stage.makeParty(0n)];
    const { negotiation } = await buyer.call('start', { peer: seller.npub, service: 'translation', requirements: 'Two pages.' });
    const { nid } = negotiation;
    await catchUp(seller, buyer);
    const { id: group } = recordOf(buyer);
    const isOff = ({ kind }: NostrEvent) => (kind === GROUP_EVENT ? ('lost-before' as const) : undefined);
    tap.faults.fate = isOff;
    await buyer.call('changeGroup', { group, change: RENEW });
    const queued = buyer.context.store.listQueued().length;
    expect(await buyer.call('send', { nid, text: 'Are you there?' })).toMatchObject({ isSent: false, negotiation: { unsent: 1 } });
    expect(buyer.context.store.listQueued()).toHaveLength(queued);
    // Nor does time, which makes other moves due, disturb anything.
    clock.advance(3 * 3_600);
    await buyer.call('sync', {});

    // The seller has gone further in the meantime: its branch is the one that counts.
    tap.faults.fate = undefined;
    for (let round = 0; round < 2; round += 1) await seller.call('changeGroup', { group, change: RENEW });
    await buyer.call('sync', {});
    expect(channelOf(buyer).epoch.id).toBe(channelOf(seller).epoch.id);
    expect(await buyer.call('status', { nid })).toMatchObject({ unsent: 0 });
    const { outerKey } = channelOf(seller).epoch;
    const last = storedEvents({ tap }).at(-1);
    expect(openOuter(outerKey, Buffer.from(last?.content ?? '', 'base64'))).toBeDefined();
    expect((await seller.call('sync', {})).events).toMatchObject([{ type: 'ask' }]);
    expect((await seller.call('sync', {})).events).toEqual([]);
  });
});

describe('a group in which a commit of ours has waited for hours', () => {
  it('is left by hand at once, without a word, and its admin can bring us back', async () => {
    const { ann, ben, cat, group, tap, clock } = await seatThree();
    tap.faults.fate = ({ kind }) => (kind === GROUP_EVENT ? 'lost-before' : undefined);
    await ben.call('changeGroup', { group, change: RENEW });
    await ben.call('sync', {});
    clock.advance(7 * 3_600);
    await expect(ben.call('say', { group, text: 'too early' })).rejects.toMatchObject({ code: 'relay/unacknowledged' });
    const left = await ben.call('changeGroup', { group, change: { kind: 'leave' } });
    expect(left).toMatchObject({ state: 'over', isWaiting: false });
    expect(recordOf(ben, group)).toMatchObject({ hasChores: false });
    tap.faults.fate = undefined;
    await catchUp(ben, ann, cat);
    expect(describeChannel(channelOf(ann)).members).toContain(ben.context.pubkey);

    await ann.call('changeGroup', { group, change: { kind: 'remove', member: ben.npub } });
    await ann.call('changeGroup', { group, change: { kind: 'add', members: [ben.npub] } });
    expect(await groupsTold(ben)).toEqual(['joined']);
    await catchUp(cat, ann, ben, cat);
    expectAgreement(ann, ben, cat);
  });

  it('is not left for good while it may only be slow', async () => {
    const { ann, ben, cat, group, tap } = await seatThree();
    tap.faults.fate = ({ kind }) => (kind === GROUP_EVENT ? 'lost-before' : undefined);
    await ben.call('changeGroup', { group, change: RENEW });
    expect(await ben.call('changeGroup', { group, change: { kind: 'leave' } })).toMatchObject({ state: 'leaving' });
    tap.faults.fate = undefined;
    await catchUp(ben, ann, cat, ben);
    expect(recordOf(ben, group).endedAt).toBeDefined();
    expect(describeChannel(channelOf(ann)).members).not.toContain(ben.context.pubkey);
  });
});

describe('somebody whom we have added', () => {
  /** Ann adds Dan, Cat follows her, Ben does not: he changes the group twice meanwhile. `show` shows Ann’s branch or Ben’s alone, or with nothing both. */
  async function splitByAdding(fault?: 'commit-unclear' | 'welcome-lost') {
    const table = await seatThree();
    const { ann, ben, cat, group, tap } = table;
    const dan = await table.makeOther();
    const known = new Set(storedEvents(table).map(({ id }) => id));
    const adding = new Set<string>();
    const show = (branch?: 'ann' | 'ben'): void => {
      const isHidden = (id: string): boolean => !known.has(id) && adding.has(id) !== (branch === 'ann');
      tap.faults.hides = branch === undefined ? undefined : ({ id, kind }) => kind === GROUP_EVENT && isHidden(id);
    };
    if (fault === 'commit-unclear') tap.faults.fate = ({ kind }) => (kind === GROUP_EVENT ? 'lost-after' : undefined);
    if (fault === 'welcome-lost') tap.faults.fate = ({ kind }) => (kind === GIFT_WRAP ? 'lost-before' : undefined);
    await ann.call('changeGroup', { group, change: { kind: 'add', members: [dan.npub] } });
    await expect.poll(() => storedEvents(table)).toHaveLength(known.size + 1);
    for (const { id } of storedEvents(table).slice(-1)) adding.add(id);
    if (fault === 'commit-unclear') tap.faults.fate = undefined;
    show('ann');
    await cat.call('sync', {});
    show('ben');
    for (let round = 0; round < 2; round += 1) await ben.call('changeGroup', { group, change: RENEW });
    /** Cat goes on where Ann has begun: that branch is the longer one then. */
    const build = async (): Promise<void> => {
      show('ann');
      for (let round = 0; round < 2; round += 1) {
        await cat.call('changeGroup', { group, change: RENEW });
        for (const { id } of storedEvents(table).slice(-1)) adding.add(id);
      }
      show();
    };
    const wraps = (): number =>
      tap.relay.storedEvents().filter(({ kind, tags }) => kind === GIFT_WRAP && tags[0]?.[1] === dan.context.pubkey).length;
    return { ...table, ann, ben, cat, dan, show, build, wraps };
  }

  it('is not invited to a branch that has lost, and is, once, when it wins after all', async () => {
    const { ann, ben, cat, dan, show, build, wraps } = await splitByAdding('commit-unclear');
    show();
    // Only now does Ann hear that a relay has her commit, and at the same time that it does not count.
    await ann.call('sync', {});
    expect(channelOf(ann).epoch.id).toBe(channelOf(ben).epoch.id);
    expect(wraps()).toBe(0);
    await ann.call('sync', {});
    expect([wraps(), await groupsTold(dan)]).toEqual([0, []]);

    await build();
    await ann.call('sync', {});
    expect(describeChannel(channelOf(ann)).members).toContain(dan.context.pubkey);
    expect(wraps()).toBe(1);
    expect(await groupsTold(dan)).toEqual(['joined']);
    await catchUp(ann, ben, cat, dan, ann, ben, cat, dan);
    expectAgreement(ann, ben, cat, dan);
    expect(wraps()).toBe(1);
  });

  it('is never invited when the branch has lost for good', async () => {
    const { ann, ben, cat, dan, group, show, wraps } = await splitByAdding('commit-unclear');
    show();
    for (let round = 0; round < CONVERGENCE.maxRewind; round += 1) await ben.call('changeGroup', { group, change: RENEW });
    await catchUp(ann, cat, ben, ann, cat, dan);
    expectAgreement(ann, ben, cat);
    expect(channelOf(ann).invited).toEqual([]);
    expect([wraps(), await groupsTold(dan)]).toEqual([0, []]);
    // The change is made anew, and then it counts.
    await ann.call('changeGroup', { group, change: { kind: 'add', members: [dan.npub] } });
    expect([wraps(), await groupsTold(dan)]).toEqual([1, ['joined']]);
    await catchUp(ben, cat, ann);
    expectAgreement(ann, ben, cat, dan);
  });

  it('is sent nothing twice: neither what has gone out nor what waits is invited by another welcome while its branch is followed', async () => {
    const { ann, ben, cat, dan, show, build, wraps } = await splitByAdding();
    expect(wraps()).toBe(1);
    show();
    await ann.call('sync', {});
    await build();
    await catchUp(ann, ben, cat, ann);
    expect(wraps()).toBe(1);
    expect(await groupsTold(dan)).toEqual(['joined']);
    await catchUp(ann, ben, cat, dan);
    expectAgreement(ann, ben, cat, dan);
  });

  it('and has joined a branch that is lost gets out by leaving, and can be added again', async () => {
    const { ann, ben, cat, dan, group, show, wraps } = await splitByAdding();
    await ben.call('changeGroup', { group, change: RENEW });
    show('ann');
    expect(await groupsTold(dan)).toEqual(['joined']);
    show();
    await catchUp(ann, cat);
    expect(describeChannel(channelOf(ann)).members).toHaveLength(3);
    await dan.call('changeGroup', { group, change: { kind: 'leave' } });
    await ann.call('changeGroup', { group, change: { kind: 'add', members: [dan.npub] } });
    expect([wraps(), await groupsTold(dan)]).toEqual([2, ['joined']]);
    await catchUp(ben, cat, dan, ann, ben, cat);
    expectAgreement(ann, ben, cat, dan);
    await dan.call('say', { group, text: 'here' });
    expect(await groupsTold(ben)).toEqual(['here']);
  });

  it('is not sent a welcome that still waits when its branch loses, and is sent another when it wins', async () => {
    const { ann, ben, dan, show, build, wraps, tap } = await splitByAdding('welcome-lost');
    const waiting = (): number =>
      ann.context.store.listQueued().filter(({ event }) => (JSON.parse(event) as NostrEvent).kind === GIFT_WRAP).length;
    expect([wraps(), waiting()]).toEqual([0, 1]);
    show();
    await ann.call('sync', {});
    expect(channelOf(ann).epoch.id).toBe(channelOf(ben).epoch.id);
    expect([wraps(), waiting()]).toEqual([0, 0]);
    tap.faults.fate = undefined;
    await ann.call('sync', {});
    expect(wraps()).toBe(0);
    await build();
    await ann.call('sync', {});
    expect([wraps(), waiting()]).toEqual([1, 0]);
    expect(await groupsTold(dan)).toEqual(['joined']);
  });
});

describe('leaving', () => {
  it('bars everything else in the group, after a restart too, and is asked for once in an epoch', async () => {
    const tap = await startTap();
    const lab = await makeLab();
    ends.push(tap.close, lab.close);
    const [ann, ben] = [await lab.makeAgent({ relays: [tap.url] }), await lab.makeAgent({ relays: [tap.url] })];
    const cat = await lab.makeAgent({ relays: [tap.url] });
    const { group } = await ann.call((agent) => agent.createGroup({ name: 'Plans', members: [ben.npub, cat.npub] }));
    for (const each of [ben, cat, ann, ben, cat]) await each.call((agent) => agent.sync());
    const left = await cat.call((agent) => agent.changeGroup({ group, change: { kind: 'leave' } }));
    expect(left).toMatchObject({ state: 'leaving', members: expect.arrayContaining([cat.npub]) as unknown });
    const asked = storedEvents({ tap }).length;
    // Each call is a process of its own.
    const inVain = async (use: Parameters<typeof cat.call>[0]): Promise<void> =>
      expect(cat.call(use)).rejects.toMatchObject({ code: 'input/not-found' });
    await inVain((agent) => agent.say({ group, text: 'One more thing' }));
    await inVain((agent) => agent.changeGroup({ group, change: RENEW }));
    await cat.call((agent) => agent.changeGroup({ group, change: { kind: 'leave' } }));
    await cat.call((agent) => agent.sync());
    expect(storedEvents({ tap })).toHaveLength(asked);

    // The wish goes with its epoch and is made again in the next: here one that Ben opens before he has heard of it.
    const wish = storedEvents({ tap }).at(-1);
    tap.faults.hides = ({ id }) => id === wish?.id;
    await ben.call((agent) => agent.changeGroup({ group, change: RENEW }));
    await cat.call((agent) => agent.sync());
    expect(storedEvents({ tap })).toHaveLength(asked + 2);
    await inVain((agent) => agent.say({ group, text: 'Still here?' }));
    const told = (await ben.call((agent) => agent.sync())).groups;
    expect(told).toEqual([]);
    expect((await cat.call((agent) => agent.sync())).groups).toMatchObject([{ type: 'ended', group }]);
    expect(await cat.call((agent) => agent.showGroup({ group }))).toMatchObject({ state: 'over' });
    expect((await cat.call((agent) => agent.sync())).groups).toEqual([]);
    expect((await ann.call((agent) => agent.sync())).groups).toMatchObject([{ type: 'changed', members: [ann.npub, ben.npub] }]);
  });

  it('of an admin begins with giving that up', async () => {
    const table = await seatThree();
    const { ann, ben, cat, group } = table;
    await ann.call('changeGroup', { group, change: { kind: 'admins', admins: [ann.npub, ben.npub] } });
    await catchUp(ben, cat);
    const { epoch } = describeChannel(channelOf(ben));
    const before = storedEvents(table).length;
    await ben.call('changeGroup', { group, change: { kind: 'leave' } });
    expect(storedEvents(table)).toHaveLength(before + 2);
    const { admins, leaving, epoch: after } = describeChannel(channelOf(ben));
    expect({ admins, leaving, after }).toEqual({ admins: [ann.context.pubkey], leaving: [ben.context.pubkey], after: epoch + 1 });
    await cat.call('sync', {});
    expect(await groupsTold(ben)).toEqual(['ended']);
    await ann.call('sync', {});
    expectAgreement(ann, cat);
    expect(describeChannel(channelOf(ann)).members).toEqual([ann.context.pubkey, cat.context.pubkey]);
  });

  it('is granted after a short wait, unless somebody else has granted it by then', async () => {
    const table = await seatThree();
    const { ann, ben, cat, group, tap } = table;
    await cat.call('changeGroup', { group, change: { kind: 'leave' } });
    const showAll = hideNew(table);
    await ann.call('sync', {});
    expect(describeChannel(channelOf(ann)).members).toHaveLength(2);
    const sent = sentEvents(table).length;
    // Ann’s commit reaches Ben while he waits: when he draws how long.
    const waits: number[] = [];
    const { rng } = ben.context;
    const bytes = (length: number): Uint8Array => {
      if (length === 1) {
        waits.push(performance.now());
        showAll();
      }
      return rng.bytes(length);
    };
    const { groups } = (await sync({ ...ben.context, rng: { bytes } }, { from: [], waitS: 0 })) as { groups: readonly object[] };
    expect(waits).toHaveLength(1);
    expect(groups).toMatchObject([{ type: 'changed', members: [ann.npub, ben.npub] }]);
    expect(sentEvents(table)).toHaveLength(sent);
    expectAgreement(ann, ben);
    expect(tap.faults.hides).toBeUndefined();
    expect(await groupsTold(cat)).toEqual(['ended']);
  });

  it('is still wished for when the commit that grants it cannot be published', async () => {
    const { ann, ben, cat, group, tap } = await seatThree();
    await cat.call('changeGroup', { group, change: { kind: 'leave' } });
    tap.faults.fate = ({ kind }) => (kind === GROUP_EVENT ? 'refused' : undefined);
    await ben.call('sync', {});
    const { epoch, leaving } = describeChannel(channelOf(ben));
    expect([epoch, leaving]).toEqual([Number(channelOf(cat).epoch.number), [cat.context.pubkey]]);
    expect(await ben.call('showGroup', { group })).toMatchObject({ state: 'open', members: expect.arrayContaining([cat.npub]) as unknown });
    tap.faults.fate = undefined;
    await ben.call('sync', {});
    expect(await ben.call('showGroup', { group })).toMatchObject({ members: [ann.npub, ben.npub] });
    expect(await groupsTold(cat)).toEqual(['ended']);
  });
});

describe('the end', () => {
  it('that was saved and not told, because the process died, is there for who looks next', async () => {
    const { ann, ben, group } = await seatThree();
    await ann.call('changeGroup', { group, change: { kind: 'remove', member: ben.npub } });
    for (let at = 1; recordOf(ben, group).endedAt === undefined; at += 1) {
      expect(at).toBeLessThan(9);
      await expect(sync(dyingAt(ben, at), { from: [], waitS: 0 })).rejects.toThrow('the process died');
    }
    expect((await ben.call('listGroups', {})).groups).toMatchObject([{ group, state: 'over' }]);
    expect(await ben.call('showGroup', { group })).toMatchObject({ state: 'over' });
    await expect(ben.call('say', { group, text: 'But' })).rejects.toMatchObject({ code: 'input/not-found' });
    await expect(ben.call('changeGroup', { group, change: RENEW })).rejects.toMatchObject({ code: 'input/not-found' });
  });

  it('is not for ever when an admin takes somebody back; the welcome of before takes nobody back', async () => {
    const { ann, ben, cat, group, tap } = await seatThree();
    await ann.call('say', { group, text: 'before' });
    await ann.call('changeGroup', { group, change: { kind: 'remove', member: ben.npub } });
    expect(await groupsTold(ben)).toEqual(['before', 'ended']);
    await ann.call('say', { group, text: 'without ben' });
    // The first welcome, which still opens, in a wrap that is new.
    const signer = await ann.context.signer();
    const opened = await Promise.all(
      tap.relay
        .storedEvents()
        .filter(({ kind }) => kind === GIFT_WRAP)
        .map(async (wrap) => unwrapGift(await ben.context.signer(), wrap)),
    );
    const welcome = opened.find((each) => each.kind === 'rumor');
    if (welcome?.kind !== 'rumor') throw new Error('ben was never invited');
    const { clock, rng } = ann.context;
    const again = await wrapRumor({ signer, recipient: ben.context.pubkey, rumor: welcome.rumor, now: clock.now(), rng });
    const queue = createWrapQueue();
    queue.add(again);
    expect((await receiveWraps(ben.context, queue)).joined).toEqual([]);
    expect(queue.size()).toBe(0);
    expect(await ben.call('showGroup', { group })).toMatchObject({ state: 'over' });

    await ann.call('changeGroup', { group, change: { kind: 'add', members: [ben.npub] } });
    expect(await groupsTold(ben)).toEqual(['joined']);
    await catchUp(cat, ann, ben, cat, ann);
    await ben.call('say', { group, text: 'back again' });
    await catchUp(cat, ann);
    expectAgreement(ann, ben, cat);
    expect(await textsOf(ben, group)).toEqual(['before', 'back again']);
    expect([...(await textsOf(cat, group))].sort()).toEqual(['back again', 'before', 'without ben']);
  });

  it('that lies on a branch which wins by what is said on it is told as well', async () => {
    const table = await seat(4);
    const [ann, ben, cat, dan] = table.parties as [Party, Party, Party, Party];
    const { group, tap } = table;
    const common = new Set(storedEvents(table).map(({ id }) => id));
    const show = (...events: readonly NostrEvent[]): void => {
      tap.faults.hides = ({ id, kind }) => kind === GROUP_EVENT && !common.has(id) && !events.some((event) => event.id === id);
    };
    const made = async (work: Promise<unknown>): Promise<NostrEvent> => {
      await work;
      return storedEvents(table).at(-1)!;
    };
    show();
    const left: NostrEvent[] = [];
    for (let i = 0; i < 3; i += 1) left.push(await made(ben.call('changeGroup', { group, change: RENEW })));
    const fork = await made(ann.call('changeGroup', { group, change: RENEW }));
    const words = [await made(ann.call('say', { group, text: 'on the right' }))];
    show(fork);
    await cat.call('sync', {});
    words.push(await made(cat.call('say', { group, text: 'me too' })));
    const removal = await made(ann.call('changeGroup', { group, change: { kind: 'remove', member: dan.npub } }));
    show(...left);
    expect(await groupsTold(dan)).toEqual([]);
    // Three commits beside two: the removal does not count, until two members are heard to use the branch that it is on.
    show(...left, fork, removal);
    expect(await groupsTold(dan)).toEqual([]);
    expect(channelOf(dan).epoch.id).toBe(channelOf(ben).epoch.id);
    show(...left, fork, removal, ...words);
    expect(await groupsTold(dan)).toEqual(['ended']);
    expect(await dan.call('showGroup', { group })).toMatchObject({ state: 'over' });
    await expect(dan.call('say', { group, text: 'But' })).rejects.toMatchObject({ code: 'input/not-found' });
    await catchUp(ben, cat, ann);
    expectAgreement(ann, ben, cat);
  });

  it('of a disbanded group is told once; nothing is sent any more, nothing brings it back', async () => {
    const { ann, ben, cat, group, tap, clock } = await seatThree();
    const address = recordOf(ann, group).nostrGroupId;
    const before = channelOf(ben);
    expect(await ann.call('changeGroup', { group, change: { kind: 'disband' } })).toMatchObject({ state: 'over' });
    expect(await groupsTold(ben)).toEqual(['ended']);
    expect(await groupsTold(cat)).toEqual(['ended']);
    const known = tap.connections.map((frames) => frames.length);
    for (const party of [ann, ben, cat]) {
      expect(await groupsTold(party)).toEqual([]);
      expect(await party.call('showGroup', { group })).toMatchObject({ state: 'over' });
      for (const use of [party.call('say', { group, text: 'Hello?' }), party.call('changeGroup', { group, change: RENEW })])
        await expect(use).rejects.toMatchObject({ code: 'input/not-found' });
      await expect(party.call('changeGroup', { group, change: { kind: 'leave' } })).rejects.toMatchObject({ code: 'input/not-found' });
    }
    // A month later neither a leaf nor anything else is due in it.
    clock.advance(40 * 86_400);
    await catchUp(ann, ben, cat);
    const later = tap.connections.map((frames, i) => frames.slice(known[i] ?? 0));
    expect(later.some((frames) => groupsOf(frames).has(address))).toBe(false);
    // What somebody makes in the epoch before it, or says there, is not even looked at.
    const { rng } = ben.context;
    const commit = await createCommit({ context: createMlsContext(rng), state: before.state, wireAsPublicMessage: true });
    const event = sealGroupEvent(before.epoch.outerKey, address, encodeMlsMessage(commit.commit), clock.now(), rng);
    const record = recordOf(cat, group);
    expect(await receiveGroupEvents(cat.context, group, [event], undefined)).toEqual({ news: [], groupNews: [] });
    expect(recordOf(cat, group)).toEqual(record);
  });

  it('that we wish for the group bars everything else until a relay has it, after a restart too', async () => {
    const tap = await startTap();
    const lab = await makeLab();
    ends.push(tap.close, lab.close);
    const [ann, ben] = [await lab.makeAgent({ relays: [tap.url] }), await lab.makeAgent({ relays: [tap.url] })];
    const { group } = await ann.call((agent) => agent.createGroup({ name: 'Plans', members: [ben.npub] }));
    for (const each of [ben, ann]) await each.call((agent) => agent.sync());
    tap.faults.fate = ({ kind }) => (kind === GROUP_EVENT ? 'lost-before' : undefined);
    const known = new Set(sentEvents({ tap }).map(({ id }) => id));
    expect(await ann.call((agent) => agent.changeGroup({ group, change: { kind: 'disband' } }))).toMatchObject({ isWaiting: true });
    for (let restart = 0; restart < 2; restart += 1) {
      await ann.call((agent) => agent.sync());
      const words = ann.call((agent) => agent.say({ group, text: 'Wait' }));
      await expect(words).rejects.toMatchObject({ code: 'relay/unacknowledged' });
      const change = ann.call((agent) => agent.changeGroup({ group, change: { kind: 'rename', name: 'Other' } }));
      await expect(change).rejects.toMatchObject({ code: 'relay/unacknowledged' });
    }
    const tries = sentEvents({ tap }).filter(({ id }) => !known.has(id));
    expect(tries).toHaveLength(3);
    expect(new Set(tries.map(({ id }) => id)).size).toBe(1);
    tap.faults.fate = undefined;
    await ann.call((agent) => agent.sync());
    expect(await ann.call((agent) => agent.showGroup({ group }))).toMatchObject({ state: 'over' });
    expect((await ben.call((agent) => agent.sync())).ended).toEqual([ann.npub]);
  });
});

describe('a group that moves', () => {
  const move = (party: Party, group: string, nostrGroupId: string, relays: readonly string[]) =>
    commitChange(party.context, group, { kind: 'component', component: COMPONENTS.routing, data: encodeRouting({ nostrGroupId, relays }) });

  it('is still read where it was before, by sockets of their own, as long as an epoch from there is kept', async () => {
    const clock = makeClock();
    const other = await startTap({ clock });
    ends.push(other.close);
    const table = await seatThree([other.url]);
    const { ann, ben, cat, group, tap } = table;
    const first = recordOf(ann, group).nostrGroupId;
    // Ben, who is away, has not heard of either change when he speaks: the relay is another first, then the address as well.
    expect(await move(ann, group, first, [other.url])).toBe('applied');
    await ben.call('say', { group, text: 'at the relay before' });
    other.faults.hides = ({ kind }) => kind === GROUP_EVENT;
    expect(await groupsTold(ann)).toEqual(['at the relay before']);
    other.faults.hides = undefined;
    expect(await move(ann, group, 'ab'.repeat(32), [other.url])).toBe('applied');
    await ben.call('say', { group, text: 'at the address before' });
    expect(await groupsTold(ann)).toEqual(['at the address before']);
    await catchUp(cat, cat, ben, ben);
    expectAgreement(ann, ben, cat);
    expect(await textsOf(cat, group)).toEqual(expect.arrayContaining(['at the relay before', 'at the address before']));
    for (const frames of [...tap.connections, ...other.connections]) expect(groupsOf(frames).size).toBeLessThan(2);

    const asksFor = async (party: Party): Promise<ReadonlySet<string>> => {
      const marks = [tap, other].map(({ connections }) => connections.map((frames) => frames.length));
      await party.call('sync', {});
      const fresh = [tap, other].flatMap(({ connections }, i) => connections.map((frames, j) => frames.slice(marks[i]?.[j] ?? 0)));
      return new Set(fresh.flatMap((frames) => [...groupsOf(frames)]));
    };
    for (let epochs = 1; epochs < CONVERGENCE.maxRewind; epochs += 1) await ann.call('changeGroup', { group, change: RENEW });
    expect(await asksFor(ann)).toEqual(new Set([first, 'ab'.repeat(32)]));
    await ann.call('changeGroup', { group, change: RENEW });
    await ann.call('changeGroup', { group, change: RENEW });
    expect(await asksFor(ann)).toEqual(new Set(['ab'.repeat(32)]));
    expect(recordOf(ann, group).otherRoutes).toEqual([]);
  });

  it('leaves what waits for a relay where it was to go', async () => {
    const clock = makeClock();
    const other = await startRelay({ clock });
    const { ann, ben, group, tap } = await seatThree([other.url]);
    const address = recordOf(ben, group).nostrGroupId;
    await other.close();
    expect(await ben.call('say', { group, text: 'for both relays' })).toMatchObject({ isSent: true });
    const said = storedEvents({ tap }).at(-1);
    await move(ann, group, 'cd'.repeat(32), [tap.url]);
    await ben.call('sync', {});
    expect(recordOf(ben, group)).toMatchObject({ nostrGroupId: 'cd'.repeat(32), relays: [tap.url] });
    const back = await startRelay({ clock, port: other.port });
    ends.push(back.close);
    await ben.call('sync', {});
    expect(back.storedEvents().filter(({ kind }) => kind === GROUP_EVENT)).toContainEqual(said);
    expect(said?.tags).toEqual([['h', address]]);
  });
});

describe('what a limit of ours refuses is not marked as seen', () => {
  it('an event that is too large', async () => {
    const { ben, group } = await seatThree();
    const { epoch } = channelOf(ben, group);
    const event = sealGroupEvent(epoch.outerKey, epoch.address, new Uint8Array(LIMITS.eventContentChars), 1, ben.context.rng);
    await receiveGroupEvents(ben.context, group, [event], undefined);
    expect(ben.context.store.hasSeen(event.id)).toBe(false);
    // One that is nonsense at any size is.
    const nonsense = sealGroupEvent(epoch.outerKey, epoch.address, Uint8Array.of(1), 1, ben.context.rng);
    await receiveGroupEvents(ben.context, group, [nonsense], undefined);
    expect(ben.context.store.hasSeen(nonsense.id)).toBe(true);
  });

  it('a proposal beyond the sixteenth of an epoch', async () => {
    const { ann, ben, group } = await seatThree();
    const events: NostrEvent[] = [];
    for (let i = 0; i <= LIMITS.proposals; i += 1) {
      const { state } = channelOf(ann, group);
      const context = createMlsContext(ann.context.rng);
      const { message } = await createProposal({ context, state, proposal: renaming(`Name ${i}`), wireAsPublicMessage: true });
      events.push(await publishRaw(ann, encodeMlsMessage(message)));
    }
    await ben.call('sync', {});
    const unseen = (): readonly NostrEvent[] => events.filter(({ id }) => !ben.context.store.hasSeen(id));
    expect(unseen()).toHaveLength(1);
    expect(Object.keys(channelOf(ben, group).state.unappliedProposals)).toHaveLength(LIMITS.proposals);
    const [last] = unseen();
    await ben.call('sync', {});
    expect(unseen()).toEqual([last]);
  });

  it('commits beyond the branches that are kept', async () => {
    const { ann, ben, group } = await seatThree();
    const events: NostrEvent[] = [];
    for (let i = 0; i <= LIMITS.rivals + 1; i += 1) {
      const { state } = channelOf(ann, group);
      const made = await createCommit({ context: createMlsContext(ann.context.rng), state, wireAsPublicMessage: true });
      events.push(await publishRaw(ann, encodeMlsMessage(made.commit)));
    }
    await ben.call('sync', {});
    expect(channelOf(ben, group).rivals).toHaveLength(LIMITS.rivals);
    const unseen = events.filter(({ id }) => !ben.context.store.hasSeen(id));
    expect(unseen).toHaveLength(1);
    await ben.call('sync', {});
    expect(events.filter(({ id }) => !ben.context.store.hasSeen(id))).toEqual(unseen);
  });
});

describe('of key packages that are alike', () => {
  const rng = { bytes: (length: number) => crypto.getRandomValues(new Uint8Array(length)) };

  it('in one slot the lower event id counts, wherever it is', async () => {
    const clock = makeClock();
    const [one, two] = [await startRelay({ clock }), await startRelay({ clock })];
    const stage = await openStage({ clock, relays: [one.url, two.url] });
    ends.push(one.close, two.close, stage.close);
    const { context } = await stage.makeParty(0n);
    const pool = await context.pool();
    for (let round = 0; round < 6; round += 1) {
      const signer = createKeySigner(rng.bytes(32));
      const slot = bytesToHex(rng.bytes(32));
      const make = () => createKeyPackage({ signer, slot, now: clock.now(), rng });
      const events = [(await make()).event, (await make()).event].sort((a, b) => (a.id < b.id ? -1 : 1));
      const places = round % 2 === 0 ? [one.url, two.url] : [two.url, one.url];
      for (const [i, event] of events.entries()) await pool.publish([places[i] ?? ''], event, { purpose: 'lookup' });
      expect((await lookUpPeer(context, signer.pubkey)).keyPackage.eventId).toBe(events[0]?.id);
    }
  });

  it('in several slots the lower KeyPackageRef counts, and of each slot only its newest', async () => {
    const stage = await openStage();
    ends.push(stage.close);
    const { context } = await stage.makeParty(0n);
    const { clock } = context;
    const relays = JSON.parse(context.store.readSetting('relays') ?? '[]') as string[];
    const signer = createKeySigner(rng.bytes(32));
    const refs: string[] = [];
    for (let slot = 0; slot < 10; slot += 1) {
      const { event } = await createKeyPackage({ signer, slot: bytesToHex(rng.bytes(32)), now: clock.now() - (slot < 2 ? 60 : 0), rng });
      await (await context.pool()).publish(relays, event, { purpose: 'lookup' });
      const read = await readKeyPackage(event, clock.now());
      if (read.kind === 'usable' && slot >= 2) refs.push(read.ref);
    }
    expect(refs).toHaveLength(8);
    expect((await lookUpPeer(context, signer.pubkey)).keyPackage.ref).toBe(refs.sort()[0]);
  });
});
