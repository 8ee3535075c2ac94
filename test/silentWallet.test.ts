// Daemons whose wallet takes every request and answers none: what needs it waits, and nothing else does.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDaemon, type Daemon } from '../src/agent/daemon/openDaemon.ts';
import type { JobView } from '../src/agent/jobs/viewJob.ts';
import { policyOf } from './autopilot.fixture.ts';
import { isWholeLane } from './lane.fixture.ts';
import { describeService, GRANT_MSAT, openMarket, type Market, type Trader } from './market.fixture.ts';
import { openSilentWallet, type SilentWallet } from './silentWallet.fixture.ts';

const JOBS = 5;
const PRICE_MSAT = 900_000n;
const services = [describeService({ min_sats: '900' })];

let market: Market;
let buyer: Trader;
let seller: Trader;
const wallets: SilentWallet[] = [];
const daemons: Daemon[] = [];
beforeEach(async () => {
  market = await openMarket();
  [buyer, seller] = [await market.makeTrader('buyer', GRANT_MSAT), await market.makeTrader('seller', 0n)];
});
afterEach(async () => {
  await Promise.all(daemons.splice(0).map((each) => each.stop()));
  await Promise.all(wallets.splice(0).map((each) => each.close()));
  await market.close();
});

const wait = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 10));
const serve = ({ home }: Trader, options: object = {}): Daemon => {
  const daemon = openDaemon({ home, ...options });
  daemons.push(daemon);
  return daemon;
};
const openSilent = async (isMute = false): Promise<SilentWallet> => {
  const wallet = await openSilentWallet(market.relay.url, isMute);
  wallets.push(wallet);
  return wallet;
};
const jobsOf = async (daemon: Daemon): Promise<readonly JobView[]> => (await daemon.agent.jobs({})).jobs;

/** Deals that have come to where the buyer is to pay: the two sides take turns. */
async function makePayable(): Promise<void> {
  await buyer.call((buying) =>
    seller.call(async (selling) => {
      const order = { find: 'upper-case', peer: seller.npub, maxMsat: PRICE_MSAT, bidMsat: PRICE_MSAT };
      for (let i = 0; i < JOBS; i += 1) await buying.buy({ ...order, about: `Text ${i}.` });
      for (;;) {
        await buying.sync({});
        const { jobs } = await buying.jobs({});
        if (jobs.every(({ phase }) => phase === 'payable')) return;
        for (const { nid, phase } of jobs) if (phase !== 'payable') await buying.pursue({ nid });
        await selling.pursue({ services, waitS: 1 });
      }
    }),
  );
}

describe.runIf(isWholeLane)('a buyer’s daemon with deals to pay and a wallet that does not answer', () => {
  it('takes a policy, another wallet and the order to stop while it waits, and each deal is paid once in the end', async () => {
    await makePayable();
    const silent = await openSilent();
    await buyer.call((agent) => agent.connectWallet({ url: silent.url }).catch(() => undefined));
    const paying = serve(buyer);
    const orders = (): readonly string[] => silent.asked.flatMap(({ params: { invoice } }) => invoice ?? []);
    while (orders().length === 0) await wait();
    const limits = { per_deal_msat: 900_000, per_day_msat: 9_000_000, open_msat: 9_000_000 };
    expect(await paying.agent.setPolicy({ text: policyOf('buyer', [], { limits }) })).toMatchObject({ kind: 'set' });
    const mute = await openSilent(true);
    const events: string[] = [];
    const refused = paying.agent.connectWallet({ url: mute.url }).catch(() => events.push('the mute wallet is given up'));
    while (mute.asked.length === 0) await wait();
    expect(await paying.agent.connectWallet({ url: buyer.walletUrl })).toMatchObject({ rail: 'sandbox' });
    events.push('another wallet is connected');
    await paying.stop();
    await refused;
    expect(events).toEqual(['another wallet is connected', 'the mute wallet is given up']);
    // Each order was given once, and no answer was waited for so long that the wallet was asked what became of it.
    expect(new Set(orders()).size).toBe(orders().length);
    expect(silent.asked.filter(({ method }) => method === 'lookup_invoice')).toEqual([]);
    // The next process asks the wallet that is connected now, and pays what nobody has paid.
    let aheadS = 0;
    const clock = { now: () => Math.floor(Date.now() / 1_000) + aheadS };
    const [again, selling] = [serve(buyer, { clock, beatMs: 100 }), serve(seller, { clock, beatMs: 100 })];
    await selling.sell(services);
    while ((await jobsOf(again)).some(({ payment }) => payment === undefined || payment.state === 'paying')) await wait();
    aheadS = 15;
    while ((await jobsOf(again)).some(({ outcome }) => outcome !== 'completed')) await wait();
    expect([...market.sandbox.ledger().accounts.values()]).toEqual([GRANT_MSAT - BigInt(JOBS) * PRICE_MSAT, BigInt(JOBS) * PRICE_MSAT]);
  });
});
