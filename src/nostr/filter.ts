// NIP-01 filters as a client writes them, and the check that a relay sent what was asked for.

import type { Hex } from '../core/bytes.ts';
import type { NostrEvent } from './event.ts';

/** A NIP-01 filter: every condition must hold; within a list one value suffices. */
export interface Filter {
  readonly ids?: readonly Hex[];
  readonly authors?: readonly Hex[];
  readonly kinds?: readonly number[];
  /** Unix seconds, inclusive. */
  readonly since?: number;
  /** Unix seconds, inclusive. */
  readonly until?: number;
  /** Stored events a relay returns at most, newest first. */
  readonly limit?: number;
  /** Values of a one-letter tag, like `#p`. */
  readonly [tag: `#${string}`]: readonly string[] | undefined;
}

/** True when an event meets every condition of a filter (NIP-01). `limit` is no condition; an empty list matches nothing. */
export function matchFilter(filter: Filter, event: NostrEvent): boolean {
  return (
    (filter.ids === undefined || filter.ids.includes(event.id)) &&
    (filter.authors === undefined || filter.authors.includes(event.pubkey)) &&
    (filter.kinds === undefined || filter.kinds.includes(event.kind)) &&
    (filter.since === undefined || event.created_at >= filter.since) &&
    (filter.until === undefined || event.created_at <= filter.until) &&
    tagConditions(filter).every(([name, values]) => hasTag(event, name, values))
  );
}

/** True for a filter with an empty list: no event meets it, and relays may refuse it. */
export function isVoid(filter: Filter): boolean {
  return Object.values(filter).some((values) => Array.isArray(values) && values.length === 0);
}

/** True when an event matches at least one filter, as the filters of one REQ are meant (NIP-01). */
export function matchAnyFilter(filters: readonly Filter[], event: NostrEvent): boolean {
  return filters.some((filter) => matchFilter(filter, event));
}

/** The tag conditions of a filter as pairs of tag name (without `#`) and accepted values. */
export function tagConditions(filter: Filter): readonly (readonly [string, readonly string[]])[] {
  return Object.entries(filter).flatMap(([field, values]) =>
    field.startsWith('#') && values !== undefined ? [[field.slice(1), values]] : [],
  );
}

function hasTag(event: NostrEvent, name: string, values: readonly string[]): boolean {
  return event.tags.some((tag) => tag[0] === name && tag[1] !== undefined && values.includes(tag[1]));
}
