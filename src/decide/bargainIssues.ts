// What a job bargains for, as strategies see it: each number from the best that is asked for to the worst that is taken, and no further.

import type { Role } from '../negotiate/agreement.ts';
import type { Msat } from '../core/money.ts';
import { BARGAIN_TERMS, rowOf, type BargainTerm, type OwnNumbers, type Package } from './bargainTerms.ts';
import { directionOf, isAsGood, type Direction } from './mandateIssues.ts';
import type { Mandate, MandateIssue } from './mandateSchema.ts';
import type { Domain, IntegerIssue, Outcome, Utility } from './utility.ts';

/** One number: what is asked for first, and what is taken in the end; both belong to the range. */
export interface BargainIssue {
  readonly term: BargainTerm;
  readonly better: Direction;
  readonly best: bigint;
  readonly worst: bigint;
  /** How much it matters beside the others; as the row of the term says where it is left out. */
  readonly weight?: number;
}

/** What a job may do by itself; a mandate narrows it further. */
export interface BargainLimits extends OwnNumbers {
  readonly role: Role;
  /** What a buyer bids, a provider's list price. */
  readonly bestMsat: Msat;
  /** The most that a buyer pays, the least that a provider takes. */
  readonly worstMsat: Msat;
}

/** The issues ready for strategies: make it once for a negotiation. */
export interface BargainTable {
  readonly issues: readonly BargainIssue[];
  readonly domain: Domain;
  readonly utility: Utility;
}

/** The issues of a job: its own limits and those of the mandate in force, whichever is narrower. Beside the price only what the mandate names. */
export function listBargainIssues(limits: BargainLimits, mandate: Mandate | undefined): readonly BargainIssue[] {
  const others = BARGAIN_TERMS.filter((term) => term !== '/price').flatMap((term) => narrow(term, limits, mandate) ?? []);
  return [narrowPrice(limits, mandate), ...others];
}

/** Makes the issues ready: the worst is worth 0, the best 1, evenly between. */
export function makeBargainTable(issues: readonly BargainIssue[]): BargainTable {
  const judge = ({ term, better, weight = rowOf(term).weight }: BargainIssue): Utility['issues'][string] => ({
    weight,
    value: { kind: 'linear', best: better === 'lower' ? 'low' : 'high' },
  });
  return {
    issues,
    domain: { issues: issues.map(toIssue) },
    utility: { issues: Object.fromEntries(issues.map((issue) => [issue.term, judge(issue)])), reserve: 0 },
  };
}

/**
 * An offer as strategies see it. A number between two steps counts as the worse of them, one that is better than the best as the best;
 * one that is worse than the worst stays as it is, outside of the domain.
 */
export function toOutcome({ issues }: BargainTable, values: Package): Outcome {
  const known = issues.flatMap((issue) => {
    const value = values[issue.term];
    return value === undefined ? [] : [[issue.term, place(issue, value)] as const];
  });
  return Object.freeze(Object.fromEntries(known));
}

/** True when nothing is past what is taken in the end. */
export function isWithin(issues: readonly BargainIssue[], values: Package): boolean {
  return issues.every(({ term, better, worst }) => {
    const value = values[term];
    return value !== undefined && isAsGood(value, worst, better);
  });
}

function narrowPrice({ role, bestMsat, worstMsat }: BargainLimits, mandate: Mandate | undefined): BargainIssue {
  const { reserve, target, weight } = findIssue(mandate, '/price', role) ?? {};
  const better = usualDirection('/price', role);
  const most = role === 'buyer' ? mandate?.limits?.per_deal_msat : undefined;
  const worst = pickWith(better, worstMsat, reserve, most);
  // A list price is announced: nobody is asked for more.
  const best = pickWith(better, worst, bestMsat, role === 'buyer' ? target : undefined);
  return { term: '/price', better, worst, best, ...weigh(weight) };
}

/** A number of which the mandate says how far it may go; undefined for one that it does not name, or of which it likes the unusual end. */
function narrow(term: BargainTerm, limits: BargainLimits, mandate: Mandate | undefined): BargainIssue | undefined {
  const { role } = limits;
  const issue = findIssue(mandate, term, role);
  const better = usualDirection(term, role);
  if (issue === undefined || directionOf(issue, role) !== better) return undefined;
  const { buyerAims, own: setting } = rowOf(term);
  const said = setting === undefined ? undefined : limits[setting];
  const own = said === undefined ? undefined : BigInt(said);
  // What a buyer says itself is the worst that it takes, what a provider says is what it offers first.
  const worst = pickWith(better, keepIn(term, issue.reserve), role === 'buyer' ? own : undefined);
  const best = pickWith(better, worst, role === 'buyer' ? (issue.target ?? buyerAims) : (own ?? issue.target));
  return { term, better, worst, best: keepIn(term, best), ...weigh(issue.weight) };
}

function usualDirection(term: BargainTerm, role: Role): Direction {
  return directionOf({ term, reserve: 0n }, role) ?? 'lower';
}

function weigh(weight: number | undefined): Pick<BargainIssue, 'weight'> {
  return weight === undefined ? {} : { weight };
}

function findIssue(mandate: Mandate | undefined, term: BargainTerm, role: Role): MandateIssue | undefined {
  const side = role === 'buyer' ? 'buyer' : 'seller';
  return mandate?.issues.find((issue) => issue.term === term && (issue.as ?? side) === side);
}

/** The best of them for this side. */
function pickWith(better: Direction, first: bigint, ...others: readonly (bigint | undefined)[]): bigint {
  return others.reduce<bigint>((best, each) => (each !== undefined && isAsGood(each, best, better) ? each : best), first);
}

function keepIn(term: BargainTerm, value: bigint): bigint {
  const { least, most } = rowOf(term);
  return value < least ? least : value > most ? most : value;
}

function toIssue({ term, best, worst }: BargainIssue): IntegerIssue {
  const [min, max] = best < worst ? [best, worst] : [worst, best];
  const step = rowOf(term).steps.find((each) => (max - min) % each === 0n && min % each === 0n) ?? 1n;
  return { kind: 'integer', name: term, min, max, step };
}

function place(issue: BargainIssue, value: bigint): bigint {
  const { better, best, worst } = issue;
  if (!isAsGood(value, worst, better)) return value;
  if (isAsGood(value, best, better)) return best;
  const { min, step } = toIssue(issue);
  const rest = (value - min) % step;
  return rest === 0n || better === 'higher' ? value - rest : value - rest + step;
}
