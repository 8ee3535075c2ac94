// The cases of one honest side against a liar: where each begins, and how far it goes.

import { START_BY_S } from './agreement.ts';
import { WINDOW_ENDS } from './explore.fixture.ts';
import type { LiarCase } from './exploreLiar.fixture.ts';
import type { OfferPlan } from './exploreMoves.fixture.ts';
import { T0, type Place } from './exploreSide.fixture.ts';
import { CANCEL_GRACE_S } from './negotiation.ts';

const ENDS_AT = T0 + 100_000;
const INSTANTS = [T0, WINDOW_ENDS + 1, WINDOW_ENDS + CANCEL_GRACE_S + 1, WINDOW_ENDS + START_BY_S, ENDS_AT + 1];

const plain = (sats: number, more: Partial<OfferPlan> = {}): OfferPlan => ({ sats, expiresAt: WINDOW_ENDS, ...more });
const quote = (sats: number, more: Partial<OfferPlan> = {}): OfferPlan => plain(sats, { isPresigned: true, ...more });

function define(name: string, honest: Place, lies: number, mine: readonly OfferPlan[], plans: readonly OfferPlan[], script: readonly string[] = []): LiarCase {
  const offers = honest === 0 ? ([mine, []] as const) : ([[], mine] as const);
  const menu = { offers, accepts: 2, moves: ['withdraw', 'cancel'] } as const;
  return { name: `${name}, honest ${honest === 0 ? 'buyer' : 'provider'}`, honest, menu, plans, instants: INSTANTS, endsAt: ENDS_AT, script, lies };
}

/** The cases, each for both roles of the honest side. */
export const LIAR_CASES: readonly LiarCase[] = ([0, 1] as const).flatMap((honest) => [
  define('plain', honest, 3, [plain(700)], [plain(600)]),
  define('presigned', honest, 3, [quote(700)], [quote(600)]),
  define('mixed', honest, 3, [plain(700)], [quote(600)]),
  define('mixed too', honest, 3, [quote(700)], [plain(600)]),
]);
