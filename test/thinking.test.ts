// What goes on while a strategy of the owner's own thinks, and what becomes of its answer when other things have happened meanwhile.

import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NO_LOG } from '../src/agent/daemon/log.ts';
import { openDaemon, type Daemon } from '../src/agent/daemon/openDaemon.ts';
import type { JobView } from '../src/agent/jobs/viewJob.ts';
import { connectAgent } from '../src/agent/rpc/connectAgent.ts';
import { serveSocket } from '../src/agent/rpc/serveSocket.ts';
import { createStrategyHost, type StrategyHost } from '../src/agent/strategies/strategyHost.ts';
import { readFixedAmount } from '../src/negotiate/price.ts';
import { policyOf } from './autopilot.fixture.ts';
import { openStage, type Party, type Stage } from './bank.fixture.ts';
import { stateOf } from './mandate.fixture.ts';
import { isWholeLane } from './lane.fixture.ts';
import { describeService, openMarket, type Market, type Trader } from './market.fixture.ts';

const GRANT = 10_000_000n;

let folder: string;
let host: StrategyHost;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'agent-negotiate-thinking-'));
  // Nothing here is stopped for its time: what it waits for comes.
  host = createStrategyHost({ loadMs: 60_000, decideMs: 60_000 });
});
afterEach(async () => {
  await host.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A module that takes what is offered, or bids its best, but thinks until it may speak; and how often it was asked. */
function writeThinker() {
  const path = join(folder, 'thinker.mjs');
  const [asked, open] = [join(folder, 'asked'), join(folder, 'open')];
  writeFileSync(asked, '');
  writeFileSync(
    path,
    `import { appendFileSync, existsSync } from 'node:fs';
import { explain, findStanding, findWorstAtLeast, look } from 'agent-negotiate';
const cell = new Int32Array(new SharedArrayBuffer(4));
export const strategy = (input, spend) => {
  appendFileSync(${JSON.stringify(asked)}, '.');
  while (!existsSync(${JSON.stringify(open)})) Atomics.wait(cell, 0, 0, 5);
  const view = look(input, spend);
  const standing = findStanding(view);
  const because = explain(input, { kind: 'thinker' }, { t: view.t });
  if (standing && standing.worth >= view.floor) return { kind: 'accept', ...standing, because };
  return { kind: 'offer', outcome: findWorstAtLeast(view.ranking, view.ranking.best), because };
};`,
  );
  const timesAsked = (): number => readFileSync(asked, 'utf8').length;
  const untilAsked = async (): Promise<void> => {
    while (timesAsked() === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  return { choice: { kind: 'own' as const, module: path }, timesAsked, untilAsked, mayAnswer: () => appendFileSync(open, '.') };
}

describe('while a strategy thinks about an offer', () => {
  let stage: Stage;
  let buyer: Party;
  let seller: Party;
  let thinker: ReturnType<typeof writeThinker>;
  let nid: string;
  let thinking: Promise<unknown>;
  beforeEach(async () => {
    stage = await openStage({ strategies: host });
    [buyer, seller] = [await stage.makeParty(GRANT), await stage.makeParty(0n)];
    thinker = writeThinker();
    const order = { find: 'upper-case', peer: seller.npub, about: 'Large letters.', maxMsat: 900_000n, bidMsat: 400_000n };
    ({ nid } = (await buyer.call('buy', { ...order, strategy: thinker.choice, rounds: 6 })).job);
    await seller.call('pursue', { services: [describeService({ list_sats: '850', min_sats: '500', strategy: 'boulware', rounds: 6 })] });
    thinking = buyer.call('pursue', { nid });
    await thinker.untilAsked();
  });
  afterEach(() => stage.close());

  const answer = async (): Promise<void> => {
    thinker.mayAnswer();
    await thinking;
  };
  const prices = (by: Party) =>
    stateOf(buyer.context.store, nid).offers.flatMap((each) => (each.by === by.context.pubkey ? readFixedAmount(each.terms.price) : []));
  /** What the buyer has signed. */
  const signed = () => {
    const { commitments, offers } = stateOf(buyer.context.store, nid);
    return commitments.flatMap(({ offer }) => offers.filter(({ id }) => id === offer).map(({ terms }) => readFixedAmount(terms.price)));
  };

  it('its answer is carried out when nothing has happened, once, though two looked', async () => {
    const second = buyer.call('pursue', { nid });
    await answer();
    await second;
    expect([thinker.timesAsked(), signed(), prices(buyer)]).toEqual([1, [850_000n], []]);
  });

  it('an order that the owner cancels stays cancelled', async () => {
    await buyer.call('reject', { nid });
    await answer();
    expect([signed(), prices(buyer), buyer.wallet.payCalls()]).toEqual([[], [], 0]);
    expect([stateOf(buyer.context.store, nid).ended === undefined, thinker.timesAsked()]).toEqual([false, 1]);
  });

  it('an offer that takes the place of it is what it is asked about anew', async () => {
    await seller.call('withdraw', { nid });
    await seller.call('offer', { nid, priceMsat: 600_000n });
    await buyer.call('sync', {});
    expect(prices(seller)).toEqual([850_000n, 600_000n]);
    await answer();
    expect([thinker.timesAsked(), signed()]).toEqual([2, [600_000n]]);
  });

  it('another policy of the owner’s is what it is asked under anew', async () => {
    const set = await buyer.call('setPolicy', { text: policyOf('buyer', [{ term: '/price', reserve: 700_000 }]) });
    expect(set.kind).toBe('set');
    await answer();
    expect([thinker.timesAsked(), signed(), prices(buyer)]).toEqual([2, [], [400_000n]]);
  });
});

describe('in daemons', () => {
  const daemons: Daemon[] = [];
  let market: Market;
  beforeEach(async () => void (market = await openMarket()));
  afterEach(async () => {
    await Promise.all(daemons.splice(0).map((each) => each.stop()));
    await market.close();
  });

  const serve = async ({ home }: Trader): Promise<Daemon> => {
    const daemon = openDaemon({ home, strategies: host });
    daemons.push(daemon);
    const socket = await serveSocket(daemon, home, { onStop: () => undefined, log: NO_LOG });
    daemon.attach(socket.close);
    await daemon.ready;
    return daemon;
  };
  const untilOver = async ({ agent }: Daemon, isIt: (job: JobView) => boolean): Promise<JobView> => {
    for (;;) {
      const found = (await agent.jobs({})).jobs.find((job) => job.isOver && isIt(job));
      if (found !== undefined) return found;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };

  it('while the strategy of one negotiation hangs, its home, another home of the process and the socket go on', async () => {
    const [buyer, seller] = [await market.makeTrader('buyer', GRANT), await market.makeTrader('seller', 0n)];
    const thinker = writeThinker();
    const events: string[] = [];
    const [buying, selling] = await Promise.all([serve(buyer), serve(seller)]);
    await selling.sell([
      describeService({ id: 'slow', capabilities: ['slow'], strategy: thinker.choice, rounds: 6 }),
      describeService({ strategy: 'linear', rounds: 6 }),
    ]);
    const order = (find: string) =>
      buying.agent.buy({ find, peer: seller.npub, about: 'Large letters.', maxMsat: 950_000n, bidMsat: 600_000n });
    const slow = (await order('slow')).job.nid;
    const answered = (async () => {
      while ((await buying.agent.status({ nid: slow })).offers.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
      events.push('it answers');
    })();
    await thinker.untilAsked();
    events.push('it is asked');
    const remote = await connectAgent(seller.home);
    expect((await remote?.agent.list())?.negotiations.map(({ nid }) => nid)).toEqual([slow]);
    events.push('the socket reads');
    expect(await remote?.agent.invites({ perHour: 77 })).toMatchObject({ perHour: 77 });
    events.push('the socket writes');
    await remote?.agent.close();
    const other = (await order('upper-case')).job.nid;
    await untilOver(buying, ({ nid }) => nid === other);
    events.push('another sale is done');
    thinker.mayAnswer();
    await answered;
    expect(events).toEqual(['it is asked', 'the socket reads', 'the socket writes', 'another sale is done', 'it answers']);
    expect(thinker.timesAsked()).toBe(1);
  });

  const ofSeveral = async (): Promise<void> => {
    const [buyer, ...sellers] = [
      await market.makeTrader('buyer', GRANT),
      await market.makeTrader('dear', 0n),
      await market.makeTrader('cheap', 0n),
    ];
    const thinker = writeThinker();
    const buying = await serve(buyer);
    for (const [i, seller] of sellers.entries()) {
      const selling = await serve(seller);
      const prices = i === 0 ? { list_sats: '890', min_sats: '800' } : { list_sats: '700', min_sats: '600' };
      await selling.sell([describeService({ ...prices, strategy: 'linear', rounds: 6 })]);
    }
    const order = {
      find: 'upper-case',
      about: 'Large letters.',
      maxMsat: 900_000n,
      bidMsat: 400_000n,
      strategy: thinker.choice,
      rounds: 6,
    };
    await buying.agent.buy({ ...order, peer: sellers.map(({ npub }) => npub) });
    await thinker.untilAsked();
    thinker.mayAnswer();
    const { outcome, peer } = await untilOver(buying, (job) => job.outcome === 'completed');
    expect([outcome, peer]).toEqual(['completed', sellers[1]?.npub]);
    // In each of two at most once for every offer that it has.
    expect(thinker.timesAsked()).toBeLessThanOrEqual(2 * order.rounds);
  };
  if (isWholeLane) it('of several providers the best one is taken by a strategy that thinks', ofSeveral);
});
