// A channel that floods waits for itself.

import { describe, expect, it } from 'vitest';
import { createThrottle } from './throttle.ts';

const nothing = async (): Promise<void> => undefined;

describe('the share of a channel', () => {
  it('lets through what lay waiting, then makes it wait, and nobody else', async () => {
    const throttle = createThrottle();
    await throttle.charge('a', 300, nothing);
    expect(throttle.isPaused('a')).toBe(false);
    await throttle.charge('a', 100, nothing);
    expect([throttle.isPaused('a'), throttle.isPaused('b')]).toEqual([true, false]);
    expect(throttle.msUntilFree(['b'])).toBe(Infinity);
    expect(throttle.msUntilFree(['a', 'b'])).toBeGreaterThan(5_000);
  });

  it('charges for the time that was spent at work, and not for waiting', async () => {
    const throttle = createThrottle();
    await throttle.charge('idle', 1, () => new Promise((resolve) => setTimeout(resolve, 20)));
    expect(throttle.isPaused('idle')).toBe(false);
    await expect(throttle.charge('a', 1_000, () => Promise.reject(new Error('mine')))).rejects.toThrow('mine');
    expect(throttle.isPaused('a')).toBe(true);
  });
});
