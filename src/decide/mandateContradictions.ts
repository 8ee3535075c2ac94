// Where a mandate contradicts itself, or says what could never come to pass.

import { isLeafValue } from '../negotiate/leafSchemas.ts';
import type { TermsLeaf } from '../negotiate/termsLeaves.ts';
import { isEmptySpan } from './mandateHours.ts';
import { directionOf, isAsGood, isNumeric } from './mandateIssues.ts';
import { describeProblem, type MandateProblem } from './mandateProblems.ts';
import { ratesOfAll, ratesOfPeer } from './mandateRates.ts';
import type { Mandate, MandateIssue } from './mandateSchema.ts';

type Problems = readonly MandateProblem[];

const NONE: Problems = [];
// What every deal names.
const ALWAYS: ReadonlySet<TermsLeaf> = new Set<TermsLeaf>(['/service/capability', '/scope/summary', '/price']);
// Terms that are one short word, or a list of such: all others cannot be listed value by value.
const LISTED: ReadonlySet<TermsLeaf> = new Set<TermsLeaf>([
  '/service/capability',
  '/service/dvm_kind',
  '/delivery/channel',
  '/payment/rail',
  '/payment/when',
  '/payment/arbiter',
  '/confidentiality/publish',
]);

/** Every contradiction, in the order of the document; empty for a mandate that makes sense. */
export function findContradictions(mandate: Mandate): Problems {
  const rules = [
    checkTime,
    checkPeers,
    checkLimits,
    checkIssues,
    checkTerms,
    checkValues,
    checkDisclosure,
    checkApproval,
    checkHours,
    checkRate,
  ];
  return rules.flatMap((check) => check(mandate));
}

function when(isWrong: boolean, path: string, code: Parameters<typeof describeProblem>[1]): Problems {
  return isWrong ? [describeProblem(path, code)] : NONE;
}

function checkTime({ valid_from: from, valid_until: until }: Mandate): Problems {
  return when(from !== undefined && until !== undefined && until <= from, 'valid_until', 'until-before-from');
}

function checkPeers({ peers: { allow, deny } }: Mandate): Problems {
  return [
    ...when(allow.includes('*') && allow.length > 1, 'peers.allow', 'star-and-more'),
    ...deny.flatMap((key, i) => when(key === '*', `peers.deny[${i}]`, 'deny-all')),
    ...deny.flatMap((key, i) => when(key !== '*' && allow.includes(key), `peers.deny[${i}]`, 'allowed-and-denied')),
  ];
}

function checkLimits({ role, limits }: Mandate): Problems {
  if (limits === undefined) return when(role !== 'seller', 'limits', 'no-limits');
  const { per_deal_msat: deal, per_day_msat: day, open_msat: open } = limits;
  return [
    ...when(deal > day, 'limits.per_deal_msat', 'deal-above-day'),
    ...when(deal > open, 'limits.per_deal_msat', 'deal-above-open'),
    ...when(open > day, 'limits.open_msat', 'open-above-day'),
  ];
}

function checkIssues(mandate: Mandate): Problems {
  return mandate.issues.flatMap((issue, i) => {
    const isTwice = mandate.issues.slice(0, i).some((other) => other.term === issue.term && overlap(other, issue));
    return [...checkIssue(mandate, issue, `issues[${i}]`), ...when(isTwice, `issues[${i}].term`, 'twice')];
  });
}

function overlap(a: MandateIssue, b: MandateIssue): boolean {
  return a.as === undefined || b.as === undefined || a.as === b.as;
}

