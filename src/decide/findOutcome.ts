// Finds an outcome by what it should be worth, and outcomes that are worth the same but differ.

import { countAtLeast, EPSILON, readFloor, type Ranking } from './ranking.ts';
import type { Domain, IntegerIssue, Issue, IssueValue, Outcome } from './utility.ts';
import { countValues } from './outcomeSpace.ts';

// More than enough to choose from, and few enough to compare with each other.
const MOST_COMPARED = 512;

/** The outcome that is worth least but not less than `worth`; the best one when nothing is worth so much. */
export function findWorstAtLeast(ranking: Ranking, worth: number): Outcome {
  const count = countAtLeast(ranking, worth);
  if (count === 0) return ranking.at(0);
  return lower(ranking, ranking.at(count - 1), worth);
}

/** Outcomes worth from `low` up to `high` and not below the reserve, cheapest first; at most 512, evenly chosen. */
export function listWorth(ranking: Ranking, low: number, high: number): readonly Outcome[] {
  const end = countAtLeast(ranking, Math.max(low, readFloor(ranking)));
  const start = Math.min(end, countAtLeast(ranking, high + 2 * EPSILON));
  const count = Math.min(MOST_COMPARED, end - start);
  return Array.from({ length: count }, (_, i) => ranking.at(end - 1 - Math.floor((i * (end - start)) / count)));
}

/** How far two outcomes are apart, from 0 to 1: the mean over all issues; numbers by their distance, names differ or do not. */
export function measureDistance({ issues }: Domain, one: Outcome, other: Outcome): number {
  return issues.reduce((sum, issue) => sum + measureIssue(issue, one[issue.name], other[issue.name]), 0) / issues.length;
}

/** The item with the least `cost`; the first of equals. Undefined for no items. */
export function pickLeast<T>(items: readonly T[], cost: (item: T) => number): T | undefined {
  let least: { readonly item: T; readonly cost: number } | undefined;
  for (const item of items) {
    const each = cost(item);
    if (least === undefined || each < least.cost) least = { item, cost: each };
  }
  return least?.item;
}

function measureIssue(issue: Issue, one: IssueValue | undefined, other: IssueValue | undefined): number {
  if (issue.kind === 'discrete' || typeof one !== 'bigint' || typeof other !== 'bigint') return one === other ? 0 : 1;
  const span = issue.max - issue.min;
  return span === 0n ? 0 : Math.min(1, Math.abs(Number(one - other)) / Number(span));
}

/** Where only some numbers of an issue are listed: gives away what the steps between two of them leave above `worth`. */
function lower(ranking: Ranking, outcome: Outcome, worth: number): Outcome {
  if (ranking.space.isWhole) return outcome;
  const { domain, rungs } = ranking.space;
  return domain.issues.reduce((reached, issue, i) => {
    if (issue.kind === 'discrete' || BigInt(rungs[i]?.length ?? 0) === countValues(issue)) return reached;
    return slide(ranking, reached, issue, rungs[i] ?? [], worth);
  }, outcome);
}

/** Moves one number as far as it goes towards the worse of its neighbours. */
function slide(ranking: Ranking, outcome: Outcome, issue: IntegerIssue, rungs: readonly IssueValue[], worth: number): Outcome {
  const from = BigInt(outcome[issue.name] ?? 0n);
  const position = rungs.indexOf(from);
  const withValue = (value: bigint): Outcome => Object.freeze({ ...outcome, [issue.name]: value });
  const worthOf = (value: IssueValue): number => ranking.worthOf(withValue(BigInt(value))) ?? 0;
  const sides = [rungs[position - 1], rungs[position + 1]].filter((value) => value !== undefined);
  const end = pickLeast(sides, worthOf);
  if (end === undefined || worthOf(end) >= (ranking.worthOf(outcome) ?? 0)) return outcome;
  const [steps, direction] = measureSteps(issue, from, BigInt(end));
  let [low, high] = [0n, steps];
  while (low < high) {
    const middle = (low + high + 1n) / 2n;
    if (worthOf(from + direction * middle) >= worth - EPSILON) low = middle;
    else high = middle - 1n;
  }
  const moved = withValue(from + direction * low);
  return low === 0n || (ranking.worthOf(moved) ?? 0) < worth - EPSILON ? outcome : moved;
}

function measureSteps({ step }: IntegerIssue, from: bigint, end: bigint): readonly [steps: bigint, direction: bigint] {
  return end > from ? [(end - from) / step, step] : [(from - end) / step, -step];
}
