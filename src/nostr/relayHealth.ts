// Watches one connection for signs of life and for junk.

import type { Clock } from '../core/ports.ts';
import type { PoolLimits } from './poolLimits.ts';

/** What is known about the health of a connection. */
export interface RelayHealth {
  noteLife(): void;
  /** Unix seconds of the last sign of life. */
  heardAt(): number;
  countJunk(points: number): void;
  stop(): void;
}

/** Points for an event that nobody can have asked for: wrong id, bad signature, outside the filter. */
export const BAD_EVENT_POINTS = 5;

/** Pings at every interval; calls `fail` after an interval without a sign of life, or once there is more junk in one than allowed. */
export function watchHealth(
  clock: Clock,
  limits: Pick<PoolLimits, 'pingIntervalMs' | 'maxJunk'>,
  ping: () => void,
  fail: (reason: 'silent' | 'misbehaving') => void,
): RelayHealth {
  let [isHeard, junk, heardAt] = [true, 0, clock.now()];
  const beat = (): void => {
    if (!isHeard) return fail('silent');
    isHeard = false;
    junk = 0;
    ping();
  };
  const heartbeat = setInterval(beat, limits.pingIntervalMs).unref();
  const noteLife = (): void => {
    isHeard = true;
    heardAt = clock.now();
  };
  const countJunk = (points: number): void => {
    junk += points;
    if (junk > limits.maxJunk) fail('misbehaving');
  };
  return { noteLife, heardAt: () => heardAt, countJunk, stop: () => clearInterval(heartbeat) };
}
