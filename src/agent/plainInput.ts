// Inputs that are a few texts at most, checked without zod: loading that would cost a verb that only looks more than all the rest.

import type { z } from 'zod';

/** An issue, as zod tells it. */
interface Issue {
  readonly code?: string | undefined;
  readonly path: readonly PropertyKey[];
}

/** What checking an input came to. */
export type InputCheck<O> =
  { readonly success: true; readonly data: O } | { readonly success: false; readonly error: { readonly issues: readonly Issue[] } };

/** An input of texts. */
export interface PlainInput<T> {
  readonly safeParse: (input: unknown) => InputCheck<T>;
}

/** What checks the input of a use case. */
export type InputSchema = z.ZodType | PlainInput<unknown>;
/** What such a schema takes, before defaults are filled in. */
export type InputFor<S extends InputSchema> = S extends z.ZodType ? z.input<S> : S extends PlainInput<infer T> ? T : never;
/** What it makes of that. */
export type ParsedBy<S extends InputSchema> = S extends z.ZodType ? z.output<S> : S extends PlainInput<infer T> ? T : never;

/**
 * An object of these texts and no others.
 *
 * @example plainInput<{ nid: string; agreement?: string }>({ nid: 'required', agreement: 'optional' })
 */
export function plainInput<T extends object>(fields: Readonly<Record<keyof T, 'required' | 'optional'>>): PlainInput<T> {
  return {
    safeParse: (input) => {
      if (typeof input !== 'object' || input === null || Array.isArray(input)) return refuse('invalid_type', []);
      const given = new Map<string, unknown>(Object.entries(input));
      const entries = Object.entries(fields);
      const wrong = entries.find(([name, need]) => !isText(given.get(name)) && !(need === 'optional' && given.get(name) === undefined));
      if (wrong !== undefined) return refuse('invalid_type', [wrong[0]]);
      if ([...given.keys()].some((name) => !Object.hasOwn(fields, name))) return refuse('unrecognized_keys', []);
      return { success: true, data: { ...input } as T };
    },
  };
}

function isText(value: unknown): boolean {
  return typeof value === 'string';
}

function refuse(code: string, path: readonly string[]): InputCheck<never> {
  return { success: false, error: { issues: [{ code, path }] } };
}
