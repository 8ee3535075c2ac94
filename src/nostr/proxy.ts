// A way to relays through a SOCKS5 proxy (RFC 1928, 1929), such as Tor: when the proxy fails, the connection fails with it.

import { createHash } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { isIP, Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { ClientOptions } from 'ws';
import { bareHost } from './proxyUrl.ts';

/** The way one socket takes: through which proxy, and under which name there, so that the proxy can keep streams apart. */
export interface ProxyRoute {
  /** As `parseProxyUrl` returns it. */
  readonly proxy: string;
  /** SOCKS user name. Tor gives each name a circuit of its own (IsolateSOCKSAuth). */
  readonly stream: string;
}

/** How `ws` gets its sockets through a proxy. */
export interface Tunnel {
  readonly createConnection: NonNullable<ClientOptions['createConnection']>;
  /** Ends the connection to the proxy at once, however far it got. */
  readonly destroy: () => void;
}

interface Destination {
  readonly host: string;
  readonly port: number;
}

/** What Node's HTTP client hands to `createConnection`, as far as it is used here. */
interface TunnelOptions {
  readonly host: string;
  readonly port: number | string;
}

const VERSION = 5;
const NO_AUTH = 0;
const USER_AND_PASSWORD = 2;
const USER_AND_PASSWORD_VERSION = 1;
const CONNECT = 1;
const IPV4 = 1;
const DOMAIN = 3;
const IPV6 = 4;
const PORT_BYTES = 2;
// The user name alone keeps streams apart, but a password has to have a length (RFC 1929).
const PASSWORD = '0';

/** The name of a socket at the proxy: differs from key to key, says nothing of the key, and is another one for each `salt`. */
export function nameStream(salt: Uint8Array, key: string): string {
  return createHash('sha256').update(salt).update(key).digest('hex').slice(0, 32);
}

/** A tunnel for one websocket to a relay URL. It fails as the websocket's `error`; nothing is ever connected around the proxy. */
export function openTunnel(relay: string, { proxy, stream }: ProxyRoute): Tunnel {
  // Not what Node's options say, which name no protocol here: a wss relay must never be spoken to in the clear.
  const isSecure = new URL(relay).protocol === 'wss:';
  const { hostname, port, protocol } = new URL(proxy);
  const socket = new Socket();
  socket.on('error', () => undefined);
  const dial = async (destination: Destination): Promise<void> => {
    const host = protocol === 'socks5:' ? (await lookup(destination.host)).address : destination.host;
    // It may have been given up meanwhile, and `connect` would bring it back to life.
    if (socket.destroyed) throw new Error('given up');
    socket.connect({ host: bareHost(hostname), port: Number(port) });
    await once(socket, 'connect');
    await shakeHands(socket, stream, { host, port: destination.port });
  };
  const createConnection = (options: TunnelOptions, done: (error: Error | null, socket?: Socket) => void): undefined => {
    const lost = once(socket, 'close').then(() => Promise.reject(new Error('the proxy is gone')));
    Promise.race([dial({ host: options.host, port: Number(options.port) }), lost]).then(
      () => done(null, isSecure ? startTls(socket, options.host) : socket),
      (error: Error) => {
        socket.destroy();
        done(error);
      },
    );
    return undefined;
  };
  return { createConnection: createConnection as unknown as Tunnel['createConnection'], destroy: () => void socket.destroy() };
}

function startTls(socket: Socket, host: string): Socket {
  // The certificate has to be that of the relay: `servername` is also what it is checked against, except for addresses.
  return connectTls({ socket, host, ...(isIP(host) === 0 ? { servername: host } : {}) });
}

/** Greets, names the stream if the proxy wants a name, and has it connect. Throws when it refuses. */
async function shakeHands(socket: Socket, stream: string, destination: Destination): Promise<void> {
  socket.write(Buffer.from([VERSION, 2, NO_AUTH, USER_AND_PASSWORD]));
  const [version, method] = await read(socket, 2);
  if (version !== VERSION) throw new Error('not a SOCKS5 proxy');
  if (method === USER_AND_PASSWORD) {
    socket.write(Buffer.concat([Buffer.from([USER_AND_PASSWORD_VERSION]), sized(stream), sized(PASSWORD)]));
    const [, status] = await read(socket, 2);
    if (status !== 0) throw new Error('the proxy refused the name');
  } else if (method !== NO_AUTH) throw new Error('the proxy wants a proof that we do not have');
  socket.write(Buffer.concat([Buffer.from([VERSION, CONNECT, 0]), writeAddress(destination)]));
  const [, reply, , type] = await read(socket, 4);
  if (reply !== 0) throw new Error('the proxy cannot connect');
  await skipAddress(socket, type);
}

function writeAddress({ host, port }: Destination): Buffer {
  const tail = Buffer.alloc(PORT_BYTES);
  tail.writeUInt16BE(port);
  switch (isIP(host)) {
    case 4:
      return Buffer.concat([Buffer.from([IPV4, ...host.split('.').map(Number)]), tail]);
    case 6:
      return Buffer.concat([Buffer.from([IPV6]), writeIpv6(host), tail]);
    default:
      return Buffer.concat([Buffer.from([DOMAIN]), sized(host), tail]);
  }
}

function writeIpv6(address: string): Buffer {
  // The URL parser writes an embedded IPv4 address as groups.
  const [head = '', tail = ''] = bareHost(new URL(`http://[${address}]`).hostname).split('::');
  const [left, right] = [head, tail].map((part) => (part === '' ? [] : part.split(':'))) as [string[], string[]];
  const groups = [...left, ...Array<string>(8 - left.length - right.length).fill('0'), ...right];
  return Buffer.from(groups.map((group) => group.padStart(4, '0')).join(''), 'hex');
}

async function skipAddress(socket: Socket, type: number | undefined): Promise<void> {
  if (type === DOMAIN) await read(socket, ((await read(socket, 1))[0] ?? 0) + PORT_BYTES);
  else if (type === IPV4 || type === IPV6) await read(socket, (type === IPV4 ? 4 : 16) + PORT_BYTES);
  else throw new Error('the proxy answers nonsense');
}

/** Reads exactly so many bytes and leaves the rest. Never settles when the socket ends first: `close` tells. */
function read(socket: Socket, count: number): Promise<Buffer> {
  const { promise, resolve } = Promise.withResolvers<Buffer>();
  const tryToRead = (): void => {
    const bytes = socket.read(count) as Buffer | null;
    if (bytes?.length === count) resolve(bytes);
  };
  // One listener until it is done: adding one anew while too few bytes are there would fire at once, for ever.
  socket.on('readable', tryToRead);
  tryToRead();
  return promise.finally(() => socket.off('readable', tryToRead));
}

function sized(text: string): Buffer {
  const bytes = Buffer.from(text);
  if (bytes.length < 1 || bytes.length > 255) throw new Error('too long for SOCKS5');
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}
