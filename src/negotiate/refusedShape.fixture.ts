// Refused moves with a field too many, one too few, or one of the wrong type, length or letters: type by type.

import { row, set, stageMove, unusable, without, type Refused } from './refused.fixture.ts';
import type { SceneName } from './scenes.fixture.ts';

const SCHEMA = unusable('schema');
const UNKNOWN_TYPE = unusable('unknown-type');

/** One scene for each type of move, with each optional field in one of them at least, and the fields that it cannot be without. */
const REQUIRED: readonly (readonly [SceneName, string])[] = [
  ['ask', 'text v'],
  ['answer', 'text v'],
  ['offer', 'terms salt_seed expires_at v'],
  ['presigned', 'terms salt_seed expires_at v'],
  ['accept', 'offer alternative agreement signature v'],
  ['confirm', 'accept agreement signature v'],
  ['close', 're agreement c v'],
  ['cancel', 're void v'],
  ['cancelAll', 'v'],
  ['reject', 'offer final code v'],
  ['withdraw', 'offer v'],
  ['receipt', 'upto v'],
  ['acknowledgement', 'upto v'],
  ['error', 're code v'],
  ['late', 're code v'],
  ['input', 'agreement files v'],
  ['payterms', 'agreement terms request salt v'],
  ['funded', 'agreement funded v'],
  ['deliver', 'agreement files v'],
  ['accepted', 'agreement signature v'],
  ['dispute', 'agreement code v'],
];

/** Objects inside a move. */
const INSIDE: readonly (readonly [SceneName, string, string])[] = [
  ['ask', '/attachments/0', 'name sha256 size'],
  ['answer', '/attachments/0', 'name sha256 size'],
  ['offer', '/alternatives/1', 'service scope price'],
  ['accept', '/signature', 'id pubkey created_at kind tags content sig'],
  ['confirm', '/signature', 'id pubkey created_at kind tags content sig'],
  ['presigned', '/presigned', 'id pubkey created_at kind tags content sig'],
  ['input', '/files/0', 'name sha256 size'],
  ['payterms', '/terms', 'id pubkey created_at kind tags content sig'],
  ['funded', '/funded', 'id pubkey created_at kind tags content sig'],
  ['deliver', '/files/0', 'name sha256 size'],
  ['accepted', '/signature', 'id pubkey created_at kind tags content sig'],
];

const ODD_KEYS = ['zz', '__proto__', 'constructor', 'V'];

function listUnknown(): readonly Refused[] {
  const places = [...REQUIRED.map(([scene]) => [scene, ''] as const), ...INSIDE.map(([scene, place]) => [scene, place] as const)];
  return places.flatMap(([scene, place]) => {
    const keys = place === '' && scene === 'ask' ? ODD_KEYS : ['zz'];
    return keys.map((key) => row(scene, `the unknown field ${place}/${key}`, set(`${place}/${key}`, 1), SCHEMA));
  });
}

function listMissing(): readonly Refused[] {
  const places = [...REQUIRED.map(([scene, fields]) => [scene, '', fields] as const), ...INSIDE];
  return places.flatMap(([scene, place, fields]) =>
    fields.split(' ').map((field) => row(scene, `no ${place}/${field}`, without(`${place}/${field}`), SCHEMA)),
  );
}

/** Every value of the content, wherever it is, by pointer. */
function* walk(json: unknown, pointer = ''): Generator<readonly [string, unknown]> {
  if (typeof json !== 'object' || json === null) return;
  for (const [key, value] of Object.entries(json)) {
    yield [`${pointer}/${key}`, value];
    yield* walk(value, `${pointer}/${key}`);
  }
}

const WRONG: Readonly<Record<string, unknown>> = { string: 7, number: '7', boolean: 'true', object: 'x' };

function listWrong(): readonly Refused[] {
  return REQUIRED.flatMap(([scene]) => {
    const values = [...walk(JSON.parse(stageMove(scene).rumor.content))];
    return values.flatMap(([pointer, value]) => {
      const outcome = pointer === '/type' ? UNKNOWN_TYPE : SCHEMA;
      const other = Array.isArray(value) ? {} : WRONG[typeof value];
      return [
        row(scene, `${pointer} of another type`, set(pointer, other), outcome),
        row(scene, `null for ${pointer}`, set(pointer, null), outcome),
      ];
    });
  });
}

const H64 = 'ab'.repeat(32);
const H128 = 'cd'.repeat(64);
/** Texts that are not 64 digits of lower-case hex. */
const NO_HEX = {
  short: H64.slice(1),
  long: `${H64}a`,
  capital: H64.toUpperCase(),
  prefixed: `0x${H64.slice(2)}`,
  'other letters': `g${H64.slice(1)}`,
  empty: '',
};

const HEX_FIELDS: readonly (readonly [SceneName, string])[] = [
  ['ask', '/re'],
  ['ask', '/attachments/0/sha256'],
  ['offer', '/salt_seed'],
  ['offer', '/re'],
  ['accept', '/offer'],
  ['accept', '/agreement'],
  ['accept', '/signature/id'],
  ['accept', '/signature/pubkey'],
  ['confirm', '/accept'],
  ['close', '/re'],
  ['close', '/c'],
  ['cancel', '/re'],
  ['cancel', '/void'],
  ['reject', '/offer'],
  ['withdraw', '/offer'],
  ['acknowledgement', '/a'],
  ['late', '/l'],
  ['error', '/re'],
  ['payterms', '/salt'],
  ['input', '/files/0/sha256'],
];

