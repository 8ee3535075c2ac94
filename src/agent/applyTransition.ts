// Lets the state machine decide and carries its decision into the step.

import type { Hex } from '../core/bytes.ts';
import type { Draft } from '../negotiate/draft.ts';
import { isSigned } from '../negotiate/issue.ts';
import type { MoveRumor } from '../negotiate/move.ts';
import type { Negotiation } from '../negotiate/negotiation.ts';
import { refuseUnknownFeatures, transition, type CheckedArrival, type Transition } from '../negotiate/transition.ts';
import { isMandateError } from './mandate/mandateError.ts';
import { permitMoves, type AskMode } from './mandate/permit.ts';
import { refusalError } from './refusalError.ts';
import { findBudgetHolder } from './rfq/budgetSlot.ts';
import { isDoubtful, trustIfCurrent } from './restored.ts';
import { requireChannel, sealMoves } from './sealMoves.ts';
import { findRumor, isQueued, recordMove, type OpenNegotiation, type Work } from './work.ts';

/**
 * Makes a move of ours. Throws `negotiation/refused`, with advice, when the rules do not allow it now, `mandate/…` when the owner does not,
 * `input/not-found` when there is no channel with the peer; then nothing has changed.
 */
export async function issueMove(work: Work, open: OpenNegotiation, draft: Draft): Promise<Negotiation> {
  if (isSigned(draft) && isBudgetTaken(work, open)) throw refusalError('budget');
  const result = transition(open.state, { kind: 'issue', draft, now: work.now });
  if (result.kind === 'refused') throw refusalError(result.reason);
  requireChannel(work, open.state.peer);
  return applyResult(work, open, result, 'save');
}

/** True when the budget of the request that this negotiation belongs to is held by another one: then nothing is signed here. */
export function isBudgetTaken({ context }: Work, { state }: OpenNegotiation): boolean {
  return findBudgetHolder(context.store, state.nid) !== undefined;
}

/** Makes a move that is due by itself; one that the rules, or the owner's mandate, do not allow now is not made. */
export async function issueIfAllowed(work: Work, open: OpenNegotiation, draft: Draft): Promise<void> {
  const result = transition(open.state, { kind: 'issue', draft, now: work.now });
  if (result.kind !== 'moved') return;
  try {
    await applyResult(work, open, result);
  } catch (error) {
    if (!isMandateError(error)) throw error;
  }
}

/** Takes in a move of the peer and writes it down, once; one that the state machine refuses is dropped. */
export async function receiveArrival(
  work: Work,
  open: OpenNegotiation,
  arrival: CheckedArrival,
  rumor: MoveRumor,
): Promise<'new' | 'known' | 'dropped'> {
  const result = transition(open.state, { kind: 'received', arrival, now: work.now });
  if (result.kind === 'refused') return 'dropped';
  trustIfCurrent(work, open.state, arrival.header.seen, rumor.created_at);
  // It comes again: the peer repeats what we do not confirm.
  if (result.kind === 'moved' && result.send.length > 0 && isDoubtful(work, open.state.nid)) return 'dropped';
  const isNew = findRumor(work, rumor.id) === undefined;
  // Before the moves that answer it, so that the log reads in order.
  if (isNew) recordMove(work, open.state.nid, rumor);
  await applyResult(work, open, result);
  return isNew ? 'new' : 'known';
}

/** Refuses a negotiation that needs a part of the protocol which we do not know. */
export async function applyRefusal(work: Work, open: OpenNegotiation): Promise<void> {
  await applyResult(work, open, refuseUnknownFeatures(open.state, work.now));
}

/** Lets time pass. */
export async function applyTick(work: Work, open: OpenNegotiation): Promise<void> {
  await applyResult(work, open, transition(open.state, { kind: 'tick', now: work.now }));
}

/** Every move of ours but the first of a negotiation goes out through here, and past the owner's mandate. */
async function applyResult(work: Work, open: OpenNegotiation, result: Transition, ask: AskMode = 'leave'): Promise<Negotiation> {
  if (result.kind !== 'moved' || (result.send.length > 0 && isDoubtful(work, open.state.nid))) return open.state;
  const { state, send, resend } = result;
  await permitMoves(work, open.state, send, ask);
  for (const rumor of send) recordMove(work, state.nid, rumor);
  // What is new in this step and also asked for in it goes out once.
  const asked = new Set(resend.filter((id) => !send.some((rumor) => rumor.id === id)));
  const repeated = [...asked].flatMap((id: Hex) => (isQueued(work, id) ? [] : (findRumor(work, id) ?? [])));
  await sealMoves(work, state.peer, [...send, ...repeated]);
  work.negotiations.set(state.nid, { ...open, state, hasSent: open.hasSent || send.length > 0 });
  return state;
}
