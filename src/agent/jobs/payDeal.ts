// Pays for a deal, once: checks what is asked for, writes the intent down, calls the wallet, and asks it again where it gave no clear answer.

import type { Hex } from '../../core/bytes.ts';
import { NegotiateError } from '../../core/errors.ts';
import type { BodyOf } from '../../negotiate/moveBody.ts';
import type { DealFacts } from '../../negotiate/settlement.ts';
import { signExactly } from '../../nostr/giftWrap.ts';
import { checkPayTerms, makeFundedTemplate, readPayTerms } from '../../pay/payTerms.ts';
import { applyObservation, applyOutcome, beginPayment, isPaymentOpen, nextAct, repeatPayment, type Payment } from '../../pay/payment.ts';
import type { Observation, Rail } from '../../pay/rail.ts';
import { isDoubtfulNow } from '../behind.ts';
import type { AgentContext } from '../context.ts';
import { followPayment, permitPayment, permitRepeat } from '../mandate/permitPayment.ts';
import { readRestored } from '../restoredNote.ts';
import { findPayment, savePayment, type SavedPayment } from './findPayment.ts';
import type { Job, Purchase } from './job.ts';
import { IDLE, MOVED, pollAfter, type Progress } from './progress.ts';
import { objectTo, settleMove } from './settleMove.ts';
import { consult, hasRoom, isAsked } from './walletDesk.ts';

const POLL_S = 3;

/** What there is to pay. */
export interface DueDeal {
  readonly nid: Hex;
  readonly deal: DealFacts;
  readonly agreement: Hex;
  readonly payterms: BodyOf<'payterms'>;
}

/** Takes the payment one step further. Throws `wallet/…` where the wallet cannot be used at all, `mandate/…`; no money moves then. */
export async function payDeal(context: AgentContext, job: Job<Purchase>, due: DueDeal): Promise<Progress> {
  if (isDoubtfulNow(context.store, due.nid)) return IDLE;
  const saved = findPayment(context.store, due.agreement);
  if (saved === undefined) return payFirst(context, job, due);
  if (saved.payment.state === 'settled') return tellFunded(context, due, saved.payment);
  const rail = await context.rail();
  const { payment } = saved;
  if (isAsked(context, due.nid, orderOf(payment))) return callWallet(context, rail, due.nid, saved);
  const seen = isPaymentOpen(payment) ? await lookUp(context, rail, due.nid, payment) : undefined;
  if (seen === undefined && isPaymentOpen(payment)) return IDLE;
  const current = seen === undefined ? saved : save(context, due.nid, saved, applyObservation(payment, seen, context.clock.now()));
  switch (nextAct(current.payment, seen, context.clock.now())) {
    case 'pay':
      if (!hasRoom(context, due.nid)) return IDLE;
      await permitRepeat(context, { nid: due.nid, terms: due.deal.terms, payment: current.payment });
      return callWallet(context, rail, due.nid, save(context, due.nid, current, repeatPayment(current.payment, context.clock.now())));
    case 'none':
      return current.payment.state === 'failed' ? giveUp(context, due, current.payment) : MOVED;
    case 'wait':
    case 'look-up':
      return pollAfter(POLL_S);
  }
}

/** Finds out what became of a payment whose deal has ended in a dispute meanwhile; pays nothing. */
export async function resolvePayment(context: AgentContext, nid: Hex, agreement: Hex): Promise<Progress> {
  const saved = findPayment(context.store, agreement);
  if (saved === undefined || !isPaymentOpen(saved.payment)) return IDLE;
  const rail = await context.rail();
  if (isAsked(context, nid, orderOf(saved.payment))) return callWallet(context, rail, nid, saved);
  const seen = await lookUp(context, rail, nid, saved.payment);
  if (seen === undefined) return IDLE;
  const { payment } = save(context, nid, saved, applyObservation(saved.payment, seen, context.clock.now()));
  return isPaymentOpen(payment) ? pollAfter(POLL_S) : MOVED;
}

