// The provider's side of a job: haggle, take the inputs, do the work, ask for the money, deliver, sign that it is done.

import { bytesToHex, sha256Hex, type Hex } from '../../core/bytes.ts';
import { NegotiateError } from '../../core/errors.ts';
import type { Msat } from '../../core/money.ts';
import type { FileRef } from '../../negotiate/files.ts';
import type { BodyOf } from '../../negotiate/moveBody.ts';
import type { Negotiation } from '../../negotiate/negotiation.ts';
import { readFixedAmount } from '../../negotiate/price.ts';
import { readDeal } from '../../negotiate/settleHeld.ts';
import { awaitsInputs, readSettlementPhase } from '../../negotiate/settlement.ts';
import type { Terms } from '../../negotiate/terms.ts';
import { signExactly } from '../../nostr/giftWrap.ts';
import type { JobOutcome } from '../../request/runCommand.ts';
import { decodeBolt11, isTestNetwork, type Bolt11 } from '../../pay/bolt11.ts';
import { describePayment } from '../../pay/commitment.ts';
import { isDescribed, makePayTermsTemplate, readPayTerms } from '../../pay/payTerms.ts';
import { chooseTactics } from '../../decide/chooseTactics.ts';
import type { AgentContext } from '../context.ts';
import { askForFiles, checkFiles, findFile, keepFile, sendFiles } from '../dealFiles.ts';
import { drainOutbox } from '../drainOutbox.ts';
import { readMandate } from '../mandate/mandateSetting.ts';
import { readState } from '../negotiationState.ts';
import { reject } from '../reject.ts';
import { beginWork, saveWork } from '../work.ts';
import { signFor } from './advanceBuyer.ts';
import { bargain } from './bargain.ts';
import { startWork } from './doWork.ts';
import { updateJob, type Job, type Sale } from './job.ts';
import { IDLE, MOVED, pollAfter, type Progress } from './progress.ts';
import type { Service } from './service.ts';
import { foreseePerforming, objectTo, recordedAt, settleMove } from './settleMove.ts';
import { consult } from './walletDesk.ts';

// A buyer may be away for a while; the work is done, and an invoice costs nothing.
const INVOICE_LIFE_S = 86_400;
const ASK_EVERY_S = 20;
const PATIENCE_S = 3_600;
const MAX_RUNNING = 4;
const NO_WORK = 'I could not do the work. You have not been asked for money.';
// Without the buyer's word the wallet is asked now and then, with it at once.
const LOOK_EVERY_S = 300;
const LOOK_AGAIN_S = 2;
// A payment may settle a while after its invoice has ended.
const LATE_PAYMENT_S = 600;

type Deal = NonNullable<ReturnType<typeof readDeal>>;

/** Takes a sale one step further. Throws `wallet/…`, `signer/…`, `store/…`, `home/unreadable`. */
export async function advanceProvider(context: AgentContext, state: Negotiation, job: Job<Sale>, service: Service): Promise<Progress> {
  const deal = readDeal(state);
  if (deal === undefined) return negotiate(context, state, job, service);
  const { settlement, terms } = deal;
  const phase = readSettlementPhase(settlement);
  if (phase === 'completed') return deleteFiles(context, state, deal, job);
  if (phase === 'disputed' || awaitsInputs(settlement, terms)) return IDLE;
  const priceMsat = readFixedAmount(terms.price);
  switch (phase) {
    case 'agreed':
      if (priceMsat === undefined) throw unknownCharge();
      return job.body.result === undefined ? work(context, state, deal, job, service) : askForMoney(context, state, deal, priceMsat);
    case 'payable':
    case 'funded':
      return deliverOncePaid(context, state, deal, job);
    case 'delivered':
      return IDLE;
    case 'accepted':
      return signFor(context, state.nid, deal, 'provider');
    default:
      return phase satisfies never;
  }
}

