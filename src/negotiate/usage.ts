// What was used, done and measured under an agreement: what the amount owed depends on besides the agreed price and penalties.

import { z } from 'zod';
import { canonicalJson, findProblem, type Json } from '../core/canonical.ts';
import { identifier, lineText, wholeNumber } from './fields.ts';
import { MAX_MILESTONES, MAX_PERIODS } from './priceSchema.ts';

/** Usage; a part is there exactly when the price, or the penalties, have a use for it. */
export const usageSchema = z.strictObject({
  /** Units used: for `per_unit` and `prepaid`. */
  units: wholeNumber.optional(),
  /** Units used in each period that has begun, oldest first; 0 where the subscription counts none. For `subscription`. */
  periods: z.array(wholeNumber).max(MAX_PERIODS).optional(),
  /** Names of the milestones that were accepted, each once. For `milestones`. */
  milestones: z
    .array(lineText)
    .max(MAX_MILESTONES)
    .refine((names) => new Set(names).size === names.length)
    .optional(),
  /** What each metric of the penalties ended at. */
  measures: z.record(identifier, z.int()).optional(),
});

/** What was used, done and measured. */
export type Usage = z.infer<typeof usageSchema>;

/** Usage, or the place (JSON pointer) and name of the first thing wrong with it. */
export type UsageParse =
  { readonly kind: 'ok'; readonly usage: Usage } | { readonly kind: 'refused'; readonly pointer: string; readonly problem: string };

/** Checks a parsed JSON value against the closed schema. Never throws. */
export function parseUsage(value: unknown): UsageParse {
  const unfit = findProblem(value as Json);
  if (unfit !== undefined) return { kind: 'refused', pointer: '', problem: unfit };
  const parsed = usageSchema.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    return { kind: 'refused', pointer: (issue?.path ?? []).map((part) => `/${String(part)}`).join(''), problem: issue?.code ?? 'invalid' };
  }
  // A record leaves out the key "__proto__" without a word.
  const isWhole = canonicalJson(parsed.data) === canonicalJson(value);
  return isWhole ? { kind: 'ok', usage: parsed.data } : { kind: 'refused', pointer: '', problem: 'unrecognized_keys' };
}
