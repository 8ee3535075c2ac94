// What a daemon writes down for its operator: what happened, how much and how long; never who, with whom or about what.

import type { ErrorCode } from '../../core/errors.ts';
import type { ReasonCode } from '../../decide/mandateVerdict.ts';

/** What can be told of; a closed list, so that no text of anybody can come in. */
export type LogEvent =
  | 'starting'
  | 'ready'
  | 'step'
  | 'received'
  | 'published'
  | 'jobs'
  | 'relay-up'
  | 'relay-down'
  | 'backlog'
  | 'crowded-second'
  | 'woke'
  | 'fault'
  | 'signer'
  | 'client'
  | 'client-refused'
  | 'request'
  | 'stopping'
  | 'stopped';

/** Counts, durations in milliseconds, error codes and codes of the policy's reasons: there is no field that could hold an id or a text. */
export type LogFields = Readonly<Record<string, number | boolean | ErrorCode | ReasonCode | undefined>>;

/** How much something matters, least first. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;

/** One of {@link LOG_LEVELS}. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Writes one event down. */
export type Log = (level: LogLevel, event: LogEvent, fields?: LogFields) => void;

const WINDOW_MS = 10_000;
const MAX_PER_WINDOW = 20;

/** Writes nothing. */
export const NO_LOG: Log = () => undefined;

/**
 * JSON lines through `write`, for what matters at least as much as `least`: time, level, event, then the fields. Of each event at most 20 are written in ten seconds; the next one says
 * how many were left out before it (`suppressed`). A library would bring worker threads and a dozen packages for these forty lines.
 */
export function createLog(write: (line: string) => void, least: LogLevel = 'debug', nowMs: () => number = Date.now): Log {
  const windows = new Map<LogEvent, { startedMs: number; written: number; suppressed: number }>();
  return (level, event, fields = {}) => {
    if (LOG_LEVELS.indexOf(level) < LOG_LEVELS.indexOf(least)) return;
    const now = nowMs();
    const known = windows.get(event);
    const isFresh = known === undefined || now - known.startedMs >= WINDOW_MS;
    const window = isFresh ? { startedMs: now, written: 0, suppressed: known?.suppressed ?? 0 } : known;
    windows.set(event, window);
    if (window.written >= MAX_PER_WINDOW) {
      window.suppressed += 1;
      return;
    }
    const left = window.suppressed > 0 ? { suppressed: window.suppressed } : {};
    window.written += 1;
    window.suppressed = 0;
    write(`${JSON.stringify({ time: new Date(now).toISOString(), level, event, ...fields, ...left })}\n`);
  };
}
