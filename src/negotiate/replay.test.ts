// Own moves that were forgotten are made again from what the network still has of them: the very same ones, or none.

import { describe, expect, it } from 'vitest';
import type { Hex } from '../core/bytes.ts';
import { readRun } from './lane.fixture.ts';
import { readMessage, type Side, type World } from './model.fixture.ts';
import { decodeMove, type MoveRumor } from './move.ts';
import type { Commitment, Negotiation } from './negotiation.ts';
import { replayMoves, type FindLockValues, type ForgottenMove } from './replay.ts';
import { makeSchedule, play, settle, type Observer } from './schedule.fixture.ts';

const RUNS = 700;

interface Copy {
  readonly place: number;
  readonly state: Negotiation;
}

/** Plays a schedule to its end and keeps what both sides held on the way. */
function playWithCopies(seed: number): { readonly world: World; readonly copies: readonly Copy[] } {
  const copies: Copy[] = [];
  const observe: Observer = (...[, side, before, , result, isSaved]) => {
    if (isSaved && result.kind === 'moved' && result.send.length > 0) copies.push({ place: side.place, state: before });
  };
  const world = play(makeSchedule(seed), observe);
  settle(world, observe);
  return { world, copies };
}

const toForgotten = (rumor: MoveRumor): readonly ForgottenMove[] => {
  const decoded = decodeMove(rumor);
  return decoded.kind === 'move' ? [{ header: decoded.header, body: decoded.body, madeAt: rumor.created_at }] : [];
};

/** Finds again what a side has drawn for its signatures, by what was signed and when. */
function makeFind({ state }: Side): FindLockValues {
  const values = new Map(state.commitments.map((each) => [placeOf(state, each), valuesOf(each)]));
  const none = { yes: '00'.repeat(32), no: '11'.repeat(32) };
  return ({ about, at }) => values.get(`${about} ${at}`) ?? none;
}

function placeOf({ offers, me }: Negotiation, each: Commitment): string {
  const event = each.side === 'first' ? each.first : each.second;
  const offer = offers.find(({ id }) => id === each.offer);
  const isPresigned = each.firstMove === each.offer;
  const about = each.side === 'first' ? (isPresigned ? offer?.seed : each.offer) : offer?.by === me ? each.firstMove : each.offer;
  return `${about ?? ''} ${event?.created_at ?? 0}`;
}

function valuesOf(each: Commitment): { readonly yes: Hex; readonly no: Hex } {
  return each.side === 'first' ? { yes: each.secrets.c, no: each.secrets.v } : { yes: each.secrets.a, no: each.secrets.l };
}

const secretsOf = ({ commitments }: Negotiation): readonly unknown[] =>
  commitments.map(({ firstMove, side, secrets }) => ({ firstMove, side, secrets }));

describe('a replay', () => {
  it('makes each forgotten move again as it was, with the secrets of its signature, and never another one', () => {
    const { first, count, share = 1 } = readRun(RUNS);
    const tally = { whole: 0, broken: 0, signatures: 0 };
    for (let seed = first; seed < first + count; seed += 1) {
      const { world, copies } = playWithCopies(seed);
      for (const { place, state } of copies) {
        const [side, other] = [world.sides[place], world.sides[1 - place]] as [Side, Side];
        const own = [...side.log.values()].filter(({ pubkey }) => pubkey === side.pubkey).flatMap(toForgotten);
        const theirs = [...other.log.values()]
          .filter(({ pubkey }) => pubkey === other.pubkey)
          .map((rumor) => ({ arrival: readMessage(rumor), madeAt: rumor.created_at }));
        const replay = replayMoves(state, own, theirs, makeFind(side));
        const { sent } = side.state.chain;
        expect(replay.state.chain.sent).toEqual(sent.slice(0, replay.state.chain.sent.length));
        const known = new Set(side.state.commitments.map(({ firstMove }) => firstMove));
        expect(replay.state.commitments.every(({ firstMove }) => known.has(firstMove))).toBe(true);
        tally[replay.isWhole ? 'whole' : 'broken'] += 1;
        if (!replay.isWhole) continue;
        expect(replay.state.chain.sent).toHaveLength(sent.length);
        expect(secretsOf(replay.state)).toEqual(secretsOf(side.state));
        tally.signatures += replay.state.commitments.length - state.commitments.length;
      }
    }
    expect(tally.whole).toBeGreaterThan(RUNS * share);
    expect(tally.signatures).toBeGreaterThan((RUNS * share) / 4);
    expect(tally.broken / tally.whole).toBeLessThan(0.02);
  });
});
