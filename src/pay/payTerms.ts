// How to pay for a deal, signed by the provider, and the buyer's word that it has paid: two events that are never published.

import { sha256Hex, isHex32, type Hex } from '../core/bytes.ts';
import { formatMsat, isMsatText, parseMsat, type Msat } from '../core/money.ts';
import type { BodyOf } from '../negotiate/moveBody.ts';
import { readFixedAmount } from '../negotiate/price.ts';
import type { DealFacts } from '../negotiate/settlement.ts';
import { verifyEvent, type EventTemplate, type NostrEvent } from '../nostr/event.ts';
import { decodeBolt11, isTestNetwork, type Bolt11 } from './bolt11.ts';
import { describePayment } from './commitment.ts';
import type { RailId } from './rail.ts';

/** Event kind of payment terms; never published. */
export const PAYTERMS_KIND = 4394;
/** Event kind of the word that a deal is paid; never published. */
export const FUNDED_KIND = 4395;

const TEST_MONEY = ['t', 'test-money'];
const NODE_KEY = /^0[23][0-9a-f]{64}$/;
const SECONDS = /^[1-9][0-9]{0,11}$/;

/** What payment terms say. `expiresAt` is in unix seconds, `payee` the key of the node that signs the invoice (33 bytes, hex). */
export interface PayTerms {
  readonly agreement: Hex;
  readonly rail: RailId;
  readonly amountMsat: Msat;
  readonly paymentHash: Hex;
  readonly payee: string;
  readonly expiresAt: number;
  readonly isTestMoney: boolean;
}

/** What the buyer's word says; `payterms` is the id of the event that it answers. */
export interface FundedClaim {
  readonly agreement: Hex;
  readonly payterms: Hex;
  readonly amountMsat: Msat;
  readonly paymentHash: Hex;
  readonly isTestMoney: boolean;
}

/** Why payment terms are not paid. Each is one thing that does not fit. */
export type PayTermsProblem =
  | 'form'
  | 'signature'
  | 'author'
  | 'agreement'
  | 'rail'
  | 'price-model'
  | 'amount'
  | 'invoice'
  | 'invoice-amount'
  | 'payment-hash'
  | 'payee'
  | 'description'
  | 'network'
  | 'expired';

/** What payment terms are checked against; `rail` is the wallet that would pay. */
export interface PayTermsContext {
  readonly deal: DealFacts;
  readonly agreement: Hex;
  readonly rail: { readonly id: RailId; readonly isTestMoney: boolean };
  /** Unix seconds. */
  readonly now: number;
}

/** Payment terms that may be paid, or why not. */
export type PayTermsCheck =
  { readonly kind: 'ok'; readonly terms: PayTerms } | { readonly kind: 'refused'; readonly reason: PayTermsProblem };

// An invoice that ends while it is paid would leave the outcome open for longer than need be.
const MIN_TIME_LEFT_S = 5;

/** The event that the provider signs. `now` is in unix seconds. */
export function makePayTermsTemplate(terms: PayTerms, now: number): EventTemplate {
  const { agreement, rail, amountMsat, paymentHash, payee, expiresAt, isTestMoney } = terms;
  const tags = [
    ['-'],
    ['x', agreement],
    ['rail', rail],
    ['amount', formatMsat(amountMsat)],
    ['payment_hash', paymentHash],
    ['payee', payee],
    ['expires', String(expiresAt)],
    ...(isTestMoney ? [TEST_MONEY] : []),
  ];
  return { kind: PAYTERMS_KIND, created_at: now, tags, content: '' };
}

/** Reads payment terms; undefined unless the tags are exactly those of one, in order. Signature and truth are not checked. */
export function readPayTerms(event: EventTemplate): PayTerms | undefined {
  const [, agreement, rail, amount = '', paymentHash, payee = '', expires = '', test] = event.tags.map((tag) => tag[1] ?? '');
  if (event.kind !== PAYTERMS_KIND || (rail !== 'sandbox' && rail !== 'nwc')) return undefined;
  if (!isHex32(agreement) || !isHex32(paymentHash) || !isMsatText(amount) || !NODE_KEY.test(payee) || !SECONDS.test(expires))
    return undefined;
  const isTestMoney = test !== undefined;
  const terms = { agreement, rail, amountMsat: parseMsat(amount), paymentHash, payee, expiresAt: Number(expires), isTestMoney } as const;
  return areTags(event, makePayTermsTemplate(terms, 0)) ? terms : undefined;
}

