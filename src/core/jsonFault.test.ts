// Where a text stops to be JSON is told as JSON.parse would, for every text that is none.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findJsonFault } from './jsonFault.ts';

describe('a text that is no JSON', () => {
  it.each([
    ['', 1, 1],
    ['{"a": 1,}', 1, 9],
    ['{"a": 1\n "b": 2}', 2, 2],
    ['[1, 2', 1, 6],
    ['[1, 2]]', 1, 7],
    ['{"a": tru}', 1, 7],
    ['{a: 1}', 1, 2],
    ['[,]', 1, 2],
    ['{"a": [1}', 1, 9],
  ])('%j goes wrong at line %d, column %d', (text, line, column) => {
    expect(() => JSON.parse(text) as unknown).toThrow(SyntaxError);
    expect(findJsonFault(text)).toEqual({ line, column });
  });

  it('has its fault where it was put, or before the end of it', () => {
    fc.assert(
      fc.property(fc.json(), fc.nat(), fc.constantFrom('#', "'", '\u0001'), (json, place, wrong) => {
        const at = place % (json.length + 1);
        const text = json.slice(0, at) + wrong + json.slice(at);
        let isJson = true;
        try {
          JSON.parse(text);
        } catch {
          isJson = false;
        }
        fc.pre(!isJson);
        const { line, column } = findJsonFault(text);
        expect(line).toBe(1);
        // Within a text the fault is told where the text begins, within a word where the word does.
        expect(column).toBeLessThanOrEqual(at + 1);
        expect(() => JSON.parse(text.slice(0, column - 1)) as unknown).not.toThrow(RangeError);
      }),
      { numRuns: 300 },
    );
  });
});
