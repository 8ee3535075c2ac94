// When key packages are renewed.

import { describe, expect, it } from 'vitest';
import { sha256Hex } from '../core/bytes.ts';
import { renewalTime } from './publishIdentity.ts';

const DAY_S = 86_400;
const expiresAt = 1_800_000_000;

describe('a key package', () => {
  it('is renewed 14 to 21 days before its end, always at the same time, and not with all the others', () => {
    const days = Array.from({ length: 500 }, (_, i) => (expiresAt - renewalTime({ eventId: sha256Hex(`${i}`), expiresAt })) / DAY_S);
    expect(Math.min(...days)).toBeGreaterThanOrEqual(14);
    expect(Math.max(...days)).toBeLessThan(21);
    expect(new Set(days.map(Math.floor)).size).toBe(7);
    const record = { eventId: sha256Hex('one'), expiresAt };
    expect(renewalTime(record)).toBe(renewalTime(record));
  });
});
