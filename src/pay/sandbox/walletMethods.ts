// What a wallet of the sandbox does: the methods of NIP-47 over the ledger, one request to one answer.

import { z } from 'zod';
import { bytesToHex, hexToBytes, hmacSha256, sha256Hex, utf8, type Hex } from '../../core/bytes.ts';
import type { Clock, Rng } from '../../core/ports.ts';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { hex32 } from '../../negotiate/fields.ts';
import { decodeBolt11, encodeBolt11 } from '../bolt11.ts';
import { applyLedger, type Ledger, type LedgerInvoice, type LedgerRefusal } from './ledger.ts';

/** Error codes of NIP-47 that the sandbox gives. */
export type WalletErrorCode = 'NOT_IMPLEMENTED' | 'INSUFFICIENT_BALANCE' | 'PAYMENT_FAILED' | 'NOT_FOUND' | 'UNAUTHORIZED' | 'OTHER';

/** An answer as NIP-47 has it. */
export type WalletAnswer = { readonly result_type: string } & (
  | { readonly error: null; readonly result: object }
  | { readonly error: { readonly code: WalletErrorCode; readonly message: string }; readonly result: null }
);

/** A request by the holder of an account. */
export interface WalletCall {
  readonly account: Hex;
  readonly method: string;
  readonly params: unknown;
}

/** What the methods work with. */
export interface WalletDesk {
  readonly ledger: Ledger;
  /** Secret of the service, from which each account's node key is made. */
  readonly secret: Hex;
  readonly clock: Clock;
  readonly rng: Rng;
}

/** The methods, as the info event and `get_info` name them. */
export const WALLET_METHODS = ['get_info', 'get_balance', 'make_invoice', 'pay_invoice', 'lookup_invoice'] as const;
/** The methods that change something. */
export const WALLET_ORDERS: ReadonlySet<string> = new Set(['make_invoice', 'pay_invoice']);
/** How a sandbox calls itself in every wallet. */
export const SANDBOX_ALIAS = 'SANDBOX, worthless';

const DEFAULT_EXPIRY_S = 3_600;
// As many bytes as a field of an invoice can hold.
const MAX_DESCRIPTION_BYTES = 639;
const NO_BLOCK = '0'.repeat(64);

const makeSchema = z.object({
  amount: z.int().min(1),
  description: z
    .string()
    .refine((text) => text.isWellFormed() && utf8(text).length <= MAX_DESCRIPTION_BYTES)
    .optional(),
  description_hash: hex32.optional(),
  expiry: z.int().min(1).max(31_536_000).default(DEFAULT_EXPIRY_S),
});
const paySchema = z.object({ invoice: z.string().max(4_000) });
const lookUpSchema = z.object({ payment_hash: hex32.optional(), invoice: z.string().max(4_000).optional() });

/** Answers one request; the ledger after it is the one to keep. Never throws for what a client sends. */
export function answerWallet(desk: WalletDesk, call: WalletCall): { readonly ledger: Ledger; readonly answer: WalletAnswer } {
  const { account, method, params } = call;
  const balance = desk.ledger.accounts.get(account);
  if (balance === undefined) return fail(desk, method, 'UNAUTHORIZED', 'There is no such wallet here.');
  switch (method) {
    case 'get_info':
      return done(desk, method, describeWallet(desk, account));
    case 'get_balance':
      return done(desk, method, { balance: Number(balance) });
    case 'make_invoice':
      return makeInvoice(desk, account, params);
    case 'pay_invoice':
      return payInvoice(desk, account, params);
    case 'lookup_invoice':
      return lookUp(desk, account, params);
    default:
      return fail(desk, method.slice(0, 64), 'NOT_IMPLEMENTED', 'The sandbox does not do this.');
  }
}

/** The key of the node that signs an account's invoices. */
function nodeKey({ secret }: WalletDesk, account: Hex): Uint8Array {
  return hmacSha256(hexToBytes(secret), `node:${account}`);
}

function describeWallet(desk: WalletDesk, account: Hex): object {
  const pubkey = bytesToHex(secp256k1.getPublicKey(nodeKey(desk, account), true));
  return {
    alias: SANDBOX_ALIAS,
    color: '#808080',
    pubkey,
    network: 'regtest',
    block_height: 1,
    block_hash: NO_BLOCK,
    methods: WALLET_METHODS,
  };
}

