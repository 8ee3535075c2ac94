// How a job bargains: for what, within which limits, and by which strategy.

import type { BuyerWants, ProviderSells } from '../../decide/fitTerms.ts';
import type { BuyerLimits, ProviderLimits } from '../../decide/haggle.ts';
import type { StrategyChoice } from '../../decide/strategies/buildStrategy.ts';

/** A strategy, how many offers it has, and what decides where it leaves something to chance. */
export interface Tactics {
  readonly strategy: StrategyChoice;
  readonly rounds: number;
  readonly seed: string;
}

/** How a side bargains: within which limits, for what, and what it says when it is its turn to speak. */
export type Plan = { /** By a strategy; by fixed rules without it. */ readonly tactics?: Tactics } & (
  | { readonly role: 'buyer'; readonly wants: BuyerWants; readonly limits: BuyerLimits; readonly answer: string }
  | { readonly role: 'provider'; readonly sells: ProviderSells; readonly limits: ProviderLimits; readonly question: string }
);
