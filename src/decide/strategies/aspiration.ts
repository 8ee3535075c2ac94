// How much a side wants as time passes: from all of it at the start to nothing at the end, early or late.

/** How a curve falls. A polynomial with a large exponent concedes late (4: Boulware), with a small one early (0.25: conceder). */
export interface Curve {
  readonly curve: 'polynomial' | 'exponential';
  readonly exponent: number;
}

/**
 * The part of what there is to win that is wanted at time `t`, from 1 to 0. Polynomial: 1 − t^e. Exponential:
 * (exp((1 − t)^e) − 1) / (exp(1) − 1), where a small exponent concedes late.
 *
 * @example aspire({ curve: 'polynomial', exponent: 4 }, 0.5) // 0.9375
 */
export function aspire({ curve, exponent }: Curve, t: number): number {
  switch (curve) {
    case 'polynomial':
      return 1 - t ** exponent;
    case 'exponential':
      return Math.expm1((1 - t) ** exponent) / Math.expm1(1);
    default:
      return curve satisfies never;
  }
}

/**
 * What an outcome must be worth at time `t`. `scaled` falls from the best to the floor, floor + (best − floor) · share; `plain` falls
 * towards zero and stops at the floor, max(floor, best · share).
 */
export function aimAt(curve: Curve, t: number, range: { readonly best: number; readonly floor: number }, fall: 'scaled' | 'plain'): number {
  const { best, floor } = range;
  const share = aspire(curve, t);
  return Math.max(floor, fall === 'plain' ? best * share : floor + (best - floor) * share);
}
