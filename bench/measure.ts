// Measures in CPU time, never in wall time: of work in this process, and of whole child processes by their own account.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

/**
 * One figure of a bench. `floor` is what the same figure would be with nothing but the primitives it consists of, and `needs` says how
 * many of each those are.
 */
export interface Metric {
  readonly metric: string;
  readonly value: number;
  readonly unit: 'ms' | 'MiB' | 'bytes' | 'count';
  readonly floor?: number;
  readonly needs?: Readonly<Record<string, number>>;
}

/** What a child process cost: user and system time until its exit handlers ran, and its largest resident set. */
export interface ChildCost {
  readonly cpuMs: number;
  readonly rssMib: number;
}

const HOOK = fileURLToPath(new URL('reportCpu.cjs', import.meta.url));

/** CPU milliseconds (user and system, all threads) that `work` takes in this process. */
export async function measureCpuMs(work: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

/** The median; of an even number of values the mean of the middle two. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const [low = Number.NaN, high = Number.NaN] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  return (low + high) / 2;
}

/** CPU milliseconds of one call of `work`: the median of `rounds` batches of `batch` calls, after one batch to warm up. */
export async function measureCallMs(work: () => unknown, { batch = 50, rounds = 7 } = {}): Promise<number> {
  const runBatch = async (): Promise<void> => {
    for (let i = 0; i < batch; i += 1) await work();
  };
  await runBatch();
  const totals: number[] = [];
  for (let round = 0; round < rounds; round += 1) totals.push(await measureCpuMs(runBatch));
  return median(totals) / batch;
}

/** Runs Node with `args` to its end and returns what it cost. Throws when it fails, with what it said. */
export async function measureChild(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<ChildCost> {
  const child = spawn(process.execPath, ['--require', HOOK, ...args], {
    env: { PATH: process.env['PATH'], AGENT_NEGOTIATE_STATE: process.env['AGENT_NEGOTIATE_STATE'], ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  const [output, errors, cost] = [child.stdout, child.stderr, child.stdio[3] as Readable].map((stream) => text(stream as Readable));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code === 0) return JSON.parse((await cost) ?? '') as ChildCost;
  throw new Error(`A measured process ended with ${code}: ${args.join(' ')}\n${await output}${await errors}`);
}
