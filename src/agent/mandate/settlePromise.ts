// The owner says that a deal is paid or written off in another way: what it held under the mandate is free again.

import { z } from 'zod';
import { NegotiateError } from '../../core/errors.ts';
import { MAX_MSAT, type Msat } from '../../core/money.ts';
import { closeBooks, settleHolds } from '../../decide/mandateLedger.ts';
import type { AgentContext } from '../context.ts';
import { findNegotiation } from '../findNegotiation.ts';
import { findPayment } from '../jobs/findPayment.ts';
import { readState } from '../negotiationState.ts';
import { openLedger, writeLedger, type LedgerCell } from './ledgerRecord.ts';
import { readMandate } from './mandateSetting.ts';

/** Which negotiation, and what was paid in all; everything that was held unless named. */
export const settlePromiseInput = z.strictObject({ nid: z.string(), paidMsat: z.bigint().min(0n).max(MAX_MSAT).optional() });

/** What was held until now, in how many deals, and what counts as paid. */
export interface SettlePromiseResult {
  readonly heldMsat: Msat;
  readonly deals: number;
  readonly paidMsat: Msat;
}

/**
 * Frees what the made deals of a negotiation hold; this agent pays nothing for them any more. Signatures that are out, and payments that
 * have begun, are not the owner's to decide. Throws `input/…`, `input/not-found` when nothing is held.
 */
export function settlePromise(context: AgentContext, { nid, paidMsat }: z.infer<typeof settlePromiseInput>): SettlePromiseResult {
  const { store, clock } = context;
  const record = findNegotiation(store, nid);
  const mandate = readMandate(store);
  const cell: LedgerCell = {};
  const ledger = mandate === undefined ? undefined : openLedger(store, cell, mandate);
  const made = readState(record).commitments.flatMap(({ state, agreement }) => (state === 'agreed' ? [agreement] : []));
  const free = made.filter((agreement) => findPayment(store, agreement) === undefined);
  const holds = ledger?.open.filter((hold) => hold.nid === record.nid && free.includes(hold.agreement)) ?? [];
  if (ledger === undefined || holds.length === 0)
    throw new NegotiateError('input/not-found', 'Nothing is promised here that could be settled. See: agent-negotiate policy show');
  const heldMsat = holds.reduce((sum, { msat }) => sum + msat, 0n);
  const paid = paidMsat ?? heldMsat;
  const now = clock.now();
  store.save([writeLedger(closeBooks(settleHolds(ledger, holds, paid, now), now), cell.opened?.version ?? 0)]);
  return { heldMsat, deals: holds.length, paidMsat: paid };
}
