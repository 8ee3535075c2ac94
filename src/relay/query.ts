// Turns a filter into SQL that selects exactly the stored events `matchesFilter` accepts.

import type { Filter } from './filter.ts';
import { KIND_GIFT_WRAP } from './kinds.ts';

/** Who asks, as far as it decides what may be returned. */
export type GiftWrapReaders = 'anyone' | ReadonlySet<string>;

/** SQL with its positional parameters; selects `seq`, `id` and `created_at`, newest first, ties by lowest id. */
export interface Query {
  readonly sql: string;
  readonly values: readonly (string | number)[];
}

interface Condition {
  readonly sql: string;
  readonly values: readonly (string | number)[];
}

/** Builds the query of one filter for events that have not expired at `now` (unix seconds) and that `readers` may see. */
export function buildQuery(filter: Filter, readers: GiftWrapReaders, now: number): Query {
  const conditions = [...fieldConditions(filter), notExpired(now), ...giftWrapConditions(readers)];
  const where = conditions.map(({ sql }) => sql).join(' AND ');
  return {
    sql: `SELECT seq, id, created_at FROM event WHERE ${where} ORDER BY created_at DESC, id ASC LIMIT ?`,
    values: [...conditions.flatMap(({ values }) => values), filter.limit],
  };
}

function fieldConditions(filter: Filter): Condition[] {
  return [
    ...(filter.ids === undefined ? [] : [isIn('id', filter.ids)]),
    ...(filter.authors === undefined ? [] : [isIn('pubkey', filter.authors)]),
    ...(filter.kinds === undefined ? [] : [isIn('kind', filter.kinds)]),
    ...(filter.since === undefined ? [] : [{ sql: 'created_at >= ?', values: [filter.since] }]),
    ...(filter.until === undefined ? [] : [{ sql: 'created_at <= ?', values: [filter.until] }]),
    ...[...filter.tags].map(([letter, values]) => hasTag(letter, values)),
  ];
}

function isIn(column: string, accepted: ReadonlySet<string | number>): Condition {
  const values = [...accepted];
  return { sql: `${column} IN (${values.map(() => '?').join(',')})`, values };
}

function hasTag(letter: string, accepted: ReadonlySet<string>): Condition {
  const value = isIn('value', accepted);
  return { sql: `seq IN (SELECT seq FROM tag WHERE name = ? AND ${value.sql})`, values: [letter, ...value.values] };
}

function notExpired(now: number): Condition {
  return { sql: '(expires_at IS NULL OR expires_at > ?)', values: [now] };
}

function giftWrapConditions(readers: GiftWrapReaders): Condition[] {
  if (readers === 'anyone') return [];
  const addressed = readers.size === 0 ? { sql: 'FALSE', values: [] } : hasTag('p', readers);
  return [{ sql: `(kind <> ${KIND_GIFT_WRAP} OR ${addressed.sql})`, values: addressed.values }];
}
