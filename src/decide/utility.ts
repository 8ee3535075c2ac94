// What is negotiated and what it is worth to one side: issues, outcomes, and a weighted sum of what each issue's value is worth.

/**
 * One thing to settle. `discrete` has named values; `integer` has every number from `min` to `max` in steps of `step`, as bigint, so
 * that money in msat fits.
 */
export type Issue = DiscreteIssue | IntegerIssue;

/** An issue with named values, such as a format or a payment plan. */
export interface DiscreteIssue {
  readonly kind: 'discrete';
  readonly name: string;
  readonly values: readonly string[];
}

/** An issue with numbers: `min`, `min + step`, … up to `max`. Say the unit in the name, such as `price_msat`. */
export interface IntegerIssue {
  readonly kind: 'integer';
  readonly name: string;
  readonly min: bigint;
  readonly max: bigint;
  readonly step: bigint;
}

/** What is negotiated: a list of issues with different names. */
export interface Domain {
  readonly issues: readonly Issue[];
}

/** A value of an issue: a name of a discrete one, a number of an integer one. */
export type IssueValue = string | bigint;

/** One way to settle everything: a value for each issue, by its name. @example { price_msat: 700_000n, format: 'pdf' } */
export type Outcome = Readonly<Record<string, IssueValue>>;

/**
 * What the values of one issue are worth, from 0 to 1. `table` names each value of a discrete issue. `linear` makes one end of an integer
 * issue worth 1 and the other 0. `points` draws straight lines between numbers, lowest first; before the first and after the last it is level.
 */
export type Valuation =
  | { readonly kind: 'table'; readonly values: Readonly<Record<string, number>> }
  | { readonly kind: 'linear'; readonly best: 'low' | 'high' }
  | { readonly kind: 'points'; readonly points: readonly ValuePoint[] };

/** What one number is worth. */
export interface ValuePoint {
  readonly at: bigint;
  readonly value: number;
}

/** How one side judges outcomes of a domain: weights (only their shares count), a valuation for each issue, and what no deal is worth. */
export interface Utility {
  /** By the name of the issue. One that is left out does not matter to this side. */
  readonly issues: Readonly<Record<string, { readonly weight: number; readonly value: Valuation }>>;
  /** What no deal is worth, from 0 to 1. An outcome below it is never offered and never accepted. */
  readonly reserve: number;
}

/** True when every issue of the domain has one of its values, and nothing else is settled. */
export function isInDomain({ issues }: Domain, outcome: Outcome): boolean {
  return Object.keys(outcome).length === issues.length && issues.every((issue) => isValueOf(issue, readOwn(outcome, issue.name)));
}

/** What an outcome of the domain is worth, from 0 to 1: Σ w·v / Σ w. Undefined for one that is not of the domain. */
export function evaluate(domain: Domain, utility: Utility, outcome: Outcome): number | undefined {
  if (!isInDomain(domain, outcome)) return undefined;
  const shares = sharesOf(domain, utility);
  return domain.issues.reduce((sum, issue, i) => sum + (shares[i] ?? 0) * valueOf(issue, utility, outcome[issue.name] ?? ''), 0);
}

/** The part of the whole that each issue decides, in their order: its weight among all weights. */
export function sharesOf({ issues }: Domain, utility: Utility): readonly number[] {
  const weights = issues.map(({ name }) => readOwn(utility.issues, name)?.weight ?? 0);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

/** What a value of an issue is worth by itself, from 0 to 1; 0 for an issue that does not matter. */
export function valueOf(issue: Issue, utility: Utility, value: IssueValue): number {
  const valuation = readOwn(utility.issues, issue.name)?.value;
  if (valuation === undefined) return 0;
  if (issue.kind === 'discrete') return valuation.kind === 'table' ? (readOwn(valuation.values, String(value)) ?? Number.NaN) : Number.NaN;
  switch (valuation.kind) {
    case 'table':
      return Number.NaN;
    case 'linear':
      return rateLinear(issue, valuation.best, BigInt(value));
    case 'points':
      return ratePoints(valuation.points, BigInt(value));
    default:
      return valuation satisfies never;
  }
}

/** The property itself, never what an object inherits. */
export function readOwn<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

function isValueOf(issue: Issue, value: IssueValue | undefined): boolean {
  if (issue.kind === 'discrete') return typeof value === 'string' && issue.values.includes(value);
  return typeof value === 'bigint' && value >= issue.min && value <= issue.max && (value - issue.min) % issue.step === 0n;
}

// From the first value to the last that the steps reach, which may lie below `max`: what is worth 1 must be one that can be had.
function rateLinear({ min, max, step }: IntegerIssue, best: 'low' | 'high', value: bigint): number {
  const span = ((max - min) / step) * step;
  if (span === 0n) return 1;
  const share = Number(value - min) / Number(span);
  return best === 'high' ? share : 1 - share;
}

function ratePoints(points: readonly ValuePoint[], value: bigint): number {
  const next = points.findIndex(({ at }) => at >= value);
  const [before, after] = next === -1 ? [points.at(-1), points.at(-1)] : [points[Math.max(0, next - 1)], points[next]];
  if (before === undefined || after === undefined) return Number.NaN;
  if (after.at <= value || before === after) return after.value;
  return before.value + ((after.value - before.value) * Number(value - before.at)) / Number(after.at - before.at);
}
