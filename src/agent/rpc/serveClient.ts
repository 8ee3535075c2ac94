// One client of a daemon: reads its requests, runs them, answers each; nothing it sends disturbs another one.

import type { Socket } from 'node:net';
import { isNegotiateError, NegotiateError } from '../../core/errors.ts';
import { USE_CASES, type UseCaseName } from '../api.ts';
import { GONE } from '../daemon/callOptions.ts';
import type { Log } from '../daemon/log.ts';
import type { Daemon } from '../daemon/openDaemon.ts';
import { createLineReader } from './lines.ts';
import { answerLine, APPROVAL, CANCEL, errorLine, readRequest, RPC_CODES, STOP, toLine, type RpcRequest } from './messages.ts';
import type { RpcLimits } from './rpcLimits.ts';

const MAX_CANCEL = 200;

/** What the connections of a daemon share. */
export interface ClientOptions {
  readonly onStop: () => void;
  readonly log: Log;
  readonly limits: RpcLimits;
}

/** Serves a client until it goes. */
export function serveClient(socket: Socket, daemon: Daemon, { onStop, log, limits }: ClientOptions): void {
  const running = new Map<string | number, AbortController>();
  const backlog: string[] = [];
  let [underWay, isPartial, isOver] = [0, false, false];
  let timer: NodeJS.Timeout | undefined;

  const write = (line: string): void => {
    if (socket.destroyed || !socket.writable) return;
    socket.write(line);
    if (socket.writableLength > limits.maxUnreadBytes) cut();
  };
  const cut = (): void => {
    log('warn', 'client-refused');
    socket.destroy();
  };
  // One timer for each client: a request that has begun has to end soon, however it drips, and who asks nothing is let go.
  const watch = (): void => {
    if (isPartial && lines.isPartial()) return;
    isPartial = lines.isPartial();
    clearTimeout(timer);
    if (isPartial) timer = setTimeout(cut, limits.requestMs).unref();
    else if (underWay === 0) timer = setTimeout(cut, limits.idleMs).unref();
  };
  const run = async (request: RpcRequest): Promise<void> => {
    const { id, method } = request;
    const abort = new AbortController();
    if (id !== undefined) running.set(id, abort);
    underWay += 1;
    const startedMs = performance.now();
    try {
      const result = await call(request, abort.signal);
      // A notification wants no answer.
      if (id !== undefined) write(answerLine(id, result));
      log('debug', 'request', { ms: Math.round(performance.now() - startedMs) });
    } catch (error) {
      log('info', 'request', { code: isNegotiateError(error) ? error.code : 'internal/bug' });
      const isKnown = method === STOP || Object.hasOwn(USE_CASES, method);
      if (id !== undefined) write(errorLine(id, error, isKnown ? RPC_CODES.own : RPC_CODES.method));
    }
    if (id !== undefined) running.delete(id);
    underWay -= 1;
    if (!socket.isPaused()) watch();
    // After others have had their turn: a client that floods waits for itself alone.
    setImmediate(pump);
  };
  const call = async ({ id, method, params }: RpcRequest, signal: AbortSignal): Promise<unknown> => {
    if (method === STOP) {
      setImmediate(onStop);
      return {};
    }
    if (!Object.hasOwn(USE_CASES, method))
      throw new NegotiateError('input/invalid', 'The daemon has no such method. Use the same version on both ends.');
    const { input = {}, relays } = params;
    const onApprovalUrl = (url: string): void => write(toLine({ method: APPROVAL, params: { id, url } }));
    return daemon.call(method as UseCaseName, input, { signal, onApprovalUrl, relays: readRelays(relays) });
  };
  const pump = (): void => {
    while (backlog.length > 0 && underWay < limits.maxRequests) take(backlog.shift() ?? '');
    const isWaiting = backlog.length > 0;
    if (isWaiting === socket.isPaused()) return;
    if (!isWaiting) {
      socket.resume();
      return watch();
    }
    // The rest of a request that has begun is kept waiting by us, not by the client.
    socket.pause();
    clearTimeout(timer);
    isPartial = false;
  };
  const take = (line: string): void => {
    try {
      const request = readRequest(line);
      const { id, method, params } = request;
      if (method === CANCEL) return running.get(params['id'] as string | number)?.abort('cancelled');
      if (id !== undefined && running.has(id)) throw new NegotiateError('input/invalid', 'This id is in use. Give each request its own.');
      void run(request);
    } catch (error) {
      write(errorLine(undefined, error, RPC_CODES.request));
    }
  };
  const lines = createLineReader(limits.maxRequestBytes, (line) => {
    // To give a request up must not wait for it.
    if (line.length < MAX_CANCEL && line.includes(CANCEL)) take(line);
    else backlog.push(line);
  });
  socket.on('data', (chunk: Buffer) => {
    if (isOver) return;
    if (lines.push(chunk)) {
      watch();
      pump();
      return;
    }
    isOver = true;
    write(errorLine(undefined, new NegotiateError('input/invalid', 'The request is too large. Send smaller files.'), RPC_CODES.request));
    socket.end();
    setTimeout(cut, limits.goodbyeMs).unref();
  });
  // A reset says the same as a close, which follows.
  socket.on('error', () => undefined);
  socket.on('close', () => {
    clearTimeout(timer);
    for (const abort of running.values()) abort.abort(GONE);
  });
  watch();
}

function readRelays(relays: unknown): readonly string[] {
  return Array.isArray(relays) ? relays.filter((each) => typeof each === 'string') : [];
}
