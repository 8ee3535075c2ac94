// The rules of a mandate about what may be said: words of the agent's own, and which terms it may name.

import { isTermsLeaf, TERMS_LEAVES } from '../negotiate/termsLeaves.ts';
import { readLeaf, type Terms } from '../negotiate/terms.ts';
import type { Mandate } from './mandateSchema.ts';
import { denyIf, type Finding } from './mandateVerdict.ts';

type Findings = readonly Finding[];

/** Words of the agent's own. The name of a term, which says why an offer does not fit, is none. */
export function checkWords(mandate: Mandate, text: string): Findings {
  const { free_text: mayTalk } = mandate.disclosure;
  return [...denyIf(!mayTalk && !isTermsLeaf(text), 'free-text', 'disclosure.free_text'), ...checkText(mandate, text)];
}

/** Words to a group: there a term's name answers nothing, and is a word like any other. */
export function checkSpeech(mandate: Mandate, text: string): Findings {
  return [...denyIf(!mandate.disclosure.free_text, 'free-text', 'disclosure.free_text'), ...checkText(mandate, text)];
}

/** The length of a text, in characters as people count them. */
export function checkText({ disclosure }: Mandate, text: string): Findings {
  return denyIf([...text].length > disclosure.max_text_chars, 'text-too-long', 'disclosure.max_text_chars');
}

/** Which terms an opening or an offer of ours may name, and how long their texts may be. */
export function checkSaid(mandate: Mandate, terms: Terms): Findings {
  const { terms: named } = mandate.disclosure;
  const said = TERMS_LEAVES.filter((leaf) => readLeaf(terms, leaf) !== null);
  return [
    ...said.flatMap((leaf) => denyIf(!named.includes('*') && !named.includes(leaf), 'term-undisclosed', `disclosure.terms ${leaf}`)),
    ...said.flatMap((leaf) => denyIf(mandate.terms.forbidden.includes(leaf), 'term-forbidden', `terms.forbidden ${leaf}`)),
    ...listTexts(said.map((leaf) => readLeaf(terms, leaf))).flatMap((text) => checkText(mandate, text)),
  ];
}

function listTexts(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(listTexts);
}
