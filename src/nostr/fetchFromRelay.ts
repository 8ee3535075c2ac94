// Fetches stored events from one relay: all pages of all filters, within bounds on events and bytes.

import type { Hex } from '../core/bytes.ts';
import { withDeadline } from './deadline.ts';
import type { NostrEvent } from './event.ts';
import type { Filter } from './filter.ts';
import { readFilters, readPages, type Completeness, type Page } from './readPages.ts';
import type { RelayConnection } from './relayConnection.ts';
import { runRequest, type RequestHandlers } from './relayRequest.ts';
import type { Signer } from './signer.ts';

/** What may still be taken from one relay. */
export interface Budget {
  events: number;
  bytes: number;
}

/** Where the events of a page go. */
export interface PageSource {
  readonly findKnown: RequestHandlers['findKnown'];
  readonly verifiesLater?: boolean | undefined;
  /** True for an event that came live on the same connection: it may be in a page, and is no part of it. */
  readonly isLive?: ((event: NostrEvent) => boolean) | undefined;
  /** Takes a verified event that was not known; returns false when there is no room for it. */
  keep(event: NostrEvent): boolean;
}

/** Adds to `found` what the relay has for the filters. Never rejects. */
export async function fetchFromRelay(
  connection: RelayConnection,
  filters: readonly Filter[],
  found: Map<Hex, NostrEvent>,
  auth: Signer | undefined,
  deadline: AbortSignal,
): Promise<Completeness> {
  const { limits } = connection;
  const budget: Budget = { events: limits.maxEvents, bytes: limits.maxFetchBytes };
  const keep = (event: NostrEvent): boolean => found.set(event.id, event).size > 0;
  const source: PageSource = { findKnown: ({ id }) => found.get(id), keep };
  const readPage = async (window: Filter): Promise<Page> => {
    const page = await requestPage(connection, window, source, budget, auth, deadline);
    // The budget is for all pages: a smaller one would not fit either.
    return page.kind === 'too-large' ? { kind: 'failed', reason: 'too-much' } : page;
  };
  return readFilters(filters, (filter) => readPages(filter, limits, readPage));
}

/**
 * Hands to `take` what the relay has for the filters, page by page, each within the time and the bounds of one request; nothing but its id was
 * checked, and it may come again. For more than a fetch may hold. Never rejects.
 */
export async function streamFromRelay(
  connection: RelayConnection,
  filters: readonly Filter[],
  take: (event: NostrEvent) => void,
  auth: Signer | undefined,
  deadline: AbortSignal,
): Promise<Completeness> {
  const { limits } = connection;
  const keep = (event: NostrEvent): boolean => {
    take(event);
    return true;
  };
  const source: PageSource = { findKnown: () => undefined, keep, verifiesLater: true };
  const readPage = (window: Filter): Promise<Page> => {
    const budget: Budget = { events: limits.maxEvents, bytes: limits.maxFetchBytes };
    return withDeadline(limits.timeoutMs, deadline, (each) => requestPage(connection, window, source, budget, auth, each));
  };
  return readFilters(filters, (filter) => readPages(filter, limits, readPage));
}

/** Reads one page; new events go to `keep`. It is too large when the budget is spent or there is no room. Never rejects. */
export async function requestPage(
  connection: RelayConnection,
  filter: Filter,
  source: PageSource,
  budget: Budget,
  auth: Signer | undefined,
  deadline: AbortSignal,
): Promise<Page> {
  const ids = new Set<Hex>();
  const [times, liveTimes]: [number[], number[]] = [[], []];
  const onEvent: RequestHandlers['onEvent'] = (event, { isKnown, bytes }) => {
    budget.bytes -= bytes;
    if (ids.has(event.id)) connection.countJunk(1);
    else (source.isLive?.(event) === true ? liveTimes : times).push(event.created_at);
    budget.events -= Number(!ids.has(event.id));
    if (budget.bytes < 0 || budget.events < 0) return false;
    ids.add(event.id);
    return isKnown || source.keep(event);
  };
  const { findKnown, verifiesLater } = source;
  const handlers = { findKnown, verifiesLater, onEvent, onEose: () => true };
  const end = await runRequest(connection, [filter], auth, deadline, handlers);
  switch (end.kind) {
    case 'eose':
      // Where nothing else came, what came live is what the relay has.
      return makePage(times.length > 0 ? times : liveTimes, ids.size, filter.limit ?? Infinity);
    case 'stopped':
      return { kind: 'too-large' };
    case 'failed':
      return { kind: 'failed', reason: end.reason };
    default:
      return end satisfies never;
  }
}

// So many may stray into a page; more mean that the relay does not sort at all.
const MAX_STRAYS = 32;

/**
 * A page from the times of its events in the order of arrival. An event that is published while a page is read comes in the midst of it,
 * out of order (NIP-01 sorts newest first) or beyond the limit; gift wraps are dated back by days, and taken for the end of the page one
 * would hide all that is between.
 */
function makePage(times: readonly number[], shown: number, limit: number): Page {
  let newestLater = -Infinity;
  const inOrder = times.toReversed().filter((time) => {
    const isInOrder = time >= newestLater;
    newestLater = Math.max(newestLater, time);
    return isInOrder;
  });
  const counted = times.length - inOrder.length > MAX_STRAYS ? times : inOrder;
  const page = counted.toSorted((a, b) => b - a).slice(0, limit);
  const oldest = page.at(-1) ?? Infinity;
  return { kind: 'page', shown, size: page.length, oldest, atOldest: page.filter((time) => time === oldest).length };
}
