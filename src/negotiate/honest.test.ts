// One deal or none: two honest sides under every kind of loss, repetition, delay, reordering, crossing and death that chance comes up with.

import { describe, expect, it } from 'vitest';
import type { Hex } from '../core/bytes.ts';
import type { Draft } from './draft.ts';
import { makeHonestLane } from './honestLane.fixture.ts';
import { readRun, runLane } from './lane.fixture.ts';
import { act, draftAccept, draftConfirm, draftOfferMove, makeWorld, readMessage, T0, type Side } from './model.fixture.ts';
import type { MoveRumor } from './move.ts';
import { settle } from './schedule.fixture.ts';
import { readDeal } from './settleHeld.ts';
import { findHead, findUndecided } from './slot.ts';
import { copyStart } from './starts.fixture.ts';
import { checkSightings, countStep, type Sightings } from './sightings.fixture.ts';

const RUNS = 12_000;

/** The rows of the race table, and what else must not be missing in a usual run. */
const LEAST = {
  // My counter crosses your accept of my older offer; both counter at once; both accept at once.
  'accept answered: superseded': 500,
  'crossing offers': 5_000,
  'crossing accepts': 30,
  'accept answered: crossed': 30,
  // An accept of my presigned offer while my slot is taken.
  'presigned accepted against first undecided: closed': 50,
  'presigned accepted against first agreed: cancelled': 2,
  'presigned voided by a closing': 200,
  'own presigned cancelled first': 300,
  'crossing presigned offers': 300,
  // Withdrawing, expiry and cancelling cross an accept.
  'accept answered: withdrawn': 60,
  'accept answered: expired': 60,
  'accept answered: busy': 20,
  'accept answered: window': 100,
  'accept answered: closed': 60,
  'accept void: the same cancel': 60,
  'presigned void: the same cancel': 60,
  duplicate: 20_000,
  gap: 4_000,
  'repeated moves again': 10_000,
  // Deadlines.
  'closed in the grace': 30,
  'second given-up': 40,
  'first late': 20,
  'second late': 20,
  'first amendment late': 3,
  'a reopened offer accepted': 60,
  // Other ways to a deal, and past one.
  'an alternative accepted': 200,
  'first amendment agreed': 200,
  'second amendment agreed': 200,
  'first call-off agreed': 100,
  'second call-off cancelled': 20,
  'refused accept: stale': 20,
  'refused accept: cap': 10,
  'refused accept: framework': 30,
  // Ends.
  'reject final': 60,
  'reject not final': 500,
  'end by cancel': 200,
  'ended: deferred': 20,
  // Crashes and clocks.
  'signed but unsaved': 200,
  'a step lost': 1_000,
  'a step by a wrong clock': 50_000,
};

describe('two honest sides', () => {
  it('hold the same deals or none, with the same proof, and never wait for ever', () => {
    const { first, count, share } = readRun(RUNS);
    const sightings: Sightings = new Map();
    const lane = makeHonestLane((_, side, before, input, result, isSaved) =>
      countStep(sightings, { side, before, input, result, isSaved }),
    );
    runLane(lane, first, count);
    if (share !== undefined) checkSightings(sightings, LEAST, share);
  }, 3_600_000);

  it('can act on a deal by an offer whose accept was void the first time', () => {
    const world = makeWorld();
    const [buyer, provider] = world.sides;
    const quiet = (): void => undefined;
    act(provider, { kind: 'issue', draft: draftOfferMove(world, provider, { sats: 500, lifeS: 3_600 }), now: T0 });
    settle(world, quiet);
    const [offer] = buyer.state.offers;
    for (const code of ['no', undefined]) {
      const accept = offer === undefined ? undefined : draftAccept(world, buyer, offer, 0);
      if (accept !== undefined) act(buyer, { kind: 'issue', draft: accept, now: T0 });
      for (const rumor of buyer.outbox.values()) act(provider, { kind: 'received', arrival: readMessage(rumor), now: T0 });
      if (code !== undefined) act(provider, { kind: 'issue', draft: { type: 'decline', code }, now: T0 });
      settle(world, quiet);
    }
    expect(draftConfirm(world, provider)).toBeUndefined();
    const [void1, deal] = buyer.state.commitments;
    expect([void1?.state, deal?.state]).toEqual(['cancelled', 'agreed']);
    // Accepted within one window, the two are about one agreement.
    expect(void1?.agreement).toBe(deal?.agreement);
    for (const { state } of [buyer, provider]) expect(readDeal(state, deal?.agreement)?.settlement.agreement).toBe(deal?.agreement);
  });

  it('ask for a lost acknowledgement although another answer, made in the same step, has arrived', () => {
    const world = copyStart('deal');
    const [buyer, provider] = world.sides;
    const quiet = (): void => undefined;
    const issue = (side: Side, draft: Draft | undefined): void => {
      if (draft !== undefined) act(side, { kind: 'issue', draft, now: T0 });
    };
    const give = (side: Side, ids: readonly Hex[]): void => {
      const from = world.sides[side.place === 0 ? 1 : 0];
      for (const id of ids) act(side, { kind: 'received', arrival: readMessage(from.log.get(id) as MoveRumor), now: T0 });
    };
    const sentBy = (side: Side, work: () => void): readonly Hex[] => {
      const known = side.state.chain.sent.length;
      work();
      return side.state.chain.sent.slice(known).map(({ id }) => id);
    };
    const deal = buyer.state.commitments[0]?.agreement ?? '';
    const dispute = (code: string): Draft => ({ type: 'settle', body: { v: 1, type: 'dispute', agreement: deal, code } });
    issue(provider, draftOfferMove(world, provider, { sats: 300, lifeS: 3_600, amends: deal }));
    settle(world, quiet);
    const offer = buyer.state.offers.at(-1);
    issue(buyer, offer === undefined ? undefined : draftAccept(world, buyer, offer, 0));
    give(provider, [buyer.state.chain.sent.at(-1)?.id ?? '']);
    const said = sentBy(provider, () => {
      issue(provider, draftConfirm(world, provider));
      issue(provider, dispute('slow'));
    });
    // Their disputes cross, so that the buyer's is answered with an error; its close arrives before it.
    const [disputed] = sentBy(buyer, () => issue(buyer, dispute('dear')));
    const [closed] = sentBy(buyer, () => give(buyer, said.slice(0, 1)));
    const answers = sentBy(provider, () => give(provider, [closed ?? '', disputed ?? '']));
    expect(answers.map((id) => provider.state.chain.sent.find((link) => link.id === id)?.type)).toEqual(['receipt', 'error', 'receipt']);
    give(buyer, [...said.slice(1), ...answers.slice(0, 2)]);
    for (const { outbox } of world.sides) outbox.clear();
    expect(findUndecided(buyer.state)?.state).toBe('closed');
    settle(world, quiet);
    expect(findUndecided(buyer.state)).toBeUndefined();
    expect(findHead(buyer.state)?.agreement).toBe(findHead(provider.state)?.agreement);
  });
});
