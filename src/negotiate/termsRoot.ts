// The salted root over all leaves of the terms, and showing some leaves without the rest (PROTOCOL "The agreement").

import { hexToBytes, hmacSha256, bytesToHex, sha256Hex, type Hex } from '../core/bytes.ts';
import { canonicalJson, type Json } from '../core/canonical.ts';
import { readLeaf, type Terms } from './terms.ts';
import { isLeafValue, isTermsLeaf, TERMS_LEAVES, type TermsLeaf } from './termsLeaves.ts';

const ROOT_DOMAIN = 'agent-negotiate/terms/1';
/** Leaves of which terms have one at most. */
const EXCLUSIVE = ['/delivery/deadline', '/delivery/within_s'] as const;

/** Part of the terms with proof (PROTOCOL "The agreement"): shown leaves with their salts, and the digest of every leaf in list order. */
export interface Disclosure {
  readonly shown: { readonly [pointer: string]: { readonly salt: Hex; readonly value: Json } };
  readonly digests: readonly Hex[];
}

/** The root of a disclosure and what it keeps hidden, or the first leaf that is not what its digest stands for ('' for none in particular). */
export type DisclosureCheck =
  | { readonly kind: 'ok'; readonly root: Hex; readonly shown: ReadonlyMap<TermsLeaf, Json>; readonly hidden: readonly TermsLeaf[] }
  | { readonly kind: 'refused'; readonly pointer: string };

/** The terms root (SHA-256, hex) of terms under a 32-byte seed (hex). */
export function computeTermsRoot(terms: Terms, seed: Hex): Hex {
  return rootOf(digestLeaves(terms, seed));
}

/**
 * The seed of alternative `k` of an offer: HMAC-SHA256 under the raw seed of the four ASCII bytes "alt1" to "alt4", hex. 0 is the main
 * offer and has the offer's own seed.
 */
export function deriveAlternativeSeed(seed: Hex, k: number): Hex {
  return k === 0 ? seed : bytesToHex(hmacSha256(hexToBytes(seed), `alt${k}`));
}

/** Shows the named leaves of terms and only the digests of the others. */
export function discloseTerms(terms: Terms, seed: Hex, pointers: readonly TermsLeaf[]): Disclosure {
  const entries = pointers.map((pointer) => [pointer, { salt: deriveSalt(seed, pointer), value: readLeaf(terms, pointer) }] as const);
  return { shown: Object.fromEntries(entries), digests: digestLeaves(terms, seed) };
}

/** Checks that every shown leaf is the one its digest stands for, and that valid terms can have what is shown. Never throws for parsed JSON. */
export function checkDisclosure(disclosure: Disclosure): DisclosureCheck {
  if (disclosure.digests.length !== TERMS_LEAVES.length) return { kind: 'refused', pointer: '' };
  const shown = new Map<TermsLeaf, Json>();
  for (const [pointer, { salt, value }] of Object.entries(disclosure.shown)) {
    if (!isTermsLeaf(pointer) || !isLeafValue(pointer, value)) return { kind: 'refused', pointer };
    if (digestLeaf(salt, pointer, value) !== disclosure.digests[TERMS_LEAVES.indexOf(pointer)]) return { kind: 'refused', pointer };
    shown.set(pointer, value);
  }
  // No terms have both, so that what is shown would be none.
  if (EXCLUSIVE.every((pointer) => (shown.get(pointer) ?? null) !== null)) return { kind: 'refused', pointer: EXCLUSIVE[1] };
  return { kind: 'ok', root: rootOf(disclosure.digests), shown, hidden: TERMS_LEAVES.filter((pointer) => !shown.has(pointer)) };
}

function digestLeaves(terms: Terms, seed: Hex): readonly Hex[] {
  return TERMS_LEAVES.map((pointer) => digestLeaf(deriveSalt(seed, pointer), pointer, readLeaf(terms, pointer)));
}

function deriveSalt(seed: Hex, pointer: TermsLeaf): Hex {
  return bytesToHex(hmacSha256(hexToBytes(seed), pointer));
}

function digestLeaf(salt: Hex, pointer: TermsLeaf, value: Json): Hex {
  return sha256Hex(canonicalJson([salt, pointer, value]));
}

function rootOf(digests: readonly Hex[]): Hex {
  return sha256Hex(canonicalJson([ROOT_DOMAIN, ...digests]));
}
