// What an agent that stays costs: how soon it is ready again, what each idle negotiation takes, and what a verb and an idle day cost.

import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createAgent, openAgent } from '../src/agent/compose.ts';
import { startRelay } from '../src/relay/startRelay.ts';
import { buildCopy } from './builtCopy.ts';
import { fillHome } from './manyNegotiations.ts';
import { measureChild, median, type Metric } from './measure.ts';

const FEW = 100;
const MANY = 1_000;
const MOST = 3_000;
const ROUNDS = 5;
const IDLE_S = 60;
const IDENTITIES = 10;
const CLOCK_TICKS_PER_S = 100;

/** What a daemon took: seconds until it said that it was ready, its memory then, and its CPU time over an idle while after that. */
interface Stay {
  readonly readyMs: number;
  readonly readyCpuMs: number;
  readonly rssKib: number;
  readonly idleCpuMs: number;
}

/** Where things are: the built command, the folder of everything, and the relay. */
interface Setup {
  readonly bin: string;
  readonly folder: string;
  readonly relay: string;
}

/** Runs the bench `agent`, of the program as npm installs it. The relay runs in this process, so its work is not counted. */
export async function run(): Promise<readonly Metric[]> {
  const folder = mkdtempSync(join(tmpdir(), 'agent-negotiate-bench-'));
  const relay = await startRelay({ requireAuthForGiftWraps: true, limits: { maxConnections: 2 * MOST } });
  try {
    const setup = { bin: buildCopy(mkdtempSync(join(folder, 'built-'))), folder, relay: relay.url };
    return [...(await measureStays(setup)), ...(await measureIdentities(setup)), ...(await measureVerbs(setup))];
  } finally {
    await relay.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Daemons of homes with more and more open negotiations; that with a thousand grows on to the one with most. */
async function measureStays(setup: Setup): Promise<readonly Metric[]> {
  const [none, few, many] = ['none', 'few', 'many'].map((name) => join(setup.folder, name)) as [string, string, string];
  for (const home of [none, few, many]) await createAgent({ home, relays: [setup.relay], invites: 'anyone' });
  const empty = await stay(setup, [none], 0);
  await fillHome(few, setup.relay, FEW);
  await fillHome(many, setup.relay, MANY);
  const [atFew, atMany] = [await stay(setup, [few], IDLE_S), await stay(setup, [many], 0)];
  await fillHome(many, setup.relay, MOST - MANY);
  const atMost = await stay(setup, [many], IDLE_S);
  const bytesEach = ({ rssKib }: Stay, count: number): number => ((rssKib - empty.rssKib) * 1_024) / count;
  const perHourMs = ({ idleCpuMs }: Stay): number => (idleCpuMs / IDLE_S) * 3_600;
  return [
    { metric: 'restart to ready, 1,000 open', value: atMany.readyMs, unit: 'ms' },
    { metric: 'restart CPU, 1,000 open', value: atMany.readyCpuMs, unit: 'ms' },
    { metric: 'memory per idle negotiation', value: bytesEach(atMany, MANY), unit: 'bytes' },
    { metric: 'memory of an empty daemon', value: empty.rssKib / 1_024, unit: 'MiB' },
    { metric: 'idle CPU per hour, 100 open', value: perHourMs(atFew), unit: 'ms' },
    { metric: 'idle CPU per day, 100 open', value: perHourMs(atFew) * 24, unit: 'ms' },
    { metric: 'restart to ready, 3,000 open', value: atMost.readyMs, unit: 'ms' },
    { metric: 'restart CPU, 3,000 open', value: atMost.readyCpuMs, unit: 'ms' },
    { metric: 'memory per idle negotiation, 3,000 open', value: bytesEach(atMost, MOST), unit: 'bytes' },
    { metric: 'idle CPU per day and 100, 3,000 open', value: (perHourMs(atMost) * 24 * FEW) / MOST, unit: 'ms' },
  ];
}

/** Idle identities in one process, and in one each: alike and idle, one after the other takes what all at once would. */
async function measureIdentities(setup: Setup): Promise<readonly Metric[]> {
  const homes = Array.from({ length: IDENTITIES }, (_, i) => join(setup.folder, `identity-${String(i)}`));
  for (const home of homes) await createAgent({ home, relays: [setup.relay], invites: 'anyone' });
  const together = await stay(setup, homes, 0);
  let apartKib = 0;
  for (const home of homes) apartKib += (await stay(setup, [home], 0)).rssKib;
  return [
    { metric: 'memory, 10 idle identities in one process', value: together.rssKib / 1_024, unit: 'MiB' },
    { metric: 'memory, 10 idle identities in 10 processes', value: apartKib / 1_024, unit: 'MiB' },
  ];
}

/** Runs the daemons of homes, in one process, until they are ready, and idle for a while. Its figures are the kernel's: it is asked nothing. */
async function stay(setup: Setup, homes: readonly string[], idleS: number): Promise<Stay> {
  const startedMs = performance.now();
  const child = startDaemon(setup, homes);
  const ended = new Promise((resolve) => child.on('close', resolve));
  let ready = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.includes('"ready"')) ready += 1;
    if (ready === homes.length) break;
  }
  if (ready < homes.length) throw new Error('The daemon of the bench did not start.');
  const readyMs = performance.now() - startedMs;
  const readyCpuMs = readCpuMs(child.pid ?? 0);
  // What is left of the start shall not count as idling.
  await new Promise((resolve) => setTimeout(resolve, idleS > 0 ? 5_000 : 1_000));
  const before = readCpuMs(child.pid ?? 0);
  await new Promise((resolve) => setTimeout(resolve, idleS * 1_000));
  const stayed = { readyMs, readyCpuMs, rssKib: readRssKib(child.pid ?? 0), idleCpuMs: readCpuMs(child.pid ?? 0) - before };
  child.kill('SIGTERM');
  await ended;
  return stayed;
}

function readCpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return ((Number(fields[11]) + Number(fields[12])) / CLOCK_TICKS_PER_S) * 1_000;
}

function readRssKib(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}

function startDaemon({ bin, folder }: Setup, homes: readonly string[]) {
  const named = homes.flatMap((home) => ['--home', home]);
  return spawn(process.execPath, ['--disable-warning=ExperimentalWarning', bin, 'serve', ...named, '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...cacheIn(folder) },
  });
}

/** Where the command keeps its compiled code: nothing of the bench stays. */
function cacheIn(folder: string) {
  return { XDG_CACHE_HOME: join(folder, 'cache') };
}

/** How a verb is run: as at any time, as the first command on a machine, or beside a daemon that answers. */
type Way = 'alone' | 'alone, first call' | 'with a daemon';

/** Verbs from a standing start, in processes of their own. */
async function measureVerbs(setup: Setup): Promise<readonly Metric[]> {
  const [home, other] = [join(setup.folder, 'verbs'), join(setup.folder, 'other')];
  await createAgent({ home, relays: [setup.relay], invites: 'anyone' });
  const { npub } = await createAgent({ home: other, relays: [setup.relay], invites: 'anyone' });
  const agent = await openAgent({ home });
  const { negotiation } = await agent.start({ peer: npub, service: 'translation', requirements: 'Twelve pages, German to English.' });
  await agent.close();
  const alone = [
    ...(await measureWay(setup, home, negotiation.nid, 'alone')),
    ...(await measureWay(setup, home, negotiation.nid, 'alone, first call')),
  ];
  const daemon = startDaemon(setup, [home]);
  const ended = new Promise((resolve) => daemon.on('close', resolve));
  await new Promise<string>((resolve) => createInterface({ input: daemon.stdout }).once('line', resolve));
  try {
    return [...alone, ...(await measureWay(setup, home, negotiation.nid, 'with a daemon'))];
  } finally {
    daemon.kill('SIGTERM');
    await ended;
  }
}

async function measureWay({ bin, folder }: Setup, home: string, nid: string, way: Way): Promise<readonly Metric[]> {
  const verbs = { list: ['list'], status: ['status', nid], send: ['send', nid, 'Which variety of English?'] };
  const metrics: Metric[] = [];
  for (const [name, args] of Object.entries(verbs)) {
    const costs: number[] = [];
    // The first round only warms the disk, and compiles where that is kept.
    for (let round = 0; round <= ROUNDS; round += 1) {
      // A folder of its own, for its owner alone: what one run has sent must not lie in the way of the next.
      const copy = way === 'with a daemon' ? home : mkdtempSync(`${home}-`);
      if (copy !== home) cpSync(home, copy, { recursive: true });
      const env = cacheIn(way === 'alone, first call' ? copy : folder);
      const { cpuMs } = await measureChild(['--disable-warning=ExperimentalWarning', bin, ...args, '--home', copy], env);
      if (round > 0) costs.push(cpuMs);
    }
    metrics.push({ metric: `${name} (${way})`, value: median(costs), unit: 'ms' });
  }
  return metrics;
}
