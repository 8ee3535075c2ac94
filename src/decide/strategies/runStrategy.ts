// Runs a strategy that may be anybody's, and lets nothing of it through that must not be sent.

import { isOurs } from '../outcomeSpace.ts';
import { EPSILON, rankOutcomes } from '../ranking.ts';
import { isInDomain, type Outcome } from '../utility.ts';
import { MOST_ALTERNATIVES } from './alternatives.ts';
import type { Because, Decision, EndReason, Spend, Strategy, StrategyInput } from './strategy.ts';

/** What came of it: a decision that may be carried out, or why nothing is sent. */
export type StrategyRun =
  { readonly kind: 'decided'; readonly decision: Decision } | { readonly kind: 'refused'; readonly fault: StrategyFault };

/**
 * What is wrong with a strategy or its answer. `threw`; `stalled` (too many steps); `malformed` (no decision, or a record that is no
 * small JSON); `non-finite` (a figure that is no number); `out-of-domain`; `below-reserve`; `nothing-to-accept` (what it accepts was not
 * offered last); `bad-input` (a domain, utility or history that no strategy is asked about).
 */
export type StrategyFault =
  'threw' | 'stalled' | 'malformed' | 'non-finite' | 'out-of-domain' | 'below-reserve' | 'nothing-to-accept' | 'bad-input';

/** How much a strategy may take. */
export interface StrategyBudget {
  readonly maxSteps: number;
  readonly maxHistory: number;
  readonly maxRecordChars: number;
}

/** How many steps a strategy may take, unless its budget says otherwise. */
export const MAX_STEPS = 2_000_000;
const BUDGET: StrategyBudget = { maxSteps: MAX_STEPS, maxHistory: 10_000, maxRecordChars: 4_096 };
const END_REASONS: ReadonlySet<EndReason> = new Set<EndReason>(['nothing-acceptable', 'impasse', 'out-of-time']);

/**
 * The decision of a strategy, looked at from all sides. Never throws. A function cannot be interrupted from within: `maxSteps` stops
 * only one that calls `spend`, as all strategies of the product do. One that may never return runs in a thread of its own, which is ended
 * when its time is over (`src/agent/strategies/`); that counts as `stalled`.
 */
export function runStrategy(strategy: Strategy, input: StrategyInput, budget: Partial<StrategyBudget> = {}): StrategyRun {
  const limits = { ...BUDGET, ...budget };
  if (input.history.length > limits.maxHistory || !canRank(input)) return { kind: 'refused', fault: 'bad-input' };
  const meter = makeMeter(limits.maxSteps);
  try {
    const decision = copyDecision(strategy(input, meter.spend));
    if (meter.isSpent()) return { kind: 'refused', fault: 'stalled' };
    if (decision === undefined) return { kind: 'refused', fault: 'malformed' };
    const fault = findFault(decision, input, limits);
    return fault === undefined ? { kind: 'decided', decision } : { kind: 'refused', fault };
  } catch {
    return { kind: 'refused', fault: meter.isSpent() ? 'stalled' : 'threw' };
  }
}

function canRank({ domain, utility }: StrategyInput): boolean {
  try {
    rankOutcomes(domain, utility);
    return true;
  } catch {
    return false;
  }
}

/** Counts the steps of one decision; `spend` throws when there were more than `maxSteps`. */
export function makeMeter(maxSteps: number): { readonly spend: Spend; readonly isSpent: () => boolean; readonly spent: () => number } {
  let spent = 0;
  const spend = (steps = 1): void => {
    spent += Number.isFinite(steps) ? Math.max(0, steps) : maxSteps + 1;
    if (spent > maxSteps) throw new RangeError('The strategy took too many steps.');
  };
  return { spend, isSpent: () => spent > maxSteps, spent: () => spent };
}

/** Reads each part of an answer once, so that what is checked is what is sent, whatever the strategy does with its objects later. */
function copyDecision(answer: unknown): Decision | undefined {
  if (typeof answer !== 'object' || answer === null) return undefined;
  const { kind, because, ...parts } = answer as { readonly kind?: unknown; readonly because: Because } & Record<string, unknown>;
  switch (kind as Decision['kind']) {
    case 'offer':
      return { kind: 'offer', outcome: copyOutcome(parts['outcome']), because };
    case 'alternatives':
      return { kind: 'alternatives', outcomes: copyOutcomes(parts['outcomes']), because };
    case 'accept':
      return { kind: 'accept', alternative: parts['alternative'] as number, outcome: copyOutcome(parts['outcome']), because };
    case 'end':
      return { kind: 'end', reason: parts['reason'] as EndReason, because };
    default:
      return undefined;
  }
}

// One more than may be sent is enough to see that there are too many.
function copyOutcomes(outcomes: unknown): readonly Outcome[] {
  return Array.isArray(outcomes) ? outcomes.slice(0, MOST_ALTERNATIVES + 1).map(copyOutcome) : [];
}

function copyOutcome(outcome: unknown): Outcome {
  const isObject = typeof outcome === 'object' && outcome !== null;
  return isObject && !isOurs(outcome as Outcome) ? Object.freeze({ ...outcome }) : (outcome as Outcome);
}

function findFault(decision: Decision, input: StrategyInput, limits: StrategyBudget): StrategyFault | undefined {
  const recordFault = findRecordFault(decision.because, limits);
  if (recordFault !== undefined) return recordFault;
  switch (decision.kind) {
    case 'offer':
      return findOutcomeFault([decision.outcome], input);
    case 'alternatives':
      return findOutcomeFault(decision.outcomes, input);
    case 'accept':
      return findAcceptFault(decision, input);
    case 'end':
      return END_REASONS.has(decision.reason) ? undefined : 'malformed';
    default:
      return decision satisfies never;
  }
}

function findOutcomeFault(outcomes: readonly Outcome[], { domain, utility }: StrategyInput): StrategyFault | undefined {
  if (outcomes.length === 0 || outcomes.length > MOST_ALTERNATIVES) return 'malformed';
  const { worthOf } = rankOutcomes(domain, utility);
  for (const outcome of outcomes) {
    if (typeof outcome !== 'object' || outcome === null) return 'malformed';
    if (!isInDomain(domain, outcome)) return 'out-of-domain';
    const worth = worthOf(outcome) ?? Number.NaN;
    if (!Number.isFinite(worth)) return 'non-finite';
    if (worth < utility.reserve - EPSILON) return 'below-reserve';
  }
  return undefined;
}

function findAcceptFault({ alternative, outcome }: Extract<Decision, { kind: 'accept' }>, input: StrategyInput): StrategyFault | undefined {
  const last = input.history.at(-1);
  const offered = last?.by === 'peer' && Number.isInteger(alternative) ? last.outcomes[alternative] : undefined;
  if (offered === undefined || typeof outcome !== 'object' || outcome === null) return 'nothing-to-accept';
  const isSame = input.domain.issues.every(({ name }) => offered[name] === outcome[name]);
  return isSame ? findOutcomeFault([offered], input) : 'nothing-to-accept';
}

function findRecordFault(because: unknown, { maxRecordChars }: StrategyBudget): StrategyFault | undefined {
  if (typeof because !== 'object' || because === null) return 'malformed';
  const { figures } = because as Decision['because'];
  if (typeof figures !== 'object' || figures === null) return 'malformed';
  if (Object.values(figures).some((figure) => !Number.isFinite(figure))) return 'non-finite';
  // Throws for what JSON cannot hold, which counts as a strategy that threw.
  return JSON.stringify(because).length > maxRecordChars ? 'malformed' : undefined;
}
