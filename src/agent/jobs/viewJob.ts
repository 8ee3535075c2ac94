// A job as its owner sees it: how far along the seven steps it is, derived from what is saved.

import type { Hex } from '../../core/bytes.ts';
import { NegotiateError } from '../../core/errors.ts';
import { formatSats } from '../../core/money.ts';
import type { Role } from '../../negotiate/agreement.ts';
import { isFundedGenuine, readPayTerms } from '../../pay/payTerms.ts';
import { isPaymentOpen, type Payment } from '../../pay/payment.ts';
import type { FileRef } from '../../negotiate/files.ts';
import type { Negotiation } from '../../negotiate/negotiation.ts';
import { readPhase, type Phase } from '../../negotiate/phase.ts';
import { findHeld } from '../../negotiate/slot.ts';
import { formatPrice } from '../../negotiate/priceWords.ts';
import { readDeal } from '../../negotiate/settleHeld.ts';
import { readSettlementPhase, type SettlementPhase } from '../../negotiate/settlement.ts';
import { mayAttest } from '../../attest/attestation.ts';
import { encodeNpub } from '../../nostr/npub.ts';
import type { Store } from '../../store/records.ts';
import { isHeldBack } from '../drainOutbox.ts';
import { findPayment } from './findPayment.ts';
import type { AskView } from '../mandate/viewAsk.ts';
import { readState } from '../negotiationState.ts';
import type { Job, Purchase, Sale } from './job.ts';

/** The steps of a deal, in order; a provider's begin with `negotiate`. */
export type StepName = 'discover' | 'verify' | 'negotiate' | 'request' | 'pay' | 'deliver' | 'attest';

/** One step that was reached, with what there is to say of it. */
export interface StepView {
  readonly step: StepName;
  /** In words, without text of the peer. */
  readonly text: string;
  readonly testMoney?: true;
}

/** A job. `isOver`: nothing more will happen by itself, but for an attestation that is late on purpose. */
export interface JobView {
  readonly nid: Hex;
  readonly role: Role;
  readonly peer: string;
  readonly service: string;
  readonly phase: Phase | SettlementPhase;
  readonly isOver: boolean;
  readonly outcome?: 'completed' | 'no-deal' | 'disputed';
  readonly steps: readonly StepView[];
  readonly price?: string;
  /** Hash of the agreement. */
  readonly agreement?: Hex;
  readonly result?: readonly FileRef[];
  /** An objection of either side after the deal. `text` is peer text if `by` is `peer`. */
  readonly dispute?: { readonly by: 'me' | 'peer'; readonly code: string; readonly text?: string };
  /** Our own payment, where we are the buyer. */
  readonly payment?: { readonly state: Payment['state']; readonly amount: string; readonly isTestMoney: boolean; readonly reason?: string };
  /** The request to several providers that this is one of. */
  readonly rfq?: Hex;
  /** Id of the attestation that was published, or will be. */
  readonly attestation?: Hex;
  /** What waits for the owner's yes. */
  readonly asks?: readonly AskView[];
}

const VERDICTS: Readonly<Record<string, string>> = {
  ok: 'well spoken of',
  'warn, unknown': 'nobody has attested it yet; goes on with a warning',
  'warn, low': 'little speaks for it; goes on with a warning',
  'warn, disputed': 'somebody of standing disputes its work; goes on with a warning',
};

// Within hours, at a time that nobody can tell the deal's from.
const LATER = 'signed; sync or serve publishes it within hours';

/** Shows a job; `asks` are what waits for the owner's yes in it. */
export function viewJob(store: Store, { record, body }: Job, asks: readonly AskView[] = []): JobView {
  const saved = store.findNegotiation(record.nid);
  const state = saved === undefined ? undefined : readState(saved);
  if (state === undefined) throw new NegotiateError('store/corrupt', 'A job has lost its negotiation. Restore a copy of the home.');
  const deal = readDeal(state);
  const payment = deal === undefined || body.role === 'provider' ? undefined : findPayment(store, deal.settlement.agreement)?.payment;
  const phase = deal === undefined ? readPhase(state) : readSettlementPhase(deal.settlement);
  const outcome = readOutcome(state, phase);
  const dispute = deal?.settlement.dispute;
  return {
    nid: state.nid,
    role: state.role,
    peer: encodeNpub(state.peer),
    service: state.open.service,
    phase,
    isOver: (payment === undefined || !isPaymentOpen(payment)) && isOver(store, state, body, outcome),
    ...(outcome === undefined ? {} : { outcome }),
    steps: listSteps(state, body, payment, readAttested(store, body) === 'later'),
    ...(deal === undefined ? {} : { price: formatPrice(deal.terms.price), agreement: deal.settlement.agreement }),
    ...(deal?.settlement.delivered === undefined ? {} : { result: deal.settlement.delivered }),
    ...(dispute === undefined ? {} : { dispute: { ...dispute, by: dispute.by === state.role ? 'me' : 'peer' } }),
    ...(payment === undefined ? {} : { payment: viewPayment(payment) }),
    ...(body.role === 'buyer' && body.rfq !== undefined ? { rfq: body.rfq } : {}),
    ...(body.role === 'buyer' && body.attestation !== undefined ? { attestation: body.attestation.id } : {}),
    ...(asks.length === 0 ? {} : { asks }),
  };
}