async function negotiate(context: AgentContext, state: Negotiation, job: Job<Sale>, service: Service): Promise<Progress> {
  const inputBytes = (state.open.terms?.scope.inputs ?? []).reduce((sum, { size }) => sum + size, 0);
  if (state.ended === undefined && inputBytes > service.max_input_bytes) {
    await reject(context, { nid: state.nid, keepTalking: false, code: 'input-too-large' });
    return MOVED;
  }
  const wallet = await context.rail();
  const info = await consult(context, state.nid, 'kind', () => wallet.describe());
  if (info === undefined) return IDLE;
  const { id: rail, payee } = info;
  const { list_sats: listMsat, min_sats: minMsat, question = '', within_s: withinS, retention_s: retentionS, output, attest } = service;
  const sells = { capability: state.open.service, rail, payee, withinS, retentionS, output, mayAttest: attest };
  const limits = { listMsat, minMsat, asksFirst: question !== '' };
  const plan = { role: 'provider', sells, limits, question } as const;
  const chosen = chooseTactics(service, readMandate(context.store));
  if (chosen === undefined) return (await bargain(context, state, job, plan)) ? MOVED : IDLE;
  const { seeded, seed } = drawSeed(context, job);
  return (await bargain(context, state, seeded, { ...plan, tactics: { ...chosen, seed } })) ? MOVED : IDLE;
}

/** What decides where a strategy leaves something to chance: drawn when a sale first has one, and kept with it from then on. */
function drawSeed({ rng, store }: AgentContext, job: Job<Sale>): { readonly seeded: Job<Sale>; readonly seed: string } {
  const seed = job.body.seed ?? bytesToHex(rng.bytes(16));
  if (job.body.seed !== undefined) return { seeded: job, seed };
  store.save([updateJob(job, { seed })]);
  return { seeded: { ...job, body: { ...job.body, seed } }, seed };
}

/** The work is done before the money is asked for: a command that fails costs the buyer nothing. It runs while other jobs go on. */
async function work(context: AgentContext, state: Negotiation, deal: Deal, job: Job<Sale>, service: Service): Promise<Progress> {
  const { nid, peer } = state;
  const { agreement } = deal.settlement;
  const running = context.background.get(nid);
  if (running !== undefined) return running.outcome === undefined ? IDLE : takeOutcome(context, nid, agreement, job, running.outcome);
  const files = deal.terms.scope.inputs ?? [];
  const step = beginWork(context);
  const have = checkFiles(step, peer, files);
  if (have === 'wrong') return object(context, nid, agreement, 'input-digest', 'The inputs are not what their digests say.');
  if (have === 'missing') return awaitInputs(context, state, agreement, files, job);
  if ([...context.background.values()].filter(({ outcome }) => outcome === undefined).length >= MAX_RUNNING) return pollAfter(LOOK_AGAIN_S);
  const inputs = files.map(({ sha256 }) => findFile(step, sha256) ?? new Uint8Array());
  startWork(context, { nid, service, summary: deal.terms.scope.summary, inputs });
  return IDLE;
}

async function takeOutcome(context: AgentContext, nid: Hex, agreement: Hex, job: Job<Sale>, outcome: JobOutcome): Promise<Progress> {
  // Cut off by our own closing: the next process does it again.
  if (outcome.kind === 'failed' && outcome.reason === 'aborted') return IDLE;
  if (outcome.kind === 'failed') await object(context, nid, agreement, `work-${outcome.reason}`, NO_WORK);
  else if (outcome.output.length === 0) await object(context, nid, agreement, 'work-empty', NO_WORK);
  else {
    const step = beginWork(context);
    const sha256 = sha256Hex(outcome.output);
    keepFile(step, sha256, outcome.output);
    step.changes.push(updateJob(job, { result: [{ name: job.body.resultName, sha256, size: outcome.output.length }] }));
    saveWork(step);
  }
  context.background.delete(nid);
  return MOVED;
}

