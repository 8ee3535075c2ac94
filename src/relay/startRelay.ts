// A Nostr relay inside this program, for demos, tests and agents on one machine.

import { createServer, type Server } from 'node:http';
import type { Clock } from '../core/ports.ts';
import type { NostrEvent } from '../nostr/event.ts';
import { parseRelayUrl } from '../nostr/relayUrl.ts';
import { loadSchnorr } from '../nostr/schnorr.ts';
import { acceptSockets } from './acceptSockets.ts';
import type { RelayContext } from './connection.ts';
import { openEventStore, type EventStore } from './eventStore.ts';
import { completeLimits, type RelayLimits } from './limits.ts';
import { checkAddress, endServer, listen } from './listen.ts';
import { createInformationListener } from './relayInformation.ts';

/** Options of a relay. Without any it listens on a free port of 127.0.0.1 and keeps its events in memory. */
export interface RelayOptions {
  /** Where to listen; 127.0.0.1 by default, which no other machine can reach. There is no TLS: put a proxy in front elsewhere. */
  readonly host?: string | undefined;
  /** TCP port; 0, the default, takes any free one. */
  readonly port?: number | undefined;
  /** URL by which clients know the relay where that is not `url`, as on a network or behind a proxy; proofs of identity name it. */
  readonly publicUrl?: string | undefined;
  /** SQLite file that keeps the events; memory by default. One relay at a time can use it. */
  readonly path?: string | undefined;
  /** Serves gift wraps (kind 1059) to no one but clients that prove to be their recipient (NIP-42, NIP-59); false by default. */
  readonly requireAuthForGiftWraps?: boolean | undefined;
  readonly limits?: Partial<RelayLimits> | undefined;
  /** The system's clock by default. */
  readonly clock?: Clock | undefined;
  /** Name in the information document (NIP-11). */
  readonly name?: string | undefined;
}

/** A relay that listens. */
export interface RunningRelay {
  /** Like `ws://127.0.0.1:4869`. */
  readonly url: string;
  readonly port: number;
  /** Ends all connections and timers and closes the store. Safe to call again; never waits longer than about a second. */
  close(): Promise<void>;
  /** Everything stored that has not expired, in order of arrival. Not after `close`. */
  storedEvents(): NostrEvent[];
  /** Bytes of those events as JSON text. Not after `close`. */
  storedBytes(): number;
}

// Clients that take longer than this to ask are not clients.
const HTTP_LIMITS = { headersTimeout: 10_000, requestTimeout: 10_000, connectionsCheckingInterval: 5_000, maxHeaderSize: 16_384 };
// TCP connections beyond the websockets, so that a refusal can still be told.
const SPARE_CONNECTIONS = 64;

const systemClock: Clock = { now: () => Math.floor(Date.now() / 1000) };

/**
 * Starts a relay: NIP-01, 09, 11, 40, 42 and 70. Throws `input/invalid` for a bad port, host or limit, `relay/invalid-url` for a bad
 * `publicUrl`, `store/unavailable` when the port or the file is in use, `store/corrupt` and `store/schema-newer` for a bad file.
 *
 * @example const relay = await startRelay({ port: 4869, path: 'relay.db', requireAuthForGiftWraps: true });
 */
export async function startRelay(options: RelayOptions = {}): Promise<RunningRelay> {
  const { host = '127.0.0.1', port = 0, publicUrl, path, requireAuthForGiftWraps = false, clock = systemClock } = options;
  const { name = 'agent-negotiate relay' } = options;
  checkAddress({ host, port });
  const limits = completeLimits(options.limits ?? {});
  const publicUrls = publicUrl === undefined ? [] : [parseRelayUrl(publicUrl)];
  const server = createServer(HTTP_LIMITS, createInformationListener({ name, limits, requireAuthForGiftWraps }));
  server.maxConnections = limits.maxConnections + SPARE_CONNECTIONS;
  await loadSchnorr();
  const store = openEventStore(path, limits.maxStoreBytes);
  const actualPort = await listenOrClose(server, { host, port }, store);
  const url = urlOf(host, actualPort);
  const ownUrls = [url, ...aliasesOf(url, actualPort), ...publicUrls];
  // No connection can come before this: the port opened in this very turn of the event loop.
  const endSockets = acceptSockets(server, { store, limits, clock, requireAuthForGiftWraps, ownUrls, connections: new Set() });
  return makeRelay(url, actualPort, server, store, clock, endSockets);
}

function makeRelay(
  url: string,
  port: number,
  server: Server,
  store: EventStore,
  clock: RelayContext['clock'],
  endSockets: () => Promise<void>,
): RunningRelay {
  const swept = (): EventStore => {
    store.sweep(clock.now());
    return store;
  };
  let closed: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    await endSockets();
    await endServer(server);
    store.close();
  };
  return {
    url,
    port,
    close: () => (closed ??= close()),
    storedEvents: () => swept().all(),
    storedBytes: () => swept().countBytes(),
  };
}

async function listenOrClose(server: Server, address: { host: string; port: number }, store: EventStore): Promise<number> {
  try {
    return await listen(server, address);
  } catch (error) {
    store.close();
    throw error;
  }
}

// A host that means every interface is no address to dial; this machine reaches the relay by its loopback address.
function urlOf(host: string, port: number): string {
  if (host === '0.0.0.0' || host === '::') return `ws://127.0.0.1:${port}`;
  return `ws://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

// What people on this machine call it when they do not type the address.
function aliasesOf(url: string, port: number): readonly string[] {
  return /^ws:\/\/(?:127\.0\.0\.1|\[::1\]):/.test(url) ? [`ws://localhost:${port}`] : [];
}
