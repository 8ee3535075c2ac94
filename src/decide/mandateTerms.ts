// The rules of a mandate about terms that we would be held to: what they must name, must not name, and may be.

import { ceilingOf } from '../negotiate/ceiling.ts';
import { readLeaf, type Terms } from '../negotiate/terms.ts';
import { TERMS_LEAVES, type TermsLeaf } from '../negotiate/termsLeaves.ts';
import type { Facts } from './mandateFacts.ts';
import { directionOf, isAsGood, valueOf } from './mandateIssues.ts';
import { matchesAny } from './mandatePatterns.ts';
import type { Mandate } from './mandateSchema.ts';
import { askIf, denyIf, type Finding } from './mandateVerdict.ts';

type Findings = readonly Finding[];

/** Terms that are offered or signed. */
export function checkBinding(mandate: Mandate, terms: Terms, facts: Facts): Findings {
  return [
    ...checkKind(mandate, terms),
    ...checkNamed(mandate, terms),
    ...checkPrice(mandate, terms, facts),
    ...checkReserves(mandate, terms, facts),
  ];
}

function checkKind({ services }: Mandate, { service }: Terms): Findings {
  const { dvm_kind: kind, capability } = service;
  const isKind = kind === undefined || services.dvm_kinds?.includes(kind) === true;
  return [
    ...denyIf(!matchesAny(services.capabilities, capability), 'service', 'services.capabilities'),
    ...denyIf(!isKind, 'dvm-kind', 'services.dvm_kinds'),
  ];
}

function checkNamed({ terms: rules }: Mandate, terms: Terms): Findings {
  const has = (leaf: TermsLeaf): boolean => readLeaf(terms, leaf) !== null;
  return [
    ...rules.required.flatMap((leaf) => denyIf(!has(leaf), 'term-missing', `terms.required ${leaf}`)),
    ...rules.forbidden.flatMap((leaf) => denyIf(has(leaf), 'term-forbidden', `terms.forbidden ${leaf}`)),
    ...TERMS_LEAVES.flatMap((leaf) => denyIf(!isListed(rules.values[leaf], readLeaf(terms, leaf)), 'term-value', `terms.values ${leaf}`)),
  ];
}

function isListed(listed: readonly (string | number)[] | undefined, value: unknown): boolean {
  if (listed === undefined || value === null) return true;
  const each: readonly unknown[] = Array.isArray(value) ? value : [value];
  return each.every((one) => listed.some((allowed) => allowed === one));
}

/** Whoever pays has to know how much it can become. */
function checkPrice({ terms: rules, limits, approval }: Mandate, { price }: Terms, { role }: Facts): Findings {
  const isOpen = role === 'buyer' && ceilingOf(price) === undefined;
  return [
    ...denyIf(!rules.price_models.includes(price.model), 'price-model', 'terms.price_models'),
    ...denyIf(isOpen && limits?.unbounded_price !== true, 'no-ceiling', 'limits.unbounded_price'),
    ...askIf(isOpen && approval.when.includes('unbounded-price'), 'unbounded-price', 'approval.when'),
  ];
}

/** Every issue of our role: what the terms do not name is worse than any reserve. */
function checkReserves({ issues, limits }: Mandate, terms: Terms, { role }: Facts): Findings {
  const side = role === 'buyer' ? 'buyer' : 'seller';
  return issues.flatMap((issue, i) => {
    if (issue.as !== undefined && issue.as !== side) return [];
    const direction = directionOf(issue, role);
    // A price without a ceiling that the owner takes all the same counts as the most that a deal may cost.
    const isOpen = issue.term === '/price' && role === 'buyer' && limits?.unbounded_price === true;
    const value = valueOf(terms, issue.term, role) ?? (isOpen ? limits.per_deal_msat : undefined);
    const isFit = direction !== undefined && value !== undefined && isAsGood(value, issue.reserve, direction);
    return denyIf(!isFit, value === undefined ? 'reserve-unknown' : 'reserve', `issues[${i}].reserve`);
  });
}
