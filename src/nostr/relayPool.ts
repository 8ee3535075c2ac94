// The client side of relays: publish, fetch and subscribe on many relays at once; nothing a relay does throws, hangs or slips in an event.

import { randomBytes } from 'node:crypto';
import type { Hex } from '../core/bytes.ts';
import type { Clock, Rng } from '../core/ports.ts';
import { withDeadline } from './deadline.ts';
import type { NostrEvent } from './event.ts';
import { fetchFromRelay, streamFromRelay } from './fetchFromRelay.ts';
import type { Filter } from './filter.ts';
import type { SubscriptionItem } from './followRound.ts';
import type { Completeness } from './readPages.ts';
import { completePoolLimits, PROXIED_POOL_LIMITS, type PoolLimits } from './poolLimits.ts';
import { nameStream, type ProxyRoute } from './proxy.ts';
import { parseProxyUrl } from './proxyUrl.ts';
import { publishToRelay, type PublishOutcome } from './publishToRelay.ts';
import { openConnection, type ConnectionContext, type RelayConnection } from './relayConnection.ts';
import { authOf, checkEvent, checkFilters, socketKey, type RelayAccess } from './relayPurpose.ts';
import { isRelayUrl, parseRelayUrl } from './relayUrl.ts';
import { subscribeToRelays } from './subscribeToRelays.ts';

/** What a pool is made of; limits default to `DEFAULT_POOL_LIMITS`, behind a proxy to `PROXIED_POOL_LIMITS`. */
export interface RelayPoolOptions extends Partial<PoolLimits> {
  readonly clock: Clock;
  /** Makes subscription ids and jitter; by default the system's randomness. */
  readonly rng?: Rng;
  /** URL of the SOCKS5 proxy (`socks5h://host:port`) that every connection goes through, to loopback addresses too; none by default. */
  readonly proxy?: string | undefined;
}

/** Options of a publish or fetch. */
export type RelayCallOptions = RelayAccess & {
  /** Ends the call early, with what is known by then. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds for the call as a whole, connecting included. */
  readonly timeoutMs?: number | undefined;
};

/** Options of a stream. */
export type StreamOptions = RelayAccess & {
  /** Ends the call early, with what is known by then. */
  readonly signal?: AbortSignal | undefined;
};

/** Options of a subscription. */
export type SubscribeOptions = RelayAccess & {
  /** Ends the subscription. */
  readonly signal: AbortSignal;
  /** Seconds of `created_at` that a reconnect goes back behind the last sign of life; 600 by default. Gift wraps need more than two days. */
  readonly overlapSeconds?: number | undefined;
  /** The filters of the next round after a loss, in place of the first ones moved on: for a subscription that lives for weeks. */
  readonly refilter?: (() => readonly Filter[]) | undefined;
  /** True when the reader checks signatures itself: events are yielded with nothing but their id checked, and one id may come with several. */
  readonly verifiesLater?: boolean | undefined;
  /** Awaited before each page of what is stored: a reader that keeps what it gets has room for it when this resolves. Live events do not wait. */
  readonly beforePage?: ((signal: AbortSignal) => Promise<void>) | undefined;
};

/** What one relay contributed to a fetch. `reason` is ours, or the relay's own text after `closed:`: do not log it. */
export interface FetchReport {
  readonly relay: string;
  /** True when the relay claims to have sent all it has, page after page. */
  readonly complete: boolean;
  readonly reason?: string;
  /** All was sent but for seconds that hold more events than the relay returns at a time; this is the oldest (unix seconds). */
  readonly crowdedAt?: number | undefined;
}

/** What a fetch brought: events newest first, each once, verified and matching. */
export interface FetchResult {
  readonly events: readonly NostrEvent[];
  readonly relays: readonly FetchReport[];
}

/** Relays as their client sees them. Relay lists are normalised and may hold anything: a bad URL is an outcome. */
export interface RelayPool {
  /** Publishes to every relay; one outcome per relay. Throws only `internal/bug`, for a group's event on another purpose. */
  publish(relays: readonly string[], event: NostrEvent, options: RelayCallOptions): Promise<readonly PublishOutcome[]>;
  /** Fetches what is stored. A filter's `limit` counts per relay. Throws only `internal/bug`, for a filter of another purpose. */
  fetch(relays: readonly string[], filters: readonly Filter[], options: RelayCallOptions): Promise<FetchResult>;
  /**
   * Fetches what is stored, however much, and hands each event to `take` as it comes: with nothing but its id checked, one id perhaps with
   * several signatures and from several relays. Each page has the time of a fetch, all of them six times that. Throws as `fetch` does.
   */
  stream(
    relays: readonly string[],
    filters: readonly Filter[],
    take: (event: NostrEvent) => void,
    options: StreamOptions,
  ): Promise<readonly FetchReport[]>;
  /**
   * Yields what is stored and what comes, reconnecting for ever; starts when it is first read and ends with the signal, with the
   * loop that reads it, and with the pool. A slow reader makes relays wait, not memory grow. Throws as `fetch` does.
   */
  subscribe(relays: readonly string[], filters: readonly Filter[], options: SubscribeOptions): AsyncGenerator<SubscriptionItem, void>;
  /** Ends all sockets, timers and calls; what was waiting ends as an outcome. */
  close(): void;
}

const DEFAULT_OVERLAP_SECONDS = 600;
const STREAM_TIMEOUTS = 6;
const STREAM_SALT_BYTES = 16;
const systemRng: Rng = { bytes: (length) => new Uint8Array(randomBytes(length)) };

interface Pool {
  readonly context: ConnectionContext;
  readonly connections: Map<string, RelayConnection>;
  readonly closing: AbortController;
  /** The way of the socket with this key; undefined when it connects directly. */
  readonly routeOf: (key: string) => ProxyRoute | undefined;
}