async function awaitInputs(
  context: AgentContext,
  { nid, peer }: Negotiation,
  agreement: Hex,
  files: readonly FileRef[],
  job: Job<Sale>,
): Promise<Progress> {
  const step = beginWork(context);
  const toldAt = recordedAt(context, nid, 'input') ?? step.now;
  const { askedAt = toldAt } = job.body;
  if (step.now > toldAt + PATIENCE_S) return object(context, nid, agreement, 'input-incomplete', 'The inputs did not come.');
  if (step.now < askedAt + ASK_EVERY_S) return pollAfter(askedAt + ASK_EVERY_S - step.now);
  await askForFiles(step, peer, files);
  step.changes.push(updateJob(job, { askedAt: step.now }));
  saveWork(step);
  await drainOutbox(context, { force: true });
  return pollAfter(ASK_EVERY_S);
}

async function askForMoney(context: AgentContext, { nid }: Negotiation, { terms, settlement }: Deal, amountMsat: Msat): Promise<Progress> {
  const { agreement } = settlement;
  // Neither the wallet nor the key is asked for what will not be said.
  await foreseePerforming(context, nid, 'payterms');
  const rail = await context.rail();
  const made = await consult(context, nid, `invoice ${agreement}`, async () => {
    const info = await rail.describe();
    const salt = bytesToHex(context.rng.bytes(32));
    const { description, hash: descriptionHash } = describePayment({ agreement, index: 0, salt });
    const request = await rail.makeInvoice({ amountMsat, description, descriptionHash, expiryS: INVOICE_LIFE_S });
    return { info, salt, description, descriptionHash, request };
  });
  if (made === undefined) return IDLE;
  const { info, salt, description, descriptionHash, request } = made;
  const invoice = readOwnInvoice(request);
  const isOurs = invoice.amountMsat === amountMsat && isDescribed(invoice, { description, hash: descriptionHash });
  const agreedPayee = terms.payment?.payee?.address ?? invoice.payee;
  if (!isOurs || isTestNetwork(invoice.network) !== info.isTestMoney || invoice.payee !== agreedPayee) throw strangeInvoice();
  const { paymentHash, payee } = invoice;
  const expiresAt = invoice.timestamp + invoice.expiryS;
  const payTerms = { agreement, rail: info.id, amountMsat, paymentHash, payee, expiresAt, isTestMoney: info.isTestMoney };
  const event = await signExactly(await context.signer(), makePayTermsTemplate(payTerms, context.clock.now()));
  const { id, pubkey, created_at, kind, tags, sig } = event;
  const signed = { id, pubkey, created_at, kind, tags: tags.map((tag) => [...tag]), content: '', sig } as const;
  await settleMove(context, nid, { v: 1, type: 'payterms', agreement, terms: signed, request, salt });
  return MOVED;
}

function readOwnInvoice(request: string): Bolt11 {
  const decoded = decodeBolt11(request);
  if (decoded.kind === 'ok') return decoded.invoice;
  throw strangeInvoice();
}

// Only the owner, by hand, can have made such a deal: it is no reason to dispute it, and no work for a program that cannot charge for it.
function unknownCharge(): NegotiateError {
  const message = 'You made this deal at a price that is no fixed amount, which jobs cannot charge. Do the work and settle it by hand.';
  return new NegotiateError('negotiation/refused', message, { details: { reason: 'price-model' } });
}

function strangeInvoice(): NegotiateError {
  return new NegotiateError('wallet/refused', 'Your wallet made another invoice than it was asked for. Connect another wallet.');
}

