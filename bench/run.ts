// `npm run bench -- [--json] [--tables] [NAME…]`: runs the named benches, or all, and prints their figures beside the floor of each;
// with --tables also the tables of those that have some, which takes minutes.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Metric } from './measure.ts';

/** A bench. Tables are lines of Markdown for the documents. */
interface Bench {
  readonly run: () => Promise<readonly Metric[]>;
  readonly makeTables?: () => readonly string[];
}

/** The benches by name; each is loaded when it runs. */
const BENCHES: ReadonlyMap<string, () => Promise<Bench>> = new Map<string, () => Promise<Bench>>([
  ['deal', () => import('./deal.ts')],
  ['channel', () => import('./channel.ts')],
  ['negotiate', () => import('./negotiate.ts')],
  ['cold-start', () => import('./coldStart.ts')],
  ['agent', () => import('./agent.ts')],
  ['flood', () => import('./flood.ts')],
  ['decide', () => import('./decide.ts')],
]);

const EXIT_USAGE = 64;

function readArguments(): { readonly isJson: boolean; readonly hasTables: boolean; readonly names: readonly string[] } {
  const flag = { type: 'boolean', default: false } as const;
  const { values, positionals } = parseArgs({ options: { json: flag, tables: flag }, allowPositionals: true });
  const unknown = positionals.filter((name) => !BENCHES.has(name));
  if (unknown.length > 0) throw new TypeError(`There is no bench ${unknown.join(', ')}. Choose from: ${[...BENCHES.keys()].join(', ')}`);
  const { json: isJson, tables: hasTables } = values;
  return { isJson, hasTables, names: positionals.length > 0 ? [...new Set(positionals)] : [...BENCHES.keys()] };
}

function printJson(bench: string, { metric, value, unit, floor, needs }: Metric): void {
  const figure = { bench, metric, value: round(value), unit, floor: floor === undefined ? null : round(floor) };
  console.log(JSON.stringify({ ...figure, ...(needs === undefined ? {} : { needs }) }));
}

function printLine({ metric, value, unit, floor, needs }: Metric): void {
  const figures = [String(round(value)).padStart(10), unit.padEnd(5)];
  const beside =
    floor === undefined ? [] : [`floor ${String(round(floor)).padStart(8)}`, floor > 0 ? `× ${(value / floor).toFixed(1)}` : ''];
  console.log(['', metric.padEnd(26), ...figures, ...beside].join('  ').trimEnd());
  if (needs !== undefined) console.log(`      = ${formatNeeds(needs)}`);
}

function formatNeeds(needs: NonNullable<Metric['needs']>): string {
  return Object.entries(needs)
    .map(([name, count]) => `${count} ${name}`)
    .join(' + ');
}

// Three figures after the point say all that can be known of a millisecond of CPU time.
function round(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}

async function runBenches({ isJson, hasTables, names }: ReturnType<typeof readArguments>): Promise<void> {
  for (const name of names) {
    const bench = await BENCHES.get(name)?.();
    const metrics = (await bench?.run()) ?? [];
    if (!isJson) console.log(`${name}  (Node ${process.version}; ms are CPU time; floor: the primitives alone)`);
    for (const metric of metrics) {
      if (isJson) printJson(name, metric);
      else printLine(metric);
    }
    if (hasTables) for (const line of bench?.makeTables?.() ?? []) console.log(line);
  }
}

let choice: ReturnType<typeof readArguments> | undefined;
try {
  choice = readArguments();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = EXIT_USAGE;
}
if (choice !== undefined) {
  // What agents keep outside their homes is gone with the bench.
  const folder = mkdtempSync(join(tmpdir(), 'agent-negotiate-bench-state-'));
  process.env['AGENT_NEGOTIATE_STATE'] = folder;
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  await runBenches(choice);
}
