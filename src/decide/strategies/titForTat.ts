// Answers in kind: concedes as much as the peer did, measured by what its offers are worth to this side.

import { seedDice } from '../seededDice.ts';
import { readWorth, type Look, type Proposal } from './look.ts';
import { propose } from './timeDependent.ts';

/** How it imitates (Faratin, Sierra and Jennings 1998). */
export interface TitForTatOptions {
  /** `relative`: by the ratio of two offers in a row; `absolute`: by their difference; `averaged`: by the ratio over the whole window. */
  readonly imitates: 'relative' | 'absolute' | 'averaged';
  /** How many offers of the peer it looks back. */
  readonly window: number;
  /** How much of its range it gives over the whole time whatever the peer does: with 0, two of them wait for each other for ever. */
  readonly kindness: number;
  /** Only for `absolute`: up to how much is added or taken away by chance. */
  readonly noise: number;
  readonly tolerance: number;
}

/** The next offer. */
export function proposeTitForTat(view: Look, options: TitForTatOptions): Proposal {
  const { ranking, floor, t, mine } = view;
  const { best } = ranking;
  const own = mine.length === 0 ? best : readLast(view);
  const imitated = Math.min(best, Math.max(floor, imitate(view, own, options)));
  const kind = best - options.kindness * t * (best - floor);
  return propose(view, Math.max(floor, Math.min(imitated, kind)), options.tolerance);
}

/** What it would aim at by imitation alone, before it is kept within its range. */
export function imitate(view: Look, own: number, { imitates, window, noise }: Omit<TitForTatOptions, 'kindness' | 'tolerance'>): number {
  const { theirs, input } = view;
  const last = theirs.length - 1;
  if (last < window) return own;
  const [then, after, now] = [last - window, last - window + 1, last].map((index) => readWorth(view, theirs[index]));
  switch (imitates) {
    case 'relative':
      return scale(own, then, after);
    case 'averaged':
      return scale(own, then, now);
    case 'absolute': {
      const chance = noise === 0 ? 0 : (seedDice(`${input.seed}/${input.history.length}`).unit() * 2 - 1) * noise;
      return own + (then ?? 0) - (after ?? 0) + chance;
    }
    default:
      return imitates satisfies never;
  }
}

// Where the peer's offer is worth nothing there is no ratio, and nothing to imitate.
function scale(own: number, before = 0, after = 0): number {
  return after <= 0 ? own : own * (before / after);
}

/** What the last own offer is worth; of several outcomes the one that was aimed at comes first. */
function readLast({ ranking, mine }: Look): number {
  const outcome = mine.at(-1)?.outcomes[0];
  return (outcome === undefined ? undefined : ranking.worthOf(outcome)) ?? ranking.best;
}
