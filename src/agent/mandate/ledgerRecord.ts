// The ledger of the mandate in the store: read, rebuilt from what is stored where there is none, and written in the step that changes it.

import { z } from 'zod';
import type { Hex } from '../../core/bytes.ts';
import { NegotiateError } from '../../core/errors.ts';
import { toJson } from '../../decide/mandateAction.ts';
import { closeBooks, EMPTY_LEDGER, followNegotiation, type FindPayment, type Ledger } from '../../decide/mandateLedger.ts';
import type { Mandate } from '../../decide/mandateSchema.ts';
import { DENIALS, QUESTIONS } from '../../decide/mandateVerdict.ts';
import { amountText, hex32, publicKey } from '../../negotiate/fields.ts';
import type { Negotiation } from '../../negotiate/negotiation.ts';
import { isPaymentOpen, type Payment } from '../../pay/payment.ts';
import type { Change, Store } from '../../store/records.ts';
import { findPayment } from '../jobs/findPayment.ts';
import { readState } from '../negotiationState.ts';
import { readMandate } from './mandateSetting.ts';

const TIME_NOTED_EVERY_S = 60;

const msat = amountText.transform(BigInt);
const reasonSchema = z.strictObject({ code: z.enum([...DENIALS, ...QUESTIONS]), path: z.string() });
const ledgerSchema = z.strictObject({
  open: z.array(z.strictObject({ id: hex32, nid: hex32, peer: publicKey, agreement: hex32, msat })),
  spent: z.array(z.strictObject({ agreement: hex32, peer: publicKey, msat, at: z.number() })),
  acts: z.array(z.strictObject({ at: z.number(), peer: publicKey, others: z.array(publicKey).optional(), isNew: z.boolean() })),
  asks: z.array(
    z.strictObject({
      digest: hex32,
      nid: hex32.optional(),
      peer: publicKey.optional(),
      group: z.string().optional(),
      service: z.string().optional(),
      what: z.string(),
      msat: msat.optional(),
      reasons: z.array(reasonSchema),
      at: z.number(),
    }),
  ),
  approved: z.array(z.strictObject({ digest: hex32, at: z.number() })),
  settled: z.array(hex32),
  latestAt: z.number(),
});

/** The ledger as one step has it: read when first needed, changed by the step, written with it. */
export interface LedgerCell {
  opened?: { ledger: Ledger; readonly version: number; readonly before: Ledger };
}

/** The ledger of a step as it is now, to try something out on. */
export function copyCell({ opened }: LedgerCell): LedgerCell {
  return opened === undefined ? {} : { opened: { ...opened } };
}

/** The ledger as the step has it by now. Throws `store/corrupt`. */
export function openLedger(store: Store, cell: LedgerCell, mandate: Mandate): Ledger {
  if (cell.opened !== undefined) return cell.opened.ledger;
  const record = store.readLedger();
  const ledger = record === undefined ? rebuildLedger(store, mandate, EMPTY_LEDGER, 0) : readBody(record.body);
  cell.opened = { ledger, before: record === undefined ? EMPTY_LEDGER : ledger, version: record?.version ?? 0 };
  return ledger;
}

/** Changes the ledger of a step. */
export function changeLedger(store: Store, cell: LedgerCell, mandate: Mandate, change: (ledger: Ledger) => Ledger): void {
  const ledger = openLedger(store, cell, mandate);
  if (cell.opened !== undefined) cell.opened.ledger = change(ledger);
}

/** What has to be saved with a step that leaves negotiations like these; nothing without a mandate. `paid` is a payment that it saves too. */
export function ledgerChanges(
  store: Store,
  cell: LedgerCell,
  states: readonly Negotiation[],
  now: number,
  paid?: Payment,
): readonly Change[] {
  const mandate = readMandate(store);
  if (mandate === undefined) return [];
  const find = paymentsOf(store, paid);
  const ledger = states.reduce((next, state) => followNegotiation(next, state, mandate, find, now), openLedger(store, cell, mandate));
  const { before, version } = cell.opened ?? { before: undefined, version: 0 };
  // Now and then for the time alone, so that a clock that goes back is noticed.
  const isDue = ledger !== before || now > ledger.latestAt + TIME_NOTED_EVERY_S;
  return isDue ? [writeLedger(closeBooks(ledger, now), version)] : [];
}

/** The change that writes the ledger; `version` is the one before, 0 for the first. */
export function writeLedger(ledger: Ledger, version: number): Change {
  return { kind: 'ledger', record: { body: JSON.stringify(toJson(ledger)), version } };
}

/** The promises of every negotiation that is stored, and what was paid for them; the rest as in `ledger`. */
export function rebuildLedger(store: Store, mandate: Mandate, ledger: Ledger, now: number): Ledger {
  const states = store.listNegotiations().map(readState);
  return states.reduce<Ledger>((next, state) => followNegotiation(next, state, mandate, paymentsOf(store), now), { ...ledger, open: [] });
}

function paymentsOf(store: Store, paid?: Payment): FindPayment {
  return (agreement: Hex) => {
    const payment = paid?.agreement === agreement ? paid : findPayment(store, agreement)?.payment;
    if (payment === undefined) return undefined;
    const state = isPaymentOpen(payment) ? 'open' : payment.state === 'settled' ? 'settled' : 'failed';
    return { state, msat: BigInt(payment.amountMsat), at: payment.updatedAt };
  };
}

function readBody(body: string): Ledger {
  try {
    return ledgerSchema.parse(JSON.parse(body));
  } catch (cause) {
    throw new NegotiateError(
      'store/corrupt',
      'The ledger of the policy cannot be read, so nothing is done under it. Restore a copy of the home.',
      { cause },
    );
  }
}
