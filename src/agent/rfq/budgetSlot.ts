// One budget for all negotiations of a request: at most one signature of ours is out, or one deal is made, in all of them together.

import type { Hex } from '../../core/bytes.ts';
import { findHeld, listPresigned } from '../../negotiate/slot.ts';
import type { Negotiation } from '../../negotiate/negotiation.ts';
import type { Store } from '../../store/records.ts';
import { readState } from '../negotiationState.ts';
import { findRfqOf } from './rfqRecord.ts';

/** The other negotiation of the same request that has the budget; undefined when it is free or there is no request. */
export function findBudgetHolder(store: Store, nid: Hex): Hex | undefined {
  const rfq = findRfqOf(store, nid);
  if (rfq === undefined) return undefined;
  return rfq.body.asked.flatMap((each) => each.nid ?? []).find((other) => other !== nid && holdsBudget(store, other));
}

function holdsBudget(store: Store, nid: Hex): boolean {
  const record = store.findNegotiation(nid);
  return record !== undefined && hasSignature(readState(record));
}

/** True while a signature of ours is out in it or holds. */
export function hasSignature(state: Negotiation): boolean {
  return findHeld(state) !== undefined || listPresigned(state).length > 0;
}
