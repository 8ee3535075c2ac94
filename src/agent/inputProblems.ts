// What is wrong with an input, in words: every problem with its place, what is wrong and what would be right; never a value.

import type { z } from 'zod';
import { NegotiateError } from '../core/errors.ts';
import { renderPlace } from '../core/place.ts';
import { displayText } from '../core/text.ts';

/** An issue as zod tells it, or whoever checks without zod. */
export interface InputIssue {
  readonly code?: string | undefined;
  readonly path: readonly PropertyKey[];
  readonly message?: string | undefined;
  readonly expected?: string;
  readonly keys?: readonly string[];
}

const MOST_TOLD = 20;
const KIND_NAMES: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  bigint: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object with fields',
  record: 'an object with fields',
};

/** The error for an input that its schema refuses. `what` begins the sentence: `The input`, `The simulation`. */
export function explainInput(what: string, issues: readonly InputIssue[], input: unknown): NegotiateError {
  const problems = [...new Set(issues.flatMap((issue) => describe(what, issue, input)))];
  const [first = `${what} is not valid`] = problems;
  if (problems.length < 2) return new NegotiateError('input/invalid', `${first}. Correct it and try again.`);
  const told = problems.slice(0, MOST_TOLD).map((problem) => `  ${problem}.`);
  const more = problems.length > MOST_TOLD ? [`  And ${problems.length - MOST_TOLD} more.`] : [];
  const head = `${what} has ${problems.length} problems. Correct them and try again:`;
  return new NegotiateError('input/invalid', [head, ...told, ...more].join('\n'));
}

function describe(what: string, issue: InputIssue, input: unknown): readonly string[] {
  const told = issue as z.core.$ZodIssue;
  if (isMissing(told, input)) return [`${placeOf(what, told.path)} is missing`];
  if (told.code === 'unrecognized_keys')
    return told.keys.map((key) => `${placeOf(what, [...told.path, key])} is not known here; take it out, or correct its spelling`);
  if (isOwnWord(told.message)) return [`${placeOf(what, told.path)} ${told.message}`];
  if (told.code === 'invalid_union') return describeUnion(what, told, input);
  if (told.code === 'invalid_key' || told.code === 'invalid_element')
    return told.issues.flatMap((each) => describe(what, nestIn(told, each), input));
  return [`${placeOf(what, told.path)} ${describeRule(told)}`];
}

function placeOf(what: string, path: readonly PropertyKey[]): string {
  return path.length === 0 ? what : displayText(renderPlace(path), 400);
}

/** Of several forms the one that was meant: what says its kind tells most, then which fits best. */
function describeUnion(what: string, issue: z.core.$ZodIssueInvalidUnion, input: unknown): readonly string[] {
  const place = placeOf(what, issue.path);
  if ('options' in issue && issue.errors.length === 0) return [`${place} ${describeChoice(issue.options ?? [])}`];
  const forms = listForms(issue);
  const fitting = forms.filter((form) => form.every(({ path }) => path.length > issue.path.length));
  const [best] = fitting.toSorted((a, b) => distanceOf(a) - distanceOf(b));
  if (best !== undefined) return best.flatMap((each) => describe(what, each, input));
  // It is of none of the kinds that it could be of.
  const whole = forms.flat().filter(({ path }) => path.length === issue.path.length);
  const rules = new Set(whole.map((each) => (isOwnWord(each.message) ? each.message : describeRule(each))));
  return [`${place} ${[...rules].join(', or ')}`];
}

/** What each form has against the input; a form that has forms itself is those. */
function listForms(issue: z.core.$ZodIssueInvalidUnion): readonly (readonly z.core.$ZodIssue[])[] {
  return issue.errors.flatMap((issues) => {
    const [only] = issues;
    if (issues.length === 1 && only?.code === 'invalid_union' && only.path.length === 0 && only.errors.length > 0)
      return listForms({ ...only, path: issue.path });
    return [issues.map((each) => nestIn(issue, each))];
  });
}

/** A form whose kind is said to be another one is far from what was meant. */
function distanceOf(form: readonly z.core.$ZodIssue[]): number {
  const isOther = form.some((issue) => (issue.code === 'invalid_value' && issue.values.length === 1) || issue.code === 'invalid_union');
  return form.length + (isOther ? 100 : 0);
}

function nestIn({ path }: { readonly path: readonly PropertyKey[] }, issue: z.core.$ZodIssue): z.core.$ZodIssue {
  return { ...issue, path: [...path, ...issue.path] };
}

function describeRule(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${nameKind(issue)}`;
    case 'invalid_value':
      return describeChoice(issue.values);
    case 'too_small':
      return describeBound(issue.origin, issue.inclusive === false ? 'more than' : 'at least', issue.minimum);
    case 'too_big':
      return describeBound(issue.origin, issue.inclusive === false ? 'less than' : 'at most', issue.maximum);
    case 'invalid_format':
      return issue.pattern === undefined ? `must be a ${issue.format}` : `must be written as ${issue.pattern}`;
    case 'not_multiple_of':
      return `must be a multiple of ${issue.divisor}`;
    case 'custom':
    case 'unrecognized_keys':
    case 'invalid_union':
    case 'invalid_key':
    case 'invalid_element':
      return 'is not valid';
  }
}

function nameKind(issue: z.core.$ZodIssueInvalidType): string {
  return KIND_NAMES[issue.expected] ?? 'of another kind';
}

function describeChoice(values: readonly unknown[]): string {
  const [only] = values;
  return values.length === 1 ? `must be ${String(only)}` : `must be one of ${values.map(String).join(', ')}`;
}

function describeBound(origin: string, bound: string, limit: number | bigint): string {
  const thing = origin === 'string' ? 'character' : origin === 'array' || origin === 'set' ? 'entry' : undefined;
  if (thing === undefined) return `must be ${bound} ${limit}`;
  if (bound === 'at least' && Number(limit) === 1) return 'must not be empty';
  const plural = thing === 'entry' ? 'entries' : `${thing}s`;
  return `must have ${bound} ${limit} ${Number(limit) === 1 ? thing : plural}`;
}

/** Words of a schema's own go on from the place; those of zod begin with a capital letter. */
function isOwnWord(message: string | undefined): message is string {
  return message !== undefined && /^[a-z]/.test(message);
}

function isMissing({ code, path }: InputIssue, input: unknown): boolean {
  return path.length > 0 && code !== 'custom' && valueAt(input, path) === undefined;
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((value, part) => {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    return (value as Readonly<Record<PropertyKey, unknown>>)[part];
  }, input);
}
