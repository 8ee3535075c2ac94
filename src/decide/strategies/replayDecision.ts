// Makes a recorded decision again from its record and the history, and says whether it comes out the same.

import { isNegotiateError } from '../../core/errors.ts';
import { keyOf } from '../outcomeKey.ts';
import { buildStrategy, type StrategySpec } from './buildStrategy.ts';
import { digestPreferences } from './look.ts';
import { runStrategy, type StrategyRun } from './runStrategy.ts';
import type { Because, Decision, Strategy, StrategyInput } from './strategy.ts';

/** Why a replay says nothing, or how it came out. */
export type Replay =
  | { readonly kind: 'same' }
  | { readonly kind: 'different'; readonly run: StrategyRun }
  /** The domain or the utility is another one than then, or the history is shorter. */
  | { readonly kind: 'other-input' }
  | { readonly kind: 'unknown-strategy' };

/** What the record of a decision leaves out. */
export type GivenAgain = Pick<StrategyInput, 'domain' | 'utility' | 'history'>;

/**
 * Replays a decision. `given` is what the record leaves out; of the history only what there was then is looked at. A strategy that is
 * not the product's own is given as `strategy`.
 */
export function replayDecision(
  decision: Decision,
  given: GivenAgain,
  strategy: Strategy | undefined = findStrategy(decision.because),
): Replay {
  if (strategy === undefined) return { kind: 'unknown-strategy' };
  const input = restoreInput(decision, given);
  if (input === undefined) return { kind: 'other-input' };
  const run = runStrategy(strategy, input);
  return run.kind === 'decided' && describe(run.decision) === describe(decision) ? { kind: 'same' } : { kind: 'different', run };
}

/** What a recorded decision was made from; undefined where the domain or the utility is another one, or the history is shorter. */
export function restoreInput({ because }: Decision, given: GivenAgain): StrategyInput | undefined {
  const { seed, timing, seen, preferences } = because;
  const isSame = given.history.length >= seen && digestPreferences(given.domain, given.utility) === preferences;
  return isSame ? { ...given, history: given.history.slice(0, seen), seed, timing } : undefined;
}

function findStrategy({ strategy }: Because): Strategy | undefined {
  try {
    return buildStrategy(strategy as unknown as StrategySpec);
  } catch (error) {
    if (isNegotiateError(error)) return undefined;
    throw error;
  }
}

function describe(decision: Decision): string {
  switch (decision.kind) {
    case 'offer':
      return `offer ${keyOf(decision.outcome)}`;
    case 'alternatives':
      return `alternatives ${decision.outcomes.map(keyOf).join(' or ')}`;
    case 'accept':
      return `accept ${decision.alternative} ${keyOf(decision.outcome)}`;
    case 'end':
      return `end ${decision.reason}`;
    default:
      return decision satisfies never;
  }
}
