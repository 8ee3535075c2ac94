// The demo as a user runs it: a process that starts relay, wallets and two agents, each of these a process of its own.

import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { runCli } from './cli.fixture.ts';
import { isWholeLane } from './lane.fixture.ts';

const made: string[] = [];
afterEach(() => {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** The demo's folder is to go with the test: that folder and, whatever the demo printed, no other. */
function noteFolder(bundle: string): void {
  const folder = dirname(bundle);
  if (folder.startsWith(join(tmpdir(), 'agent-negotiate-demo-'))) made.push(folder);
}

type Line = Record<string, unknown> & { readonly event: string };

async function runDemo(...args: string[]): Promise<{ readonly code: number | null; readonly lines: readonly Line[]; readonly last: Line }> {
  const { code, stdout, stderr } = await runCli(['demo', '--json', ...args]);
  expect(stderr).toBe('');
  const lines = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
  const last = lines.at(-1) ?? { event: 'nothing' };
  const agreed = lines.find(({ event }) => event === 'agreed');
  if (typeof agreed?.['bundle'] === 'string') noteFolder(agreed['bundle']);
  return { code, lines, last };
}

describe('the demo', () => {
  it('goes through all seven steps, at 700 sats, with a bundle that anyone can check and a result that was worked for', async () => {
    const { code, lines, last } = await runDemo();
    expect(code).toBe(0);
    const steps = lines.filter(({ event }) => event === 'step').map(({ step }) => step);
    expect(steps).toEqual(['discover', 'verify', 'negotiate', 'request', 'pay', 'deliver', 'attest']);
    const moves = lines
      .filter(({ event }) => event === 'move')
      .map(({ role, type, price }) => [role, type, price].filter(Boolean).join(' '));
    expect(moves).toEqual([
      'buyer open',
      'seller ask',
      'buyer answer',
      'seller offer 900 sats',
      'buyer offer 600 sats',
      'seller offer 700 sats',
      'buyer accept',
      'seller confirm',
      'buyer close',
      'buyer input',
      'seller payterms',
      'buyer funded',
      'seller deliver',
      'buyer completion',
      'seller completion',
    ]);
    const agreed = lines.find(({ event }) => event === 'agreed') ?? { event: 'nothing' };
    expect(Object.keys(agreed)).toEqual(['event', 'agreement', 'buyer', 'provider', 'bundle', 'relayEvents']);
    const npubs = lines.filter(({ event }) => event === 'agent').map(({ npub }) => npub);
    expect([agreed['provider'], agreed['buyer']]).toEqual(npubs);
    const bundle = String(agreed['bundle']);
    const checked = await runCli(['verify', bundle, '--json']);
    expect(checked.json()).toMatchObject({ state: 'closed', agreement: agreed['agreement'], price: '700 sats' });
    expect(lines.find(({ event }) => event === 'privacy')).toMatchObject({ leaks: 0 });
    expect(last).toMatchObject({ event: 'done', outcome: 'completed', testMoney: true, leaks: 0 });
    expect(last['balances']).toEqual({ buyer: '9300 sats', seller: '700 sats' });
    expect(last['attestation']).toMatch(/^[0-9a-f]{64}$/);
    expect(readFileSync(String(last['result']), 'utf8')).toContain('The shipyard pays Ms Brandt 48,000 euros as a severance payment.');
    // The bundle and the result stay; the homes with their keys do not.
    expect(readdirSync(dirname(bundle)).toSorted()).toEqual(['bundle.json', 'translation.txt']);
    expect(readFileSync(bundle, 'utf8')).toContain('"amount_msat":"700000"');
  });

  if (isWholeLane) {
    it('ends at another price, or without a deal, when the limits are others', async () => {
      const cheap = await runDemo('--seller-min', '500');
      expect(cheap.code).toBe(0);
      expect(cheap.last).toMatchObject({ outcome: 'completed', balances: { buyer: '9400 sats', seller: '600 sats' } });
      const none = await runDemo('--buyer-max', '650');
      expect(none.code).toBe(0);
      expect(none.lines.at(-4)).toMatchObject({ event: 'no-deal', phase: 'rejected' });
      expect(none.last).toMatchObject({ event: 'done', outcome: 'no-deal', balances: { buyer: '10000 sats', seller: '0 sats' } });
      expect(none.lines.some(({ event }) => event === 'agreed')).toBe(false);
    });

    it('has a buyer and three sellers left alone, each under a policy: the one that can meet the buyer gets the work', async () => {
      const { code, lines, last } = await runDemo('--ask', '3');
      expect(code).toBe(0);
      expect(lines[0]).toMatchObject({ event: 'begin', buyerMax: 750, sellerMin: 700, sellers: 3 });
      const offers = lines.filter(({ event, type }) => event === 'move' && type === 'offer');
      for (const name of ['seller A', 'seller B', 'seller C']) {
        expect(offers.filter(({ role }) => role === name).length).toBeGreaterThan(2);
        expect(offers.filter(({ role, to }) => role === 'buyer' && to === name).length).toBeGreaterThan(2);
      }
      const price = Number(/^(\d+) sats$/.exec((last['balances'] as Record<string, string>)['seller B'] ?? '')?.[1]);
      expect(price >= 700 && price <= 750).toBe(true);
      expect(last).toMatchObject({
        outcome: 'completed',
        leaks: 0,
        balances: { buyer: `${10_000 - price} sats`, 'seller A': '0 sats', 'seller C': '0 sats' },
      });
      const steps = lines.filter(({ event }) => event === 'step').map(({ step }) => step);
      expect(steps).toEqual(['discover', 'verify', 'negotiate', 'request', 'pay', 'deliver', 'attest']);
      const none = await runDemo('--ask', '2', '--buyer-max', '600');
      expect([none.code, none.last]).toMatchObject([0, { outcome: 'no-deal', leaks: 0, balances: { buyer: '10000 sats' } }]);
      expect(none.lines.some(({ event, type }) => event === 'move' && type === 'accept')).toBe(false);
    });
  }

  it.runIf(isWholeLane)('prints what a person would like to read', async () => {
    const { code, stdout } = await runCli(['demo']);
    const bundle = /bundle {5}(\S+)/.exec(stdout)?.[1] ?? '';
    noteFolder(bundle);
    expect(code).toBe(0);
    expect(existsSync(bundle)).toBe(true);
    expect(stdout).toContain('seller  offers: 700 sats');
    for (const step of ['1 DISCOVER', '2 VERIFY', '3 NEGOTIATE', '4 REQUEST', '5 PAY', '6 DELIVER', '7 ATTEST'])
      expect(stdout).toContain(step);
    expect(stdout).toContain('What an eavesdropper on the relay saw');
    expect(stdout).toContain(': none found.');
    expect(stdout).not.toContain('undefined');
  });
});
