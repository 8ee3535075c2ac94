// A parsed NIP-01 filter and the one function that decides whether an event matches it, stored or live.

import type { NostrEvent } from '../nostr/event.ts';

/** A parsed filter; an absent condition is undefined and lists are never empty. `parseFilter` makes it. */
export interface Filter {
  readonly ids?: ReadonlySet<string>;
  readonly authors?: ReadonlySet<string>;
  readonly kinds?: ReadonlySet<number>;
  /** Accepted values per tag letter. */
  readonly tags: ReadonlyMap<string, ReadonlySet<string>>;
  /** Unix seconds, inclusive. */
  readonly since?: number;
  /** Unix seconds, inclusive. */
  readonly until?: number;
  /** Stored events to return at most. */
  readonly limit: number;
}

/** True when an event meets every condition of a filter (NIP-01). `limit` is no condition. */
export function matchesFilter(filter: Filter, event: NostrEvent): boolean {
  return (
    (filter.ids === undefined || filter.ids.has(event.id)) &&
    (filter.authors === undefined || filter.authors.has(event.pubkey)) &&
    (filter.kinds === undefined || filter.kinds.has(event.kind)) &&
    (filter.since === undefined || event.created_at >= filter.since) &&
    (filter.until === undefined || event.created_at <= filter.until) &&
    [...filter.tags].every(([letter, values]) => hasTag(event, letter, values))
  );
}

/** True when an event matches at least one filter of a REQ. */
export function matchesAny(filters: readonly Filter[], event: NostrEvent): boolean {
  return filters.some((filter) => matchesFilter(filter, event));
}

function hasTag(event: NostrEvent, letter: string, values: ReadonlySet<string>): boolean {
  return event.tags.some(([name, value]) => name === letter && value !== undefined && values.has(value));
}
