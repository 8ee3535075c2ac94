// What two agents can agree on: the closed terms document, made of the leaves (PROTOCOL "The agreement").

import type { z } from 'zod';
import type { Json } from '../core/canonical.ts';
import type { TermsLeaf } from './termsLeaves.ts';
import type { termsSchema } from './termsSchema.ts';

/** The entry of `/confidentiality/publish` by which both sides agree to an attestation (ai.wot). */
export const PUBLISH_ATTESTATION = 'attestation';

/** A valid terms document. */
export type Terms = z.infer<typeof termsSchema>;

/** The value of a leaf of terms, null when it is absent. */
export function readLeaf(terms: Terms, pointer: TermsLeaf): Json {
  let value: unknown = terms;
  for (const key of pointer.slice(1).split('/')) value = (value as Record<string, unknown> | undefined)?.[key];
  return (value ?? null) as Json;
}
