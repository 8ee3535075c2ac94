// Either side of a deal is killed at each step and started again with the same words: it ends as if nothing had happened.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isWholeLane } from './lane.fixture.ts';
import {
  describeService,
  GRANT_MSAT,
  launch,
  openMarket,
  writeServices,
  type CliLine,
  type CliProcess,
  type Market,
} from './market.fixture.ts';

const STEPS = ['discover', 'verify', 'negotiate', 'request', 'pay', 'deliver', 'attest'] as const;
const PRICE_MSAT = 700_000n;

interface Ending {
  readonly kills: number;
  readonly done: CliLine | undefined;
}

/** Runs a deal; `shouldKill` looks at every line of the buyer's and says who is to be killed at it. */
async function runDeal(
  market: Market,
  shouldKill: (line: CliLine) => 'buyer' | 'seller' | undefined,
  { everyMs, kills: maxKills }: { readonly everyMs: number; readonly kills: number } = { everyMs: 0, kills: 0 },
): Promise<Ending> {
  const buyer = await market.makeTrader('buyer', GRANT_MSAT);
  const seller = await market.makeTrader('seller', 0n);
  const input = join(market.folder, 'secret.txt');
  writeFileSync(input, 'a secret text');
  const config = writeServices(market, [describeService()]);
  let kills = 0;
  let done: CliLine | undefined;
  let serving = serve();
  function serve(): CliProcess {
    return launch(['serve', '--home', seller.home, '--config', config], () => undefined);
  }
  const order = ['--find', 'upper-case', '--max', '750', '--bid', '600', '--input', input, '--about', 'Large letters.', '--attest'];
  try {
    for (let start = 0; start < 40; start += 1) {
      const deal = launch(['deal', '--home', buyer.home, ...order, '--out', join(market.folder, 'out'), '--wait', '40s'], (line) => {
        if (line.event === 'done') done = line;
        const victim = shouldKill(line);
        if (victim !== undefined) killOne(victim);
      });
      const killOne = (victim: 'buyer' | 'seller'): void => {
        kills += 1;
        if (victim === 'buyer') deal.kill();
        else {
          serving.kill();
          serving = serve();
        }
      };
      // By the clock: a different moment each time, and never so often that a process could not even start.
      const timer =
        maxKills > kills ? setTimeout(killOne, everyMs * (0.5 + Math.random()), start % 2 === 0 ? 'buyer' : 'seller') : undefined;
      const code = await deal.ended;
      clearTimeout(timer);
      // Nobody has announced anything yet, or the buyer was killed: the same words again.
      if (code === 0) break;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  } finally {
    serving.kill();
    await serving.ended;
  }
  return { kills, done };
}

function expectOneDeal(market: Market, { done }: Ending): void {
  expect(done).toMatchObject({ event: 'done', outcome: 'completed', price: '700 sats' });
  const [buyer, seller] = [...market.sandbox.ledger().accounts.values()];
  expect(market.sandbox.isConserved()).toBe(true);
  expect([buyer, seller]).toEqual([GRANT_MSAT - PRICE_MSAT, PRICE_MSAT]);
  expect((done?.['files'] as string[]).map((path) => readFileSync(path, 'utf8'))).toEqual(['A SECRET TEXT']);
  expect(market.relay.storedEvents().filter(({ kind }) => kind === 1985)).toHaveLength(1);
}

// The one that could lose money; the whole lane has the rest.
const ALWAYS = new Set(['buyer at pay']);

describe.concurrent('a deal of which one side is killed', () => {
  for (const step of STEPS) {
    for (const victim of ['buyer', 'seller'] as const) {
      if (!isWholeLane && !ALWAYS.has(`${victim} at ${step}`)) continue;
      it(`ends the same: the ${victim} at ${step}`, async () => {
        const market = await openMarket();
        try {
          let isDone = false;
          const ending = await runDeal(market, (line) => {
            if (isDone || line.event !== 'step' || line['step'] !== step) return undefined;
            isDone = true;
            return victim;
          });
          expect(ending.kills).toBe(1);
          expectOneDeal(market, ending);
        } finally {
          await market.close();
        }
      });
    }
  }

  it.runIf(isWholeLane)('ends the same when both are killed again and again, at any moment', async () => {
    const market = await openMarket();
    try {
      const ending = await runDeal(market, () => undefined, { everyMs: 1_200, kills: 10 });
      expect(ending.kills).toBeGreaterThan(0);
      expectOneDeal(market, ending);
    } finally {
      await market.close();
    }
  });
});
