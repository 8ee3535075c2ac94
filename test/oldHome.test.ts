// An old copy of a home is put back in its place: it notices, finds out what it has lost, and nobody sees two words of one number.

import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Agent } from '../src/agent/api.ts';
import { readRestored } from '../src/agent/restoredNote.ts';
import { startRelay } from '../src/relay/startRelay.ts';
import { databasePath } from '../src/store/home.ts';
import type { Store } from '../src/store/records.ts';
import { openSentinel } from '../src/store/sentinel.ts';
import { openSqliteStore } from '../src/store/sqliteStore.ts';
import { makeClock, makeLab, type Lab, type TestAgent, type TestClock } from './agents.fixture.ts';
import { isWholeLane } from './lane.fixture.ts';

let clock: TestClock;
let lab: Lab;
beforeEach(async () => {
  // MLS looks at the clock of the machine: there is room for months to pass until then.
  clock = makeClock(Math.floor(Date.now() / 1_000) - 45 * 86_400);
  lab = await makeLab(clock);
});
afterEach(() => lab.close());

const service = 'translation';

/** Both catch up until nothing is left to say. */
async function settle(...agents: readonly TestAgent[]): Promise<void> {
  for (let round = 0; round < 3; round += 1) for (const { call } of agents) await call((agent) => agent.sync());
}

interface Scene {
  readonly seller: TestAgent;
  readonly buyer: TestAgent;
  readonly nid: string;
}

async function begin(options: Parameters<Lab['makeAgent']>[0] = {}): Promise<Scene> {
  const [seller, buyer] = [await lab.makeAgent(options), await lab.makeAgent(options)];
  const { nid } = (await buyer.call((agent) => agent.start({ peer: seller.npub, service, requirements: 'A page', lifeS: 200 * 86_400 })))
    .negotiation;
  await settle(seller, buyer);
  await seller.call((agent) => agent.offer({ nid, priceMsat: 700_000n, deliverWithinS: 86_400 }));
  await settle(buyer, seller);
  return { seller, buyer, nid };
}

/** What a snapshot of the folder is; `putBack` brings it back. */
function copyHome({ home }: TestAgent): () => void {
  const copy = join(lab.makeHome(), '..', 'copy');
  execFileSync('cp', ['-a', home, copy]);
  return () => {
    clock.advance(60);
    rmSync(home, { recursive: true });
    execFileSync('cp', ['-a', copy, home]);
  };
}

const statusOf = ({ call }: TestAgent, nid: string) => call((agent) => agent.status({ nid }));

function look<T>({ home }: TestAgent, read: (store: Store) => T): T {
  const store = openSqliteStore(databasePath(home));
  try {
    return read(store);
  } finally {
    store.close();
  }
}
const channelsOf = (agent: TestAgent) => look(agent, (store) => store.listChannels());
const noteOf = (agent: TestAgent) => look(agent, readRestored);

async function expectSameDeal(nid: string, ...agents: readonly TestAgent[]): Promise<void> {
  const [one, other] = await Promise.all(agents.map((agent) => statusOf(agent, nid)));
  expect([one?.phase, other?.phase]).toEqual(['agreed', 'agreed']);
  expect(one?.bundle).toBe(other?.bundle);
  expect([one?.warnings, other?.warnings]).toEqual([[], []]);
}

type Step = readonly [who: 'buyer' | 'seller', act: (agent: Agent, nid: string) => Promise<unknown>];

const ask: Step = ['buyer', (agent, nid) => agent.send({ nid, text: 'When?' })];
const answer: Step = ['seller', (agent, nid) => agent.send({ nid, text: 'Soon.' })];
const counter: Step = ['buyer', (agent, nid) => agent.offer({ nid, priceMsat: 600_000n, deliverWithinS: 86_400 })];
const reply: Step = ['seller', (agent, nid) => agent.offer({ nid, priceMsat: 650_000n, deliverWithinS: 86_400 })];
const signedOffer: Step = ['buyer', (agent, nid) => agent.offer({ nid, priceMsat: 640_000n, deliverWithinS: 86_400, isPresigned: true })];
const accept: Step = ['buyer', (agent, nid) => agent.accept({ nid })];
const acceptOther: Step = ['seller', (agent, nid) => agent.accept({ nid })];
const withdraw: Step = ['buyer', (agent, nid) => agent.withdraw({ nid })];
const all: Step = ['buyer', () => Promise.resolve()];

const renew: Step = [
  'buyer',
  async (agent) => {
    clock.advance(40 * 86_400);
    await agent.sync();
  },
];

