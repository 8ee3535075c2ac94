// What the owner's own policy lets a job bargain about, made ready to be tried out: the same issues, ranges and worths as jobs have.

import { NegotiateError } from '../../core/errors.ts';
import type { Msat } from '../../core/money.ts';
import { listBargainIssues, makeBargainTable, type BargainIssue, type BargainLimits } from '../../decide/bargainIssues.ts';
import { describeRange } from '../../decide/bargainWords.ts';
import { BARGAIN_TERMS, rowOf, type OwnNumbers } from '../../decide/bargainTerms.ts';
import { isAsGood } from '../../decide/mandateIssues.ts';
import type { Mandate, MandateIssue } from '../../decide/mandateSchema.ts';
import type { Domain, Utility } from '../../decide/utility.ts';
import { readMandateDocument, readMandateFile } from '../mandate/readMandateFile.ts';

/** A side, as a policy names it. */
export type PolicySide = 'buyer' | 'seller';

/** How a policy is tried: for which side where it is for both, and with which price to begin instead of its target. `now` is in unix seconds. */
export interface PolicyTrial {
  readonly role?: PolicySide | undefined;
  readonly bestMsat?: Msat | undefined;
  readonly now: number;
}

/** What is tried. */
export interface PolicyTask {
  readonly name: string;
  readonly role: PolicySide;
  readonly issues: readonly BargainIssue[];
  /** The same in words, for the owner. */
  readonly ranges: readonly string[];
  /** Issues of the policy for this side that jobs do not bargain about: they judge what is there, and move nothing. */
  readonly others: readonly string[];
  /** How jobs bargain, where the policy says so. */
  readonly bargain: Mandate['bargain'];
  readonly domain: Domain;
  readonly utility: Utility;
}

type Reason = 'problems' | 'expired' | 'role' | 'no-best' | 'no-worst' | 'best' | 'no-range';

const MAX_TOLD = 5;

/**
 * Reads a policy, in TOML or JSON or as a value, and makes ready what a job under it bargains about. Throws `input/invalid` with a
 * `reason`: a policy with problems, one that has ended, one without the numbers that a range is made of, a side that it does not have.
 */
export function readPolicyTask(policy: string | object, { role: named, bestMsat, now }: PolicyTrial): PolicyTask {
  const mandate = readPolicy(policy, now);
  const side = chooseSide(mandate, named);
  const issues = listBargainIssues(findLimits(mandate, side, bestMsat), mandate);
  checkRanges(issues, bestMsat);
  const bargained = new Set<string>(issues.map(({ term }) => term));
  const others = mandate.issues.filter((issue) => isFor(issue, side) && !bargained.has(issue.term)).map(({ term }) => term);
  const { domain, utility } = makeBargainTable(issues);
  return { name: mandate.name, role: side, issues, ranges: issues.map(describeRange), others, bargain: mandate.bargain, domain, utility };
}

function readPolicy(policy: string | object, now: number): Mandate {
  const file = typeof policy === 'string' ? readMandateFile(policy) : readMandateDocument(policy);
  if (file.kind === 'refused') {
    const told = file.problems.slice(0, MAX_TOLD).map(({ text }) => text);
    throw refuse('problems', `The policy is not in order. ${told.join(' ')} See all with: agent-negotiate policy check FILE`);
  }
  const { valid_until: until } = file.mandate;
  if (until !== undefined && now > until)
    throw refuse('expired', 'The policy has ended: under it nothing is said at all. Give it another valid_until, and try again.');
  return file.mandate;
}

function chooseSide({ role }: Mandate, named: PolicySide | undefined): PolicySide {
  if (role === 'both' && named === undefined)
    throw refuse('role', 'The policy is for both sides. Say which one to try: --role buyer or --role seller.');
  if (role !== 'both' && named !== undefined && named !== role)
    throw refuse('role', 'The policy is not for this side. Leave --role out, or write role = "both" into the policy.');
  return named ?? (role === 'seller' ? 'seller' : 'buyer');
}

/** The limits that a job would have besides its policy, so far as the policy itself can say them. */
function findLimits(mandate: Mandate, side: PolicySide, bestMsat: Msat | undefined): BargainLimits {
  const price = findIssue(mandate, '/price', side);
  const worst = price?.reserve ?? (side === 'buyer' ? mandate.limits?.per_deal_msat : undefined);
  if (worst === undefined)
    throw refuse(
      'no-worst',
      'The policy has no range of prices for this side. Add to it: [[issues]] with term = "/price", reserve and target.',
    );
  const best = bestMsat ?? price?.target;
  if (best === undefined)
    throw refuse('no-best', 'The policy does not say at which price to begin. Add a target to its issue /price, or name one: --best SATS.');
  const numbers = side === 'seller' ? aimAt(mandate) : {};
  return { ...numbers, role: side === 'buyer' ? 'buyer' : 'provider', bestMsat: best, worstMsat: worst };
}

/** What a seller's service would say of time and the like; here it begins at what the policy aims at. */
function aimAt(mandate: Mandate): OwnNumbers {
  const aims = BARGAIN_TERMS.flatMap((term) => {
    const { own } = rowOf(term);
    const target = findIssue(mandate, term, 'seller')?.target;
    return own === undefined || target === undefined ? [] : [[own, Number(target)] as const];
  });
  return Object.fromEntries(aims);
}

function checkRanges(issues: readonly BargainIssue[], bestMsat: Msat | undefined): void {
  const price = issues.find(({ term }) => term === '/price');
  if (bestMsat !== undefined && price !== undefined && !isAsGood(bestMsat, price.worst, price.better))
    throw refuse('best', 'The price to begin with is past the worst that the policy agrees to. Name a better one with --best.');
  if (issues.every(({ best, worst }) => best === worst))
    throw refuse(
      'no-range',
      'There is nothing to bargain about: each number is as bad as it may get from the start. Set target apart from reserve.',
    );
}

function findIssue({ issues }: Mandate, term: MandateIssue['term'], side: PolicySide): MandateIssue | undefined {
  return issues.find((issue) => issue.term === term && isFor(issue, side));
}

function isFor({ as }: MandateIssue, side: PolicySide): boolean {
  return (as ?? side) === side;
}

function refuse(reason: Reason, message: string): NegotiateError {
  return new NegotiateError('input/invalid', message, { details: { reason } });
}
