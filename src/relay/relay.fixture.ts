// What the relay's tests share: keys, events, a clock that stands still, and a plain client that sees every message.

import { once } from 'node:events';
import { WebSocket, type ClientOptions } from 'ws';
import { signEvent, type EventTemplate, type NostrEvent } from '../nostr/event.ts';
import { publicKeyOf } from '../nostr/schnorr.ts';
import { startRelay, type RelayOptions, type RunningRelay } from './startRelay.ts';

/** Unix seconds at which the tests begin. */
export const NOW = 1_800_000_000;

/** A key pair that is the same in every run. */
export interface TestKey {
  readonly secret: Uint8Array;
  readonly pubkey: string;
}

/** The key pair of a small number. */
export function makeKey(n: number): TestKey {
  const secret = new Uint8Array(32).fill(n);
  return { secret, pubkey: publicKeyOf(secret) };
}

export const alice = makeKey(1);
export const bob = makeKey(2);
export const carol = makeKey(3);

/** A signed event, kind 1 by alice at NOW unless told otherwise. */
export function makeEvent(template: Partial<EventTemplate> = {}, { secret, pubkey } = alice): NostrEvent {
  return signEvent(secret, pubkey, { kind: 1, created_at: NOW, tags: [], content: 'hello', ...template });
}

/** A gift wrap by a throw-away key to these recipients. */
export function makeWrap(...recipients: TestKey[]): NostrEvent {
  return makeEvent({ kind: 1059, tags: recipients.map(({ pubkey }) => ['p', pubkey]) }, makeKey(77));
}

/** A message of the relay, parsed. */
export type Message = readonly unknown[];

/** What a request brought: the events and whether it ended with EOSE or, if so why, with CLOSED. */
export interface Answer {
  readonly events: readonly NostrEvent[];
  readonly closed: string | undefined;
}

/** A client that hides nothing. */
export interface TestClient {
  readonly socket: WebSocket;
  /** Status with which the connection ended. */
  readonly closed: Promise<number>;
  send(...message: unknown[]): void;
  /** The first message that fits, once it has come; it is then taken out of the inbox. */
  take(fits: (message: Message) => boolean): Promise<Message>;
  /** Publishes and returns what OK says: accepted, and the text. */
  publish(event: object): Promise<readonly [boolean, string]>;
  /** Opens a subscription under an id and waits for EOSE or CLOSED. */
  request(id: string, ...filters: object[]): Promise<Answer>;
  /** Takes all messages that the relay sent before it answered one more request. */
  drain(): Promise<Message[]>;
  /** Answers the challenge as a key; changes may spoil the proof. */
  authenticate(key: TestKey, changes?: AuthChanges): Promise<readonly [boolean, string]>;
}

/** How a proof differs from a good one. */
export interface AuthChanges extends Partial<EventTemplate> {
  readonly challenge?: string;
  readonly relay?: string;
}

const toClose: (() => void | Promise<void>)[] = [];

/** Ends what a test has opened; for `afterEach`. */
export async function closeAll(): Promise<void> {
  for (const close of toClose.splice(0).reverse()) await close();
}

/** Has something closed after the test. */
export function closeLater(close: () => void | Promise<void>): void {
  toClose.push(close);
}

/** Starts a relay whose clock stands at NOW. */
export async function openRelay(options: RelayOptions = {}): Promise<RunningRelay> {
  const relay = await startRelay({ clock: { now: () => NOW }, ...options });
  closeLater(relay.close);
  return relay;
}

/** Connects to a relay. */
export async function connect(relay: { readonly url: string }, options: ClientOptions = {}): Promise<TestClient> {
  const socket = new WebSocket(relay.url, options);
  const client = wrap(socket, relay.url);
  closeLater(() => socket.terminate());
  await once(socket, 'open');
  return client;
}

function wrap(socket: WebSocket, url: string): TestClient {
  const inbox: Message[] = [];
  const waiting = new Set<() => void>();
  const closed = new Promise<number>((resolve) => socket.on('close', resolve));
  socket.on('error', () => undefined);
  socket.on('message', (data: Buffer) => {
    inbox.push(JSON.parse(data.toString()) as Message);
    waiting.forEach((look) => look());
  });
  const take = (fits: (message: Message) => boolean): Promise<Message> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const at = inbox.findIndex(fits);
        if (at < 0) return;
        waiting.delete(look);
        inbox.splice(at, 1).forEach(resolve);
      };
      waiting.add(look);
      void closed.then(() => reject(new Error('the connection ended before the message came')));
      look();
    });
  const send = (...message: unknown[]): void => socket.send(JSON.stringify(message));
  const answered = async (type: 'EVENT' | 'AUTH', event: object): Promise<readonly [boolean, string]> => {
    send(type, event);
    const [, , accepted, text] = await take((message) => message[0] === 'OK' && message[1] === (event as NostrEvent).id);
    return [accepted as boolean, text as string];
  };
  const request = async (id: string, ...filters: object[]): Promise<Answer> => {
    send('REQ', id, ...filters);
    const end = await take((message) => (message[0] === 'EOSE' || message[0] === 'CLOSED') && message[1] === id);
    const mine = inbox.filter((message) => message[0] === 'EVENT' && message[1] === id);
    for (const message of mine) inbox.splice(inbox.indexOf(message), 1);
    return { events: mine.map((message) => message[2] as NostrEvent), closed: end[0] === 'CLOSED' ? (end[2] as string) : undefined };
  };
  let challenge: Promise<Message> | undefined;
  return {
    socket,
    closed,
    send,
    take,
    publish: (event) => answered('EVENT', event),
    request,
    drain: async () => {
      await request('drain', { ids: ['0'.repeat(64)] });
      send('CLOSE', 'drain');
      return inbox.splice(0);
    },
    authenticate: async (key, changes = {}) => {
      const given = changes.challenge ?? ((await (challenge ??= take(([type]) => type === 'AUTH')))[1] as string);
      const tags = [
        ['relay', changes.relay ?? url],
        ['challenge', given],
      ];
      const { kind = 22_242, created_at = NOW, content = '' } = changes;
      return answered('AUTH', signEvent(key.secret, key.pubkey, { kind, created_at, tags: changes.tags ?? tags, content }));
    },
  };
}

/** Flips the last digit of a hex field. */
export function spoil(hex: string): string {
  return hex.slice(0, -1) + (hex.endsWith('0') ? '1' : '0');
}

/** Ids of events, in their order. */
export function idsOf(events: readonly NostrEvent[]): string[] {
  return events.map(({ id }) => id);
}

/** The events among messages. */
export function eventsIn(messages: readonly Message[]): NostrEvent[] {
  return messages.filter(([type]) => type === 'EVENT').map((message) => message[2] as NostrEvent);
}
