// Vectors of single moves: payloads that are taken or dropped, and events with what a reader makes of them.

import { canonicalJson } from '../../src/core/canonical.ts';
import { bytesToHex, utf8 } from '../../src/core/bytes.ts';
import { encodePayload, parsePayload } from '../../src/marmot/payload.ts';
import { decodeMove, type MoveRumor } from '../../src/negotiate/move.ts';
import { checkArrival } from '../../src/negotiate/transition.ts';
import { computeEventId } from '../../src/nostr/event.ts';
import { LARGEST, SMALLEST } from './termsVectors.ts';
import { draw, expectSame, PUBLIC, sign, T0, verify } from './testKeys.ts';

interface Shape {
  readonly tags?: readonly (readonly string[])[];
  readonly kind?: number;
  readonly content?: string;
}

const nid = draw('nid');
const HEAD = [
  ['n', nid],
  ['seq', '2'],
  ['prev', draw('prev')],
  ['seen', draw('seen')],
] as const;
const ALT = ['alt', 'Said.'] as const;
const TAGS = [...HEAD, ALT];
const OPEN_TAGS = [['seq', '1'], ['prev', ''], ['seen', ''], ALT] as const;
const open = { v: 1, type: 'open', to: PUBLIC.provider, role: 'buyer', service: 'translation', requirements: 'One contract.', features: ['a.b', 'x!'], nonce: draw('nonce'), expires_at: T0 };
const offer = { v: 1, type: 'offer', terms: LARGEST, salt_seed: draw('seed'), expires_at: T0 + 60 };
const deal = draw('agreement');
const files = [{ name: 'a.txt', sha256: draw('file'), size: 3 }];
const event4391 = (tags: string[][]) => sign('buyer', { kind: 4391, created_at: T0, tags, content: '' });
const accept = (tags: string[][]) => ({ v: 1, type: 'accept', offer: draw('re'), alternative: 0, agreement: deal, signature: event4391(tags) });
const completion = (tags: string[][]) => ({ v: 1, type: 'completion', agreement: deal, signature: sign('buyer', { kind: 4396, created_at: T0, tags, content: '' }) });
const funded = (tags: string[][]) => ({ v: 1, type: 'funded', agreement: deal, funded: { ...payment, tags } });
const payment = { id: draw('id'), pubkey: PUBLIC.provider, created_at: T0, kind: 4394, tags: [['-']], content: '', sig: '00'.repeat(64) };

const many = <T>(count: number, make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));

