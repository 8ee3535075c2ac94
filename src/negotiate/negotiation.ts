// The state of one negotiation as one side holds it: chains, offers, commitments (PROTOCOL "Who is bound when").

import type { Hex } from '../core/bytes.ts';
import type { Role } from './agreement.ts';
import type { Chain } from './chain.ts';
import type { BodyOf, MoveBody } from './moveBody.ts';
import type { Settlement } from './settlement.ts';
import type { VerifiedSignature } from './signature.ts';
import type { Terms } from './terms.ts';

/** Seconds a first signer waits after `confirm_by` before it must cancel. */
export const CANCEL_GRACE_S = 120;
/** Longest time a second signer leaves a first signature open, in seconds. */
export const MAX_WINDOW_S = 7_200;
/** How far ahead of our clock a first signature may be dated, in seconds. */
export const MAX_SKEW_S = 600;

/** Why a negotiation is over without a deal. */
export type EndReason = 'rejected' | 'withdrawn' | 'cancelled' | 'expired' | 'unconfirmed' | 'failed';

/** One offer of either side. Whether it is taken or waits for a slot is derived: {@link readOfferStatus}. */
export interface Offer {
  /** Id of the move that made it. */
  readonly id: Hex;
  /** Id of that move with `presigned` absent, where that differs: what an agreement calls the offer. */
  readonly ref?: Hex;
  readonly by: Hex;
  readonly terms: Terms;
  readonly seed: Hex;
  /** Unix seconds. */
  readonly expiresAt: number;
  /** Other terms that its maker likes as well, numbered from 1. */
  readonly alternatives?: readonly Terms[];
  /** Its maker's signature, first: then an accept is the second. */
  readonly presigned?: VerifiedSignature;
  /** Hash of the agreement that it would amend. */
  readonly amends?: Hex;
  /** Hash of the framework agreement that it would call off from. */
  readonly under?: Hex;
  readonly status: 'open' | 'superseded' | 'withdrawn' | 'rejected' | 'cancelled';
}

/** What both kinds of commitment know; `firstMove` is the id of the move with the first signature and names the commitment. */
interface CommitmentBase {
  readonly firstMove: Hex;
  /** Id of the offer move; of a presigned offer it is the first move. */
  readonly offer: Hex;
  /** 0 is the offer's main terms. */
  readonly alternative: number;
  readonly agreement: Hex;
  /** Unix seconds. */
  readonly confirmBy: number;
  readonly first: VerifiedSignature;
  readonly second?: VerifiedSignature;
  /** Id of the move that decided it, which a repeated accept, confirm or close gets again. */
  readonly answer?: Hex;
  readonly reveals: { readonly c?: Hex; readonly v?: Hex; readonly a?: Hex; readonly l?: Hex };
}

/** My first signature: undecided until I close or cancel, held from then on unless the peer refuses as late. */
export interface FirstCommitment extends CommitmentBase {
  readonly side: 'first';
  readonly secrets: { readonly c: Hex; readonly v: Hex };
  readonly state: 'undecided' | 'closed' | 'agreed' | 'cancelled' | 'late';
}

/** My second signature: sealing until I see whether the peer closes or cancels. */
export interface SecondCommitment extends CommitmentBase {
  readonly side: 'second';
  /** Id of my move with the second signature: a confirm, or the accept of a presigned offer. */
  readonly secondMove: Hex;
  readonly secrets: { readonly a: Hex; readonly l: Hex };
  readonly state: 'sealing' | 'agreed' | 'cancelled' | 'given-up' | 'late';
}

/** A signature of mine and what became of it. */
export type Commitment = FirstCommitment | SecondCommitment;

/** A peer's accept that I may confirm while its window is open. */
export interface PendingAccept {
  readonly id: Hex;
  readonly offer: Hex;
  readonly alternative: number;
  readonly agreement: Hex;
  readonly confirmBy: number;
  readonly first: VerifiedSignature;
}

/** One negotiation. Everything else a screen shows is derived from it. */
export interface Negotiation {
  readonly nid: Hex;
  readonly me: Hex;
  readonly peer: Hex;
  /** My role in the deal. */
  readonly role: Role;
  readonly open: BodyOf<'open'>;
  readonly chain: Chain;
  readonly offers: readonly Offer[];
  readonly commitments: readonly Commitment[];
  readonly pending?: PendingAccept;
  /** A bare cancel or final reject of the peer that takes effect when my slot frees without a deal. */
  readonly deferredEnd?: EndReason;
  readonly ended?: EndReason;
  /** SHA-256 of each v that the peer has shown: a first signature of its with this lock is void, in whichever move it comes again. */
  readonly voided?: readonly Hex[];
  /** What has happened since the deal was made, one for each agreement. */
  readonly settlements?: readonly Settlement[];
  /** The peer showed both values of one signature; the evidence lies in the commitment. */
  readonly cheated?: true;
}

/** True when the peer has equivocated or cheated: no new commitments. */
export function isFrozen(state: Negotiation): boolean {
  return state.chain.equivocation !== undefined || state.cheated === true;
}

/** Finds an offer by id. */
export function findOffer(state: Negotiation, id: Hex): Offer | undefined {
  return state.offers.find((offer) => offer.id === id);
}

/** Buyer and provider of a negotiation, by key. */
export function readParties(state: Negotiation): { readonly buyer: Hex; readonly provider: Hex } {
  return state.role === 'buyer' ? { buyer: state.me, provider: state.peer } : { buyer: state.peer, provider: state.me };
}

/** Replaces one commitment. */
export function replaceCommitment(state: Negotiation, next: Commitment): Negotiation {
  return { ...state, commitments: state.commitments.map((old) => (old.firstMove === next.firstMove ? next : old)) };
}

/** Gives the offers with these ids another status. */
export function markOffers(state: Negotiation, ids: readonly Hex[], status: Offer['status']): Negotiation {
  if (ids.length === 0) return state;
  return { ...state, offers: state.offers.map((offer) => (ids.includes(offer.id) ? { ...offer, status } : offer)) };
}

/** One sentence for people that goes with a move; it never carries text or numbers of the terms. */
export function describeMove(body: MoveBody): string {
  const sentences = {
    open: 'I would like to negotiate.',
    ask: 'A question.',
    answer: 'An answer.',
    offer: 'An offer.',
    accept: 'I accept the offer.',
    confirm: 'I confirm.',
    close: 'The deal is closed.',
    cancel: 'I cancel.',
    reject: 'I decline the offer.',
    withdraw: 'I take my offer back.',
    receipt: 'Received.',
    error: 'I could not use that.',
    input: 'Here is what the job needs.',
    payterms: 'Here is how to pay.',
    funded: 'It is paid.',
    deliver: 'Here is the result.',
    completion: 'The job is done.',
    dispute: 'I object.',
  } as const;
  return sentences[body.type];
}
