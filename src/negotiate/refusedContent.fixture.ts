// Refused moves whose content is not in its one canonical form, is too large, or is of no known type or version.

import { after, dropped, error, raw, row, said, set, spell, unusable, type Refused } from './refused.fixture.ts';
import { MAX_CONTENT_BYTES } from './move.ts';

const NOT_CANONICAL = unusable('not-canonical');
const SCHEMA = unusable('schema');

/** Spellings of numbers where 1 stands in the valid move. */
const NUMBERS: readonly (readonly [string, string])[] = [
  ['a number with a fraction of nothing', '1.0'],
  ['a number with a fraction', '1.5'],
  ['a number with an exponent', '1e0'],
  ['a number with a large exponent sign', '1E0'],
  ['an exponent that makes ten', '1e1'],
  ['an exponent beyond all numbers', '1e400'],
  ['negative zero', '-0'],
  ['negative zero with a fraction', '-0.0'],
  ['the first integer that is not safe', '9007199254740992'],
  ['an integer that no double holds', '9007199254740993'],
  ['an integer of thirty digits', '1'.repeat(30)],
  ['a number with a leading zero', '01'],
  ['a number with a plus', '+1'],
  ['a number in hex', '0x1'],
  ['no number by name', 'NaN'],
  ['infinity by name', 'Infinity'],
  ['a number that begins with its point', '.5'],
];

/** Texts with something in them that is not allowed anywhere, put where "urgent" stands. */
const TEXTS: readonly (readonly [string, string])[] = [
  ['text that is not NFC', 'u\u0308rgent'],
  ['a letter of Hangul in parts', '\u1112\u1161\u11ab'],
  ['a compatibility form that NFC takes apart', '\u212b'],
  ['a right-to-left override', 'ur\u202egent'],
  ['a right-to-left mark', 'ur\u200fgent'],
  ['a bidirectional isolate', '\u2066urgent\u2069'],
  ['an Arabic letter mark', 'ur\u061cgent'],
  ['a zero-width space', 'ur\u200bgent'],
  ['a zero-width joiner', 'ur\u200dgent'],
  ['a word joiner', 'ur\u2060gent'],
  ['a byte order mark', '\ufeffurgent'],
  ['a soft hyphen', 'ur\u00adgent'],
  ['a variation selector', 'urgent\ufe0f'],
  ['a tag character', 'urgent\u{e0041}'],
  ['a Hangul filler', 'ur\u3164gent'],
  ['a line separator', 'ur\u2028gent'],
  ['a next-line control', 'ur\u0085gent'],
  ['a delete', 'ur\u007fgent'],
];

/** The same content, spelled in another way, of `ask`. */
const SPELLINGS: readonly (readonly [string, (text: string) => string])[] = [
  ['a space before the value', (text) => text.replace('"text":', '"text": ')],
  ['a space before everything', (text) => ` ${text}`],
  ['a line feed after everything', (text) => `${text}\n`],
  ['a byte order mark before everything', (text) => `\ufeff${text}`],
  ['keys in another order', (text) => text.replace('"v":1}', '}').replace('{', '{"v":1,').replace(',}', '}')],
  ['a key twice', (text) => text.replace('{', '{"v":1,')],
  ['a key twice with two values', (text) => text.replace('"type":"ask"', '"type":"ask","type":"answer"')],
  ['a key twice, once under an escape', (text) => text.replace('"v":1', '"\\u0076":1,"v":1')],
  ['a key twice in an attachment', (text) => text.replace('"size":6', '"size":6,"size":6')],
  ['a key under an escape', (text) => text.replace('"text":', '"\\u0074ext":')],
  ['an escape that is not needed', (text) => text.replace('urgent', '\\u0075rgent')],
  ['an escaped slash', (text) => text.replace('urgent', 'a\\/b')],
  ['an escape in capitals', (text) => text.replace('urgent', '\\u00E4')],
  ['a letter as an escape', (text) => text.replace('urgent', '\\u00e4')],
  ['a pair of surrogates as escapes', (text) => text.replace('urgent', '\\ud83d\\ude00')],
  ['a lone high surrogate as an escape', (text) => text.replace('urgent', '\\ud800')],
  ['a lone low surrogate as an escape', (text) => text.replace('urgent', '\\udc00')],
  ['surrogates in the wrong order', (text) => text.replace('urgent', '\\ude00\\ud83d')],
  ['a nul as an escape', (text) => text.replace('urgent', '\\u0000')],
  ['a bell as an escape', (text) => text.replace('urgent', '\\u0007')],
  ['a raw line feed in a text', (text) => text.replace('urgent', 'ur\ngent')],
  ['a comment', (text) => text.replace('{', '{/**/')],
  ['a comma after the last member', (text) => text.replace('"v":1}', '"v":1,}')],
  ['single quotes', (text) => text.replaceAll('"', "'")],
  ['half of the content', (text) => text.slice(0, text.length / 2)],
  ['a second value', (text) => `${text}{}`],
  ['nothing', () => ''],
  ['seventeen levels', (text) => text.replace('"size":6', `"size":${'['.repeat(17)}${']'.repeat(17)}`)],
  ['ten thousand levels', () => '['.repeat(10_000)],
  ['an undefined value', (text) => text.replace('"v":1', '"v":undefined')],
];

