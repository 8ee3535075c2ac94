// Whether the owner has said yes to a deed: his yes counts for a day, and not where it is older than the last restore.

import type { Hex } from '../../core/bytes.ts';
import { isLive, type Ledger } from '../../decide/mandateLedger.ts';
import type { Store } from '../../store/records.ts';
import { readRestored } from '../restoredNote.ts';

/** True where a yes to this deed counts at `now` (unix seconds). One from before a restore may have been used by then. */
export function hasYes(store: Store, { approved }: Pick<Ledger, 'approved'>, digest: Hex, now: number): boolean {
  const restoredAt = readRestored(store)?.at ?? -1;
  return approved.some((each) => each.digest === digest && each.at > restoredAt && isLive(each, now));
}
