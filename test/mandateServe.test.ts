// What `serve` announces by itself under a policy: what that refuses ends it with the reason, what it asks about waits while the rest is sold.

import { describe, expect, it } from 'vitest';
import { runCli } from './cli.fixture.ts';
import { startDaemon } from './daemon.fixture.ts';
import { isWholeLane } from './lane.fixture.ts';
import { describeService, openMarket, untilFound, writeServices } from './market.fixture.ts';

const POLICY = {
  version: 1,
  name: 'sells',
  role: 'seller',
  services: { capabilities: ['upper-case'] },
  peers: { allow: ['*'] },
  issues: [{ term: '/price', reserve: 900_001 }],
  disclosure: { terms: ['*'], free_text: true, max_text_chars: 4_000 },
};

describe('serve under a policy', () => {
  it.runIf(isWholeLane)('ends where it may not announce, and sells on while a yes is waited for', async () => {
    const market = await openMarket();
    const seller = await market.makeTrader('seller', 0n);
    const services = writeServices(market, [describeService()]);
    const home = ['--home', seller.home];
    const setPolicy = async (changes: object): Promise<void> => {
      const stdin = JSON.stringify({ ...POLICY, ...changes });
      expect((await runCli(['policy', 'set', '-', ...home], { stdin })).code).toBe(0);
    };
    try {
      await setPolicy({});
      const refused = startDaemon(seller.home, ['--config', services]);
      expect(await refused.ended).toBe(77);
      expect(refused.log()).toMatch(/service 1 of the file .*reserve \(issues\[0\]\.reserve\)/);
      expect(refused.log()).toContain('upper: list_sats and min_sats below what your policy agrees to.');
      expect(refused.log()).not.toContain('900001');

      await setPolicy({ issues: [{ term: '/price', reserve: 800_000 }], disclosure: { ...POLICY.disclosure, public: ['announcement'] } });
      const narrowed = startDaemon(seller.home, ['--config', services]);
      expect(await narrowed.ready).toMatchObject({ services: ['upper'] });
      expect(narrowed.log().split('upper: min_sats below what your policy agrees to.')).toHaveLength(2);
      narrowed.kill('SIGTERM');
      expect(await narrowed.ended).toBe(0);
      expect((await runCli(['announce', ...home, '--withdraw', 'upper'])).code).toBe(0);

      await setPolicy({ issues: [], approval: { when: ['publication'] } });
      const daemon = startDaemon(seller.home, ['--config', services]);
      try {
        expect(await daemon.ready).toMatchObject({ services: ['upper'] });
        expect((await runCli(['announce', ...home])).stdout).toContain('Nothing is announced.');
        const shown = await runCli(['policy', 'show', ...home]);
        const digest = /([0-9a-f]{12}) {2}upper {2}everybody {2}announcement {2}\(publication\)/.exec(shown.stdout)?.[1] ?? '';
        expect((await runCli(['approve', digest, ...home])).code).toBe(0);
        await untilFound(seller.home, 'upper-case', 1);
        expect(daemon.log().split('Not announced yet')).toHaveLength(2);
      } finally {
        daemon.kill('SIGTERM');
      }
      expect(await daemon.ended).toBe(0);
      // Another announcement of the same words needs no yes: it stands.
      const again = startDaemon(seller.home, ['--config', services]);
      expect(await again.ready).toMatchObject({ services: ['upper'] });
      again.kill('SIGTERM');
      expect(await again.ended).toBe(0);
      expect(again.log()).not.toContain('Not announced yet');
    } finally {
      await market.close();
    }
  });
});
