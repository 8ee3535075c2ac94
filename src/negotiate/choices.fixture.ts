// What an honest side may want to do next, in any state: all that the rules allow, and now and then what they do not.

import type { Draft } from './draft.ts';
import { findOfferObstacle } from './issueSignature.ts';
import { clockOf, draftAccept, draftConfirm, draftOfferMove, type OfferShape, type Side, type World } from './model.fixture.ts';
import type { Negotiation } from './negotiation.ts';
import { findHead, listPresigned, termsOf } from './slot.ts';

/** A move that may be made; `draft` gives none when it is to repeat the earlier ones. */
export interface Choice {
  /** True when it has to be drafted after time has done its work. */
  readonly isTimed?: boolean;
  readonly draft: () => Draft | undefined;
}

/** The choices of a side, each with its weight. */
export function listChoices(world: World, side: Side, dice: () => number): readonly (readonly [number, Choice])[] {
  const { state } = side;
  const theirs = state.offers.filter(({ by }) => by === state.peer).slice(-4);
  const mine = state.offers.filter(({ by, presigned }) => by === state.me && presigned === undefined).slice(-2);
  const deal = state.commitments.findLast((each) => each.state === 'agreed')?.agreement;
  const one = (weight: number, draft: Choice['draft']): readonly [number, Choice] => [weight, { draft }];
  const offer = (isPresigned: boolean): Choice => {
    const shape = drawShape(state, dice, isPresigned);
    return { isTimed: true, draft: () => draftOfferMove(world, side, shape) };
  };
  return [
    ...(state.pending === undefined ? [] : [one(9, () => draftConfirm(world, side)), one(0.6, () => ({ type: 'decline', code: 'no' }))]),
    ...theirs.flatMap((each) => {
      const alternative = dice() % (1 + (each.alternatives?.length ?? 0));
      const obstacle = findOfferObstacle(state, each, alternative, clockOf(world, side));
      const isOpen = obstacle === undefined;
      // What is refused is drafted seldom, since that costs as much; what few schedules come to is tried more often.
      const isRare = obstacle === 'cap' || obstacle === 'stale' || obstacle === 'framework';
      const final = dice() % 4 === 0;
      return [
        one(isOpen ? 7 : isRare ? 3 : 0.2, () => draftAccept(world, side, each, alternative)),
        one(isOpen ? 0.5 : 0.05, () => ({ type: 'reject', body: { v: 1, type: 'reject', offer: each.id, final, code: 'no' } })),
      ];
    }),
    ...mine.map((each) => one(0.5, () => ({ type: 'withdraw', body: { v: 1, type: 'withdraw', offer: each.id } }))),
    ...listPresigned(state).map((each) => one(0.8, () => ({ type: 'cancel', offer: each.offer }))),
    one(0.25, () => ({ type: 'cancel' })),
    [3, offer(false)],
    [listPresigned(state).length === 0 ? 2 : 0.2, offer(true)],
    one(0.6, () => ({ type: 'talk', body: { v: 1, type: 'ask', text: 'Hm?' } })),
    one(0.8, () => undefined),
    ...(deal === undefined ? [] : [one(0.8, () => draftSettlement(state, deal))]),
  ];
}

function draftSettlement({ role }: Negotiation, agreement: string): Draft {
  if (role === 'buyer') return { type: 'settle', body: { v: 1, type: 'dispute', agreement, code: 'too-slow' } };
  const files = [{ name: 'contract.txt', sha256: agreement, size: 9 }];
  return { type: 'settle', body: { v: 1, type: 'deliver', agreement, files } };
}

const LIVES_S = [3_600, 3_600, 3_600, 900, 7_200, 20_000];

function drawShape(state: Negotiation, dice: () => number, isPresigned: boolean): OfferShape {
  const head = findHead(state);
  const base = { sats: [100, 300, 400, 500][dice() % 4] as number, lifeS: LIVES_S[dice() % LIVES_S.length] as number, isPresigned };
  const alternatives = isPresigned || dice() % 4 > 0 ? 0 : 1 + (dice() % 3);
  const isFramework = head !== undefined && isCallable(state, head.offer, head.alternative);
  const use = dice() % 8;
  if (head === undefined || use === 0) return { ...base, alternatives, isFramework: dice() % 4 === 0 };
  // A head that is no framework takes no call-off, which one in eight tries all the same.
  return use < (isFramework ? 3 : 7)
    ? { ...base, alternatives, amends: head.agreement, isFramework }
    : { ...base, alternatives, under: head.agreement };
}

function isCallable({ offers }: Negotiation, id: string, alternative: number): boolean {
  const offer = offers.find((each) => each.id === id);
  return offer !== undefined && termsOf(offer, alternative)?.framework !== undefined;
}
