// What time makes due: deadlines, receipts we owe, confirmations, and moves the peer has not confirmed.

import type { Hex } from '../core/bytes.ts';
import { listUnseen } from '../negotiate/chain.ts';
import type { AgentContext } from './context.ts';
import { applyTick } from './applyTransition.ts';
import { confirmPending } from './confirmOwnOffers.ts';
import { sealMoves } from './sealMoves.ts';
import { beginWork, findRumor, hasChanges, isQueued, openNegotiation, saveWork, type Work } from './work.ts';
import type { NegotiationRecord } from '../store/records.ts';

/** How often a move that the peer does not confirm is sent again. */
export const MAX_RESENDS = 10;
const LONGEST_RESEND_S = 86_400;
const FIRST_RESEND_S = 3_600;

/** Lets time pass for every active negotiation, one step each. */
export async function runTimers(context: AgentContext): Promise<void> {
  for (const { nid } of context.store.listNegotiations({ isActive: true })) await letTimePass(context, nid);
}

/** Lets time pass for one negotiation, in one step. */
export async function letTimePass(context: AgentContext, nid: Hex): Promise<void> {
  const work = beginWork(context);
  const open = openNegotiation(work, nid);
  if (open === undefined) return;
  await applyTick(work, open);
  await confirmPending(work, openNegotiation(work, nid) ?? open);
  await sealUnsent(work, nid);
  await resendUnseen(work, nid);
  if (hasChanges(work)) saveWork(work);
}

/** Sends moves that could not be sealed when they were made. */
async function sealUnsent(work: Work, nid: string): Promise<void> {
  const open = openNegotiation(work, nid);
  if (open === undefined) return;
  const rumors = listUnseen(open.state.chain).flatMap((id) => (isUnsent(work, id) ? (findRumor(work, id) ?? []) : []));
  await sealMoves(work, open.state.peer, rumors);
}

/** True for a move that was saved, but never sealed. */
function isUnsent({ context: { store }, changes }: Work, moveId: string): boolean {
  const move = store.findMove(moveId);
  if (move === undefined || move.sentAt !== undefined) return false;
  const isFresh = changes.some((change) => change.kind === 'queue' && change.record.moveId === moveId);
  return !isFresh && !store.listQueued().some((record) => record.moveId === moveId);
}

/** Sends moves again that the peer has not confirmed for long, in fresh messages (PROTOCOL "Carrier and envelope"). */
async function resendUnseen(work: Work, nid: string): Promise<void> {
  const open = openNegotiation(work, nid);
  const record = open?.record;
  if (open === undefined || record === undefined || open.hasSent || record.resendAt > work.now || record.resends >= MAX_RESENDS) return;
  const rumors = listUnseen(open.state.chain).flatMap((id) => (isQueued(work, id) ? [] : (findRumor(work, id) ?? [])));
  if (rumors.length === 0) return;
  if (!(await sealMoves(work, open.state.peer, rumors))) return;
  work.negotiations.set(nid, { ...open, record: postpone(record, work.now) });
}

function postpone(record: NegotiationRecord, now: number): NegotiationRecord {
  const resends = record.resends + 1;
  return { ...record, resends, resendAt: now + Math.min(LONGEST_RESEND_S, FIRST_RESEND_S * 4 ** resends) };
}
