// Reads a mandate: its form by the closed schema, then whether it contradicts itself. Every problem is told, each with its place.

import type { z } from 'zod';
import { findContradictions } from './mandateContradictions.ts';
import { describeProblem, isProblemCode, type MandateProblem, type MandateProblemCode } from './mandateProblems.ts';
import { mandateSchema, type Mandate } from './mandateSchema.ts';

/** A mandate, or everything that is wrong with it. */
export type MandateParse =
  { readonly kind: 'ok'; readonly mandate: Mandate } | { readonly kind: 'refused'; readonly problems: readonly MandateProblem[] };

const MAX_PROBLEMS = 50;

/**
 * Reads a document as TOML or JSON gives it, with keys in hex and times in unix seconds. Never throws.
 *
 * @example parseMandate({ version: 2 }) // refused: version, and every section that is missing
 */
export function parseMandate(value: unknown): MandateParse {
  const parsed = mandateSchema.safeParse(value);
  const problems = parsed.success ? findContradictions(parsed.data) : parsed.error.issues.flatMap(describeIssue);
  if (!parsed.success || problems.length > 0) return { kind: 'refused', problems: problems.slice(0, MAX_PROBLEMS) };
  return { kind: 'ok', mandate: parsed.data };
}

function describeIssue(issue: z.core.$ZodIssue): readonly MandateProblem[] {
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => describeProblem([...issue.path, key], 'unknown-field'));
  return [describeProblem(issue.path, codeOf(issue))];
}

function codeOf(issue: z.core.$ZodIssue): MandateProblemCode {
  if (issue.code !== 'invalid_key' && issue.input === undefined && isMissing(issue)) return 'missing';
  if (isProblemCode(issue.message)) return issue.message;
  if (issue.code === 'invalid_key') return 'term';
  return issue.path.length === 1 && issue.path[0] === 'name' ? 'text' : 'type';
}

/** Zod tells a missing field only by its words, or not at all where we give ours. */
function isMissing({ code, message }: z.core.$ZodIssue): boolean {
  return code === 'invalid_type' && message.includes('received undefined');
}
