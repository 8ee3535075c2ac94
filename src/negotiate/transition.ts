// The negotiation state machine: one pure function from a state and an input to the next state and what goes out.

import type { Hex } from '../core/bytes.ts';
import { START_BY_S, type Role } from './agreement.ts';
import { EMPTY_CHAIN, maySend, owesReceipt, receiveMove, type Arrival } from './chain.ts';
import type { Draft, Refusal } from './draft.ts';
import { issueDraft } from './issue.ts';
import type { MoveHeader, MoveRumor } from './move.ts';
import { verifyCompletion, type CompletionEvent } from './completion.ts';
import type { BodyOf, MoveBody } from './moveBody.ts';
import { CANCEL_GRACE_S, type FirstCommitment, type Negotiation } from './negotiation.ts';
import { applyArrival, resendFrom } from './receive.ts';
import { verifySignature, type SignedEvent } from './signature.ts';
import { findHeld, findUndecided, listPresigned } from './slot.ts';
import { cancelFirst, dropPending, emit, emitError, endNegotiation, releaseSlot, withState, type Step } from './step.ts';

declare const checked: unique symbol;
/** An arrival whose signature, if it carries one, has been checked by {@link checkArrival}. */
export type CheckedArrival = Arrival & { readonly [checked]: true };

/** What can happen to a negotiation. Times are unix seconds; a `tick` also sends a receipt that is owed. */
export type Input =
  | { readonly kind: 'received'; readonly arrival: CheckedArrival; readonly now: number }
  | { readonly kind: 'issue'; readonly draft: Draft; readonly now: number }
  | { readonly kind: 'tick'; readonly now: number };

/** The outcome. `moved`: save the state and the moves to send in one transaction, then publish. A refusal changes nothing. */
export type Transition =
  | { readonly kind: 'moved'; readonly state: Negotiation; readonly send: readonly MoveRumor[]; readonly resend: readonly Hex[] }
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'refused'; readonly reason: Refusal | 'wrong-prev' | 'chain-limit' };

/** The border check of a peer's move: one whose signature is not genuine becomes unusable. `verify` is BIP-340 over the event id. */
export function checkArrival(arrival: Arrival, verify: (event: SignedEvent | CompletionEvent) => boolean): CheckedArrival {
  const isGenuine = arrival.kind !== 'move' || isSigned(arrival.body, verify);
  return (isGenuine ? arrival : { kind: 'unusable', header: arrival.header, problem: 'signature' }) as CheckedArrival;
}

function isSigned(body: MoveBody, verify: (event: SignedEvent | CompletionEvent) => boolean): boolean {
  if (body.type === 'accept' || body.type === 'confirm') return verifySignature(body.signature, verify) !== undefined;
  if (body.type === 'offer') return body.presigned === undefined || verifySignature(body.presigned, verify) !== undefined;
  return body.type !== 'completion' || verifyCompletion(body.signature, verify);
}

/** The state after an `open`, sent or received; undefined when it is not addressed between `me` and another, or not the first of its chain. */
export function beginNegotiation(me: Hex, header: MoveHeader, body: BodyOf<'open'>): Negotiation | undefined {
  const isMine = header.author === me;
  if (header.seq !== 1 || header.prev !== '' || header.seen !== '' || header.author === body.to) return undefined;
  if (!isMine && body.to !== me) return undefined;
  const link = [{ id: header.id, type: 'open' as const }];
  const chain = isMine ? { ...EMPTY_CHAIN, sent: link } : { ...EMPTY_CHAIN, received: link };
  const role = isMine ? body.role : oppositeOf(body.role);
  return { nid: header.nid, me, peer: isMine ? body.to : header.author, role, open: body, chain, offers: [], commitments: [] };
}

/** Applies one input. Never throws, whatever the peer sent. */
export function transition(state: Negotiation, input: Input): Transition {
  const start = applyTime({ state, send: [], resend: [] }, input.now);
  switch (input.kind) {
    case 'received':
      return receive(start, state, input.arrival, input.now);
    case 'issue': {
      const issued = issueDraft(start, input.draft, input.now);
      return typeof issued === 'string' ? { kind: 'refused', reason: issued } : conclude(issued, state);
    }
    case 'tick':
      return conclude(flushReceipt(start, input.now), state);
    default:
      return input satisfies never;
  }
}

