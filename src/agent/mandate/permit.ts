// The one place where the owner's mandate is asked: every move, signature and word to a group or to everybody before it is made, every payment before it is ordered.

import type { Hex } from '../../core/bytes.ts';
import { isNegotiateError, NegotiateError } from '../../core/errors.ts';
import { toAction, type Action, type GroupAction, type PublicAction } from '../../decide/mandateAction.ts';
import { closeBooks, followNegotiation, isLive, type Ask, type Ledger } from '../../decide/mandateLedger.ts';
import type { Mandate } from '../../decide/mandateSchema.ts';
import { findRetryTime } from '../../decide/mandateRetry.ts';
import { isPassing, type Reason, type Verdict } from '../../decide/mandateVerdict.ts';
import { decodeMove, type MoveRumor } from '../../negotiate/move.ts';
import type { Negotiation } from '../../negotiate/negotiation.ts';
import type { Work } from '../work.ts';
import { deedInGroup, deedInPublic, deedOf, type Deed } from './deed.ts';
import { subjectOf, type Subject } from './facts.ts';
import { hasYes } from './hasYes.ts';
import { changeLedger, copyCell, openLedger, writeLedger, type LedgerCell } from './ledgerRecord.ts';
import { announcementDenied, approvalNeeded, mandateDenied } from './mandateError.ts';
import { readMandate } from './mandateSetting.ts';

/** A verdict with what goes with it. */
export interface Considered extends Verdict {
  /** Names what was considered; what the owner would say yes to. */
  readonly digest?: Hex;
  /** Unix seconds: when a refusal that passes is worth another try, where that is known. */
  readonly retryAt?: number;
}

const ALLOWED: Considered = { verdict: 'allow', reasons: [] };

/** What becomes of a question to the owner: saved at once, since the step is given up, or left to whoever goes on with the step. */
export type AskMode = 'save' | 'leave';

/**
 * Judges what a step is about to do, and notes in its ledger what it then does. Without a mandate the owner himself is speaking, and
 * everything is allowed. Throws `mandate/denied` and `mandate/approval-needed`, with the codes of the reasons; then nothing is to be done.
 */
export async function permit(work: Work, subject: Subject, action: Action, ask: AskMode = 'save'): Promise<void> {
  if (action.kind !== 'duty') await permitDeed(work, deedOf(work, subject, action), ask);
}

/** Judges what a step is about to do in a group, as {@link permit} does; what is said there is noted in the step's ledger. */
export async function permitInGroup(work: Work, action: GroupAction): Promise<void> {
  await permitDeed(work, deedInGroup(work, action), 'save');
}

/**
 * Judges services that a step is about to announce, as {@link permit} does: all of them count as one move, and what the owner is asked about
 * any of them is asked at once. `place` counts from 1, for him to know which one is meant.
 */
export async function permitAnnouncements(
  work: Work,
  announcements: readonly { readonly action: PublicAction; readonly place: number }[],
): Promise<void> {
  let asked: unknown;
  for (const [i, { action, place }] of announcements.entries()) {
    try {
      await permitDeed(work, deedInPublic(work, action, i === 0), 'save', (denied) => announcementDenied(denied, place));
    } catch (error) {
      if (!isNegotiateError(error) || error.code !== 'mandate/approval-needed') throw error;
      asked ??= error;
    }
  }
  if (asked !== undefined) throw asked as Error;
}

/** What the mandate says of something that everybody has been told, without noting anything. */
export async function reviewInPublic(work: Work, action: PublicAction): Promise<Verdict> {
  return considerDeed({ ...work, ledger: copyCell(work.ledger) }, deedInPublic(work, action, false));
}

async function permitDeed(work: Work, deed: Deed, ask: AskMode, deny = mandateDenied): Promise<void> {
  const considered = await considerDeed(work, deed);
  const { verdict, reasons } = considered;
  if (verdict === 'allow') return;
  if (verdict === 'deny') {
    if (ask === 'save' && reasons.some(({ code }) => code === 'expired'))
      saveBooks(work, (books) => (work.now > books.latestAt ? { ...books, latestAt: work.now } : books));
    throw deny(considered);
  }
  // The step is given up, so the question is saved by itself.
  if (ask === 'save') saveBooks(work, (books, mandate) => addAsk(books, makeAsk(mandate, deed, reasons, work.now)));
  throw approvalNeeded(deed.digest, reasons);
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
export async function consider(work: Work, subject: Subject, action: Action): Promise<Considered> {
  return action.kind === 'duty' ? ALLOWED : considerDeed(work, deedOf(work, subject, action));
}

async function considerDeed(work: Work, deed: Deed): Promise<Considered> {
  const { store } = work.context;
  const mandate = readMandate(store);
  if (mandate === undefined) return ALLOWED;
  const ledger = currentLedger(work, mandate);
  const verdict = await deed.assess(mandate, ledger);
  const isApproved = work.isApproved || hasYes(store, ledger, deed.digest, work.now);
  if (verdict.verdict === 'deny' || (verdict.verdict === 'ask' && !isApproved))
    return { ...verdict, digest: deed.digest, ...retryOf(work, mandate, ledger, deed, verdict) };
  changeLedger(store, work.ledger, mandate, (books) => note(books, deed, work.now));
  return ALLOWED;
}

function retryOf({ now }: Work, mandate: Mandate, { acts }: Ledger, { act }: Deed, verdict: Verdict): Pick<Considered, 'retryAt'> {
  const peers = act === undefined ? [] : [act.peer, ...(act.others ?? [])];
  const retryAt = isPassing(verdict) ? findRetryTime(mandate, verdict.reasons, { acts, peers, now }) : undefined;
  return retryAt === undefined ? {} : { retryAt };
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
  changeLedger(store, work.ledger, mandate, (books) => addAsk(books, makeAsk(mandate, deedOf(work, subject, action), reasons, work.now)));
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

function note(books: Ledger, { digest, act }: Deed, now: number): Ledger {
  return {
    ...books,
    acts: act === undefined ? books.acts : [...books.acts, { ...act, at: now }],
    approved: books.approved.some((each) => each.digest === digest)
      ? books.approved.filter((each) => each.digest !== digest)
      : books.approved,
    asks: books.asks.some((each) => each.digest === digest) ? books.asks.filter((each) => each.digest !== digest) : books.asks,
  };
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
  const known = books.asks.find(({ digest }) => digest === ask.digest);
  if (known !== undefined && isLive(known, ask.at)) return books;
  return { ...books, asks: [...books.asks.filter((each) => each !== known), ask] };
}

function makeAsk(mandate: Mandate, deed: Deed, reasons: readonly Reason[], at: number): Ask {
  return { digest: deed.digest, ...deed.describe(mandate), reasons, at };
}
