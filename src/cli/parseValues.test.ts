// Values as people type them: what is not clear is asked for, and broken JSON is told with its place and without its words.

import { describe, expect, it } from 'vitest';
import { parseDuration, parseJsonText } from './parseValues.ts';

describe('a duration', () => {
  it('has its unit, unless it is none', () => {
    expect(['90s', '30m', '24h', '7d', '0', '0s'].map(parseDuration)).toEqual([90, 1_800, 86_400, 604_800, 0, 0]);
    for (const text of ['5', '24', 's', '1w', '-1s', '']) expect(() => parseDuration(text)).toThrow('with its unit');
  });
});

describe('JSON', () => {
  it('that is broken is told by line and column', () => {
    expect(() => parseJsonText('{\n "secret": S3CRET\n}')).toThrow(
      expect.objectContaining({ message: 'This is not JSON: it goes wrong at line 2, column 12. Correct it and try again.' }),
    );
  });
});
