// Several identities in one process: each with its own socket, sockets to relays, and end.

import { closeSync, existsSync, mkdtempSync, openSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'vitest';
import { createAgent } from '../src/agent/compose.ts';
import { runCli, type CliResult } from './cli.fixture.ts';
import { startDaemon, type DaemonProcess } from './daemon.fixture.ts';
import { describeService, GRANT_MSAT, openMarket, writeServices, type CliLine } from './market.fixture.ts';
import { eventsOf, filtersOf, groupsOf, startTap, type Frame } from './tap.fixture.ts';
import { isWholeLane } from './lane.fixture.ts';
import { startRelay } from '../src/relay/startRelay.ts';

const WALLET_REQUEST = 23_194;

async function as(home: string, ...args: string[]): Promise<CliResult> {
  return runCli([...args, '--json', '--home', home]);
}

/** Waits for a line of one home. */
async function lineOf(daemon: DaemonProcess, home: string, event: string): Promise<CliLine> {
  for (;;) {
    const found = daemon.lines.find((line) => line.event === event && line['home'] === home);
    if (found !== undefined) return found;
    await daemon.nextLine();
  }
}

function repeat(homes: readonly string[]): readonly string[] {
  return homes.flatMap((home) => ['--home', home]);
}

/** The agents that a connection names. */
function identitiesOf(frames: readonly Frame[], pubkeys: readonly string[]): readonly string[] {
  const asked = filtersOf(frames).flatMap((filter) => [...(filter['#p'] ?? []), ...(filter.authors ?? [])]);
  const named = new Set([...asked, ...eventsOf(frames).map(({ pubkey }) => pubkey)]);
  return pubkeys.filter((pubkey) => named.has(pubkey));
}

/** Overwrites what a database holds while it is in use, as a broken disk would. */
function spoil(home: string): void {
  for (const name of ['agent.db', 'agent.db-wal']) {
    const path = join(home, name);
    if (!existsSync(path)) continue;
    const { size } = statSync(path);
    const file = openSync(path, 'r+');
    writeSync(file, Buffer.alloc(size, 0x5a), 0, size, 0);
    closeSync(file);
  }
}

describe.concurrent('two homes in one process', () => {
  it('close a deal with each other, and no relay sees that they are together', async ({ expect }) => {
    const tap = await startTap();
    const market = await openMarket({ ...tap.relay, url: tap.url, close: tap.close });
    const buyer = await market.makeTrader('buyer', GRANT_MSAT);
    const seller = await market.makeTrader('seller', 0n);
    const before = tap.connections.length;
    const services = writeServices(market, [describeService()]);
    const daemon = startDaemon(seller.home, ['--config', services, '--home', buyer.home]);
    try {
      expect(await lineOf(daemon, seller.home, 'ready')).toMatchObject({ npub: seller.npub, services: ['upper'] });
      expect(await lineOf(daemon, buyer.home, 'ready')).toMatchObject({ npub: buyer.npub, services: [] });
      for (const { home } of [buyer, seller]) expect(statSync(join(home, 'daemon.sock')).mode & 0o777).toBe(0o600);

      const input = join(market.folder, 'secret.txt');
      writeFileSync(input, 'a secret text');
      const order = ['--find', 'upper-case', '--max', '750', '--bid', '600', '--input', input, '--about', 'Large letters.'];
      const deal = await as(buyer.home, 'deal', ...order, '--out', join(market.folder, 'out'), '--wait', '40s');
      expect([deal.code, deal.stdout]).toEqual([0, expect.stringContaining('"outcome":"completed"')]);
      const told = daemon.lines.filter(({ event }) => event === 'step');
      expect(new Set(told.map((line) => line['home']))).toEqual(new Set([buyer.home, seller.home]));

      daemon.kill('SIGTERM');
      expect(await daemon.ended).toBe(0);

      const own = tap.connections.slice(before);
      const pubkeys = await Promise.all([buyer, seller].map(({ call }) => call(async (agent) => (await agent.whoami()).pubkey)));
      const named = own.map((frames) => identitiesOf(frames, pubkeys));
      expect(named.filter((each) => each.length > 1)).toEqual([]);
      expect(new Set(named.flat()).size).toBe(2);
      // Nor does one carry an identity and a group, and each has a socket of its own for the group that both are in.
      const ofGroups = own.filter((frames) => groupsOf(frames).size > 0);
      expect(ofGroups.filter((frames) => identitiesOf(frames, pubkeys).length > 0)).toEqual([]);
      expect(ofGroups.filter((frames) => filtersOf(frames).length > 0).length).toBeGreaterThanOrEqual(2);
      // Nor do their wallets share one.
      const payers = own.map(
        (frames) => new Set(eventsOf(frames).flatMap(({ kind, pubkey }) => (kind === WALLET_REQUEST ? [pubkey] : []))),
      );
      expect(payers.filter(({ size }) => size > 1)).toEqual([]);
      expect(new Set(payers.flatMap((each) => [...each])).size).toBe(2);
      const ofAgents = own.filter((frames) => identitiesOf(frames, pubkeys).length + groupsOf(frames).size > 0);
      const ids = ofAgents.flatMap((frames) => frames.filter(([type]) => type === 'REQ').map(([, id]) => id));
      expect(ids.length).toBeGreaterThan(5);
      expect(new Set(ids).size).toBe(ids.length);
      const sinces = pubkeys.map((key) => new Set(own.flatMap(filtersOf).flatMap((f) => (f['#p']?.includes(key) ? [f.since] : []))));
      expect([...(sinces[0] ?? [])].filter((since) => sinces[1]?.has(since))).toEqual([]);

      // The log tells them apart by their place, and names neither.
      const places = daemon
        .log()
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .map((line) => (JSON.parse(line) as { agent?: number }).agent);
      expect(new Set(places)).toEqual(new Set([1, 2]));
    } finally {
      daemon.kill();
      await daemon.ended;
      await market.close();
    }
  });
});

describe.concurrent('each of several homes in one process', () => {
  if (isWholeLane) {
    it('fails alone, says why, and is told in the exit code at the end', async ({ expect }) => {
      const folder = mkdtempSync(join(tmpdir(), 'agent-negotiate-several-'));
      const relay = await startRelay({ requireAuthForGiftWraps: true });
      const homes = ['corrupt', 'locked', 'sealed', 'missing', 'dying', 'living'].map((name) => join(folder, name));
      const [corrupt = '', locked = '', sealed = '', missing = '', dying = '', living = ''] = homes;
      const key = join(folder, 'passphrase');
      writeFileSync(key, 'open barley', { mode: 0o600 });
      const make = (home: string): Promise<unknown> => createAgent({ home, relays: [relay.url], invites: 'anyone' });
      await Promise.all([corrupt, locked, dying, living].map(make));
      await createAgent({ home: sealed, relays: [relay.url], key: { kind: 'passphrase', passphrase: 'open sesame' } });
      spoil(corrupt);
      const other = startDaemon(locked);
      await other.ready;
      const daemon = startDaemon(corrupt, [...repeat([locked, sealed]), '--passphrase-file', key, ...repeat([missing, dying, living])]);
      try {
        const failed = await Promise.all([corrupt, locked, sealed, missing].map((home) => lineOf(daemon, home, 'failed')));
        expect(failed.map((line) => (line['error'] as { code: string }).code)).toEqual([
          'store/corrupt',
          'home/locked',
          'home/wrong-key',
          'home/missing',
        ]);
        const doomed = await lineOf(daemon, dying, 'ready');
        const ready = await lineOf(daemon, living, 'ready');
        expect(daemon.log()).toContain(`${locked}: `);
        // The other process has lost nothing by it.
        expect((await as(locked, 'list')).code).toBe(0);

        // One breaks while it runs; the other one answers as before.
        spoil(dying);
        // What is sent to it is what it notices it by.
        await as(locked, 'start', String(doomed['npub']), 'translation');
        expect(await lineOf(daemon, dying, 'failed')).toMatchObject({ error: { code: 'store/corrupt' } });
        const visiting = as(locked, 'start', String(ready['npub']), 'translation');
        expect((await visiting).code).toBe(0);
        expect((await as(living, 'sync', '--wait', '20s')).json()).toMatchObject({ events: [{ type: 'open' }] });

        expect((await as(living, 'stop')).code).toBe(0);
        expect(await daemon.ended).toBe(74);
      } finally {
        daemon.kill();
        other.kill();
        await Promise.all([daemon.ended, other.ended]);
        await relay.close();
        rmSync(folder, { recursive: true, force: true });
      }
    });
  }

  it('is stopped alone; the process ends with the last one', async ({ expect }) => {
    const folder = mkdtempSync(join(tmpdir(), 'agent-negotiate-several-'));
    const relay = await startRelay({ requireAuthForGiftWraps: true });
    const homes = ['one', 'two'].map((name) => join(folder, name));
    const [one = '', two = ''] = homes;
    await Promise.all(homes.map((home) => createAgent({ home, relays: [relay.url] })));
    const daemon = startDaemon(one, repeat([two]));
    try {
      await Promise.all(homes.map((home) => lineOf(daemon, home, 'ready')));
      expect((await as(one, 'stop')).json()).toEqual({ stopped: true });
      expect([existsSync(join(one, 'daemon.sock')), existsSync(join(two, 'daemon.sock'))]).toEqual([false, true]);
      expect((await as(two, 'sync')).code).toBe(0);
      // Its home is free: it can run by itself again.
      const again = startDaemon(one);
      expect(await again.ready).toMatchObject({ event: 'ready' });
      again.kill('SIGTERM');
      expect(await again.ended).toBe(0);
      expect((await as(two, 'stop')).code).toBe(0);
      expect(await daemon.ended).toBe(0);
    } finally {
      daemon.kill();
      await daemon.ended;
      await relay.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
