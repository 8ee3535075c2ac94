// Processes that are killed while they send, or while they write a backup, and a second place that is gone, damaged or out of reach.

import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { execFileSync, spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readDoubts } from '../src/agent/doubtNote.ts';
import { backupHome } from '../src/agent/composeHome.ts';
import { readRestored } from '../src/agent/restoredNote.ts';
import { decodeChannel } from '../src/marmot/channelCodec.ts';
import { startRelay } from '../src/relay/startRelay.ts';
import { readBackup } from '../src/store/backup.ts';
import { databasePath } from '../src/store/home.ts';
import { openSentinel } from '../src/store/sentinel.ts';
import { openSqliteStore } from '../src/store/sqliteStore.ts';
import { makeLab, type TestAgent } from './agents.fixture.ts';
import { runCli } from './cli.fixture.ts';
import { startDaemon } from './daemon.fixture.ts';
import { isWholeLane } from './lane.fixture.ts';

const BIN = fileURLToPath(new URL('../bin/agent-negotiate.js', import.meta.url));
const service = 'translation';

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'agent-negotiate-unclean-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function settle(...agents: readonly TestAgent[]): Promise<void> {
  for (let round = 0; round < 3; round += 1) for (const { call } of agents) await call((agent) => agent.sync());
}

/** A negotiation in which the seller has made an offer, over a relay that can be stopped and comes back with what it had. */
async function begin() {
  const open = { requireAuthForGiftWraps: true, path: join(makeFolder(), 'relay.db') };
  let relay = await startRelay(open);
  const lab = await makeLab();
  onTestFinished(async () => {
    await relay.close();
    await lab.close();
  });
  const port = Number(new URL(relay.url).port);
  const relays = [relay.url];
  const [seller, buyer] = [await lab.makeAgent({ relays }), await lab.makeAgent({ relays })];
  const { nid } = (await buyer.call((agent) => agent.start({ peer: seller.npub, service, requirements: 'A page' }))).negotiation;
  await settle(seller, buyer);
  await seller.call((agent) => agent.offer({ nid, priceMsat: 700_000n, deliverWithinS: 86_400 }));
  await settle(buyer, seller);
  return {
    ...{ seller, buyer, nid },
    stopRelay: () => relay.close(),
    startRelay: async () => {
      relay = await startRelay({ ...open, port });
    },
  };
}

/** How many messages the buyer's leaf has sealed in its channel, and what is in doubt about it. */
function look({ home }: TestAgent) {
  const store = openSqliteStore(databasePath(home));
  try {
    const [record] = store.listChannels();
    if (record === undefined) throw new Error('there is no channel');
    const { state } = decodeChannel(record.state);
    const ratchet = state.secretTree.leafNodes[state.privatePath.leafIndex * 2]?.application;
    return { generation: ratchet?.generation ?? 0, doubt: readDoubts(store)[record.id], restored: readRestored(store) };
  } finally {
    store.close();
  }
}

const placeOf = ({ home, pubkey }: TestAgent) => openSentinel(home, pubkey);
const findingOf = async ({ call }: TestAgent) =>
  (await call((agent) => agent.doctor({}), { mode: 'read' })).checks.find(({ id }) => id === 'copies');

async function closeDeal({ seller, buyer, nid }: Awaited<ReturnType<typeof begin>>): Promise<void> {
  await buyer.call((agent) => agent.accept({ nid }));
  await settle(seller, buyer);
  const [one, other] = [await seller.call((agent) => agent.status({ nid })), await buyer.call((agent) => agent.status({ nid }))];
  expect([one.phase, other.phase]).toEqual(['agreed', 'agreed']);
  expect(one.bundle).toBe(other.bundle);
}

