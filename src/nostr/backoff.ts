// How long to wait before something is tried again with a relay.

import type { Rng } from '../core/ports.ts';
import type { PoolLimits } from './poolLimits.ts';

/** Exponential, between half and all of the step, so that clients of a relay that restarts do not return all at once. */
export function backoffMs(failures: number, limits: Pick<PoolLimits, 'retryMinMs' | 'retryMaxMs'>, rng: Rng): number {
  const stepMs = Math.min(limits.retryMaxMs, limits.retryMinMs * 2 ** Math.min(failures - 1, 30));
  return stepMs * (0.5 + (rng.bytes(1)[0] ?? 0) / 510);
}
