// The locks of signatures are for one use: a value that opens two of them would decide two deals at once (PROTOCOL "The agreement").

import type { Hex } from '../core/bytes.ts';
import type { Negotiation } from './negotiation.ts';
import { readClaim, type SignedEvent } from './signature.ts';

/** True when one of these hashes is a lock of a signature that this side has seen or made before, or was opened by a voiding. */
export function isLockUsed(state: Negotiation, locks: readonly Hex[]): boolean {
  const known = new Set([...(state.voided ?? []), ...listSignatures(state).flatMap(locksOf)]);
  return locks.some((lock) => known.has(lock));
}

/** The two locks of a signature; none of what is no signature. */
export function locksOf(event: SignedEvent): readonly Hex[] {
  const claim = readClaim(event);
  if (claim === undefined) return [];
  return claim.order === 'first' ? [claim.close, claim.void] : [claim.ack, claim.late];
}

function listSignatures({ offers, commitments, pending }: Negotiation): readonly SignedEvent[] {
  return [
    ...offers.flatMap(({ presigned }) => presigned ?? []),
    ...commitments.flatMap(({ first, second }) => (second === undefined ? [first] : [first, second])),
    ...(pending === undefined ? [] : [pending.first]),
  ];
}
