// Ends a step of the owner's: saved first, then published, then shown.

import type { Hex } from '../core/bytes.ts';
import { NegotiateError } from '../core/errors.ts';
import { drainOutbox } from './drainOutbox.ts';
import { readAskBook } from './mandate/askBook.ts';
import { viewNegotiation, type NegotiationView } from './view.ts';
import { saveWork, type Work } from './work.ts';

/** The negotiation after an own move. `isSent` is false when no relay could be reached: the move is saved and goes out with `sync`. */
export interface MoveResult {
  readonly negotiation: NegotiationView;
  readonly isSent: boolean;
}

/** Saves a step, publishes what it queued, and shows the negotiation. Throws only what saving throws. */
export async function finishStep(work: Work, nid: Hex): Promise<MoveResult> {
  const { context } = work;
  saveWork(work);
  await drainOutbox(context, { force: true });
  const record = context.store.findNegotiation(nid);
  if (record === undefined) throw new NegotiateError('internal/bug', 'A negotiation vanished while it was saved. Please report this.');
  const negotiation = viewNegotiation(context.store, record, context.clock.now(), (await readAskBook(context)).get(nid));
  return { negotiation, isSent: negotiation.unsent === 0 };
}
