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
  const code = codeOf(issue);
  return [describeProblem(issue.path, code, code === 'choice' || code === 'too-large' ? nameAllowed(issue) : undefined)];
}

function codeOf(issue: z.core.$ZodIssue): MandateProblemCode {
  if (issue.code !== 'invalid_key' && issue.input === undefined && isMissing(issue)) return 'missing';
  if (isProblemCode(issue.message)) return issue.message;
  if (issue.code === 'invalid_key') return 'term';
  return issue.path.length === 1 && issue.path[0] === 'name' ? 'text' : 'type';
}

/** What could stand there, where that is a few words or a bound. */
function nameAllowed(issue: z.core.$ZodIssue): string | undefined {
  if (issue.code === 'invalid_value')
    return `it is ${issue.values
      .map(String)
      .join(', ')
      .replace(/, ([^,]*)$/, ' or $1')}`;
  if (issue.code !== 'too_big') return undefined;
  return issue.origin === 'array' ? `it has at most ${issue.maximum} entries` : `it is at most ${issue.maximum}`;
}

/** Zod tells a missing field only by its words, or not at all where we give ours. */
function isMissing({ code, message }: z.core.$ZodIssue): boolean {
  return code === 'invalid_type' && message.includes('received undefined');
}
