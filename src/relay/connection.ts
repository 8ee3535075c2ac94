// One client's connection: what the relay knows of it, and how it sends without piling up memory.

import { randomBytes } from 'node:crypto';
import { WebSocket } from 'ws';
import type { Hex } from '../core/bytes.ts';
import type { Clock } from '../core/ports.ts';
import type { NostrEvent } from '../nostr/event.ts';
import { encodeAuth } from './answer.ts';
import type { EventStore } from './eventStore.ts';
import type { Filter } from './filter.ts';
import { KIND_GIFT_WRAP, recipientsOf } from './kinds.ts';
import type { RelayLimits } from './limits.ts';
import { createTokenBucket, type TokenBucket } from './tokenBucket.ts';

/** What all connections of one relay share. */
export interface RelayContext {
  readonly store: EventStore;
  readonly limits: RelayLimits;
  readonly clock: Clock;
  readonly requireAuthForGiftWraps: boolean;
  /** URLs by which clients know this relay; a proof of identity (NIP-42) names one of them. */
  readonly ownUrls: readonly string[];
  /** Connections that are not yet down. */
  readonly connections: Set<Connection>;
}

/** An open REQ. A new object per REQ, so that what still runs for a replaced one can tell. */
export interface Subscription {
  readonly filters: readonly Filter[];
}

/** One client's connection. */
export interface Connection {
  readonly socket: WebSocket;
  readonly limits: RelayLimits;
  /** Challenge of this connection alone (NIP-42). */
  readonly challenge: string;
  isChallengeSent: boolean;
  readonly authenticatedKeys: Set<Hex>;
  /** By subscription id. */
  readonly subscriptions: Map<string, Subscription>;
  readonly eventBucket: TokenBucket;
  readonly reqBucket: TokenBucket;
  malformedFrames: number;
  /** Whether the last ping was answered. */
  isAlive: boolean;
}

/** Creates the state of a new connection. */
export function createConnection(socket: WebSocket, { limits, clock }: RelayContext): Connection {
  const now = clock.now();
  return {
    socket,
    limits,
    challenge: randomBytes(32).toString('hex'),
    isChallengeSent: false,
    authenticatedKeys: new Set(),
    subscriptions: new Map(),
    eventBucket: createTokenBucket(limits.eventsPerSecond, limits.eventBurst, now),
    reqBucket: createTokenBucket(limits.reqsPerSecond, limits.reqBurst, now),
    malformedFrames: 0,
    isAlive: true,
  };
}

/** True while frames can be sent. */
export function isOpen({ socket }: Connection): boolean {
  return socket.readyState === WebSocket.OPEN;
}

/** Sends a text frame; a client that does not read what it is sent is dropped instead. */
export function send(connection: Connection, text: string): void {
  const { socket, limits } = connection;
  if (!isOpen(connection)) return;
  // Failures to send show as 'close'.
  if (socket.bufferedAmount <= limits.maxBufferedBytes) socket.send(text, () => undefined);
  else socket.terminate();
}

/** Sends the challenge unless this client has it (NIP-42). */
export function sendChallenge(connection: Connection): void {
  if (connection.isChallengeSent) return;
  connection.isChallengeSent = true;
  send(connection, encodeAuth(connection.challenge));
}

/** True when a connection may be shown an event: a gift wrap perhaps only by whom it is addressed to. */
export function mayRead(context: RelayContext, { authenticatedKeys }: Connection, event: NostrEvent): boolean {
  if (!context.requireAuthForGiftWraps || event.kind !== KIND_GIFT_WRAP) return true;
  return recipientsOf(event).some((recipient) => authenticatedKeys.has(recipient));
}
