// The curves, at the values recorded from NegMAS; the time; when an offer is taken.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AC_COMBI, shouldAccept } from './acceptance.ts';
import { aimAt, aspire, type Curve } from './aspiration.ts';
import { isLastRound, isOver, relativeTime } from './relativeTime.ts';

const TIMES = [0, 0.1, 0.25, 0.5, 0.75, 0.9, 1];

describe('the curves of aspiration', () => {
  it.each<[string, Curve, readonly number[]]>([
    ['polynomial Boulware', { curve: 'polynomial', exponent: 4 }, [1, 0.9999, 0.996094, 0.9375, 0.683594, 0.3439, 0]],
    ['polynomial linear', { curve: 'polynomial', exponent: 1 }, [1, 0.9, 0.75, 0.5, 0.25, 0.1, 0]],
    ['polynomial conceder', { curve: 'polynomial', exponent: 0.25 }, [1, 0.437659, 0.292893, 0.159104, 0.069395, 0.025996, 0]],
    ['exponential Boulware', { curve: 'exponential', exponent: 0.125 }, [1, 0.979437, 0.945098, 0.874003, 0.767304, 0.649938, 0]],
    ['exponential linear', { curve: 'exponential', exponent: 0.725 }, [1, 0.887834, 0.728538, 0.483766, 0.257226, 0.120629, 0]],
    ['exponential conceder', { curve: 'exponential', exponent: 4 }, [1, 0.539645, 0.216605, 0.037534, 0.002278, 0.000058, 0]],
  ])('%s has the recorded values to six digits', (_, curve, expected) => {
    expect(TIMES.map((t) => Number(aspire(curve, t).toFixed(6)))).toEqual(expected);
  });

  it('never rise, and what is aimed at stays between the floor and the best', () => {
    const curve = fc.record({
      curve: fc.constantFrom('polynomial', 'exponential'),
      exponent: fc.double({ min: 0.01, max: 50, noNaN: true }),
    });
    const part = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(curve, part, part, part, part, fc.constantFrom('scaled', 'plain'), (shape, a, b, c, d, fall) => {
        const [early, late, floor, best] = [Math.min(a, b), Math.max(a, b), Math.min(c, d), Math.max(c, d)];
        const [first, then] = [early, late].map((t) => aimAt(shape, t, { floor, best }, fall));
        expect(then).toBeLessThanOrEqual(first! + 1e-12);
        expect(then).toBeGreaterThanOrEqual(floor);
        expect(first).toBeLessThanOrEqual(best + 1e-12);
      }),
    );
  });

  it('end at the floor, not at nothing', () => {
    const range = { best: 0.9, floor: 0.4 };
    expect(aimAt({ curve: 'polynomial', exponent: 4 }, 1, range, 'scaled')).toBe(0.4);
    expect(aimAt({ curve: 'polynomial', exponent: 4 }, 1, range, 'plain')).toBe(0.4);
    expect(aimAt({ curve: 'polynomial', exponent: 1 }, 0.5, range, 'plain')).toBeCloseTo(0.45, 12);
    expect(aimAt({ curve: 'polynomial', exponent: 1 }, 0.5, range, 'scaled')).toBeCloseTo(0.65, 12);
  });
});

describe('the time', () => {
  it('is what is further, the rounds or the clock', () => {
    expect(relativeTime({ round: 0, rounds: 10 })).toBeCloseTo(1 / 11, 12);
    expect(relativeTime({ round: 9, rounds: 10 })).toBeCloseTo(10 / 11, 12);
    expect(relativeTime({ round: 0, rounds: 10, elapsedS: 30, limitS: 60 })).toBe(0.5);
    expect(relativeTime({ round: 20, rounds: 10, elapsedS: 90, limitS: 60 })).toBe(1);
  });

  it('has a last round, and ends', () => {
    expect([8, 9].map((round) => isLastRound({ round, rounds: 10 }))).toEqual([false, true]);
    expect([9, 10].map((round) => isOver({ round, rounds: 10 }))).toEqual([false, true]);
    expect(isLastRound({ round: 0, rounds: 10, elapsedS: 60, limitS: 60 })).toBe(true);
    expect(isOver({ round: 0, rounds: 10, elapsedS: 60, limitS: 60 })).toBe(true);
  });

  it.each([
    { round: -1, rounds: 3 },
    { round: 0, rounds: 0 },
    { round: 0.5, rounds: 3 },
    { round: 0, rounds: 3, elapsedS: Number.NaN },
    { round: 0, rounds: 3, limitS: 0 },
  ])('is refused where it is none: %o', (timing) => {
    expect(() => relativeTime(timing)).toThrow('Rounds count from 0');
  });
});

describe('an offer is taken', () => {
  const facts = { offered: 0.5, next: 0.6, floor: 0.4, t: 0.5, isLast: false };
  it('when it is as good as the own next one, or when time is up, and never below the floor', () => {
    expect(shouldAccept(AC_COMBI, facts)).toBe(false);
    expect(shouldAccept(AC_COMBI, { ...facts, next: 0.5 })).toBe(true);
    expect(shouldAccept(AC_COMBI, { ...facts, t: 0.98 })).toBe(true);
    expect(shouldAccept(AC_COMBI, { ...facts, isLast: true })).toBe(true);
    expect(shouldAccept(AC_COMBI, { ...facts, next: 0.1, isLast: true, floor: 0.51 })).toBe(false);
  });

  it('by either half of the rule alone', () => {
    expect(shouldAccept({ ...AC_COMBI, accepts: 'next' }, { ...facts, t: 1, isLast: true })).toBe(false);
    expect(shouldAccept({ ...AC_COMBI, accepts: 'time' }, { ...facts, next: 0 })).toBe(false);
    expect(shouldAccept({ ...AC_COMBI, accepts: 'next', scale: 1.2 }, facts)).toBe(true);
    expect(shouldAccept({ ...AC_COMBI, accepts: 'next', add: 0.1 }, facts)).toBe(true);
  });
});