function makeInvoice(desk: WalletDesk, account: Hex, params: unknown): ReturnType<typeof answerWallet> {
  const parsed = makeSchema.safeParse(params);
  if (!parsed.success) return fail(desk, 'make_invoice', 'OTHER', 'The invoice cannot be made like this.');
  const { amount, description = '', description_hash: descriptionHash, expiry } = parsed.data;
  const preimage = bytesToHex(desk.rng.bytes(32));
  const createdAt = desk.clock.now();
  const facts = {
    paymentHash: sha256Hex(hexToBytes(preimage)),
    amountMsat: BigInt(amount),
    ...(descriptionHash === undefined ? { description } : { descriptionHash }),
  };
  const draft = {
    network: 'bcrt',
    timestamp: createdAt,
    expiryS: expiry,
    paymentSecret: bytesToHex(desk.rng.bytes(32)),
    ...facts,
  } as const;
  const invoice: LedgerInvoice = {
    ...facts,
    preimage,
    payee: account,
    bolt11: encodeBolt11(draft, nodeKey(desk, account)),
    createdAt,
    expiresAt: createdAt + expiry,
  };
  const applied = applyLedger(desk.ledger, { kind: 'invoice', invoice });
  if (applied.kind === 'refused') return fail(desk, 'make_invoice', 'OTHER', 'The invoice cannot be made.');
  return done({ ...desk, ledger: applied.ledger }, 'make_invoice', viewInvoice(invoice, account, createdAt));
}

function payInvoice(desk: WalletDesk, account: Hex, params: unknown): ReturnType<typeof answerWallet> {
  const parsed = paySchema.safeParse(params);
  const decoded = parsed.success ? decodeBolt11(parsed.data.invoice) : undefined;
  if (decoded?.kind !== 'ok') return fail(desk, 'pay_invoice', 'OTHER', 'This is not an invoice.');
  const known = desk.ledger.invoices.get(decoded.invoice.paymentHash);
  // The very invoice that was made: another one with the same hash is somebody else's.
  if (known === undefined || known.bolt11 !== parsed.data?.invoice)
    return fail(desk, 'pay_invoice', 'PAYMENT_FAILED', 'There is no way to this payee.');
  const applied = applyLedger(desk.ledger, { kind: 'pay', payer: account, paymentHash: known.paymentHash, now: desk.clock.now() });
  if (applied.kind === 'refused') return fail(desk, 'pay_invoice', PAY_ERRORS[applied.reason] ?? 'PAYMENT_FAILED', applied.reason);
  return done({ ...desk, ledger: applied.ledger }, 'pay_invoice', { preimage: known.preimage, fees_paid: 0 });
}

const PAY_ERRORS: Partial<Record<LedgerRefusal, WalletErrorCode>> = { insufficient: 'INSUFFICIENT_BALANCE' };

function lookUp(desk: WalletDesk, account: Hex, params: unknown): ReturnType<typeof answerWallet> {
  const parsed = lookUpSchema.safeParse(params);
  const { payment_hash: hash, invoice = '' } = parsed.success ? parsed.data : {};
  const decoded = hash === undefined ? decodeBolt11(invoice) : undefined;
  const found = desk.ledger.invoices.get(hash ?? (decoded?.kind === 'ok' ? decoded.invoice.paymentHash : ''));
  // Who neither made nor paid an invoice learns nothing of it.
  if (found === undefined || (found.payee !== account && found.payer !== account))
    return fail(desk, 'lookup_invoice', 'NOT_FOUND', 'Unknown invoice.');
  return done(desk, 'lookup_invoice', viewInvoice(found, account, desk.clock.now()));
}

function viewInvoice(invoice: LedgerInvoice, account: Hex, now: number): object {
  const { paymentHash, preimage, payee, amountMsat, bolt11, description, descriptionHash, createdAt, expiresAt, settledAt } = invoice;
  const state = settledAt !== undefined ? 'settled' : now > expiresAt ? 'expired' : 'pending';
  return {
    type: payee === account ? 'incoming' : 'outgoing',
    state,
    invoice: bolt11,
    ...(description === undefined ? {} : { description }),
    ...(descriptionHash === undefined ? {} : { description_hash: descriptionHash }),
    ...(settledAt === undefined ? {} : { preimage, settled_at: settledAt }),
    payment_hash: paymentHash,
    amount: Number(amountMsat),
    fees_paid: 0,
    created_at: createdAt,
    expires_at: expiresAt,
  };
}

function done({ ledger }: WalletDesk, method: string, result: object): ReturnType<typeof answerWallet> {
  return { ledger, answer: { result_type: method, error: null, result } };
}

function fail({ ledger }: WalletDesk, method: string, code: WalletErrorCode, message: string): ReturnType<typeof answerWallet> {
  return { ledger, answer: { result_type: method, error: { code, message }, result: null } };
}
