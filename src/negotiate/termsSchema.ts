// The closed schema of the terms document, made of the leaves (PROTOCOL "The agreement").

import { z } from 'zod';
import { findProblem, type Json } from '../core/canonical.ts';
import { isNotEmpty, LEAF_SCHEMAS as leaf } from './leafSchemas.ts';

/**
 * The terms document. Every leaf but the service's capability, the scope's summary and the price is optional; null is not a value and
 * no section is empty, so that terms have one form. The meaning of each leaf is told where its format is.
 */
export const termsSchema = z.strictObject({
  service: z.strictObject({
    capability: leaf['/service/capability'],
    dvm_kind: leaf['/service/dvm_kind'].optional(),
    title: leaf['/service/title'].optional(),
  }),
  scope: z.strictObject({
    summary: leaf['/scope/summary'],
    inputs: leaf['/scope/inputs'].optional(),
    output: leaf['/scope/output'].optional(),
    acceptance: leaf['/scope/acceptance'].optional(),
    revisions: leaf['/scope/revisions'].optional(),
  }),
  price: leaf['/price'],
  delivery: z
    .strictObject({
      deadline: leaf['/delivery/deadline'].optional(),
      within_s: leaf['/delivery/within_s'].optional(),
      channel: leaf['/delivery/channel'].optional(),
    })
    .refine(isNotEmpty)
    // Two times to deliver by would leave open which one counts.
    .refine(({ deadline, within_s }) => deadline === undefined || within_s === undefined)
    .optional(),
  payment: z
    .strictObject({
      rail: leaf['/payment/rail'].optional(),
      when: leaf['/payment/when'].optional(),
      payee: leaf['/payment/payee'].optional(),
      arbiter: leaf['/payment/arbiter'].optional(),
    })
    .refine(isNotEmpty)
    .optional(),
  confidentiality: z
    .strictObject({
      publish: leaf['/confidentiality/publish'].optional(),
      retention_s: leaf['/confidentiality/retention_s'].optional(),
    })
    .refine(isNotEmpty)
    .optional(),
  penalties: leaf['/penalties'].optional(),
  framework: z
    .strictObject({
      ends_at: leaf['/framework/ends_at'].optional(),
      max_calls: leaf['/framework/max_calls'].optional(),
      cap_msat: leaf['/framework/cap_msat'].optional(),
    })
    .refine(isNotEmpty)
    .optional(),
});

/** Terms, or the place (JSON pointer) and name of the first thing wrong with them. */
export type TermsParse =
  | { readonly kind: 'ok'; readonly terms: z.infer<typeof termsSchema> }
  | { readonly kind: 'refused'; readonly pointer: string; readonly problem: string };

/** Checks a parsed JSON value against the closed schema. Never throws. */
export function parseTerms(value: unknown): TermsParse {
  const unfit = findProblem(value as Json);
  if (unfit !== undefined) return { kind: 'refused', pointer: '', problem: unfit };
  const parsed = termsSchema.safeParse(value);
  if (parsed.success) return { kind: 'ok', terms: parsed.data };
  const issue = parsed.error.issues[0];
  const pointer = (issue?.path ?? []).map((part) => `/${String(part)}`).join('');
  return { kind: 'refused', pointer, problem: issue?.code ?? 'invalid' };
}
