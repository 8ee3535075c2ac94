// `deal`, `list`, `status` and `serve` as an owner sees them whose policy asks first: told at once, and the home is free for his yes.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCli, type CliResult } from './cli.fixture.ts';
import { startDaemon } from './daemon.fixture.ts';
import { isWholeLane } from './lane.fixture.ts';
import { describeService, openMarket, untilFound, writeServices, type CliLine, type Market, type Trader } from './market.fixture.ts';

const POLICY = {
  version: 1,
  name: 'asks',
  role: 'buyer',
  services: { capabilities: ['upper-case'] },
  peers: { allow: ['*'] },
  limits: { per_deal_msat: 1_000_000, per_day_msat: 5_000_000, open_msat: 3_000_000 },
  disclosure: { terms: ['*'], free_text: true, max_text_chars: 4_000 },
};

let market: Market;
let [buyer, seller]: Trader[] = [];
beforeAll(async () => {
  market = await openMarket();
  [buyer, seller] = [await market.makeTrader('buyer', 10_000_000n), await market.makeTrader('seller', 0n)];
});
afterAll(() => market.close());

const run = (args: readonly string[], stdin = ''): Promise<CliResult> => runCli([...args, '--home', buyer?.home ?? ''], { stdin });
const setPolicy = async (changes: object): Promise<void> => {
  expect((await run(['policy', 'set', '-'], JSON.stringify({ ...POLICY, ...changes }))).code).toBe(0);
};
const linesOf = ({ stdout }: CliResult): readonly CliLine[] =>
  stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as CliLine);

describe('under a policy that asks first', () => {
  it.runIf(isWholeLane)('a deal tells it at once, ends for the yes and goes on after it; serve tells it too', async () => {
    const selling = startDaemon(seller?.home ?? '', ['--config', writeServices(market, [describeService()])]);
    try {
      expect(await selling.ready).toBeDefined();
      await untilFound(buyer?.home ?? '', 'upper-case', 1);
      await setPolicy({ approval: { when: ['signature'] } });
      // A bid that the seller takes: what waits is the second signature. It would stay for an hour.
      const order = ['deal', '--find', 'upper-case', '--max', '800', '--bid', '750', '--wait', '1h', '--again'];
      const told = await run([...order, '--json']);
      expect(told.code).toBe(75);
      const problem = linesOf(told).find(({ event }) => event === 'problem');
      expect(problem).toMatchObject({ code: 'mandate/approval-needed', reasons: 'signature (approval.when)', ask: { msat: '750000' } });
      const { nid, ask } = problem as unknown as { nid: string; ask: { digest: string } };
      expect(linesOf(told).at(-1)).toMatchObject({ event: 'waiting', nid, asks: [{ digest: ask.digest }] });
      const command = `agent-negotiate approve ${ask.digest.slice(0, 12)}`;
      const waits = `waits for your yes to confirm for up to 750 sats: ${command}`;
      expect(told.stderr).toContain(`It ${waits}. Nothing is lost; after that go on with: agent-negotiate deal ${nid.slice(0, 8)}`);
      for (const verb of ['list', 'jobs']) expect((await run([verb])).stdout).toContain(waits);
      const { stdout } = await run(['status', nid]);
      expect(stdout).toContain(`Next: ${command}   (your yes to confirm for up to 750 sats)`);
      expect(stdout).not.toContain('agent-negotiate accept');
      expect((await run(['approve', ask.digest.slice(0, 12)])).code).toBe(0);
      expect((await run(['deal', nid, '--out', `${market.folder}/first`])).code).toBe(0);

      const daemon = startDaemon(buyer?.home ?? '');
      try {
        await daemon.ready;
        const beside = await run([...order.with(-2, '4s')]);
        expect([beside.code, beside.stderr]).toEqual([75, expect.stringMatching(/confirm for up to 750 sats: Your policy asks you first/)]);
        const shown = daemon.lines.find(({ event }) => event === 'problem');
        expect(shown).toMatchObject({ code: 'mandate/approval-needed', ask: { what: 'confirm', msat: '750000' } });
        expect(daemon.log()).toMatch(/"event":"jobs","code":"mandate\/approval-needed","reason":"signature"/);
        expect(daemon.log()).toContain(`${String(shown?.['nid']).slice(0, 8)}  confirm for up to 750 sats: `);
      } finally {
        daemon.kill('SIGTERM');
        await daemon.ended;
      }

      await setPolicy({ limits: { per_deal_msat: 1_000_000, per_day_msat: 1_000_000, open_msat: 1_000_000 } });
      const refused = await run([...order.with(-2, '4s')]);
      expect([refused.code, refused.stderr]).toEqual([
        75,
        expect.stringMatching(/^[0-9a-f]{8} {2}Your policy does not allow this.*above-day \(limits\.per_day_msat\)/m),
      ]);
      expect(refused.stderr).not.toContain('100');
    } finally {
      selling.kill('SIGTERM');
      await selling.ended;
    }
  });
});
