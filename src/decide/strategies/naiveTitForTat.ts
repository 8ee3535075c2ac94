// Tit for tat as if one side's gain were the other's loss: gives as much as the peer seems to have given up (NegMAS's naive kind).

import { countAtLeast, EPSILON } from '../ranking.ts';
import { readWorth, type Look, type Proposal } from './look.ts';
import { propose } from './timeDependent.ts';

/** How it answers. */
export interface NaiveOptions {
  /** What it gives on top of what the peer gave, as a share of its range. */
  readonly kindness: number;
  readonly tolerance: number;
}

/** The first offer gives nothing and the next two as little as possible; from then on it gives what the peer gave. */
export function proposeNaively(view: Look, { kindness, tolerance }: NaiveOptions): Proposal {
  const { ranking, floor, mine, theirs } = view;
  const { best, worst } = ranking;
  if (mine.length === 0) return propose(view, best);
  if (mine.length < 3) return propose(view, Math.max(floor, findSecond(view)));
  const concession = measureGain(view, readWorth(view, theirs.at(-1))) + kindness;
  return propose(view, Math.max(floor, worst + (1 - concession) * (best - worst)), tolerance);
}

/** Whether an offer is taken by the rule that goes with it in NegMAS: it gives more than it leaves to be wished for. */
export function mirrors(view: Look, offered: number, { kindness }: NaiveOptions): boolean {
  const gain = measureGain(view, offered);
  const concession = view.mine.length < 3 ? 0 : gain + kindness;
  return gain > 1 - concession + EPSILON;
}

/** What an offer gives this side, as a share of what there is between its floor and its best. */
function measureGain({ ranking: { best }, floor }: Look, worth: number): number {
  return best - floor <= EPSILON ? 1 : Math.min(1, Math.max(0, (worth - floor) / (best - floor)));
}

function findSecond({ ranking }: Look): number {
  return ranking.worths[countAtLeast(ranking, ranking.best)] ?? ranking.best;
}
