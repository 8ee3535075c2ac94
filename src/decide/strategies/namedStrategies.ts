// The strategies of the product by name, each with the options it is known for.

import { canonicalJson } from '../../core/canonical.ts';
import type { StrategySpec } from './buildStrategy.ts';

const LATE = { kind: 'time', curve: 'polynomial', exponent: 4, fall: 'scaled', tolerance: 0 } as const;
const TIT_FOR_TAT = { kind: 'tit-for-tat', imitates: 'absolute', window: 1, kindness: 0.5, noise: 0, tolerance: 0 } as const;

/** Names and what they stand for. */
export const NAMED_STRATEGIES = {
  boulware: LATE,
  linear: { ...LATE, exponent: 1 },
  conceder: { ...LATE, exponent: 0.25 },
  'trade-off': { ...LATE, exponent: 2, tolerance: 0.1 },
  variants: { ...LATE, exponent: 2, tolerance: 0.1, alternatives: 4, spread: 0.05 },
  'tit-for-tat': TIT_FOR_TAT,
  'naive-tit-for-tat': { kind: 'naive-tit-for-tat', kindness: 0, tolerance: 0, mirrors: false },
  micro: { kind: 'micro', skips: false },
  'fast-micro': { kind: 'micro', skips: true },
  firm: { kind: 'firm', level: 0.5 },
} as const satisfies Readonly<Record<string, StrategySpec>>;

/** A name of {@link NAMED_STRATEGIES}. */
export type NamedStrategy = keyof typeof NAMED_STRATEGIES;

/** The name that a strategy goes by, however it was written; undefined for one with options of its own. */
export function nameOfStrategy(spec: StrategySpec): NamedStrategy | undefined {
  const names = Object.keys(NAMED_STRATEGIES) as NamedStrategy[];
  return names.find((name) => canonicalJson(NAMED_STRATEGIES[name]) === canonicalJson(spec));
}
