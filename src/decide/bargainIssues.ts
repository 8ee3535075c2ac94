// What a job bargains for, as strategies see it: each number from the best that is asked for to the worst that is taken, and no further.

import type { Role } from '../negotiate/agreement.ts';
import type { Msat } from '../core/money.ts';
import { directionOf, isAsGood, type Direction } from './mandateIssues.ts';
import type { Mandate, MandateIssue } from './mandateSchema.ts';
import type { Domain, IntegerIssue, Outcome, Utility } from './utility.ts';

/** The terms that jobs bargain about. */
export type BargainTerm = '/price' | '/delivery/within_s';

/** One number: what is asked for first, and what is taken in the end; both belong to the range. */
export interface BargainIssue {
  readonly term: BargainTerm;
  readonly better: Direction;
  readonly best: bigint;
  readonly worst: bigint;
}

/** What a job may do by itself; a mandate narrows it further. Seconds after payment: what is wished for or offered; of a buyer the latest. */
export interface BargainLimits {
  readonly role: Role;
  /** What a buyer bids, a provider's list price. */
  readonly bestMsat: Msat;
  /** The most that a buyer pays, the least that a provider takes. */
  readonly worstMsat: Msat;
  readonly withinS?: number | undefined;
}

/** The issues ready for strategies: make it once for a negotiation. */
export interface BargainTable {
  readonly issues: readonly BargainIssue[];
  readonly domain: Domain;
  readonly utility: Utility;
}

// A mandate says how far each number may go, not which of them matters more: the price does.
const WEIGHTS: Readonly<Record<BargainTerm, number>> = { '/price': 3, '/delivery/within_s': 1 };
const STEPS: Readonly<Record<BargainTerm, readonly bigint[]>> = { '/price': [1_000n, 1n], '/delivery/within_s': [3_600n, 60n, 1n] };

/** The issues of a job: its own limits and those of the mandate in force, whichever is narrower. The time only where the mandate names it. */
export function listBargainIssues(limits: BargainLimits, mandate: Mandate | undefined): readonly BargainIssue[] {
  const price = narrowPrice(limits, mandate);
  const within = narrowTime(limits, findIssue(mandate, '/delivery/within_s', limits.role));
  return within === undefined ? [price] : [price, within];
}

/** Makes the issues ready: the worst is worth 0, the best 1, evenly between. */
export function makeBargainTable(issues: readonly BargainIssue[]): BargainTable {
  const judge = ({ term, better }: BargainIssue): Utility['issues'][string] => ({
    weight: WEIGHTS[term],
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
export function toOutcome({ issues }: BargainTable, values: Readonly<Partial<Record<BargainTerm, bigint>>>): Outcome {
  const known = issues.flatMap((issue) => {
    const value = values[issue.term];
    return value === undefined ? [] : [[issue.term, place(issue, value)] as const];
  });
  return Object.freeze(Object.fromEntries(known));
}

/** True when nothing is past what is taken in the end. */
export function isWithin(issues: readonly BargainIssue[], values: Readonly<Partial<Record<BargainTerm, bigint>>>): boolean {
  return issues.every(({ term, better, worst }) => {
    const value = values[term];
    return value !== undefined && isAsGood(value, worst, better);
  });
}

function narrowPrice({ role, bestMsat, worstMsat }: BargainLimits, mandate: Mandate | undefined): BargainIssue {
  const { reserve, target } = findIssue(mandate, '/price', role) ?? {};
  const better = role === 'buyer' ? 'lower' : 'higher';
  const most = role === 'buyer' ? mandate?.limits?.per_deal_msat : undefined;
  const worst = pickWith(better, worstMsat, reserve, most);
  // A list price is announced: nobody is asked for more.
  return { term: '/price', better, worst, best: pickWith(better, worst, bestMsat, role === 'buyer' ? target : undefined) };
}

function narrowTime({ role, withinS }: BargainLimits, issue: MandateIssue | undefined): BargainIssue | undefined {
  const better = role === 'buyer' ? 'lower' : 'higher';
  if (issue === undefined || directionOf(issue, role) !== better) return undefined;
  const own = withinS === undefined ? undefined : BigInt(withinS);
  // A buyer's time is the latest, a provider's what it offers first.
  const worst = pickWith(better, atLeastOne(issue.reserve), role === 'buyer' ? own : undefined);
  const best = pickWith(better, worst, role === 'buyer' ? issue.target : own);
  return { term: '/delivery/within_s', better, worst, best: atLeastOne(best) };
}

function findIssue(mandate: Mandate | undefined, term: BargainTerm, role: Role): MandateIssue | undefined {
  const side = role === 'buyer' ? 'buyer' : 'seller';
  return mandate?.issues.find((issue) => issue.term === term && (issue.as ?? side) === side);
}

/** The best of them for this side. */
function pickWith(better: Direction, first: bigint, ...others: readonly (bigint | undefined)[]): bigint {
  return others.reduce<bigint>((best, each) => (each !== undefined && isAsGood(each, best, better) ? each : best), first);
}

function atLeastOne(value: bigint): bigint {
  return value < 1n ? 1n : value;
}

function toIssue({ term, best, worst }: BargainIssue): IntegerIssue {
  const [min, max] = best < worst ? [best, worst] : [worst, best];
  const step = STEPS[term].find((each) => (max - min) % each === 0n && min % each === 0n) ?? 1n;
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