async function payFirst(context: AgentContext, { body }: Job<Purchase>, due: DueDeal): Promise<Progress> {
  const { nid, deal, agreement, payterms } = due;
  const rail = await context.rail();
  const described = await consult(context, nid, 'kind', async () => ({ rail, info: await rail.describe() }));
  if (described === undefined) return IDLE;
  // Another wallet was connected meanwhile: it is that one that is asked.
  if (described.rail !== rail) return MOVED;
  const { id, isTestMoney } = described.info;
  if (id !== body.rail || isTestMoney !== body.isTestMoney) {
    const message =
      'The connected wallet is of another kind than the one this deal was made with. Nothing was paid; connect that one again.';
    throw new NegotiateError('wallet/refused', message);
  }
  const check = checkPayTerms(payterms, { deal, agreement, rail: { id, isTestMoney }, now: context.clock.now() });
  if (check.kind === 'refused') {
    await objectTo(
      context,
      nid,
      agreement,
      `payterms-${check.reason}`,
      'What I am asked to pay is not what we agreed. I have paid nothing.',
    );
    return MOVED;
  }
  const { paymentHash } = check.terms;
  if (context.store.findPayment({ paymentHash }) !== undefined) {
    await objectTo(context, nid, agreement, 'payterms-reused', 'This payment hash belongs to another deal of ours. I have paid nothing.');
    return MOVED;
  }
  if (!hasRoom(context, nid)) return IDLE;
  const begun = beginPayment(check.terms, payterms.request, context.clock.now());
  // A restored home may have paid this and not know: it asks the wallet first, as after any order whose outcome is not known.
  const isForgetful = readRestored(context.store) !== undefined;
  const payment: Payment = isForgetful ? { ...begun, state: 'unknown', tries: 0 } : begun;
  const ledger = await permitPayment(context, { nid, terms: deal.terms, payment });
  context.store.save([savePayment(payment, undefined), ...ledger]);
  const saved = findPayment(context.store, agreement);
  return saved === undefined || isForgetful ? MOVED : callWallet(context, rail, nid, saved);
}

/**
 * The intent is saved by now, so that a process that ends here is followed by one that asks before it pays. In a daemon the order is given here
 * and its outcome taken by a later step; until then nothing else is asked about this payment.
 */
async function callWallet(context: AgentContext, rail: Rail, nid: Hex, saved: SavedPayment): Promise<Progress> {
  const { payment } = saved;
  const outcome = await consult(context, nid, orderOf(payment), () => rail.pay(payment.request));
  if (outcome === undefined) return IDLE;
  save(context, nid, saved, applyOutcome(payment, outcome, context.clock.now()));
  return MOVED;
}

/** Names one order to pay: another one for the same payment has another name. */
function orderOf({ paymentHash, tries, orderedAt }: Payment): string {
  return `pay ${paymentHash} ${tries} ${orderedAt}`;
}

/** Undefined while the wallet has not been heard. */
function lookUp(context: AgentContext, rail: Rail, nid: Hex, payment: Payment): Promise<Observation | undefined> {
  return consult(context, nid, `after ${orderOf(payment)}`, () => rail.lookUp(payment.paymentHash, 'outgoing'));
}

function save(context: AgentContext, nid: Hex, { record, payment: before }: SavedPayment, payment: Payment): SavedPayment {
  if (payment === before) return { record, payment };
  context.store.save([savePayment(payment, record), ...followPayment(context, nid, payment)]);
  return { record: { ...record, version: record.version + 1 }, payment };
}

async function tellFunded(context: AgentContext, { nid, agreement, payterms }: DueDeal, { preimage }: Payment): Promise<Progress> {
  const terms = readPayTerms(payterms.terms);
  if (terms === undefined || preimage === undefined) return IDLE;
  const { amountMsat, paymentHash, isTestMoney } = terms;
  const template = makeFundedTemplate(
    { agreement, payterms: payterms.terms.id, amountMsat, paymentHash, isTestMoney },
    context.clock.now(),
  );
  const { id, pubkey, created_at, kind, sig, tags } = await signExactly(await context.signer(), template);
  const funded = { id, pubkey, created_at, kind, tags: tags.map((tag) => [...tag]), content: '', sig } as const;
  await settleMove(context, nid, { v: 1, type: 'funded', agreement, funded, proof: preimage });
  return MOVED;
}

async function giveUp(context: AgentContext, { nid, agreement }: DueDeal, { reason = 'payment-failed' }: Payment): Promise<Progress> {
  await objectTo(context, nid, agreement, `not-paid-${reason}`, 'My wallet could not pay in time. No money has moved.');
  return MOVED;
}
