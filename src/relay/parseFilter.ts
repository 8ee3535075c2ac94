// Parses the filters of a REQ strictly: what the relay does not understand is refused, never ignored.

import { isHex32 } from '../core/bytes.ts';
import type { Refusal } from './answer.ts';
import type { Filter } from './filter.ts';
import { isTagLetter } from './kinds.ts';
import type { RelayLimits } from './limits.ts';

/** Either the filter, or why it is refused. */
export type ParsedFilter = { readonly ok: true; readonly filter: Filter } | { readonly ok: false; readonly reason: Refusal };

interface Draft {
  ids?: ReadonlySet<string>;
  authors?: ReadonlySet<string>;
  kinds?: ReadonlySet<number>;
  tags: Map<string, ReadonlySet<string>>;
  since?: number;
  until?: number;
  limit: number;
  values: number;
}

/**
 * Parses one filter (NIP-01). Refused: unknown fields, empty lists, values of the wrong type, `ids`, `authors`, `#e` and `#p`
 * that are not 64 lower-case hex digits, more values than `maxFilterValues`. A missing or larger `limit` becomes `maxLimit`.
 */
export function parseFilter(value: unknown, limits: RelayLimits): ParsedFilter {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return { ok: false, reason: 'invalid: a filter must be an object' };
  const draft: Draft = { tags: new Map(), limit: limits.maxLimit, values: 0 };
  for (const [field, raw] of Object.entries(value)) {
    const reason = readField(draft, field, raw);
    if (reason !== undefined) return { ok: false, reason };
  }
  const { values, ...filter } = draft;
  if (values > limits.maxFilterValues) return { ok: false, reason: `invalid: a filter may list ${limits.maxFilterValues} values at most` };
  return { ok: true, filter: { ...filter, limit: Math.min(filter.limit, limits.maxLimit) } };
}

/** Reads one field into the draft; returns why it cannot, if so. */
function readField(draft: Draft, field: string, raw: unknown): Refusal | undefined {
  switch (field) {
    case 'ids':
    case 'authors':
      return readList(draft, raw, isHex32, (set) => (draft[field] = set));
    case 'kinds':
      return readList(draft, raw, isKind, (set) => (draft.kinds = set));
    case 'since':
    case 'until':
    case 'limit':
      return readCount(raw, (count) => (draft[field] = count));
    default:
      return readTagField(draft, field, raw);
  }
}

function readTagField(draft: Draft, field: string, raw: unknown): Refusal | undefined {
  const letter = field.slice(1);
  if (!field.startsWith('#') || !isTagLetter(letter)) return 'unsupported: a filter has a field this relay does not know';
  const isValue = letter === 'e' || letter === 'p' ? isHex32 : isText;
  return readList(draft, raw, isValue, (set) => draft.tags.set(letter, set));
}

function readList<T>(
  draft: Draft,
  raw: unknown,
  isItem: (item: unknown) => item is T,
  keep: (set: ReadonlySet<T>) => void,
): Refusal | undefined {
  if (!Array.isArray(raw) || raw.length === 0) return 'invalid: each list of a filter must be an array with at least one value';
  if (!raw.every(isItem)) return 'invalid: a filter lists a value of the wrong form';
  draft.values += raw.length;
  keep(new Set(raw));
  return undefined;
}

function readCount(raw: unknown, keep: (count: number) => void): Refusal | undefined {
  if (!isUint(raw)) return 'invalid: since, until and limit must be whole numbers of at least 0';
  keep(raw);
  return undefined;
}

function isUint(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function isKind(value: unknown): value is number {
  return isUint(value) && value <= 65_535;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.isWellFormed();
}
