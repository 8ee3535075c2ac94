import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseUsage } from './usage.ts';

describe('usage', () => {
  it.each<[string, unknown, string]>([
    ['nothing', undefined, ' invalid_type'],
    ['an unknown part', { unit: 1 }, ' unrecognized_keys'],
    ['a fraction', { units: 1.5 }, ' number'],
    ['less than nothing', { units: -1 }, '/units too_small'],
    ['digits as text', { units: '1' }, '/units invalid_type'],
    ['a milestone twice', { milestones: ['a', 'a'] }, '/milestones custom'],
    ['the key __proto__ as a measure', JSON.parse('{"measures":{"__proto__":1}}'), ' unrecognized_keys'],
    ['too many periods', { periods: Array<number>(100_001).fill(0) }, '/periods too_big'],
    ['a negative measure', { measures: { late_s: -1 } }, 'ok'],
    ['an empty one', {}, 'ok'],
  ])('is no usage at all or is: %s', (_name, value, refusal) => {
    const parsed = parseUsage(value);
    expect(parsed.kind === 'ok' ? 'ok' : `${parsed.pointer} ${parsed.problem}`).toBe(refusal);
  });

  it('never crashes the parser', () => {
    fc.assert(fc.property(fc.anything(), (value) => ['ok', 'refused'].includes(parseUsage(value).kind)));
  });
});