// Bodies that are usable as they are.
const USABLE: readonly (readonly [string, object])[] = [
  ['ask', { v: 1, type: 'ask', text: 'Grüße\n\tund 日本語 😀', re: draw('re'), attachments: [{ name: 'a\nb', sha256: draw('file'), size: 0 }] }],
  ['answer', { v: 1, type: 'answer', text: 'x'.repeat(16_000) }],
  ['text of 16,000 UTF-16 code units in 8,000 characters', { v: 1, type: 'answer', text: '😀'.repeat(8_000) }],
  ['offer', offer],
  ['offer with alternatives', { ...offer, alternatives: [SMALLEST, LARGEST], re: draw('re') }],
  ['offer that amends', { ...offer, amends: deal }],
  ['offer under a framework', { ...offer, under: deal }],
  ['close', { v: 1, type: 'close', re: draw('re'), agreement: deal, c: draw('c') }],
  ['cancel of a signature', { v: 1, type: 'cancel', re: draw('re'), void: draw('v') }],
  ['bare cancel', { v: 1, type: 'cancel' }],
  ['reject', { v: 1, type: 'reject', offer: draw('re'), final: true, code: 'not-selected', text: 'Sorry.' }],
  ['withdraw', { v: 1, type: 'withdraw', offer: draw('re') }],
  ['receipt', { v: 1, type: 'receipt', upto: 3 }],
  ['receipt that acknowledges', { v: 1, type: 'receipt', upto: 0, a: draw('a') }],
  ['error', { v: 1, type: 'error', re: draw('re'), code: 'busy' }],
  ['error late', { v: 1, type: 'error', re: draw('re'), code: 'late', l: draw('l') }],
  ['input', { v: 1, type: 'input', agreement: deal, files }],
  ['payterms', { v: 1, type: 'payterms', agreement: deal, terms: payment, request: 'lnbcrt1', salt: draw('salt') }],
  ['funded', { v: 1, type: 'funded', agreement: deal, funded: payment, proof: draw('preimage') }],
  ['deliver', { v: 1, type: 'deliver', agreement: deal, files, text: 'Done.' }],
  ['sixteen attachments', { v: 1, type: 'ask', text: 'x', attachments: many(16, () => ({ name: 'é'.repeat(100), sha256: draw('file'), size: 0 })) }],
  ['64 files', { v: 1, type: 'deliver', agreement: deal, files: many(64, (i) => ({ name: `${i}`, sha256: draw('file'), size: 0 })) }],
  ['one alternative', { ...offer, terms: SMALLEST, alternatives: [SMALLEST] }],
  ['a request of one character', { v: 1, type: 'payterms', agreement: deal, terms: payment, request: 'x', salt: draw('salt') }],
  ['four alternatives', { ...offer, terms: SMALLEST, alternatives: many(4, () => SMALLEST) }],
  ['an accept of alternative four', { ...accept([]), alternative: 4 }],
  ['a request of 4,000', { v: 1, type: 'payterms', agreement: deal, terms: payment, request: `!~${'x'.repeat(3_998)}`, salt: draw('salt') }],
  ['a payment event of kind 0, without tags', { v: 1, type: 'funded', agreement: deal, funded: { ...payment, kind: 0, tags: [] } }],
  ['a payment event of kind 65535', { v: 1, type: 'funded', agreement: deal, funded: { ...payment, kind: 65_535 } }],
  ['a payment event of the last second of the year 9999', { v: 1, type: 'funded', agreement: deal, funded: { ...payment, created_at: 253_402_300_799 } }],
  ['a content of exactly 32,768 bytes', { v: 1, type: 'answer', text: `${'語'.repeat(10_900)}${'x'.repeat(32_768 - 3 * 10_900 - 33)}` }],
  ['dispute', { v: 1, type: 'dispute', agreement: deal, code: 'not-delivered' }],
  // What the tags of a signature say is looked at later.
  ['a signature without tags', accept([])],
  ['a signature of six tags of empty strings', accept(Array.from({ length: 6 }, () => ['']))],
  ['a signature with a tag of two strings of 64 UTF-16 code units', accept([['x'.repeat(64), '😀'.repeat(32)]])],
  ['a completion of four empty tags', completion(Array.from({ length: 4 }, () => ['', '']))],
  ['a payment event of sixteen tags of four', funded(Array.from({ length: 16 }, () => ['', 'é'.repeat(1_000), '', '']))],
];

