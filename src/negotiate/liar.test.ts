// One deal or none, whatever the other side says: a party that minds no rule gets nothing from an honest one that it has not signed for.

import { describe, expect, it } from 'vitest';
import { MAX_SEQ } from './chain.ts';
import { readRun, runLane } from './lane.fixture.ts';
import { makeLiarLane } from './liarLane.fixture.ts';
import { forge } from './lies.fixture.ts';
import { act, makeWorld, readMessage, T0 } from './model.fixture.ts';
import type { Negotiation } from './negotiation.ts';
import { checkSightings, count, countStep, type Sightings } from './sightings.fixture.ts';

const RUNS = 8_500;

/** What must not be missing in a usual run. */
const LEAST = {
  // Signatures that are not due, too many or too late.
  'accept answered: invalid': 500,
  'accept answered: window': 200,
  'accept answered: busy': 500,
  'accept answered: crossed': 60,
  'accept answered: stale': 3,
  'accept answered: cap': 3,
  'accept answered: framework': 60,
  'accept answered: frozen': 500,
  'second signature answered: invalid': 1_000,
  'closed in the grace': 20,
  // An accept of the honest side's presigned offer while its slot is taken.
  'presigned accepted against second sealing: cancelled': 10,
  'presigned accepted against first closed: cancelled': 2,
  'presigned accepted against first undecided: closed': 20,
  'own presigned cancelled first': 60,
  // Words withheld, and what the honest side does about it in the end.
  'second given-up': 40,
  'second late': 5,
  'first late': 20,
  'ended: deferred': 20,
  // What stays: a closing without an answer. Everything else is free again.
  'in the end: first closed': 100,
  'in the end: second agreed': 500,
  'in the end: first agreed': 500,
  'in the end: cheated': 300,
  'in the end: equivocated': 200,
  'refused move: wrong-prev': 200,
  'refused move: chain-limit': 100,
  'refused accept: frozen': 100,
};

describe('a side against a liar', () => {
  it('holds one deal or none, acts on nothing that is not closed, and is free again in time or has the proof', () => {
    const { first, count: runs, share } = readRun(RUNS);
    const sightings: Sightings = new Map();
    const sightEnd = (state: Negotiation): void => {
      for (const each of state.commitments) count(sightings, `in the end: ${each.side} ${each.state}`);
      if (state.cheated === true) count(sightings, 'in the end: cheated');
      if (state.chain.equivocation !== undefined) count(sightings, 'in the end: equivocated');
    };
    const lane = makeLiarLane(
      (_, side, before, input, result, isSaved) => countStep(sightings, { side, before, input, result, isSaved }),
      sightEnd,
    );
    runLane(lane, first, runs);
    if (share !== undefined) checkSightings(sightings, LEAST, share);
  }, 3_600_000);

  it('answers a move that waits and is repeated for ever only as long as its chain may be', () => {
    const { sides } = makeWorld();
    const [buyer, provider] = sides;
    const header = { seq: 3, prev: buyer.pubkey, seen: '' };
    const body = { v: 1, type: 'ask', text: 'Hm?' } as const;
    const early = readMessage(forge({ victim: provider.state, liar: { me: buyer.pubkey } }, header, body, T0));
    for (let i = 0; i < 2 * MAX_SEQ; i += 1) act(provider, { kind: 'received', arrival: early, now: T0 });
    expect(provider.state.chain.sent.length).toBe(MAX_SEQ);
  });
});
