// The outcomes of a domain in the order in which one side likes them: made once, then searched by what they are worth.

import { NegotiateError } from '../core/errors.ts';
import { outcomeAt, readSpace, type OutcomeSpace } from './outcomeSpace.ts';
import { searchOutcomes } from './searchOutcomes.ts';
import { evaluate, sharesOf, valueOf, type Domain, type Outcome, type Utility } from './utility.ts';
import { findDomainProblem, findUtilityProblem, type UtilityProblem } from './utilityProblem.ts';

/** What rounding may cost: differences below this count as none. */
export const EPSILON = 1e-9;

/** Outcomes by rank, best first. */
export interface Ranking {
  readonly space: OutcomeSpace;
  readonly utility: Utility;
  readonly count: number;
  /** What the outcome of each rank is worth; falling. */
  readonly worths: Float64Array;
  readonly best: number;
  readonly worst: number;
  /** What the listed outcomes are worth by their number; undefined where they are not listed but searched for. */
  readonly byNumber: Float64Array | undefined;
  readonly at: (rank: number) => Outcome;
  /** What any outcome is worth; undefined for one that is not of the domain. */
  readonly worthOf: (outcome: Outcome) => number | undefined;
}

const rankings = new WeakMap<Domain, WeakMap<Utility, Ranking>>();

/** The ranking of a domain by a utility, made once for each pair. Throws `input/invalid` for a domain or a utility that is not sound. */
export function rankOutcomes(domain: Domain, utility: Utility): Ranking {
  const ofDomain = rankings.get(domain) ?? new WeakMap<Utility, Ranking>();
  const known = ofDomain.get(utility);
  if (known !== undefined) return known;
  const ranking = makeRanking(domain, utility);
  rankings.set(domain, ofDomain.set(utility, ranking));
  return ranking;
}

/** The least that this side takes: its reserve, or what its worst outcome is worth where that is more. */
export function readFloor({ utility, worst }: Ranking): number {
  return Math.max(utility.reserve, worst);
}

/** How many outcomes are worth `worth` or more; rounding aside. */
export function countAtLeast({ worths, count }: Ranking, worth: number): number {
  let [low, high] = [0, count];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((worths[middle] ?? 0) >= worth - EPSILON) low = middle + 1;
    else high = middle;
  }
  return low;
}

function makeRanking(domain: Domain, utility: Utility): Ranking {
  checkSound(findDomainProblem(domain) ?? findUtilityProblem(domain, utility));
  const space = readSpace(domain);
  const values = listValues(domain, utility, space);
  const { worths, at, byNumber } = space.listed === undefined ? rankFound(space, values) : rankListed(space, values);
  const known = new WeakMap<Outcome, number>();
  const worthOf = (outcome: Outcome): number | undefined => {
    const worth = known.get(outcome) ?? evaluate(domain, utility, outcome);
    if (worth !== undefined && Object.isFrozen(outcome)) known.set(outcome, worth);
    return worth;
  };
  const [best = 0, worst = 0] = [worths[0], worths.at(-1)];
  return { space, utility, count: worths.length, worths, best, worst, byNumber, at, worthOf };
}

function checkSound(problem: UtilityProblem | undefined): void {
  if (problem === undefined) return;
  const where = problem.issue === undefined ? '' : ` (${problem.issue})`;
  throw new NegotiateError('input/invalid', `This cannot be negotiated: ${problem.problem}${where}. Correct it and try again.`);
}

/** What each rung of each issue adds to the whole. */
function listValues(domain: Domain, utility: Utility, { rungs }: OutcomeSpace): readonly Float64Array[] {
  const shares = sharesOf(domain, utility);
  return domain.issues.map((issue, i) => {
    const share = shares[i] ?? 0;
    return Float64Array.from(rungs[i] ?? [], (value) => share * valueOf(issue, utility, value));
  });
}

type Ranked = Pick<Ranking, 'worths' | 'at' | 'byNumber'>;

function rankListed(space: OutcomeSpace, values: readonly Float64Array[]): Ranked {
  let sums = Float64Array.of(0);
  for (const added of values) {
    const wider = new Float64Array(sums.length * added.length);
    sums.forEach((sum, i) => added.forEach((value, j) => (wider[i * added.length + j] = sum + value)));
    sums = wider;
  }
  const byNumber = sums;
  // Among equals the one with the lower number comes first.
  const order = Uint32Array.from(byNumber, (_, i) => i).sort((a, b) => (byNumber[b] ?? 0) - (byNumber[a] ?? 0) || a - b);
  const worths = Float64Array.from(order, (index) => byNumber[index] ?? 0);
  return { worths, byNumber, at: (rank) => outcomeAt(space, order[rank] ?? 0) };
}

function rankFound(space: OutcomeSpace, values: readonly Float64Array[]): Ranked {
  const found = searchOutcomes(space, values);
  return {
    worths: Float64Array.from(found, ({ worth }) => worth),
    byNumber: undefined,
    at: (rank) => found[Math.min(Math.max(rank, 0), found.length - 1)]?.outcome ?? {},
  };
}
