// One connection to a relay for one purpose: routes what arrives to whoever waits for it and cuts off a relay that sends junk.
// nostr-tools' relay classes fold "rejected" and "no answer" into one error, share sockets across purposes and check no event against
// its live filter, so they do not fit.

import type { Clock, Rng } from '../core/ports.ts';
import type { PoolLimits } from './poolLimits.ts';
import type { ProxyRoute } from './proxy.ts';
import { createListeners } from './listeners.ts';
import { keyOf, parseRelayMessage, type RelayMessage } from './relayMessage.ts';
import { BAD_EVENT_POINTS, watchHealth } from './relayHealth.ts';
import { openSocket } from './relaySocket.ts';

/** Why a connection is down. `connection-lost` covers a relay that closed it or vanished, `misbehaving` one that we cut off. */
export type DownReason = 'unreachable' | 'connection-lost' | 'silent' | 'misbehaving' | 'idle' | 'closed';

/** What a listener is told: a message of the relay with the size of its frame, or that the connection is down (told once, last). */
export type ConnectionSignal = (RelayMessage & { readonly bytes: number }) | { readonly type: 'down'; readonly reason: DownReason };

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
  heardAt(): number;
  /** The relay's last challenge (NIP-42). */
  challenge: string | undefined;
  /** Sends one client message; does nothing when the connection is not open. */
  send(message: readonly unknown[]): void;
  /** Hears what belongs to a key (`keyOf` of relayMessage.ts); returns how to stop. A connection that is down says so at once. */
  listen(key: string, listener: (signal: ConnectionSignal) => void): () => void;
  /** Counts junk; the relay is cut off when there is too much. */
  countJunk(points: number): void;
  /** Ends the connection at once. */
  close(reason: DownReason): void;
}

/** Opens a connection to a normalised URL, through a proxy when there is a route; `onDown` is called once it is down. */
export function openConnection(relay: string, context: ConnectionContext, onDown: () => void, route?: ProxyRoute): RelayConnection {
  const { limits, clock } = context;
  const listeners = createListeners<ConnectionSignal>();
  const { promise: opened, resolve: settleOpened } = Promise.withResolvers<void>();
  let isOpen = false;
  let idleTimer: NodeJS.Timeout | undefined;

  const close = (reason: DownReason): void => {
    connection.downReason ??= reason;
    socket.close();
  };
  const restartIdleTimer = (): void => {
    clearTimeout(idleTimer);
    const isIdle = isOpen && connection.downReason === undefined && listeners.isEmpty();
    idleTimer = isIdle ? setTimeout(close, limits.idleMs, 'idle').unref() : undefined;
  };
  const listen: RelayConnection['listen'] = (key, listener) => {
    if (connection.downReason !== undefined) listener({ type: 'down', reason: connection.downReason });
    const stop = connection.downReason === undefined ? listeners.add(key, listener) : () => undefined;
    restartIdleTimer();
    return () => {
      stop();
      restartIdleTimer();
    };
  };
  const send = (message: readonly unknown[]): void => {
    socket.send(JSON.stringify(message));
    if (socket.bufferedBytes() > limits.maxBufferedBytes) close('silent');
  };
  const health = watchHealth(clock, limits, () => socket.ping(), close);
  const onOpen = (): void => {
    isOpen = true;
    health.noteLife();
    settleOpened();
    restartIdleTimer();
  };
  const onText = (text: string, bytes: number): void => {
    health.noteLife();
    const message = parseRelayMessage(text, limits.maxEventBytes);
    if (message.type === 'auth') connection.challenge = message.challenge;
    const key = keyOf(message);
    const isHeardBySomebody = key !== undefined && listeners.tell(key, { ...message, bytes });
    // Notices, and late answers to what was given up, are normal, but not in any number.
    if (!isHeardBySomebody) health.countJunk(message.type === 'junk' ? BAD_EVENT_POINTS : 1);
  };
  const onSocketDown = (isViolation: boolean): void => {
    const lost = isOpen ? 'connection-lost' : 'unreachable';
    connection.downReason ??= isViolation && isOpen ? 'misbehaving' : lost;
    health.stop();
    clearTimeout(idleTimer);
    onDown();
    settleOpened();
    listeners.dismissAll({ type: 'down', reason: connection.downReason });
  };
  const { heardAt, countJunk } = health;
  const state = { downReason: undefined, challenge: undefined };
  const connection: RelayConnection = { ...context, ...state, relay, opened, heardAt, send, listen, countJunk, close };
  const onBinary = (): void => health.countJunk(BAD_EVENT_POINTS);
  const handlers = { onOpen, onText, onBinary, onPong: health.noteLife, onDown: onSocketDown };
  const socket = openSocket(relay, limits, handlers, route);
  return connection;
}
