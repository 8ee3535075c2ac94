// A bundle: everything a third party needs to check one agreement offline, as one canonical JSON document.

import { z } from 'zod';
import { canonicalJson, parseCanonical, type Json } from '../core/canonical.ts';
import { agreementSchema } from './agreement.ts';
import { hex32 } from './fields.ts';
import { signedEventSchema } from './signature.ts';
import { TERMS_LEAVES, termsSchema } from './terms.ts';

/** Largest bundle in bytes of UTF-8. */
export const MAX_BUNDLE_BYTES = 262_144;

const wholeTerms = z.strictObject({ kind: z.literal('full'), terms: termsSchema, seed: hex32 });
const shownLeaf = z.strictObject({ salt: hex32, value: z.custom<Json>((value) => value !== undefined) });
const partialTerms = z.strictObject({
  kind: z.literal('disclosed'),
  shown: z.partialRecord(z.enum(TERMS_LEAVES), shownLeaf),
  digests: z.array(hex32).length(TERMS_LEAVES.length),
});

/** The document. `reveals` holds the lock values that were shown: c closes, v voids, a acknowledges, l refuses as late. */
export const bundleSchema = z.strictObject({
  v: z.literal(1),
  type: z.literal('agent-negotiate/bundle'),
  agreement: agreementSchema,
  terms: z.discriminatedUnion('kind', [wholeTerms, partialTerms]),
  first: signedEventSchema,
  second: signedEventSchema.optional(),
  reveals: z.strictObject({ c: hex32.optional(), v: hex32.optional(), a: hex32.optional(), l: hex32.optional() }),
});

/** A bundle whose shape is checked and nothing else. */
export type Bundle = z.infer<typeof bundleSchema>;

/** A bundle, or why a text is none. */
export type BundleParse = { readonly kind: 'ok'; readonly bundle: Bundle } | { readonly kind: 'refused'; readonly reason: string };

/** Encodes a bundle as the text of its file: canonical JSON and a line feed. */
export function encodeBundle(bundle: Bundle): string {
  return `${canonicalJson(bundle)}\n`;
}

/** Parses the text of a bundle file, with or without the last line feed. Never throws. */
export function parseBundle(text: string): BundleParse {
  const parsed = parseCanonical(text.endsWith('\n') ? text.slice(0, -1) : text, { maxBytes: MAX_BUNDLE_BYTES });
  if (parsed.kind === 'refused') return parsed;
  const bundle = bundleSchema.safeParse(parsed.value);
  if (bundle.success) return { kind: 'ok', bundle: bundle.data };
  const issue = bundle.error.issues[0];
  return { kind: 'refused', reason: `${issue?.code ?? 'invalid'} at /${issue?.path.map(String).join('/') ?? ''}` };
}
