// Checks a bundle file offline, and makes one that shows less; needs no agent.

import { NegotiateError } from '../core/errors.ts';
import { verifyEvent } from '../nostr/event.ts';
import { encodeNpub } from '../nostr/npub.ts';
import { encodeBundle, withholdTerms } from '../negotiate/bundle.ts';
import { parseBundle } from '../negotiate/parseBundle.ts';
import { formatPrice } from '../negotiate/priceWords.ts';
import { renderLeaves } from '../negotiate/renderTerms.ts';
import { isTermsLeaf, TERMS_LEAVES, type TermsLeaf } from '../negotiate/termsLeaves.ts';
import { verifyBundle, type BundleReport } from '../negotiate/verifyBundle.ts';

/** The outcome for people and programs. Only `closed` is a deal; `invalid` proves nothing. */
export interface BundleCheckResult {
  readonly state: 'invalid' | Extract<BundleReport, { kind: 'valid' }>['state'];
  /** True for `closed` alone. */
  readonly isDeal: boolean;
  /** What is wrong, for `invalid`. */
  readonly problem?: string;
  readonly agreement?: string;
  readonly buyer?: string;
  readonly provider?: string;
  /** Hash of the agreement that this one has changed, or of the framework that it is a job under. */
  readonly supersedes?: string;
  readonly under?: string;
  readonly price?: string;
  readonly signedFirst?: 'buyer' | 'provider';
  readonly cheats?: readonly ('buyer' | 'provider')[];
  /** The terms shown, as lines for people; and the names of those that are bound but hidden. */
  readonly lines?: readonly string[];
  readonly hidden?: readonly string[];
  readonly checks: readonly { readonly name: string; readonly ok: boolean; readonly detail: string }[];
}

/** Checks the content of a bundle file, UTF-8 bytes or text. Never throws. */
export function checkBundle(content: string | Uint8Array): BundleCheckResult {
  const report = verifyBundle(content, verifyEvent);
  if (report.kind === 'invalid') return { state: 'invalid', isDeal: false, problem: report.problem, checks: report.checks };
  const { state, agreement, buyer, provider, supersedes, under, price, signedFirst, cheats, shown, hidden, checks } = report;
  return {
    state,
    isDeal: state === 'closed',
    agreement,
    buyer: encodeNpub(buyer),
    provider: encodeNpub(provider),
    ...(supersedes === undefined ? {} : { supersedes }),
    ...(under === undefined ? {} : { under }),
    ...(price === undefined ? {} : { price: formatPrice(price) }),
    signedFirst,
    cheats,
    lines: renderLeaves(shown),
    hidden,
    checks,
  };
}

/** A bundle with part of its terms, and the names of the leaves it shows and hides. */
export interface DisclosedBundle {
  readonly bundle: string;
  readonly shown: readonly TermsLeaf[];
  readonly hidden: readonly TermsLeaf[];
}

/**
 * Makes a bundle that shows only the named terms (JSON pointers) and still verifies. Throws `input/invalid` for a bundle that does not
 * verify, for a name that is no term, and for one that the given bundle hides itself.
 */
export function discloseBundle(content: string | Uint8Array, terms: readonly string[]): DisclosedBundle {
  const report = verifyBundle(content, verifyEvent);
  const parsed = parseBundle(content);
  if (report.kind === 'invalid' || parsed.kind === 'refused')
    throw new NegotiateError('input/invalid', 'This bundle proves nothing, so no part of it would. See: agent-negotiate verify');
  const wanted = [...new Set(terms)];
  const unknown = wanted.find((pointer) => !isTermsLeaf(pointer));
  if (unknown !== undefined) throw new NegotiateError('input/invalid', `There is no such term. The terms are: ${TERMS_LEAVES.join(' ')}`);
  const pointers = wanted.filter(isTermsLeaf);
  if (pointers.some((pointer) => !report.shown.has(pointer)))
    throw new NegotiateError('input/invalid', 'This bundle hides a term that you named. Take the whole bundle, or ask who has it.');
  const bundle = encodeBundle(withholdTerms(parsed.bundle, pointers));
  return { bundle, shown: pointers, hidden: TERMS_LEAVES.filter((leaf) => !pointers.includes(leaf)) };
}
