// The payment of an agreement as it is saved.

import { z } from 'zod';
import type { Hex } from '../../core/bytes.ts';
import { NegotiateError } from '../../core/errors.ts';
import { amountText, hex32, unixSeconds } from '../../negotiate/fields.ts';
import type { Payment } from '../../pay/payment.ts';
import type { Change, PaymentRecord, Store } from '../../store/records.ts';

const paymentSchema = z.strictObject({
  agreement: hex32,
  paymentHash: hex32,
  request: z.string(),
  amountMsat: amountText,
  isTestMoney: z.boolean(),
  expiresAt: unixSeconds,
  state: z.enum(['paying', 'unknown', 'settled', 'failed']),
  tries: z.int(),
  updatedAt: unixSeconds,
  orderedAt: unixSeconds.optional(),
  preimage: hex32.optional(),
  reason: z.string().optional(),
});

/** A saved payment. */
export interface SavedPayment {
  readonly record: PaymentRecord;
  readonly payment: Payment;
}

/** Finds the payment of an agreement. Throws `store/corrupt`. */
export function findPayment(store: Store, agreement: Hex): SavedPayment | undefined {
  const record = store.findPayment({ agreement });
  if (record === undefined) return undefined;
  const parsed = paymentSchema.safeParse(parseJson(record.body));
  if (parsed.success) return { record, payment: parsed.data as Payment };
  throw new NegotiateError('store/corrupt', 'A saved payment cannot be read. Pay nothing for this deal; restore a copy of the home.');
}

/** The change that saves a payment; `record` is the one before, undefined for the first. */
export function savePayment(payment: Payment, record: PaymentRecord | undefined): Change {
  const { agreement, paymentHash } = payment;
  return { kind: 'payment', record: { agreement, paymentHash, body: JSON.stringify(payment), version: record?.version ?? 0 } };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
