// Convergence with real MLS: whatever a group's members commit, say, miss and hear twice, in the end all are on the branch that the rule
// of protocol-core/convergence.md names, and can talk there.

import { createApplicationMessage } from 'ts-mls';
import { beforeAll, describe, expect, it } from 'vitest';
import { scale } from '../../test/lane.fixture.ts';
import { sha256Hex, type Hex } from '../core/bytes.ts';
import type { NostrEvent } from '../nostr/event.ts';
import type { Channel } from './channel.ts';
import { decodeChannel, encodeChannel } from './channelCodec.ts';
import { encodeAdmins, encodeProfile } from './components.ts';
import { adminsOf } from './groupCheck.ts';
import { peelGroupEvent } from './groupEvent.ts';
import { createMlsContext } from './mlsContext.ts';
import {
  change,
  expectKind,
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
import { COMPONENTS, CONVERGENCE, LIMITS, RETENTION } from './profile.ts';
import { adoptStaged, dropStaged, stageCommit, type GroupChange } from './stageCommit.ts';

const rng = makeRng('branches');
const groups = new Map<number, Readonly<Record<string, Channel>>>();

beforeAll(async () => {
  pinClock();
  for (const others of [['bob'], ['bob', 'carol'], ['bob', 'carol', 'dave']])
    groups.set(others.length + 1, (await openGroup(others)).channels);
});

const saved = (channel: Channel): Channel => decodeChannel(encodeChannel(channel));

/** What was made of an epoch, noted by the one who made it: the model knows no more of the code than this. */
interface MadeEpoch {
  readonly id: Hex;
  readonly parent: Hex;
  readonly committer: Hex;
  readonly isPrivileged: boolean;
  readonly speakers: Set<Hex>;
}

type Rank = readonly (number | string)[];

/** The rule, as a list to compare from the left: what is smaller wins. */
function rankOf(path: readonly MadeEpoch[]): Rank {
  const counts = path.map(({ speakers }) => Math.min(2, speakers.size));
  const quorum = counts.includes(2) ? 1 : 0;
  const tip = path.at(-1);
  if (tip === undefined) throw new Error('a branch has an epoch');
  const score = counts.reduce((sum, count) => sum + count, 0);
  return [-(path.length + quorum), -quorum, -score, tip.isPrivileged ? 0 : 1, tip.committer, tip.id];
}

const CRITERIA = ['depth', 'quorum', 'score', 'priority', 'committer', 'digest'] as const;
type Criterion = (typeof CRITERIA)[number];

/** Every branch of the tree from its first fork on, best first. */
function rankBranches(epochs: readonly MadeEpoch[], root: Hex): { readonly tip: Hex; readonly rank: Rank; readonly ids: readonly Hex[] }[] {
  const childrenOf = (id: Hex): readonly MadeEpoch[] => epochs.filter(({ parent }) => parent === id);
  let fork = root;
  for (let next = childrenOf(fork); next.length === 1; next = childrenOf(fork)) fork = next[0]?.id ?? '';
  if (childrenOf(fork).length === 0) fork = root;
  const walk = (path: readonly MadeEpoch[], at: Hex): readonly (readonly MadeEpoch[])[] => {
    const children = childrenOf(at);
    return children.length === 0 ? [path] : children.flatMap((child) => walk([...path, child], child.id));
  };
  const paths = walk([], fork).filter((path) => path.length > 0);
  const ranked = paths.map((path) => ({ tip: path.at(-1)?.id ?? '', rank: rankOf(path), ids: path.map(({ id }) => id) }));
  return ranked.sort((a, b) => (compareRanks(a.rank, b.rank) < 0 ? -1 : 1));
}

function compareRanks(a: Rank, b: Rank): number {
  const at = decidedAt(a, b);
  return at === -1 ? 0 : (a[at] ?? 0) < (b[at] ?? 0) ? -1 : 1;
}

function decidedAt(a: Rank, b: Rank): number {
  return a.findIndex((value, i) => value !== b[i]);
}

/** Numbers from a seed (mulberry32). */
function makeDice(seed: number) {
  let state = seed >>> 0;
  const roll = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const below = (count: number): number => Math.floor(roll() * count);
  const shuffle = <T>(items: readonly T[]): T[] => {
    const copy = [...items];
    for (let i = copy.length - 1; i > 0; i -= 1) {
      const j = below(i + 1);
      [copy[i], copy[j]] = [copy[j] as T, copy[i] as T];
    }
    return copy;
  };
  return { roll, below, shuffle };
}

type Dice = ReturnType<typeof makeDice>;

interface Published {
  readonly event: NostrEvent;
  readonly by: string;
  /** Of a message: its text, which is like no other, and the epoch it was said in. */
  readonly text?: string;
  readonly epochId?: Hex;
}

/** One member as a program would be: a saved channel, what it has not been able to read so far, and what it has shown to its user. */
interface Member {
  readonly name: string;
  channel: Channel;
  waiting: Published[];
  readonly shown: string[];
  switches: number;
}

const pathOf = ({ epoch, past }: Channel): readonly Hex[] => [epoch, ...past.map((kept) => kept.epoch)].map(({ id }) => id);

/** Takes one event in. True when it is done with. */
async function receive(member: Member, { event }: Published, dice: Dice): Promise<boolean> {
  const before = member.channel;
  const peeled = peelGroupEvent(before, event);
  if (peeled.kind === 'unreadable') {
    expect(peeled.reason).toBe('no-key');
    return false;
  }
  const result = await processMls(before, peeled.mlsBytes);
  if (result.kind === 'refused' || result.kind === 'ended') throw new Error(`${member.name} got ${JSON.stringify(result)}`);
  if (result.kind === 'own') return true;
  if (result.kind === 'unreadable') return result.reason !== 'future-epoch' && result.reason !== 'no-room';
  if (result.kind === 'payload') member.shown.push(result.rumor.content);
  const superseded = 'superseded' in result ? result.superseded : [];
  // What is said to be lost is what was on the path and is not any more.
  const lost = pathOf(before).filter((id) => !pathOf(result.channel).includes(id));
  if (superseded.length > 0 || result.channel.epoch.parent !== before.epoch.id) expect([...superseded].sort()).toEqual([...lost].sort());
  if (superseded.length > 0) member.switches += 1;
  member.channel = dice.roll() < 0.4 ? saved(result.channel) : result.channel;
  return result.kind !== 'rival' || result.content === 'commit';
}

/** Goes through what waits, again and again, until nothing comes of it any more. */
async function receiveAll(member: Member, dice: Dice): Promise<void> {
  for (;;) {
    const before = member.channel.epoch.id;
    const count = member.waiting.length;
    const kept: Published[] = [];
    for (const published of member.waiting) if (!(await receive(member, published, dice))) kept.push(published);
    member.waiting = dice.shuffle(kept);
    if (kept.length === count && member.channel.epoch.id === before) return;
  }
}

interface World {
  readonly members: readonly Member[];
  readonly events: Published[];
  readonly epochs: MadeEpoch[];
  readonly root: Hex;
}

const MAX_DEPTH = 5n;

function pickChange(channel: Channel, dice: Dice): GroupChange {
  const admins = adminsOf(channel.state);
  const kind = dice.roll();
  if (!admins.includes(channel.own) || kind < 0.5) return { kind: 'self-update' };
  const name = `name ${dice.below(1_000_000)}`;
  if (kind < 0.8) return { kind: 'component', component: COMPONENTS.profile, data: encodeProfile({ name, description: '' }) };
  const members = channel.state.ratchetTree.flatMap((node) =>
    node !== undefined && 'leaf' in node && 'identity' in node.leaf.credential
      ? [Buffer.from(node.leaf.credential.identity).toString('hex')]
      : [],
  );
  const others = members.filter(() => dice.roll() < 0.5);
  return { kind: 'component', component: COMPONENTS.adminPolicy, data: encodeAdmins([...new Set([channel.own, ...others])]) };
}

async function act(world: World, member: Member, dice: Dice): Promise<void> {
  const { channel } = member;
  const start = channel.epoch.number - MAX_DEPTH;
  const canCommit = start < 1n && world.epochs.length < Number(process.env['BRANCH_EPOCHS'] ?? 11);
  if (canCommit && dice.roll() < 0.5) {
    const what = pickChange(channel, dice);
    const made = await change(channel, what, rng);
    const id = sha256Hex(peel(channel, made.event).mlsBytes);
    world.epochs.push({
      id,
      parent: channel.epoch.id,
      committer: channel.own,
      isPrivileged: what.kind !== 'self-update',
      speakers: new Set(),
    });
    member.channel = made.channel;
    world.events.push({ event: made.event, by: member.name });
  } else {
    const text = `${world.events.length} by ${member.name}`;
    const sent = await say(channel, text, rng);
    world.epochs.find(({ id }) => id === channel.epoch.id)?.speakers.add(channel.own);
    member.channel = sent.channel;
    world.events.push({ event: sent.event, by: member.name, text, epochId: channel.epoch.id });
  }
}

/** Members commit and say things, each hearing of some of it before it goes on. */
async function makeWorld(dice: Dice): Promise<World> {
  const size = [2, 2, 3, 3, 4][dice.below(5)] ?? 2;
  const channels = groups.get(size) ?? {};
  const members = Object.entries(channels).map(([name, channel]): Member => ({ name, channel, waiting: [], shown: [], switches: 0 }));
  const world: World = { members, events: [], epochs: [], root: members[0]?.channel.epoch.id ?? '' };
  const [hearing, actions] = [dice.roll() * 0.5, Number(process.env['BRANCH_ACTS'] ?? 5) + dice.below(6)];
  const known = new Map(members.map(({ name }) => [name, 0]));
  for (let i = 0; i < actions; i += 1) {
    const member = members[dice.below(members.length)] as Member;
    if (dice.roll() < hearing) {
      const fresh = world.events.slice(known.get(member.name)).filter(({ by }) => by !== member.name);
      known.set(member.name, world.events.length);
      member.waiting.push(...dice.shuffle(fresh));
      await receiveAll(member, dice);
    }
    await act(world, member, dice);
  }
  return world;
}

/** Everything reaches everybody, own echoes too, in an order of its own and some of it twice. */
async function deliverEverything({ members, events }: World, dice: Dice): Promise<void> {
  for (const member of members) {
    const again = events.filter(() => dice.roll() < 0.2);
    member.waiting = dice.shuffle([...member.waiting, ...events, ...again]);
    await receiveAll(member, dice);
  }
}

describe('members who commit beside each other', () => {
  const RUNS = Number(process.env['BRANCH_RUNS'] ?? scale(60, 20));
  const FIRST_SEED = Number(process.env['BRANCH_SEED'] ?? 1);

  it('are on the branch that the rule names in the end, whatever reaches them in which order, and can talk', async () => {
    const seen = { forks: 0, switches: 0, branches: 0, deep: 0 };
    const decidedBy: Record<Criterion, number> = { depth: 0, quorum: 0, score: 0, priority: 0, committer: 0, digest: 0 };
    for (let seed = FIRST_SEED; seed < FIRST_SEED + RUNS; seed += 1) {
      const dice = makeDice(seed);
      try {
        const world = await makeWorld(dice);
        await deliverEverything(world, dice);
        const ranked = rankBranches(world.epochs, world.root);
        const [best, second] = ranked;
        const winner = best?.tip ?? world.root;
        expect(world.members.map(({ channel }) => channel.epoch.id)).toEqual(world.members.map(() => winner));
        const [first] = world.members;
        for (const { channel } of world.members) expect(channel.epoch.outerKey).toEqual(first?.channel.epoch.outerKey);
        await expectEverythingShown(world, winner);
        await expectTalk(world.members);
        if (best === undefined || second === undefined) continue;
        seen.forks += 1;
        seen.branches += ranked.length;
        seen.deep += world.epochs.length >= 5 ? 1 : 0;
        seen.switches += world.members.reduce((sum, { switches }) => sum + switches, 0);
        const criterion = CRITERIA[decidedAt(best.rank, second.rank)];
        if (criterion !== undefined) decidedBy[criterion] += 1;
      } catch (error) {
        throw new Error(`seed ${seed}`, { cause: error });
      }
    }
    // Forks happened, branches were changed, and all but the rarest criteria had to decide: those two are in branchScore.test.ts.
    expect(seen.forks).toBeGreaterThan(RUNS / 2);
    expect(seen.branches).toBeGreaterThan(2 * seen.forks);
    expect(seen.switches).toBeGreaterThan(RUNS / 2);
    expect(seen.deep).toBeGreaterThan(RUNS / 10);
    for (const criterion of ['depth', 'score', 'priority', 'committer'] as const)
      expect(decidedBy[criterion], criterion).toBeGreaterThan(0);
  }, 180_000);
});

/** Nobody is shown a message twice, or one of their own; and all that was said on the way to the tip is shown to all others. */
async function expectEverythingShown({ members, events, epochs, root }: World, winner: Hex): Promise<void> {
  const way = new Set([root]);
  for (let at: Hex | undefined = winner; at !== undefined && at !== root; at = epochs.find(({ id }) => id === at)?.parent) way.add(at);
  for (const { name, shown } of members) {
    expect(new Set(shown).size).toBe(shown.length);
    const due = events.flatMap(({ by, text, epochId }) => (text !== undefined && by !== name && way.has(epochId ?? '') ? [text] : []));
    expect(due.filter((text) => !shown.includes(text))).toEqual([]);
    expect(shown.filter((text) => text.endsWith(` by ${name}`))).toEqual([]);
  }
}

/** Each says something that all others read. */
async function expectTalk(members: readonly Member[]): Promise<void> {
  const channels = members.map(({ channel }) => saved(channel));
  for (const [i, speaker] of channels.entries()) {
    const sent = await say(speaker, `hello from ${i}`, rng);
    channels[i] = sent.channel;
    for (const [j, listener] of channels.entries()) {
      if (i === j) continue;
      const result = await processMls(listener, peel(listener, sent.event).mlsBytes);
      if (result.kind !== 'payload' || result.rumor.content !== `hello from ${i}`)
        throw new Error(`${j} did not hear ${i}: ${result.kind}`);
      channels[j] = result.channel;
    }
  }
}

// From here on, cases one by one. In order of their keys: bob, alice, dave, carol; alice is the admin.

interface Step {
  readonly channel: Channel;
  readonly event: NostrEvent;
  /** Of the commit or message: the SHA-256 of its MLS bytes. */
  readonly id: Hex;
}

const SELF_UPDATE: GroupChange = { kind: 'self-update' };
const rename = (name: string): GroupChange => ({
  kind: 'component',
  component: COMPONENTS.profile,
  data: encodeProfile({ name, description: '' }),
});

async function commitOn(channel: Channel, what: GroupChange = SELF_UPDATE): Promise<Step> {
  const made = await change(channel, what, rng);
  return { ...made, id: sha256Hex(peel(channel, made.event).mlsBytes) };
}

/** So many commits by one member, one after the other. */
async function commitTimes(channel: Channel, count: number): Promise<readonly [Step, ...Step[]]> {
  const steps: [Step] = [await commitOn(channel)];
  for (let i = 1; i < count; i += 1) steps.push(await commitOn((steps.at(-1) as Step).channel));
  return steps;
}

const lastOf = (steps: readonly Step[]): Channel => (steps.at(-1) as Step).channel;

async function sayOn(channel: Channel, text: string): Promise<Step> {
  const { channel: next, event, mlsHash: id } = await say(channel, text, rng);
  return { channel: next, event, id };
}

/** The channel after events that all have to be taken in, and the commits that were said to be lost on the way. */
async function takeAll(channel: Channel, steps: readonly Step[]): Promise<{ readonly channel: Channel; readonly lost: readonly Hex[] }> {
  let at = channel;
  const lost: Hex[] = [];
  for (const { event } of steps) {
    const result = await take(at, event);
    if (!('channel' in result)) throw new Error(`nothing came of it: ${JSON.stringify(result)}`);
    if ('superseded' in result) lost.push(...result.superseded);
    at = saved(result.channel);
  }
  return { channel: at, lost };
}

/** What there is to read in an event: the text, or the kind of result and why. */
async function read(channel: Channel, { event }: Step): Promise<{ readonly found: string; readonly channel: Channel }> {
  const peeled = peelGroupEvent(channel, event);
  if (peeled.kind === 'unreadable') return { found: peeled.reason, channel };
  const result = await processMls(channel, peeled.mlsBytes);
  if (result.kind === 'payload') return { found: `“${result.rumor.content}”`, channel: saved(result.channel) };
  if (result.kind === 'unreadable' || result.kind === 'refused') return { found: result.reason, channel };
  return { found: result.kind, channel: 'channel' in result ? saved(result.channel) : channel };
}

const group = (size: number): Record<'alice' | 'bob' | 'carol' | 'dave', Channel> =>
  groups.get(size) as Record<'alice' | 'bob' | 'carol' | 'dave', Channel>;

describe('a longer branch', () => {
  it('that starts five epochs back is followed, however late it comes', async () => {
    const { alice, bob } = group(2);
    const mine = await commitTimes(alice, 5);
    const theirs = await commitTimes(bob, 6);
    const before = await takeAll(lastOf(mine), theirs.slice(0, 4));
    expect([before.channel.epoch.id, before.lost]).toEqual([mine[4]?.id, []]);
    const after = await takeAll(before.channel, theirs.slice(4));
    // At five against five bob’s key is the lower one, so that it has won before it is longer.
    expect([after.channel.epoch.id, [...after.lost].sort()]).toEqual([theirs[5]?.id, mine.map(({ id }) => id).sort()]);
    await expectTalk([asMember(after.channel), asMember(lastOf(theirs))]);
  });

  it('that starts six epochs back is not, and leaves no trace', async () => {
    const { alice, bob } = group(2);
    const mine = await commitTimes(alice, 6);
    const theirs = await commitTimes(bob, 8);
    const [tip, before] = [lastOf(mine), encodeChannel(lastOf(mine))];
    for (const { event } of theirs) {
      expect(peelGroupEvent(tip, event)).toEqual({ kind: 'unreadable', reason: 'no-key' });
      expect((await processMls(tip, peel(lastOf(theirs.slice(0, 5)), theirs[0].event).mlsBytes)).kind).toBe('unreadable');
    }
    const { mlsBytes } = peel(bob, theirs[0].event);
    expect(await processMls(tip, mlsBytes)).toEqual({ kind: 'unreadable', reason: 'stale-epoch' });
    expect(encodeChannel(tip)).toEqual(before);
  });

  it('is let go when the way on leaves its start more than five epochs behind', async () => {
    const { alice, bob } = group(2);
    const theirs = await commitTimes(bob, 4);
    const five = await takeAll(lastOf(await commitTimes(alice, 5)), theirs);
    expect(five.channel.rivals).toHaveLength(4);
    const six = saved((await commitOn(five.channel)).channel);
    expect(six.rivals).toEqual([]);
    const [fifth] = await commitTimes(lastOf(theirs), 1);
    expect(peelGroupEvent(five.channel, fifth.event).kind).toBe('peeled');
    expect(peelGroupEvent(six, fifth.event)).toEqual({ kind: 'unreadable', reason: 'no-key' });
  });
});

const asMember = (channel: Channel): Member => ({ name: '', channel, waiting: [], shown: [], switches: 0 });

describe('what members say', () => {
  it('makes a branch win over one that is one commit longer, once two of them are heard', async () => {
    const { alice, bob, carol } = group(4);
    const longer = await commitTimes(alice, 2);
    const [shorter] = await commitTimes(bob, 1);
    const [byBob, byCarol] = [await sayOn(shorter.channel, 'here'), await sayOn((await takeAll(carol, [shorter])).channel, 'me too')];
    const one = await takeAll(lastOf(longer), [shorter, byBob, byBob]);
    expect([one.channel.epoch.id, one.lost]).toEqual([longer[1]?.id, []]);
    const result = expectKind(await take(one.channel, byCarol.event), 'payload');
    expect([result.rumor.content, result.epochId, result.channel.epoch.id]).toEqual(['me too', shorter.id, shorter.id]);
    expect([...result.superseded].sort()).toEqual(longer.map(({ id }) => id).sort());
    // What was only noted before can be read now.
    expect((await read(saved(result.channel), byBob)).found).toBe('“here”');
  });

  it('does not outweigh two commits', async () => {
    const { alice, bob, carol } = group(4);
    const longer = await commitTimes(alice, 3);
    const [shorter] = await commitTimes(bob, 1);
    const said = [await sayOn(shorter.channel, 'here'), await sayOn((await takeAll(carol, [shorter])).channel, 'me too')];
    const { channel, lost } = await takeAll(lastOf(longer), [shorter, ...said]);
    expect([channel.epoch.id, lost]).toEqual([longer[2]?.id, []]);
  });

  it('counts once for each account and epoch, our own words included', async () => {
    const { alice, bob, carol } = group(3);
    const longer = await commitTimes(alice, 2);
    const [shorter] = await commitTimes(bob, 1);
    const talk = await sayOn(shorter.channel, 'one');
    const more = await sayOn(talk.channel, 'two');
    const { channel } = await takeAll(lastOf(longer), [shorter, talk, more]);
    expect(channel.epoch.id).toBe(longer[1]?.id);
    expect(channel.rivals.map(({ epoch }) => epoch.witnesses)).toEqual([[bob.own]]);
    // Bob heard carol and spoke himself: for him his branch has its two, whatever alice does.
    const byCarol = await sayOn((await takeAll(carol, [shorter])).channel, 'three');
    const atBob = await takeAll(more.channel, [byCarol, ...longer]);
    expect([atBob.channel.epoch.id, atBob.lost]).toEqual([shorter.id, []]);
    // Without his own words he would follow her.
    const silent = await takeAll(shorter.channel, [byCarol, ...longer]);
    expect(silent.channel.epoch.id).toBe(longer[1]?.id);
  });

  it('in an epoch that two branches share can make the other one win, and the result names what is lost by it', async () => {
    const { alice, bob, carol, dave } = group(4);
    // All is counted from where dave’s branch parts from the rest.
    const aside = await commitOn(dave);
    const shared = await commitOn(alice);
    const byBob = await sayOn((await takeAll(bob, [shared])).channel, 'in the shared epoch');
    const byCarol = await sayOn((await takeAll(carol, [shared])).channel, 'there, too');
    const used = await commitOn(byBob.channel);
    const heard = [await sayOn(used.channel, 'here'), await sayOn((await takeAll(shared.channel, [used])).channel, 'here, too')];
    const longer = await commitTimes(byCarol.channel, 2);
    const first = await takeAll(aside.channel, [shared, used, ...heard, ...longer, byBob]);
    expect(first.channel.epoch.id).toBe(used.id);
    const result = expectKind(await take(first.channel, byCarol.event), 'payload');
    expect([result.rumor.content, result.epochId]).toEqual(['there, too', shared.id]);
    expect([result.channel.epoch.id, result.superseded]).toEqual([longer[1]?.id, [used.id]]);
  });

  it('comes back as our own from a branch that is not followed any more', async () => {
    const { alice, bob } = group(2);
    const mine = await sayOn((await commitOn(alice)).channel, 'mine');
    const { channel } = await takeAll(mine.channel, await commitTimes(bob, 2));
    expect([channel.epoch.committer, (await read(channel, mine)).found]).toEqual([bob.own, 'own']);
  });

  it('in the epoch where branches part counts for none of them', async () => {
    const { alice, bob, carol } = group(3);
    const common = [await sayOn(bob, 'before'), await sayOn(carol, 'before, too')];
    const [shorter] = await commitTimes(bob, 1);
    const longer = await commitTimes(alice, 2);
    const { channel } = await takeAll(carol, [shorter, common[0] as Step, ...longer]);
    expect(channel.epoch.id).toBe(longer[1]?.id);
  });
});

describe('after a change of branch', () => {
  it('late messages of the epochs before it open, each once', async () => {
    const { alice, bob, carol } = group(3);
    const early = await sayOn(bob, 'early');
    const late = await sayOn(early.channel, 'late');
    const [lost] = await commitTimes(alice, 1);
    const [won] = await commitTimes(late.channel, 1);
    const changed = await takeAll(carol, [early, lost, won]);
    let { channel } = changed;
    expect([channel.epoch.id, changed.lost]).toEqual([won.id, [lost.id]]);
    const found: string[] = [];
    for (const step of [early, late, late, early]) {
      const next = await read(channel, step);
      channel = next.channel;
      found.push(next.found);
    }
    expect(found).toEqual(['already-read', '“late”', 'already-read', 'already-read']);
  });

  it('what was read on the abandoned branch is never read again, and what was not waits for its return', async () => {
    const { alice, bob, carol } = group(3);
    const [lost] = await commitTimes(alice, 1);
    const said = await sayOn(lost.channel, 'read there');
    const unread = await sayOn(said.channel, 'not read there');
    const [won] = await commitTimes(bob, 1);
    const kept = await sayOn(won.channel, 'on the branch that wins');
    let { channel } = await takeAll(carol, [lost, said, won]);
    const readNext = async (step: Step): Promise<string> => {
      const next = await read(channel, step);
      channel = next.channel;
      return next.found;
    };
    // One was heard on alice’s branch; with one heard on bob’s too, his lower key decides.
    expect(channel.epoch.id).toBe(lost.id);
    const changed = expectKind(await take(channel, kept.event), 'payload');
    expect([changed.superseded, changed.rumor.content, changed.epochId]).toEqual([[lost.id], 'on the branch that wins', won.id]);
    channel = saved(changed.channel);
    expect([await readNext(said), await readNext(unread), await readNext(kept)]).toEqual(['undecryptable', 'rival', 'already-read']);
    expect(await readNext(unread)).toBe('rival');
    // The abandoned branch goes on, and has two commits against one.
    const more = await commitOn(lost.channel);
    const back = expectKind(await take(channel, more.event), 'handshake');
    expect([back.superseded, back.channel.epoch.id]).toEqual([[won.id], more.id]);
    channel = saved(back.channel);
    expect([await readNext(said), await readNext(unread), await readNext(unread)]).toEqual([
      'already-read',
      '“not read there”',
      'already-read',
    ]);
    expect(await readNext(kept)).toBe('undecryptable');
    // And once more: bob’s side grows by two.
    const beyond = await commitTimes(won.channel, 2);
    const third = await takeAll(channel, beyond);
    expect([third.channel.epoch.id, [...third.lost].sort()]).toEqual([beyond[1]?.id, [lost.id, more.id].sort()]);
    channel = third.channel;
    expect([await readNext(kept), await readNext(said), await readNext(unread)]).toEqual([
      'already-read',
      'undecryptable',
      'undecryptable',
    ]);
    await expectTalk([asMember(channel), asMember(lastOf(beyond))]);
  });

  it('a message of before it that was read while another branch was followed stays read on all of them', async () => {
    const { alice, bob, carol } = group(3);
    const common = await sayOn(bob, 'common');
    const [lost] = await commitTimes(alice, 1);
    const [won] = await commitTimes(common.channel, 1);
    // Both branches are known before the message is read, so that each kept its key.
    const known = await takeAll(carol, [lost, won]);
    const once = await read(known.channel, common);
    const back = await takeAll(once.channel, [await commitOn(lost.channel)]);
    expect([once.found, back.lost]).toEqual(['“common”', [won.id]]);
    expect((await read(back.channel, common)).found).toBe('already-read');
  });
});

describe('a commit of our own', () => {
  it('that lost gives way to the one that won, and wins later when others build on it', async () => {
    const { alice, bob, carol } = group(3);
    const [mine] = await commitTimes(alice, 1);
    const [theirs] = await commitTimes(bob, 1);
    const lost = await takeAll(mine.channel, [theirs]);
    expect([lost.channel.epoch.id, lost.lost]).toEqual([theirs.id, [mine.id]]);
    expect(await take(lost.channel, mine.event)).toEqual({ kind: 'own' });
    const byCarol = await commitOn((await takeAll(carol, [mine])).channel);
    const won = await takeAll(lost.channel, [byCarol]);
    expect([won.channel.epoch.id, won.lost]).toEqual([byCarol.id, [theirs.id]]);
    await expectTalk([asMember(won.channel), asMember(byCarol.channel)]);
  });

  it('that a relay confirms after another one has won is kept beside it', async () => {
    const { alice, bob, carol } = group(3);
    const staged = await stageCommit(alice, SELF_UPDATE, NOW, rng);
    const [theirs] = await commitTimes(bob, 1);
    const waiting = await takeAll(staged.channel, [theirs]);
    const adopted = adoptStaged(waiting.channel);
    expect([adopted.channel.epoch.id, adopted.superseded, adopted.channel.invited]).toEqual([theirs.id, [], []]);
    const mine = { event: staged.event, id: staged.mlsHash, channel: adopted.channel };
    const byCarol = await commitOn((await takeAll(carol, [mine])).channel);
    const won = await takeAll(adopted.channel, [byCarol]);
    expect([won.channel.epoch.id, won.lost]).toEqual([byCarol.id, [theirs.id]]);
  });

  it('is made on the branch that is followed by then, when it was dropped', async () => {
    const { alice, bob } = group(3);
    const staged = await stageCommit(alice, SELF_UPDATE, NOW, rng);
    const [theirs] = await commitTimes(bob, 1);
    const { channel } = await takeAll(dropStaged(staged.channel), [theirs]);
    const mine = await commitOn(channel);
    expect((await takeAll(theirs.channel, [mine])).channel.epoch).toMatchObject({ id: mine.id, parent: theirs.id });
  });
});

describe('rival commits', () => {
  it('are kept up to the limit, then wait for room, and are let go with the epochs that they start from', async () => {
    const { alice, bob } = group(2);
    const many: Step[] = [];
    for (let i = 0; i < LIMITS.rivals + 1; i += 1) many.push(await commitOn(bob));
    const two = lastOf(await commitTimes(alice, 2));
    const { channel: full, lost } = await takeAll(two, many.slice(0, LIMITS.rivals));
    expect([full.rivals.length, lost, full.epoch.id]).toEqual([LIMITS.rivals, [], two.epoch.id]);
    const before = encodeChannel(full);
    const last = many.at(-1) as Step;
    expect(await take(full, last.event)).toEqual({ kind: 'unreadable', reason: 'no-room' });
    expect(encodeChannel(full)).toEqual(before);
    // Our own way goes on all the same, and so does what the peer says on it.
    const next = await commitOn(full);
    expect(next.channel.rivals).toHaveLength(LIMITS.rivals);
    const beyond = lastOf(await commitTimes(next.channel, 3));
    expect([beyond.rivals, beyond.past.length]).toEqual([[], 5]);
    expect(encodeChannel(beyond).length).toBeLessThan(before.length / 2);
    expect(peelGroupEvent(beyond, last.event)).toEqual({ kind: 'unreadable', reason: 'no-key' });
  });

  it('never make a channel keep more epochs than the limit, the way back and the tip', async () => {
    const { alice, bob } = group(2);
    const longer = await commitTimes(alice, 5);
    const theirs = await commitTimes(bob, 6);
    const beside: Step[] = [];
    for (let i = 0; i < LIMITS.rivals; i += 1) beside.push(await commitOn(bob));
    let channel = lastOf(longer);
    for (const { event } of [...theirs.slice(0, 5), ...beside, theirs[5] as Step]) {
      const result = await take(channel, event);
      if ('channel' in result) channel = saved(result.channel);
      expect(1 + channel.past.length + channel.rivals.length).toBeLessThanOrEqual(1 + CONVERGENCE.maxRewind + LIMITS.rivals);
    }
    expect(channel.epoch.committer).toBe(bob.own);
  });
});

describe('what is kept of old epochs', () => {
  it('reads a hundred messages that were skipped, and not the one before them', async () => {
    const { alice, bob } = group(2);
    const steps: Step[] = [];
    for (let i = 0; i < RETENTION.generations + 2; i += 1) steps.push(await sayOn(steps.at(-1)?.channel ?? bob, `${i}`));
    let { channel } = await read(alice, steps.at(-1) as Step);
    const found: string[] = [];
    for (const step of steps.slice(0, -1)) {
      const next = await read(channel, step);
      channel = next.channel;
      found.push(next.found);
    }
    expect(found).toEqual(['already-read', ...Array.from({ length: RETENTION.generations }, (_, i) => `“${i + 1}”`)]);
  });

  it('reads a message a thousand steps ahead of the last one, and none further', async () => {
    const { alice, bob } = group(2);
    let state = bob.state;
    const ahead = async (): Promise<Step> => sayOn({ ...bob, state }, 'far ahead');
    for (let i = 0; i < RETENTION.forwardSteps; i += 1)
      ({ newState: state } = await createApplicationMessage({ context: createMlsContext(rng), state, message: new Uint8Array() }));
    expect((await read(alice, await ahead())).found).toBe('“far ahead”');
    ({ newState: state } = await createApplicationMessage({ context: createMlsContext(rng), state, message: new Uint8Array() }));
    expect((await read(alice, await ahead())).found).toBe('undecryptable');
  });

  it('reads what was said five epochs ago, and not six', async () => {
    const { alice, bob } = group(2);
    const late = await sayOn(bob, 'late');
    const five = lastOf(await commitTimes(alice, 5));
    expect((await read(five, late)).found).toBe('“late”');
    const six = lastOf(await commitTimes(five, 1));
    expect((await read(six, late)).found).toBe('no-key');
    expect(await processMls(six, peel(five, late.event).mlsBytes)).toEqual({ kind: 'unreadable', reason: 'stale-epoch' });
  });

  it('reads on the branch that won what was said five epochs ago on it, and no further', async () => {
    const { alice, bob, carol } = group(3);
    const oldest = await sayOn(bob, 'six epochs ago');
    const theirs = await commitTimes(oldest.channel, 1);
    const old = await sayOn(lastOf(theirs), 'five epochs ago');
    const rest = await commitTimes(old.channel, 5);
    const { channel } = await takeAll((await takeAll(carol, await commitTimes(alice, 4))).channel, [...theirs, ...rest]);
    expect(channel.epoch.id).toBe(rest[4]?.id);
    expect([(await read(channel, old)).found, (await read(channel, oldest)).found]).toEqual(['“five epochs ago”', 'no-key']);
  });
});

describe('the privilege of an admin’s commit', () => {
  it('counts for adding and removing, not for a new leaf of the admin’s', async () => {
    const { alice, bob } = group(3);
    expect(alice.own > bob.own).toBe(true);
    const dave = await readUsable((await publish(makeParty('erin'))).event);
    const [byBob] = await commitTimes(bob, 1);
    for (const what of [rename('x'), { kind: 'add', peers: [dave] }, { kind: 'remove', account: group(3).carol.own }] as const) {
      const byAlice = await commitOn(alice, what);
      const [atAlice, atBob] = [await takeAll(byAlice.channel, [byBob]), await takeAll(byBob.channel, [byAlice])];
      expect([atAlice.channel.epoch.id, atBob.channel.epoch.id], what.kind).toEqual([byAlice.id, byAlice.id]);
      expect([atAlice.lost, atBob.lost]).toEqual([[], [byBob.id]]);
    }
    const plain = await commitOn(alice);
    expect((await takeAll(plain.channel, [byBob])).channel.epoch.id).toBe(byBob.id);
    expect((await takeAll(byBob.channel, [plain])).channel.epoch.id).toBe(byBob.id);
  });

  it('does not outweigh a second commit', async () => {
    const { alice, bob } = group(2);
    const byAlice = await commitOn(alice, rename('x'));
    const byBob = await commitTimes(bob, 2);
    expect((await takeAll(byAlice.channel, byBob)).channel.epoch.id).toBe(byBob[1]?.id);
    expect((await takeAll(lastOf(byBob), [byAlice])).channel.epoch.id).toBe(byBob[1]?.id);
  });
});

describe('the size of a stored channel', () => {
  it('of two members stays below 6 kB over a hundred commits by turns, with messages in between', async () => {
    let { alice, bob } = group(2);
    let largest = 0;
    for (let i = 0; i < 100; i += 1) {
      for (let said = 0; said < (i % 10 === 0 || i >= 94 ? 2 : 0); said += 1) {
        const there = await sayOn(alice, `${i}`);
        const back = await sayOn((await takeAll(bob, [there])).channel, `${i}`);
        [alice, bob] = [(await takeAll(there.channel, [back])).channel, back.channel];
      }
      const made = await commitOn(i % 2 === 0 ? alice : bob);
      const { channel } = await takeAll(i % 2 === 0 ? bob : alice, [made]);
      [alice, bob] = i % 2 === 0 ? [made.channel, channel] : [channel, made.channel];
      largest = Math.max(largest, encodeChannel(alice).length, encodeChannel(bob).length);
    }
    expect([alice.epoch.number, bob.epoch.number, largest < 6_144]).toEqual([101n, 101n, true]);
  });
});
