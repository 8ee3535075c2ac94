// Feeds damaged inputs to everything that reads what a peer wrote, on every core: `npm run fuzz`. FUZZ_SEED, FUZZ_FROM and FUZZ_RUNS
// choose which; a failure names the three that show it again.

import { availableParallelism } from 'node:os';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { runFuzz, type FuzzPlan, type Tally } from '../src/negotiate/fuzz.fixture.ts';
import { FUZZ_LANES, listUncoveredCodes } from '../src/negotiate/fuzzLanes.fixture.ts';
import { loadSchnorr } from '../src/nostr/schnorr.ts';

/** What a worker hands back. */
interface Report {
  readonly tally: Tally;
  readonly uncovered: readonly string[];
}

function readNumber(name: string, otherwise: number): number {
  const number = Number(process.env[name] ?? otherwise);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  throw new Error(`${name} must be a whole number.`);
}

async function work(plan: FuzzPlan): Promise<void> {
  await loadSchnorr();
  const tally = runFuzz(FUZZ_LANES, plan);
  parentPort?.postMessage({ tally, uncovered: listUncoveredCodes() } satisfies Report);
}

function start(plan: FuzzPlan): Promise<Report> {
  const { promise, resolve, reject } = Promise.withResolvers<Report>();
  const worker = new Worker(new URL(import.meta.url), { workerData: plan });
  worker.once('message', resolve).once('error', reject);
  worker.once('exit', (code) => reject(new Error(`A worker ended early, with code ${code}.`)));
  return promise;
}

function tell(reports: readonly Report[]): void {
  for (const { name } of FUZZ_LANES) {
    const outcomes = new Map<string, number>();
    for (const { tally } of reports)
      for (const [outcome, count] of tally.get(name) ?? []) outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + count);
    const parts = [...outcomes].toSorted(([, a], [, b]) => b - a).map(([outcome, count]) => `${outcome} ${count}`);
    console.log(`${name}: ${parts.join(', ')}`);
  }
  const uncovered = new Set(reports.flatMap((report) => report.uncovered));
  if (uncovered.size > 0) throw new Error(`The corpus of refused moves lacks: ${[...uncovered].join(', ')}.`);
}

async function main(): Promise<void> {
  const seed = process.env['FUZZ_SEED'] ?? 'one';
  const [from, runs] = [readNumber('FUZZ_FROM', 0), readNumber('FUZZ_RUNS', 500_000)];
  const startedAt = performance.now();
  const step = Math.min(availableParallelism(), Math.max(1, runs));
  const reports = await Promise.all(Array.from({ length: step }, (_, i) => start({ seed, from: from + i, to: from + runs, step })));
  tell(reports);
  console.log(`fuzz: ${runs} inputs from ${from}, seed ${seed}, ${((performance.now() - startedAt) / 1_000).toFixed(1)} s`);
}

if (isMainThread) {
  await main().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  });
} else await work(workerData as FuzzPlan);
