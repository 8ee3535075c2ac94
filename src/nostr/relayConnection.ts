// One connection to a relay for one purpose: routes what arrives to whoever waits for it and cuts off a relay that sends junk.
// nostr-tools' relay classes fold "rejected" and "no answer" into one error, share sockets across purposes and check no event against
// its live filter, so they do not fit.

import type { Clock, Rng } from '../core/ports.ts';
import type { PoolLimits } from './poolLimits.ts';
import { parseRelayMessage, type RelayMessage } from './relayMessage.ts';
import { openSocket, type RelaySocket } from './relaySocket.ts';

/** Why a connection is down. `connection-lost` covers a relay that closed it or vanished, `misbehaving` one that we cut off. */
export type DownReason = 'unreachable' | 'connection-lost' | 'silent' | 'misbehaving' | 'idle' | 'closed';

/** What a listener is told: a message of the relay with the size of its frame, or that the connection is down (told once, last). */
export type ConnectionSignal = (RelayMessage & { readonly bytes: number }) | { readonly type: 'down'; readonly reason: DownReason };

type Listener = (signal: ConnectionSignal) => void;

/** What a connection needs from its pool. */
export interface ConnectionContext {
  readonly clock: Clock;
  readonly rng: Rng;
  readonly limits: PoolLimits;
}

/** A connection that is opening, open or down; once down it stays so. */
export interface RelayConnection extends ConnectionContext {
  /** Normalised URL of the relay. */
  readonly relay: string;
  /** Why the connection is down; undefined while it opens and while it is open. */
  downReason: DownReason | undefined;
  /** Resolves when the connection is open, and also when it is down: look at `downReason`. Never rejects. */
  readonly opened: Promise<void>;
  /** Unix seconds of the last sign of life from the relay. */
  heardAt: number;
  /** The relay's last challenge (NIP-42). */
  challenge: string | undefined;
  /** Sends one client message; does nothing when the connection is not open. */
  send(message: readonly unknown[]): void;
  /** Hears what belongs to a key (`keyOf`); returns how to stop. A connection that is down says so at once. */
  listen(key: string, listener: Listener): () => void;
  /** Counts junk; the relay is cut off when there is too much. */
  countJunk(points: number): void;
  /** Ends the connection at once. */
  close(reason: DownReason): void;
}

/** Points for an event that nobody can have asked for: wrong id, bad signature, outside the filter. */
export const BAD_EVENT_POINTS = 5;

/** Opens a connection to a normalised URL; `onDown` is called once it is down. */
export function openConnection(relay: string, context: ConnectionContext, onDown: () => void): RelayConnection {
  const { limits, clock } = context;
  const listeners = new Map<string, Set<Listener>>();
  const { promise: opened, resolve: settleOpened } = Promise.withResolvers<void>();
  let junk = 0;
  let heard = true;
  let idleTimer: NodeJS.Timeout | undefined;
  let isOpen = false;

  const close = (reason: DownReason): void => {
    connection.downReason ??= reason;
    socket.close();
  };
  const beat = (): void => {
    junk = 0;
    if (!heard) return close('silent');
    heard = false;
    socket.ping();
  };
  const heartbeat = setInterval(beat, limits.pingIntervalMs).unref();
  const noteLife = (): void => {
    heard = true;
    connection.heardAt = clock.now();
  };
  const restartIdleTimer = (): void => {
    clearTimeout(idleTimer);
    const isIdle = isOpen && connection.downReason === undefined && listeners.size === 0;
    idleTimer = isIdle ? setTimeout(close, limits.idleMs, 'idle').unref() : undefined;
  };
  const countJunk = (points: number): void => {
    junk += points;
    if (junk > limits.maxJunk) close('misbehaving');
  };
  const route = (key: string, signal: ConnectionSignal): void => {
    const heardBy = listeners.get(key);
    // Late answers to what was given up are normal, but not in any number.
    if (heardBy === undefined) return countJunk(1);
    for (const listener of [...heardBy]) listener(signal);
  };
  const receive = (text: string): void => {
    noteLife();
    const message = parseRelayMessage(text, limits.maxEventBytes);
    if (message.type === 'auth') connection.challenge = message.challenge;
    const key = keyOf(message);
    if (key === undefined) countJunk(message.type === 'junk' ? BAD_EVENT_POINTS : 1);
    else route(key, { ...message, bytes: text.length });
  };
  const goDown = (): void => {
    connection.downReason ??= isOpen ? 'connection-lost' : 'unreachable';
    clearInterval(heartbeat);
    clearTimeout(idleTimer);
    onDown();
    settleOpened();
    const everybody = [...listeners.values()].flatMap((set) => [...set]);
    listeners.clear();
    for (const listener of everybody) listener({ type: 'down', reason: connection.downReason });
  };
  const listen = (key: string, listener: Listener): (() => void) => {
    if (connection.downReason !== undefined) {
      listener({ type: 'down', reason: connection.downReason });
      return () => undefined;
    }
    addTo(listeners, key, listener);
    restartIdleTimer();
    return () => {
      removeFrom(listeners, key, listener);
      restartIdleTimer();
    };
  };
  const send = (message: readonly unknown[]): void => {
    socket.send(JSON.stringify(message));
    if (socket.bufferedBytes() > limits.maxBufferedBytes) close('silent');
  };
  const connection: RelayConnection = {
    ...context,
    relay,
    downReason: undefined,
    opened,
    heardAt: clock.now(),
    challenge: undefined,
    send,
    listen,
    countJunk,
    close,
  };
  const socket: RelaySocket = openSocket(relay, limits, {
    onOpen: () => {
      isOpen = true;
      noteLife();
      settleOpened();
      restartIdleTimer();
    },
    onText: receive,
    onBinary: () => countJunk(BAD_EVENT_POINTS),
    onPong: noteLife,
    onDown: goDown,
  });
  return connection;
}

/** The key under which `listen` hears a message: `sub:<id>`, `ok:<event id>` or `auth`. */
export function keyOf(message: RelayMessage): string | undefined {
  switch (message.type) {
    case 'event':
    case 'eose':
    case 'closed':
      return `sub:${message.subscriptionId}`;
    case 'ok':
      return `ok:${message.id}`;
    case 'auth':
      return 'auth';
    case 'notice':
    case 'junk':
      return undefined;
    default:
      return message satisfies never;
  }
}

function addTo(listeners: Map<string, Set<Listener>>, key: string, listener: Listener): void {
  const set = listeners.get(key) ?? new Set();
  listeners.set(key, set.add(listener));
}

function removeFrom(listeners: Map<string, Set<Listener>>, key: string, listener: Listener): void {
  const set = listeners.get(key);
  set?.delete(listener);
  if (set?.size === 0) listeners.delete(key);
}
