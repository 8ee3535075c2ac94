// Inputs that are a few texts at most, checked without zod: loading that would cost a verb that only looks more than all the rest.

import type { z } from 'zod';
import type { InputIssue } from './inputProblems.ts';

/** What checking an input came to. */
export type InputCheck<O> =
  { readonly success: true; readonly data: O } | { readonly success: false; readonly error: { readonly issues: readonly InputIssue[] } };

const NO_TEXT = { code: 'invalid_type', expected: 'string' } as const;

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
      if (typeof input !== 'object' || input === null || Array.isArray(input))
        return refuse([{ code: 'invalid_type', expected: 'object', path: [] }]);
      const given = new Map<string, unknown>(Object.entries(input));
      const entries = Object.entries(fields);
      const isWrong = ([name, need]: (typeof entries)[number]): boolean =>
        !isText(given.get(name)) && !(need === 'optional' && given.get(name) === undefined);
      const wrong = entries.filter(isWrong).map(([name]): InputIssue => ({ ...NO_TEXT, path: [name] }));
      const keys = [...given.keys()].filter((name) => !Object.hasOwn(fields, name));
      const issues = [...wrong, ...(keys.length === 0 ? [] : [{ code: 'unrecognized_keys', keys, path: [] }])];
      return issues.length === 0 ? { success: true, data: { ...input } as T } : refuse(issues);
    },
  };
}

function isText(value: unknown): boolean {
  return typeof value === 'string';
}

function refuse(issues: readonly InputIssue[]): InputCheck<never> {
  return { success: false, error: { issues } };
}
