// A budget of milliseconds: so many at once, so many per second in the long run; what is spent beyond it has to be waited for.

/** The state of one budget. */
export interface CpuBudget {
  /** Milliseconds that may be spent at once, and that come back each second. */
  readonly burstMs: number;
  readonly perSecondMs: number;
  leftMs: number;
  /** When it was last filled, by a clock that never jumps (milliseconds). */
  filledAtMs: number;
}

/** A full budget. `nowMs` is by a monotonic clock. */
export function createCpuBudget(burstMs: number, perSecondMs: number, nowMs: number): CpuBudget {
  return { burstMs, perSecondMs, leftMs: burstMs, filledAtMs: nowMs };
}

/** Milliseconds to wait until something may be spent; 0 for none. */
export function msUntilFunds(budget: CpuBudget, nowMs: number): number {
  fill(budget, nowMs);
  return budget.leftMs > 0 ? 0 : Math.ceil(((1 - budget.leftMs) / budget.perSecondMs) * 1_000);
}

/** Spends milliseconds; more than there are leave a debt. Negative ones give back. */
export function spend(budget: CpuBudget, ms: number, nowMs: number): void {
  fill(budget, nowMs);
  budget.leftMs = Math.min(budget.burstMs, budget.leftMs - ms);
}

function fill(budget: CpuBudget, nowMs: number): void {
  const elapsedMs = Math.max(0, nowMs - budget.filledAtMs);
  budget.leftMs = Math.min(budget.burstMs, budget.leftMs + (elapsedMs / 1_000) * budget.perSecondMs);
  budget.filledAtMs = Math.max(nowMs, budget.filledAtMs);
}
