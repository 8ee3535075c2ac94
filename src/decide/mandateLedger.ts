// The ledger of a mandate: what is promised, what was paid, how often the agent has moved. Promises are read off the negotiations themselves.

import type { Hex } from '../core/bytes.ts';
import type { Msat } from '../core/money.ts';
import { findOffer, type Commitment, type Negotiation } from '../negotiate/negotiation.ts';
import { termsOf } from '../negotiate/slot.ts';
import { holdOf } from './mandateAmounts.ts';
import type { Counts } from './mandateFacts.ts';
import type { Mandate } from './mandateSchema.ts';
import type { Reason } from './mandateVerdict.ts';

const DAY_S = 86_400;
const HOUR_S = 3_600;
const MINUTE_S = 60;
/** How long the owner's yes, and a question to him, counts. */
export const ANSWER_LIFE_S = DAY_S;
// Kept whatever their age, since a clock may have run ahead and come back.
const ALWAYS_KEPT = 200;
const MAX_SETTLED = 5_000;

/** A signature of ours that is out, or a deal that is not paid for: what it may still cost. */
export interface Hold {
  /** The move with the first signature: it names the commitment. */
  readonly id: Hex;
  readonly nid: Hex;
  readonly peer: Hex;
  readonly agreement: Hex;
  /** 0 where we do not pay. */
  readonly msat: Msat;
}

/** What was paid; `at` in unix seconds. */
export interface Spending {
  readonly agreement: Hex;
  readonly peer: Hex;
  readonly msat: Msat;
  readonly at: number;
}

/** A move of the agent's own accord. */
export interface Act {
  readonly at: number;
  readonly peer: Hex;
  /** In a group: who else heard it. */
  readonly others?: readonly Hex[] | undefined;
  /** The first one in its negotiation. */
  readonly isNew: boolean;
}

/** Something that waits for the owner's yes. */
export interface Ask {
  readonly digest: Hex;
  /** Undefined for a negotiation that is to be begun, and in groups. */
  readonly nid?: Hex | undefined;
  /** Undefined in groups. */
  readonly peer?: Hex | undefined;
  /** The MLS group id; undefined for a group that is to be made. */
  readonly group?: Hex | undefined;
  /** Identifier of the service that is announced. */
  readonly service?: string | undefined;
  /** What it is: `accept`, `offer`, `pay`, `group-message` … */
  readonly what: string;
  /** The most that it comes to, where it is about money. */
  readonly msat?: Msat | undefined;
  readonly reasons: readonly Reason[];
  readonly at: number;
}

/** True while the owner's yes, or a question to him, counts; not where the clock says that it is from another day, past or to come. */
export function isLive({ at }: { readonly at: number }, now: number): boolean {
  return Math.abs(now - at) < ANSWER_LIFE_S;
}

/** The whole ledger. */
export interface Ledger {
  readonly open: readonly Hold[];
  readonly spent: readonly Spending[];
  readonly acts: readonly Act[];
  readonly asks: readonly Ask[];
  /** What the owner has said yes to, and nobody has done yet. */
  readonly approved: readonly { readonly digest: Hex; readonly at: number }[];
  /** Agreements that the owner has settled in another way: nothing is held for them, and nothing is paid. */
  readonly settled: readonly Hex[];
  /** The latest time that it was written at. */
  readonly latestAt: number;
}

/** A ledger with nothing in it. */
export const EMPTY_LEDGER: Ledger = { open: [], spent: [], acts: [], asks: [], approved: [], settled: [], latestAt: 0 };

/** What is known of the payment of an agreement: `open` while nobody knows whether money has moved. */
export interface PaymentFact {
  readonly state: 'open' | 'settled' | 'failed';
  readonly msat: Msat;
  readonly at: number;
}

/** Finds the payment of an agreement. */
export type FindPayment = (agreement: Hex) => PaymentFact | undefined;

/** The ledger after a negotiation has changed: its holds are as its state says now, and what it has paid is among the spendings. */
export function followNegotiation(ledger: Ledger, state: Negotiation, mandate: Mandate, find: FindPayment, now: number): Ledger {
  const before = ledger.open.filter(({ nid }) => nid === state.nid);
  const outcomes = state.commitments.map((commitment) =>
    ledger.settled.includes(commitment.agreement) ? FREE : outcomeOf(state, commitment, find, mandate),
  );
  const open = [
    ...ledger.open.filter(({ nid }) => nid !== state.nid),
    ...outcomes.flatMap((each) => (each.kind === 'held' ? each.hold : [])),
  ];
  const spent = outcomes.flatMap((each): readonly Spending[] => {
    if (each.kind === 'paid') return [{ ...each, peer: state.peer }];
    // A deal that was completed without us paying for it was paid in another way, as far as we know: it counts now.
    const held = each.kind === 'done' ? before.find(({ agreement }) => agreement === each.agreement) : undefined;
    return held === undefined || held.msat === 0n ? [] : [{ agreement: held.agreement, peer: state.peer, msat: held.msat, at: now }];
  });
  const fresh = spent.filter(({ agreement }) => !ledger.spent.some((known) => known.agreement === agreement));
  const next = {
    ...ledger,
    open,
    spent: [...ledger.spent, ...fresh.map(({ agreement, peer, msat, at }) => ({ agreement, peer, msat, at }))],
  };
  return isSame(open, ledger.open) && fresh.length === 0 ? ledger : next;
}

