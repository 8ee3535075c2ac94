// Relays for the pool's tests: one that does whatever a test tells it to, and an honest one with a page cap and NIP-42.

import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import { signEvent, type EventTemplate, type NostrEvent } from './event.ts';
import { matchFilter, type Filter } from './filter.ts';
import { publicKeyOf } from './schnorr.ts';

/** One client's socket as a test relay sees it. */
export interface FakeSocket {
  /** All messages the client sent, parsed. */
  readonly messages: readonly (readonly unknown[])[];
  send(...message: unknown[]): void;
  sendRaw(frame: string | Uint8Array): void;
  /** Ends the connection without a word. */
  cut(): void;
}

/** A running test relay. */
export interface FakeRelay {
  readonly url: string;
  readonly port: number;
  /** Every socket that was ever opened. */
  readonly sockets: readonly FakeSocket[];
  /** Resolves once the first socket that opens from now on is closed. */
  nextClosed(): Promise<void>;
  close(): Promise<void>;
}

/** What a test relay does. */
export interface Behaviour {
  readonly port?: number;
  /** Whether pings are answered; true by default. */
  readonly autoPong?: boolean;
  onOpen?(socket: FakeSocket): void;
  onMessage?(socket: FakeSocket, message: readonly unknown[]): void;
}

const SECRET = new Uint8Array(32).fill(7);

/** A signed event of a fixed author; `n` makes it differ and is its `created_at`. */
export function makeEvent(n: number, template: Partial<EventTemplate> = {}, secretKey = SECRET): NostrEvent {
  const full = { kind: 1, created_at: n, tags: [], content: `event ${n}`, ...template };
  return signEvent(secretKey, publicKeyOf(secretKey), full);
}

/** Starts a relay that does what it is told. */
export async function startFakeRelay(behaviour: Behaviour): Promise<FakeRelay> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: behaviour.port ?? 0, autoPong: behaviour.autoPong ?? true });
  const sockets: FakeSocket[] = [];
  const waiting: (() => void)[] = [];
  server.on('connection', (webSocket) => {
    const messages: (readonly unknown[])[] = [];
    const socket = wrapSocket(webSocket, messages);
    sockets.push(socket);
    webSocket.on('error', () => undefined);
    webSocket.on('close', () => waiting.splice(0).forEach((resolve) => resolve()));
    webSocket.on('message', (data: Buffer) => {
      const message = JSON.parse(data.toString()) as readonly unknown[];
      messages.push(message);
      behaviour.onMessage?.(socket, message);
    });
    behaviour.onOpen?.(socket);
  });
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `ws://127.0.0.1:${port}`,
    port,
    sockets,
    nextClosed: () => new Promise((resolve) => waiting.push(resolve)),
    close: () => closeServer(server),
  };
}

function wrapSocket(webSocket: WebSocket, messages: readonly (readonly unknown[])[]): FakeSocket {
  return {
    messages,
    send: (...message) => webSocket.send(JSON.stringify(message), () => undefined),
    sendRaw: (frame) => webSocket.send(frame, () => undefined),
    cut: () => webSocket.terminate(),
  };
}

async function closeServer(server: WebSocketServer): Promise<void> {
  for (const client of server.clients) client.terminate();
  await new Promise((resolve) => server.close(resolve));
}

/** Starts a server that takes every websocket and then neither reads nor answers, not even a close. */
export async function startDeafServer(): Promise<{ readonly url: string; close(): Promise<void> }> {
  const held: Duplex[] = [];
  const server = createServer();
  server.on('upgrade', (request, socket) => {
    const key = `${request.headers['sec-websocket-key'] ?? ''}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
    const accept = createHash('sha1').update(key).digest('base64');
    socket.on('error', () => undefined);
    socket.write(`HTTP/1.1 101 OK\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`);
    held.push(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = async (): Promise<void> => {
    for (const socket of held) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  };
  return { url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`, close };
}

/** What an honest relay has and wants. */
export interface HonestOptions {
  readonly port?: number;
  /** Events per REQ and filter at most. */
  readonly cap?: number;
  readonly stored?: readonly NostrEvent[];
  /** Every request is refused until the client has proven this key. */
  readonly onlyFor?: string;
}

/** An honest relay and what it holds. */
export interface HonestRelay extends FakeRelay {
  readonly stored: readonly NostrEvent[];
  /** Stores an event and sends it to whoever subscribed to it. */
  add(event: NostrEvent): void;
}

/** Starts a relay that stores, answers and passes on as NIP-01 says, with NIP-42 when `onlyFor` is given. */
export async function startHonestRelay(options: HonestOptions = {}): Promise<HonestRelay> {
  const stored = [...(options.stored ?? [])];
  const subscriptions = new Map<FakeSocket, Map<string, readonly Filter[]>>();
  const proven = new Set<FakeSocket>();
  const add = (event: NostrEvent): void => {
    stored.push(event);
    for (const [socket, open] of subscriptions) {
      for (const [id, filters] of open) if (filters.some((filter) => matchFilter(filter, event))) socket.send('EVENT', id, event);
    }
  };
  const query = (filter: Filter): NostrEvent[] => {
    const matching = stored.filter((event) => matchFilter(filter, event)).sort((a, b) => b.created_at - a.created_at);
    return matching.slice(0, Math.min(filter.limit ?? Infinity, options.cap ?? 500));
  };
  const onMessage = (socket: FakeSocket, message: readonly unknown[]): void => {
    const isRefused = options.onlyFor !== undefined && !proven.has(socket);
    if (message[0] === 'AUTH') answerAuth(socket, message[1] as NostrEvent);
    if (message[0] === 'CLOSE') subscriptions.get(socket)?.delete(message[1] as string);
    if (message[0] === 'EVENT') {
      const event = message[1] as NostrEvent;
      if (isRefused) return socket.send('OK', event.id, false, 'auth-required: who are you?');
      const isKnown = stored.some(({ id }) => id === event.id);
      if (!isKnown) add(event);
      socket.send('OK', event.id, true, isKnown ? 'duplicate: have it' : '');
    }
    if (message[0] === 'REQ') {
      const [, id, ...filters] = message as [string, string, ...Filter[]];
      if (isRefused) return socket.send('CLOSED', id, 'auth-required: who are you?');
      for (const event of filters.flatMap(query)) socket.send('EVENT', id, event);
      socket.send('EOSE', id);
      subscriptions.get(socket)?.set(id, filters);
    }
  };
  const answerAuth = (socket: FakeSocket, event: NostrEvent): void => {
    const tags = Object.fromEntries(event.tags as (readonly [string, string])[]) as Record<string, string>;
    const isGood =
      event.kind === 22_242 && event.pubkey === options.onlyFor && tags['challenge'] === 'prove it' && tags['relay'] === relay.url;
    if (isGood) proven.add(socket);
    socket.send('OK', event.id, isGood, isGood ? '' : 'restricted: not you');
  };
  const onOpen = (socket: FakeSocket): void => {
    subscriptions.set(socket, new Map());
    if (options.onlyFor !== undefined) socket.send('AUTH', 'prove it');
  };
  const relay = await startFakeRelay({ onMessage, onOpen, ...(options.port === undefined ? {} : { port: options.port }) });
  return { ...relay, stored, add };
}

/** The id of a REQ message; undefined for any other. */
export function requestId(message: readonly unknown[]): string | undefined {
  return message[0] === 'REQ' ? (message[1] as string) : undefined;
}
