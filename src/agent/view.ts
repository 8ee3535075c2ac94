// A negotiation as its owner sees it: everything derived from the state, peer text unchanged (clean it before printing).

import type { Hex } from '../core/bytes.ts';
import type { Role } from '../negotiate/agreement.ts';
import { agreementFor } from '../negotiate/commitment.ts';
import { hashAgreement } from '../negotiate/agreement.ts';
import { listUnseen } from '../negotiate/chain.ts';
import { findHeld, findOffer, readParties, readPhase, type Negotiation, type Offer, type Phase } from '../negotiate/negotiation.ts';
import { formatPrice } from '../negotiate/price.ts';
import { renderTerms } from '../negotiate/renderTerms.ts';
import type { Terms } from '../negotiate/terms.ts';
import { encodeNpub } from '../nostr/npub.ts';
import type { NegotiationRecord, Store } from '../store/records.ts';
import { readState } from './negotiationState.ts';

/** One offer on or off the table. Times are unix seconds. */
export interface OfferView {
  readonly id: Hex;
  readonly by: 'me' | 'peer';
  /** `expired` is an open one whose time is over. */
  readonly status: Offer['status'] | 'expired';
  /** For people, such as `700 sats`. */
  readonly price: string;
  readonly terms: Terms;
  /** The terms as lines for people, made from the very values that are hashed. */
  readonly lines: readonly string[];
  readonly expiresAt: number;
}

/** The deal, or the deal in the making. */
export interface AgreementView {
  /** Hash of the agreement, the same on both sides. */
  readonly hash: Hex;
  /** `agreed`: both hold it, act on it. `closed`: we closed it, the peer has not acknowledged yet. Otherwise a signature is out. */
  readonly state: 'accepting' | 'sealing' | 'closed' | 'agreed';
  readonly offer: Hex;
  readonly price: string;
  readonly terms: Terms;
  readonly lines: readonly string[];
  readonly buyer: string;
  readonly provider: string;
  /** Unix seconds by which the job must have been started. */
  readonly startBy: number;
}

/** The few facts of a list. */
export interface NegotiationSummary {
  readonly nid: Hex;
  /** npub of the peer. */
  readonly peer: string;
  /** Our role in the deal. */
  readonly role: Role;
  readonly service: string;
  readonly phase: Phase;
  /** Price of the deal, or of the newest open offer. */
  readonly price?: string;
  readonly updatedAt: number;
}

/** All about one negotiation. */
export interface NegotiationView extends NegotiationSummary {
  readonly startedBy: 'me' | 'peer';
  readonly requirements: string;
  readonly createdAt: number;
  readonly expiresAt: number;
  /** Newest last. */
  readonly offers: readonly OfferView[];
  readonly agreement?: AgreementView;
  /** Moves of ours that no relay has taken yet. */
  readonly unsent: number;
  /** Moves of ours that the peer has not confirmed to have seen. */
  readonly unseen: number;
  /** What the peer did against the rules, if anything. */
  readonly warnings: readonly string[];
}

/** The summary of a saved negotiation. */
export function summarize(record: NegotiationRecord, now: number): NegotiationSummary {
  const state = readState(record);
  const offer = findHeldOffer(state) ?? state.offers.findLast((each) => statusOf(each, now) === 'open');
  return {
    nid: state.nid,
    peer: encodeNpub(state.peer),
    role: state.role,
    service: state.open.service,
    phase: readPhase(state),
    ...(offer === undefined ? {} : { price: formatPrice(offer.terms.price) }),
    updatedAt: record.updatedAt,
  };
}

/** The whole view of a saved negotiation. */
export function viewNegotiation(store: Store, record: NegotiationRecord, now: number): NegotiationView {
  const state = readState(record);
  const agreement = viewAgreement(state);
  const own = store.listMoves(state.nid).filter(({ author }) => author === state.me);
  return {
    ...summarize(record, now),
    startedBy: state.open.to === state.me ? 'peer' : 'me',
    requirements: state.open.requirements,
    createdAt: record.createdAt,
    expiresAt: state.open.expires_at,
    offers: state.offers.map((offer) => viewOffer(state, offer, now)),
    ...(agreement === undefined ? {} : { agreement }),
    unsent: own.filter(({ sentAt }) => sentAt === undefined).length,
    unseen: listUnseen(state.chain).length,
    warnings: listWarnings(state),
  };
}

function viewOffer(state: Negotiation, offer: Offer, now: number): OfferView {
  const { id, by, terms, expiresAt } = offer;
  return {
    id,
    by: by === state.me ? 'me' : 'peer',
    status: statusOf(offer, now),
    price: formatPrice(terms.price),
    terms,
    lines: renderTerms(terms),
    expiresAt,
  };
}

function viewAgreement(state: Negotiation): AgreementView | undefined {
  const held = findHeld(state);
  const offer = findHeldOffer(state);
  if (held === undefined || offer === undefined) return undefined;
  if (held.state === 'cancelled' || held.state === 'late' || held.state === 'given-up') return undefined;
  const agreement = agreementFor(state, offer, held.confirmBy);
  const { buyer, provider } = readParties(state);
  return {
    hash: hashAgreement(agreement),
    state: held.state,
    offer: offer.id,
    price: formatPrice(offer.terms.price),
    terms: offer.terms,
    lines: renderTerms(offer.terms),
    buyer: encodeNpub(buyer),
    provider: encodeNpub(provider),
    startBy: agreement.start_by,
  };
}

function findHeldOffer(state: Negotiation): Offer | undefined {
  const held = findHeld(state);
  return held === undefined ? undefined : findOffer(state, held.offer);
}

function statusOf({ status, expiresAt }: Offer, now: number): OfferView['status'] {
  return status === 'open' && now > expiresAt ? 'expired' : status;
}

function listWarnings(state: Negotiation): readonly string[] {
  const equivocation = 'The peer sent two different moves with one number. Nothing more is signed here.';
  const cheat = 'The peer revealed both values of one signature. The evidence is kept; nothing more is signed here.';
  return [...(state.chain.equivocation === undefined ? [] : [equivocation]), ...(state.cheated === true ? [cheat] : [])];
}
