// A bundle: everything a third party needs to check one agreement offline, as one canonical JSON document.

import type { z } from 'zod';
import { canonicalJson } from '../core/canonical.ts';
import type { bundleSchema } from './parseBundle.ts';
import type { TermsLeaf } from './termsLeaves.ts';
import { discloseTerms, type Disclosure } from './termsRoot.ts';

/** A bundle whose shape is checked and nothing else. */
export type Bundle = z.infer<typeof bundleSchema>;

/** Encodes a bundle as the text of its file: canonical JSON and a line feed. */
export function encodeBundle(bundle: Bundle): string {
  return `${canonicalJson(bundle)}\n`;
}

/** The same bundle with only these leaves of the terms shown; what was hidden before stays hidden. */
export function withholdTerms(bundle: Bundle, pointers: readonly TermsLeaf[]): Bundle {
  const { terms } = bundle;
  switch (terms.kind) {
    case 'full':
      return { ...bundle, terms: toPart(discloseTerms(terms.terms, terms.seed, pointers)) };
    case 'disclosed': {
      const kept = Object.entries(terms.shown).filter(([pointer]) => (pointers as readonly string[]).includes(pointer));
      return { ...bundle, terms: { ...terms, shown: Object.fromEntries(kept) } };
    }
    default:
      return terms satisfies never;
  }
}

function toPart({ shown, digests }: Disclosure): Bundle['terms'] {
  return { kind: 'disclosed', shown, digests: [...digests] };
}
