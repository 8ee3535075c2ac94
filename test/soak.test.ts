// Deals go through while both daemons are killed again and again and the relay restarts, with nobody to help. `npm run soak` does it for long.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createAgent, openAgent, openSandbox } from '../src/agent/compose.ts';
import { keepRunning, startSteadyRelay } from './daemon.fixture.ts';
import { describeService, GRANT_MSAT, launch, type CliLine } from './market.fixture.ts';

const SOAK_S = Number(process.env['SOAK_S'] ?? 15);
const PRICE_MSAT = 700_000n;

it('deals go through while both daemons are killed and the relay restarts', { timeout: (SOAK_S + 240) * 1_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'agent-negotiate-soak-'));
  const relay = await startSteadyRelay(folder);
  const sandbox = await openSandbox({ relay: relay.url });
  const makeTrader = async (name: string, grantMsat: bigint): Promise<string> => {
    const home = join(folder, name);
    await createAgent({ home, relays: [relay.url], invites: 'anyone' });
    const agent = await openAgent({ home });
    await agent.connectWallet({ url: await sandbox.createWallet(grantMsat) });
    await agent.close();
    return home;
  };
  const [buyer, seller] = [await makeTrader('buyer', GRANT_MSAT), await makeTrader('seller', 0n)];
  const config = join(folder, 'services.json');
  writeFileSync(config, JSON.stringify({ services: [describeService()] }));
  const daemons = [keepRunning(seller, ['--config', config]), keepRunning(buyer)];
  const endsAt = performance.now() + SOAK_S * 1_000;
  const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
  let [kills, restarts, isOver] = [0, 0, false];
  const trouble = async (): Promise<void> => {
    while (!isOver && performance.now() < endsAt) {
      await pause(1_000 + Math.random() * 2_000);
      if (isOver) return;
      if (Math.random() < 0.25 || restarts === 0) {
        await relay.restart(200 + Math.random() * 800);
        restarts += 1;
      } else {
        daemons[kills % 2]?.kill();
        kills += 1;
      }
    }
  };
  try {
    const troubled = trouble();
    let deals = 0;
    do {
      // The same words again until it is done, as a program that drives an agent would.
      const about = `Large letters, order ${deals}.`;
      const order = ['--find', 'upper-case', '--max', '750', '--bid', '600', '--about', about, '--out', join(folder, `out-${deals}`)];
      let done: CliLine | undefined;
      for (let start = 0; done === undefined && start < 60; start += 1) {
        await launch(['deal', '--home', buyer, ...order, '--wait', '60s'], (line) => {
          if (line.event === 'done') done = line;
        }).ended;
        if (done === undefined) await pause(300);
      }
      expect(done).toMatchObject({ outcome: 'completed', price: '700 sats' });
      deals += 1;
    } while (performance.now() < endsAt);
    isOver = true;
    await troubled;
    const [left, earned] = [...sandbox.ledger().accounts.values()];
    expect(sandbox.isConserved()).toBe(true);
    expect([left, earned]).toEqual([GRANT_MSAT - PRICE_MSAT * BigInt(deals), PRICE_MSAT * BigInt(deals)]);
    expect(kills).toBeGreaterThan(2);
    expect(restarts).toBeGreaterThan(0);
    console.log(`${deals} deals, ${kills} kills, ${restarts} restarts of the relay`);
  } finally {
    isOver = true;
    await Promise.all(daemons.map(({ stop }) => stop()));
    await sandbox.close();
    await relay.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});
