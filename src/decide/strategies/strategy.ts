// What a strategy is: one function from what a side knows to what it does next. The history is its only memory.

import type { Domain, Outcome, Utility } from '../utility.ts';

/** What has been offered, oldest first: by whom, and which outcomes; more than one where the peer may choose. */
export interface Offered {
  readonly by: 'me' | 'peer';
  readonly outcomes: readonly Outcome[];
}

/** How far the negotiation is. Rounds count from 0; in each one both sides have a turn. The clock is the caller's, and may be left out. */
export interface Timing {
  readonly round: number;
  readonly rounds: number;
  readonly elapsedS?: number;
  readonly limitS?: number;
}

/** All that a strategy decides from. */
export interface StrategyInput {
  readonly domain: Domain;
  readonly utility: Utility;
  readonly history: readonly Offered[];
  readonly timing: Timing;
  /** Where all chance comes from: the same input makes the same decision. */
  readonly seed: string;
}

/** Why nothing more is said. */
export type EndReason = 'nothing-acceptable' | 'impasse' | 'out-of-time';

/** What to do next. `alternative` is the number of the accepted outcome in the peer's last offer, from 0. */
export type Decision = { readonly because: Because } & (
  | { readonly kind: 'offer'; readonly outcome: Outcome }
  | { readonly kind: 'alternatives'; readonly outcomes: readonly Outcome[] }
  | { readonly kind: 'accept'; readonly alternative: number; readonly outcome: Outcome }
  | { readonly kind: 'end'; readonly reason: EndReason }
);

/**
 * Why a decision is as it is: plain JSON, small, with what `replayDecision` needs beside the history, the domain and the utility.
 * It holds what the owner keeps to itself, such as a target: it is for the owner's records, never for the peer.
 */
export interface Because {
  readonly strategy: StrategyName;
  readonly seed: string;
  readonly timing: Timing;
  /** How many entries of the history there were. */
  readonly seen: number;
  /** SHA-256 of the domain and the utility. */
  readonly preferences: string;
  /** What was weighed, such as the time from 0 to 1 and the worth that was aimed at. */
  readonly figures: Readonly<Record<string, number>>;
}

/** A strategy by its kind and options; plain JSON. The kinds that come with the product are in `buildStrategy`. */
export interface StrategyName {
  readonly kind: string;
  readonly [option: string]: string | number | boolean;
}

/**
 * A strategy. `spend` counts steps of work: call it in loops whose length depends on the input, so that one that never ends is
 * stopped by it (`runStrategy`).
 */
export type Strategy = (input: StrategyInput, spend: Spend) => Decision;

/** Counts steps of work, 1 if not said; throws when there were too many. */
export type Spend = (steps?: number) => void;
