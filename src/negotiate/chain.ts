// The two chains of moves in one negotiation: order, duplicates, gaps, equivocation, limits (PROTOCOL "Carrier and envelope").

import type { Hex } from '../core/bytes.ts';
import type { DecodedMove, MoveHeader } from './move.ts';
import type { MoveType } from './moveBody.ts';

/** Moves that may wait for an earlier one. */
export const MAX_WAITING = 64;
/** Own moves the peer has not confirmed as seen before only {@link isExempt} moves go out. */
export const MAX_UNSEEN = 64;
/** Moves of one side in one negotiation, exempt ones not counted. */
export const MAX_MOVES = 200;
/** Moves that must be left for a new commitment, so that a started one can always be ended. */
export const COMMITMENT_RESERVE = 16;
/** Hard end of a chain, exempt moves included: a peer cannot grow our state without bound. */
export const MAX_SEQ = 1_000;

/** An authentic move as it arrives, usable or not. */
export type Arrival = Exclude<DecodedMove, { kind: 'not-a-move' }>;

/** A move of one chain, by its place and whether it counts against {@link MAX_MOVES}. */
export interface Link {
  readonly id: Hex;
  readonly type: MoveType | 'unusable';
}

/** Both chains. `sent[0]` and `received[0]` have seq 1. */
export interface Chain {
  readonly sent: readonly Link[];
  readonly received: readonly Link[];
  /** How many of `sent`, from the first, the peer has processed. */
  readonly seenCount: number;
  /** How many of `received`, from the first, my latest move has told the peer I have seen. */
  readonly coveredCount: number;
  /** Moves that came too early, in seq order. */
  readonly waiting: readonly Arrival[];
  /** The two different moves with one seq, once the peer has shown them. */
  readonly equivocation?: readonly [Hex, Hex];
}

/** What an arrival did to the chain. */
export type ChainStep =
  | { readonly kind: 'applied'; readonly chain: Chain; readonly arrivals: readonly Arrival[] }
  | { readonly kind: 'duplicate'; readonly chain: Chain; readonly resend: readonly Hex[] }
  | { readonly kind: 'waiting'; readonly chain: Chain }
  | { readonly kind: 'equivocation'; readonly chain: Chain }
  | { readonly kind: 'dropped'; readonly reason: 'wrong-prev' | 'limit' };

/** Chains with nothing in them. */
export const EMPTY_CHAIN: Chain = { sent: [], received: [], seenCount: 0, coveredCount: 0, waiting: [] };

/** Takes in an authentic move of the peer; `arrivals` are it and those that had waited for it, in seq order. */
export function receiveMove(chain: Chain, arrival: Arrival): ChainStep {
  const { header } = arrival;
  if (header.seq > MAX_SEQ) return { kind: 'dropped', reason: 'limit' };
  const known = idAt(chain, header.seq);
  if (known !== undefined && known !== header.id) return freeze(chain, [known, header.id]);
  // One that still waits asks again for what it waits for: the first asking, or its answer, may be lost. What it says it has seen
  // counts in its turn only: counted now, the move whose repetition brings the missing one would no longer be repeated.
  if (known !== undefined && header.seq > chain.received.length) return { kind: 'waiting', chain };
  if (known !== undefined) return repeatMove(chain, arrival);
  if (header.seq > chain.received.length + 1) return waitFor(chain, arrival);
  return header.prev === lastId(chain.received) ? applyMoves(chain, arrival) : { kind: 'dropped', reason: 'wrong-prev' };
}

/** Adds an own move. The caller has asked {@link maySend} and saves the chain with the move. */
export function appendSent(chain: Chain, link: Link): Chain {
  return { ...chain, sent: [...chain.sent, link], coveredCount: chain.received.length };
}

/** The header fields of the next own move. */
export function nextHeader(chain: Chain): Pick<MoveHeader, 'seq' | 'prev' | 'seen'> {
  return { seq: chain.sent.length + 1, prev: lastId(chain.sent), seen: lastId(chain.received) };
}

