// The one place where the owner's mandate is asked: every move and signature of ours before it is made, every payment before it is ordered.

import type { Hex } from '../../core/bytes.ts';
import { NegotiateError } from '../../core/errors.ts';
import { judge } from '../../decide/judge.ts';
import { hashAction, toAction, type Action } from '../../decide/mandateAction.ts';
import { holdOf } from '../../decide/mandateAmounts.ts';
import { closeBooks, followNegotiation, type Ask, type Ledger } from '../../decide/mandateLedger.ts';
import type { Mandate } from '../../decide/mandateSchema.ts';
import type { Reason, Verdict } from '../../decide/mandateVerdict.ts';
import { decodeMove, type MoveRumor } from '../../negotiate/move.ts';
import type { Negotiation } from '../../negotiate/negotiation.ts';
import type { Work } from '../work.ts';
import { gatherFacts, subjectOf, type Subject } from './facts.ts';
import { changeLedger, copyCell, openLedger, writeLedger, type LedgerCell } from './ledgerRecord.ts';
import { approvalNeeded, mandateDenied } from './mandateError.ts';
import { readMandate } from './mandateSetting.ts';

/** What becomes of a question to the owner: saved at once, since the step is given up, or left to whoever goes on with the step. */
export type AskMode = 'save' | 'leave';

/**
 * Judges what a step is about to do, and notes in its ledger what it then does. Without a mandate the owner himself is speaking, and
 * everything is allowed. Throws `mandate/denied` and `mandate/approval-needed`, with the codes of the reasons; then nothing is to be done.
 */
export async function permit(work: Work, subject: Subject, action: Action, ask: AskMode = 'save'): Promise<void> {
  const verdict = await consider(work, subject, action);
  if (verdict.verdict === 'allow') return;
  if (verdict.verdict === 'deny') {
    if (ask === 'save' && verdict.reasons.some(({ code }) => code === 'expired'))
      saveBooks(work, (books) => (work.now > books.latestAt ? { ...books, latestAt: work.now } : books));
    throw mandateDenied(verdict.reasons);
  }
  if (ask === 'save') saveAsk(work, subject, action, verdict.reasons);
  throw approvalNeeded(nameOf(action, subject), verdict.reasons);
}

/** Judges moves that the state machine wants to send after `before`, each as it stands. Throws as {@link permit}. */
export async function permitMoves(work: Work, before: Negotiation, rumors: readonly MoveRumor[], ask: AskMode): Promise<void> {
  if (readMandate(work.context.store) === undefined) return;
  for (const rumor of rumors) {
    const decoded = decodeMove(rumor);
    if (decoded.kind !== 'move') throw new NegotiateError('internal/bug', 'A move of ours cannot be read. Please report this.');
    await permit(work, subjectOf(before), toAction(decoded.body, before), ask);
  }
}

/**
 * What a step may do, with the owner's yes taken into account: where he has said it to exactly this, it is used up and the verdict is
 * `allow`. What is allowed is noted as done; asked twice about one thing in one step, it is noted once.
 */
export async function consider(work: Work, subject: Subject, action: Action): Promise<Verdict> {
  const { context, ledger: cell } = work;
  const mandate = readMandate(context.store);
  if (mandate === undefined || action.kind === 'duty') return { verdict: 'allow', reasons: [] };
  const digest = nameOf(action, subject);
  const ledger = currentLedger(work, mandate);
  const facts = await gatherFacts(context, mandate, ledger, subject, { now: work.now, ...agreementOf(action) });
  const verdict = judge(mandate, action, facts);
  const hasYes = work.isApproved || ledger.approved.some((each) => each.digest === digest);
  if (verdict.verdict === 'deny' || (verdict.verdict === 'ask' && !hasYes)) return verdict;
  changeLedger(context.store, cell, mandate, (books) => note(books, { digest, action, subject, now: work.now }));
  return { verdict: 'allow', reasons: [] };
}

/** What a step would do, without noting anything: asked before something is signed that is judged again when it is made. */
export async function foresee(work: Work, subject: Subject, action: Action): Promise<void> {
  const trial = { ...work, ledger: copyCell(work.ledger) };
  await permit(trial, subject, action);
}

/** Keeps a question to the owner with the step, for one that goes on without an answer. */
export function keepAsk(work: Work, subject: Subject, action: Action, reasons: readonly Reason[]): void {
  const { store } = work.context;
  const mandate = readMandate(store);
  if (mandate === undefined) return;
  changeLedger(store, work.ledger, mandate, (books) => addAsk(books, describeAsk(mandate, subject, action, reasons, work.now)));
}

/** As the step has it by now: with what it has already signed. */
function currentLedger(work: Work, mandate: Mandate): Ledger {
  const { context, ledger: cell, negotiations, now } = work;
  const books = openLedger(context.store, cell, mandate);
  // What was paid is in the books: only promises can have changed since.
  const find = (agreement: Hex): { state: 'settled'; msat: bigint; at: number } | undefined => {
    const known = books.spent.find((each) => each.agreement === agreement);
    return known === undefined ? undefined : { state: 'settled', msat: known.msat, at: known.at };
  };
  return [...negotiations.values()].reduce((next, { state }) => followNegotiation(next, state, mandate, find, now), books);
}

interface Done {
  readonly digest: Hex;
  readonly action: Action;
  readonly subject: Subject;
  readonly now: number;
}

const COUNTED = new Set<Action['kind']>(['open', 'talk', 'offer', 'sign']);

function note(books: Ledger, { digest, action, subject, now }: Done): Ledger {
  const act = { at: now, peer: subject.peer, isNew: subject.isFirstMove };
  return {
    ...books,
    acts: COUNTED.has(action.kind) ? [...books.acts, act] : books.acts,
    approved: books.approved.some((each) => each.digest === digest)
      ? books.approved.filter((each) => each.digest !== digest)
      : books.approved,
    asks: books.asks.some((each) => each.digest === digest) ? books.asks.filter((each) => each.digest !== digest) : books.asks,
  };
}

/** The step is given up, so the question is saved by itself. */
function saveAsk(work: Work, subject: Subject, action: Action, reasons: readonly Reason[]): void {
  saveBooks(work, (books, mandate) => addAsk(books, describeAsk(mandate, subject, action, reasons, work.now)));
}

/** Saves a change of the ledger that belongs to no step. */
function saveBooks({ context: { store }, now }: Work, change: (books: Ledger, mandate: Mandate) => Ledger): void {
  const mandate = readMandate(store);
  if (mandate === undefined) return;
  const cell: LedgerCell = {};
  const books = openLedger(store, cell, mandate);
  const next = change(books, mandate);
  if (next !== books) store.save([writeLedger(closeBooks(next, now), cell.opened?.version ?? 0)]);
}

function addAsk(books: Ledger, ask: Ask): Ledger {
  return books.asks.some(({ digest }) => digest === ask.digest) ? books : { ...books, asks: [...books.asks, ask] };
}

function describeAsk(mandate: Mandate, subject: Subject, action: Action, reasons: readonly Reason[], at: number): Ask {
  const { nid, peer } = subject;
  const most = action.kind === 'pay' ? action.amountMsat : action.kind === 'sign' ? holdOf(mandate, action.terms) : undefined;
  const what = 'type' in action ? action.type : action.kind;
  return { digest: nameOf(action, subject), nid, peer, what, msat: most, reasons, at };
}

function nameOf(action: Action, { nid, peer }: Subject): Hex {
  return hashAction(action, { nid, peer });
}

function agreementOf(action: Action): { readonly agreement?: Hex } {
  return action.kind === 'pay' ? { agreement: action.agreement } : {};
}
