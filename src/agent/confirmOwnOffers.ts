// The second signature: an accept of our own open offer is confirmed without asking, because the offer was the consent.

import type { Hex } from '../core/bytes.ts';
import type { NegotiateError } from '../core/errors.ts';
import { describeSigning, type Action } from '../decide/mandateAction.ts';
import { isPassing } from '../decide/mandateVerdict.ts';
import { decodeMove, type MoveRumor } from '../negotiate/move.ts';
import { findOffer, type Negotiation, type PendingAccept } from '../negotiate/negotiation.ts';
import { planConfirm } from '../negotiate/planSignature.ts';
import { isBudgetTaken, issueIfAllowed } from './applyTransition.ts';
import type { AgentContext } from './context.ts';
import { subjectOf, type Subject } from './mandate/facts.ts';
import { copyCell } from './mandate/ledgerRecord.ts';
import { approvalNeeded, mandateDenied } from './mandate/mandateError.ts';
import { hasMandate } from './mandate/mandateKey.ts';
import { consider, keepAsk } from './mandate/permit.ts';
import { isDoubtful } from './restored.ts';
import { makeLockValues, signAgreement } from './signAgreement.ts';
import { unlessSignerFails } from './signerFaults.ts';
import { atPresent, beginWork, openNegotiation, type OpenNegotiation, type Work } from './work.ts';

const BUSY = 'busy';

/** Confirms what waits for it among the negotiations this step has touched; the rules of the state machine decide what may. */
export async function confirmOwnOffers(work: Work): Promise<void> {
  for (const open of [...work.negotiations.values()]) await confirmPending(work, open);
}

/**
 * Confirms a pending accept of one negotiation, if there is one. What else the step holds does not wait for a signer that is away: the
 * accept stays pending, and the next round tries again until the window closes.
 */
export async function confirmPending(work: Work, open: OpenNegotiation): Promise<void> {
  const { pending } = open.state;
  if (pending === undefined || work.now > pending.confirmBy || isDoubtful(work, open.state.nid)) return;
  // What keeps us from signing is for nobody else to know: it is all the same to the peer.
  if (isBudgetTaken(work, open)) return issueIfAllowed(work, open, { type: 'decline', code: BUSY });
  const verdict = await mayConfirm(work, open.state, pending);
  if (verdict === 'deny') return issueIfAllowed(work, open, { type: 'decline', code: BUSY });
  // It waits for the owner's yes, or for its hour, as long as its window is open.
  if (verdict === 'later') return;
  const { agreement, template, secrets } = planConfirm(pending, makeLockValues(work.context, open.state, pending.id, work.now), work.now);
  const signature = await unlessSignerFails(() => signAgreement(work.context, template));
  if (signature === undefined) return;
  const body = { v: 1, type: 'confirm', accept: pending.id, agreement, signature } as const;
  // A person may have taken a while to approve it. Signed too late is not signed: nobody will ever see it.
  await issueIfAllowed(atPresent(work), open, { type: 'confirm', body, signature, secrets });
}

/** Why our second signature, where it is due, is not given yet: `mandate/approval-needed`, or `mandate/denied` for what only has to wait. */
export async function findConfirmObstacle(context: AgentContext, nid: Hex): Promise<NegotiateError | undefined> {
  // Nothing else keeps it back, and this is asked after each step.
  if (!hasMandate(context.store)) return undefined;
  const work = beginWork(context);
  const open = openNegotiation(work, nid);
  const pending = open?.state.pending;
  if (open === undefined) return undefined;
  if (pending === undefined) return findDeclined(work, open.state);
  if (work.now > pending.confirmBy) return undefined;
  if (isDoubtful(work, nid) || isBudgetTaken(work, open)) return undefined;
  const { action, subject } = describeConfirm(open.state, pending);
  const considered = await consider(work, subject, action);
  const { verdict, digest, reasons } = considered;
  if (verdict === 'ask' && digest !== undefined) return approvalNeeded(digest, reasons);
  return isPassing(considered) ? mandateDenied(considered) : undefined;
}

/** Why the mandate refused a second signature in whose place we have said `busy`, while the offer stands: the owner would hear of nothing. */
async function findDeclined(work: Work, state: Negotiation): Promise<NegotiateError | undefined> {
  const offer = state.offers.findLast(({ by, status }) => by === state.me && status === 'open');
  if (state.ended !== undefined || offer === undefined || !isLastDeclined(work, state)) return undefined;
  const considered = await consider(work, subjectOf(state), describeSigning('confirm', offer, 0, undefined));
  return considered.verdict === 'deny' && !isPassing(considered) ? mandateDenied(considered) : undefined;
}

/** True where the last thing that we have said, receipts left out, is that we are busy. */
function isLastDeclined({ context }: Work, { nid, me }: Negotiation): boolean {
  const own = context.store.listMoves(nid).filter(({ author }) => author === me);
  const bodies = own.flatMap(({ rumor }) => {
    const decoded = decodeMove(JSON.parse(rumor) as MoveRumor);
    return decoded.kind === 'move' && decoded.body.type !== 'receipt' ? [decoded.body] : [];
  });
  const last = bodies.at(-1);
  return last?.type === 'error' && last.code === BUSY;
}

function describeConfirm(
  state: Negotiation,
  { offer, alternative }: PendingAccept,
): { readonly subject: Subject; readonly action: Action } {
  return { subject: subjectOf(state), action: describeSigning('confirm', findOffer(state, offer), alternative, undefined) };
}

/** What the owner's mandate says of this signature; a question is kept with the step. Nothing is noted before the move is made. */
async function mayConfirm(work: Work, state: Negotiation, pending: PendingAccept): Promise<'allow' | 'deny' | 'later'> {
  const { subject, action } = describeConfirm(state, pending);
  const verdict = await consider({ ...work, ledger: copyCell(work.ledger) }, subject, action);
  if (verdict.verdict === 'ask') keepAsk(work, subject, action, verdict.reasons);
  if (verdict.verdict === 'ask' || isPassing(verdict)) return 'later';
  return verdict.verdict;
}
