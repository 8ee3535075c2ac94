// Reads the text of a bundle against its closed schema.

import { z } from 'zod';
import { canonicalJson, parseCanonical, type Json } from '../core/canonical.ts';
import { agreementSchema } from './agreementSchema.ts';
import { hex32 } from './fields.ts';
import { signedEventSchema } from './signatureSchema.ts';
import { TERMS_LEAVES } from './termsLeaves.ts';
import { termsSchema } from './termsSchema.ts';

/** Largest bundle in bytes of UTF-8. */
export const MAX_BUNDLE_BYTES = 262_144;

// The seed is the one the agreed terms are salted with: of an alternative its own, which tells nothing of the offer's other terms.
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

/** A bundle, or why a text is none. */
export type BundleParse =
  { readonly kind: 'ok'; readonly bundle: z.infer<typeof bundleSchema> } | { readonly kind: 'refused'; readonly reason: string };

/** Parses the content of a bundle file, UTF-8 bytes or text, with or without the last line feed. Never throws. */
export function parseBundle(content: string | Uint8Array): BundleParse {
  const text = readText(content);
  if (text === undefined) return { kind: 'refused', reason: 'too-large or not UTF-8' };
  const parsed = parseCanonical(text.endsWith('\n') ? text.slice(0, -1) : text, { maxBytes: MAX_BUNDLE_BYTES });
  if (parsed.kind === 'refused') return parsed;
  const bundle = bundleSchema.safeParse(parsed.value);
  if (!bundle.success) return { kind: 'refused', reason: describeIssue(bundle.error.issues[0]) };
  // A schema may leave out a key such as "__proto__" without a word; then this is not the document that was read.
  if (canonicalJson(bundle.data) !== canonicalJson(parsed.value)) return { kind: 'refused', reason: 'unrecognized_keys' };
  return { kind: 'ok', bundle: bundle.data };
}

function readText(content: string | Uint8Array): string | undefined {
  if (typeof content === 'string') return content;
  if (content.length > MAX_BUNDLE_BYTES + 1) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content);
  } catch {
    return undefined;
  }
}

function describeIssue(issue: z.core.$ZodIssue | undefined): string {
  return issue === undefined ? 'invalid' : `${issue.code} at ${issue.path.map((part) => `/${String(part)}`).join('')}`;
}
