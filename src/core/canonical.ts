// Canonical JSON (RFC 8785, JCS): one value, one text, so that both sides hash the same bytes.

import canonicalize from 'canonicalize';
import { NegotiateError } from './errors.ts';
import { findTextProblem } from './text.ts';

/** A JSON value as the protocol allows it: numbers are safe integers. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Deepest nesting of arrays and objects that the protocol's documents have room for. */
export const MAX_DEPTH = 16;

/** The value a canonical text stands for, or why it is not canonical. */
export type CanonicalParse =
  { readonly kind: 'ok'; readonly value: Json } | { readonly kind: 'refused'; readonly reason: CanonicalProblem };

/** Why a text is refused by {@link parseCanonical}. */
export type CanonicalProblem = 'too-large' | 'not-json' | 'too-deep' | 'number' | 'text' | 'not-canonical';

/** Encodes a JSON value as RFC 8785 text. Throws `internal/bug` for what JSON cannot hold. */
export function canonicalJson(value: unknown): string {
  const text = canonicalize(value);
  if (text === undefined) throw new NegotiateError('internal/bug', 'A value outside JSON was to be made canonical. Please report this.');
  return text;
}

/**
 * Parses a text that must be its own canonical form: no duplicate keys, no other spelling, integers only, clean strings
 * (`findTextProblem`), nesting of at most {@link MAX_DEPTH}. Never throws.
 */
export function parseCanonical(text: string, options: { readonly maxBytes: number }): CanonicalParse {
  if (text.length > options.maxBytes || Buffer.byteLength(text) > options.maxBytes) return refuse('too-large');
  const value = parseJson(text);
  if (value === undefined) return refuse('not-json');
  const problem = findProblem(value, 0);
  if (problem !== undefined) return refuse(problem);
  return canonicalJson(value) === text ? { kind: 'ok', value } : refuse('not-canonical');
}

/** The first thing in a parsed JSON value that the protocol has no room for: depth, a number that is no integer, unclean text. */
export function findProblem(value: Json, depth = 0): CanonicalProblem | undefined {
  if (typeof value === 'string') return findTextProblem(value) === undefined ? undefined : 'text';
  if (typeof value === 'number') return Number.isSafeInteger(value) ? undefined : 'number';
  if (typeof value !== 'object' || value === null) return undefined;
  if (depth >= MAX_DEPTH) return 'too-deep';
  const children: readonly Json[] = Array.isArray(value) ? value : [...Object.keys(value), ...Object.values(value)];
  for (const child of children) {
    const problem = findProblem(child, depth + 1);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function parseJson(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

function refuse(reason: CanonicalProblem): CanonicalParse {
  return { kind: 'refused', reason };
}