async function run({ nid, ...agents }: Scene, steps: readonly Step[], isSettling = true): Promise<void> {
  for (const [who, act] of steps) {
    await agents[who].call((agent) => act(agent, nid));
    if (isSettling) await settle(agents.seller, agents.buyer);
    clock.advance(5);
  }
}

describe('an old copy of a home', () => {
  const losses: readonly (readonly [string, readonly Step[], readonly Step[]])[] = [
    ['words', [ask, answer, ask], [accept]],
    ['offers', [counter, reply, ask], [accept]],
    ['an offer that was taken back', [counter, withdraw, ask], [accept]],
    ['an own offer that the peer accepts now', [ask, counter], [acceptOther]],
    ['a signature that waits for the other one', [ask, answer, accept], [all]],
    ['a signed offer', [ask, signedOffer], [acceptOther]],
    ['a whole deal', [ask, accept, all], [all]],
    ['a whole deal on its own offer', [counter, acceptOther, all], [all]],
  ];
  // Every third one, or all of them by: npm run test:whole
  it.each(losses.filter((_, i) => isWholeLane || i % 3 === 0))(
    'that has lost %s goes on: the deal is the same on both sides',
    async (_, lost, rest) => {
      const { seller, buyer, nid } = await begin();
      const scene = { seller, buyer, nid };
      const putBack = copyHome(buyer);
      await run(scene, lost.slice(0, -1));
      await run(scene, lost.slice(-1), lost.at(-1) === all);
      const before = lab.relay.storedEvents().length;
      putBack();
      await settle(buyer, seller);
      expect(lab.relay.storedEvents().length).toBeGreaterThan(before);
      await run(scene, rest);
      await settle(buyer, seller);
      await expectSameDeal(nid, seller, buyer);
      // One channel, with new keys.
      expect(channelsOf(buyer).map(({ endedAt }) => endedAt)).toEqual([undefined]);
      expect(noteOf(buyer)).toMatchObject({ doubtful: [], broken: [], suspect: [], rejoin: [] });
    },
  );

  it.each<readonly [string, readonly Step[], readonly Step[]]>([
    ['a commit of its own', [], [reply, accept, all]],
    ['a commit of its own, and what the peer has said since,', [answer], [reply, accept, all]],
  ])('that has lost %s invites the peer into a new channel, and the same negotiation is closed in it', async (_, unread, rest) => {
    const { seller, buyer, nid } = await begin();
    const putBack = copyHome(buyer);
    await run({ seller, buyer, nid }, [ask, renew]);
    await run({ seller, buyer, nid }, unread, false);
    putBack();
    await settle(buyer, seller);
    // What it repeats there makes the peer repeat what has not been confirmed.
    await settle(buyer, seller);
    await run({ seller, buyer, nid }, rest);
    await expectSameDeal(nid, seller, buyer);
    expect(channelsOf(buyer).map(({ endedAt, state }) => [endedAt === undefined, state.length === 0])).toEqual([
      [true, false],
      [false, true],
    ]);
    expect(channelsOf(seller)).toHaveLength(2);
  });

  it('that has spoken after a commit of its own says and signs nothing there any more', async () => {
    const { seller, buyer, nid } = await begin();
    const putBack = copyHome(buyer);
    await run({ seller, buyer, nid }, [renew, ask, counter]);
    const known = await statusOf(seller, nid);
    putBack();
    await settle(buyer, seller);
    for (const [, act] of [accept, ask, counter, withdraw])
      await expect(buyer.call((agent) => act(agent, nid))).rejects.toMatchObject({ details: { reason: 'restored' } });
    await settle(buyer, seller);
    expect((await statusOf(buyer, nid)).warnings.join()).toContain('older');
    const { phase, warnings } = await statusOf(seller, nid);
    expect([phase, warnings]).toEqual([known.phase, []]);
    // Anything new goes on as ever.
    const again = (await buyer.call((agent) => agent.start({ peer: seller.npub, service, requirements: 'Another page' }))).negotiation.nid;
    await settle(seller, buyer);
    await run({ seller, buyer, nid: again }, [reply, accept, all]);
    await expectSameDeal(again, seller, buyer);
  });

  it('is found out by its own words, where nothing else remembers them', async () => {
    const { seller, buyer, nid } = await begin();
    const putBack = copyHome(buyer);
    await run({ seller, buyer, nid }, [ask, answer, accept]);
    putBack();
    // The second place is gone as well: no home has been here before.
    rmSync(openSentinel(buyer.home, buyer.pubkey).path);
    await expect(buyer.call((agent) => agent.accept({ nid }))).rejects.toMatchObject({ code: 'negotiation/refused' });
    expect(noteOf(buyer)).toMatchObject({ doubtful: [], broken: [], suspect: [] });
    await settle(buyer, seller);
    await expectSameDeal(nid, seller, buyer);
  });

  it('that comes with an old second place is found out as soon as it reads', async () => {
    const { seller, buyer, nid } = await begin();
    const { path } = openSentinel(buyer.home, buyer.pubkey);
    const [putBack, place] = [copyHome(buyer), readFileSync(path)];
    await run({ seller, buyer, nid }, [ask, answer, accept]);
    putBack();
    writeFileSync(path, place);
    await settle(buyer, seller);
    expect(noteOf(buyer)).toMatchObject({ doubtful: [], broken: [], suspect: [] });
    await expectSameDeal(nid, seller, buyer);
  });

  it('takes in a negotiation that it has begun since, and one that the peer has', async () => {
    const { seller, buyer, nid } = await begin();
    const putBack = copyHome(buyer);
    const mine = (await buyer.call((agent) => agent.start({ peer: seller.npub, service, requirements: 'Mine' }))).negotiation.nid;
    const theirs = (await seller.call((agent) => agent.start({ peer: buyer.npub, service, requirements: 'Theirs' }))).negotiation.nid;
    await run({ seller, buyer, nid: mine }, [all, reply]);
    await run({ seller, buyer, nid: theirs }, [ask, answer]);
    putBack();
    await settle(buyer, seller);
    await run({ seller, buyer, nid: mine }, [accept, all]);
    await run({ seller, buyer, nid: theirs }, [counter, acceptOther, all]);
    await run({ seller, buyer, nid }, [accept, all]);
    for (const each of [mine, theirs, nid]) await expectSameDeal(each, seller, buyer);
  });

  it('joins again, and with new keys, what it had joined since', async () => {
    const [seller, buyer] = [await lab.makeAgent(), await lab.makeAgent()];
    clock.advance(10);
    const putBack = copyHome(buyer);
    const { nid } = (await seller.call((agent) => agent.start({ peer: buyer.npub, service, requirements: 'A page' }))).negotiation;
    await settle(buyer, seller);
    await run({ seller, buyer, nid }, [counter, answer]);
    putBack();
    await settle(buyer, seller);
    const { phase, warnings } = await statusOf(seller, nid);
    expect([phase, warnings]).toEqual(['offered', []]);
    const note = noteOf(buyer);
    expect([note?.suspect, note?.rejoin]).toEqual([[], []]);
    // After the join its leaf had been renewed: that channel is given up, and there is another.
    expect(
      channelsOf(buyer)
        .map(({ state }) => state.length > 0)
        .toSorted(),
    ).toEqual([false, true]);
    const again = (await seller.call((agent) => agent.start({ peer: buyer.npub, service, requirements: 'Another page' }))).negotiation.nid;
    await settle(buyer, seller);
    await run({ seller, buyer, nid: again }, [counter, acceptOther, all]);
    await expectSameDeal(again, seller, buyer);
  });

  it('says nothing twice in a group, and everybody reads on', async () => {
    const [one, two, three] = [await lab.makeAgent(), await lab.makeAgent(), await lab.makeAgent()];
    const { group } = await one.call((agent) => agent.createGroup({ name: 'Three', members: [two.npub, three.npub] }));
    await settle(one, two, three);
    const putBack = copyHome(two);
    await two.call((agent) => agent.say({ group, text: 'Lost' }));
    putBack();
    await expect(two.call((agent) => agent.say({ group, text: 'Found' }))).resolves.toMatchObject({ isSent: true });
    await settle(one, three, two);
    for (const { call } of [one, two, three]) {
      const { messages } = await call((agent) => agent.showGroup({ group, limit: 10 }));
      expect(messages.map(({ text }) => text)).toEqual(['Lost', 'Found']);
    }
  });

  it('that cannot reach a relay says nothing', async () => {
    const path = join(lab.makeHome(), '..', 'relay.db');
    const open = { requireAuthForGiftWraps: true, clock, path };
    let relay = await startRelay(open);
    const { seller, buyer, nid } = await begin({ relays: [relay.url] });
    const putBack = copyHome(buyer);
    await run({ seller, buyer, nid }, [ask, answer]);
    putBack();
    await relay.close();
    for (const [, act] of [accept, ask])
      await expect(buyer.call((agent) => act(agent, nid))).rejects.toMatchObject({ details: { reason: 'restored' } });
    await expect(buyer.call((agent) => agent.sync())).rejects.toMatchObject({ code: 'relay/unreachable' });
    relay = await startRelay({ ...open, port: Number(new URL(relay.url).port) });
    await settle(buyer, seller);
    await run({ seller, buyer, nid }, [accept, all]);
    await expectSameDeal(nid, seller, buyer);
    await relay.close();
  });
});