function receive(start: Step, before: Negotiation, arrival: CheckedArrival, now: number): Transition {
  const chained = receiveMove(start.state.chain, arrival);
  switch (chained.kind) {
    case 'applied': {
      return conclude(applyInOrder(withState(start, { ...start.state, chain: chained.chain }), chained.arrivals, now), before);
    }
    case 'duplicate':
      return conclude(
        { ...withState(start, { ...start.state, chain: chained.chain }), resend: [...start.resend, ...chained.resend] },
        before,
      );
    case 'waiting':
      return conclude(askForMissing(withState(start, { ...start.state, chain: chained.chain }), arrival, now), before);
    case 'equivocation':
      return conclude(withState(start, { ...start.state, chain: chained.chain }), before);
    case 'dropped':
      return { kind: 'refused', reason: chained.reason === 'limit' ? 'chain-limit' : chained.reason };
    default:
      return chained satisfies never;
  }
}

/**
 * Applies moves that have become next together. What answers one of them has not seen those after it: otherwise the answer to a later
 * one, once it is lost, would not be asked for again.
 */
function applyInOrder(start: Step, arrivals: readonly Arrival[], now: number): Step {
  const { received } = start.state.chain;
  return arrivals.reduce((step, arrival, i) => {
    const chain = { ...step.state.chain, received: received.slice(0, received.length - arrivals.length + i + 1) };
    return applyArrival(withState(step, { ...step.state, chain }), arrival, now);
  }, start);
}

/**
 * What a move that comes too early is answered with. What a receipt asks for is sent before its turn: it may itself wait for what we
 * have asked the other side for. Receipts and errors ask for nothing, or two sides with a gap each would ask each other for ever.
 */
function askForMissing(step: Step, arrival: Arrival, now: number): Step {
  if (arrival.kind === 'move' && arrival.body.type === 'receipt') return resendFrom(step, arrival.body.upto);
  if (arrival.kind === 'move' && arrival.body.type === 'error') return step;
  // Who repeats a move that waits gets a receipt each time, until our chain is at its end.
  if (!maySend(step.state.chain, 'receipt')) return step;
  return emit(step, { v: 1, type: 'receipt', upto: step.state.chain.received.length }, now);
}

/** Deadlines, applied before anything else so that a late input finds the state that time has made. */
function applyTime(step: Step, now: number): Step {
  const decided = giveUp(voidOverdue(step, now), now);
  const { pending } = decided.state;
  const next = pending !== undefined && now > pending.confirmBy ? dropPending(decided, 'window', now) : decided;
  const isOver = next.state.ended === undefined && findHeld(next.state) === undefined && now > next.state.open.expires_at;
  return isOver ? endNegotiation(next, 'expired', now) : next;
}

/** A first signer must make its signature void when the window and the grace are over. */
function voidOverdue(step: Step, now: number): Step {
  const held = findUndecided(step.state);
  const isOverdue = ({ confirmBy }: FirstCommitment): boolean => now > confirmBy + CANCEL_GRACE_S;
  const freed = held?.side === 'first' && held.state === 'undecided' && isOverdue(held) ? cancelFirst(step, held, now) : step;
  // The freed slot may have let a deferred end take effect, which has voided these already.
  return listPresigned(freed.state)
    .filter(isOverdue)
    .reduce((next, each) => cancelFirst(next, each, now), freed);
}

/** A second signer that has waited until the job should have begun frees its budget; it refuses a closing that comes later. */
function giveUp(step: Step, now: number): Step {
  const held = findUndecided(step.state);
  const isDue = held?.side === 'second' && held.state === 'sealing' && now >= held.confirmBy + START_BY_S;
  return isDue ? releaseSlot(step, { ...held, state: 'given-up' }, now) : step;
}

/** A part of the protocol that the peer cannot do without and that we do not know: better no negotiation than a misunderstanding. */
export function refuseUnknownFeatures(state: Negotiation, now: number): Transition {
  const isKnown = state.open.to !== state.me || !state.open.features.some((feature) => feature.endsWith('!'));
  if (isKnown) return { kind: 'unchanged' };
  const told = emitError({ state, send: [], resend: [] }, state.nid, 'feature', now);
  return conclude(endNegotiation(told, 'failed', now), state);
}

function flushReceipt(step: Step, now: number): Step {
  const { chain } = step.state;
  return owesReceipt(chain) ? emit(step, { v: 1, type: 'receipt', upto: chain.received.length }, now) : step;
}

function conclude(step: Step, before: Negotiation): Transition {
  if (step.state === before && step.resend.length === 0) return { kind: 'unchanged' };
  return { kind: 'moved', ...step };
}

function oppositeOf(role: Role): Role {
  return role === 'buyer' ? 'provider' : 'buyer';
}
