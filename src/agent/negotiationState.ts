// A negotiation's state between steps: as text in the store, and whether anything is left to do for it.

import { NegotiateError } from '../core/errors.ts';
import { listUnseen, owesReceipt } from '../negotiate/chain.ts';
import type { Negotiation } from '../negotiate/negotiation.ts';
import { readPhase } from '../negotiate/phase.ts';
import { findUndecided, listPresigned } from '../negotiate/slot.ts';
import type { NegotiationRecord } from '../store/records.ts';

/** Reads the state of a saved negotiation. Throws `store/corrupt`. */
export function readState(record: NegotiationRecord): Negotiation {
  try {
    return JSON.parse(record.state) as Negotiation;
  } catch (cause) {
    throw new NegotiateError('store/corrupt', 'A saved negotiation cannot be read. Restore a copy of the home.', { cause });
  }
}

/** True while a deadline, an answer or a repetition may still be due. */
export function isActive(state: Negotiation): boolean {
  const isSettled = state.ended !== undefined || readPhase(state) === 'agreed';
  const isSigned = findUndecided(state) !== undefined || listPresigned(state).length > 0 || state.pending !== undefined;
  return !isSettled || isSigned || owesReceipt(state.chain) || listUnseen(state.chain).length > 0;
}
