// Several offers at once that are worth the same to this side but differ as much as they can: the peer shows what it cares for.

import { listWorth, measureDistance, pickLeast } from '../findOutcome.ts';
import type { Outcome } from '../utility.ts';
import type { Look, Proposal } from './look.ts';

/** How many offers at once, the first included, and up to how much more than the first one the others are worth. */
export interface AlternativesOptions {
  readonly alternatives: number;
  readonly spread: number;
}

/** Most offers at once: an offer on the wire and four alternatives. */
export const MOST_ALTERNATIVES = 5;

/**
 * The proposal and others of the same worth, each as far as possible from those before it. Of one issue there are none: what differs in
 * nothing else is only better or worse.
 */
export function listAlternatives({ ranking }: Look, { outcome, worth }: Proposal, options: AlternativesOptions): readonly Outcome[] {
  const { domain } = ranking.space;
  if (domain.issues.length < 2) return [outcome];
  const pool = listWorth(ranking, worth, worth + options.spread);
  const chosen = [outcome];
  while (chosen.length < Math.min(options.alternatives, MOST_ALTERNATIVES)) {
    const distanceOf = (each: Outcome): number => Math.min(...chosen.map((other) => measureDistance(domain, each, other)));
    const farthest = pickLeast(pool, (each) => -distanceOf(each));
    if (farthest === undefined || distanceOf(farthest) === 0) return chosen;
    chosen.push(farthest);
  }
  return chosen;
}
