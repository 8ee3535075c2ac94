// Runs a strategy that may be anybody's, and lets nothing of it through that must not be sent.

import { EPSILON, rankOutcomes } from '../ranking.ts';
import { isInDomain, type Outcome } from '../utility.ts';
import { MOST_ALTERNATIVES } from './alternatives.ts';
import type { Decision, Spend, Strategy, StrategyInput } from './strategy.ts';

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

const BUDGET: StrategyBudget = { maxSteps: 2_000_000, maxHistory: 10_000, maxRecordChars: 4_096 };
const END_REASONS = new Set(['nothing-acceptable', 'impasse', 'out-of-time']);

/**
 * The decision of a strategy, looked at from all sides. Never throws. A function cannot be interrupted from within: `maxSteps` stops
 * only one that calls `spend`, as all strategies of the product do. Whoever runs somebody else's code calls this in a worker thread,
 * ends the thread when its time is over, and treats that as `stalled`.
 */
export function runStrategy(strategy: Strategy, input: StrategyInput, budget: Partial<StrategyBudget> = {}): StrategyRun {
  const limits = { ...BUDGET, ...budget };
  if (input.history.length > limits.maxHistory || !canRank(input)) return { kind: 'refused', fault: 'bad-input' };
  const meter = makeMeter(limits.maxSteps);
  try {
    const decision: unknown = strategy(input, meter.spend);
    const fault = meter.isSpent() ? 'stalled' : findFault(decision, input, limits);
    return fault === undefined ? { kind: 'decided', decision: decision as Decision } : { kind: 'refused', fault };
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

function makeMeter(maxSteps: number): { readonly spend: Spend; readonly isSpent: () => boolean } {
  let spent = 0;
  const spend = (steps = 1): void => {
    spent += Number.isFinite(steps) ? Math.max(0, steps) : maxSteps + 1;
    if (spent > maxSteps) throw new RangeError('The strategy took too many steps.');
  };
  return { spend, isSpent: () => spent > maxSteps };
}

function findFault(decision: unknown, input: StrategyInput, limits: StrategyBudget): StrategyFault | undefined {
  if (typeof decision !== 'object' || decision === null) return 'malformed';
  const answer = decision as Decision;
  const recordFault = findRecordFault(answer.because, limits);
  if (recordFault !== undefined) return recordFault;
  switch (answer.kind) {
    case 'offer':
      return findOutcomeFault([answer.outcome], input);
    case 'alternatives':
      return findOutcomeFault(answer.outcomes, input);
    case 'accept':
      return findAcceptFault(answer, input);
    case 'end':
      return END_REASONS.has(answer.reason) ? undefined : 'malformed';
    default:
      answer satisfies never;
      return 'malformed';
  }
}

function findOutcomeFault(outcomes: unknown, { domain, utility }: StrategyInput): StrategyFault | undefined {
  if (!Array.isArray(outcomes) || outcomes.length === 0 || outcomes.length > MOST_ALTERNATIVES) return 'malformed';
  const { worthOf } = rankOutcomes(domain, utility);
  for (const outcome of outcomes as readonly unknown[]) {
    if (typeof outcome !== 'object' || outcome === null) return 'malformed';
    if (!isInDomain(domain, outcome as Outcome)) return 'out-of-domain';
    const worth = worthOf(outcome as Outcome) ?? Number.NaN;
    if (!Number.isFinite(worth)) return 'non-finite';
    if (worth < utility.reserve - EPSILON) return 'below-reserve';
  }
  return undefined;
}

function findAcceptFault({ alternative, outcome }: Extract<Decision, { kind: 'accept' }>, input: StrategyInput): StrategyFault | undefined {
  const last = input.history.at(-1);
  const offered = last?.by === 'peer' ? last.outcomes[alternative] : undefined;
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
