// Binds an HTTP server to an address and ends it for good.

import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { NegotiateError } from '../core/errors.ts';

/** Where to listen; port 0 lets the system choose one. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** Throws `input/invalid` for a port that is none and for an empty host, which would mean every network interface. */
export function checkAddress({ host, port }: ListenAddress): void {
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new NegotiateError('input/invalid', 'The relay’s port must be a whole number from 0 (any free port) to 65535.');
  }
  if (host.trim() === '') throw new NegotiateError('input/invalid', 'The relay’s host is empty. Leave it out for 127.0.0.1, or name one.');
}

/** Listens and returns the port. Throws `store/unavailable` when the port is taken or forbidden, `input/invalid` for a host not of this machine. */
export async function listen(server: Server, { host, port }: ListenAddress): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    const onError = (cause: NodeJS.ErrnoException): void => reject(explain(cause));
    server.once('error', onError);
    server.listen({ host, port, exclusive: true }, () => {
      server.off('error', onError);
      // Such as too many open files when a client connects: the others go on.
      server.on('error', () => undefined);
      resolve();
    });
  });
  return (server.address() as AddressInfo).port;
}

/** Stops listening and ends what is still connected; resolves once both are done. */
export async function endServer(server: Server): Promise<void> {
  const ended = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await ended;
}

function explain(cause: NodeJS.ErrnoException): NegotiateError {
  if (cause.code === 'EADDRINUSE') {
    const advice = 'Stop the program that uses it, or choose another with the option port (0 takes any free one).';
    return new NegotiateError('store/unavailable', `The relay’s port is in use. ${advice}`, { cause });
  }
  if (cause.code === 'EACCES') {
    const advice = 'Choose one above 1023 with the option port.';
    return new NegotiateError('store/unavailable', `The system does not let the relay use this port. ${advice}`, { cause });
  }
  const advice = 'Name an address of this machine with the option host, or leave it out for 127.0.0.1.';
  return new NegotiateError('input/invalid', `The relay cannot listen on this host. ${advice}`, { cause });
}
