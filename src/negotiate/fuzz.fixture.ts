// Runs damaged inputs, each decided by a seed and a number alone, and says of one that fails what little of the damage it takes.

import { makeRandom, type Random } from '../core/mutations.fixture.ts';

/** One part of the damage to an input. */
export interface Edit {
  readonly random: Random;
  /** Says what is done; the words are made only when somebody wants to hear them. */
  readonly tell: (line: () => string) => void;
}

/** A family of inputs. */
export interface FuzzLane {
  readonly name: string;
  /** How many of a hundred inputs are of this lane. */
  readonly share: number;
  /** Most parts of the damage to one input. */
  readonly edits: number;
  /** Makes one input, damages it by each edit, feeds it and names the outcome. Throws when something does not hold. */
  readonly run: (random: Random, edits: readonly Edit[]) => string;
}

/** How often each outcome came, by lane. */
export type Tally = Map<string, Map<string, number>>;

/** What to run. */
export interface FuzzPlan {
  readonly seed: string;
  /** Numbers of the inputs: `from`, `from + step`, and so on below `to`. */
  readonly from: number;
  readonly to: number;
  readonly step?: number;
}

/** Throws a claim that does not hold. */
export function claim(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(what);
}

/** The damaged input that this seed and number stand for: its lane, and what happens to it with only these edits. */
function play(
  lanes: readonly FuzzLane[],
  seed: string,
  index: number,
  keep?: readonly number[],
): { lane: FuzzLane; lines: string[]; count: number; run: () => string } {
  const name = `${seed}/${index}`;
  const random = makeRandom(name);
  const lane = pickLane(lanes, random);
  const count = 1 + random.below(lane.edits);
  const lines: string[] = [];
  const numbers = keep ?? Array.from({ length: count }, (_, i) => i);
  const edits = numbers.map((i) => ({
    random: makeRandom(`${name}/${i}`),
    tell: (line: () => string) => void (keep !== undefined && lines.push(`${i}: ${line()}`)),
  }));
  return { lane, lines, count, run: () => lane.run(makeRandom(`${name}/base`), edits) };
}

function pickLane(lanes: readonly FuzzLane[], random: Random): FuzzLane {
  const sum = lanes.reduce((total, { share }) => total + share, 0);
  let left = random.below(sum);
  return lanes.find(({ share }) => (left -= share) < 0) as FuzzLane;
}

function findFailure(lanes: readonly FuzzLane[], seed: string, index: number, keep?: readonly number[]): unknown {
  try {
    play(lanes, seed, index, keep).run();
    return undefined;
  } catch (error) {
    return error ?? new Error('nothing was thrown');
  }
}

/** Leaves out parts of the damage as long as it still fails. */
function shrink(lanes: readonly FuzzLane[], seed: string, index: number, count: number): readonly number[] {
  let kept = Array.from({ length: count }, (_, i) => i);
  for (const each of kept) {
    const fewer = kept.filter((i) => i !== each);
    if (findFailure(lanes, seed, index, fewer) !== undefined) kept = fewer;
  }
  return kept;
}

function describeFailure(lanes: readonly FuzzLane[], seed: string, index: number): Error {
  const { lane, count } = play(lanes, seed, index);
  const kept = shrink(lanes, seed, index, count);
  const cause = findFailure(lanes, seed, index, kept);
  const shown = play(lanes, seed, index, kept);
  try {
    shown.run();
  } catch {
    // Said already: this run is for the lines.
  }
  const text = cause instanceof Error ? `${cause.message}\n${cause.stack?.split('\n').slice(1, 5).join('\n') ?? ''}` : String(cause);
  const again = `FUZZ_SEED=${seed} FUZZ_FROM=${index} FUZZ_RUNS=1 npm run fuzz`;
  const lines = shown.lines.map((line) => (line.length > 600 ? `${line.slice(0, 600)}\u2026` : line));
  return new Error([`${lane.name}, seed ${seed}, input ${index}: ${text}`, `again: ${again}`, ...lines].join('\n'), { cause });
}

/** Runs inputs one after the other; throws for the first that fails, with all it takes to see it again. */
export function runFuzz(lanes: readonly FuzzLane[], { seed, from, to, step = 1 }: FuzzPlan): Tally {
  const tally: Tally = new Map();
  for (let index = from; index < to; index += step) {
    const { lane, run } = play(lanes, seed, index);
    let outcome: string;
    try {
      outcome = run();
    } catch {
      throw describeFailure(lanes, seed, index);
    }
    const counts = tally.get(lane.name) ?? new Map<string, number>();
    counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
    tally.set(lane.name, counts);
  }
  return tally;
}
