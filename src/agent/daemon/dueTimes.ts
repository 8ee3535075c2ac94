// When something is next due by itself (unix seconds; Infinity for never): found once after each change, not by looking again and again.

import type { Hex } from '../../core/bytes.ts';
import { START_BY_S } from '../../negotiate/agreement.ts';
import { listUnseen, owesReceipt } from '../../negotiate/chain.ts';
import { CANCEL_GRACE_S, type Negotiation } from '../../negotiate/negotiation.ts';
import type { NegotiationRecord, Store } from '../../store/records.ts';
import { readState } from '../negotiationState.ts';
import { renewalTime } from '../publishIdentity.ts';
import { MAX_RESENDS } from '../runTimers.ts';

// What could not be done for want of the signer or of a commit that is under way.
const AGAIN_S = 30;

/** The moves that wait in the outbox. */
export function listQueuedMoves(store: Store): ReadonlySet<Hex> {
  return new Set(store.listQueued().flatMap(({ moveId }) => moveId ?? []));
}

/** When time next does something to a negotiation whose timers have just run at `now`. */
export function timerDueAt(store: Store, record: NegotiationRecord, queued: ReadonlySet<Hex>, now: number): number {
  if (!record.isActive) return Infinity;
  const state = readState(record);
  const unseen = listUnseen(state.chain);
  const isUnsent = unseen.some((id) => !queued.has(id) && store.findMove(id)?.sentAt === undefined);
  const resend = unseen.length > 0 && record.resends < MAX_RESENDS ? Math.max(record.resendAt, now + AGAIN_S) : Infinity;
  const again = isUnsent || state.pending !== undefined || owesReceipt(state.chain) ? now + AGAIN_S : Infinity;
  return Math.min(nextDeadline(state, now), resend, again);
}

/**
 * The next deadline in a negotiation after `now`. Some that no longer count may be among them: letting time pass for nothing does no harm,
 * missing one would.
 */
export function nextDeadline({ ended, open, pending, commitments }: Negotiation, now: number): number {
  const times = [
    ...(ended === undefined ? [open.expires_at] : []),
    ...(pending === undefined ? [] : [pending.confirmBy]),
    ...commitments.flatMap(({ state, confirmBy }) =>
      state === 'undecided' || state === 'sealing' ? [confirmBy, confirmBy + CANCEL_GRACE_S, confirmBy + START_BY_S - 1] : [],
    ),
  ];
  // A deadline is over in the second after it.
  return Math.min(Infinity, ...times.map((time) => time + 1).filter((time) => time > now));
}

/** When something in the outbox is to be tried. */
export function outboxDueAt(store: Store): number {
  const times = store.listQueued().flatMap(({ targets }) => targets.flatMap(({ state, nextAt }) => (state === 'pending' ? [nextAt] : [])));
  return Math.min(Infinity, ...times);
}

/** When the key package is to be renewed. */
export function keyPackageDueAt(store: Store): number {
  const newest = store.listKeyPackages().at(-1);
  return newest === undefined ? 0 : renewalTime(newest);
}
