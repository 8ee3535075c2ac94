// The strategy that docs/strategies.md shows how to write.

import { explain, findStanding, findWorstAtLeast, look, type Strategy } from '../src/index.ts';

/** Gives half of the way to its reserve at once and then nothing more, until the last three rounds: then it takes what is above it. */
export const stubborn: Strategy = (input, spend) => {
  const view = look(input, spend);
  const { ranking, floor } = view;
  const target = (ranking.best + floor) / 2;
  const standing = findStanding(view);
  const because = explain(input, { kind: 'stubborn' }, { t: view.t, target, ...(standing && { offered: standing.worth }) });
  const isNearEnd = input.timing.round >= input.timing.rounds - 3;
  if (standing && standing.worth >= (isNearEnd ? floor : target)) return { kind: 'accept', ...standing, because };
  return { kind: 'offer', outcome: findWorstAtLeast(ranking, target), because };
};