/** Whether an own move of this type may go out within the limits; a commitment needs {@link COMMITMENT_RESERVE} more places. */
export function maySend(chain: Chain, type: MoveType, isCommitment = false): boolean {
  if (chain.sent.length >= MAX_SEQ) return false;
  if (isExempt(type)) return true;
  const left = MAX_MOVES - countMoves(chain.sent);
  return left >= (isCommitment ? COMMITMENT_RESERVE : 1) && chain.sent.length - chain.seenCount < MAX_UNSEEN;
}

/** Ids of own moves that wait for the peer to have seen them, to be resent with back-off; receipts and errors are not. */
export function listUnseen(chain: Chain): readonly Hex[] {
  return chain.sent
    .slice(chain.seenCount)
    .filter((link) => !isNotice(link.type))
    .map((link) => link.id);
}

/** True while the peer has sent something that no move of mine has covered and that deserves at least a receipt. */
export function owesReceipt(chain: Chain): boolean {
  return chain.received.slice(chain.coveredCount).some((link) => !isNotice(link.type));
}

/** True for moves outside the limits, so that a commitment can always be ended and a fault always be named. */
export function isExempt(type: Link['type']): boolean {
  return type === 'close' || type === 'cancel' || isNotice(type);
}

/** How many moves count against {@link MAX_MOVES}. */
export function countMoves(links: readonly Link[]): number {
  return links.filter((link) => !isExempt(link.type)).length;
}

/** True for moves that say nothing of their own: what has arrived, and what could not be taken. */
export function isNotice(type: string): boolean {
  return type === 'receipt' || type === 'error';
}

function idAt(chain: Chain, seq: number): Hex | undefined {
  return chain.received[seq - 1]?.id ?? chain.waiting.find(({ header }) => header.seq === seq)?.header.id;
}

function lastId(links: readonly Link[]): Hex | '' {
  return links.at(-1)?.id ?? '';
}

function linkOf(arrival: Arrival): Link {
  return { id: arrival.header.id, type: arrival.kind === 'move' ? arrival.body.type : 'unusable' };
}

function repeatMove(chain: Chain, arrival: Arrival): ChainStep {
  const next = noteSeen(chain, arrival.header);
  // Only what my latest move covers asks for my moves again; for the rest I owe a new receipt (owesReceipt), which ends the repeating.
  const isAsking = !isNotice(linkOf(arrival).type) && arrival.header.seq <= chain.coveredCount;
  return { kind: 'duplicate', chain: next, resend: isAsking ? next.sent.slice(next.seenCount).map((link) => link.id) : [] };
}

function waitFor(chain: Chain, arrival: Arrival): ChainStep {
  if (chain.waiting.length >= MAX_WAITING) return { kind: 'dropped', reason: 'limit' };
  const waiting = [...chain.waiting, arrival].toSorted((a, b) => a.header.seq - b.header.seq);
  return { kind: 'waiting', chain: { ...chain, waiting } };
}

function applyMoves(chain: Chain, first: Arrival): ChainStep {
  let next = applyOne(chain, first);
  const arrivals = [first];
  for (const arrival of chain.waiting) {
    if (arrival.header.seq !== next.received.length + 1) continue;
    if (arrival.header.prev !== lastId(next.received)) continue;
    next = applyOne(next, arrival);
    arrivals.push(arrival);
  }
  const waiting = next.waiting.filter(({ header }) => header.seq > next.received.length + 1);
  return { kind: 'applied', chain: { ...next, waiting }, arrivals };
}

function applyOne(chain: Chain, arrival: Arrival): Chain {
  return noteSeen({ ...chain, received: [...chain.received, linkOf(arrival)] }, arrival.header);
}

function noteSeen(chain: Chain, { seen }: MoveHeader): Chain {
  const count = seen === '' ? 0 : chain.sent.findIndex((link) => link.id === seen) + 1;
  return count > chain.seenCount ? { ...chain, seenCount: count } : chain;
}

function freeze(chain: Chain, pair: readonly [Hex, Hex]): ChainStep {
  return { kind: 'equivocation', chain: { ...chain, equivocation: chain.equivocation ?? pair } };
}
