// How much of the processor each channel may take: a peer that floods its own channel waits, and nobody else does.

import type { Hex } from '../../core/bytes.ts';
import { createCpuBudget, msUntilFunds, spend, type CpuBudget } from '../../core/cpuBudget.ts';

/** The budgets of all channels. */
export interface Throttle {
  /** True while a channel has to wait. */
  isPaused(channel: Hex): boolean;
  /** Does work on so many events of a channel at its expense. */
  charge<T>(channel: Hex, events: number, work: () => Promise<T>): Promise<T>;
  /** Milliseconds until the first of these need not wait any more; Infinity when none waits. */
  msUntilFree(channels: Iterable<Hex>): number;
}

// A tenth of a core in the long run; what lay waiting for days is read at once.
const BURST_MS = 5_000;
const PER_SECOND_MS = 100;
// What an event leaves on disk costs something too: in the long run a channel gets seven through in a second.
const LEAST_MS_PER_EVENT = 15;
const MAX_BUDGETS = 1_000;

/** Full budgets for everybody. */
export function createThrottle(): Throttle {
  const budgets = new Map<Hex, CpuBudget>();
  const leftMs = (channel: Hex): number => {
    const budget = budgets.get(channel);
    return budget === undefined ? 0 : msUntilFunds(budget, performance.now());
  };
  const budgetOf = (channel: Hex): CpuBudget => {
    const budget = budgets.get(channel) ?? createCpuBudget(BURST_MS, PER_SECOND_MS, performance.now());
    // One that is full tells nothing; the least used go first.
    if (budgets.size >= MAX_BUDGETS) for (const [id, each] of budgets) if (each.leftMs >= each.burstMs) budgets.delete(id);
    budgets.set(channel, budget);
    return budget;
  };
  const charge: Throttle['charge'] = async (channel, events, work) => {
    // Time in which this thread was busy: waiting for a disk or a signer costs nobody anything.
    const before = performance.eventLoopUtilization().active;
    try {
      return await work();
    } finally {
      const tookMs = performance.eventLoopUtilization().active - before;
      spend(budgetOf(channel), Math.max(tookMs, events * LEAST_MS_PER_EVENT), performance.now());
    }
  };
  return {
    isPaused: (channel) => leftMs(channel) > 0,
    charge,
    msUntilFree: (channels) => {
      const waits = [...channels].map(leftMs).filter((ms) => ms > 0);
      return waits.reduce((least, ms) => Math.min(least, ms), Infinity);
    },
  };
}
