// The terms that can be better or worse, which of both is better for whom, and what a price comes to at least.

import { parseMsat, type Msat } from '../core/money.ts';
import type { Role } from '../negotiate/agreement.ts';
import { ceilingOf } from '../negotiate/ceiling.ts';
import { sumAmounts } from '../negotiate/milestones.ts';
import type { Price } from '../negotiate/price.ts';
import { readLeaf, type Terms } from '../negotiate/terms.ts';
import type { TermsLeaf } from '../negotiate/termsLeaves.ts';
import type { MandateIssue } from './mandateSchema.ts';

/** Which value of a term is better. */
export type Direction = 'lower' | 'higher';

// What is better for a buyer; the seller's is the other one. `unsaid`: it depends, so the mandate has to say it.
const NUMERIC: ReadonlyMap<TermsLeaf, Direction | 'unsaid'> = new Map<TermsLeaf, Direction | 'unsaid'>([
  ['/price', 'lower'],
  ['/delivery/deadline', 'lower'],
  ['/delivery/within_s', 'lower'],
  ['/scope/revisions', 'higher'],
  ['/confidentiality/retention_s', 'lower'],
  ['/framework/ends_at', 'unsaid'],
  ['/framework/max_calls', 'unsaid'],
  ['/framework/cap_msat', 'unsaid'],
]);

/** True for a term that is a number or an amount. */
export function isNumeric(term: TermsLeaf): boolean {
  return NUMERIC.has(term);
}

/** Which value of an issue is better for `role`; undefined where neither the term nor the mandate says so. */
export function directionOf({ term, better }: MandateIssue, role: Role): Direction | undefined {
  if (better !== undefined) return better;
  const known = NUMERIC.get(term);
  if (known === undefined || known === 'unsaid') return undefined;
  return role === 'buyer' ? known : known === 'lower' ? 'higher' : 'lower';
}

/** True when `value` is no worse than `than`. */
export function isAsGood(value: bigint, than: bigint, direction: Direction): boolean {
  return direction === 'lower' ? value <= than : value >= than;
}

/**
 * What a term comes to for `role`: of a price its ceiling for a buyer, and for a seller its floor less all that penalties may take back.
 * Undefined when absent or without limit.
 */
export function valueOf(terms: Terms, term: TermsLeaf, role: Role): bigint | undefined {
  if (term === '/price') return role === 'buyer' ? ceilingOf(terms.price) : leastOf(terms);
  const value = readLeaf(terms, term);
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value);
  return term === '/framework/cap_msat' && typeof value === 'string' ? parseMsat(value) : undefined;
}

/** Each penalty takes back its credit once, and all of them no more than there is. */
function leastOf({ price, penalties = [] }: Terms): Msat {
  const floorMsat = floorOf(price);
  const creditsMsat = penalties.reduce((sum, { credit_msat }) => sum + parseMsat(credit_msat), 0n);
  return creditsMsat < floorMsat ? floorMsat - creditsMsat : 0n;
}

/** The least that a price comes to, whatever is used. A subscription without an end may be ended after one period. */
export function floorOf(price: Price): Msat {
  switch (price.model) {
    case 'fixed':
    case 'prepaid':
      return parseMsat(price.amount_msat);
    case 'per_unit':
      return parseMsat(price.minimum_msat ?? '0');
    case 'subscription':
      return parseMsat(price.amount_msat) * BigInt(price.periods ?? 1);
    case 'milestones':
      return sumAmounts(price.milestones);
    default:
      return price satisfies never;
  }
}
