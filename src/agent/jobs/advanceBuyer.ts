// The buyer's side of a job: haggle, hand over the inputs, pay, check the result, sign for it, attest.

import { bytesToHex, type Hex } from '../../core/bytes.ts';
import { makeAttestation, mayAttest } from '../../attest/attestation.ts';
import { isPassing } from '../../decide/mandateVerdict.ts';
import { checkDelivery, dueAt } from '../../deliver/checkDelivery.ts';
import { completionEventSchema, hashReceipt, makeCompletionTemplate } from '../../negotiate/completion.ts';
import { hashFiles } from '../../negotiate/files.ts';
import type { Negotiation } from '../../negotiate/negotiation.ts';
import { readDeal } from '../../negotiate/settleHeld.ts';
import { awaitsInputs, readSettlementPhase } from '../../negotiate/settlement.ts';
import { signExactly } from '../../nostr/giftWrap.ts';
import type { Change } from '../../store/records.ts';
import type { AgentContext } from '../context.ts';
import { askForFiles, checkFiles, findFile, sendFiles } from '../dealFiles.ts';
import { drainOutbox } from '../drainOutbox.ts';
import { subjectOf } from '../mandate/facts.ts';
import { consider, permit } from '../mandate/permit.ts';
import { relaysOf } from '../relaysOf.ts';
import { drawEvenDelayS, toQueued } from '../sealMoves.ts';
import { readAttestDelay } from '../settings.ts';
import { beginWork, saveWork } from '../work.ts';
import { bargain } from './bargain.ts';
import { findPayment } from './findPayment.ts';
import { updateJob, type Job, type Purchase } from './job.ts';
import { payDeal, resolvePayment } from './payDeal.ts';
import { planOf } from './plan.ts';
import { IDLE, MOVED, pollAfter, type Progress } from './progress.ts';
import { foreseePerforming, objectTo, recordedAt, settleMove } from './settleMove.ts';

const ASK_EVERY_S = 20;
const PATIENCE_S = 3_600;
// Hours after a real deal, so that nobody tells from the time of an attestation which traffic it belongs to. At most six times the mean.
const ATTEST_DELAY_S = 7_200;

type Deal = NonNullable<ReturnType<typeof readDeal>>;

/** Takes a purchase one step further. Throws `wallet/…`, `signer/…`, `store/…`. */
export async function advanceBuyer(context: AgentContext, state: Negotiation, job: Job<Purchase>): Promise<Progress> {
  const deal = readDeal(state);
  // Of several that were asked the request decides.
  if (deal === undefined && job.body.rfq !== undefined) return IDLE;
  if (deal === undefined) return (await bargain(context, state, job, planOf(job.body))) ? MOVED : IDLE;
  const { settlement, terms } = deal;
  const phase = readSettlementPhase(settlement);
  if (phase !== 'disputed' && awaitsInputs(settlement, terms)) return handOver(context, state, deal);
  switch (phase) {
    case 'agreed':
    case 'accepted':
      return IDLE;
    case 'disputed':
      return resolvePayment(context, state.nid, settlement.agreement);
    case 'payable': {
      const { payterms, agreement } = settlement;
      return payterms === undefined ? IDLE : payDeal(context, job, { nid: state.nid, deal, agreement, payterms });
    }
    case 'funded':
      return awaitResult(context, state, deal);
    case 'delivered':
      return takeDelivery(context, state, deal, job);
    case 'completed':
      return attest(context, state, deal, job);
    default:
      return phase satisfies never;
  }
}

async function handOver(context: AgentContext, { nid, peer }: Negotiation, { terms, settlement }: Deal): Promise<Progress> {
  const files = terms.scope.inputs ?? [];
  const body = { v: 1, type: 'input', agreement: settlement.agreement, files } as const;
  await settleMove(context, nid, body, { add: (work) => sendFiles(work, peer, files) });
  return MOVED;
}

async function awaitResult(context: AgentContext, { nid }: Negotiation, { terms, settlement }: Deal): Promise<Progress> {
  const { agreement } = settlement;
  const isOverdue = context.clock.now() > dueAt(terms, paidAt(context, agreement)) + PATIENCE_S;
  if (!isOverdue) return IDLE;
  await objectTo(context, nid, agreement, 'not-delivered', 'I have paid, and the time to deliver is over.');
  return MOVED;
}

