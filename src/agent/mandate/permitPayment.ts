// Asks the owner's mandate before a payment is ordered, and keeps its ledger in step with what becomes of payments.

import type { Hex } from '../../core/bytes.ts';
import type { Action } from '../../decide/mandateAction.ts';
import type { Reason } from '../../decide/mandateVerdict.ts';
import { parseMsat } from '../../core/money.ts';
import type { Terms } from '../../negotiate/terms.ts';
import type { Payment } from '../../pay/payment.ts';
import type { Change } from '../../store/records.ts';
import type { AgentContext } from '../context.ts';
import { readState } from '../negotiationState.ts';
import { beginWork, openNegotiation } from '../work.ts';
import { subjectOf } from './facts.ts';
import { ledgerChanges } from './ledgerRecord.ts';
import { consider, permit } from './permit.ts';
import { mandateDenied } from './mandateError.ts';
import { readSavedMandate } from './mandateSetting.ts';

/** A payment that is about to be ordered. */
export interface DuePayment {
  readonly nid: Hex;
  readonly terms: Terms;
  readonly payment: Payment;
}

/**
 * Judges the first order of a payment. Returns what has to be saved with the intent, in the same transaction. Throws `mandate/denied`,
 * `mandate/approval-needed`; then nothing is to be paid.
 */
export async function permitPayment(context: AgentContext, due: DuePayment): Promise<readonly Change[]> {
  const work = beginWork(context);
  const open = openNegotiation(work, due.nid);
  if (open === undefined) throw mandateDenied({ reasons: [{ code: 'no-hold', path: '' }] });
  await permit(work, subjectOf(open.state), describePayment(due));
  return ledgerChanges(context.store, work.ledger, [], work.now);
}

/**
 * Judges an order that repeats an earlier one of the same invoice: what the owner was asked about then he is not asked about again, but he is
 * where another policy has come into force since, or this one has ended. Throws `mandate/denied`, `mandate/approval-needed`.
 */
export async function permitRepeat(context: AgentContext, due: DuePayment): Promise<void> {
  const work = beginWork(context);
  const open = openNegotiation(work, due.nid);
  if (open === undefined) throw mandateDenied({ reasons: [{ code: 'no-hold', path: '' }] });
  const considered = await consider(work, subjectOf(open.state), describePayment(due));
  const { verdict, reasons } = considered;
  if (verdict === 'deny') throw mandateDenied(considered);
  if (verdict === 'ask' && isAskedAnew(context, due.payment, reasons)) await permit(work, subjectOf(open.state), describePayment(due));
  // A yes that it took is used up before the wallet is told.
  if (verdict === 'allow') context.store.save(ledgerChanges(context.store, work.ledger, [], work.now));
}

/** True where the owner cannot have said yes to it when it was ordered last. */
function isAskedAnew({ store }: AgentContext, { updatedAt, orderedAt = updatedAt }: Payment, reasons: readonly Reason[]): boolean {
  const saved = readSavedMandate(store);
  if (saved === undefined) return false;
  const hasEnded = reasons.some(({ code }) => code === 'after-end') && orderedAt <= (saved.mandate.valid_until ?? Infinity);
  return hasEnded || saved.setAt >= orderedAt;
}

/** What has to be saved with a payment whose outcome is another by now. */
export function followPayment({ store, clock }: AgentContext, nid: Hex, payment: Payment): readonly Change[] {
  const record = store.findNegotiation(nid);
  return record === undefined ? [] : ledgerChanges(store, {}, [readState(record)], clock.now(), payment);
}

function describePayment({ terms, payment }: DuePayment): Action {
  const { agreement, paymentHash, amountMsat } = payment;
  return { kind: 'pay', agreement, paymentHash, amountMsat: parseMsat(amountMsat), terms };
}
