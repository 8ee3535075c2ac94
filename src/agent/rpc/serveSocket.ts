// The daemon's end of the socket: takes clients up to a limit, and ends them all.

import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { NegotiateError } from '../../core/errors.ts';
import type { Daemon } from '../daemon/openDaemon.ts';
import type { Log } from '../daemon/log.ts';
import { completeRpcLimits, type RpcLimits } from './rpcLimits.ts';
import { serveClient } from './serveClient.ts';
import { socketPathOf } from './socketPath.ts';

/** A daemon that listens. */
export interface RunningSocket {
  readonly path: string;
  /** Ends every connection once its answers are out, and removes the socket. */
  close(): Promise<void>;
}

/**
 * Listens for the clients of a daemon, which holds its home by now: a socket that is there was left by one that was killed. `onStop` is
 * called when a client wants it to end. Throws `input/invalid` when the home's path is too long, `home/unreadable` when it cannot listen.
 */
export async function serveSocket(
  daemon: Daemon,
  home: string,
  { onStop, log, limits }: { readonly onStop: () => void; readonly log: Log; readonly limits?: Partial<RpcLimits> },
): Promise<RunningSocket> {
  const path = socketPathOf(home);
  if (path === undefined) {
    throw new NegotiateError(
      'input/invalid',
      'The path of the home is too long for a socket. Choose a shorter --home, or set XDG_RUNTIME_DIR to a private folder.',
    );
  }
  const complete = completeRpcLimits(limits);
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    if (sockets.size >= complete.maxConnections) {
      log('warn', 'client-refused');
      return socket.destroy();
    }
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    serveClient(socket, daemon, { onStop, log, limits: complete });
    log('debug', 'client', { open: sockets.size });
    return socket;
  });
  await listen(server, path);
  return {
    path,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.end();
      const timer = setTimeout(() => sockets.forEach((socket) => socket.destroy()), complete.goodbyeMs);
      await closed;
      clearTimeout(timer);
      rmSync(path, { force: true });
    },
  };
}

async function listen(server: ReturnType<typeof createServer>, path: string): Promise<void> {
  rmSync(path, { force: true });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  // The file is made within this call: nobody else may connect, not even for a moment.
  const umask = process.umask(0o177);
  try {
    server.listen(path, resolve);
  } finally {
    process.umask(umask);
  }
  try {
    await promise;
    chmodSync(path, 0o600);
  } catch (cause) {
    throw new NegotiateError('home/unreadable', 'The daemon cannot listen in its home. Check that the folder is writable.', { cause });
  }
}
