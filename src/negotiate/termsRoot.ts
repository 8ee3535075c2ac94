// The salted root over all leaves of the terms, and showing some leaves without the rest (PROTOCOL "The agreement").

import { hexToBytes, hmacSha256, bytesToHex, sha256Hex, type Hex } from '../core/bytes.ts';
import { canonicalJson, type Json } from '../core/canonical.ts';
import { readLeaf, type Terms } from './terms.ts';
import { TERMS_LEAVES, type TermsLeaf } from './termsLeaves.ts';

const ROOT_DOMAIN = 'agent-negotiate/terms/1';

/** Part of the terms with proof (PROTOCOL "The agreement"): shown leaves with their salts, and the digest of every leaf in list order. */
export interface Disclosure {
  readonly shown: { readonly [pointer: string]: { readonly salt: Hex; readonly value: Json } };
  readonly digests: readonly Hex[];
}

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

function digestLeaves(terms: Terms, seed: Hex): readonly Hex[] {
  return TERMS_LEAVES.map((pointer) => digestLeaf(deriveSalt(seed, pointer), pointer, readLeaf(terms, pointer)));
}

function deriveSalt(seed: Hex, pointer: TermsLeaf): Hex {
  return bytesToHex(hmacSha256(hexToBytes(seed), pointer));
}

/** The digest of one leaf under its salt. */
export function digestLeaf(salt: Hex, pointer: TermsLeaf, value: Json): Hex {
  return sha256Hex(canonicalJson([salt, pointer, value]));
}

/** The root over the digests of all leaves. */
export function rootOf(digests: readonly Hex[]): Hex {
  return sha256Hex(canonicalJson([ROOT_DOMAIN, ...digests]));
}