// Bodies of a known type that no reader may use.
const UNFIT: readonly (readonly [string, object])[] = [
  ['another version', { v: 2, type: 'ask', text: 'x' }],
  ['a field more', { v: 1, type: 'ask', text: 'x', note: 1 }],
  ['a field too few', { v: 1, type: 'withdraw' }],
  ['null for an absent field', { v: 1, type: 'ask', text: 'x', re: null }],
  ['empty text', { v: 1, type: 'ask', text: '' }],
  ['text of 16,002 UTF-16 code units in 8,001 characters', { v: 1, type: 'answer', text: '😀'.repeat(8_001) }],
  ['a payment event with a string of 1,002 UTF-16 code units in 501 characters', funded([['😀'.repeat(501)]])],
  ['text too long', { v: 1, type: 'ask', text: 'x'.repeat(16_001) }],
  ['an id in capitals', { v: 1, type: 'withdraw', offer: 'AB'.repeat(32) }],
  ['an id that is short', { v: 1, type: 'withdraw', offer: 'ab'.repeat(31) }],
  ['both amends and under', { ...offer, amends: deal, under: deal }],
  ['no alternative in the list', { ...offer, alternatives: [] }],
  ['five alternatives', { ...offer, alternatives: [1, 2, 3, 4, 5].map(() => SMALLEST) }],
  ['terms that are not valid', { ...offer, terms: { ...SMALLEST, payment: {} } }],
  ['a void value without what it is about', { v: 1, type: 'cancel', void: draw('v') }],
  ['a receipt below zero', { v: 1, type: 'receipt', upto: -1 }],
  ['final that is no boolean', { v: 1, type: 'reject', offer: draw('re'), final: 1, code: 'no' }],
  ['a code with a space', { v: 1, type: 'error', re: draw('re'), code: 'not now' }],
  ['files of one name', { v: 1, type: 'deliver', agreement: deal, files: [...files, ...files] }],
  ['no files', { v: 1, type: 'deliver', agreement: deal, files: [] }],
  ['a request with a space', { v: 1, type: 'payterms', agreement: deal, terms: payment, request: 'ln bc', salt: draw('salt') }],
  ['a payment event with content', { v: 1, type: 'funded', agreement: deal, funded: { ...payment, content: 'x' } }],
  ['an open that has an n tag', open],
  ['a payment event after the year 9999', { v: 1, type: 'funded', agreement: deal, funded: { ...payment, created_at: 253_402_300_800 } }],
  ['a payment event of kind 65536', { v: 1, type: 'funded', agreement: deal, funded: { ...payment, kind: 65_536 } }],
  ['a payment event with a tag of no string', funded([[]])],
  ['a request of 4,001', { v: 1, type: 'payterms', agreement: deal, terms: payment, request: 'x'.repeat(4_001), salt: draw('salt') }],
  ['a request that is empty', { v: 1, type: 'payterms', agreement: deal, terms: payment, request: '', salt: draw('salt') }],
  ['no attachment in the list', { v: 1, type: 'ask', text: 'x', attachments: [] }],
  ['a code of 65', { v: 1, type: 'error', re: draw('re'), code: 'x'.repeat(65) }],
  ['a signature of seven tags', accept(Array.from({ length: 7 }, () => ['x']))],
  ['a signature with a tag of no string', accept([[]])],
  ['a signature with a tag of three strings', accept([['x', 'y', 'z']])],
  ['a signature with a string of 65', accept([['x', 'y'.repeat(65)]])],
  ['a signature with a string of 66 UTF-16 code units in 33 characters', accept([['x', '😀'.repeat(33)]])],
  ['a signature of another kind', { ...accept([]), signature: sign('buyer', { kind: 4396, created_at: T0, tags: [], content: '' }) }],
  ['a signature with a field more', { ...accept([]), signature: { ...event4391([]), note: 1 } }],
  ['a signature after the year 9999', { ...accept([]), signature: sign('buyer', { kind: 4391, created_at: 253_402_300_800, tags: [], content: '' }) }],
  ['a signature out of shape and forged', { ...accept([]), signature: { ...event4391([[]]), sig: '00'.repeat(64) } }],
  ['a completion of five tags', completion(Array.from({ length: 5 }, () => ['x']))],
  ['a payment event of seventeen tags', funded(Array.from({ length: 17 }, () => ['x']))],
  ['a payment event with a tag of five', funded([['a', 'b', 'c', 'd', 'e']])],
  ['a payment event with a string of 1,001', funded([['x'.repeat(1_001)]])],
  ['alternatives and a signature', { ...offer, alternatives: [SMALLEST], presigned: event4391([]) }],
  ['an alternative above four', { ...accept([]), alternative: 5 }],
  ['seventeen attachments', { v: 1, type: 'ask', text: 'x', attachments: Array.from({ length: 17 }, () => ({ name: 'a', sha256: draw('file'), size: 0 })) }],
  ['sixty-five files', { v: 1, type: 'deliver', agreement: deal, files: Array.from({ length: 65 }, (_, i) => ({ name: `${i}`, sha256: draw('file'), size: 0 })) }],
];

