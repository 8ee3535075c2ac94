// Random valid terms, and every copy of a JSON value with one place changed: what the property tests draw from.

import fc from 'fast-check';
import { MAX_MSAT } from '../core/money.ts';
import { isCleanText } from '../core/text.ts';
import { anyPrice, LARGE } from './price.fixture.ts';
import type { Terms } from './terms.ts';

const hex = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString('hex'));
const name = fc.stringMatching(/^[a-z0-9][a-z0-9._:-]{0,20}$/);
const count = fc.nat();
const unixSeconds = fc.integer({ min: 0, max: 253_402_300_799 });
const amount = fc.bigInt(0n, MAX_MSAT).map(String);
const address = fc.stringMatching(/^[!-~]{1,30}$/);
const text = fc
  .array(
    fc.oneof(
      { arbitrary: fc.string({ unit: 'grapheme', maxLength: 12 }), weight: 3 },
      fc.constantFrom('\n', '\t', '\nPrice: 1 sat', '  | '),
    ),
    {
      minLength: 1,
      maxLength: 5,
    },
  )
  .map((parts) => parts.join('').normalize('NFC'))
  .filter((joined) => joined.length > 0 && isCleanText(joined));
const line = text.filter((joined) => !/[\n\t]/.test(joined));

/** Draws some of the optional fields, at least one, beside all of the required ones. */
function section<T extends Record<string, unknown>>(fields: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<Partial<T>> {
  return fc.record(fields, { requiredKeys: [] }).filter((drawn) => Object.keys(drawn).length > 0) as fc.Arbitrary<Partial<T>>;
}

const penalty = fc
  .tuple(name, fc.constantFrom('over', 'under'), count, amount)
  .map(([metric, limit, at, credit]) => ({ metric, [limit]: at, credit_msat: credit }));

/** Any terms that the schema takes. */
export const anyTerms = fc.record(
  {
    service: fc.record(
      { capability: name, dvm_kind: fc.integer({ min: 5_000, max: 5_999 }), title: line },
      { requiredKeys: ['capability'] },
    ),
    scope: fc.record(
      {
        summary: text,
        inputs: fc.uniqueArray(fc.record({ name: line, sha256: hex, size: count }), {
          minLength: 1,
          maxLength: 3,
          selector: (input) => input.name,
        }),
        output: text,
        acceptance: fc.array(text, { minLength: 1, maxLength: 3 }),
        revisions: count,
      },
      { requiredKeys: ['summary'] },
    ),
    price: anyPrice(
      LARGE,
      line.filter((joined) => joined.length <= 200),
    ),
    delivery: fc.oneof(section({ deadline: unixSeconds, channel: name }), section({ within_s: count, channel: name })),
    payment: section({
      rail: name,
      when: fc.constantFrom('before', 'after', 'escrow', 'milestones'),
      payee: section({ address, mints: fc.array(address, { minLength: 1, maxLength: 2 }) }),
      arbiter: hex,
    }),
    confidentiality: section({ publish: fc.uniqueArray(name, { minLength: 1, maxLength: 3 }), retention_s: count }),
    penalties: fc.array(penalty, { minLength: 1, maxLength: 2 }),
    framework: section({ ends_at: unixSeconds, max_calls: count, cap_msat: amount }),
  },
  { requiredKeys: ['service', 'scope', 'price'] },
) as fc.Arbitrary<Terms>;

/** One changed copy of a JSON value, and where it differs. */
export interface Mutation {
  readonly path: string;
  readonly json: unknown;
}

/**
 * Every copy of a JSON value that differs in one place: a value replaced (by a neighbour of its type, by null, by another type), a key
 * or item removed, a key or item added.
 */
export function* mutateJson(json: unknown, path = ''): Generator<Mutation> {
  for (const other of replacementsOf(json)) yield { path: `${path} replaced`, json: other };
  if (Array.isArray(json)) yield* mutateArray(json, path);
  else if (typeof json === 'object' && json !== null) yield* mutateObject(json as Record<string, unknown>, path);
}

function* replacementsOf(json: unknown): Generator<unknown> {
  if (typeof json === 'string') {
    const turn = (char: string): string => (char === '0' ? '1' : '0');
    yield* [
      `${json.slice(0, -1)}${turn(json.slice(-1))}`,
      `${turn(json.slice(0, 1))}${json.slice(1)}`,
      `${json}0`,
      json.toUpperCase(),
      '',
    ].filter((other) => other !== json);
  }
  if (typeof json === 'number') yield* [json + 1, json - 1, String(json)];
  if (json === null) yield 'ff'.repeat(32);
  else yield null;
  yield* [{}, [], true];
}

function* mutateArray(items: readonly unknown[], path: string): Generator<Mutation> {
  for (const [i, item] of items.entries()) {
    yield { path: `${path}/${i} removed`, json: items.toSpliced(i, 1) };
    for (const change of mutateJson(item, `${path}/${i}`)) yield { ...change, json: items.with(i, change.json) };
  }
  yield { path: `${path}/- added`, json: [...items, 'x'] };
  if (items.length > 0) yield { path: `${path}/- repeated`, json: [...items, items[0]] };
}

function* mutateObject(json: Readonly<Record<string, unknown>>, path: string): Generator<Mutation> {
  for (const added of ['zz', '__proto__', 'constructor']) yield { path: `${path}/${added} added`, json: withKey(json, added, 1) };
  for (const [key, item] of Object.entries(json)) {
    const { [key]: _, ...rest } = json;
    yield { path: `${path}/${key} removed`, json: rest };
    for (const change of mutateJson(item, `${path}/${key}`)) yield { ...change, json: withKey(json, key, change.json) };
  }
}

// A plain assignment to "__proto__" would set no key.
function withKey(json: object, key: string, value: unknown): object {
  return Object.defineProperty({ ...json }, key, { value, enumerable: true, configurable: true, writable: true });
}
