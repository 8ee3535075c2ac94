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

const MANY = 1_000;
const FEW = 100;
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

/** Runs the bench `agent`. The relay runs in this process, so its work is not counted. */
export async function run(): Promise<readonly Metric[]> {
  const folder = mkdtempSync(join(tmpdir(), 'agent-negotiate-bench-'));
  const relay = await startRelay({ requireAuthForGiftWraps: true, limits: { maxConnections: 4 * MANY } });
  try {
    const bin = buildCopy(mkdtempSync(join(folder, 'built-')));
    const homes = { none: join(folder, 'none'), few: join(folder, 'few'), many: join(folder, 'many') };
    for (const [name, home] of Object.entries(homes)) {
      await createAgent({ home, relays: [relay.url], invites: 'anyone' });
      if (name !== 'none') await fillHome(home, relay.url, name === 'few' ? FEW : MANY);
    }
    const none = await stay(bin, [homes.none], 0);
    const few = await stay(bin, [homes.few], IDLE_S);
    const many = await stay(bin, [homes.many], 0);
    const ten = Array.from({ length: IDENTITIES }, (_, i) => join(folder, `identity-${i}`));
    for (const home of ten) await createAgent({ home, relays: [relay.url], invites: 'anyone' });
    const together = await stay(bin, ten, 0);
    let apartKib = 0;
    // Alike and idle: one after the other takes what all at once would.
    for (const home of ten) apartKib += (await stay(bin, [home], 0)).rssKib;
    const perHourMs = (few.idleCpuMs / IDLE_S) * 3_600;
    return [
      { metric: 'restart to ready, 1,000 open', value: many.readyMs, unit: 'ms' },
      { metric: 'restart CPU, 1,000 open', value: many.readyCpuMs, unit: 'ms' },
      { metric: 'memory per idle negotiation', value: ((many.rssKib - none.rssKib) * 1_024) / MANY, unit: 'bytes' },
      { metric: 'memory of an empty daemon', value: none.rssKib / 1_024, unit: 'MiB' },
      { metric: 'memory, 10 idle identities in one process', value: together.rssKib / 1_024, unit: 'MiB' },
      { metric: 'memory, 10 idle identities in 10 processes', value: apartKib / 1_024, unit: 'MiB' },
      { metric: 'idle CPU per hour, 100 open', value: perHourMs, unit: 'ms' },
      { metric: 'idle CPU per day, 100 open', value: perHourMs * 24, unit: 'ms' },
      ...(await measureVerbs(bin, folder, relay.url)),
    ];
  } finally {
    await relay.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs the daemons of homes, in one process, until they are ready, and idle for a while. Its figures are the kernel's: it is asked nothing. */
async function stay(bin: string, homes: readonly string[], idleS: number): Promise<Stay> {
  const startedMs = performance.now();
  const named = homes.flatMap((home) => ['--home', home]);
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', bin, 'serve', ...named, '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
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

/** Verbs from a standing start, in processes of their own: alone, and beside a daemon that answers. */
async function measureVerbs(bin: string, folder: string, relay: string): Promise<readonly Metric[]> {
  const [home, other] = [join(folder, 'verbs'), join(folder, 'other')];
  await createAgent({ home, relays: [relay], invites: 'anyone' });
  const { npub } = await createAgent({ home: other, relays: [relay], invites: 'anyone' });
  const agent = await openAgent({ home });
  const { negotiation } = await agent.start({ peer: npub, service: 'translation', requirements: 'Twelve pages, German to English.' });
  await agent.close();
  const verbs = { list: ['list'], status: ['status', negotiation.nid], send: ['send', negotiation.nid, 'Which variety of English?'] };
  const measure = async (where: string): Promise<Metric[]> => {
    const metrics: Metric[] = [];
    for (const [name, args] of Object.entries(verbs)) {
      const costs: number[] = [];
      for (let round = 0; round <= ROUNDS; round += 1) {
        // A folder of its own, for its owner alone: what one run has sent must not lie in the way of the next.
        const copy = where === 'alone' ? mkdtempSync(`${home}-`) : home;
        if (copy !== home) cpSync(home, copy, { recursive: true });
        const { cpuMs } = await measureChild(['--disable-warning=ExperimentalWarning', bin, ...args, '--home', copy]);
        if (round > 0) costs.push(cpuMs);
      }
      metrics.push({ metric: `${name} (${where})`, value: median(costs), unit: 'ms' });
    }
    return metrics;
  };
  const alone = await measure('alone');
  const daemon = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', bin, 'serve', '--home', home, '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve) => daemon.on('close', resolve));
  await new Promise<string>((resolve) => createInterface({ input: daemon.stdout }).once('line', resolve));
  try {
    return [...alone, ...(await measure('with a daemon'))];
  } finally {
    daemon.kill('SIGTERM');
    await ended;
  }
}
