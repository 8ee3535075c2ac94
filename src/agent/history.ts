// Shows what was said and done in one negotiation.

import { z } from 'zod';
import type { AgentContext } from './context.ts';
import { findNegotiation } from './findNegotiation.ts';
import { viewMove, type MoveView } from './viewHistory.ts';

/** Which negotiation. */
export const historyInput = z.strictObject({ nid: z.string() });

/** The moves of both sides in the order they were written down here. */
export interface History {
  readonly nid: string;
  readonly moves: readonly MoveView[];
}

/** Shows the moves. Throws `input/…`. */
export function history({ store, pubkey }: AgentContext, input: z.infer<typeof historyInput>): History {
  const { nid } = findNegotiation(store, input.nid);
  return { nid, moves: store.listMoves(nid).flatMap((record) => viewMove(record, pubkey) ?? []) };
}
