// The cases that are explored between two honest sides: small ones for every run of the tests, larger ones on demand.

import { sha256Hex } from '../core/bytes.ts';
import { WINDOW_ENDS, type Case } from './explore.fixture.ts';
import { locksOf, offerBody, type Menu, type OfferPlan } from './exploreMoves.fixture.ts';
import { sign, T0, type Edge, type Machine, type Node, type Place } from './exploreSide.fixture.ts';
import type { Draft } from './draft.ts';
import { CANCEL_GRACE_S } from './negotiation.ts';
import { planAccept, planConfirm } from './planSignature.ts';
import { START_BY_S } from './agreement.ts';

/** A case, and the error codes that must occur in it: without them it would not have met what it is for. */
export interface NamedCase extends Case {
  readonly meets: readonly string[];
}

const ENDS_AT = T0 + 100_000;
const PASSED = [WINDOW_ENDS + 1, WINDOW_ENDS + CANCEL_GRACE_S + 1, WINDOW_ENDS + START_BY_S];
const INSTANTS = [T0, ...PASSED, ENDS_AT + 1];
const TALK = ['withdraw', 'reject', 'decline'] as const;
const ENDS = ['reject-final', 'cancel'] as const;
const ALL = [...TALK, ...ENDS] as const;

const plain = (sats: number, more: Partial<OfferPlan> = {}): OfferPlan => ({ sats, expiresAt: WINDOW_ENDS, ...more });
const quote = (sats: number, more: Partial<OfferPlan> = {}): OfferPlan => plain(sats, { isPresigned: true, ...more });

function define(
  name: string,
  offers: Menu['offers'],
  moves: Menu['moves'],
  meets: readonly string[],
  more: Partial<Case> & { readonly accepts?: number } = {},
): NamedCase {
  const { accepts = 2, ...rest } = more;
  return { name, instants: INSTANTS, endsAt: ENDS_AT, menu: { offers, accepts, moves }, meets, ...rest };
}

const FRAMEWORK = { cap_msat: '500000', ends_at: ENDS_AT };
const deal = { prepare: strike(plain(500)) };
const framework = { prepare: strike(plain(500, { framework: FRAMEWORK })) };
const amends = { about: 'amends' } as const;
const under = { about: 'under' } as const;

// A second window that outlives the first: what is offered in it may be accepted while an older signature waits for its end. Both are
// short, so that clocks one instant apart are within the ten minutes by which a signature may be dated ahead.
const [SOON, LATER] = [T0 + 400, T0 + 800];
const soon = { expiresAt: SOON } as const;
const later = { expiresAt: LATER } as const;
const TWO_WINDOWS = {
  instants: [T0, SOON + 1, SOON + CANCEL_GRACE_S + 1, LATER + 1, LATER + CANCEL_GRACE_S + 1, LATER + START_BY_S, ENDS_AT + 1],
  lag: 1,
};

/** Explored in every run of the tests. */
export const SMALL_CASES: readonly NamedCase[] = [
  define('plain: one each', [[plain(600)], [plain(700)]], [], ['crossed', 'late']),
  define('plain: one each, talk', [[plain(600)], [plain(700)]], ['withdraw', 'decline'], ['crossed', 'withdrawn', 'late'], { lag: 1 }),
  define('plain: one each, ends', [[plain(600)], [plain(700)]], ENDS, ['crossed', 'late'], { lag: 1 }),
  define('plain: two against one', [[plain(600)], [plain(700), plain(650)]], [], ['crossed', 'superseded', 'late']),
  define('plain: one, its negotiation expires with it', [[], [plain(700)]], ALL, ['late'], {
    instants: [T0, ...PASSED],
    endsAt: WINDOW_ENDS,
  }),
  define('presigned: one', [[], [quote(700)]], ALL, ['late']),
  define('presigned: one each', [[quote(600)], [quote(700)]], ENDS, ['late'], { lag: 1 }),
  define('presigned: two against one', [[quote(600)], [quote(700), quote(650)]], [], ['late']),
  define('presigned: two windows', [[quote(600, soon)], [quote(700, soon), quote(650, later)]], [], ['late'], TWO_WINDOWS),
  define('presigned against plain, of the provider', [[plain(600)], [quote(700)]], ['withdraw', 'decline'], ['busy', 'late'], { lag: 1 }),
  define('presigned against plain, of the buyer', [[quote(600)], [plain(700)]], ['withdraw', 'decline'], ['busy', 'late'], { lag: 1 }),
  define('alternatives', [[plain(600)], [plain(700, { alternatives: [800] })]], [], ['crossed', 'late']),
  define('amendments: one each', [[plain(600, amends)], [plain(700, amends)]], ['withdraw'], ['crossed', 'late'], { ...deal, lag: 1 }),
  define('amendments: presigned each', [[quote(600, amends)], [quote(700, amends)]], [], ['late'], deal),
  define('amendments: presigned against plain', [[plain(600, amends)], [quote(700, amends)]], [], ['late'], deal),
  define('call-offs: one each under a cap for one', [[plain(400, under)], [plain(300, under)]], [], ['crossed', 'late'], framework),
  define('call-offs: presigned each', [[quote(400, under)], [quote(300, under)]], [], ['late'], framework),
  define('call-off against amendment', [[plain(400, under)], [plain(700, amends)]], [], ['late'], framework),
  define('presigned call-off against amendment', [[plain(700, amends)], [quote(400, under)]], [], ['late'], framework),
  define('acting', [[], [plain(700)]], ['act'], ['late']),
  define('acting, presigned', [[quote(600)], []], ['act'], ['late']),
];

