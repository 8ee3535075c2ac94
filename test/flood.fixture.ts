// A flood of junk on an agent's inbox, and what a peer's invite that comes last has to wait for.

import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { createAgent, openAgent } from '../src/agent/compose.ts';
import { connectAgent } from '../src/agent/rpc/connectAgent.ts';
import type { SyncReport } from '../src/agent/sync.ts';
import { makeRumor, type NostrEvent } from '../src/nostr/event.ts';
import { SEAL_KIND } from '../src/nostr/giftWrap.ts';
import { loadSchnorr } from '../src/nostr/schnorr.ts';
import { createKeySigner, type Signer } from '../src/nostr/signer.ts';
import { startRelay, type RunningRelay } from '../src/relay/startRelay.ts';
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

const BIN = fileURLToPath(new URL('../bin/agent-negotiate.js', import.meta.url));
const TICKS_PER_S = 100;
const LONGEST_MS = 240_000;

/** Homes on a relay with junk for the first of them, which lets in the peer and nobody else. */
export interface Flooded {
  readonly relay: RunningRelay;
  readonly home: string;
  readonly npub: string;
  readonly pubkey: string;
  readonly peerHome: string;
  readonly peerNpub: string;
  /** How much junk was sent so far. */
  readonly sent: () => number;
  /** Sends more; nobody waits for the relay to have it. */
  readonly send: (count: number) => Promise<void>;
  /** Has the peer open a negotiation. */
  readonly invite: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** A relay on which so much junk lies. */
export async function openFlood(folder: string, waiting: number): Promise<Flooded> {
  await loadSchnorr();
  const limits = { eventsPerSecond: 1_000_000, eventBurst: 1_000_000, maxStoreBytes: 1 << 30 };
  const relay = await startRelay({ requireAuthForGiftWraps: true, limits });
  const [home, peerHome] = [join(folder, 'flooded'), join(folder, 'peer')];
  const { npub: peerNpub } = await createAgent({ home: peerHome, relays: [relay.url] });
  const { npub, pubkey } = await createAgent({ home, relays: [relay.url], invites: [peerNpub] });
  const socket = await openSocket(relay.url);
  let sent = 0;
  const send = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i += 1) {
      socket.send(JSON.stringify(['EVENT', await makeJunk(pubkey, (sent += 1))]));
      if (i % 200 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const invite = async (): Promise<void> => {
    const peer = await openAgent({ home: peerHome });
    await peer.start({ peer: npub, service: 'translation', requirements: 'Last, not least.' });
    await peer.close();
  };
  const close = async (): Promise<void> => {
    socket.close();
    await relay.close();
  };
  await send(waiting);
  await until(() => relay.storedEvents().length >= waiting);
  return { relay, home, npub, pubkey, peerHome, peerNpub, sent: () => sent, send, invite, close };
}

/** Floods a daemon, and has the peer come last. */
export async function runFlood(folder: string, { waiting, perSecond }: Flood): Promise<FloodReport> {
  const flood = await openFlood(folder, waiting);
  const { home, send } = flood;
  const daemon = startDaemon(home);
  const stream = setInterval(() => void send(Math.ceil(perSecond / 10)), 100);
  try {
    await until(() => daemon.lines.length > 0 || countPassed(home) > 0);
    const startedMs = performance.now();
    await flood.invite();
    await until(() => countRows(home, 'negotiation') > 0);
    const invitedMs = performance.now() - startedMs;
    const [sentThen, looked] = [flood.sent(), countPassed(home)];
    clearInterval(stream);
    await until(() => countPassed(home) >= Math.min(flood.sent(), 50_000));
    const [calmRssMib, cpuMs] = [readRssMib(daemon.pid), readCpuMs(daemon.pid)];
    const passedInAll = countPassed(home);
    // It answers while all that goes on, and ends in order.
    const client = await connectAgent(home);
    await client?.agent.list();
    await client?.agent.close();
    daemon.kill('SIGTERM');
    const exit = await daemon.ended;
    const databaseMib = readFileSync(join(home, 'agent.db')).length / 1_048_576;
    const report = { invitedMs, sent: sentThen, looked, sentInAll: flood.sent(), passedInAll, calmRssMib, databaseMib, exit };
    return { ...report, cpuMsPerWrap: cpuMs / Math.max(1, flood.sent()) };
  } finally {
    clearInterval(stream);
    daemon.kill();
    await flood.close();
  }
}

/** Runs `sync` as a process. With `isKilled` it is killed when that says so; then undefined. */
export async function syncAlone(home: string, isKilled: () => boolean = () => false): Promise<SyncReport | undefined> {
  const command = ['--disable-warning=ExperimentalWarning', BIN, 'sync', '--home', home, '--json'];
  const child = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'ignore'] });
  const [out, ended] = [[] as Buffer[], Promise.withResolvers<void>()];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  let isOver = false;
  child.on('close', () => {
    isOver = true;
    ended.resolve();
  });
  while (!isOver) {
    if (isKilled()) child.kill('SIGKILL');
    await Promise.race([ended.promise, new Promise((resolve) => setTimeout(resolve, 5))]);
  }
  if (child.signalCode === 'SIGKILL') return undefined;
  return JSON.parse(Buffer.concat(out).toString()) as SyncReport;
}

const forger = createKeySigner(randomBytes(32));

/** Of all kinds that a stranger can make: nonsense under a good signature, a sealed rumor that is no welcome, a seal that is none. */
async function makeJunk(recipient: string, nth: number): Promise<NostrEvent> {
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

/** How many rows a table of a home has. */
export function countRows(home: string, table: string): number {
  const db = new DatabaseSync(join(home, 'agent.db'), { readOnly: true });
  try {
    return Number(db.prepare(`SELECT count(*) AS count FROM ${table}`).get()?.['count']);
  } finally {
    db.close();
  }
}

/** How much junk a home remembers to have looked at. */
export const countPassed = (home: string): number => countRows(home, 'passed_wrap');

async function openSocket(url: string): Promise<WebSocket> {
  const socket = new WebSocket(url);
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve, { once: true });
    socket.addEventListener('error', reject, { once: true });
  });
  return socket;
}

export async function until(isDone: () => boolean): Promise<void> {
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
