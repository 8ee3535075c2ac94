// One client of a daemon: reads its requests, runs them, answers each; nothing it sends disturbs another one.

import type { Socket } from 'node:net';
import { isNegotiateError, NegotiateError } from '../../core/errors.ts';
import { USE_CASES, type UseCaseName } from '../api.ts';
import { GONE } from '../daemon/callOptions.ts';
import type { Log } from '../daemon/log.ts';
import type { Daemon } from '../daemon/openDaemon.ts';
import { createLineReader, type LineReader } from './lines.ts';
import { answerLine, APPROVAL, CANCEL, errorLine, readRequest, RPC_CODES, STOP, toLine, type RpcRequest } from './messages.ts';
import type { RpcLimits } from './rpcLimits.ts';

const MAX_CANCEL = 200;

/** What the connections of a daemon share. */
export interface ClientOptions {
  readonly onStop: () => void;
  readonly log: Log;
  readonly limits: RpcLimits;
}

interface Client extends ClientOptions {
  readonly socket: Socket;
  readonly daemon: Daemon;
  /** Requests under way, by id, and how many there are, notifications included. */
  readonly running: Map<string | number, AbortController>;
  underWay: number;
  /** Lines whose turn has not come. */
  readonly backlog: string[];
  readonly lines: LineReader;
  /** True while the timer measures how long a request takes to come. */
  isPartial: boolean;
  timer: NodeJS.Timeout | undefined;
}

/** Serves a client until it goes. */
export function serveClient(socket: Socket, daemon: Daemon, options: ClientOptions): void {
  const { limits } = options;
  const lines = createLineReader(limits.maxRequestBytes, (line) => {
    // To give a request up must not wait for it.
    if (line.length < MAX_CANCEL && line.includes(CANCEL)) take(client, line);
    else client.backlog.push(line);
  });
  const state = { running: new Map(), underWay: 0, backlog: [], isPartial: false, timer: undefined };
  const client: Client = { ...options, ...state, socket, daemon, lines };
  let isOver = false;
  socket.on('data', (chunk: Buffer) => {
    if (isOver) return;
    isOver = !lines.push(chunk);
    if (isOver) return endTooLarge(client);
    pump(client);
    // Only now it is known whether something is under way: who waits for an answer is not idle.
    if (!socket.isPaused()) watch(client);
  });
  // A reset says the same as a close, which follows.
  socket.on('error', () => undefined);
  socket.on('close', () => {
    clearTimeout(client.timer);
    for (const abort of client.running.values()) abort.abort(GONE);
  });
  watch(client);
}

function write(client: Client, line: string): void {
  const { socket, limits } = client;
  if (!socket.writable) return;
  socket.write(line);
  if (socket.writableLength > limits.maxUnreadBytes) cut(client);
}

function cut({ log, socket }: Client): void {
  log('warn', 'client-refused');
  socket.destroy();
}

function endTooLarge(client: Client): void {
  const error = new NegotiateError('input/invalid', 'The request is too large. Send smaller files.');
  write(client, errorLine(undefined, error, RPC_CODES.request));
  client.socket.end();
  setTimeout(cut, client.limits.goodbyeMs, client).unref();
}

/** One timer for each client: a request that has begun has to end soon, however it drips, and who asks nothing is let go. */
function watch(client: Client): void {
  const { lines, limits } = client;
  if (client.isPartial && lines.isPartial()) return;
  client.isPartial = lines.isPartial();
  clearTimeout(client.timer);
  if (client.isPartial) client.timer = setTimeout(cut, limits.requestMs, client).unref();
  else if (client.underWay === 0) client.timer = setTimeout(cut, limits.idleMs, client).unref();
}

/** Takes as many requests as may be under way; the rest, and what has not been read yet, waits. */
function pump(client: Client): void {
  const { backlog, limits, socket } = client;
  while (backlog.length > 0 && client.underWay < limits.maxRequests) take(client, backlog.shift() ?? '');
  const isWaiting = backlog.length > 0;
  if (isWaiting === socket.isPaused()) return;
  if (!isWaiting) {
    socket.resume();
    return watch(client);
  }
  // The rest of a request that has begun is kept waiting by us, not by the client.
  socket.pause();
  clearTimeout(client.timer);
  client.isPartial = false;
}

function take(client: Client, line: string): void {
  try {
    const request = readRequest(line);
    const { id, method, params } = request;
    if (method === CANCEL) return client.running.get(params['id'] as string | number)?.abort('cancelled');
    if (id !== undefined && client.running.has(id))
      throw new NegotiateError('input/invalid', 'This id is in use. Give each request its own.');
    void run(client, request);
  } catch (error) {
    write(client, errorLine(undefined, error, RPC_CODES.request));
  }
}

async function run(client: Client, request: RpcRequest): Promise<void> {
  const { running, socket, log } = client;
  const { id, method } = request;
  const abort = new AbortController();
  if (id !== undefined) running.set(id, abort);
  client.underWay += 1;
  const startedMs = performance.now();
  try {
    const result = await call(client, request, abort.signal);
    // A notification wants no answer.
    if (id !== undefined) write(client, answerLine(id, result));
    log('debug', 'request', { ms: Math.round(performance.now() - startedMs) });
  } catch (error) {
    log('info', 'request', { code: isNegotiateError(error) ? error.code : 'internal/bug' });
    const isKnown = method === STOP || Object.hasOwn(USE_CASES, method);
    if (id !== undefined) write(client, errorLine(id, error, isKnown ? RPC_CODES.own : RPC_CODES.method));
  }
  if (id !== undefined) running.delete(id);
  client.underWay -= 1;
  if (!socket.isPaused()) watch(client);
  // After others have had their turn: a client that floods waits for itself alone.
  setImmediate(pump, client);
}

async function call(client: Client, { id, method, params }: RpcRequest, signal: AbortSignal): Promise<unknown> {
  if (method === STOP) {
    setImmediate(client.onStop);
    return {};
  }
  if (!Object.hasOwn(USE_CASES, method))
    throw new NegotiateError('input/invalid', 'The daemon has no such method. Use the same version on both ends.');
  const { input = {}, relays } = params;
  const onApprovalUrl = (url: string): void => write(client, toLine({ method: APPROVAL, params: { id, url } }));
  return client.daemon.call(method as UseCaseName, input, { signal, onApprovalUrl, relays: readRelays(relays) });
}

function readRelays(relays: unknown): readonly string[] {
  return Array.isArray(relays) ? relays.filter((each) => typeof each === 'string') : [];
}
