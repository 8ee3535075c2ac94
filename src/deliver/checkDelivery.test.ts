// What a delivery must be to be taken.

import { describe, expect, it } from 'vitest';
import { sha256Hex, utf8 } from '../core/bytes.ts';
import { makeFixedPrice } from '../negotiate/price.ts';
import type { Terms } from '../negotiate/terms.ts';
import { checkDelivery, dueAt } from './checkDelivery.ts';

const bytes = utf8('result');
const file = { name: 'result.txt', sha256: sha256Hex(bytes), size: bytes.length };
const base: Terms = { service: { capability: 'x' }, scope: { summary: 'x' }, price: makeFixedPrice(1n) };
const check = (changes: Partial<Parameters<typeof checkDelivery>[0]> = {}) =>
  checkDelivery({ terms: base, files: [file], find: () => bytes, deliveredAt: 1_000, startedAt: 900, ...changes });

describe('a delivery', () => {
  it('is whole when every file is here with its digest and size', () => {
    expect(check()).toEqual({ kind: 'whole', isLate: false });
  });

  it('is incomplete while a file has not come, and refused when one is another', () => {
    expect(check({ find: () => undefined })).toEqual({ kind: 'incomplete', missing: [file] });
    expect(check({ find: () => utf8('resulT') })).toEqual({ kind: 'refused', code: 'digest' });
    expect(check({ files: [{ ...file, size: 5 }] })).toEqual({ kind: 'refused', code: 'digest' });
    const empty = { name: 'x', sha256: sha256Hex(''), size: 0 };
    expect(check({ files: [empty], find: () => new Uint8Array() })).toEqual({ kind: 'refused', code: 'empty' });
  });

  it('is late after the deadline, or after the time from the payment', () => {
    const within: Terms = { ...base, delivery: { within_s: 100 } };
    expect(check({ terms: within })).toEqual({ kind: 'whole', isLate: false });
    expect(check({ terms: within, deliveredAt: 1_001 })).toEqual({ kind: 'whole', isLate: true });
    expect(check({ terms: { ...base, delivery: { deadline: 999 } } })).toEqual({ kind: 'whole', isLate: true });
    expect(dueAt(base, 5)).toBe(Infinity);
  });
});
