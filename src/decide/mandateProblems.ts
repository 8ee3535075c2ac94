// What can be wrong with a mandate, in words that say what to do.

import { renderPlace } from '../core/place.ts';

const TEXTS = {
  'unknown-field': 'is no field of a policy; take it out, or correct its spelling',
  missing: 'is missing',
  type: 'is of the wrong kind',
  version: 'must be 1: this program knows no other version',
  choice: 'is none of the words that can stand here',
  boolean: 'must be true or false',
  'whole-number': 'must be a whole number that is not negative and that is exact (at most 9007199254740991)',
  amount:
    'must be whole msat, not negative, at most 21 million bitcoin; put digits in quotes where the number is larger than 9007199254740991',
  'too-large': 'is more than there is room for',
  weight: 'must be a number above 0 and at most 1000: how much this issue matters beside the others',
  zero: 'must be at least 1: with 0 nothing could ever happen',
  empty: 'is empty: say what is allowed, or leave it out',
  pattern: 'must be a name, or a name with one * at its end; small letters, digits and ._:/-',
  key: 'must be an npub, a key of 64 hex digits, or * for everybody',
  term: 'is no term; see the list of terms in docs/protocol.md',
  value: 'must be a text or a whole number',
  'dvm-kind': 'must be a kind from 5000 to 5999',
  text: 'must be a text on one line, of at most 200 characters',
  time: 'must be a date with its distance from UTC, such as 2027-01-31T12:00:00Z',
  hours: 'must be days and times such as mon-fri 08:00-18:00',
  offset: 'must be a distance from UTC such as +02:00, or Z',
  'own-strategy': 'names a module of your own, which no policy does: name it for the job (deal --strategy) or for the service',
  strategy: 'is no strategy: write a name such as "trade-off", or a kind with options that are in range (docs/strategies.md)',
  rounds: 'must be a whole number from 1 to 100',
  'until-before-from': 'ends before it begins',
  'no-limits': 'is needed: an agent that may buy has limits',
  'deal-above-day': 'is above per_day_msat: such a deal could never be made',
  'deal-above-open': 'is above open_msat: such a deal could never be made',
  'open-above-day': 'is above per_day_msat, which counts all that is open: it could never be reached',
  'never-asked': 'asks about what is refused anyway: lower it, or take it out',
  'not-a-number': 'is a term that is neither better nor worse by its number: use terms.values for it',
  direction: 'needs to be told which is better: add better = "lower" or "higher"',
  'wrong-direction': 'says that a worse price is better',
  side: 'needs to be told for which role it holds: add as = "buyer" or "seller"',
  'other-role': 'is for a role that this agent does not have',
  'reserve-worse-than-target': 'is better than the target: the worst that is agreed to cannot be better than what is aimed at',
  'reserve-above-limit': 'is above limits.per_deal_msat: it could never be reached',
  twice: 'is said twice',
  'required-and-forbidden': 'is required and forbidden at once',
  'cannot-forbid': 'stands in every deal and cannot be forbidden',
  'excludes-each-other': 'cannot be required together with /delivery/within_s: terms name one of them',
  'limit-on-forbidden': 'is about a term that is forbidden',
  'values-not-listed': 'is a term that has no list of values: use issues for numbers',
  'not-a-value': 'is nothing that this term can be',
  'star-and-more': 'is * for all and names some as well: keep one of them',
  'allowed-and-denied': 'is allowed and denied at once',
  'deny-all': 'denies everybody',
  'hours-empty': 'ends before it begins: for a night, write two spans',
  'minute-above-hour': 'is above the limit for an hour',
  'peer-above-all': 'is above the limit for all peers together',
} as const;

/** What is wrong, in a word. */
export type MandateProblemCode = keyof typeof TEXTS;

/** One problem: where, what in a word, and a sentence. */
export interface MandateProblem {
  /** As `limits.per_day_msat` or `issues[0].reserve`; '' is the document itself. */
  readonly path: string;
  readonly code: MandateProblemCode;
  readonly text: string;
}

/** Describes a problem at a path of names and places; `allowed` says what could stand there instead, such as `at most 100`. */
export function describeProblem(path: readonly PropertyKey[] | string, code: MandateProblemCode, allowed?: string): MandateProblem {
  const at = typeof path === 'string' ? path : renderPlace(path);
  return { path: at, code, text: `${at === '' ? 'The policy' : at} ${TEXTS[code]}${allowed === undefined ? '' : `: ${allowed}`}.` };
}

/** True for a word of the table. */
export function isProblemCode(text: string): text is MandateProblemCode {
  return Object.hasOwn(TEXTS, text);
}
