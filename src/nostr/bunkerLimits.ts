// How patient we are with a remote signer.

import { NegotiateError } from '../core/errors.ts';

/** Limits of a conversation with a bunker, in milliseconds. All are whole numbers of at least 1. */
export interface BunkerLimits {
  /** For one answer; a person may have to approve it first. */
  readonly answerMs: number;
  /** Without any sign of life while something is asked of it, after which a bunker is taken for dead. */
  readonly aliveMs: number;
  /** Between two looks at what waits; each asks for a sign of life. */
  readonly lookMs: number;
  /** Until an unanswered request is sent again to a bunker that is alive. */
  readonly repeatMs: number;
  /** For which a dead bunker is asked nothing, so that work that can do without it does not wait for it again and again. */
  readonly restMs: number;
}

/** Limits of a conversation that was given none. */
export const DEFAULT_BUNKER_LIMITS: BunkerLimits = {
  answerMs: 180_000,
  aliveMs: 20_000,
  lookMs: 4_000,
  repeatMs: 30_000,
  restMs: 10_000,
};

/** Completes limits with the defaults. Throws `input/invalid` for one that is not a whole number of at least 1. */
export function completeBunkerLimits(limits: Partial<BunkerLimits>): BunkerLimits {
  const complete = { ...DEFAULT_BUNKER_LIMITS, ...limits };
  if (Object.values(complete).every((limit) => Number.isSafeInteger(limit) && limit >= 1)) return complete;
  throw new NegotiateError('input/invalid', 'A limit for the bunker must be a whole number of milliseconds, at least 1. Correct it.');
}
