// Concedes by the time alone, along one curve: Boulware late, linear evenly, conceder early.

import { findWorstAtLeast, listWorth, measureDistance, pickLeast } from '../findOutcome.ts';
import { aimAt, type Curve } from './aspiration.ts';
import type { Look, Proposal } from './look.ts';

/** How it concedes, and which outcome it offers of those that are worth what it aims at. */
export interface TimeOptions extends Curve {
  readonly fall: 'scaled' | 'plain';
  /**
   * 0 offers the outcome that is worth least of those that are worth enough. Above 0 it looks among all that are worth up to so much
   * more, and offers the one that is nearest to what the peer has offered last.
   */
  readonly tolerance: number;
}

/** The next offer. */
export function proposeByTime(view: Look, options: TimeOptions): Proposal {
  const { ranking, floor, t } = view;
  const target = aimAt(options, t, { best: ranking.best, floor }, options.fall);
  return propose(view, target, options.tolerance);
}

/** An outcome that is worth `target`: the one worth least, or of those within the tolerance the nearest to the peer's last offer. */
export function propose({ ranking, theirs }: Look, target: number, tolerance = 0): Proposal {
  const worst = findWorstAtLeast(ranking, target);
  const wanted = theirs.at(-1)?.outcomes ?? [];
  const choice = tolerance > 0 && wanted.length > 0 ? listWorth(ranking, target, target + tolerance) : [];
  const { domain } = ranking.space;
  const nearest = pickLeast(choice, (outcome) => Math.min(...wanted.map((each) => measureDistance(domain, outcome, each))));
  const outcome = nearest ?? worst;
  return { outcome, worth: ranking.worthOf(outcome) ?? 0, target };
}
