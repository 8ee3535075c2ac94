// What goes on while a strategy of the owner's own thinks, and what becomes of its answer when other things have happened meanwhile.

import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NO_LOG } from '../src/agent/daemon/log.ts';
import { openDaemon, type Daemon } from '../src/agent/daemon/openDaemon.ts';
import { connectAgent } from '../src/agent/rpc/connectAgent.ts';
import { serveSocket } from '../src/agent/rpc/serveSocket.ts';
import { createStrategyHost, type StrategyHost } from '../src/agent/strategies/strategyHost.ts';
import { readFixedAmount } from '../src/negotiate/price.ts';
import { policyOf } from './autopilot.fixture.ts';
import { openStage, type Party, type Stage } from './bank.fixture.ts';
import { stateOf } from './mandate.fixture.ts';
import { describeService, openMarket } from './market.fixture.ts';

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

describe('while the strategy of one negotiation hangs', () => {
  it('its home, another home of the process and the socket go on', async () => {
    const market = await openMarket();
    const [buyer, seller] = [await market.makeTrader('buyer', GRANT), await market.makeTrader('seller', 0n)];
    const thinker = writeThinker();
    const events: string[] = [];
    const daemons: Daemon[] = [];
    const serve = async (home: string): Promise<Daemon> => {
      const daemon = openDaemon({ home, strategies: host });
      daemons.push(daemon);
      const socket = await serveSocket(daemon, home, { onStop: () => undefined, log: NO_LOG });
      daemon.attach(socket.close);
      await daemon.ready;
      return daemon;
    };
    try {
      const [buying, selling] = await Promise.all([serve(buyer.home), serve(seller.home)]);
      await selling.sell([
        describeService({ id: 'slow', capabilities: ['slow'], strategy: thinker.choice, rounds: 6 }),
        describeService({ strategy: 'linear', rounds: 6 }),
      ]);
      const order = (find: string) =>
        buying.agent.buy({ find, peer: seller.npub, about: 'Large letters.', maxMsat: 950_000n, bidMsat: 600_000n });
      const until = async (isSo: () => Promise<boolean>, name: string): Promise<void> => {
        while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 10));
        events.push(name);
      };
      const slow = (await order('slow')).job.nid;
      const answered = until(async () => (await buying.agent.status({ nid: slow })).offers.length > 0, 'it answers');
      await thinker.untilAsked();
      events.push('it is asked');
      const remote = await connectAgent(seller.home);
      expect((await remote?.agent.list())?.negotiations.map(({ nid }) => nid)).toEqual([slow]);
      events.push('the socket reads');
      expect(await remote?.agent.invites({ perHour: 77 })).toMatchObject({ perHour: 77 });
      events.push('the socket writes');
      await remote?.agent.close();
      const other = (await order('upper-case')).job.nid;
      await until(async () => (await buying.agent.jobs({})).jobs.some((job) => job.nid === other && job.isOver), 'another sale is done');
      thinker.mayAnswer();
      await answered;
      expect(events).toEqual(['it is asked', 'the socket reads', 'the socket writes', 'another sale is done', 'it answers']);
      expect(thinker.timesAsked()).toBe(1);
    } finally {
      await Promise.all(daemons.map((each) => each.stop()));
      await market.close();
    }
  });
});