async function takeDelivery(context: AgentContext, state: Negotiation, deal: Deal, job: Job<Purchase>): Promise<Progress> {
  const { nid, peer } = state;
  const { agreement, delivered: files = [] } = deal.settlement;
  const work = beginWork(context);
  const deliveredAt = recordedAt(context, nid, 'deliver') ?? work.now;
  if (checkFiles(work, peer, files) === 'wrong') return refuse(context, nid, agreement, 'digest');
  const find = (sha256: Hex): Uint8Array | undefined => findFile(work, sha256);
  const check = checkDelivery({ terms: deal.terms, files, find, deliveredAt, startedAt: paidAt(context, agreement) });
  switch (check.kind) {
    case 'refused':
      return refuse(context, nid, agreement, check.code);
    case 'incomplete': {
      const { askedAt = deliveredAt } = job.body;
      if (work.now > deliveredAt + PATIENCE_S) return refuse(context, nid, agreement, 'incomplete');
      if (work.now < askedAt + ASK_EVERY_S) return pollAfter(askedAt + ASK_EVERY_S - work.now);
      await askForFiles(work, peer, check.missing);
      work.changes.push(updateJob(job, { askedAt: work.now }));
      saveWork(work);
      await drainOutbox(context, { force: true });
      return pollAfter(ASK_EVERY_S);
    }
    case 'whole':
      return signFor(context, nid, deal, 'buyer', check.isLate ? [updateJob(job, { isLate: true })] : []);
    default:
      return check satisfies never;
  }
}

async function refuse(context: AgentContext, nid: Hex, agreement: Hex, code: string): Promise<Progress> {
  await objectTo(context, nid, agreement, `delivery-${code}`, 'What was delivered is not what its digests say, or not all of it.');
  return MOVED;
}

/** Signs that the files delivered are accepted: the buyer first, then the provider. */
export async function signFor(
  context: AgentContext,
  nid: Hex,
  { settlement }: Deal,
  role: 'buyer' | 'provider',
  changes: readonly Change[] = [],
): Promise<Progress> {
  const { agreement, delivered = [] } = settlement;
  const template = makeCompletionTemplate({ agreement, role, files: hashFiles(delivered) }, context.clock.now());
  await foreseePerforming(context, nid, 'completion');
  const signature = completionEventSchema.parse(await signExactly(await context.signer(), template));
  await settleMove(context, nid, { v: 1, type: 'completion', agreement, signature }, { changes });
  return MOVED;
}

/** Signs the attestation, once, if both sides agreed to it in the terms; it is published and dated later, with test money at once. */
async function attest(
  context: AgentContext,
  state: Negotiation,
  { terms, settlement, parties }: Deal,
  job: Job<Purchase>,
): Promise<Progress> {
  const { buyer, provider } = settlement.completions;
  const isDue = job.body.mayAttest && mayAttest(terms) && job.body.attestation === undefined;
  if (!isDue || buyer === undefined || provider === undefined) return IDLE;
  const work = beginWork(context);
  const verdict = await consider(work, subjectOf(state), { kind: 'attest', agreement: settlement.agreement });
  if (verdict.verdict === 'deny' && !isPassing(verdict)) {
    // The owner has changed his mind since: there will be none.
    context.store.save([updateJob(job, { mayAttest: false })]);
    return MOVED;
  }
  if (verdict.verdict !== 'allow') await permit(work, subjectOf(state), { kind: 'attest', agreement: settlement.agreement });
  const salt = bytesToHex(context.rng.bytes(32));
  const { isTestMoney } = job.body;
  const meanS = readAttestDelay(context.store) ?? (isTestMoney ? 0 : ATTEST_DELAY_S);
  const delayS = drawEvenDelayS(context.rng, meanS);
  const facts = { provider: parties.provider, receipt: hashReceipt(buyer, provider), salt, isTestMoney, now: work.now + delayS };
  const event = await signExactly(await context.signer(), makeAttestation(facts));
  work.changes.push(
    { kind: 'queue', record: toQueued(work, event, 'identity', relaysOf(context), { delayS }) },
    updateJob(job, { attestation: { id: event.id, salt } }),
  );
  saveWork(work);
  await drainOutbox(context, { force: true });
  return MOVED;
}

function paidAt(context: AgentContext, agreement: Hex): number {
  return findPayment(context.store, agreement)?.payment.updatedAt ?? context.clock.now();
}
