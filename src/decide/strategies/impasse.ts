// Notices that the peer does not move any more: the same offer, in every issue, for several rounds.

import { keyOf } from '../outcomeKey.ts';
import type { Offered } from './strategy.ts';

/** True when the last `rounds` + 1 offers of the peer are the same in all issues and all alternatives. */
export function isAtImpasse(history: readonly Offered[], rounds: number): boolean {
  const theirs = history.filter(({ by }) => by === 'peer').slice(-rounds - 1);
  if (rounds < 1 || theirs.length <= rounds) return false;
  const texts = theirs.map(({ outcomes }) => outcomes.map(keyOf).sort().join(';'));
  return texts.every((text) => text === texts[0]);
}
