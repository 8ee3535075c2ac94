// Inputs without zod: they take and refuse what a strict schema of zod with the same fields does, and blame the same field.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { plainInput, type InputCheck } from './plainInput.ts';

const plain = plainInput<{ readonly nid: string; readonly agreement?: string | undefined }>({ nid: 'required', agreement: 'optional' });
const strict = z.strictObject({ nid: z.string(), agreement: z.string().optional() });

const value = fc.oneof(fc.string(), fc.constant(undefined), fc.constant(null), fc.integer(), fc.constant(['x']));
const key = fc.constantFrom('nid', 'agreement', 'other', '__proto__', 'constructor');
const input = fc.oneof(
  fc.array(fc.tuple(key, value), { maxLength: 4 }).map((entries) => Object.fromEntries(entries) as unknown),
  fc.record({ nid: fc.string() }),
  fc.record({ nid: fc.string(), agreement: fc.string() }),
  value,
);

function verdictOf(check: InputCheck<unknown>): unknown {
  if (check.success) return check.data;
  const [issue] = check.error.issues;
  return { refused: issue?.code, path: issue?.path };
}

describe('an input of texts', () => {
  it('is judged as zod judges it, with the same data, code and field', () => {
    let taken = 0;
    fc.assert(
      fc.property(input, (given) => {
        const checked = plain.safeParse(given);
        if (checked.success) taken += 1;
        expect(verdictOf(checked)).toEqual(verdictOf(strict.safeParse(given)));
      }),
      { numRuns: 2_000 },
    );
    expect(taken).toBeGreaterThan(200);
  });

  it.each([undefined, null, 'text', 7, [], ['nid']])('is an object and not %j', (given) => {
    expect(plain.safeParse(given).success).toBe(false);
  });

  it('without any fields is the empty object alone', () => {
    const nothing = plainInput<Record<never, never>>({});
    expect(nothing.safeParse({})).toEqual({ success: true, data: {} });
    expect(verdictOf(nothing.safeParse({ nid: 'x' }))).toEqual({ refused: 'unrecognized_keys', path: [] });
  });
});