type Outcome =
  | { readonly kind: 'held'; readonly hold: Hold }
  | { readonly kind: 'paid'; readonly agreement: Hex; readonly msat: Msat; readonly at: number }
  | { readonly kind: 'done'; readonly agreement: Hex }
  | { readonly kind: 'free' };

const FREE: Outcome = { kind: 'free' };

function outcomeOf(state: Negotiation, commitment: Commitment, find: FindPayment, mandate: Mandate): Outcome {
  switch (commitment.state) {
    case 'cancelled':
    case 'given-up':
    case 'late':
      return FREE;
    case 'undecided':
    case 'closed':
    case 'sealing':
      return hold(state, commitment, mandate);
    case 'agreed':
      return outcomeOfDeal(state, commitment, find(commitment.agreement), mandate);
    default:
      return commitment satisfies never;
  }
}

function outcomeOfDeal(state: Negotiation, deal: Commitment, payment: PaymentFact | undefined, mandate: Mandate): Outcome {
  const { agreement } = deal;
  if (payment?.state === 'settled') return { kind: 'paid', agreement, msat: payment.msat, at: payment.at };
  if (payment?.state === 'open') return hold(state, deal, mandate);
  const settlement = (state.settlements ?? []).find((each) => each.agreement === agreement);
  if (settlement?.completions.buyer !== undefined && settlement.completions.provider !== undefined) return { kind: 'done', agreement };
  // After a dispute, and after an amendment of it, nothing is paid for this agreement any more.
  const isAmended = state.commitments.some((each) => each.state === 'agreed' && findOffer(state, each.offer)?.amends === agreement);
  return settlement?.dispute !== undefined || isAmended ? FREE : hold(state, deal, mandate);
}

function hold(state: Negotiation, { firstMove, offer, alternative, agreement }: Commitment, mandate: Mandate): Outcome {
  const found = findOffer(state, offer);
  const terms = found === undefined ? undefined : termsOf(found, alternative);
  const most = terms === undefined ? undefined : holdOf(mandate, terms);
  const msat = state.role === 'buyer' ? (most ?? mandate.limits?.per_deal_msat ?? 0n) : 0n;
  return { kind: 'held', hold: { id: firstMove, nid: state.nid, peer: state.peer, agreement, msat } };
}

/** What is promised and not paid, and in how many signatures and deals. */
export function sumHeld({ open }: Ledger): { readonly heldMsat: Msat; readonly openDeals: number } {
  return { heldMsat: open.reduce((sum, { msat }) => sum + msat, 0n), openDeals: open.length };
}

/** What was paid in the last 24 hours. What is dated later than now counts: the clock has gone back. */
export function sumSpent({ spent }: Ledger, now: number): Msat {
  return spent.reduce((sum, { msat, at }) => (at > now - DAY_S ? sum + msat : sum), 0n);
}

/** How often the agent has moved, with everybody or with one peer. */
export function countActs({ acts }: Ledger, now: number, peer?: Hex): Counts {
  const counted = peer === undefined ? acts : acts.filter((act) => act.peer === peer || act.others?.includes(peer) === true);
  return {
    movesInMinute: counted.filter(({ at }) => at > now - MINUTE_S).length,
    movesInHour: counted.filter(({ at }) => at > now - HOUR_S).length,
    newInHour: counted.filter(({ at, isNew }) => isNew && at > now - HOUR_S).length,
  };
}

/** The ledger once the owner has settled deals in another way: what they held is free, and what he paid counts now. */
export function settleHolds(ledger: Ledger, holds: readonly Hold[], paidMsat: Msat, now: number): Ledger {
  const [first] = holds;
  if (first === undefined) return ledger;
  const { agreement, peer } = first;
  return {
    ...ledger,
    open: ledger.open.filter(({ id }) => !holds.some((hold) => hold.id === id)),
    spent: [...ledger.spent, { agreement, peer, msat: paidMsat, at: now }],
    settled: [...ledger.settled, ...holds.map((hold) => hold.agreement)],
  };
}

/** The ledger as it is written at `now`: without what is too old to count. */
export function closeBooks(ledger: Ledger, now: number): Ledger {
  const keep = <T extends { readonly at: number }>(list: readonly T[], ageS: number): readonly T[] =>
    list.filter(({ at }, i) => at > now - ageS || i >= list.length - ALWAYS_KEPT);
  return {
    open: ledger.open,
    spent: keep(ledger.spent, 2 * DAY_S),
    acts: keep(ledger.acts, 2 * HOUR_S),
    asks: ledger.asks.filter((each) => isLive(each, now)).slice(-ALWAYS_KEPT),
    approved: ledger.approved.filter((each) => isLive(each, now)),
    settled: ledger.settled.slice(-MAX_SETTLED),
    latestAt: Math.max(ledger.latestAt, now),
  };
}

function isSame(a: readonly Hold[], b: readonly Hold[]): boolean {
  const key = (each: Hold): string => `${each.id} ${each.msat}`;
  return a.length === b.length && a.every((each, i) => key(each) === key(b[i] ?? each) && each.id === b[i]?.id);
}