const CYRILLIC_A = '\u0430';

/** Values of the right type that are out of bounds. */
const BOUNDS: readonly (readonly [SceneName, string, string, unknown])[] = [
  ['ask', 'an empty text', '/text', ''],
  ['ask', 'a text of 16,001 characters', '/text', 'x'.repeat(16_001)],
  ['ask', 'no attachments', '/attachments', []],
  ['ask', 'seventeen attachments', '/attachments', Array(17).fill({ name: 'a', sha256: H64, size: 1 })],
  ['ask', 'an attachment without a name', '/attachments/0/name', ''],
  ['ask', 'an attachment of less than nothing', '/attachments/0/size', -1],
  ['offer', 'an expiry before all time', '/expires_at', -1],
  ['offer', 'an expiry after the year 9999', '/expires_at', 253_402_300_800],
  ['offer', 'no alternatives', '/alternatives', []],
  ['accept', 'a fifth alternative', '/alternative', 5],
  ['accept', 'an alternative below zero', '/alternative', -1],
  ['accept', 'a signature of another kind', '/signature/kind', 1],
  ['accept', 'a signature with content', '/signature/content', 'x'],
  ['accept', 'seven tags', '/signature/tags', Array(7).fill(['x'])],
  ['accept', 'an empty tag', '/signature/tags/0', []],
  ['accept', 'a tag of three', '/signature/tags/0', ['-', 'a', 'b']],
  ['accept', 'a tag value of 65 characters', '/signature/tags/1/1', `${H64}a`],
  ['accept', 'a short signature', '/signature/sig', H128.slice(2)],
  ['accept', 'a signature in capitals', '/signature/sig', H128.toUpperCase()],
  ['reject', 'an empty code', '/code', ''],
  ['reject', 'a code in capitals', '/code', 'Price'],
  ['reject', 'a code with a Cyrillic letter', '/code', `c${CYRILLIC_A}p`],
  ['reject', 'a code with a space', '/code', 'not this'],
  ['reject', 'a code that begins with a hyphen', '/code', '-price'],
  ['reject', 'a code of 65 characters', '/code', 'x'.repeat(65)],
  ['reject', 'an empty text', '/text', ''],
  ['reject', 'a text of 4,001 characters', '/text', 'x'.repeat(4_001)],
  ['error', 'a code with a full-width letter', '/code', '\uff42udget'],
  ['error', 'a code with a line feed', '/code', 'budget\n'],
  ['dispute', 'a code with a Greek letter', '/code', 'l\u03b1te'],
  ['input', 'no files', '/files', []],
  ['input', 'sixty-five files', '/files', Array.from({ length: 65 }, (_, i) => ({ name: `${i}`, sha256: H64, size: 1 }))],
  ['input', 'two files of one name', '/files', [1, 2].map((size) => ({ name: 'a', sha256: H64, size }))],
  ['input', 'a file name of two lines', '/files/0/name', 'a\nb'],
  ['input', 'a file name of 201 characters', '/files/0/name', 'x'.repeat(201)],
  ['payterms', 'an empty request', '/request', ''],
  ['payterms', 'a request with a space', '/request', 'ln bc'],
  ['payterms', 'a request with a Cyrillic letter', '/request', `lnbc${CYRILLIC_A}`],
  ['payterms', 'a request of 4,001 characters', '/request', 'x'.repeat(4_001)],
  ['payterms', 'a kind beyond all kinds', '/terms/kind', 65_536],
  ['payterms', 'payment terms with content', '/terms/content', 'x'],
  ['funded', 'a proof with a zero-width letter in ASCII escapes', '/proof', 'a b'],
  ['accepted', 'a completion of the kind of a signature', '/signature/kind', 4_391],
  ['accepted', 'five tags', '/signature/tags', Array(5).fill(['x'])],
  ['deliver', 'an empty text', '/text', ''],
  ['receipt', 'an a of another length', '/a', 'ab'],
];

/** Fields that go together only in some ways. */
const TOGETHER: readonly Refused[] = [
  row('cancelAll', 'a lock value without its move', set('/void', H64), SCHEMA),
  row('cancelAll', 'a move without its lock value', set('/re', H64), SCHEMA),
  row('offer', 'amends together with under', { body: (body) => ({ ...body, amends: H64, under: H64 }) }, SCHEMA),
  row(
    'presigned',
    'a signature together with alternatives',
    { body: (body) => ({ ...body, alternatives: [(body as { terms: unknown }).terms] }) },
    SCHEMA,
  ),
  row(
    'offer',
    'five alternatives',
    { body: (body) => ({ ...body, alternatives: Array(5).fill((body as { terms: unknown }).terms) }) },
    SCHEMA,
  ),
  row('receipt', 'the fields of another type', { body: (body) => ({ ...body, type: 'withdraw' }) }, SCHEMA),
];

/** Refused by the closed schema of their type. */
export const REFUSED_SHAPE: readonly Refused[] = [
  ...listUnknown(),
  ...listMissing(),
  row('ask', 'no /type', without('/type'), UNKNOWN_TYPE),
  ...listWrong(),
  ...HEX_FIELDS.flatMap(([scene, pointer]) =>
    Object.entries(NO_HEX).map(([what, text]) => row(scene, `${what} hex in ${pointer}`, set(pointer, text), SCHEMA)),
  ),
  ...BOUNDS.map(([scene, what, pointer, value]) => row(scene, what, set(pointer, value), SCHEMA)),
  ...TOGETHER,
];