/**
 * Creates a pool. Sockets open when first used, one per relay, purpose and signer. Throws `input/invalid` for a bad limit or proxy.
 *
 * @example const outcomes = await pool.publish(relays, event, { purpose: 'identity', auth: signer, timeoutMs: 5_000 });
 */
export function createRelayPool({ clock, rng = systemRng, proxy, ...limits }: RelayPoolOptions): RelayPool {
  const defaults = proxy === undefined ? {} : PROXIED_POOL_LIMITS;
  const context = { clock, rng, limits: completePoolLimits({ ...defaults, ...limits }) };
  const routeOf = planRoutes(proxy, rng);
  const pool: Pool = { context, connections: new Map(), closing: new AbortController(), routeOf };
  return {
    publish: (relays, event, options) => publish(pool, relays, event, options),
    fetch: (relays, filters, options) => fetchAll(pool, relays, filters, options),
    stream: (relays, filters, take, options) => streamAll(pool, relays, filters, take, options),
    subscribe: (relays, filters, options) => {
      checkFilters(filters, options.purpose);
      const connectTo = (relay: string): RelayConnection => connect(pool, relay, options);
      return subscribeToRelays(uniqueRelays(relays), {
        ...context,
        filters,
        connect: connectTo,
        signals: [options.signal, pool.closing.signal],
        auth: authOf(options),
        overlapSeconds: options.overlapSeconds ?? DEFAULT_OVERLAP_SECONDS,
        refilter: options.refilter,
        verifiesLater: options.verifiesLater,
        beforePage: options.beforePage,
      });
    },
    close: () => closePool(pool),
  };
}

async function publish(
  pool: Pool,
  relays: readonly string[],
  event: NostrEvent,
  options: RelayCallOptions,
): Promise<readonly PublishOutcome[]> {
  checkEvent(event, options.purpose);
  return withDeadline(options.timeoutMs ?? pool.context.limits.timeoutMs, options.signal, (deadline) =>
    Promise.all(
      uniqueRelays(relays).map(async (relay): Promise<PublishOutcome> => {
        if (!isRelayUrl(relay)) return { relay, outcome: 'unreachable', retryable: false, reason: 'invalid-url' };
        if (isClosed(pool)) return { relay, outcome: 'unreachable', retryable: false, reason: 'closed' };
        return publishToRelay(connect(pool, relay, options), event, authOf(options), deadline);
      }),
    ),
  );
}

async function fetchAll(
  pool: Pool,
  relays: readonly string[],
  filters: readonly Filter[],
  options: RelayCallOptions,
): Promise<FetchResult> {
  checkFilters(filters, options.purpose);
  const found = new Map<Hex, NostrEvent>();
  const timeoutMs = options.timeoutMs ?? pool.context.limits.timeoutMs;
  const reports = await readEach(pool, relays, options, timeoutMs, (connection, deadline) =>
    fetchFromRelay(connection, filters, found, authOf(options), deadline),
  );
  return { events: [...found.values()].sort(compareNewestFirst), relays: reports };
}

async function streamAll(
  pool: Pool,
  relays: readonly string[],
  filters: readonly Filter[],
  take: (event: NostrEvent) => void,
  options: StreamOptions,
): Promise<readonly FetchReport[]> {
  checkFilters(filters, options.purpose);
  const timeoutMs = STREAM_TIMEOUTS * pool.context.limits.timeoutMs;
  return readEach(pool, relays, options, timeoutMs, (connection, deadline) =>
    streamFromRelay(connection, filters, take, authOf(options), deadline),
  );
}

/** Reads from each relay by itself; one report per relay. */
function readEach(
  pool: Pool,
  relays: readonly string[],
  options: StreamOptions,
  timeoutMs: number,
  read: (connection: RelayConnection, deadline: AbortSignal) => Promise<Completeness>,
): Promise<readonly FetchReport[]> {
  return withDeadline(timeoutMs, options.signal, (deadline) =>
    Promise.all(
      uniqueRelays(relays).map(async (relay): Promise<FetchReport> => {
        if (!isRelayUrl(relay)) return { relay, complete: false, reason: 'invalid-url' };
        if (isClosed(pool)) return { relay, complete: false, reason: 'closed' };
        return { relay, ...(await read(connect(pool, relay, options), deadline)) };
      }),
    ),
  );
}

function connect(pool: Pool, relay: string, access: RelayAccess): RelayConnection {
  const key = socketKey(relay, access);
  const known = pool.connections.get(key);
  if (known !== undefined) return known;
  const connection = openConnection(relay, pool.context, () => pool.connections.delete(key), pool.routeOf(key));
  pool.connections.set(key, connection);
  return connection;
}

/** Sockets have names at the proxy that neither another socket nor another pool has. */
function planRoutes(proxy: string | undefined, rng: Rng): Pool['routeOf'] {
  if (proxy === undefined) return () => undefined;
  const [url, salt] = [parseProxyUrl(proxy), rng.bytes(STREAM_SALT_BYTES)];
  return (key) => ({ proxy: url, stream: nameStream(salt, key) });
}

function isClosed(pool: Pool): boolean {
  return pool.closing.signal.aborted;
}

function closePool(pool: Pool): void {
  pool.closing.abort();
  for (const connection of [...pool.connections.values()]) connection.close('closed');
}

function uniqueRelays(relays: readonly string[]): readonly string[] {
  return [...new Set(relays.map((relay) => (isRelayUrl(relay) ? parseRelayUrl(relay) : relay)))];
}

function compareNewestFirst(a: NostrEvent, b: NostrEvent): number {
  return b.created_at - a.created_at || (a.id < b.id ? -1 : 1);
}
