// The ledger of the sandbox: accounts and invoices of money that is worth nothing, as a pure reducer that neither makes nor loses any.

import type { Hex } from '../../core/bytes.ts';
import type { Msat } from '../../core/money.ts';

/** An invoice of an account. Times are unix seconds. */
export interface LedgerInvoice {
  readonly paymentHash: Hex;
  readonly preimage: Hex;
  /** The account that is paid, by its public key. */
  readonly payee: Hex;
  readonly amountMsat: Msat;
  readonly bolt11: string;
  readonly description?: string;
  readonly descriptionHash?: Hex;
  readonly createdAt: number;
  readonly expiresAt: number;
  /** Who has paid it, and when. */
  readonly payer?: Hex;
  readonly settledAt?: number;
}

/** All accounts and invoices, and how much was ever granted. */
export interface Ledger {
  readonly issuedMsat: Msat;
  readonly accounts: ReadonlyMap<Hex, Msat>;
  readonly invoices: ReadonlyMap<Hex, LedgerInvoice>;
}

/** What can happen to a ledger. `now` is in unix seconds. */
export type LedgerInput =
  | { readonly kind: 'open'; readonly account: Hex; readonly grantMsat: Msat }
  | { readonly kind: 'invoice'; readonly invoice: LedgerInvoice }
  | { readonly kind: 'pay'; readonly payer: Hex; readonly paymentHash: Hex; readonly now: number };

/** Why a ledger did not change. */
export type LedgerRefusal =
  | 'account-exists'
  | 'unknown-account'
  | 'invoice-exists'
  | 'unknown-invoice'
  | 'amount'
  | 'expired'
  | 'already-paid'
  | 'insufficient'
  | 'self-payment';

/** The next ledger, or why there is none. */
export type LedgerResult = { readonly kind: 'ok'; readonly ledger: Ledger } | { readonly kind: 'refused'; readonly reason: LedgerRefusal };

/** The most that is ever granted in all: NIP-47 writes amounts as JSON numbers, which are exact up to here. */
export const MAX_ISSUED_MSAT: Msat = BigInt(Number.MAX_SAFE_INTEGER);

/** A ledger without accounts. */
export const EMPTY_LEDGER: Ledger = { issuedMsat: 0n, accounts: new Map(), invoices: new Map() };

/** Applies one input. Paying what the same account has paid before succeeds again and moves nothing. Never throws. */
export function applyLedger(ledger: Ledger, input: LedgerInput): LedgerResult {
  switch (input.kind) {
    case 'open':
      return openAccount(ledger, input.account, input.grantMsat);
    case 'invoice':
      return addInvoice(ledger, input.invoice);
    case 'pay':
      return payInvoice(ledger, input.payer, input.paymentHash, input.now);
    default:
      return input satisfies never;
  }
}

/** True when the balances add up to what was granted and none is below zero. */
export function isConserved({ issuedMsat, accounts }: Ledger): boolean {
  const balances = [...accounts.values()];
  return balances.every((balance) => balance >= 0n) && balances.reduce((sum, balance) => sum + balance, 0n) === issuedMsat;
}

function openAccount(ledger: Ledger, account: Hex, grantMsat: Msat): LedgerResult {
  if (ledger.accounts.has(account)) return refused('account-exists');
  if (grantMsat < 0n || ledger.issuedMsat + grantMsat > MAX_ISSUED_MSAT) return refused('amount');
  const accounts = new Map([...ledger.accounts, [account, grantMsat]]);
  return { kind: 'ok', ledger: { ...ledger, issuedMsat: ledger.issuedMsat + grantMsat, accounts } };
}

function addInvoice(ledger: Ledger, invoice: LedgerInvoice): LedgerResult {
  if (!ledger.accounts.has(invoice.payee)) return refused('unknown-account');
  if (ledger.invoices.has(invoice.paymentHash)) return refused('invoice-exists');
  if (invoice.amountMsat <= 0n) return refused('amount');
  return { kind: 'ok', ledger: { ...ledger, invoices: new Map([...ledger.invoices, [invoice.paymentHash, invoice]]) } };
}

function payInvoice(ledger: Ledger, payer: Hex, paymentHash: Hex, now: number): LedgerResult {
  const invoice = ledger.invoices.get(paymentHash);
  const balance = ledger.accounts.get(payer);
  if (invoice === undefined) return refused('unknown-invoice');
  if (balance === undefined) return refused('unknown-account');
  if (invoice.payer !== undefined) return invoice.payer === payer ? { kind: 'ok', ledger } : refused('already-paid');
  if (invoice.payee === payer) return refused('self-payment');
  if (now > invoice.expiresAt) return refused('expired');
  if (balance < invoice.amountMsat) return refused('insufficient');
  const payeeBalance = ledger.accounts.get(invoice.payee) ?? 0n;
  const accounts = new Map([
    ...ledger.accounts,
    [payer, balance - invoice.amountMsat] as const,
    [invoice.payee, payeeBalance + invoice.amountMsat] as const,
  ]);
  const invoices = new Map([...ledger.invoices, [paymentHash, { ...invoice, payer, settledAt: now }]]);
  return { kind: 'ok', ledger: { ...ledger, accounts, invoices } };
}

function refused(reason: LedgerRefusal): LedgerResult {
  return { kind: 'refused', reason };
}
