// How much time, memory and patience the relay pool has: every limit, its unit and its default.

import { NegotiateError } from '../core/errors.ts';

/** Limits of a relay pool. All are whole numbers of at least 1. */
export interface PoolLimits {
  /** Milliseconds a relay has to take the connection. */
  readonly connectTimeoutMs: number;
  /** Milliseconds for a publish or fetch as a whole, and for each page of a subscription's backlog. */
  readonly timeoutMs: number;
  /** Milliseconds for a NIP-42 authentication: challenge, signer and answer. */
  readonly authTimeoutMs: number;
  /** Milliseconds between pings; a relay silent for a whole interval is taken for dead. */
  readonly pingIntervalMs: number;
  /** Milliseconds after which a socket nobody uses is closed. */
  readonly idleMs: number;
  /** Bytes of one websocket message; the header of a longer one ends the connection. */
  readonly maxFrameBytes: number;
  /** Bytes of one event as JSON. */
  readonly maxEventBytes: number;
  /** Bytes that may wait to be sent on one socket before the relay is taken for dead. */
  readonly maxBufferedBytes: number;
  /** Points of junk per ping interval after which a relay is cut off: a stray message is 1, a bad event 5. */
  readonly maxJunk: number;
  /** Events asked for per page. */
  readonly pageLimit: number;
  /** Events asked for at once where one second holds more than a page; a relay returns what it allows. */
  readonly crowdedLimit: number;
  /** Pages per relay and filter of a fetch; a subscription rests after so many, then reads on. */
  readonly maxPages: number;
  /** Events one relay may contribute to one fetch. */
  readonly maxEvents: number;
  /** Bytes of events one relay may send for one fetch. */
  readonly maxFetchBytes: number;
  /** Events of one relay that may wait for a subscription's reader. */
  readonly queueLimit: number;
  /** Milliseconds before the first attempt to reconnect; doubles with each failure. */
  readonly retryMinMs: number;
  /** Longest wait between attempts to reconnect, in milliseconds. */
  readonly retryMaxMs: number;
}

/** Limits of a pool that was given none. */
export const DEFAULT_POOL_LIMITS: PoolLimits = {
  connectTimeoutMs: 5_000,
  timeoutMs: 10_000,
  authTimeoutMs: 5_000,
  pingIntervalMs: 30_000,
  idleMs: 60_000,
  maxFrameBytes: 512 * 1024,
  maxEventBytes: 128 * 1024,
  maxBufferedBytes: 8 * 1024 * 1024,
  maxJunk: 1_000,
  pageLimit: 500,
  crowdedLimit: 5_000,
  maxPages: 100,
  maxEvents: 10_000,
  maxFetchBytes: 32 * 1024 * 1024,
  queueLimit: 1_000,
  retryMinMs: 1_000,
  retryMaxMs: 60_000,
};

/** What differs behind a proxy: an onion circuit takes many seconds to build and is slow after that. */
export const PROXIED_POOL_LIMITS: Partial<PoolLimits> = { connectTimeoutMs: 30_000, timeoutMs: 45_000, authTimeoutMs: 15_000 };

/** Completes limits with the defaults. Throws `input/invalid` for one that is not a whole number of at least 1. */
export function completePoolLimits(limits: Partial<PoolLimits>): PoolLimits {
  const complete = { ...DEFAULT_POOL_LIMITS, ...limits };
  if (Object.values(complete).some((limit) => !Number.isSafeInteger(limit) || limit < 1)) {
    throw new NegotiateError('input/invalid', 'A relay limit must be a whole number of at least 1. Correct the limits and start again.');
  }
  return complete;
}
