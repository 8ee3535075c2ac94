// The rules of a mandate about what may be said: words of the agent's own, and which terms it may name.

import { isTermsLeaf, TERMS_LEAVES, type TermsLeaf } from '../negotiate/termsLeaves.ts';
import { readLeaf, type Terms } from '../negotiate/terms.ts';
import type { Action } from './mandateAction.ts';
import type { Mandate } from './mandateSchema.ts';
import { askIf, denyIf, type Finding } from './mandateVerdict.ts';

type Findings = readonly Finding[];

// The reasons that this program gives by itself when it declines. Every other one is a word of somebody's choice.
const PLAIN_CODES: ReadonlySet<string> = new Set([
  'declined',
  'terms',
  'too-expensive',
  'too-cheap',
  'not-selected',
  'input-too-large',
  'busy',
]);
// A file's name that says no more than its place.
const PLAIN_FILE = /^input-[0-9]{1,2}(?:\.(?:txt|md|pdf|json|csv|zip|png|jpg))?$/;

/** True for a reason that this program gives by itself. */
export function isPlainCode(code: string): boolean {
  return PLAIN_CODES.has(code);
}

/** Words of the agent's own: whether it may say any, how long they are, and whether the owner wants to be asked. */
export function checkWords(mandate: Mandate, text: string): Findings {
  return [...checkOwnWords(mandate, true), ...checkText(mandate, text)];
}

/** The same where words may be there or not. */
export function checkOwnWords({ disclosure, approval }: Mandate, isOwn: boolean): Findings {
  return [
    ...denyIf(isOwn && !disclosure.free_text, 'free-text', 'disclosure.free_text'),
    ...askIf(isOwn && approval.when.includes('free-text'), 'own-words', 'approval.when'),
  ];
}

/** The length of a text, in characters as people count them. */
export function checkText({ disclosure }: Mandate, text: string): Findings {
  return denyIf([...text].length > disclosure.max_text_chars, 'text-too-long', 'disclosure.max_text_chars');
}

/** True for a refusal that says nothing in words of the agent's own: a code of this program, and at most the term that does not fit. */
export function isPlainReject({ code, text }: Extract<Action, { kind: 'reject' }>): boolean {
  return isPlainCode(code) && (text === undefined || isTermsLeaf(text));
}

/**
 * Which terms an opening or an offer of ours may name, how long their texts may be, and whether it may say them at all: what is not in
 * `heard` is in words of its own.
 */
export function checkSaid(mandate: Mandate, terms: Terms, heard: readonly string[]): Findings {
  const said = TERMS_LEAVES.filter((leaf) => readLeaf(terms, leaf) !== null);
  const isOwn = listWords(terms).some((text) => !heard.includes(text) && !PLAIN_FILE.test(text));
  return [
    ...said.flatMap((leaf) => checkNamedTerm(mandate, leaf)),
    ...said.flatMap((leaf) => denyIf(mandate.terms.forbidden.includes(leaf), 'term-forbidden', `terms.forbidden ${leaf}`)),
    ...listTexts(said.map((leaf) => readLeaf(terms, leaf))).flatMap((text) => checkText(mandate, text)),
    ...checkOwnWords(mandate, isOwn),
  ];
}

/** Whether this term may be named before a deal. */
export function checkNamedTerm({ disclosure: { terms } }: Mandate, leaf: TermsLeaf): Findings {
  return denyIf(!terms.includes('*') && !terms.includes(leaf), 'term-undisclosed', `disclosure.terms ${leaf}`);
}

/** What terms say in words, names of files included. */
export function listWords({ service, scope }: Terms): readonly string[] {
  const { summary, output, acceptance = [], inputs = [] } = scope;
  const lines = [service.title, summary, output].flatMap((text) => text ?? []);
  return [...lines, ...acceptance, ...inputs.map(({ name }) => name)];
}

function listTexts(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(listTexts);
}
