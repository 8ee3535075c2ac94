// Vectors of canonical JSON: values and their one text, texts that are taken, texts that are refused.

import { bytesToHex, sha256Hex, utf8 } from '../../src/core/bytes.ts';
import { canonicalJson, parseCanonical, type CanonicalProblem } from '../../src/core/canonical.ts';
import { expectSame } from './testKeys.ts';

const MAX_BYTES = 32_768;
const nest = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);

// Input JSON in any spelling.
const ENCODED: readonly (readonly [string, string])[] = [
  ['white space and order', '{ "b" : 1,\n "a" : [ true , null ] }'],
  ['keys by UTF-16 code units', '{"\u20ac":1,"\\r":2,"\ufb33":3,"1":4,"\u{1f600}":5,"\u0080":6,"\u00f6":7}'],
  ['numbers in other spellings', '[1.0,1e2,-0,100e-2,9007199254740991]'],
  ['escapes', '"\\u0061\\/\\"\\\\\\b\\f\\n\\r\\t\\u001f\\u007f\\u00e9\\ud83d\\ude00"'],
  ['an empty key and prefixes', '{"aa":1,"a":2,"":3,"ab":4,"A":5}'],
];

const ACCEPTED: readonly (readonly [string, string])[] = [
  ['an empty object', '{}'],
  ['nothing', 'null'],
  ['a number', '-12'],
  ['the largest integer', '9007199254740991'],
  ['the smallest integer', '-9007199254740991'],
  ['sorted keys', '{"a":1,"b":{"c":[],"d":""}}'],
  ['letters of many scripts', '"Grüße, 日本語, עברית, 😀"'],
  ['tab and line feed', '"a\\tb\\nc"'],
  ['a quote and a backslash', '"\\"\\\\"'],
  ['nesting of sixteen', nest(16)],
  ['exactly the most bytes', JSON.stringify('x'.repeat(MAX_BYTES - 2))],
  ['a combining mark without a composed form', '"x\u0301"'],
];

const REFUSED: readonly (readonly [string, string, CanonicalProblem])[] = [
  ['one byte too many', JSON.stringify('x'.repeat(MAX_BYTES - 1)), 'too-large'],
  ['too many bytes, and no JSON', 'x'.repeat(MAX_BYTES + 1), 'too-large'],
  ['too many bytes in few characters', JSON.stringify('é'.repeat(MAX_BYTES / 2)), 'too-large'],
  ['no JSON', '{', 'not-json'],
  ['nothing at all', '', 'not-json'],
  ['two values', '1 2', 'not-json'],
  ['a byte-order mark', '\ufeff1', 'not-json'],
  ['NaN', 'NaN', 'not-json'],
  ['a raw line feed in a string', '"a\nb"', 'not-json'],
  ['a trailing comma', '[1,]', 'not-json'],
  ['nesting of seventeen', nest(17), 'too-deep'],
  ['a fraction', '{"a":0.5}', 'number'],
  ['an integer beyond 2^53', '9007199254740992', 'number'],
  ['an integer beyond minus 2^53', '[-9007199254740993]', 'number'],
  ['a number beyond all', '1e400', 'number'],
  ['text that is not NFC', '"e\u0301"', 'text'],
  ['a singleton that NFC replaces', '"\u212b"', 'text'],
  ['a bidi override', '"a\u202eb"', 'text'],
  ['a zero-width space in a key', '{"a\u200b":1}', 'text'],
  ['a zero-width joiner', '"a\u200db"', 'text'],
  ['a variation selector', '"a\ufe0f"', 'text'],
  ['a soft hyphen', '"a\u00adb"', 'text'],
  ['a tag character', '"a\u{e0041}"', 'text'],
  ['a carriage return', '"a\\rb"', 'text'],
  ['a NUL', '"\\u0000"', 'text'],
  ['a C1 control', '"a\u0085b"', 'text'],
  ['delete', '"a\u007fb"', 'text'],
  ['a lone surrogate, escaped', '"\\ud800"', 'text'],
  ['the same key twice', '{"a":1,"a":1}', 'not-canonical'],
  ['the same key twice, spelled two ways', '{"a":1,"\\u0061":1}', 'not-canonical'],
  ['a space', '{"a": 1}', 'not-canonical'],
  ['a line feed at the end', '{}\n', 'not-canonical'],
  ['unsorted keys', '{"b":1,"a":1}', 'not-canonical'],
  ['keys sorted by code points', '{"\uff21":1,"\u{1f600}":2}', 'not-canonical'],
  ['an exponent', '1e2', 'not-canonical'],
  ['a fraction of zero', '1.0', 'not-canonical'],
  ['the largest integer and a fraction of zero', '9007199254740991.0', 'not-canonical'],
  ['a fraction that no double has', '9007199254740991.4', 'not-canonical'],
  ['the same key twice, the first with a fraction', '{"a":0.5,"a":1}', 'not-canonical'],
  ['a larger number with an exponent', '1e16', 'number'],
  ['minus zero', '-0', 'not-canonical'],
  ['an escaped letter', '"\\u0061"', 'not-canonical'],
  ['an escaped slash', '"\\/"', 'not-canonical'],
  ['a long escape where there is a short one', '"\\u000a"', 'not-canonical'],
];

// Bytes that are no UTF-8, in hex: no text, so no JSON.
const NO_TEXT: readonly (readonly [string, string])[] = [
  ['a byte that is never in UTF-8', '22ff22'],
  ['a character that is cut off', '22c322'],
  ['a surrogate in three bytes', '22eda08022'],
  ['a slash in two bytes', '22c0af22'],
];

/** The content of vectors/canonical.json. */
export function makeCanonicalVectors(): unknown {
  const encode = ENCODED.map(([name, json]) => {
    const canonical = canonicalJson(JSON.parse(json));
    return { name, json: hexOf(json), canonical: hexOf(canonical), sha256: sha256Hex(canonical) };
  });
  const accepted = ACCEPTED.map(([name, text]) => {
    expectSame(name, parseCanonical(text, { maxBytes: MAX_BYTES }).kind, 'ok');
    return { name, bytes: hexOf(text), sha256: sha256Hex(text) };
  });
  const refused = REFUSED.map(([name, text, reason]) => {
    expectSame(name, parseCanonical(text, { maxBytes: MAX_BYTES }), { kind: 'refused', reason });
    return { name, bytes: hexOf(text), reason };
  });
  const noText = NO_TEXT.map(([name, bytes]) => ({ name, bytes, reason: 'not-json' }));
  return { about: 'Section 3 of docs/protocol.md. All texts are hex of their UTF-8 bytes.', max_bytes: MAX_BYTES, encode, accepted, refused: [...refused, ...noText] };
}

function hexOf(text: string): string {
  return bytesToHex(utf8(text));
}
