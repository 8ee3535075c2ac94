// A flood of junk on an agent's inbox, and what a peer's invite that comes last has to wait for.

import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { createAgent, openAgent } from '../src/agent/compose.ts';
import { connectAgent } from '../src/agent/rpc/connectAgent.ts';
import { makeRumor, type NostrEvent } from '../src/nostr/event.ts';
import { SEAL_KIND } from '../src/nostr/giftWrap.ts';
import { loadSchnorr } from '../src/nostr/schnorr.ts';
import { createKeySigner, type Signer } from '../src/nostr/signer.ts';
import { startRelay } from '../src/relay/startRelay.ts';
import { startDaemon } from './daemon.fixture.ts';

export interface Flood {
  /** Junk that lies on the relay before the daemon starts, and that comes each second from then on. */
  readonly waiting: number;
  readonly perSecond: number;
}

export interface FloodReport {
  /** Milliseconds from the peer's first try to reach the daemon until the daemon has its negotiation. */
  readonly invitedMs: number;
  /** How much junk there was by then, and how much of it had been looked at. */
  readonly sent: number;
  readonly looked: number;
  /** All of the junk, and what the daemon remembers of it in the end. */
  readonly sentInAll: number;
  readonly passedInAll: number;
  /** Memory of the daemon at the end. */
  readonly calmRssMib: number;
  readonly databaseMib: number;
  /** CPU milliseconds of the daemon for each piece of junk. */
  readonly cpuMsPerWrap: number;
  readonly exit: number | null;
}

const TICKS_PER_S = 100;
const LONGEST_MS = 240_000;

/** Floods a daemon that lets in the peer and nobody else, and has the peer come last. */
export async function runFlood(folder: string, { waiting, perSecond }: Flood): Promise<FloodReport> {
  await loadSchnorr();
  const limits = { eventsPerSecond: 1_000_000, eventBurst: 1_000_000, maxStoreBytes: 1 << 30 };
  const relay = await startRelay({ requireAuthForGiftWraps: true, limits });
  const [home, other] = [join(folder, 'flooded'), join(folder, 'peer')];
  const { npub } = await createAgent({ home: other, relays: [relay.url] });
  const flooded = await createAgent({ home, relays: [relay.url], invites: [npub] });
  const socket = await openSocket(relay.url);
  let sent = 0;
  const send = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i += 1) {
      socket.send(JSON.stringify(['EVENT', await makeJunk(flooded.pubkey, (sent += 1))]));
      if (i % 200 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  };
  await send(waiting);
  await until(() => relay.storedEvents().length >= waiting);
  const daemon = startDaemon(home);
  const stream = setInterval(() => void send(Math.ceil(perSecond / 10)), 100);
  try {
    await until(() => daemon.lines.length > 0 || countPassed(home) > 0);
    const startedMs = performance.now();
    const peer = await openAgent({ home: other });
    await peer.start({ peer: flooded.npub, service: 'translation', requirements: 'Last, not least.' });
    await peer.close();
    await until(() => countRows(home, 'negotiation') > 0);
    const invitedMs = performance.now() - startedMs;
    const [sentThen, looked] = [sent, countPassed(home)];
    clearInterval(stream);
    await until(() => countPassed(home) >= Math.min(sent, 50_000));
    const [calmRssMib, cpuMs] = [readRssMib(daemon.pid), readCpuMs(daemon.pid)];
    const passedInAll = countPassed(home);
    // It answers while all that goes on, and ends in order.
    const client = await connectAgent(home);
    await client?.agent.list();
    await client?.agent.close();
    daemon.kill('SIGTERM');
    const exit = await daemon.ended;
    const databaseMib = readFileSync(join(home, 'agent.db')).length / 1_048_576;
    const report = { invitedMs, sent: sentThen, looked, sentInAll: sent, passedInAll, calmRssMib, databaseMib, exit };
    return { ...report, cpuMsPerWrap: cpuMs / Math.max(1, sent) };
  } finally {
    clearInterval(stream);
    daemon.kill();
    socket.close();
    await relay.close();
  }
}

const forger = createKeySigner(randomBytes(32));

/** Of all kinds that a stranger can make: nonsense under a good signature, a sealed rumor that is no welcome, a seal that is none. */
export async function makeJunk(recipient: string, nth: number): Promise<NostrEvent> {
  const signer: Signer = forger;
  const sealed = nth % 10;
  const created_at = Math.floor(Date.now() / 1_000) - (nth % 100_000);
  const tags = [['p', recipient]];
  if (sealed > 1) return signer.signEvent({ kind: 1059, created_at, tags, content: randomBytes(300 + (nth % 900)).toString('base64') });
  const rumor = makeRumor(signer.pubkey, { kind: 444, created_at, tags: [], content: 'no welcome' });
  const content = await signer.encrypt(recipient, JSON.stringify(rumor));
  const seal = sealed === 0 ? await signer.signEvent({ kind: SEAL_KIND, created_at, tags: [], content }) : rumor;
  return signer.signEvent({ kind: 1059, created_at, tags, content: await signer.encrypt(recipient, JSON.stringify(seal)) });
}

function countRows(home: string, table: string): number {
  const db = new DatabaseSync(join(home, 'agent.db'), { readOnly: true });
  try {
    return Number(db.prepare(`SELECT count(*) AS count FROM ${table}`).get()?.['count']);
  } finally {
    db.close();
  }
}

const countPassed = (home: string): number => countRows(home, 'passed_wrap');

async function openSocket(url: string): Promise<WebSocket> {
  const socket = new WebSocket(url);
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve, { once: true });
    socket.addEventListener('error', reject, { once: true });
  });
  return socket;
}

async function until(isDone: () => boolean): Promise<void> {
  const endsAt = performance.now() + LONGEST_MS;
  while (!isDone()) {
    if (performance.now() > endsAt) throw new Error('It never came.');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function readRssMib(pid: number): number {
  const line = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8'));
  return Number(line?.[1] ?? 0) / 1_024;
}

function readCpuMs(pid: number): number {
  const fields =
    readFileSync(`/proc/${String(pid)}/stat`, 'utf8')
      .split(') ')[1]
      ?.split(' ') ?? [];
  return ((Number(fields[11]) + Number(fields[12])) / TICKS_PER_S) * 1_000;
}