const OTHER: readonly (readonly [string, Shape, string])[] = [
  ['a type that is a number', { content: '{"type":5,"v":1}' }, 'unknown-type'],
  ['a type that is null', { content: '{"type":null,"v":1}' }, 'unknown-type'],
  ['an open to its author', { tags: OPEN_TAGS, content: canonicalJson({ ...open, to: PUBLIC.buyer }) }, 'open'],
  ['a type that is unknown', { content: '{"type":"bribe","v":1}' }, 'unknown-type'],
  ['no type', { content: '{"v":1}' }, 'unknown-type'],
  ['a list', { content: '[]' }, 'unknown-type'],
  ['no JSON', { content: 'hello' }, 'not-canonical'],
  ['unsorted keys', { content: '{"v":1,"type":"cancel"}' }, 'not-canonical'],
  ['a key twice', { content: '{"type":"cancel","type":"cancel","v":1}' }, 'not-canonical'],
  ['a fraction', { content: '{"type":"receipt","upto":1.5,"v":1}' }, 'not-canonical'],
  ['a bidi control', { content: '{"text":"a\u202eb","type":"ask","v":1}' }, 'not-canonical'],
  ['one byte too many', { content: canonicalJson({ text: `${'語'.repeat(10_900)}${'x'.repeat(32_769 - 3 * 10_900 - 33)}`, type: 'answer', v: 1 }) }, 'oversize'],
  ['seq of six digits', { tags: [HEAD[0], ['seq', '900109'], HEAD[2], HEAD[3], ALT] }, 'ask'],
  ['no features', { tags: OPEN_TAGS, content: canonicalJson({ ...open, features: [] }) }, 'open'],
  ['sixteen features, the last of 32 characters and a mark', { tags: OPEN_TAGS, content: canonicalJson({ ...open, features: [...many(15, () => '0'), `9.-${'z'.repeat(29)}!`] }) }, 'open'],
  ['seventeen features', { tags: OPEN_TAGS, content: canonicalJson({ ...open, features: many(17, () => 'x') }) }, 'schema'],
  ['a feature of 33 characters', { tags: OPEN_TAGS, content: canonicalJson({ ...open, features: ['x'.repeat(33)] }) }, 'schema'],
  ['a feature that is nothing but a mark', { tags: OPEN_TAGS, content: canonicalJson({ ...open, features: ['!'] }) }, 'schema'],
  ['too many bytes', { content: canonicalJson({ text: 'é'.repeat(16_384), type: 'ask', v: 1 }) }, 'oversize'],
  ['no n tag, and no open', { tags: OPEN_TAGS }, 'schema'],
  ['another kind', { kind: 4391 }, 'no move'],
  ['tags in another order', { tags: [TAGS[1] ?? [], TAGS[0] ?? [], ...TAGS.slice(2)] }, 'no move'],
  ['a tag too few', { tags: HEAD }, 'no move'],
  ['a tag too many', { tags: [...TAGS, ['x', 'y']] }, 'no move'],
  ['a tag of three', { tags: [...HEAD, ['alt', 'Said.', 'x']] }, 'no move'],
  ['seq 0', { tags: [HEAD[0], ['seq', '0'], HEAD[2], HEAD[3], ALT] }, 'no move'],
  ['seq 02', { tags: [HEAD[0], ['seq', '02'], HEAD[2], HEAD[3], ALT] }, 'no move'],
  ['seq of seven digits', { tags: [HEAD[0], ['seq', '1000000'], HEAD[2], HEAD[3], ALT] }, 'no move'],
  ['a nid that is short', { tags: [['n', 'ab'], ...TAGS.slice(1)] }, 'no move'],
  ['a prev in capitals', { tags: [HEAD[0], HEAD[1], ['prev', 'AB'.repeat(32)], HEAD[3], ALT] }, 'no move'],
  ['a nid that is empty', { tags: [['n', ''], ...TAGS.slice(1)] }, 'no move'],
  ['an alt of 501 UTF-16 code units in 251 characters', { tags: [...HEAD, ['alt', `${'😀'.repeat(250)}x`]] }, 'no move'],
  ['an unusable move without an n tag', { tags: OPEN_TAGS, content: '{}' }, 'unknown-type'],
  ['an alt of 501', { tags: [...HEAD, ['alt', 'x'.repeat(501)]] }, 'no move'],
];

