// Ten thousand damaged inputs for everything that reads what a peer wrote. `npm run fuzz` tries many more; FUZZ_SEED tries others.

import { beforeAll, describe, expect, it } from 'vitest';
import { loadSchnorr } from '../nostr/schnorr.ts';
import { claim, runFuzz, type FuzzLane, type Tally } from './fuzz.fixture.ts';
import { FUZZ_LANES, listUncoveredCodes } from './fuzzLanes.fixture.ts';

const SEED = process.env['FUZZ_SEED'] ?? 'one';
const RUNS = 10_000;

const namesIn = (tally: Tally, lane: string): readonly string[] => [...(tally.get(lane)?.keys() ?? [])];

describe('a damaged input', () => {
  let tally: Tally;
  beforeAll(async () => {
    await loadSchnorr();
    tally = runFuzz(FUZZ_LANES, { seed: SEED, from: 0, to: RUNS });
  });

  it('never throws, nor changes what it may not, in any lane', () => {
    const counts = [...tally.values()].map((outcomes) => [...outcomes.values()].reduce((sum, count) => sum + count, 0));
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(RUNS);
    expect([...tally.keys()].toSorted()).toEqual(FUZZ_LANES.map(({ name }) => name).toSorted());
  });

  it('is refused for many reasons, and not all at the first look', () => {
    expect(namesIn(tally, 'canonical text')).toEqual(
      expect.arrayContaining(['ok', 'not-json', 'too-deep', 'number', 'text', 'not-canonical']),
    );
    expect(namesIn(tally, 'content of a move')).toEqual(
      expect.arrayContaining(['schema', 'signature', 'unknown-type', 'not-canonical', 'offer', 'accept']),
    );
    expect(namesIn(tally, 'whole event')).toEqual(expect.arrayContaining(['no payload', 'no move', 'schema', 'offer']));
    expect(namesIn(tally, 'terms')).toEqual(expect.arrayContaining(['ok', 'unrecognized_keys', 'custom', 'too_big', 'text']));
    expect(namesIn(tally, 'what is owed')).toEqual(expect.arrayContaining(['owed', 'refused', 'missing-units', 'unknown-measure']));
    expect(namesIn(tally, 'bundle')).toEqual(expect.arrayContaining(['refused', 'invalid', 'closed', 'cheated']));
    expect(namesIn(tally, 'piece of a file')).toEqual(expect.arrayContaining(['none', 'fits', 'want']));
    const moves = namesIn(tally, 'sequence of moves');
    expect(moves).toEqual(
      expect.arrayContaining(['taken', 'schema', 'busy', 'invalid', 'seen', 'closed', 'wrong-prev', 'too-early', 'unknown-offer']),
    );
  });

  it('is answered with no code that the corpus of refused moves lacks', () => {
    expect(listUncoveredCodes()).toEqual([]);
  });
});

describe('the fuzzing itself', () => {
  const faulty: FuzzLane = {
    name: 'faulty',
    share: 1,
    edits: 4,
    run: (_random, edits) => {
      const drawn = edits.map(({ random, tell }) => {
        const number = random.below(10);
        tell(() => `drew ${number}`);
        return number;
      });
      claim(!drawn.includes(7), 'no seven');
      return 'fine';
    },
  };

  it('is the same for the same seed, whole or in parts', () => {
    const whole = runFuzz(FUZZ_LANES, { seed: 'x', from: 0, to: 200 });
    const parts = [0, 1].map((from) => runFuzz(FUZZ_LANES, { seed: 'x', from, to: 200, step: 2 }));
    const sum = (lane: string, outcome: string): number => parts.reduce((total, part) => total + (part.get(lane)?.get(outcome) ?? 0), 0);
    for (const [lane, outcomes] of whole) for (const [outcome, count] of outcomes) expect(sum(lane, outcome)).toBe(count);
  });

  it('says of a failure its seed, its number and the one part of the damage that it takes', () => {
    const failure = (() => {
      try {
        runFuzz([faulty], { seed: 'x', from: 0, to: 1_000 });
      } catch (error) {
        return String(error);
      }
      throw new Error('a seven must come');
    })();
    expect(failure).toMatch(/^Error: faulty, seed x, input \d+: no seven/);
    expect(failure).toMatch(/again: FUZZ_SEED=x FUZZ_FROM=\d+ FUZZ_RUNS=1 npm run fuzz\n\d: drew 7$/);
  });
});
