// The cases of one honest side against a liar: where each begins, and how far it goes.

import { START_BY_S } from './agreement.ts';
import { WINDOW_ENDS } from './explore.fixture.ts';
import type { LiarCase } from './exploreLiar.fixture.ts';
import type { OfferPlan } from './exploreMoves.fixture.ts';
import { NAMES, T0, type Place } from './exploreSide.fixture.ts';
import { CANCEL_GRACE_S } from './negotiation.ts';

const ENDS_AT = T0 + 100_000;
const INSTANTS = [T0, WINDOW_ENDS + 1, WINDOW_ENDS + CANCEL_GRACE_S + 1, WINDOW_ENDS + START_BY_S, ENDS_AT + 1];

const plain = (sats: number, more: Partial<OfferPlan> = {}): OfferPlan => ({ sats, expiresAt: WINDOW_ENDS, ...more });
const quote = (sats: number, more: Partial<OfferPlan> = {}): OfferPlan => plain(sats, { isPresigned: true, ...more });

/** What the two have in mind, how they begin, how many moves the liar makes then. Steps of the script begin with `me` or `it`. */
interface Plan {
  readonly mine: readonly OfferPlan[];
  readonly its: readonly OfferPlan[];
  readonly script: readonly string[];
  readonly lies: number;
}

function define(name: string, honest: Place, { mine, its, script, lies }: Plan): LiarCase {
  const offers = honest === 0 ? ([mine, []] as const) : ([[], mine] as const);
  const menu = { offers, accepts: 2, moves: ['withdraw', 'cancel', 'decline'] } as const;
  const names = { me: NAMES[honest], it: NAMES[1 - honest] as string };
  const steps = script.map((step) => step.replace(/^(me|it) /, (_, who: 'me' | 'it') => `${names[who]} `));
  return { name: `${name}, honest ${names.me}`, honest, menu, plans: its, instants: INSTANTS, endsAt: ENDS_AT, script: steps, lies };
}

const DEAL = ['it offers 500', 'me accepts', 'it signs second #0', 'it acknowledges'];
const FRAMEWORK = { cap_msat: '500000', ends_at: ENDS_AT };
const amends = { about: 'amends' } as const;
const under = { about: 'under' } as const;

/** Where a case may begin: the further it is prepared, the deeper few moves of the liar lead. */
function listPlans(lies: number): Readonly<Record<string, Plan>> {
  return {
    'nothing said': { mine: [plain(700)], its: [plain(600), quote(610)], script: [], lies },
    'nothing said, presigned': { mine: [quote(700)], its: [quote(600), plain(610)], script: [], lies },
    'an accept waits': { mine: [plain(700)], its: [plain(600)], script: ['me offers', 'it accepts #0'], lies },
    'the honest side seals': { mine: [plain(700)], its: [quote(600)], script: ['me offers', 'it accepts #0', 'me confirms'], lies },
    'the honest side accepts': { mine: [plain(700)], its: [plain(600)], script: ['it offers', 'me accepts'], lies },
    'both have offered': { mine: [plain(700, { alternatives: [800] })], its: [plain(600)], script: ['me offers', 'it offers'], lies },
    'the honest side has closed': {
      mine: [plain(700)],
      its: [plain(600), quote(610)],
      script: ['me offers', 'it offers', 'me accepts', 'it signs second #0'],
      lies,
    },
    'its quote is taken': { mine: [plain(700)], its: [quote(600)], script: ['it offers', 'me accepts'], lies },
    'my quote and its offer': { mine: [quote(700)], its: [plain(600)], script: ['me offers', 'it offers', 'me accepts'], lies },
    'a deal': { mine: [plain(700, amends)], its: [plain(500), plain(600, amends), quote(610, amends)], script: DEAL, lies },
    'a framework': {
      mine: [quote(400, under)],
      its: [plain(500, { framework: FRAMEWORK }), plain(300, under), quote(610, amends)],
      script: DEAL,
      lies,
    },
  };
}

/** The cases with this many moves of the liar, each for both roles of the honest side. */
export function listLiarCases(lies: number): readonly LiarCase[] {
  const plans = Object.entries(listPlans(lies));
  return ([0, 1] as const).flatMap((honest) => plans.map(([name, plan]) => define(name, honest, plan)));
}