function checkIssue({ role, limits, terms }: Mandate, issue: MandateIssue, path: string): Problems {
  const { term, as, better, reserve, target } = issue;
  if (!isNumeric(term)) return when(true, `${path}.term`, 'not-a-number');
  if (as !== undefined && role !== 'both' && as !== role) return when(true, `${path}.as`, 'other-role');
  const side = as ?? (role === 'both' ? undefined : role);
  if (side === undefined && (better === undefined || term === '/price')) return when(true, path, 'side');
  const direction = directionOf(issue, side === 'seller' ? 'provider' : 'buyer');
  if (direction === undefined) return when(true, path, 'direction');
  const natural = directionOf({ term, reserve }, side === 'seller' ? 'provider' : 'buyer');
  const isBuying = side === 'buyer' && term === '/price';
  return [
    ...when(term === '/price' && direction !== natural, `${path}.better`, 'wrong-direction'),
    ...when(target !== undefined && !isAsGood(target, reserve, direction), `${path}.reserve`, 'reserve-worse-than-target'),
    ...when(isBuying && limits !== undefined && reserve > limits.per_deal_msat, `${path}.reserve`, 'reserve-above-limit'),
    ...when(terms.forbidden.includes(term), `${path}.term`, 'limit-on-forbidden'),
  ];
}

function checkTerms({ terms: { required, forbidden } }: Mandate): Problems {
  const isBoth = required.includes('/delivery/deadline') && required.includes('/delivery/within_s');
  return [
    ...required.flatMap((leaf, i) => when(forbidden.includes(leaf), `terms.required[${i}]`, 'required-and-forbidden')),
    ...when(isBoth, `terms.required[${required.indexOf('/delivery/deadline')}]`, 'excludes-each-other'),
    ...forbidden.flatMap((leaf, i) => when(ALWAYS.has(leaf), `terms.forbidden[${i}]`, 'cannot-forbid')),
  ];
}

function checkValues({ terms }: Mandate): Problems {
  return (Object.entries(terms.values) as [TermsLeaf, readonly (string | number)[]][]).flatMap(([leaf, listed]) => {
    const path = `terms.values."${leaf}"`;
    if (!LISTED.has(leaf)) return when(true, path, 'values-not-listed');
    const isList = leaf === '/confidentiality/publish';
    return [
      ...when(terms.forbidden.includes(leaf), path, 'limit-on-forbidden'),
      ...listed.flatMap((value, i) => when(!isLeafValue(leaf, isList ? [value] : value), `${path}[${i}]`, 'not-a-value')),
    ];
  });
}

function checkDisclosure({ role, disclosure: { terms, public: named = [] } }: Mandate): Problems {
  return [
    ...when(terms.includes('*') && terms.length > 1, 'disclosure.terms', 'star-and-more'),
    ...named.flatMap((each, i) => when(each === 'announcement' && role === 'buyer', `disclosure.public[${i}]`, 'other-role')),
  ];
}

function checkApproval({ approval, limits, peers, disclosure }: Mandate): Problems {
  const { above_msat: above, when: asked } = approval;
  return [
    ...when(above !== undefined && limits !== undefined && above > limits.per_deal_msat, 'approval.above_msat', 'never-asked'),
    ...asked.flatMap((each, i) => {
      const isMoot =
        (each === 'unknown-trust' && peers.min_trust > 0) ||
        (each === 'unbounded-price' && limits?.unbounded_price === false) ||
        (each === 'free-text' && !disclosure.free_text) ||
        (each === 'publication' && disclosure.public?.length === 0);
      return when(isMoot, `approval.when[${i}]`, 'never-asked');
    }),
  ];
}

function checkHours({ hours }: Mandate): Problems {
  return (hours?.open ?? []).flatMap((span, i) => when(isEmptySpan(span), `hours.open[${i}]`, 'hours-empty'));
}

function checkRate(mandate: Mandate): Problems {
  const rate = ratesOfAll(mandate);
  const peer = ratesOfPeer(mandate);
  const names = ['moves_per_minute', 'moves_per_hour', 'new_per_hour'] as const;
  return [
    ...when(rate.moves_per_minute > rate.moves_per_hour, 'rate.moves_per_minute', 'minute-above-hour'),
    ...when(peer.moves_per_minute > peer.moves_per_hour, 'rate.per_peer.moves_per_minute', 'minute-above-hour'),
    ...names.flatMap((name) => when(peer[name] > rate[name], `rate.per_peer.${name}`, 'peer-above-all')),
  ];
}
