// `sandbox` started again: the wallets in its files are served as they were left, or the files are left alone and it says why.

import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openNwcRail } from '../src/pay/nwcRail.ts';
import { startRelay, type RunningRelay } from '../src/relay/startRelay.ts';
import { runCli } from './cli.fixture.ts';
import { isWholeLane } from './lane.fixture.ts';
import { launch } from './market.fixture.ts';

let folder: string;
let relay: RunningRelay;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'agent-negotiate-sandbox-'));
  relay = await startRelay();
});
afterEach(async () => {
  await relay.close();
  rmSync(folder, { recursive: true, force: true });
});

const path = (name: string): string => join(folder, name);
const argsOf = (url: string, more: readonly string[] = []): readonly string[] => [
  ...['sandbox', '--relay', url, '--wallet', `${path('buyer.url')}=100`, '--wallet', `${path('seller.url')}=0`],
  ...more,
];

/** Runs it for as long as `use` takes. */
async function whileItRuns<T>(args: readonly string[], use: () => Promise<T>): Promise<T> {
  const ready = Promise.withResolvers<void>();
  const sandbox = launch(args, ({ event }) => event === 'ready' && ready.resolve());
  void sandbox.ended.then(() => ready.reject(new Error('the sandbox ended before it was ready')));
  try {
    await ready.promise;
    return await use();
  } finally {
    sandbox.kill('SIGTERM');
    await sandbox.ended;
  }
}

async function balances(): Promise<readonly bigint[]> {
  const rails = ['buyer.url', 'seller.url'].map((name) => openNwcRail(readFileSync(path(name), 'utf8').trim()));
  const held = await Promise.all(rails.map((rail) => rail.balance()));
  await Promise.all(rails.map((rail) => rail.close()));
  return held;
}

async function pay(): Promise<void> {
  const [buyer, seller] = ['buyer.url', 'seller.url'].map((name) => openNwcRail(readFileSync(path(name), 'utf8').trim()));
  const order = {
    amountMsat: 30_000n,
    description: 'x',
    descriptionHash: '2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881',
  };
  expect(await buyer?.pay((await seller?.makeInvoice({ ...order, expiryS: 60 })) ?? '')).toMatchObject({ kind: 'settled' });
  await Promise.all([buyer?.close(), seller?.close()]);
}

describe.runIf(isWholeLane)('the sandbox, started again', () => {
  it('serves the same wallets with what they hold, where the ledger is kept, and at another relay too', async () => {
    const kept = ['--data', path('sandbox.json')];
    await whileItRuns(argsOf(relay.url, kept), pay);
    const before = readFileSync(path('buyer.url'), 'utf8');
    expect(await whileItRuns(argsOf(relay.url, kept), balances)).toEqual([70_000n, 30_000n]);
    expect(readFileSync(path('buyer.url'), 'utf8')).toBe(before);
    const other = await startRelay();
    expect(await whileItRuns(argsOf(other.url, kept), balances)).toEqual([70_000n, 30_000n]);
    expect(statSync(path('buyer.url')).mode & 0o777).toBe(0o600);
    await other.close();
  });

  it('leaves a file alone that holds another wallet, makes none beside it, and says what to do', async () => {
    await whileItRuns(argsOf(relay.url), balances);
    rmSync(path('seller.url'));
    const gone = readFileSync(path('buyer.url'), 'utf8');
    for (const more of [[], ['--data', path('sandbox.json')]]) {
      const { code, stderr } = await runCli(argsOf(relay.url, more));
      expect([code, stderr.includes('buyer.url'), stderr.includes('--data')]).toEqual([64, true, true]);
    }
    expect([readFileSync(path('buyer.url'), 'utf8'), existsSync(path('seller.url'))]).toEqual([gone, false]);
    writeFileSync(path('buyer.url'), 'my notes\n');
    expect((await runCli(argsOf(relay.url))).code).toBe(64);
    expect(readFileSync(path('buyer.url'), 'utf8')).toBe('my notes\n');
  });
});
