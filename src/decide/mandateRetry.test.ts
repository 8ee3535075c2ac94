// When a refusal that passes is worth another try.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Hex } from '../core/bytes.ts';
import { countActs, EMPTY_LEDGER, type Act } from './mandateLedger.ts';
import { isWithinHours, nextOpening } from './mandateHours.ts';
import { BUYER_DOCUMENT, mandateOf, NOW } from './mandate.fixture.ts';
import { findRetryTime } from './mandateRetry.ts';

const [ANNE, BERT] = ['a'.repeat(64), 'b'.repeat(64)] as [Hex, Hex];

describe('hours', () => {
  it('open next in the first minute in which they are open', () => {
    const spans = fc.subarray(['mon-fri 08:00-18:00', 'sat 09:30-12:00', 'sun-mon 22:00-24:00', 'wed 00:00-00:01'], { minLength: 1 });
    const offsets = fc.constantFrom('Z', '+05:45', '-11:00');
    fc.assert(
      fc.property(spans, offsets, fc.integer({ min: 0, max: 7 * 86_400 }), (open, offset, later) => {
        const hours = { open, utc_offset: offset };
        const now = NOW + later;
        const at = nextOpening(hours, now) ?? 0;
        expect(at).toBeGreaterThan(now);
        expect(isWithinHours(hours, at)).toBe(true);
        // Closed all the time before, or open now and closed once in between.
        const between = Array.from({ length: Math.ceil((at - now) / 60) - 1 }, (_, i) => isWithinHours(hours, now + i * 60));
        if (!isWithinHours(hours, now)) expect(between).not.toContain(true);
      }),
      { numRuns: 60 },
    );
  });
});

describe('a pace', () => {
  it('is over when the count is below its limit, and not a second before', () => {
    const times = fc.array(fc.integer({ min: 0, max: 59 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(times, fc.integer({ min: 1, max: 4 }), (ages, most) => {
        const acts = ages.map((age): Act => ({ at: NOW - age, peer: ANNE, isNew: false }));
        const mandate = mandateOf({ ...BUYER_DOCUMENT, rate: { moves_per_minute: most } });
        const reasons = [{ code: 'rate-minute', path: 'rate.moves_per_minute' }] as const;
        const at = findRetryTime(mandate, reasons, { acts, peers: [ANNE], now: NOW }) ?? 0;
        const count = (now: number): number => countActs({ ...EMPTY_LEDGER, acts }, now).movesInMinute;
        expect(count(at)).toBeLessThan(most);
        if (at > NOW) expect(count(at - 1)).toBeGreaterThanOrEqual(most);
      }),
    );
  });

  it('with a peer counts what that one heard, and of several reasons the last to pass', () => {
    const mandate = mandateOf({ ...BUYER_DOCUMENT, rate: { moves_per_minute: 3, per_peer: { moves_per_minute: 1 } } });
    const acts: readonly Act[] = [
      { at: NOW - 50, peer: BERT, isNew: false },
      { at: NOW - 20, peer: BERT, others: [ANNE], isNew: false },
      { at: NOW - 10, peer: BERT, isNew: false },
    ];
    const reason = (path: string) => ({ code: 'rate-minute', path }) as const;
    const past = { acts, peers: [ANNE], now: NOW };
    expect(findRetryTime(mandate, [reason('rate.per_peer.moves_per_minute')], past)).toBe(NOW + 40);
    expect(findRetryTime(mandate, [reason('rate.moves_per_minute')], past)).toBe(NOW + 10);
    expect(findRetryTime(mandate, [reason('rate.moves_per_minute'), reason('rate.per_peer.moves_per_minute')], past)).toBe(NOW + 40);
    expect(findRetryTime(mandate, [reason('rate.moves_per_minute'), { code: 'service', path: '' }], past)).toBeUndefined();
  });
});
