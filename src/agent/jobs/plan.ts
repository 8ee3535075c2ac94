// How a job bargains: for what, within which limits, and by which strategy.

import type { BuyerWants, ProviderSells } from '../../decide/fitTerms.ts';
import type { BuyerLimits, ProviderLimits } from '../../decide/haggle.ts';
import type { StrategyChoice } from '../../decide/strategies/buildStrategy.ts';
import type { Purchase } from './job.ts';

const NOTHING_TO_ADD = 'I have nothing to add to what I wrote.';

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

/** A buyer's plan. */
export type BuyerPlan = Extract<Plan, { readonly role: 'buyer' }>;

/** How a purchase is bargained for. */
export function planOf({ find, about, answer, inputs, maxMsat, bidMsat, withinS, mayAttest, rail, tactics }: Purchase): BuyerPlan {
  return {
    role: 'buyer',
    wants: { capability: find, summary: about, inputs, rail, withinS, mayAttest },
    limits: { maxMsat: BigInt(maxMsat), bidMsat: BigInt(bidMsat) },
    answer: answer ?? NOTHING_TO_ADD,
    ...(tactics === undefined ? {} : { tactics }),
  };
}