/** The content of vectors/moves.json. `signed` are moves with signatures, taken from conversations. */
export function makeMoveVectors(signed: readonly MoveRumor[]): unknown {
  const moves = [
    makeMove('open', { tags: OPEN_TAGS, content: canonicalJson(open) }, 'open'),
    makeMove('an alt of escapes and 500', { tags: [...HEAD, ['alt', `"\\/\b\f\n\r\t\u0001\u007f\u2028é😀${'x'.repeat(486)}`]] }, 'ask'),
    makeMove('an empty prev and seen', { tags: [HEAD[0], HEAD[1], ['prev', ''], ['seen', ''], ALT] }, 'ask'),
    ...USABLE.map(([name, body]) => makeMove(name, { content: canonicalJson(body) }, (body as { type: string }).type)),
    ...UNFIT.map(([name, body]) => makeMove(name, { content: canonicalJson(body) }, 'schema')),
    ...OTHER.map(([name, shape, expected]) => makeMove(name, shape, expected)),
    ...makeSigned(signed),
  ];
  return { about: 'Sections 2, 5 and 7 of docs/protocol.md. `expect` is the type of a usable move, with `ref` where a presigned offer has one.', payloads: makePayloads(), moves };
}

function makeMove(name: string, { tags = TAGS, kind = 4390, content }: Shape, expected: string): unknown {
  const event = { pubkey: PUBLIC.buyer, created_at: T0, kind, tags, content: content ?? canonicalJson({ v: 1, type: 'ask', text: 'x' }) };
  return judge(name, { id: computeEventId(event.pubkey, event), ...event }, expected);
}

function judge(name: string, event: MoveRumor, expected: string): unknown {
  const decoded = decodeMove(event);
  if (decoded.kind === 'not-a-move') {
    expectSame(name, 'no move', expected);
    return { name, event, expect: { kind: 'dropped' } };
  }
  const arrival = checkArrival(decoded, (each) => verify(each));
  expectSame(name, arrival.kind === 'move' ? arrival.body.type : arrival.problem, expected);
  if (arrival.kind === 'unusable') return { name, event, expect: { kind: 'unusable', code: arrival.problem } };
  const { nid: named, ref } = arrival.header;
  return { name, event, expect: { kind: 'move', type: arrival.body.type, nid: named, ...(ref === undefined ? {} : { ref }) } };
}

