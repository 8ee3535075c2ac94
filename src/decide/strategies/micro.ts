// MiCRO: goes down its own ranking, one new offer for each new offer of the peer. It knows nothing of the peer and needs no parameters.

import { keyOf } from '../outcomeKey.ts';
import { countAtLeast, EPSILON } from '../ranking.ts';
import { seedDice } from '../seededDice.ts';
import type { Outcome } from '../utility.ts';
import type { Look, Proposal } from './look.ts';
import type { Spend } from './strategy.ts';

/** How it goes down: with `skips` over as many outcomes at once as the rounds that are left ask for, and near the end in any case. */
export interface MicroOptions {
  readonly skips: boolean;
}

/** The next offer, and what an offer of the peer must be worth to be taken. */
export interface MicroProposal extends Proposal {
  readonly takes: number;
}

const LATE = 0.95;
// Of the outcomes it could still offer it plans to go through a third: all of them would give the peer everything by the end.
const PART_TO_GIVE = 1 / 3;

/** A new, cheaper offer when the peer has made as many different ones as this side; otherwise one of the old ones again. */
export function proposeMicro(view: Look, { skips }: MicroOptions, spend: Spend): MicroProposal {
  const { ranking, floor, mine, theirs, input, t } = view;
  const sent = collectKeys(
    mine.flatMap(({ outcomes }) => outcomes),
    spend,
  );
  const received = collectKeys(
    theirs.flatMap(({ outcomes }) => outcomes),
    spend,
  );
  const lowest = mine
    .flatMap(({ outcomes }) => outcomes)
    .reduce((least, each) => Math.min(least, ranking.worthOf(each) ?? least), ranking.best);
  const { round, rounds } = input.timing;
  const isLate = skips && (t > LATE || round >= rounds - 2);
  const isReady = sent.size <= received.size || isLate;
  const rank = isReady
    ? findNext(view, { sent, lowest, steps: skips ? countSteps(view, sent.size, received.size, lowest) : 1 }, spend)
    : undefined;
  if (rank !== undefined) {
    const [outcome, worth] = [ranking.at(rank), ranking.worths[rank] ?? 0];
    return { outcome, worth, target: worth, takes: worth };
  }
  const again = mine[seedDice(`${input.seed}/${input.history.length}`).below(mine.length)]?.outcomes[0] ?? ranking.at(0);
  return { outcome: again, worth: ranking.worthOf(again) ?? 0, target: lowest, takes: Math.max(floor, lowest) };
}

/** The rank of the outcome that lies `steps` below the lowest that was sent; undefined when there is none above the floor. */
function findNext(
  { ranking, floor }: Look,
  { sent, lowest, steps }: { readonly sent: ReadonlySet<string>; readonly lowest: number; readonly steps: number },
  spend: Spend,
): number | undefined {
  const end = countAtLeast(ranking, floor);
  let rank = countAtLeast(ranking, lowest + 2 * EPSILON);
  while (rank < end && sent.has(keyOf(ranking.at(rank)))) {
    spend();
    rank += 1;
  }
  if (rank >= end) return undefined;
  const last = Math.min(end - 1, rank + steps - 1);
  return sent.has(keyOf(ranking.at(last))) ? rank : last;
}

/** How far down to go at once: a part of what is left above the floor, over the new offers of the peer that can be hoped for. */
function countSteps({ ranking, floor, input: { timing } }: Look, sent: number, received: number, lowest: number): number {
  const left = countAtLeast(ranking, floor) - countAtLeast(ranking, lowest + 2 * EPSILON);
  const pace = timing.round === 0 ? 1 : Math.min(1, Math.max(received, 1) / timing.round);
  const hoped = Math.max(1, (timing.rounds - timing.round) * pace);
  return sent === 0 ? 1 : Math.max(1, Math.ceil((left * PART_TO_GIVE) / hoped));
}

function collectKeys(outcomes: readonly Outcome[], spend: Spend): ReadonlySet<string> {
  spend(outcomes.length);
  return new Set(outcomes.map(keyOf));
}
