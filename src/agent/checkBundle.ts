// Checks a bundle file offline; needs no agent.

import { verifyEvent } from '../nostr/event.ts';
import { encodeNpub } from '../nostr/npub.ts';
import { formatPrice } from '../negotiate/priceWords.ts';
import { renderLeaves } from '../negotiate/renderTerms.ts';
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
  const { state, agreement, buyer, provider, price, signedFirst, cheats, shown, hidden, checks } = report;
  return {
    state,
    isDeal: state === 'closed',
    agreement,
    buyer: encodeNpub(buyer),
    provider: encodeNpub(provider),
    ...(price === undefined ? {} : { price: formatPrice(price) }),
    signedFirst,
    cheats,
    lines: renderLeaves(shown),
    hidden,
    checks,
  };
}