/** Our own wallet says whether the money is here; the buyer's word only says that it is worth asking. */
async function deliverOncePaid(context: AgentContext, state: Negotiation, deal: Deal, job: Job<Sale>): Promise<Progress> {
  const { nid, peer } = state;
  const { payterms, funded, agreement } = deal.settlement;
  const asked = payterms === undefined ? undefined : readPayTerms(payterms.terms);
  const files = job.body.result;
  if (asked === undefined || files === undefined) return IDLE;
  const now = context.clock.now();
  const dueS = nextLook(context, nid, job, funded !== undefined) - now;
  if (dueS > 0) return pollAfter(dueS);
  const rail = await context.rail();
  const seen = await consult(context, nid, `paid ${asked.paymentHash}`, () => rail.lookUp(asked.paymentHash, 'incoming'));
  if (seen === undefined) return IDLE;
  if (seen.kind === 'settled' && seen.amountMsat >= asked.amountMsat) {
    const body: BodyOf<'deliver'> = { v: 1, type: 'deliver', agreement, files: [...files] };
    await settleMove(context, nid, body, { add: (step) => sendFiles(step, peer, files) });
    return MOVED;
  }
  const isOver = now > asked.expiresAt + LATE_PAYMENT_S && seen.kind !== 'unknown' && seen.kind !== 'pending';
  if (isOver) return object(context, nid, agreement, 'not-paid', 'The invoice has ended and my wallet has no money for it.');
  context.store.save([updateJob(job, { checkedAt: now })]);
  return pollAfter(funded === undefined ? LOOK_EVERY_S : LOOK_AGAIN_S);
}

/** When to ask the wallet again (unix seconds): now and then, more often once the buyer says it has paid, and at once when it has just said so. */
function nextLook(context: AgentContext, nid: Hex, { body }: Job<Sale>, isFunded: boolean): number {
  const askedAt = recordedAt(context, nid, 'payterms') ?? 0;
  const { checkedAt = askedAt } = body;
  if (!isFunded) return checkedAt + LOOK_EVERY_S;
  const toldAt = recordedAt(context, nid, 'funded') ?? 0;
  return body.checkedAt === undefined || checkedAt <= toldAt ? toldAt : checkedAt + LOOK_AGAIN_S;
}

/** When the promised time after the delivery is over, inputs and result go; what another open deal needs stays until that one is done. */
function deleteFiles(context: AgentContext, { nid }: Negotiation, { terms, settlement }: Deal, job: Job<Sale>): Progress {
  const dueAt = deletionTime(context, nid, terms);
  if (dueAt === undefined || job.body.deletedAt !== undefined) return IDLE;
  const now = context.clock.now();
  if (now < dueAt) return pollAfter(dueAt - now);
  const needed = new Set(listOpenFiles(context, nid));
  const files = [...(terms.scope.inputs ?? []), ...(settlement.delivered ?? [])].filter(({ sha256 }) => !needed.has(sha256));
  context.store.save([...files.map(({ sha256 }) => ({ kind: 'drop-file', sha256 }) as const), updateJob(job, { deletedAt: now })]);
  return MOVED;
}

/** When inputs and result of a completed sale are to be deleted (unix seconds); undefined when nothing was promised. */
function deletionTime(context: AgentContext, nid: Hex, { confidentiality }: Terms): number | undefined {
  const retentionS = confidentiality?.retention_s;
  return retentionS === undefined ? undefined : (recordedAt(context, nid, 'deliver') ?? 0) + retentionS;
}

function listOpenFiles({ store }: AgentContext, except: Hex): readonly Hex[] {
  return store
    .listNegotiations()
    .filter(({ nid }) => nid !== except)
    .flatMap((record) => {
      const deal = readDeal(readState(record));
      const isOpen = deal !== undefined && deal.settlement.completions.provider === undefined;
      return isOpen ? [...(deal.terms.scope.inputs ?? []), ...(deal.settlement.delivered ?? [])].map(({ sha256 }) => sha256) : [];
    });
}

async function object(context: AgentContext, nid: Hex, agreement: Hex, code: string, text: string): Promise<Progress> {
  await objectTo(context, nid, agreement, code, text);
  return MOVED;
}
