// Says what is wrong with a domain or a utility, before anything is computed from it.

import { isCleanText } from '../core/text.ts';
import { readOwn, type Domain, type IntegerIssue, type Issue, type Utility, type Valuation, type ValuePoint } from './utility.ts';

/** What is wrong, and with which issue; the words are for the owner of the utility. */
export interface UtilityProblem {
  readonly issue?: string;
  readonly problem: string;
}

/** Most issues of a domain, values of a discrete issue and points of a valuation. */
export const DOMAIN_LIMITS = { issues: 32, values: 1_024, points: 64, nameChars: 64, labelChars: 200 } as const;

const NAME = /^[A-Za-z0-9_./-]{1,64}$/;
// Far above any amount of money and any time, and exact enough as a float.
const MAX_NUMBER = 10n ** 21n;

/** The first thing that is wrong with a domain; undefined for one that can be negotiated. */
export function findDomainProblem({ issues }: Domain): UtilityProblem | undefined {
  if (issues.length === 0 || issues.length > DOMAIN_LIMITS.issues) return { problem: `there must be 1 to ${DOMAIN_LIMITS.issues} issues` };
  const names = new Set<string>();
  for (const issue of issues) {
    if (!NAME.test(issue.name) || issue.name === '__proto__')
      return { problem: 'names of issues are 1 to 64 letters, digits and any of _ . / -' };
    if (names.has(issue.name)) return { issue: issue.name, problem: 'there are two issues of this name' };
    names.add(issue.name);
    const problem = findIssueProblem(issue);
    if (problem !== undefined) return { issue: issue.name, problem };
  }
  return undefined;
}

/** The first thing that is wrong with a utility for a sound domain; undefined for one that judges every outcome of it. */
export function findUtilityProblem({ issues }: Domain, utility: Utility): UtilityProblem | undefined {
  const { reserve } = utility;
  if (!isShare(reserve)) return { problem: 'the reserve must be a number from 0 to 1' };
  const stranger = Object.keys(utility.issues).find((name) => issues.every((issue) => issue.name !== name));
  if (stranger !== undefined) return { issue: stranger, problem: 'the domain has no such issue' };
  let total = 0;
  for (const issue of issues) {
    const judged = readOwn(utility.issues, issue.name);
    if (judged === undefined) continue;
    const { weight, value } = judged;
    if (!Number.isFinite(weight) || weight < 0 || weight > 1e9) return { issue: issue.name, problem: 'a weight is a number from 0 to 1e9' };
    const problem = findValuationProblem(issue, value);
    if (problem !== undefined) return { issue: issue.name, problem };
    total += weight;
  }
  return total > 0 ? undefined : { problem: 'at least one issue must have a weight above 0' };
}

function findIssueProblem(issue: Issue): string | undefined {
  if (issue.kind === 'integer') return findRangeProblem(issue);
  const { values } = issue;
  if (values.length === 0 || values.length > DOMAIN_LIMITS.values) return `there must be 1 to ${DOMAIN_LIMITS.values} values`;
  if (new Set(values).size !== values.length) return 'there are two values of one name';
  const isSound = values.every((value) => value !== '' && value.length <= DOMAIN_LIMITS.labelChars && isCleanText(value));
  return isSound ? undefined : `values are clean text of 1 to ${DOMAIN_LIMITS.labelChars} characters`;
}

function findRangeProblem({ min, max, step }: IntegerIssue): string | undefined {
  if (step < 1n) return 'the step must be at least 1';
  if (min > max) return 'min must not be above max';
  return min < -MAX_NUMBER || max > MAX_NUMBER ? 'numbers go to 10^21' : undefined;
}

function findValuationProblem(issue: Issue, valuation: Valuation): string | undefined {
  if (issue.kind === 'discrete') {
    if (valuation.kind !== 'table') return 'a discrete issue is judged by a table';
    const isWhole = issue.values.every((value) => isShare(readOwn(valuation.values, value)));
    const isNoMore = Object.keys(valuation.values).length === issue.values.length;
    return isWhole && isNoMore ? undefined : 'the table must have a number from 0 to 1 for each value, and no other';
  }
  if (valuation.kind === 'table') return 'an issue with numbers is judged by "linear" or by "points"';
  return valuation.kind === 'points' ? findPointsProblem(valuation.points) : undefined;
}

function findPointsProblem(points: readonly ValuePoint[]): string | undefined {
  if (points.length === 0 || points.length > DOMAIN_LIMITS.points) return `there must be 1 to ${DOMAIN_LIMITS.points} points`;
  if (!points.every(({ value }) => isShare(value))) return 'a point is worth 0 to 1';
  const isRising = points.every(({ at }, i) => i === 0 || at > (points[i - 1]?.at ?? at));
  return isRising ? undefined : 'points are written lowest number first, each number once';
}

function isShare(value: number | undefined): boolean {
  return value !== undefined && value >= 0 && value <= 1;
}
