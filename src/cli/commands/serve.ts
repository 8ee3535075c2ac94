// `serve`: the daemons of one home or of several, each with a fate of its own; started again, they go on.

import { randomInt } from 'node:crypto';
import type { HomeKey } from '../../agent/composeHome.ts';
import { createLog, LOG_LEVELS, NO_LOG, type Log, type LogLevel } from '../../agent/daemon/log.ts';
import { isNegotiateError, NegotiateError } from '../../core/errors.ts';
import { findHomeKey } from '../homeKey.ts';
import type { CommonOptions } from '../io.ts';
import { pause, untilStopped } from '../jobs/untilStopped.ts';
import { planHomes, type HomeNote, type HomePlan } from '../serve/planHomes.ts';
import { serveHome } from '../serve/serveHome.ts';
import { PLAIN, speakFor, type Voice } from '../serve/voice.ts';

/** Options of `serve`; those that may differ from home to home come as notes. */
export interface ServeOptions extends CommonOptions {
  readonly log?: true | string;
}

const EXIT_BUG = 70;
// Agents that connect in the same moment look like one to a relay.
const APART_MS = { least: 300, most: 2_500 } as const;

/**
 * Serves until SIGINT, SIGTERM or `stop`; a second signal ends it at once. Of several homes each fails alone; returns the exit code of the
 * first that did. With one home, throws what it failed with.
 */
export async function runServe(options: ServeOptions, notes: readonly HomeNote[]): Promise<number> {
  const plans = planHomes(notes);
  const level = options.log === undefined ? undefined : readLevel(options.log);
  const isJson = options.json === true;
  return untilStopped(async (signal) => {
    const [only] = plans;
    if (only !== undefined && plans.length === 1) {
      await serveHome({ plan: only, isJson, voice: PLAIN, log: logOf(level), signal, findKey: createKeyFinder() });
      return 0;
    }
    return serveSeveral(plans, { isJson, level, signal });
  });
}

interface Common {
  readonly isJson: boolean;
  readonly level: LogLevel | undefined;
  readonly signal: AbortSignal;
}

async function serveSeveral(plans: readonly HomePlan[], { isJson, level, signal }: Common): Promise<number> {
  const failures: unknown[] = [];
  const running: Promise<void>[] = [];
  const findKey = createKeyFinder();
  for (const [i, plan] of plans.entries()) {
    if (i > 0) await pause(randomInt(APART_MS.least, APART_MS.most), signal);
    if (signal.aborted) break;
    const voice = speakFor(plan.home);
    const serving = serveHome({ plan, isJson, voice, log: logOf(level, i + 1), signal, findKey }).catch((error: unknown) => {
      failures.push(error);
      tellFailure(voice, error, isJson);
    });
    running.push(serving);
  }
  await Promise.all(running);
  return failures.length === 0 ? 0 : exitCodeOf(failures[0]);
}

/** One after the other: an owner who types them is asked one question at a time. */
function createKeyFinder(): (plan: HomePlan) => Promise<HomeKey | undefined> {
  let last: Promise<unknown> = Promise.resolve();
  return (plan) => {
    const found = last.then(() => findHomeKey(plan.home, plan));
    last = found.catch(() => undefined);
    return found;
  };
}

function tellFailure(voice: Voice, error: unknown, isJson: boolean): void {
  const bug = new NegotiateError('internal/bug', 'This is a bug in agent-negotiate: the daemon of this home failed. Please report it.');
  const { code, message, retryable, details } = isNegotiateError(error) ? error : bug;
  if (isJson) voice.json({ event: 'failed', error: { code, message, retryable, details } });
  voice.remark(`${message} The other homes go on.`);
}

function exitCodeOf(error: unknown): number {
  return isNegotiateError(error) ? error.exitCode : EXIT_BUG;
}

function readLevel(level: true | string): LogLevel {
  const known = LOG_LEVELS.find((each) => each === (level === true ? 'info' : level));
  if (known !== undefined) return known;
  throw new NegotiateError('input/invalid', `Expected --log with one of: ${LOG_LEVELS.join(', ')}.`);
}

/** A log for each home, so that none crowds out another; among several, `agent` is the place of the home on the command line. */
function logOf(level: LogLevel | undefined, agent?: number): Log {
  if (level === undefined) return NO_LOG;
  const log = createLog((line) => process.stderr.write(line), level);
  return agent === undefined ? log : (least, event, fields) => log(least, event, { agent, ...fields });
}
