// Bargaining by a few fixed rules around one limit: enough for a price list and a patient buyer, and never past the limit.

import type { Msat } from '../core/money.ts';
import type { Package } from './bargainTerms.ts';
import { isAsGood, type Direction } from './mandateIssues.ts';
import { DEFAULT_ROUNDS } from './strategies/strategySchema.ts';

/** A move so far, oldest first; receipts and errors left out. */
export interface SeenMove {
  readonly by: 'me' | 'peer';
  readonly type: string;
  /** What an offer holds: its main terms, then its alternatives. One whose terms may not be taken stands there as `{}`. */
  readonly packages?: readonly Package[];
}

/** What to do next. An offer holds one package or several to choose from, the main one first; `alternative` is the place of the accepted one. */
export type Decision =
  | { readonly kind: 'wait' }
  | { readonly kind: 'ask' }
  | { readonly kind: 'answer' }
  | { readonly kind: 'offer'; readonly packages: readonly Package[] }
  | { readonly kind: 'accept'; readonly alternative: number; readonly priceMsat: Msat }
  | { readonly kind: 'reject'; readonly reason: 'too-expensive' | 'too-cheap' };

/**
 * A buyer pays at most `maxMsat` and bids `bidMsat` before it takes what its limit allows. `patience` is how many offers it makes before it
 * ends over a price: as many as a strategy has, unless said.
 */
export interface BuyerLimits {
  readonly maxMsat: Msat;
  readonly bidMsat: Msat;
  readonly patience?: number;
}

/**
 * A provider asks `listMsat` and goes down to `minMsat`, and no further: it has as many offers as a strategy before it ends over a price. With
 * `asksFirst` it has a question before it names one.
 */
export interface ProviderLimits {
  readonly listMsat: Msat;
  readonly minMsat: Msat;
  readonly asksFirst?: boolean;
}

/** The buyer's next move. */
export function decideAsBuyer(moves: readonly SeenMove[], { maxMsat, bidMsat, patience = DEFAULT_ROUNDS }: BuyerLimits): Decision {
  const last = moves.at(-1);
  if (last?.by !== 'peer') return { kind: 'wait' };
  if (last.type === 'ask') return { kind: 'answer' };
  if (last.packages === undefined) return { kind: 'wait' };
  const cheapest = findBest(last.packages, 'lower');
  const bid = bidMsat < maxMsat ? bidMsat : maxMsat;
  if (cheapest === undefined) return { kind: 'reject', reason: 'too-expensive' };
  const bids = countOffers(moves);
  const isFit = cheapest.priceMsat <= maxMsat;
  if (isFit && (bids > 0 || cheapest.priceMsat <= bid)) return { kind: 'accept', ...cheapest };
  // Where nothing fits yet the bid is said again: the other side may come down by small steps.
  return bids < patience ? offerAt(bid) : { kind: 'reject', reason: 'too-expensive' };
}

/** The provider's next move. */
export function decideAsProvider(moves: readonly SeenMove[], { listMsat, minMsat, asksFirst = false }: ProviderLimits): Decision {
  const last = moves.at(-1);
  if (last?.by !== 'peer') return { kind: 'wait' };
  const list = listMsat > minMsat ? listMsat : minMsat;
  const hasAsked = moves.some(({ by, type }) => by === 'me' && type === 'ask');
  if (last.type === 'open' && asksFirst && !hasAsked) return { kind: 'ask' };
  if (last.type === 'open' || last.type === 'answer') return offerAt(list);
  if (last.packages === undefined) return { kind: 'wait' };
  const dearest = findBest(last.packages, 'higher');
  if (dearest !== undefined && dearest.priceMsat >= minMsat) return { kind: 'accept', ...dearest };
  // A bid below the floor is answered with the floor, again and again: the other side may come up by small steps.
  return countOffers(moves) < DEFAULT_ROUNDS ? offerAt(minMsat) : { kind: 'reject', reason: 'too-cheap' };
}

function countOffers(moves: readonly SeenMove[]): number {
  return moves.filter(({ by, type }) => by === 'me' && type === 'offer').length;
}

function offerAt(priceMsat: Msat): Decision {
  return { kind: 'offer', packages: [{ '/price': priceMsat }] };
}

/** The best of the packages that may be taken, and where it stands; the first of equals. */
function findBest(packages: readonly Package[], better: Direction): { readonly alternative: number; readonly priceMsat: Msat } | undefined {
  let best: { readonly alternative: number; readonly priceMsat: Msat } | undefined;
  packages.forEach(({ '/price': priceMsat }, alternative) => {
    const isBetter = priceMsat !== undefined && (best === undefined || !isAsGood(best.priceMsat, priceMsat, better));
    if (isBetter) best = { alternative, priceMsat };
  });
  return best;
}
