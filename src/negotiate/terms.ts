// What two agents can agree on: the closed terms document and its fixed, ordered list of leaves (PROTOCOL "The agreement").

import { z } from 'zod';
import { findProblem, type Json } from '../core/canonical.ts';
import { priceSchema } from './price.ts';
import { amountText, capability, hex32, identifier, longText, publicKey, shortText, unixSeconds, wholeNumber } from './fields.ts';

const inputSchema = z.strictObject({ name: shortText, sha256: hex32, size: wholeNumber });
const slaCreditSchema = z.strictObject({ metric: shortText, threshold: shortText, credit_msat: amountText });

/** The terms document. Every field but the service's capability, the scope's summary and the price is optional; null is not a value. */
export const termsSchema = z.strictObject({
  service: z.strictObject({
    /** What is bought, as announced (kind 38990). */
    capability,
    /** NIP-90 job kind, 5000 to 5999. */
    dvm_kind: z.int().min(5_000).max(5_999).optional(),
    title: shortText.optional(),
  }),
  scope: z.strictObject({
    summary: longText,
    /** Files or texts the buyer hands over, by digest. */
    inputs: z.array(inputSchema).min(1).max(64).optional(),
    output: longText.optional(),
    acceptance: z.array(longText).min(1).max(32).optional(),
    /** Rounds of rework included in the price. */
    revisions: wholeNumber.optional(),
  }),
  price: priceSchema,
  delivery: z
    .strictObject({
      /** Unix seconds. */
      deadline: unixSeconds.optional(),
      /** Seconds after payment. */
      within_s: wholeNumber.optional(),
      channel: identifier.optional(),
    })
    .refine(isNotEmpty)
    .optional(),
  payment: z
    .strictObject({
      rail: identifier.optional(),
      when: z.enum(['before', 'after', 'escrow', 'milestones']).optional(),
      payee: longText.optional(),
      arbiter: publicKey.optional(),
    })
    .refine(isNotEmpty)
    .optional(),
  confidentiality: z
    .strictObject({
      /** What may be published afterwards, such as `attestation`; an empty deal publishes nothing. */
      publish: z.array(identifier).min(1).max(16).optional(),
      /** Seconds after delivery within which inputs and results are deleted. */
      retention_s: wholeNumber.optional(),
    })
    .refine(isNotEmpty)
    .optional(),
  penalties: z.array(slaCreditSchema).min(1).max(16).optional(),
  framework: z
    .strictObject({ ends_at: unixSeconds.optional(), max_calls: wholeNumber.optional(), cap_msat: amountText.optional() })
    .refine(isNotEmpty)
    .optional(),
});

/** A valid terms document. */
export type Terms = z.infer<typeof termsSchema>;

/**
 * Every leaf by JSON pointer (RFC 6901), in the order their digests enter the terms root. The list is final for version 1: a
 * list or a price is one whole leaf, and a leaf that is absent counts as null.
 */
export const TERMS_LEAVES = [
  '/service/capability',
  '/service/dvm_kind',
  '/service/title',
  '/scope/summary',
  '/scope/inputs',
  '/scope/output',
  '/scope/acceptance',
  '/scope/revisions',
  '/price',
  '/delivery/deadline',
  '/delivery/within_s',
  '/delivery/channel',
  '/payment/rail',
  '/payment/when',
  '/payment/payee',
  '/payment/arbiter',
  '/confidentiality/publish',
  '/confidentiality/retention_s',
  '/penalties',
  '/framework/ends_at',
  '/framework/max_calls',
  '/framework/cap_msat',
] as const;

/** A JSON pointer of {@link TERMS_LEAVES}. */
export type TermsLeaf = (typeof TERMS_LEAVES)[number];

/** Terms, or the place and name of the first thing wrong with them. */
export type TermsParse =
  { readonly kind: 'ok'; readonly terms: Terms } | { readonly kind: 'refused'; readonly pointer: string; readonly problem: string };

/** Checks a parsed JSON value against the closed schema. Never throws. */
export function parseTerms(value: unknown): TermsParse {
  const unfit = findProblem(value as Json);
  if (unfit !== undefined) return { kind: 'refused', pointer: '', problem: unfit };
  const parsed = termsSchema.safeParse(value);
  if (parsed.success) return { kind: 'ok', terms: parsed.data };
  const issue = parsed.error.issues[0];
  return {
    kind: 'refused',
    pointer: issue === undefined ? '' : issue.path.map((part) => `/${String(part)}`).join(''),
    problem: issue?.code ?? 'invalid',
  };
}

/** True for a pointer of {@link TERMS_LEAVES}. */
export function isTermsLeaf(pointer: string): pointer is TermsLeaf {
  return (TERMS_LEAVES as readonly string[]).includes(pointer);
}

/** The value of a leaf, null when it is absent. */
export function readLeaf(terms: Terms, pointer: TermsLeaf): Json {
  let value: unknown = terms;
  for (const key of pointer.slice(1).split('/')) value = (value as Record<string, unknown> | undefined)?.[key];
  return (value ?? null) as Json;
}

function isNotEmpty(value: object): boolean {
  return Object.keys(value).length > 0;
}