describe('a process that is killed while it sends', () => {
  it('is followed by one that throws keys away and goes on: the peer reads everything', async () => {
    const scene = await begin();
    const { seller, buyer, nid } = scene;
    const daemon = startDaemon(buyer.home);
    await daemon.ready;
    await scene.stopRelay();
    expect((await runCli(['send', nid, 'Half way', '--json', '--home', buyer.home])).code).toBe(0);
    daemon.kill('SIGKILL');
    await daemon.ended;
    const reading = placeOf(buyer).read();
    if (reading.kind !== 'known') throw new Error('nothing is remembered');
    expect(reading.record.mark).toBeGreaterThan(reading.record.floor);
    const before = look(buyer).generation;

    // Nobody can say what was sent: nothing new is said.
    const refused = await runCli(['send', nid, 'Too early', '--json', '--home', buyer.home]);
    expect(refused.json().error?.code).toBe('negotiation/refused');
    expect(look(buyer).doubt).toMatchObject({ isRead: false });
    expect((await findingOf(buyer))?.finding).toContain('was not closed in order');
    await scene.startRelay();
    const sent = await runCli(['send', nid, 'And on', '--json', '--home', buyer.home]);
    expect(sent.code).toBe(0);
    const after = look(buyer);
    expect([after.doubt, after.restored]).toEqual([undefined, undefined]);
    expect(after.generation - before).toBeGreaterThan(10);

    await settle(seller, buyer);
    const said = (await seller.call((agent) => agent.history({ nid }))).moves.map(({ text }) => text);
    expect(said.filter((text) => text === 'Half way' || text === 'And on')).toHaveLength(2);
    await closeDeal(scene);
    expect((await findingOf(buyer))?.state).toBe('ok');
  });
});

describe('an old copy of a home', () => {
  it('under a daemon catches up by itself; the deal is made over its socket', async () => {
    const scene = await begin();
    const { seller, buyer, nid } = scene;
    const copy = join(makeFolder(), 'copy');
    execFileSync('cp', ['-a', buyer.home, copy]);
    await buyer.call((agent) => agent.send({ nid, text: 'When?' }));
    await settle(seller, buyer);
    await buyer.call((agent) => agent.offer({ nid, priceMsat: 600_000n, deliverWithinS: 86_400 }));
    rmSync(buyer.home, { recursive: true });
    execFileSync('cp', ['-a', copy, buyer.home]);

    const daemon = startDaemon(buyer.home);
    await daemon.ready;
    const history = (await runCli(['history', nid, '--json', '--home', buyer.home])).stdout;
    expect(history).toContain('When?');
    await seller.call((agent) => agent.sync());
    await seller.call((agent) => agent.accept({ nid }));
    const waited = await runCli(['sync', '--wait', '20s', '--json', '--home', buyer.home]);
    expect(waited.code).toBe(0);
    daemon.kill('SIGTERM');
    expect(await daemon.ended).toBe(0);
    await settle(seller, buyer);
    const [one, other] = [await seller.call((agent) => agent.status({ nid })), await buyer.call((agent) => agent.status({ nid }))];
    expect([one.phase, other.phase, one.warnings, other.warnings]).toEqual(['agreed', 'agreed', [], []]);
    expect(one.bundle).toBe(other.bundle);
    expect(look(buyer).restored).toMatchObject({ doubtful: [], broken: [], suspect: [] });
  });
});

