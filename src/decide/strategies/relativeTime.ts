// How much of the time is used, by rounds and by the clock, whichever is further.

import { NegotiateError } from '../../core/errors.ts';
import type { Timing } from './strategy.ts';

/** The time from 0 to 1: min(1, max((round + 1) / (rounds + 1), elapsed / limit)). Throws `input/invalid` for what is no time. */
export function relativeTime({ round, rounds, elapsedS = 0, limitS }: Timing): number {
  const isTime = Number.isSafeInteger(round) && round >= 0 && Number.isSafeInteger(rounds) && rounds >= 1;
  const isClock = Number.isFinite(elapsedS) && elapsedS >= 0 && (limitS === undefined || (Number.isFinite(limitS) && limitS > 0));
  if (!isTime || !isClock) throw new NegotiateError('input/invalid', 'Rounds count from 0 up to at least 1, and seconds are not negative.');
  return Math.min(1, Math.max((round + 1) / (rounds + 1), limitS === undefined ? 0 : elapsedS / limitS));
}

/** True when no further round will come: whoever waits now gets nothing. */
export function isLastRound(timing: Timing): boolean {
  return timing.round >= timing.rounds - 1 || relativeTime(timing) >= 1;
}

/** True when the rounds or the clock have run out. */
export function isOver({ round, rounds, elapsedS = 0, limitS }: Timing): boolean {
  return round >= rounds || (limitS !== undefined && elapsedS >= limitS);
}