function makeSigned(rumors: readonly MoveRumor[]): unknown[] {
  return rumors.flatMap((rumor) => {
    const { type } = JSON.parse(rumor.content) as { type: string };
    const forged = rumor.content.replace(/"sig":"(.)/, (_, digit: string) => `"sig":"${digit === '0' ? '1' : '0'}`);
    const { id: _, ...event } = { ...rumor, content: forged };
    return [judge(`${type}, signed`, rumor, type), judge(`${type} with a forged signature`, { id: computeEventId(event.pubkey, event), ...event }, 'signature')];
  });
}

function makePayloads(): unknown {
  const event = { pubkey: PUBLIC.buyer, created_at: T0, kind: 4390, tags: TAGS, content: '{"text":"x","type":"ask","v":1}' };
  const rumor = { id: computeEventId(event.pubkey, event), ...event };
  const text = encodePayload(rumor);
  const lone = { ...event, content: '\ud800' };
  const all: readonly (readonly [string, string, boolean])[] = [
    ['a rumor', text, true],
    ['members in another order, with white space', JSON.stringify({ ...event, id: rumor.id }, null, 1), true],
    ['a letter escaped', text.replace('"x', '"\\u0078').replace('\\"x\\"', '\\"\\u0078\\"'), true],
    ['a wrong id', text.replace(rumor.id, draw('wrong')), false],
    ['a signature', JSON.stringify({ ...rumor, sig: '00'.repeat(64) }), false],
    ['a member twice', text.replace('{', '{"kind":4390,'), false],
    ['a member too few', JSON.stringify(event), false],
    ['a kind above all', encodePayload(withId({ ...event, kind: 65_536 })), false],
    ['a date that is a fraction', encodePayload(withId({ ...event, created_at: T0 + 0.5 })), false],
    ['a date in another spelling', text.replace(`${T0}`, `${T0 / 100}e2`), true],
    ['a date and a kind with a fraction of zero', text.replace(`${T0}`, `${T0}.0`).replace(':4390', ':4390.0'), true],
    ['a date with a fraction that no double has', text.replace(`${T0}`, `${T0}.00000000001`), true],
    ['a date of zero', encodePayload(withId({ ...event, created_at: 0 })), true],
    ['the latest date', encodePayload(withId({ ...event, created_at: 9_007_199_254_740_991 })), true],
    ['a date beyond 2^53', encodePayload(withId({ ...event, created_at: 9_007_199_254_740_992 })), false],
    ['a date below zero', encodePayload(withId({ ...event, created_at: -1 })), false],
    ['a date that is text', textOf({ ...event, created_at: `${T0}` }), false],
    ['a kind of 0', encodePayload(withId({ ...event, kind: 0 })), true],
    ['the last lone surrogate, in a tag', encodePayload(withId({ ...event, tags: [['alt', '\udfff']] })), false],
    ['a kind of 65535', encodePayload(withId({ ...event, kind: 65_535 })), true],
    ['a kind below zero', encodePayload(withId({ ...event, kind: -1 })), false],
    ['a kind that is text', textOf({ ...event, kind: '4390' }), false],
    ['no tags', encodePayload(withId({ ...event, tags: [] })), true],
    ['a tag of nothing', encodePayload(withId({ ...event, tags: [[]] })), true],
    ['tags that are no list', textOf({ ...event, tags: {} }), false],
    ['a tag that is text', textOf({ ...event, tags: ['alt'] }), false],
    ['a number in a tag', textOf({ ...event, tags: [['seq', 2]] }), false],
    ['null in a tag', textOf({ ...event, tags: [['seq', null]] }), false],
    ['content that is null', textOf({ ...event, content: null }), false],
    ['content that is an object', textOf({ ...event, content: { type: 'ask' } }), false],
    ['a pubkey in capitals', textOf({ ...event, pubkey: event.pubkey.toUpperCase() }), false],
    ['a list', `[${text}]`, false],
    ['two rumors', text + text, false],
    ['a lone surrogate', encodePayload({ id: computeEventId(lone.pubkey, lone), ...lone }), false],
    ['a byte-order mark', `\ufeff${text}`, false],
    ['no JSON', 'hello', false],
  ];
  const made = all.map(([name, payload, accepted]) => {
    expectSame(name, parsePayload(payload) !== undefined, accepted);
    return { name, bytes: bytesToHex(utf8(payload)), accepted };
  });
  const at = text.indexOf('Said') + 1;
  const broken = Uint8Array.of(...utf8(text.slice(0, at)), 0xff, ...utf8(text.slice(at)));
  expectSame('bytes that are not UTF-8', parsePayload(broken) !== undefined, false);
  return [...made, { name: 'bytes that are not UTF-8', bytes: bytesToHex(broken), accepted: false }];
}

function withId(event: Omit<MoveRumor, 'id'>): MoveRumor {
  return { id: computeEventId(event.pubkey, event), ...event };
}

/** The text of a payload of any form, under the id that the rule gives it. */
function textOf(event: object): string {
  return JSON.stringify({ id: computeEventId('pubkey' in event ? String(event.pubkey) : '', event as MoveRumor), ...event });
}
