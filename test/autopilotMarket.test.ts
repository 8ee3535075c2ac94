// Buyer and sellers as processes of their own, policies and strategies on all sides: nobody touches anything until the result is there.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { policyOf } from './autopilot.fixture.ts';
import { runCli } from './cli.fixture.ts';
import {
  describeService,
  GRANT_MSAT,
  launch,
  openMarket,
  untilFound,
  type CliLine,
  type CliProcess,
  type Market,
  type Trader,
} from './market.fixture.ts';

const [MOST, LEAST] = [800_000n, 640_000n];

let market: Market;
let running: CliProcess[];
beforeEach(async () => {
  market = await openMarket();
  running = [];
});
afterEach(async () => {
  for (const { kill } of running) kill();
  await Promise.all(running.map(({ ended }) => ended));
  await market.close();
});

function start(args: readonly string[], onLine: (line: CliLine) => void = () => undefined): CliProcess {
  const process = launch(args, onLine);
  running.push(process);
  return process;
}

async function makeTrader(name: string, role: 'buyer' | 'seller', reserve: bigint): Promise<Trader> {
  const trader = await market.makeTrader(name, role === 'buyer' ? GRANT_MSAT : 0n);
  const policy = join(market.folder, `${name}.policy.json`);
  writeFileSync(policy, policyOf(role, [{ term: '/price', reserve: reserve.toString() }]));
  expect((await runCli(['policy', 'set', policy, '--home', trader.home])).code).toBe(0);
  return trader;
}

function writeConfig(name: string, service: object): string {
  const path = join(market.folder, `${name}.json`);
  writeFileSync(path, JSON.stringify({ services: [describeService(service)] }));
  return path;
}

const balanceOf = ({ call }: Trader): Promise<bigint> => call(async (agent) => (await agent.wallet()).balanceMsat);

describe('left alone', () => {
  it('a buyer asks two, bargains with both, and has the work done and paid by the cheaper one, though its processes are killed', async () => {
    const [dear, cheap] = [await makeTrader('dear', 'seller', 700_000n), await makeTrader('cheap', 'seller', LEAST)];
    const buyer = await makeTrader('buyer', 'buyer', MOST);
    const sells = (name: string, more: object): string[] => [
      '--config',
      writeConfig(name, { list_sats: '950', min_sats: '500', rounds: 6, ...more }),
    ];
    start([
      'serve',
      '--home',
      dear.home,
      ...sells('dear', { strategy: 'firm' }),
      '--home',
      cheap.home,
      ...sells('cheap', { strategy: 'linear' }),
    ]);
    // The buyer's own limits are wider than its policy.
    const input = join(market.folder, 'secret.txt');
    writeFileSync(input, 'a secret text');
    const out = join(market.folder, 'out');
    const limits = ['--max', '950', '--bid', '400', '--strategy', 'linear', '--rounds', '6'];
    const order = [
      'deal',
      '--home',
      buyer.home,
      '--find',
      'upper-case',
      '--ask',
      '2',
      ...limits,
      '--input',
      input,
      '--out',
      out,
      '--wait',
      '60s',
    ];
    const lines: CliLine[] = [];
    let serving = start(['serve', '--home', buyer.home]);
    await untilFound(buyer.home, 'upper-case', 2);
    const first = start(order, (line) => {
      lines.push(line);
      // In the middle of the bargaining the buyer's daemon dies, and the verb that waits for it with it.
      if (line.event !== 'request' || lines.filter(({ event }) => event === 'request').length !== 3) return;
      serving.kill();
      first.kill();
    });
    expect([await first.ended, await serving.ended]).toEqual([null, null]);
    serving = start(['serve', '--home', buyer.home]);
    expect(await start(order, (line) => lines.push(line)).ended).toBe(0);
    const done = lines.find(({ event }) => event === 'done');
    expect(done).toMatchObject({ outcome: 'completed' });
    expect(readdirSync(out).map((name) => readFileSync(join(out, name), 'utf8'))).toEqual(['A SECRET TEXT']);
    serving.kill('SIGTERM');
    await serving.ended;
    const paid = GRANT_MSAT - (await balanceOf(buyer));
    expect(paid >= LEAST && paid <= MOST).toBe(true);
    for (const { kill } of running) kill('SIGTERM');
    await Promise.all(running.map(({ ended }) => ended));
    expect([await balanceOf(dear), await balanceOf(cheap)]).toEqual([0n, paid]);
    const why = await runCli(['why', String(done?.['nid']), '--home', buyer.home]);
    expect([why.code, why.stdout]).toEqual([
      0,
      expect.stringMatching(/1 of 6 {2}linear offers \/price \d+ sats\n {3}t 0\.\d+.*\n {3}decided again, it comes out the same/),
    ]);
    // One order, however often it was placed.
    const { rfqs } = (await runCli(['rfq', '--home', buyer.home, '--wait', '0s', '--json'])).json() as { rfqs: unknown[] };
    expect(rfqs).toEqual([]);
    const { jobs } = (await runCli(['jobs', '--home', buyer.home, '--json'])).json() as { jobs: { outcome: string }[] };
    expect(jobs.map(({ outcome }) => outcome).sort()).toEqual(['completed', 'no-deal']);
  });
});
