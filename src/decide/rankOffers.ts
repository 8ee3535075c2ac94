// Which of several offers is best for a buyer: a sum of what price, time and trust are worth to it, within its limits.

import type { Msat } from '../core/money.ts';
import { readFixedAmount } from '../negotiate/price.ts';
import { readLeaf, type Terms } from '../negotiate/terms.ts';
import { TERMS_LEAVES, type TermsLeaf } from '../negotiate/termsLeaves.ts';

/** How much each matters; any non-negative numbers, of which only their shares count. */
export interface Weights {
  readonly price: number;
  readonly time: number;
  readonly trust: number;
}

/** What the buyer asks for and how it judges. */
export interface Request {
  readonly capability: string;
  readonly summary: string;
  readonly maxMsat: Msat;
  /** Latest delivery in seconds after payment; any when undefined. */
  readonly withinS?: number | undefined;
  readonly weights: Weights;
  /** The first part of the terms that the buyer cannot take, where it knows better than the short list of what a provider may add. */
  readonly findObjection?: ((terms: Terms) => TermsLeaf | undefined) | undefined;
}

/** One offer, or one alternative of it, with the score (0 to 100) of the one who makes it. */
export interface Bid<T> {
  readonly of: T;
  readonly terms: Terms;
  readonly trust: number;
}

/** A bid with its utility from 0 to 1, or with the leaf of its terms that rules it out. */
export type Judged<T> = Bid<T> &
  ({ readonly kind: 'fit'; readonly utility: number; readonly priceMsat: Msat } | { readonly kind: 'unfit'; readonly leaf: TermsLeaf });

// What a provider may add by itself. Whatever else it puts into the terms is for the owner to look at.
const MAY_STAND: ReadonlySet<TermsLeaf> = new Set<TermsLeaf>([
  '/service/capability',
  '/service/title',
  '/scope/summary',
  '/scope/output',
  '/scope/revisions',
  '/price',
  '/delivery/within_s',
  '/delivery/channel',
  '/payment/rail',
  '/payment/when',
  '/payment/payee',
  '/confidentiality/retention_s',
]);

// A delivery time that is not named counts like this many seconds; where the buyer names a latest one, like that.
const LONG_S = 30 * 86_400;
const MILLION = 1_000_000;

/** Judges bids, best first: by utility, then by price; the unfit ones last. Bids that are alike stay in their order. */
export function rankBids<T>(bids: readonly Bid<T>[], request: Request): readonly Judged<T>[] {
  const judged = bids.map((bid) => judge(bid, request));
  return judged.sort((a, b) => {
    if (a.kind === 'unfit' || b.kind === 'unfit') return Number(a.kind === 'unfit') - Number(b.kind === 'unfit');
    return b.utility - a.utility || (a.priceMsat < b.priceMsat ? -1 : a.priceMsat > b.priceMsat ? 1 : 0);
  });
}

function judge<T>(bid: Bid<T>, request: Request): Judged<T> {
  const { terms, trust } = bid;
  const priceMsat = readFixedAmount(terms.price);
  const leaf = findUnfit(terms, priceMsat, request);
  if (leaf !== undefined || priceMsat === undefined) return { ...bid, kind: 'unfit', leaf: leaf ?? '/price' };
  const { weights, maxMsat } = request;
  const total = weights.price + weights.time + weights.trust;
  const worth = weights.price * shareLeft(priceMsat, maxMsat) + rateOthers(terms, trust, request);
  return { ...bid, kind: 'fit', utility: total === 0 ? 0 : worth / total, priceMsat };
}

/**
 * The highest price, at most `maxMsat`, at which these terms are worth more than `utility`: what to go up to while another offer is worth
 * that much. Undefined when no price does it.
 */
export function priceToBeat({ terms, trust }: Omit<Bid<unknown>, 'of'>, utility: number, request: Request): Msat | undefined {
  const { weights, maxMsat } = request;
  const total = weights.price + weights.time + weights.trust;
  const others = rateOthers(terms, trust, request);
  const worthAt = (share: number): number => (total === 0 ? 0 : (weights.price * share + others) / total);
  if (worthAt(0) > utility) return maxMsat;
  // Of the budget this share must be left, in the millionths that utilities are exact to.
  const about = Math.floor(((utility * total - others) / weights.price) * MILLION);
  const least = [about, about + 1, about + 2].find((share) => worthAt(share / MILLION) > utility);
  if (least === undefined || least >= MILLION) return undefined;
  return (maxMsat * BigInt(MILLION - least)) / BigInt(MILLION);
}

/** What time and trust add to the worth of an offer, weighed. */
function rateOthers(terms: Terms, trust: number, { weights, withinS = LONG_S }: Request): number {
  const takesS = Math.min(terms.delivery?.within_s ?? withinS, withinS);
  const time = withinS === 0 ? 1 : (withinS - takesS) / withinS;
  return weights.time * time + (weights.trust * Math.min(100, Math.max(0, trust))) / 100;
}

function findUnfit(
  terms: Terms,
  priceMsat: Msat | undefined,
  { capability, summary, maxMsat, withinS, findObjection = findStrange }: Request,
): TermsLeaf | undefined {
  const strange = findObjection(terms);
  if (strange !== undefined) return strange;
  if (terms.service.capability !== capability) return '/service/capability';
  if (terms.scope.summary !== summary) return '/scope/summary';
  if (priceMsat === undefined || priceMsat > maxMsat) return '/price';
  const isLate = withinS !== undefined && (terms.delivery?.within_s === undefined || terms.delivery.within_s > withinS);
  return isLate ? '/delivery/within_s' : undefined;
}

function findStrange(terms: Terms): TermsLeaf | undefined {
  return TERMS_LEAVES.find((leaf) => !MAY_STAND.has(leaf) && readLeaf(terms, leaf) !== null);
}

/** What is left of the budget, as a share of it; exact to a millionth. */
function shareLeft(priceMsat: Msat, maxMsat: Msat): number {
  return maxMsat === 0n ? 1 : Number(((maxMsat - priceMsat) * BigInt(MILLION)) / maxMsat) / MILLION;
}