/** Explored on demand: minutes of work. */
export const LARGE_CASES: readonly NamedCase[] = [
  define(
    'plain: two windows',
    [[plain(600, soon)], [plain(700, soon), plain(650, later)]],
    [],
    ['crossed', 'superseded', 'late'],
    TWO_WINDOWS,
  ),
  define('all moves, plain: one each', [[plain(600)], [plain(700)]], ALL, ['crossed'], { lag: 1 }),
  define('all moves, presigned: one each', [[quote(600)], [quote(700)]], ALL, [], { lag: 1 }),
  define('all moves, presigned against plain, of the provider', [[plain(600)], [quote(700)]], ALL, ['busy'], { lag: 1 }),
  define('all moves, presigned against plain, of the buyer', [[quote(600)], [plain(700)]], ALL, ['busy'], { lag: 1 }),
  define('any clocks, presigned against plain, of the buyer', [[quote(600)], [plain(700)]], [...TALK, 'cancel'], ['busy']),
  define(
    'two plain each',
    [
      [plain(600), plain(610)],
      [plain(700), plain(650)],
    ],
    [],
    ['crossed', 'superseded'],
    { lag: 1 },
  ),
  define(
    'two presigned each',
    [
      [quote(600), quote(610)],
      [quote(700), quote(650)],
    ],
    [],
    [],
    { lag: 1 },
  ),
  define(
    'two of both kinds each',
    [
      [quote(600), plain(610)],
      [plain(700), quote(650)],
    ],
    [],
    ['busy'],
    { lag: 1 },
  ),
  define(
    'two of both kinds each, plain first',
    [
      [plain(600), quote(610)],
      [plain(700), quote(650)],
    ],
    [],
    ['busy'],
    { lag: 1 },
  ),
  define('two against one, with talk', [[plain(600)], [plain(700), quote(650)]], ['withdraw', 'decline'], ['busy'], { lag: 1 }),
  define('alternatives each', [[plain(600, { alternatives: [500] })], [plain(700, { alternatives: [800] })]], TALK, ['crossed'], {
    lag: 1,
  }),
  define(
    'two windows each',
    [
      [plain(600, soon), quote(610, later)],
      [quote(700, soon), plain(650, later)],
    ],
    [],
    ['busy'],
    TWO_WINDOWS,
  ),
  define('amendments, all moves', [[plain(600, amends)], [quote(700, amends)]], ALL, [], { ...deal, lag: 1 }),
  define('amendments: two against one', [[plain(600, amends)], [plain(700, amends), quote(650, amends)]], [], [], { ...deal, lag: 1 }),
  define(
    'amendments: two each',
    [
      [plain(600, amends), quote(610, amends)],
      [quote(700, amends), plain(650, amends)],
    ],
    [],
    [],
    { ...deal, lag: 1 },
  ),
  define(
    'call-offs, two against one, and an amendment',
    [
      [plain(300, under), plain(200, under)],
      [quote(400, under), plain(700, amends)],
    ],
    [],
    [],
    { ...framework, lag: 1 },
  ),
  define('a deal, then offers that name none', [[plain(600), plain(610, amends)], [quote(650, amends)]], ['withdraw'], [], {
    ...deal,
    lag: 1,
  }),
  define('acting, one each', [[plain(600)], [quote(700)]], ['act'], ['late'], { lag: 1 }),
];

/** Plays a deal about the provider's offer before the exploring begins. */
function strike(plan: OfferPlan): NonNullable<Case['prepare']> {
  return (machine, [buyer, provider]) => {
    const play = makePlayer(machine, [buyer, provider]);
    play(1, () => ({ type: 'offer', body: offerBody(plan, sha256Hex('the first deal')) }));
    play(0, ({ state }) => {
      const [offer] = state.offers;
      const signing = offer === undefined ? undefined : planAccept(state, offer, 0, locksOf(0, 'first deal'), T0);
      if (offer === undefined || signing === undefined) throw new Error('nothing to accept');
      const signature = sign(0, signing.template);
      const body = { v: 1, type: 'accept', offer: offer.id, alternative: 0, agreement: signing.agreement, signature } as const;
      return { type: 'accept', body, signature, secrets: signing.secrets };
    });
    return play(1, ({ state: { pending } }) => {
      if (pending === undefined) throw new Error('nothing to confirm');
      const { agreement, template, secrets } = planConfirm(pending, locksOf(1, 'first deal'), T0);
      const signature = sign(1, template);
      return { type: 'confirm', body: { v: 1, type: 'confirm', accept: pending.id, agreement, signature }, signature, secrets };
    });
  };
}

type Player = (by: Place, draft: (node: Node) => Draft) => readonly [Node, Node];

/** Lets one side make a move, and delivers it and all that follows from it. */
function makePlayer(machine: Machine, begun: readonly [Node, Node]): Player {
  const sides: [Node, Node] = [...begun];
  const hand = (place: Place, edge: Edge | undefined): void => {
    if (edge === undefined) throw new Error('a prepared move was refused');
    sides[place] = machine.nodes[edge.to] as Node;
    const other = (1 - place) as Place;
    for (const message of edge.sends) hand(other, machine.receive(sides[other], message));
  };
  return (by, draft) => {
    hand(by, machine.issue(sides[by], draft(sides[by]), 'prepares'));
    return [...sides];
  };
}
