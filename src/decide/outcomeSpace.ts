// The outcomes of a domain that are looked at: all of them where they are few, an even choice of each issue's numbers where they are many.

import type { Domain, IntegerIssue, Issue, IssueValue, Outcome } from './utility.ts';

/** Most outcomes that are listed one by one. */
export const MAX_LISTED = 16_384;

// With fewer numbers of an issue than this a list says too little, and outcomes are searched for one by one.
const FEWEST_RUNGS = 9;
const RUNGS_OF_SEARCH = 129;

/** What is looked at of a domain. */
export interface OutcomeSpace {
  readonly domain: Domain;
  /** How many outcomes the domain has. */
  readonly size: bigint;
  /** The values of each issue that are looked at, in their order. */
  readonly rungs: readonly (readonly IssueValue[])[];
  /** How many outcomes the rungs make; undefined where they are too many to be listed. */
  readonly listed: number | undefined;
  /** True when every outcome of the domain is listed. */
  readonly isWhole: boolean;
  /** Outcomes by their number, made when first asked for. */
  readonly made: Map<number, Outcome>;
}

const spaces = new WeakMap<Domain, OutcomeSpace>();

/** The space of a sound domain (`findDomainProblem`); made once for each domain. */
export function readSpace(domain: Domain): OutcomeSpace {
  const known = spaces.get(domain);
  if (known !== undefined) return known;
  const size = domain.issues.reduce((product, issue) => product * countValues(issue), 1n);
  const cap = findCap(domain);
  const rungs = domain.issues.map((issue) => listRungs(issue, cap ?? RUNGS_OF_SEARCH));
  const listed = cap === undefined ? undefined : rungs.reduce((product, { length }) => product * length, 1);
  const space: OutcomeSpace = { domain, size, rungs, listed, isWhole: listed !== undefined && BigInt(listed) === size, made: new Map() };
  spaces.set(domain, space);
  return space;
}

/** How many values an issue has. */
export function countValues(issue: Issue): bigint {
  return issue.kind === 'discrete' ? BigInt(issue.values.length) : (issue.max - issue.min) / issue.step + 1n;
}

/** The outcome with this number among the listed ones; the last issue runs fastest. */
export function outcomeAt(space: OutcomeSpace, index: number): Outcome {
  const known = space.made.get(index);
  if (known !== undefined) return known;
  const digits = space.rungs.map(() => 0);
  let rest = index;
  for (let i = space.rungs.length - 1; i >= 0; i -= 1) {
    const { length = 1 } = space.rungs[i] ?? [];
    digits[i] = rest % length;
    rest = Math.floor(rest / length);
  }
  const outcome = makeOutcome(space, digits);
  space.made.set(index, outcome);
  return outcome;
}

const ours = new WeakSet<Outcome>();

/** True for an outcome that was made here, of which nobody can change anything any more. */
export function isOurs(outcome: Outcome): boolean {
  return ours.has(outcome);
}

/** The outcome that takes these rungs. */
export function makeOutcome({ domain, rungs }: OutcomeSpace, digits: readonly number[]): Outcome {
  const outcome = Object.freeze(Object.fromEntries(domain.issues.map(({ name }, i) => [name, rungs[i]?.[digits[i] ?? 0] ?? ''])));
  ours.add(outcome);
  return outcome;
}

/** The most numbers that each integer issue may have so that all outcomes can be listed; undefined where that says too little. */
function findCap({ issues }: Domain): number | undefined {
  const fits = (cap: number): boolean => {
    const product = issues.reduce((each, issue) => each * countRungs(issue, cap), 1);
    return product <= MAX_LISTED;
  };
  const isThinned = issues.some((issue) => issue.kind === 'integer' && countValues(issue) > FEWEST_RUNGS);
  if (!fits(FEWEST_RUNGS) || (!isThinned && !fits(MAX_LISTED))) return undefined;
  let [low, high] = [FEWEST_RUNGS, MAX_LISTED];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (fits(middle)) low = middle;
    else high = middle - 1;
  }
  return low;
}

function countRungs(issue: Issue, cap: number): number {
  const count = countValues(issue);
  return issue.kind === 'discrete' || count <= BigInt(cap) ? Number(count) : cap;
}

function listRungs(issue: Issue, cap: number): readonly IssueValue[] {
  return issue.kind === 'discrete' ? issue.values : spread(issue, countRungs(issue, cap));
}

/** `count` numbers of an issue at even distances, both ends among them. */
function spread(issue: IntegerIssue, count: number): readonly bigint[] {
  const last = countValues(issue) - 1n;
  const gaps = BigInt(Math.max(1, count - 1));
  return Array.from({ length: count }, (_, i) => issue.min + issue.step * ((BigInt(i) * last) / gaps));
}