function viewPayment({ state, amountMsat, isTestMoney, reason }: Payment): NonNullable<JobView['payment']> {
  return { state, amount: formatSats(BigInt(amountMsat)), isTestMoney, ...(reason === undefined ? {} : { reason }) };
}

function readOutcome(state: Negotiation, phase: JobView['phase']): JobView['outcome'] {
  if (phase === 'completed') return 'completed';
  if (phase === 'disputed') return 'disputed';
  return state.ended !== undefined && findHeld(state) === undefined ? 'no-deal' : undefined;
}

function isOver(store: Store, state: Negotiation, body: Purchase | Sale, outcome: JobView['outcome']): boolean {
  if (outcome === undefined) return false;
  const isSent = store.listMoves(state.nid).every(({ author, sentAt }) => author !== state.me || sentAt !== undefined);
  const deal = readDeal(state);
  const owesAttestation = outcome === 'completed' && body.role === 'buyer' && owes(body, deal !== undefined && mayAttest(deal.terms));
  return isSent && !owesAttestation && readAttested(store, body) !== 'waiting';
}

/** `waiting` for relays, or `later`, when it is held back on purpose. */
function readAttested(store: Store, body: Purchase | Sale): 'done' | 'waiting' | 'later' {
  const id = body.role === 'buyer' ? body.attestation?.id : undefined;
  const queued = id === undefined ? undefined : store.listQueued().find(({ eventId }) => eventId === id);
  if (queued === undefined) return 'done';
  return isHeldBack(queued) ? 'later' : 'waiting';
}

function owes({ mayAttest: isWilling, attestation }: Purchase, isAgreed: boolean): boolean {
  return isWilling && isAgreed && attestation === undefined;
}

/** The steps that were reached, in order. */
function listSteps(state: Negotiation, body: Purchase | Sale, payment: Payment | undefined, isLater: boolean): readonly StepView[] {
  const deal = readDeal(state);
  const begun = body.role === 'buyer' ? beginning(body) : [];
  if (deal === undefined) return begun;
  const { terms, settlement } = deal;
  const steps: StepView[] = [...begun, { step: 'negotiate', text: `agreed at ${formatPrice(terms.price)}, signed by both` }];
  if (settlement.inputs !== undefined) steps.push({ step: 'request', text: `${describeFiles(settlement.inputs)} handed over in private` });
  else if (terms.scope.inputs === undefined) steps.push({ step: 'request', text: 'the words of the agreement are all that is needed' });
  const paid = describePaid(deal, payment);
  if (paid !== undefined) steps.push(paid);
  const isLate = body.role === 'buyer' && body.isLate === true;
  if (settlement.completions.buyer !== undefined && settlement.delivered !== undefined) {
    steps.push({
      step: 'deliver',
      text: `${describeFiles(settlement.delivered)} delivered in private, checked and accepted${isLate ? ', though late' : ''}`,
    });
  }
  if (body.role === 'buyer' && body.attestation !== undefined) {
    steps.push({
      step: 'attest',
      text: `work-completed (ai.wot) ${isLater ? LATER : 'published'}: no price, no text, no reference that can be guessed`,
      ...test(body),
    });
  }
  return steps;
}

function beginning({ service, found, trust }: Purchase): readonly StepView[] {
  const count = `${found} ${found === 1 ? 'service that negotiates' : 'services that negotiate'} found by announcement`;
  return [
    { step: 'discover', text: service.id === '' ? 'the provider was named, nothing had to be found' : count },
    { step: 'verify', text: `the provider scores ${trust.score} of 100 (ai.wot): ${VERDICTS[trust.verdict] ?? trust.verdict}` },
  ];
}

function describePaid(
  { terms, settlement, parties }: NonNullable<ReturnType<typeof readDeal>>,
  payment: Payment | undefined,
): StepView | undefined {
  const { payterms, funded, agreement } = settlement;
  if (payterms === undefined || funded === undefined || !isFundedGenuine(funded, payterms, { terms, parties })) return undefined;
  const asked = readPayTerms(payterms.terms);
  if (asked === undefined || (payment !== undefined && payment.agreement !== agreement)) return undefined;
  const kind = asked.isTestMoney ? ' of test money' : '';
  return { step: 'pay', text: `${formatSats(asked.amountMsat)}${kind} paid, bound to the agreement`, ...test(asked) };
}

function describeFiles(files: readonly FileRef[]): string {
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  return `${files.length} ${files.length === 1 ? 'file' : 'files'} (${bytes} bytes)`;
}

function test({ isTestMoney }: { readonly isTestMoney: boolean }): { readonly testMoney?: true } {
  return isTestMoney ? { testMoney: true } : {};
}
