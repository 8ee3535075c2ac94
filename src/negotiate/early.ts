// Moves that come before the `open` of their negotiation: which are kept, and in which order they are received (PROTOCOL "Carrier and envelope").

import type { Hex } from '../core/bytes.ts';
import type { Arrival } from './chain.ts';

/** Moves of unknown negotiations that are kept of one peer. */
const MAX_EARLY = 64;

/** Whether a move is kept beside those of its sender that are kept already; one that comes again counts once. */
export function mayKeep(kept: readonly { readonly id: Hex }[], id: Hex): boolean {
  return kept.length < MAX_EARLY && !kept.some((each) => each.id === id);
}

/** The order in which kept moves are received: by seq, and of two with one seq the one first that came first. */
export function inOrderOfSeq<T extends { readonly arrival: Arrival }>(kept: readonly T[]): readonly T[] {
  return kept.toSorted((a, b) => a.arrival.header.seq - b.arrival.header.seq);
}
