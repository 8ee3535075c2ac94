// Checks terms of which only some leaves are shown (PROTOCOL "The agreement").

import type { Hex } from '../core/bytes.ts';
import type { Json } from '../core/canonical.ts';
import { isLeafValue } from './leafSchemas.ts';
import { isTermsLeaf, TERMS_LEAVES, type TermsLeaf } from './termsLeaves.ts';
import { digestLeaf, rootOf, type Disclosure } from './termsRoot.ts';

/** The root of a disclosure and what it keeps hidden, or the first leaf that is not what its digest stands for ('' for none in particular). */
export type DisclosureCheck =
  | { readonly kind: 'ok'; readonly root: Hex; readonly shown: ReadonlyMap<TermsLeaf, Json>; readonly hidden: readonly TermsLeaf[] }
  | { readonly kind: 'refused'; readonly pointer: string };

// Leaves of which terms have one at most.
const EXCLUSIVE = ['/delivery/deadline', '/delivery/within_s'] as const;

/** Checks that every shown leaf is the one its digest stands for, and one that valid terms can have. Never throws for parsed JSON. */
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
