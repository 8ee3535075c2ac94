// Daemons as processes of their own, verbs beside them, and a relay that can go and come back with what it stored.

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { startRelay, type RunningRelay } from '../src/relay/startRelay.ts';
import type { CliLine } from './market.fixture.ts';

const BIN = fileURLToPath(new URL('../bin/agent-negotiate.js', import.meta.url));

export interface DaemonProcess {
  readonly pid: number;
  /** Resolves with the `ready` line, or with undefined when it ended before. */
  readonly ready: Promise<CliLine | undefined>;
  readonly ended: Promise<number | null>;
  readonly lines: readonly CliLine[];
  /** Resolves with the next line. */
  readonly nextLine: () => Promise<void>;
  /** What it wrote to stderr so far. */
  readonly log: () => string;
  kill(signal?: NodeJS.Signals): void;
}

/** Runs `serve` as a process. */
export function startDaemon(home: string, args: readonly string[] = []): DaemonProcess {
  const command = ['--disable-warning=ExperimentalWarning', BIN, 'serve', '--home', home, '--json', '--log', 'debug', ...args];
  const child = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'pipe'] });
  const lines: CliLine[] = [];
  let log = '';
  let heard = Promise.withResolvers<void>();
  child.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()));
  const ready = Promise.withResolvers<CliLine | undefined>();
  const ended = Promise.withResolvers<number | null>();
  createInterface({ input: child.stdout }).on('line', (text) => {
    const line = JSON.parse(text) as CliLine;
    lines.push(line);
    heard.resolve();
    heard = Promise.withResolvers();
    if (line.event === 'ready') ready.resolve(line);
  });
  child.on('close', (code) => {
    ready.resolve(undefined);
    ended.resolve(code);
  });
  return {
    pid: child.pid ?? 0,
    ready: ready.promise,
    ended: ended.promise,
    lines,
    nextLine: () => heard.promise,
    log: () => log,
    kill: (signal = 'SIGKILL') => void child.kill(signal),
  };
}

/** A supervisor's part: starts a daemon again whenever it has ended, until it is stopped. */
export function keepRunning(home: string, args: readonly string[] = []) {
  let [current, starts, isOver] = [startDaemon(home, args), 1, false];
  const watch = async (): Promise<void> => {
    while (!isOver) {
      await current.ended;
      if (isOver) return;
      current = startDaemon(home, args);
      starts += 1;
    }
  };
  void watch();
  return {
    kill: () => current.kill(),
    starts: () => starts,
    stop: async () => {
      isOver = true;
      current.kill('SIGTERM');
      return current.ended;
    },
  };
}

export interface SteadyRelay {
  readonly url: string;
  restart(downMs?: number): Promise<void>;
  stop(): Promise<void>;
  start(): Promise<void>;
  stored(): ReturnType<RunningRelay['storedEvents']>;
}

/** A relay on a port and a file of its own, which it has again after each start. */
export async function startSteadyRelay(folder: string): Promise<SteadyRelay> {
  const file = join(folder, 'relay.db');
  let relay = await startRelay({ requireAuthForGiftWraps: true, path: file });
  const port = Number(new URL(relay.url).port);
  const { url } = relay;
  const start = async (): Promise<void> => {
    relay = await startRelay({ requireAuthForGiftWraps: true, path: file, port });
  };
  return {
    url,
    start,
    stop: () => relay.close(),
    restart: async (downMs = 300) => {
      await relay.close();
      await new Promise((resolve) => setTimeout(resolve, downMs));
      await start();
    },
    stored: () => relay.storedEvents(),
  };
}

/** A client that says whatever a test wants on a daemon's socket. */
export function openRaw(path: string) {
  const socket = connect(path);
  const lines: Record<string, unknown>[] = [];
  let waiting = Promise.withResolvers<void>();
  const reader = createInterface({ input: socket });
  // A client that is cut off sees a reset.
  reader.on('error', () => undefined);
  reader.on('line', (line) => {
    lines.push(JSON.parse(line) as Record<string, unknown>);
    waiting.resolve();
    waiting = Promise.withResolvers();
  });
  const closed = new Promise<void>((resolve) => socket.on('error', () => undefined).on('close', () => resolve()));
  return {
    socket,
    closed,
    /** What has come so far. */
    lines,
    send: (text: string) => socket.write(text),
    /** The answer with this id; null for one to what could not be read. */
    answer: async (id: number | null): Promise<Record<string, unknown>> => {
      for (;;) {
        const found = lines.find((line) => line['id'] === id);
        if (found !== undefined) return found;
        await waiting.promise;
      }
    },
  };
}

/** A request as a line. */
export function requestLine(id: number, method: string, input: object = {}): string {
  return `${JSON.stringify({ jsonrpc: '2.0', id, method, params: { input } })}\n`;
}
