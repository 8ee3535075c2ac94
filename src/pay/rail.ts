// How money moves: one interface that every rail fills. A rail never guesses; what it does not know is `unknown`.

import type { Hex } from '../core/bytes.ts';
import type { Msat } from '../core/money.ts';

/** The rails by name, as `/payment/rail` of the terms has them: play money, or Lightning through a wallet (NIP-47). */
export type RailId = 'sandbox' | 'nwc';

/** What is known of a wallet. */
export interface RailInfo {
  readonly id: RailId;
  /** True when what it moves is worth nothing. */
  readonly isTestMoney: boolean;
  /** Public key (33 bytes, hex) of the node that signs its invoices, where the wallet tells it. */
  readonly payee?: string;
}

/** What an invoice is made of. `description` is what `descriptionHash` (SHA-256, hex) is the hash of. */
export interface InvoiceOrder {
  readonly amountMsat: Msat;
  readonly description: string;
  readonly descriptionHash: Hex;
  /** Seconds for which it can be paid. */
  readonly expiryS: number;
}

/** What became of an attempt to pay. `unknown` is anything but a clear answer: money may be under way. */
export type PayOutcome =
  | { readonly kind: 'settled'; readonly preimage: Hex }
  | { readonly kind: 'failed'; readonly reason: 'insufficient-balance' | 'refused' | 'payment-failed' }
  | { readonly kind: 'unknown' };

/** What a wallet says of a payment or an invoice when it is asked. `unknown`: it did not answer. */
export type Observation =
  | { readonly kind: 'settled'; readonly amountMsat: Msat; readonly preimage?: Hex }
  | { readonly kind: 'pending' | 'failed' | 'expired' | 'not-found' | 'unknown' };

/** A wallet on a rail. Calls throw `wallet/unreachable` and `wallet/refused` where their result has no place for it. */
export interface Rail {
  describe(): Promise<RailInfo>;
  balance(): Promise<Msat>;
  /** Makes a BOLT11 invoice. */
  makeInvoice(order: InvoiceOrder): Promise<string>;
  /** Pays an invoice, once: paying it again moves nothing. Never throws. */
  pay(invoice: string): Promise<PayOutcome>;
  /** Asks what became of the invoice or payment with this payment hash. Never throws. */
  lookUp(paymentHash: Hex, direction: 'incoming' | 'outgoing'): Promise<Observation>;
  close(): Promise<void>;
}
