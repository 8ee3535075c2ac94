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
  const { weights, maxMsat, withinS = LONG_S } = request;
  const takesS = Math.min(terms.delivery?.within_s ?? withinS, withinS);
  const parts = {
    price: shareLeft(priceMsat, maxMsat),
    time: withinS === 0 ? 1 : (withinS - takesS) / withinS,
    trust: Math.min(100, Math.max(0, trust)) / 100,
  };
  const total = weights.price + weights.time + weights.trust;
  const utility = total === 0 ? 0 : (weights.price * parts.price + weights.time * parts.time + weights.trust * parts.trust) / total;
  return { ...bid, kind: 'fit', utility, priceMsat };
}

function findUnfit(terms: Terms, priceMsat: Msat | undefined, { capability, summary, maxMsat, withinS }: Request): TermsLeaf | undefined {
  const strange = TERMS_LEAVES.find((leaf) => !MAY_STAND.has(leaf) && readLeaf(terms, leaf) !== null);
  if (strange !== undefined) return strange;
  if (terms.service.capability !== capability) return '/service/capability';
  if (terms.scope.summary !== summary) return '/scope/summary';
  if (priceMsat === undefined || priceMsat > maxMsat) return '/price';
  const isLate = withinS !== undefined && (terms.delivery?.within_s === undefined || terms.delivery.within_s > withinS);
  return isLate ? '/delivery/within_s' : undefined;
}

/** What is left of the budget, as a share of it; exact to a millionth. */
function shareLeft(priceMsat: Msat, maxMsat: Msat): number {
  return maxMsat === 0n ? 1 : Number(((maxMsat - priceMsat) * 1_000_000n) / maxMsat) / 1_000_000;
}
