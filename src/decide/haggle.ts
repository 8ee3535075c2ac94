// Bargaining by a few fixed rules around one limit: enough for a price list and a patient buyer, and never past the limit.

import type { Msat } from '../core/money.ts';

/** A move so far, oldest first; receipts and errors left out. A price where a move has one, and seconds to deliver where they are bargained for. */
export interface SeenMove {
  readonly by: 'me' | 'peer';
  readonly type: string;
  readonly priceMsat?: Msat;
  readonly withinS?: number;
}

/** What to do next. */
export type Decision =
  | { readonly kind: 'wait' }
  | { readonly kind: 'ask' }
  | { readonly kind: 'answer' }
  | { readonly kind: 'offer'; readonly priceMsat: Msat; readonly withinS?: number }
  | { readonly kind: 'accept'; readonly priceMsat: Msat }
  | { readonly kind: 'reject'; readonly reason: 'too-expensive' | 'too-cheap' };

/** A buyer pays at most `maxMsat` and bids `bidMsat` once before it takes what its limit allows. */
export interface BuyerLimits {
  readonly maxMsat: Msat;
  readonly bidMsat: Msat;
}

/** A provider asks `listMsat` and goes down to `minMsat`, and no further. With `asksFirst` it has a question before it names a price. */
export interface ProviderLimits {
  readonly listMsat: Msat;
  readonly minMsat: Msat;
  readonly asksFirst?: boolean;
}

/** The buyer's next move. */
export function decideAsBuyer(moves: readonly SeenMove[], { maxMsat, bidMsat }: BuyerLimits): Decision {
  const last = moves.at(-1);
  if (last?.by !== 'peer') return { kind: 'wait' };
  if (last.type === 'ask') return { kind: 'answer' };
  if (last.type !== 'offer' || last.priceMsat === undefined) return { kind: 'wait' };
  const bid = bidMsat < maxMsat ? bidMsat : maxMsat;
  const hasBid = moves.some(({ by, type }) => by === 'me' && type === 'offer');
  if (!hasBid && bid < last.priceMsat) return { kind: 'offer', priceMsat: bid };
  return last.priceMsat <= maxMsat ? { kind: 'accept', priceMsat: last.priceMsat } : { kind: 'reject', reason: 'too-expensive' };
}

/** The provider's next move. */
export function decideAsProvider(moves: readonly SeenMove[], { listMsat, minMsat, asksFirst = false }: ProviderLimits): Decision {
  const last = moves.at(-1);
  if (last?.by !== 'peer') return { kind: 'wait' };
  const list = listMsat > minMsat ? listMsat : minMsat;
  const hasAsked = moves.some(({ by, type }) => by === 'me' && type === 'ask');
  if (last.type === 'open' && asksFirst && !hasAsked) return { kind: 'ask' };
  if (last.type === 'open' || last.type === 'answer') return { kind: 'offer', priceMsat: list };
  if (last.type !== 'offer' || last.priceMsat === undefined) return { kind: 'wait' };
  if (last.priceMsat >= minMsat) return { kind: 'accept', priceMsat: last.priceMsat };
  // A bid below the floor is answered with the floor, twice: the other side may bid once for form's sake.
  const floors = moves.filter(({ by, type, priceMsat }) => by === 'me' && type === 'offer' && priceMsat === minMsat).length;
  return floors < 2 ? { kind: 'offer', priceMsat: minMsat } : { kind: 'reject', reason: 'too-cheap' };
}
