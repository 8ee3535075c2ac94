// The client's end: an agent whose use cases run in the daemon that holds its home.

import { connect, type Socket } from 'node:net';
import { NegotiateError } from '../../core/errors.ts';
import type { Agent } from '../api.ts';
import { createLineReader } from './lines.ts';
import { APPROVAL, CANCEL, parseLine, readError, STOP, toLine } from './messages.ts';
import { isOwnSocket, socketPathOf } from './socketPath.ts';
import { fromWire, toWire } from './wire.ts';

/** How to talk to a daemon. */
export interface ConnectOptions {
  /** Shows the owner a page at which a bunker wants a request of this client approved. */
  readonly onApprovalUrl?: (url: string) => void;
  readonly relays?: readonly string[];
}

/** A daemon as its client sees it. */
export interface RemoteAgent {
  readonly agent: Agent;
  /** Asks it to end, and resolves when it has gone. */
  stopDaemon(): Promise<void>;
}

const MAX_ANSWER_BYTES = 64 * 1_048_576;
const GOODBYE_MS = 2_000;

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** Connects to the daemon of a home; undefined when none is there. A connection that is lost later is made again by the next call. */
export async function connectAgent(home: string, options: ConnectOptions = {}): Promise<RemoteAgent | undefined> {
  const path = socketPathOf(home);
  if (path === undefined || !isOwnSocket(path)) return undefined;
  const first = await openSocket(path);
  return first === undefined ? undefined : createRemote(path, first, options);
}

function createRemote(path: string, first: Socket, { onApprovalUrl, relays = [] }: ConnectOptions): RemoteAgent {
  const waiting = new Map<number, Waiting>();
  let socket: Socket | undefined;
  let [nextId, isClosed] = [1, false];

  const take = (line: string): void => {
    const { id, method, params, result, error } = parseLine(line);
    if (method === APPROVAL) return onApprovalUrl?.(String((params as { url?: unknown } | undefined)?.url));
    const asked = waiting.get(Number(id));
    waiting.delete(Number(id));
    if (error === undefined) asked?.resolve(fromWire(result));
    else asked?.reject(readError(error));
  };
  const use = (fresh: Socket): Socket => {
    const lines = createLineReader(MAX_ANSWER_BYTES, take);
    fresh.on('data', (chunk: Buffer) => {
      try {
        if (!lines.push(chunk)) fresh.destroy();
      } catch {
        // Not a daemon of ours: its end is told to whoever waits.
        fresh.destroy();
      }
    });
    fresh.on('error', () => undefined);
    fresh.on('close', () => {
      if (socket === fresh) socket = undefined;
      for (const { reject } of waiting.values()) reject(lost());
      waiting.clear();
    });
    socket = fresh;
    return fresh;
  };
  use(first);
  const request = async (method: string, params: object): Promise<unknown> => {
    if (isClosed) throw new NegotiateError('input/invalid', 'This agent has been closed. Open it again.');
    const fresh = socket === undefined ? await openSocket(path) : undefined;
    const current = socket ?? (fresh === undefined ? undefined : use(fresh));
    if (current === undefined) throw away();
    const id = nextId;
    nextId += 1;
    const answer = new Promise<unknown>((resolve, reject) => waiting.set(id, { resolve, reject }));
    current.write(toLine({ id, method, params: toWire(params) as object }));
    return answer;
  };
  /** What waits ends early, with an answer; then the connection does. */
  const close = async (): Promise<void> => {
    isClosed = true;
    const current = socket;
    if (current === undefined) return;
    for (const id of waiting.keys()) current.write(toLine({ method: CANCEL, params: { id } }));
    const over = AbortSignal.timeout(GOODBYE_MS);
    while (waiting.size > 0 && !over.aborted && !current.destroyed) await new Promise((resolve) => setTimeout(resolve, 10));
    current.destroy();
  };
  const call = (name: string, input: unknown = {}): Promise<unknown> => request(name, { input, ...(relays.length === 0 ? {} : { relays }) });
  // The table of use cases would have to be loaded for their names: the daemon has it, and says so when there is no such one.
  const agent = new Proxy({} as Agent, {
    get: (_, name) => (name === 'close' ? close : name === 'then' || typeof name !== 'string' ? undefined : (input?: unknown) => call(name, input)),
  });
  const stopDaemon = async (): Promise<void> => {
    const current = socket;
    await request(STOP, {});
    if (current !== undefined && !current.destroyed) await new Promise((resolve) => current.once('close', resolve));
  };
  return { agent, stopDaemon };
}

function openSocket(path: string): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const onError = (): void => resolve(undefined);
    socket.once('error', onError).once('connect', () => {
      socket.removeListener('error', onError);
      resolve(socket);
    });
  });
}

/** The answer did not come: what was asked for may have been done. */
function lost(): NegotiateError {
  const message = 'The daemon of this home ended before it answered. Look at what was done (agent-negotiate list) before you try again.';
  return new NegotiateError('home/locked', message);
}

function away(): NegotiateError {
  return new NegotiateError('store/unavailable', 'The daemon of this home has ended. Start it again: agent-negotiate serve');
}
