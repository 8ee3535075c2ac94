// What opening gift wraps may cost: a budget of time for those that show work and one for all others, so that junk costs what it may cost.

import { createCpuBudget, msUntilFunds, type CpuBudget } from '../../core/cpuBudget.ts';
import type { NostrEvent } from '../../nostr/event.ts';
import type { WrapQueue } from './wrapQueue.ts';

/** The budgets of one inbox. */
export interface WrapBudgets {
  readonly worked: CpuBudget;
  readonly plain: CpuBudget;
}

/** Wraps to open now and the budget that pays for them; or none, and how many milliseconds to wait for funds (0: there is no wrap). */
export type Affordable =
  | { readonly kind: 'batch'; readonly wraps: readonly NostrEvent[]; readonly budget: CpuBudget }
  | { readonly kind: 'none'; readonly waitMs: number };

/** What one call of a verb may spend at once of each budget, in milliseconds. */
export const CALL_BURST_MS = 2_000;
/** The same of a daemon, which opens beside everything else. */
export const DAEMON_BURST_MS = 10_000;

// From this much work on, a wrap has cost its sender more than it costs us.
const WORKED_BITS = 10;
const WORKED_MS_PER_S = 500;
const PLAIN_MS_PER_S = 250;

/** Two full budgets; in the long run they give half a second in each second for wraps with work, and a quarter for all others. */
export function createWrapBudgets(burstMs: number): WrapBudgets {
  const nowMs = performance.now();
  return { worked: createCpuBudget(burstMs, WORKED_MS_PER_S, nowMs), plain: createCpuBudget(burstMs, PLAIN_MS_PER_S, nowMs) };
}

/** Takes the best off the queue that the budgets allow, `count` at most. What was spent on them is to be written down afterwards. */
export function takeAffordable(queue: WrapQueue, { worked, plain }: WrapBudgets, count: number): Affordable {
  const nowMs = performance.now();
  const first = msUntilFunds(worked, nowMs) > 0 ? [] : queue.take(count, WORKED_BITS);
  if (first.length > 0) return { kind: 'batch', wraps: first, budget: worked };
  const waitMs = msUntilFunds(plain, nowMs);
  const wraps = waitMs > 0 ? [] : queue.take(count, 0);
  return wraps.length > 0 ? { kind: 'batch', wraps, budget: plain } : { kind: 'none', waitMs };
}