describe('a second place', () => {
  it.each<readonly [string, (path: string) => void]>([
    ['is gone', (path) => rmSync(path)],
    ['is damaged', (path) => writeFileSync(path, '{"v":1,"floor":"x"}')],
    ['cannot be read', (path) => (rmSync(path), mkdirSync(path))],
  ])('that %s is told of and made anew; nothing is lost', async (_, spoil) => {
    const scene = await begin();
    const { buyer } = scene;
    spoil(placeOf(buyer).path);
    expect(await findingOf(buyer)).toMatchObject({ state: 'warning' });
    await closeDeal(scene);
    expect(look(buyer).restored).toBeUndefined();
    expect(readdirSync(buyer.home)).not.toContain('state');
    if (placeOf(buyer).read().kind === 'known') expect((await findingOf(buyer))?.state).toBe('ok');
  });

  it('that cannot be written is told of; the home works, and catches up before it speaks', async () => {
    const scene = await begin();
    const { buyer, nid } = scene;
    const blocked = join(makeFolder(), 'file');
    writeFileSync(blocked, '');
    const env = { AGENT_NEGOTIATE_STATE: join(blocked, 'state') };
    const before = look(buyer).generation;
    for (const text of ['One', 'Two', 'Three'])
      expect((await runCli(['send', nid, text, '--json', '--home', buyer.home], { env })).code).toBe(0);
    expect(look(buyer).generation - before).toBe(3);
    const doctor = await runCli(['doctor', '--home', buyer.home], { env });
    expect(doctor.stdout).toContain('cannot be written');
    await closeDeal(scene);
  });

  it('can be named to be elsewhere', async () => {
    const lab = await makeLab();
    onTestFinished(lab.close);
    const [seller, buyer] = [await lab.makeAgent(), await lab.makeAgent()];
    const stateFolder = join(makeFolder(), 'state');
    await buyer.call((agent) => agent.start({ peer: seller.npub, service, requirements: 'A page' }), { stateFolder });
    expect(openSentinel(buyer.home, buyer.pubkey, stateFolder).read()).toEqual({ kind: 'known', record: { floor: 1, mark: 1 } });
    expect(placeOf(buyer).read()).toEqual({ kind: 'missing' });
  });
});

describe('a backup that is killed', () => {
  it.runIf(isWholeLane)('leaves no half of a file, and the one before as it was', async () => {
    const lab = await makeLab();
    onTestFinished(lab.close);
    const { home } = await lab.makeAgent();
    // Enough to write for a while, and nothing that could be packed away.
    const store = openSqliteStore(databasePath(home));
    for (let i = 0; i < 2; i += 1) {
      const data = new Uint8Array(8_000_000);
      for (let at = 0; at < data.length; at += 65_536) crypto.getRandomValues(data.subarray(at, Math.min(at + 65_536, data.length)));
      store.save([{ kind: 'file', sha256: `${i}`.repeat(64), data }]);
    }
    store.close();
    const folder = makeFolder();
    const keyFile = join(folder, 'key');
    writeFileSync(keyFile, new Uint8Array(32).fill(7), { mode: 0o600 });
    const key = { kind: 'key-file', bytes: new Uint8Array(32).fill(7) } as const;
    const old = join(folder, 'old');
    await backupHome({ home }, old, key);
    const before = readFileSync(old);

    let killedInTheMiddle = 0;
    for (let round = 0; round < 4; round += 1) {
      const file = join(folder, `backup-${round}`);
      const child = spawn(process.execPath, [BIN, 'backup', file, '--backup-key-file', keyFile, '--home', home], { stdio: 'ignore' });
      const ended = new Promise<void>((resolve) => child.on('close', () => resolve()));
      // As soon as anything of it is there.
      const watch = setInterval(() => {
        if (!readdirSync(folder).some((name) => name.startsWith(`backup-${round}`))) return;
        clearInterval(watch);
        setTimeout(() => child.kill('SIGKILL'), round * 2);
      }, 1);
      await ended;
      clearInterval(watch);
      if (existsSync(file)) expect(readBackup(readFileSync(file), key).database.length).toBeGreaterThan(1_000_000);
      else killedInTheMiddle += 1;
      expect(readFileSync(old).equals(before)).toBe(true);
    }
    expect(killedInTheMiddle).toBeGreaterThan(0);
    // What was left behind is in nobody's way.
    const again = await runCli(['backup', join(folder, 'backup-0'), '--backup-key-file', keyFile, '--home', home]);
    expect(again.code === 0 || existsSync(join(folder, 'backup-0'))).toBe(true);
    expect(readdirSync(home).filter((name) => name.startsWith('agent.db.backup-'))).toEqual([]);
    expect(readBackup(readFileSync(join(folder, 'backup-0')), key).secrets.identity).toBeDefined();
  });
});
