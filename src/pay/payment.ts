// One outgoing payment as a small state machine: the intent is written down before the wallet is called, and what is not known stays unknown.

import type { Hex } from '../core/bytes.ts';
import type { PayTerms } from './payTerms.ts';
import type { Observation, PayOutcome } from './rail.ts';

/**
 * The one payment of an agreement. `paying`: the intent is saved and the wallet was, or is about to be, called. `unknown`: it gave no
 * clear answer. Both are left only by what the wallet says when it is asked. Times are unix seconds.
 */
export interface Payment {
  readonly agreement: Hex;
  readonly paymentHash: Hex;
  /** The BOLT11 invoice; never another one for this agreement. */
  readonly request: string;
  /** Decimal digits of millisatoshi. */
  readonly amountMsat: string;
  readonly isTestMoney: boolean;
  readonly expiresAt: number;
  readonly state: 'paying' | 'unknown' | 'settled' | 'failed';
  /** How often the wallet was told to pay. */
  readonly tries: number;
  readonly updatedAt: number;
  /** When the wallet was last told to pay; absent in payments of older versions. */
  readonly orderedAt?: number;
  readonly preimage?: Hex;
  /** Why it failed, in a word. */
  readonly reason?: string;
}

/** True while it is not known whether money has moved. */
export function isPaymentOpen({ state }: Payment): boolean {
  return state === 'paying' || state === 'unknown';
}

/** What to do about a payment now. */
export type PaymentAct = 'look-up' | 'pay' | 'wait' | 'none';

const MAX_TRIES = 3;
// An order to pay may still be on its way to the wallet when the wallet first says that it knows of none.
const RETRY_S = 10;
// Wallets and nodes have clocks of their own.
const EXPIRY_MARGIN_S = 120;

/** The intent to pay, to be saved before the wallet is called. */
export function beginPayment(
  { agreement, amountMsat, paymentHash, isTestMoney, expiresAt }: PayTerms,
  request: string,
  now: number,
): Payment {
  const amount = amountMsat.toString();
  const intent = { agreement, paymentHash, request, amountMsat: amount, isTestMoney, expiresAt };
  return { ...intent, state: 'paying', tries: 1, updatedAt: now, orderedAt: now };
}

/**
 * The payment after the wallet's answer to the order to pay. A settled payment stays settled, whatever comes. A failure counts as one only
 * where nothing can have been started before: a wallet may also say so of what it has paid already.
 */
export function applyOutcome(payment: Payment, outcome: PayOutcome, now: number): Payment {
  if (payment.state === 'settled') return payment;
  switch (outcome.kind) {
    case 'settled':
      return { ...payment, state: 'settled', preimage: outcome.preimage, updatedAt: now };
    case 'failed': {
      const isCertain = payment.tries === 1 && outcome.reason !== 'payment-failed';
      return { ...payment, state: isCertain ? 'failed' : 'unknown', reason: outcome.reason, updatedAt: now };
    }
    case 'unknown':
      return { ...payment, state: 'unknown', updatedAt: now };
    default:
      return outcome satisfies never;
  }
}

/** The payment after the wallet was asked what became of it. That a wallet knows nothing of it proves nothing while it could still be paid. */
export function applyObservation(payment: Payment, observation: Observation, now: number): Payment {
  if (payment.state === 'settled') return payment;
  switch (observation.kind) {
    case 'settled':
      // Without the preimage there is no receipt; the wallet will have it later.
      return observation.preimage === undefined
        ? becomeUnknown(payment, now)
        : { ...payment, state: 'settled', preimage: observation.preimage, updatedAt: now };
    case 'failed':
      return { ...payment, state: 'failed', reason: 'payment-failed', updatedAt: now };
    case 'expired':
    case 'not-found': {
      const isOver = now > payment.expiresAt + EXPIRY_MARGIN_S;
      return isOver ? { ...payment, state: 'failed', reason: 'expired', updatedAt: now } : becomeUnknown(payment, now);
    }
    case 'pending':
    case 'unknown':
      return becomeUnknown(payment, now);
    default:
      return observation satisfies never;
  }
}

// One that is unknown already keeps its time: it counts from the last order to pay.
function becomeUnknown(payment: Payment, now: number): Payment {
  return payment.state === 'unknown' ? payment : { ...payment, state: 'unknown', updatedAt: now };
}

/**
 * What to do next about a payment that is there. The same invoice may be paid again after the wallet has said that it did not, or that it
 * knows nothing of it: a payment hash moves money once. There is never another invoice.
 */
export function nextAct(payment: Payment, last: Observation | undefined, now: number): PaymentAct {
  const mayRepeat = payment.tries < MAX_TRIES && now < payment.expiresAt;
  const repeat = now < payment.updatedAt + RETRY_S ? 'wait' : 'pay';
  switch (payment.state) {
    case 'settled':
      return 'none';
    case 'failed':
      return mayRepeat ? repeat : 'none';
    case 'paying':
    case 'unknown':
      if (last === undefined) return 'look-up';
      return last.kind === 'not-found' && mayRepeat ? repeat : 'wait';
    default:
      return payment.state satisfies never;
  }
}

/** The payment as it is saved before the wallet is told again to pay the same invoice. An empty wallet has tried nothing. */
export function repeatPayment(payment: Payment, now: number): Payment {
  const hasTried = payment.state !== 'failed' || payment.reason !== 'insufficient-balance';
  return { ...payment, state: 'paying', tries: payment.tries + (hasTried ? 1 : 0), updatedAt: now, orderedAt: now };
}
