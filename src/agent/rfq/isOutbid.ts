// Tells where nothing is left to wait for: whoever takes what we have bid there gives less than what another one offers.

import { rankBids } from '../../decide/rankOffers.ts';
import type { Negotiation } from '../../negotiate/negotiation.ts';
import type { Store } from '../../store/records.ts';
import { readProgression } from './pace.ts';
import type { RfqBody } from './rfqRecord.ts';
import { readRequest, trustOf } from './viewRfq.ts';

/** True when the last word is a bid of ours that is worth no more than `utility`, which another one offers. */
export function isOutbid(store: Store, body: RfqBody, state: Negotiation, utility: number): boolean {
  const { nid, me } = state;
  const { isOurTurn, lastType } = readProgression(store, state);
  const bid = state.offers.findLast(({ by, status }) => by === me && status === 'open');
  if (isOurTurn || lastType !== 'offer' || bid === undefined) return false;
  const trust = trustOf(body, nid);
  const ranked = rankBids(
    [bid.terms, ...(bid.alternatives ?? [])].map((terms) => ({ of: nid, terms, trust })),
    readRequest(store, body),
  );
  return ranked.every((each) => each.kind === 'fit' && each.utility <= utility);
}
