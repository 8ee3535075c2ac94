// Where an agent is reached changes: peers find the move, nothing that is under way is lost, and what relays have lost is published again.

import { afterEach, describe, expect, it } from 'vitest';
import type { InputOf, OutputOf } from '../src/agent/api.ts';
import { openDaemon } from '../src/agent/daemon/openDaemon.ts';
import { isNegotiateError } from '../src/core/errors.ts';
import { KINDS } from '../src/marmot/profile.ts';
import { startRelay, type RunningRelay } from '../src/relay/startRelay.ts';
import { makeClock, makeLab, type Lab, type TestAgent } from './agents.fixture.ts';
import { runCli } from './cli.fixture.ts';
import { startDaemon } from './daemon.fixture.ts';
import { describeService } from './market.fixture.ts';
import { filtersOf, startTap, type Frame, type Tap } from './tap.fixture.ts';

const DAY_S = 86_400;
const { relayList: RELAY_LIST, inboxRelays: INBOX_LIST, keyPackage: KEY_PACKAGE } = KINDS;
const LISTS: readonly number[] = [RELAY_LIST, INBOX_LIST];
const GIFT_WRAP = 1_059;
const ANNOUNCEMENT = 38_990;

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function openLab(clock = makeClock()): Promise<Lab> {
  const lab = await makeLab(clock);
  ends.push(lab.close);
  return lab;
}

async function openRelay(port = 0): Promise<RunningRelay> {
  const relay = await startRelay({ requireAuthForGiftWraps: true, port });
  ends.push(relay.close);
  return relay;
}

async function openTap(): Promise<Tap> {
  const tap = await startTap();
  ends.push(tap.close);
  return tap;
}

const begin = (peer: TestAgent, agent: TestAgent): Promise<OutputOf<'start'>> =>
  peer.call((open) => open.start({ peer: agent.npub, service: 'translation', requirements: 'Two pages.' }));

const change = (agent: TestAgent, input: InputOf<'changeRelays'>): Promise<OutputOf<'changeRelays'>> =>
  agent.call((open) => open.changeRelays(input));

async function codeOf(work: Promise<unknown>): Promise<string | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    return isNegotiateError(error) ? error.code : 'other';
  }
}

/** The relays that the list of an agent names at a relay. */
function namedAt(relay: RunningRelay, { pubkey }: TestAgent, kind: number): readonly (string | undefined)[] {
  const found = relay.storedEvents().filter((event) => event.kind === kind && event.pubkey === pubkey);
  expect(found).toHaveLength(1);
  return found[0]?.tags.map(([, url]) => url) ?? [];
}

const packagesAt = (relay: RunningRelay, { pubkey }: TestAgent): readonly string[] =>
  relay.storedEvents().flatMap((event) => (event.kind === KEY_PACKAGE && event.pubkey === pubkey ? [event.id] : []));

