// By which strategy a job bargains: the one that it was given, else the one that the owner's mandate names.

import type { Mandate } from './mandateSchema.ts';
import type { StrategyChoice } from './strategies/buildStrategy.ts';
import { DEFAULT_ROUNDS } from './strategies/strategySchema.ts';

/** What a job was told; either may be left out. */
export interface TacticsWish {
  readonly strategy?: StrategyChoice | undefined;
  readonly rounds?: number | undefined;
}

/**
 * The strategy, and how many offers it has; undefined where nobody names one. Rounds belong to the strategy beside which they stand: those of
 * the mandate do not hold for another one.
 */
export function chooseTactics(
  { strategy, rounds }: TacticsWish,
  mandate: Pick<Mandate, 'bargain'> | undefined,
): { readonly strategy: StrategyChoice; readonly rounds: number } | undefined {
  if (strategy !== undefined) return { strategy, rounds: rounds ?? DEFAULT_ROUNDS };
  const usual = mandate?.bargain;
  return usual === undefined ? undefined : { strategy: usual.strategy, rounds: rounds ?? usual.rounds };
}