/** Content that is no known move, whatever else it is. */
const STRANGE: readonly (readonly [string, string])[] = [
  ['a list', '[]'],
  ['null', 'null'],
  ['a number', '7'],
  ['a text', '"ask"'],
  ['an empty object', '{}'],
  ['a type of its own', '{"type":"bribe","v":1}'],
  ['a type in capitals', '{"text":"x","type":"ASK","v":1}'],
  ['a type with a Cyrillic letter', '{"text":"x","type":"\u0430sk","v":1}'],
  ['a type that is a list', '{"text":"x","type":["ask"],"v":1}'],
  ['a type that every object knows', '{"type":"constructor","v":1}'],
  ['a type called __proto__', '{"type":"__proto__","v":1}'],
  ['only the key __proto__', '{"__proto__":{"text":"x","type":"ask","v":1}}'],
];

const VERSIONS: readonly (readonly [string, unknown])[] = [
  ['version 2', 2],
  ['version 0', 0],
  ['version -1', -1],
  ['a version as text', '1'],
];

const rest = `,"type":"ask","v":1}`;
const fill = (bytes: number): string => `{"text":"${'x'.repeat(bytes - rest.length - 10)}"${rest}`;

/** Refused for the form of their content. */
export const REFUSED_CONTENT: readonly Refused[] = [
  ...NUMBERS.map(([what, spelling]) => row('receipt', what, raw('/upto', spelling), NOT_CANONICAL)),
  row('receipt', 'a number below zero', set('/upto', -1), SCHEMA),
  row('offer', 'an exponent deep in the terms', raw('/terms/scope/revisions', '2e0'), NOT_CANONICAL),
  row('offer', 'negative zero deep in the terms', raw('/terms/scope/revisions', '-0'), NOT_CANONICAL),
  row('offer', 'a fraction in the time', raw('/expires_at', '1800003600.5'), NOT_CANONICAL),
  ...TEXTS.map(([what, text]) =>
    row(
      'ask',
      what,
      spell((content) => content.replace('urgent', text)),
      NOT_CANONICAL,
    ),
  ),
  row('ask', 'a key that is not NFC', set('/u\u0308', 1), NOT_CANONICAL),
  row('ask', 'a key with a zero-width space', set('/te\u200bxt', 'x'), NOT_CANONICAL),
  row('offer', 'a right-to-left override deep in the terms', set('/terms/scope/summary', 'a\u202eb'), NOT_CANONICAL),
  ...SPELLINGS.map(([what, change]) => row('ask', what, spell(change), NOT_CANONICAL)),
  row(
    'offer',
    'a key twice deep in the terms',
    spell((text) => text.replace('"revisions":', '"revisions":9,"revisions":')),
    NOT_CANONICAL,
  ),
  row(
    'accept',
    'a key twice in the signature',
    spell((text) => text.replace('"content":""', '"content":"","content":""')),
    NOT_CANONICAL,
  ),
  row(
    'ask',
    'a lone surrogate in the event itself',
    spell((text) => text.replace('urgent', '\ud800')),
    dropped('channel'),
  ),
  ...STRANGE.map(([what, text]) =>
    row(
      'ask',
      what,
      spell(() => text),
      unusable('unknown-type'),
    ),
  ),
  ...VERSIONS.map(([what, v]) => row('ask', what, set('/v', v), SCHEMA)),
  row('accept', 'version 2', set('/v', 2), SCHEMA),
  row('offer', 'version 2', set('/v', 2), SCHEMA),
  row(
    'ask',
    'one byte above the largest content',
    spell(() => fill(MAX_CONTENT_BYTES + 1)),
    unusable('oversize'),
  ),
  row(
    'ask',
    'the largest content, all of it text',
    spell(() => fill(MAX_CONTENT_BYTES)),
    SCHEMA,
  ),
  row(
    'ask',
    'content above the limit in bytes, not in characters',
    spell(() => '"' + '\u00e4'.repeat(MAX_CONTENT_BYTES / 2) + '"'),
    unusable('oversize'),
  ),
  row(
    'ask',
    'a hundred times the largest content',
    spell(() => ' '.repeat(MAX_CONTENT_BYTES * 100)),
    unusable('oversize'),
  ),
  row('ask', 'another `open` in the middle', { body: (_body, { me }) => me.state.open }, SCHEMA),
  row(
    'ask',
    'unusable content after the end',
    { ...after(said({ v: 1, type: 'cancel' })), ...spell(() => '[]') },
    unusable('unknown-type'),
  ),
  row('offer', 'an offer after the end', after(said({ v: 1, type: 'cancel' })), error('closed')),
];