describe('an agent that moves to another relay', () => {
  it('says so on both, at once and in the same second, with a key package that can be used', async () => {
    const lab = await openLab();
    const other = await openRelay();
    const agent = await lab.makeAgent();
    const changed = await change(agent, { add: [other.url], remove: [lab.relay.url] });
    expect(changed).toMatchObject({ relays: [other.url], added: [other.url], removed: [lab.relay.url] });
    expect(changed.former).toEqual([{ relay: lab.relay.url, until: expect.any(Number) as number }]);
    expect(changed.published).toMatchObject({ waiting: 0, refused: 0 });
    for (const relay of [lab.relay, other])
      for (const kind of [RELAY_LIST, INBOX_LIST]) expect(namedAt(relay, agent, kind)).toEqual([other.url]);
    expect(packagesAt(other, agent)).toHaveLength(1);
    expect(packagesAt(lab.relay, agent)).toEqual(packagesAt(other, agent));
    // Whoever knows the old relay only finds the way; whoever knows the new one only as well.
    for (const { url } of [lab.relay, other]) {
      const peer = await lab.makeAgent({ relays: [url, other.url] });
      await begin(peer, agent);
      expect((await agent.call((open) => open.sync())).joined).toEqual([peer.npub]);
    }
  });

  it('still finds invites at the old one for three days, of those who have not seen the move, and not for ever', async () => {
    const clock = makeClock();
    const [lab, tap] = [await openLab(clock), await openTap()];
    const agent = await lab.makeAgent({ relays: [tap.url] });
    await change(agent, { set: [lab.relay.url] });
    // To whoever looks there, it is as if it had never been told.
    tap.faults.hides = ({ kind }) => LISTS.includes(kind);
    const peer = await lab.makeAgent({ relays: [tap.url] });
    const { negotiation } = await begin(peer, agent);
    expect(tap.relay.storedEvents().filter(({ kind }) => kind === GIFT_WRAP)).toHaveLength(1);
    expect((await agent.call((open) => open.sync())).joined).toEqual([peer.npub]);
    // The channel is at the old relay, and stays usable.
    expect((await agent.call((open) => open.send({ nid: negotiation.nid, text: 'Which variety?' }))).isSent).toBe(true);
    const asks = (): number => tap.connections.flatMap(filtersOf).filter((filter) => filter['#p']?.includes(agent.pubkey)).length;
    const before = asks();
    clock.advance(3 * DAY_S + 60);
    await agent.call((open) => open.sync());
    expect(asks()).toBe(before);
    expect((await agent.call((open) => open.relays(), { mode: 'read' })).former).toEqual([]);
  });

  it('is not held up by an old relay that is gone for good', async () => {
    const lab = await openLab();
    const [gone, other] = [await openRelay(), await openRelay()];
    const agent = await lab.makeAgent({ relays: [gone.url] });
    await gone.close();
    const changed = await change(agent, { add: [other.url], remove: [gone.url] });
    expect(changed.published).toMatchObject({ waiting: 0 });
    const peer = await lab.makeAgent({ relays: [other.url] });
    await begin(peer, agent);
    const report = await agent.call((open) => open.sync());
    expect([report.joined, report.silentRelays]).toEqual([[peer.npub], []]);
  });

  it('goes on in its channels, which keep their relays, and takes its announcements along', async () => {
    const lab = await openLab();
    const other = await openRelay();
    const [agent, peer] = [await lab.makeAgent(), await lab.makeAgent()];
    await agent.call((open) => open.announce({ services: [describeService()] }));
    const { negotiation } = await begin(peer, agent);
    await agent.call((open) => open.sync());
    const changed = await change(agent, { set: [other.url] });
    expect(changed.channelsElsewhere).toBe(1);
    await agent.call((open) => open.send({ nid: negotiation.nid, text: 'Which variety of English?' }));
    await peer.call((open) => open.sync());
    await peer.call((open) => open.send({ nid: negotiation.nid, text: 'British.' }));
    await agent.call((open) => open.sync());
    const { moves } = await agent.call((open) => open.history({ nid: negotiation.nid }));
    expect(moves.map(({ type, by }) => `${by} ${type}`)).toEqual(expect.arrayContaining(['me ask', 'peer answer']));
    expect(other.storedEvents().filter(({ kind, pubkey }) => kind === ANNOUNCEMENT && pubkey === agent.pubkey)).toHaveLength(1);
  });

  it('publishes to relays that have lost everything when it is told to', async () => {
    const lab = await openLab();
    const relay = await openRelay();
    const agent = await lab.makeAgent({ relays: [relay.url] });
    await relay.close();
    const empty = await openRelay(relay.port);
    expect(empty.storedEvents()).toEqual([]);
    const shown = await agent.call((open) => open.doctor({}), { mode: 'read' });
    expect(
      shown.checks.filter(({ state, advice }) => state === 'problem' && advice === 'Run: agent-negotiate relays --publish'),
    ).toHaveLength(3);
    expect(await change(agent, { publish: true })).toMatchObject({ added: [], removed: [], former: [] });
    expect((await agent.call((open) => open.doctor({}), { mode: 'read' })).checks.filter(({ state }) => state === 'problem')).toEqual([]);
    // Without the word, nothing that is the same already is published.
    expect((await change(agent, { add: [relay.url] })).published).toBeUndefined();
  });

  it('refuses what would leave it without a relay, too many of them, and what is none, and changes nothing then', async () => {
    const lab = await openLab();
    const agent = await lab.makeAgent();
    const many = (count: number): string[] => Array.from({ length: count }, (_, i) => `wss://relay-${i}.example`);
    const before = lab.relay.storedEvents().length;
    const refused: readonly (readonly [InputOf<'changeRelays'>, string])[] = [
      [{ remove: [lab.relay.url] }, 'input/invalid'],
      [{ set: [] }, 'input/invalid'],
      [{ add: ['http://relay.example'] }, 'relay/invalid-url'],
      [{ set: ['wss://user:secret@relay.example'] }, 'relay/invalid-url'],
      [{ remove: ['wss://relay.example'] }, 'input/not-found'],
      [{ add: many(16) }, 'input/invalid'],
      [{ set: many(17) }, 'input/invalid'],
      [{ set: many(1), add: many(1) }, 'input/invalid'],
    ];
    for (const [input, code] of refused) expect([input, await codeOf(change(agent, input))]).toEqual([input, code]);
    expect(await agent.call((open) => open.relays())).toMatchObject({ relays: [lab.relay.url], former: [] });
    expect(lab.relay.storedEvents()).toHaveLength(before);
  });
});

