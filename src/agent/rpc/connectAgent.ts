// The client's end: an agent whose use cases run in the daemon that holds its home.

import { connect, type Socket } from 'node:net';
import { NegotiateError } from '../../core/errors.ts';
import type { Agent } from '../api.ts';
import { createLineReader } from './lines.ts';
import { APPROVAL, CANCEL, parseLine, readError, STOP, toLine } from './messages.ts';
import { findSocket } from './socketPath.ts';
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
const LOOK_MS = 10;

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** Connects to the daemon of a home; undefined when none is there. A connection that is lost later is made again by the next call. */
export async function connectAgent(home: string, options: ConnectOptions = {}): Promise<RemoteAgent | undefined> {
  const path = findSocket(home);
  if (path === undefined) return undefined;
  const first = await openSocket(path);
  return first === undefined ? undefined : createRemote(path, first, options);
}

interface Remote extends ConnectOptions {
  readonly path: string;
  readonly waiting: Map<number, Waiting>;
  socket: Socket | undefined;
  nextId: number;
  isClosed: boolean;
}

function createRemote(path: string, first: Socket, options: ConnectOptions): RemoteAgent {
  const remote: Remote = { ...options, path, waiting: new Map(), socket: undefined, nextId: 1, isClosed: false };
  use(remote, first);
  const relays = options.relays ?? [];
  const call = (name: string, input: unknown = {}): Promise<unknown> =>
    request(remote, name, { input, ...(relays.length === 0 ? {} : { relays }) });
  // The table of use cases would have to be loaded for their names: the daemon has it, and says so when there is no such one.
  const agent = new Proxy({} as Agent, {
    get: (_, name) => {
      if (typeof name !== 'string' || name === 'then') return undefined;
      return name === 'close' ? () => close(remote) : (input?: unknown) => call(name, input);
    },
  });
  const stopDaemon = async (): Promise<void> => {
    const { socket } = remote;
    await request(remote, STOP, {});
    if (socket !== undefined && !socket.destroyed) await new Promise((resolve) => socket.once('close', resolve));
  };
  return { agent, stopDaemon };
}

function use(remote: Remote, socket: Socket): Socket {
  const lines = createLineReader(MAX_ANSWER_BYTES, (line) => takeAnswer(remote, line));
  socket.on('data', (chunk: Buffer) => {
    try {
      if (!lines.push(chunk)) socket.destroy();
    } catch {
      // Not a daemon of ours: its end is told to whoever waits.
      socket.destroy();
    }
  });
  socket.on('error', () => undefined);
  socket.on('close', () => {
    if (remote.socket === socket) remote.socket = undefined;
    for (const { reject } of remote.waiting.values()) reject(lost());
    remote.waiting.clear();
  });
  remote.socket = socket;
  return socket;
}

function takeAnswer({ waiting, onApprovalUrl }: Remote, line: string): void {
  const { id, method, params, result, error } = parseLine(line);
  if (method === APPROVAL) return onApprovalUrl?.(String((params as { url?: unknown } | undefined)?.url));
  const asked = waiting.get(Number(id));
  waiting.delete(Number(id));
  if (error === undefined) asked?.resolve(fromWire(result));
  else asked?.reject(readError(error));
}

async function request(remote: Remote, method: string, params: object): Promise<unknown> {
  if (remote.isClosed) throw new NegotiateError('input/invalid', 'This agent has been closed. Open it again.');
  const fresh = remote.socket === undefined ? await openSocket(remote.path) : undefined;
  const socket = remote.socket ?? (fresh === undefined ? undefined : use(remote, fresh));
  if (socket === undefined) throw away();
  const id = remote.nextId;
  remote.nextId += 1;
  const answer = new Promise<unknown>((resolve, reject) => remote.waiting.set(id, { resolve, reject }));
  socket.write(toLine({ id, method, params: toWire(params) as object }));
  return answer;
}

/** What waits ends early, with an answer; then the connection does. */
async function close(remote: Remote): Promise<void> {
  remote.isClosed = true;
  const { socket, waiting } = remote;
  if (socket === undefined) return;
  for (const id of waiting.keys()) socket.write(toLine({ method: CANCEL, params: { id } }));
  const over = AbortSignal.timeout(GOODBYE_MS);
  while (waiting.size > 0 && !over.aborted && !socket.destroyed) await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  socket.destroy();
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
  const message =
    'The connection to the daemon of this home ended before it answered: it was stopped, or it runs and has let go of this client. ' +
    'What you asked for may have been done. Look (agent-negotiate list) before you try again.';
  return new NegotiateError('home/locked', message);
}

function away(): NegotiateError {
  return new NegotiateError('store/unavailable', 'The daemon of this home has ended. Start it again: agent-negotiate serve');
}
