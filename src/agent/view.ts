// A negotiation as its owner sees it: everything derived from the state, peer text unchanged (clean it before printing).

import type { Hex } from '../core/bytes.ts';
import type { Role } from '../negotiate/agreement.ts';
import { listUnseen } from '../negotiate/chain.ts';
import type { Negotiation, Offer } from '../negotiate/negotiation.ts';
import { readPhase, type Phase } from '../negotiate/phase.ts';
import { formatPrice } from '../negotiate/priceWords.ts';
import { findDeal, findUndecided, readOfferStatus } from '../negotiate/slot.ts';
import type { Terms } from '../negotiate/terms.ts';
import { encodeNpub } from '../nostr/npub.ts';
import type { NegotiationRecord, Store } from '../store/records.ts';
import type { AskView } from './mandate/viewAsk.ts';
import { readState } from './negotiationState.ts';
import { isBroken, isDoubtfulNow } from './behind.ts';
import { listAgreements, termsOfCommitment, viewTerms, type AgreementView } from './viewAgreement.ts';

/** One offer on or off the table. Times are unix seconds. */
export interface OfferView {
  readonly id: Hex;
  readonly by: 'me' | 'peer';
  /** `expired` is an open one whose time is over. */
  readonly status: ReturnType<typeof readOfferStatus> | 'expired';
  /** For people, such as `700 sats`. */
  readonly price: string;
  readonly terms: Terms;
  /** The terms as lines for people, made from the very values that are hashed. */
  readonly lines: readonly string[];
  readonly expiresAt: number;
  /** Its other terms, numbered from 1. */
  readonly alternatives: readonly Pick<OfferView, 'price' | 'terms' | 'lines'>[];
  /** Its maker has signed it: an accept seals it. */
  readonly isPresigned: boolean;
  /** Hash of the agreement that it would change, or that it would be a job under. */
  readonly amends?: Hex;
  readonly under?: Hex;
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
  /** What waits for the owner's yes. */
  readonly asks?: readonly AskView[];
}

/** All about one negotiation. */
export interface NegotiationView extends NegotiationSummary {
  readonly startedBy: 'me' | 'peer';
  /** The peer has accepted an offer of ours: our second signature is due by then (unix seconds). */
  readonly confirmBy?: number;
  readonly requirements: string;
  readonly createdAt: number;
  readonly expiresAt: number;
  /** Newest last. */
  readonly offers: readonly OfferView[];
  /** The deal as it stands, or the first one in the making. */
  readonly agreement?: AgreementView;
  /** Every agreement that holds or is in the making: the deal, what amended it, the jobs called off under it. Oldest first. */
  readonly agreements: readonly AgreementView[];
  /** Moves of ours that no relay has taken yet. */
  readonly unsent: number;
  /** Moves of ours that the peer has not confirmed to have seen. */
  readonly unseen: number;
  /** What the peer did against the rules, if anything. */
  readonly warnings: readonly string[];
}

/** The summary of a saved negotiation; `asks` are what waits for the owner's yes in it. */
export function summarize(record: NegotiationRecord, now: number, asks: readonly AskView[] = []): NegotiationSummary {
  const state = readState(record);
  const held = findDeal(state) ?? findUndecided(state);
  const open = state.offers.findLast((each) => statusOf(state, each, now) === 'open')?.terms;
  const terms = (held === undefined ? undefined : termsOfCommitment(state, held)) ?? open;
  return {
    nid: state.nid,
    peer: encodeNpub(state.peer),
    role: state.role,
    service: state.open.service,
    phase: readPhase(state),
    ...(terms === undefined ? {} : { price: formatPrice(terms.price) }),
    updatedAt: record.updatedAt,
    ...(asks.length === 0 ? {} : { asks }),
  };
}

/** The whole view of a saved negotiation; `asks` as in {@link summarize}. */
export function viewNegotiation(store: Store, record: NegotiationRecord, now: number, asks?: readonly AskView[]): NegotiationView {
  const state = readState(record);
  const agreements = listAgreements(state);
  const deal = findDeal(state) ?? findUndecided(state);
  const agreement = agreements.find(({ hash }) => hash === deal?.agreement);
  const own = store.listMoves(state.nid).filter(({ author }) => author === state.me);
  return {
    ...summarize(record, now, asks),
    startedBy: state.open.to === state.me ? 'peer' : 'me',
    ...(state.pending === undefined || now > state.pending.confirmBy ? {} : { confirmBy: state.pending.confirmBy }),
    requirements: state.open.requirements,
    createdAt: record.createdAt,
    expiresAt: state.open.expires_at,
    offers: state.offers.map((offer) => viewOffer(state, offer, now)),
    ...(agreement === undefined ? {} : { agreement }),
    agreements,
    unsent: own.filter(({ sentAt }) => sentAt === undefined).length,
    unseen: listUnseen(state.chain).length,
    warnings: [...listWarnings(state), ...warnOfDoubt(store, state.nid)],
  };
}

function viewOffer(state: Negotiation, offer: Offer, now: number): OfferView {
  const { id, by, terms, expiresAt, alternatives = [], presigned, amends, under } = offer;
  return {
    id,
    by: by === state.me ? 'me' : 'peer',
    status: statusOf(state, offer, now),
    ...viewTerms(terms),
    expiresAt,
    alternatives: alternatives.map(viewTerms),
    isPresigned: presigned !== undefined,
    ...(amends === undefined ? {} : { amends }),
    ...(under === undefined ? {} : { under }),
  };
}

function statusOf(state: Negotiation, offer: Offer, now: number): OfferView['status'] {
  const status = readOfferStatus(state, offer);
  return status === 'open' && now > offer.expiresAt ? 'expired' : status;
}

function listWarnings(state: Negotiation): readonly string[] {
  const equivocation = 'The peer sent two different moves with one number. Nothing more is signed here.';
  const cheat = 'The peer revealed both values of one signature. The evidence is kept; nothing more is signed here.';
  return [...(state.chain.equivocation === undefined ? [] : [equivocation]), ...(state.cheated === true ? [cheat] : [])];
}

/** What a home that has gone back in time says of a negotiation that it cannot rely on. */
function warnOfDoubt(store: Store, nid: Hex): readonly string[] {
  if (isBroken(store, nid))
    return [
      'This home is older than what it has said here, and that cannot be made out any more. Nothing is said or signed here: start anew.',
    ];
  const doubt = 'This home may be older than what it has said here. Nothing is said or signed here until that is clear: run sync.';
  return isDoubtfulNow(store, nid) ? [doubt] : [];
}