describe('a daemon whose agent moves', () => {
  it('hears at the new relay at once, and at the old one for three days', async () => {
    const clock = makeClock();
    const [lab, tap] = [await openLab(clock), await openTap()];
    const agent = await lab.makeAgent({ relays: [tap.url] });
    const daemon = openDaemon({ home: agent.home, clock, beatMs: 50 });
    ends.push(() => daemon.stop());
    await daemon.ready;
    await daemon.agent.changeRelays({ set: [lab.relay.url] });
    const heard = () => expect.poll(async () => (await daemon.agent.list()).negotiations.length);
    await begin(await lab.makeAgent(), agent);
    await heard().toBe(1);
    tap.faults.hides = ({ kind }) => LISTS.includes(kind);
    await begin(await lab.makeAgent({ relays: [tap.url] }), agent);
    await heard().toBe(2);
    // Every subscription to its inbox there is closed when the time is over, and none is opened any more.
    const inbox = tap.connections.filter((frames) => filtersOf(frames).some((filter) => filter['#p']?.includes(agent.pubkey)));
    // What was asked before the proof of who asks, the relay has closed itself.
    const listOpen = (frames: readonly Frame[]): readonly unknown[] => {
      const closed = new Set(frames.flatMap(([type, id]) => (type === 'CLOSE' ? [id] : [])));
      const asked = frames.slice(frames.findIndex(([type]) => type === 'AUTH')).flatMap(([type, id]) => (type === 'REQ' ? [id] : []));
      return asked.filter((id) => !closed.has(id));
    };
    const open = (): number => inbox.flatMap(listOpen).length;
    expect(open()).toBe(1);
    const connections = tap.connections.length;
    clock.advance(3 * DAY_S + 60);
    await expect.poll(open).toBe(0);
    const later = tap.connections.slice(connections).flatMap(filtersOf);
    expect(later.filter((filter) => filter['#p'] !== undefined)).toEqual([]);
  });

  it('is told by the verb as an agent without one is', async () => {
    const lab = await openLab();
    const other = await openRelay();
    const agent = await lab.makeAgent();
    const daemon = startDaemon(agent.home);
    ends.push(async () => {
      daemon.kill();
      await daemon.ended;
    });
    await daemon.ready;
    const moved = await runCli(['relays', '--set', other.url, '--json', '--home', agent.home]);
    expect([moved.code, moved.json()['relays']]).toEqual([0, [other.url]]);
    const refused = await runCli(['relays', '--remove', other.url, '--json', '--home', agent.home]);
    expect([refused.code, refused.json().error?.code]).toEqual([64, 'input/invalid']);
    const waiting = runCli(['sync', '--wait', '20s', '--json', '--home', agent.home]);
    const peer = await lab.makeAgent({ relays: [other.url] });
    await begin(peer, agent);
    expect((await waiting).json()).toMatchObject({ joined: [peer.npub] });
  });
});

describe('the verb relays', () => {
  it('shows, changes, and says what it refuses', async () => {
    const lab = await openLab();
    const other = await openRelay();
    const { home } = await lab.makeAgent();
    const run = (...args: string[]) => runCli(['relays', ...args, '--json', '--home', home]);
    expect((await run()).json()).toMatchObject({ relays: [lab.relay.url], former: [], channelsElsewhere: 0 });
    expect((await run('--add', other.url)).json()).toMatchObject({ relays: [lab.relay.url, other.url], published: { waiting: 0 } });
    expect((await run('--set', other.url, lab.relay.url)).json()).toMatchObject({ relays: [other.url, lab.relay.url] });
    const last = await run('--remove', other.url, '--remove', lab.relay.url);
    expect([last.code, last.json().error?.code]).toEqual([64, 'input/invalid']);
    const shown = await runCli(['relays', '--remove', other.url, '--home', home]);
    expect(shown.stdout).toMatch(/^relays {3}ws:.*\nleft {5}ws:.*, read for invites until .*\nPublished\.\n$/);
  });
});
