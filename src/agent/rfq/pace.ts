// Keeps the negotiations of a request in step: a bid waits until those who are as far have answered, but nobody is waited for long.

import type { Hex } from '../../core/bytes.ts';
import type { Negotiation } from '../../negotiate/negotiation.ts';
import type { Store } from '../../store/records.ts';
import { listSpoken } from '../spokenMoves.ts';

/** How far a negotiation is: the last word in it, and how many offers of ours there are. Times are unix seconds. */
export interface Progression {
  readonly nid: Hex;
  readonly isOurTurn: boolean;
  readonly lastType: string | undefined;
  readonly lastAt: number;
  readonly ownOffers: number;
}

/** How far it is; receipts and errors are no words. */
export function readProgression(store: Store, { nid, me }: Negotiation): Progression {
  const spoken = listSpoken(store, nid);
  const last = spoken.at(-1);
  return {
    nid,
    isOurTurn: last !== undefined && last.author !== me,
    lastType: last?.type,
    lastAt: last?.recordedAt ?? 0,
    ownOffers: spoken.filter(({ author, type }) => author === me && type === 'offer').length,
  };
}

/** When a bid may go out in the first of these: at once (undefined), or as soon as those who are no further have answered, and then at the latest. */
export function findBidTime(own: Progression, others: readonly Progression[], roundS: number, now: number): number | undefined {
  const awaited = others.filter(
    ({ nid, isOurTurn, lastAt, ownOffers }) => nid !== own.nid && !isOurTurn && ownOffers <= own.ownOffers && now < lastAt + roundS,
  );
  return awaited.length === 0 ? undefined : Math.min(...awaited.map(({ lastAt }) => lastAt + roundS));
}
