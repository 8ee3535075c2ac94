// Daemons as an owner has them: processes that stay, verbs that use them without anybody noticing, and an end in order.

import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'vitest';
import { createAgent } from '../src/agent/compose.ts';
import { runCli, type CliResult } from './cli.fixture.ts';
import { startDaemon, startSteadyRelay } from './daemon.fixture.ts';
import { isWholeLane } from './lane.fixture.ts';
import { describeService, GRANT_MSAT, openMarket, untilFound, writeServices } from './market.fixture.ts';

async function as(home: string, ...args: string[]): Promise<CliResult> {
  return runCli([...args, '--json', '--home', home]);
}

async function withFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'agent-negotiate-daemon-'));
  try {
    await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe.concurrent('a daemon', () => {
  it('buys from another one, driven by verbs over its socket', async ({ expect }) => {
    const market = await openMarket();
    const buyer = await market.makeTrader('buyer', GRANT_MSAT);
    const seller = await market.makeTrader('seller', 0n);
    const daemons = [startDaemon(seller.home, ['--config', writeServices(market, [describeService()])]), startDaemon(buyer.home)];
    try {
      const [sold, bought] = await Promise.all(daemons.map(({ ready }) => ready));
      expect(sold).toMatchObject({ event: 'ready', npub: seller.npub, services: ['upper'], testMoney: true });
      expect(bought).toMatchObject({ event: 'ready', npub: buyer.npub, services: [] });

      const socket = statSync(join(buyer.home, 'daemon.sock'));
      expect(socket.isSocket()).toBe(true);
      expect([socket.mode & 0o777, socket.uid]).toEqual([0o600, process.getuid?.()]);

      const input = join(market.folder, 'secret.txt');
      writeFileSync(input, 'a secret text');
      await untilFound(buyer.home, 'upper-case', 1);
      const order = ['--find', 'upper-case', '--max', '750', '--bid', '600', '--input', input, '--about', 'Large letters.'];
      const deal = await as(buyer.home, 'deal', ...order, '--out', join(market.folder, 'out'), '--wait', '25s');
      expect(deal.code).toBe(0);
      expect(deal.stdout).toContain('"outcome":"completed"');
      expect((await as(buyer.home, 'list')).json()).toMatchObject({ negotiations: [{ phase: 'agreed' }] });
      expect((await as(seller.home, 'jobs')).json()).toMatchObject({ jobs: [{ role: 'provider', price: '700 sats' }] });
      // Large integers and errors come over the socket as they are.
      expect((await as(buyer.home, 'wallet')).json()).toMatchObject({ balanceMsat: '9300000' });
      expect(await as(buyer.home, 'status', 'ffff')).toMatchObject({ code: 66 });
      expect(seller.npub).toBe(sold?.['npub']);

      // What the operator sees names nobody and says nothing.
      const log = daemons[1]?.log() ?? '';
      expect(log).toContain('"event":"received"');
      for (const secret of [buyer.npub, seller.npub, 'secret', 'Large letters', market.relay.url, '700 sats'])
        expect(log).not.toContain(secret);
    } finally {
      for (const daemon of daemons) daemon.kill('SIGTERM');
      const codes = await Promise.all(daemons.map(({ ended }) => ended));
      await market.close();
      expect(codes).toEqual([0, 0]);
    }
    expect(existsSync(join(buyer.home, 'daemon.sock'))).toBe(false);
  });

  it.runIf(isWholeLane)(
    'tells a waiting verb what comes while others are answered, and is not followed by a second one',
    async ({ expect }) => {
      await withFolder(async (folder) => {
        const relay = await startSteadyRelay(folder);
        const [home, other] = [join(folder, 'home'), join(folder, 'other')];
        const { npub } = await createAgent({ home, relays: [relay.url], invites: 'anyone' });
        await createAgent({ home: other, relays: [relay.url], invites: 'anyone' });
        // Left by one that was killed.
        writeFileSync(join(home, 'daemon.sock'), '', { mode: 0o600 });
        const daemon = startDaemon(home);
        try {
          await daemon.ready;
          const waiting = as(home, 'sync', '--wait', '20s');
          const second = await as(home, 'serve');
          expect(second.code).toBe(75);
          expect(second.json()).toMatchObject({ error: { code: 'home/locked', retryable: true } });
          expect((await as(home, 'list')).json()).toEqual({ negotiations: [], invites: [] });
          await as(other, 'start', npub, 'translation');
          expect((await waiting).json()).toMatchObject({ events: [{ type: 'open' }] });
          // Told once.
          expect((await as(home, 'sync')).json()).toMatchObject({ events: [] });
          expect((await as(home, 'stop')).json()).toEqual({ stopped: true });
          expect(await daemon.ended).toBe(0);
          expect((await as(home, 'stop')).code).toBe(66);
          // Without it the verbs work alone.
          expect((await as(home, 'list')).json()).toMatchObject({ negotiations: [{ service: 'translation' }] });
        } finally {
          daemon.kill();
          await daemon.ended;
          await relay.stop();
        }
      });
    },
  );

  it('starts without a relay, keeps what it is told to send, and goes on when the relay is there', async ({ expect }) => {
    await withFolder(async (folder) => {
      const relay = await startSteadyRelay(folder);
      const homes = ['a', 'b'].map((name) => join(folder, name));
      const made = await Promise.all(homes.map((home) => createAgent({ home, relays: [relay.url], invites: 'anyone' })));
      const [a = '', b = ''] = homes;
      const { negotiation } = (await as(a, 'start', made[1]?.npub ?? '', 'translation')).json() as { negotiation?: { nid: string } };
      const nid = negotiation?.nid ?? '';
      await as(b, 'sync');
      await relay.stop();
      const daemons = homes.map((home) => startDaemon(home));
      try {
        await Promise.all(daemons.map(({ ready }) => ready));
        expect((await as(a, 'send', nid, 'Are you there?')).json()).toMatchObject({ isSent: false });
        const waiting = as(b, 'status', nid);
        expect((await waiting).code).toBe(0);
        await relay.start();
        await expect.poll(async () => JSON.stringify((await as(b, 'history', nid)).json()), { interval: 300 }).toContain('Are you there?');
      } finally {
        for (const daemon of daemons) daemon.kill('SIGTERM');
        expect(await Promise.all(daemons.map(({ ended }) => ended))).toEqual([0, 0]);
        await relay.stop();
      }
    });
  });
});
