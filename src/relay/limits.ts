// How much one client may ask of the relay: every limit, its unit and its default.

import { NegotiateError } from '../core/errors.ts';

/** Limits of a relay; NIP-11 publishes the ones clients can act on. All are whole numbers of at least 1. */
export interface RelayLimits {
  /** Bytes of one websocket message; a longer one ends the connection with status 1009. */
  readonly maxFrameBytes: number;
  /** Bytes of one event as compact JSON. */
  readonly maxEventBytes: number;
  /** Tags of one event. */
  readonly maxTags: number;
  /** How far an event's `created_at` may lie ahead of the relay's clock, in seconds. */
  readonly maxFutureSeconds: number;
  /** Filters of one REQ. */
  readonly maxFilters: number;
  /** Values of one filter, counted over all its lists. */
  readonly maxFilterValues: number;
  /** Stored events that one filter returns at most, and its `limit` when it names none. */
  readonly maxLimit: number;
  /** Open subscriptions of one connection. */
  readonly maxSubscriptions: number;
  /** Characters of a subscription id. */
  readonly maxSubscriptionIdLength: number;
  /** EVENT and AUTH messages that one connection may send in the long run, per second. */
  readonly eventsPerSecond: number;
  /** EVENT and AUTH messages that one connection may send at once. */
  readonly eventBurst: number;
  /** REQ messages that one connection may send in the long run, per second. */
  readonly reqsPerSecond: number;
  /** REQ messages that one connection may send at once. */
  readonly reqBurst: number;
  /** Websocket connections at one time; a further one is answered with HTTP 503. */
  readonly maxConnections: number;
  /** Keys that one connection may authenticate as (NIP-42). */
  readonly maxAuthenticatedKeys: number;
  /** Unsent bytes a connection may pile up before the relay drops it as a slow consumer. */
  readonly maxBufferedBytes: number;
  /** Messages that are not the Nostr protocol, after which the connection is closed with status 1008. */
  readonly maxMalformedFrames: number;
  /** Bytes of the store, indexes included, rounded up to SQLite's pages; once full, events are refused with `error:`. */
  readonly maxStoreBytes: number;
  /** Milliseconds between pings; who has not answered by the next one is dropped. */
  readonly heartbeatMs: number;
}

/** Limits of a relay that was given none. */
export const DEFAULT_LIMITS: RelayLimits = {
  maxFrameBytes: 512 * 1024,
  maxEventBytes: 128 * 1024,
  maxTags: 2_000,
  maxFutureSeconds: 15 * 60,
  maxFilters: 10,
  maxFilterValues: 500,
  maxLimit: 1_000,
  maxSubscriptions: 32,
  maxSubscriptionIdLength: 64,
  eventsPerSecond: 200,
  eventBurst: 1_000,
  reqsPerSecond: 200,
  reqBurst: 1_000,
  maxConnections: 1_000,
  maxAuthenticatedKeys: 16,
  maxBufferedBytes: 8 * 1024 * 1024,
  maxMalformedFrames: 10,
  maxStoreBytes: 512 * 1024 * 1024,
  heartbeatMs: 30_000,
};

// SQLite takes 32,766 parameters in one query.
const MAX_FILTER_VALUES = 30_000;
// A longer interval would overflow Node's timers, which then fire at once.
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Completes limits with the defaults. Throws `input/invalid` for one that is not a whole number of at least 1, or too large to hold. */
export function completeLimits(limits: Partial<RelayLimits>): RelayLimits {
  const complete = { ...DEFAULT_LIMITS, ...limits };
  if (Object.values(complete).some((limit) => !Number.isSafeInteger(limit) || limit < 1)) {
    throw new NegotiateError('input/invalid', 'A relay limit must be a whole number of at least 1. Correct the limits and start again.');
  }
  if (complete.maxFilterValues > MAX_FILTER_VALUES || complete.heartbeatMs > MAX_TIMER_MS) {
    const most = `maxFilterValues may be ${MAX_FILTER_VALUES} and heartbeatMs ${MAX_TIMER_MS} at most`;
    throw new NegotiateError('input/invalid', `A relay limit is too large: ${most}. Correct the limits and start again.`);
  }
  return complete;
}
