// A SOCKS5 proxy for tests: no-auth and user/password greetings, CONNECT to names and addresses, everything on record.

import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** What one client asked the proxy for. */
export interface SocksStream {
  /** The user name; undefined where none was asked for. */
  readonly user: string | undefined;
  readonly addressType: 'ipv4' | 'ipv6' | 'name';
  readonly host: string;
  readonly port: number;
  /** The first bytes that went through. */
  firstBytes: Buffer;
}

/** A running proxy. */
export interface SocksProxy {
  readonly url: string;
  readonly port: number;
  readonly streams: readonly SocksStream[];
  /** Connections that were taken, whatever came of them. */
  readonly taken: () => number;
  /** Connections that are open. */
  readonly open: () => number;
  close(): Promise<void>;
}

/** What the proxy does. */
export interface SocksBehaviour {
  /** `user`: insists on a user name; `none`: takes no name; `mute`: never answers; `http`: is none at all. */
  readonly greeting?: 'user' | 'none' | 'mute' | 'http';
  /** Reply code to CONNECT; 0, success, by default. */
  readonly reply?: number;
  /** Answers with a bound address of this type: 1 (IPv4, the default), 3 (a name) or 4 (IPv6). */
  readonly bound?: 1 | 3 | 4;
  /** Port on 127.0.0.1 that every stream leads to; by default the one asked for. */
  readonly leadsTo?: number;
  readonly port?: number;
}

/** Starts a proxy. Wherever a stream is to go, it leads to 127.0.0.1. */
export async function startSocksProxy(behaviour: SocksBehaviour = {}): Promise<SocksProxy> {
  const streams: SocksStream[] = [];
  const sockets = new Set<Socket>();
  let taken = 0;
  const server = createServer((client) => {
    taken += 1;
    sockets.add(client);
    client.on('close', () => sockets.delete(client)).on('error', () => undefined);
    serve(client, behaviour, streams).catch(() => client.destroy());
  });
  server.listen(behaviour.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `socks5h://127.0.0.1:${port}`,
    port,
    streams,
    taken: () => taken,
    open: () => sockets.size,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const BOUND = { 1: [1, 0, 0, 0, 0], 3: [3, 2, 0x61, 0x62], 4: [4, ...Array<number>(16).fill(0)] } as const;

async function serve(client: Socket, behaviour: SocksBehaviour, streams: SocksStream[]): Promise<void> {
  const { greeting = 'user', reply = 0, bound = 1 } = behaviour;
  if (greeting === 'mute') return void client.resume();
  const [, count = 0] = await take(client, 2);
  const offered = [...(await take(client, count))];
  if (greeting === 'http') return void client.end('HTTP/1.1 400 Bad Request\r\n\r\n');
  const method = greeting === 'user' ? 2 : 0;
  if (!offered.includes(method)) return void client.end(Buffer.from([5, 0xff]));
  client.write(Buffer.from([5, method]));
  const user = method === 2 ? await takeUser(client) : undefined;
  const [, , , type] = await take(client, 4);
  const host = await takeHost(client, type);
  const port = (await take(client, 2)).readUInt16BE();
  const addressType = type === 1 ? 'ipv4' : type === 4 ? 'ipv6' : 'name';
  const stream: SocksStream = { user, addressType, host, port, firstBytes: Buffer.alloc(0) };
  streams.push(stream);
  const answer = Buffer.from([5, reply, 0, ...BOUND[bound], 0, 0]);
  // In two pieces, as networks do.
  client.write(answer.subarray(0, 5));
  await new Promise((resolve) => setTimeout(resolve, 5));
  client.write(answer.subarray(5));
  if (reply !== 0) return;
  const target = connect(behaviour.leadsTo ?? port, '127.0.0.1');
  target.on('error', () => client.destroy()).on('close', () => client.destroy());
  client.on('close', () => target.destroy());
  client.once('data', (bytes: Buffer) => {
    stream.firstBytes = bytes;
    target.write(bytes);
    client.pipe(target);
  });
  target.pipe(client);
}

async function takeUser(client: Socket): Promise<string> {
  const [, length = 0] = await take(client, 2);
  const user = (await take(client, length)).toString();
  const [passwordLength = 0] = await take(client, 1);
  await take(client, passwordLength);
  client.write(Buffer.from([1, 0]));
  return user;
}

async function takeHost(client: Socket, type: number | undefined): Promise<string> {
  if (type === 1) return (await take(client, 4)).join('.');
  if (type === 4) return (await take(client, 16)).toString('hex');
  const [length = 0] = await take(client, 1);
  return (await take(client, length)).toString();
}

function take(client: Socket, count: number): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const tryToRead = (): void => {
    const bytes = client.read(count) as Buffer | null;
    if (bytes?.length === count) resolve(bytes);
  };
  client.on('readable', tryToRead).once('close', reject);
  tryToRead();
  return promise.finally(() => client.off('readable', tryToRead).off('close', reject));
}
