// When an offer of the peer is taken: when it is as good as what would be offered next, or when time is up and it is above the reserve.

import { EPSILON } from '../ranking.ts';

/** When to accept. AC_next holds with `scale`·u + `add` ≥ u(next); AC_time from `fromTime` on, and in the last round. */
export interface AcceptanceRule {
  readonly accepts: 'next' | 'time' | 'combi';
  readonly scale: number;
  readonly add: number;
  readonly fromTime: number;
}

/** Either of the two, as AC_combi in NegMAS. */
export const AC_COMBI: AcceptanceRule = { accepts: 'combi', scale: 1, add: 0, fromTime: 0.98 };

/** What is known when the peer's offer is looked at. */
export interface AcceptanceFacts {
  /** What the peer's offer is worth, and what the own next one would be. */
  readonly offered: number;
  readonly next: number;
  readonly floor: number;
  readonly t: number;
  readonly isLast: boolean;
}

/** Whether the peer's offer is taken; never one below the floor. */
export function shouldAccept(rule: AcceptanceRule, { offered, next, floor, t, isLast }: AcceptanceFacts): boolean {
  if (offered < floor - EPSILON) return false;
  const isAsGood = rule.accepts !== 'time' && rule.scale * offered + rule.add >= next - EPSILON;
  const isTime = rule.accepts !== 'next' && (t >= rule.fromTime || isLast);
  return isAsGood || isTime;
}
