// `node interop/drive.ts --relay wss://… --peer npub1…`: talks with another Marmot client, step by step, while a person does the other side.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Agent } from '../src/agent/api.ts';
import { createAgent, openAgent } from '../src/agent/compose.ts';
import { isNegotiateError, NegotiateError } from '../src/core/errors.ts';
import { readOptions, USAGE, type DriveOptions } from './options.ts';
import { makePrinter, printJson, writeReport, type Done, type Opening, type Outcome, type Printer } from './report.ts';
import { StepEnded, type Stage, type Third } from './stage.ts';
import type { Step } from './steps.ts';

const EXIT_NOT_FINISHED = 75;
const EXIT_BUG = 70;

/** Ends the step that runs, or all that are left. */
interface Controls {
  readonly stopped: AbortSignal;
  /** The signal of the next step. */
  readonly renew: () => AbortSignal;
  readonly close: () => void;
}

/** Drives and returns the exit code: that of the first step that failed, 75 when it was stopped before the end. */
async function drive(options: DriveOptions, printer: Printer): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'agent-negotiate-interop-'));
  const opened: Agent[] = [];
  const controls = listen();
  try {
    const { me, opening } = await openOurs(options, folder, opened);
    printer.open(opening, options);
    const third = once(() => openThird(options, opening.npub, join(folder, 'third'), opened));
    const { peer, waitS } = options;
    const stage = { me, npub: opening.npub, peer, waitS, groups: new Map<string, string>(), third };
    const results: Done[] = [];
    for (const step of options.steps) {
      const result = await runStep(step, { ...stage, signal: controls.renew(), ask: (text) => printer.ask(step, text) }, results, printer);
      const isStopped = controls.stopped.aborted && result.outcome === 'skipped';
      const done: Done = { step: step.name, result: isStopped ? { outcome: 'skipped', why: 'stopped' } : result };
      results.push(done);
      printer.end(done);
    }
    printer.report(writeReport(options, results, new Date()), results);
    const failed = results.map(({ result }) => result).find(({ outcome }) => outcome === 'failed');
    return failed?.outcome === 'failed' ? failed.exitCode : controls.stopped.aborted ? EXIT_NOT_FINISHED : 0;
  } finally {
    controls.close();
    await Promise.all(opened.map((agent) => agent.close()));
    rmSync(folder, { recursive: true, force: true });
  }
}

async function runStep(step: Step, stage: Stage, before: readonly Done[], printer: Printer): Promise<Outcome> {
  printer.begin(step);
  const missing = step.needs.filter((name) => !before.some((done) => done.step === name && done.result.outcome === 'ok'));
  if (missing.length > 0) return { outcome: 'skipped', why: `it needs the step ${missing.join(', ')}` };
  if (stage.signal.aborted) return { outcome: 'skipped', why: 'passed over by hand' };
  try {
    return { outcome: 'ok', seen: await step.run(stage) };
  } catch (error) {
    return explain(error);
  }
}

function explain(error: unknown): Outcome {
  if (error instanceof StepEnded) {
    if (error.reason === 'skipped') return { outcome: 'skipped', why: error.message };
    return { outcome: 'failed', why: error.message, code: 'timeout', exitCode: EXIT_NOT_FINISHED };
  }
  if (isNegotiateError(error)) return { outcome: 'failed', why: error.message, code: error.code, exitCode: error.exitCode };
  const why = `This is a bug in agent-negotiate: ${error instanceof Error ? error.message : String(error)}. Please report it.`;
  return { outcome: 'failed', why, code: 'internal/bug', exitCode: EXIT_BUG };
}

/** Opens our agent, makes it where there is none, and sees that a relay has what others need to invite it. */
async function openOurs(
  { relays, home: kept }: DriveOptions,
  folder: string,
  opened: Agent[],
): Promise<{ readonly me: Agent; readonly opening: Opening }> {
  const home = kept === undefined ? join(folder, 'home') : resolve(kept);
  const isNew = await makeAgent(home, relays, kept === undefined);
  const me = await openAgent({ home, relays });
  opened.push(me);
  const { published, silentRelays } = await me.sync();
  const silent = relays.filter((relay) => silentRelays.includes(relay));
  if (silent.length > 0) throw new NegotiateError('relay/unreachable', `No answer from ${silent.join(' ')}. Name another relay.`);
  if (isNew && published.waiting + published.refused > 0)
    throw new NegotiateError('relay/unreachable', 'A relay does not take our key package, so nobody could invite us. Name another relay.');
  return { me, opening: { npub: (await me.whoami()).npub, home, isKept: kept !== undefined } };
}

/** False when there is an agent in the folder already, which is then used. */
async function makeAgent(home: string, relays: readonly string[], mustBeNew: boolean): Promise<boolean> {
  try {
    await createAgent({ home, relays: [...relays] });
    return true;
  } catch (error) {
    if (!mustBeNew && isNegotiateError(error) && error.code === 'home/exists') return false;
    throw error;
  }
}

async function openThird({ relays }: DriveOptions, inviter: string, home: string, opened: Agent[]): Promise<Third> {
  const { npub } = await createAgent({ home, relays: [...relays], invites: [inviter] });
  const agent = await openAgent({ home });
  opened.push(agent);
  return { npub, agent };
}

/** Listens to the person: `skip` passes over a step, Ctrl-C stops. */
function listen(): Controls {
  const stop = new AbortController();
  let skip = new AbortController();
  const lines = createInterface({ input: process.stdin });
  lines.on('line', (line) => line.trim().toLowerCase() === 'skip' && skip.abort());
  const end = (): void => stop.abort();
  process.once('SIGINT', end).once('SIGTERM', end);
  return {
    stopped: stop.signal,
    renew: () => {
      skip = new AbortController();
      return AbortSignal.any([stop.signal, skip.signal]);
    },
    close: () => {
      lines.close();
      process.removeListener('SIGINT', end).removeListener('SIGTERM', end);
    },
  };
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}

async function main(argv: readonly string[]): Promise<number> {
  const isJson = argv.includes('--json');
  try {
    const options = readOptions(argv);
    if (options !== undefined) return await drive(options, makePrinter(isJson));
    process.stdout.write(USAGE);
    return 0;
  } catch (error) {
    const { why, code, exitCode } = { why: '', code: '', exitCode: EXIT_BUG, ...explain(error) };
    if (isJson) printJson({ error: { code, message: why, retryable: isNegotiateError(error) && error.retryable } });
    process.stderr.write(`${why}\n`);
    return exitCode;
  }
}

process.exitCode = await main(process.argv.slice(2));
