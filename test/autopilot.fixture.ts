// Policies for agents that are left alone, and what they have offered.

import { decodeMove, type MoveRumor } from '../src/negotiate/move.ts';
import type { BodyOf } from '../src/negotiate/moveBody.ts';
import type { Party } from './bank.fixture.ts';

export const policyOf = (role: 'buyer' | 'seller', issues: readonly object[], more: object = {}): string =>
  JSON.stringify({
    version: 1,
    name: `autopilot-${role}`,
    role,
    services: { capabilities: ['upper-case'] },
    peers: { allow: ['*'] },
    ...(role === 'buyer' ? { limits: { per_deal_msat: 900_000, per_day_msat: 900_000, open_msat: 900_000 } } : {}),
    issues,
    disclosure: { terms: ['*'], free_text: true, max_text_chars: 2_000 },
    ...more,
  });

/** The moves of a kind in a negotiation, as this side has them. */
export function listBodies<T extends 'offer' | 'accept'>({ context: { store } }: Party, nid: string, type: T) {
  return store.listMoves(nid).flatMap(({ author, rumor }) => {
    const decoded = decodeMove(JSON.parse(rumor) as MoveRumor);
    return decoded.kind === 'move' && decoded.body.type === type ? [{ author, body: decoded.body as BodyOf<T> }] : [];
  });
}

export function listOffers(party: Party, nid: string) {
  return listBodies(party, nid, 'offer').map(({ author, body: { terms } }) => ({ author, terms }));
}