/** Checks payment terms against the deal, the invoice they come with, and the wallet that would pay. Pure; never throws. */
export function checkPayTerms(move: BodyOf<'payterms'>, context: PayTermsContext): PayTermsCheck {
  const terms = readPayTerms(move.terms);
  if (terms === undefined) return { kind: 'refused', reason: 'form' };
  const reason = findSignatureProblem(move.terms, context) ?? findTermsProblem(terms, context) ?? findInvoiceProblem(terms, move, context);
  return reason === undefined ? { kind: 'ok', terms } : { kind: 'refused', reason };
}

function findSignatureProblem(event: NostrEvent, { deal }: PayTermsContext): PayTermsProblem | undefined {
  if (!verifyEvent(event)) return 'signature';
  return event.pubkey === deal.parties.provider ? undefined : 'author';
}

function findTermsProblem(terms: PayTerms, { deal, agreement, rail }: PayTermsContext): PayTermsProblem | undefined {
  const agreed = deal.terms.payment;
  if (terms.agreement !== agreement) return 'agreement';
  if (terms.rail !== rail.id || (agreed?.rail !== undefined && agreed.rail !== terms.rail)) return 'rail';
  const agreedMsat = readFixedAmount(deal.terms.price);
  // What another price comes to depends on what was used, which these payment terms do not say.
  if (agreedMsat === undefined) return 'price-model';
  if (terms.amountMsat !== agreedMsat) return 'amount';
  if (terms.isTestMoney !== rail.isTestMoney) return 'network';
  const address = agreed?.payee?.address;
  return address === undefined || address === terms.payee ? undefined : 'payee';
}

function findInvoiceProblem(terms: PayTerms, move: BodyOf<'payterms'>, { agreement, now }: PayTermsContext): PayTermsProblem | undefined {
  const decoded = decodeBolt11(move.request);
  if (decoded.kind === 'refused') return 'invoice';
  const { invoice } = decoded;
  if (invoice.amountMsat !== terms.amountMsat) return 'invoice-amount';
  if (invoice.paymentHash !== terms.paymentHash) return 'payment-hash';
  if (invoice.payee !== terms.payee) return 'payee';
  if (!isDescribed(invoice, describePayment({ agreement, index: 0, salt: move.salt }))) return 'description';
  if (isTestNetwork(invoice.network) !== terms.isTestMoney) return 'network';
  const endsAt = invoice.timestamp + invoice.expiryS;
  return endsAt === terms.expiresAt && now + MIN_TIME_LEFT_S <= endsAt ? undefined : 'expired';
}

/** True when an invoice names what it is for, by hash or, where the wallet knows no hashes, in words. */
export function isDescribed(invoice: Bolt11, { description, hash }: { readonly description: string; readonly hash: Hex }): boolean {
  return invoice.descriptionHash === undefined ? invoice.description === description : invoice.descriptionHash === hash;
}

/** The event that the buyer signs once it has paid. */
export function makeFundedTemplate(claim: FundedClaim, now: number): EventTemplate {
  const { agreement, payterms, amountMsat, paymentHash, isTestMoney } = claim;
  const tags = [
    ['-'],
    ['x', agreement],
    ['e', payterms],
    ['amount', formatMsat(amountMsat)],
    ['payment_hash', paymentHash],
    ...(isTestMoney ? [TEST_MONEY] : []),
  ];
  return { kind: FUNDED_KIND, created_at: now, tags, content: '' };
}

/**
 * True when the buyer has signed that it paid what these payment terms ask for and shows the preimage. It proves the payment to third
 * parties together with the invoice; whether money has come in is for the provider's own wallet to say.
 */
export function isFundedGenuine(move: BodyOf<'funded'>, payterms: BodyOf<'payterms'>, deal: DealFacts): boolean {
  const terms = readPayTerms(payterms.terms);
  if (terms === undefined || move.funded.pubkey !== deal.parties.buyer || !verifyEvent(move.funded)) return false;
  const { agreement, amountMsat, paymentHash, isTestMoney } = terms;
  const expected = makeFundedTemplate({ agreement, payterms: payterms.terms.id, amountMsat, paymentHash, isTestMoney }, 0);
  if (move.funded.kind !== FUNDED_KIND || !areTags(move.funded, expected)) return false;
  return isHex32(move.proof) && sha256Hex(Buffer.from(move.proof, 'hex')) === paymentHash;
}

// Writing it again and comparing leaves no room for another spelling.
function areTags(event: EventTemplate, expected: EventTemplate): boolean {
  return JSON.stringify(event.tags) === JSON.stringify(expected.tags);
}
