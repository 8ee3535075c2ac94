import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson, findProblem, MAX_DEPTH, parseCanonical, type Json } from './canonical.ts';

const limits = { maxBytes: 32_768 };
const reasonOf = (text: string): string => {
  const parsed = parseCanonical(text, limits);
  return parsed.kind === 'ok' ? 'ok' : parsed.reason;
};

describe('canonical JSON', () => {
  it('orders keys by UTF-16 code units, as RFC 8785 section 3.2.3 does', () => {
    expect(canonicalJson({ '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\u{1f600}': 5, '\u0080': 6, '\u00f6': 7 })).toBe(
      '{"\\r":2,"1":4,"\u0080":6,"\u00f6":7,"\u20ac":1,"\u{1f600}":5,"\ufb33":3}',
    );
  });

  it('reads back exactly what it wrote', () => {
    const { json } = fc.letrec<{ json: Json; object: Json }>((tie) => ({
      object: fc.dictionary(fc.stringMatching(/^[a-z_]{1,8}$/), tie('json'), { maxKeys: 4 }),
      json: fc.oneof(
        { maxDepth: 4 },
        fc.integer(),
        fc.boolean(),
        fc.constant(null),
        fc.stringMatching(/^[ -~äöü]{0,20}$/),
        fc.array(tie('json'), { maxLength: 4 }),
        tie('object'),
      ),
    }));
    fc.assert(
      fc.property(json, (value) => {
        const text = canonicalJson(value);
        const parsed = parseCanonical(text, { maxBytes: 1_000_000 });
        expect(parsed.kind).toBe('ok');
        if (parsed.kind === 'ok') expect(canonicalJson(parsed.value)).toBe(text);
      }),
    );
  });

  it.each([
    ['duplicate keys', '{"a":1,"a":1}', 'not-canonical'],
    ['a space', '{"a": 1}', 'not-canonical'],
    ['unsorted keys', '{"b":1,"a":1}', 'not-canonical'],
    ['another spelling of a number', '1e2', 'not-canonical'],
    ['minus zero', '-0', 'not-canonical'],
    ['an escaped letter', '"\\u0061"', 'not-canonical'],
    ['a fraction', '{"a":0.5}', 'number'],
    ['an integer beyond 2^53', '9007199254740993', 'number'],
    ['text that is not NFC', '"e\u0301"', 'text'],
    ['a bidi override', '"a\u202eb"', 'text'],
    ['a zero-width space in a key', '{"a\u200b":1}', 'text'],
    ['a lone surrogate', '"\\ud800"', 'text'],
    ['no JSON', '{', 'not-json'],
    ['too many bytes', JSON.stringify('é'.repeat(20_000)), 'too-large'],
  ])('refuses %s', (_, text, reason) => {
    expect(reasonOf(text)).toBe(reason);
  });

  it('takes nesting up to its limit and refuses more, however deep', () => {
    const nest = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
    expect(reasonOf(nest(MAX_DEPTH))).toBe('ok');
    expect(reasonOf(nest(MAX_DEPTH + 1))).toBe('too-deep');
    expect(reasonOf(nest(16_000))).toBe('too-deep');
  });

  it('finds a problem in a value that was never text', () => {
    expect(findProblem({ a: [1, { b: Number.NaN }] })).toBe('number');
    expect(findProblem({ __proto__: null, a: 'fine' } as unknown as Json)).toBeUndefined();
  });
});
