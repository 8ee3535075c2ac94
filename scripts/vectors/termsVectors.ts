// Vectors of terms: roots, salts, alternatives, agreements, disclosures, and what is no terms or no agreement.

import { hexToBytes, hmacSha256, bytesToHex } from '../../src/core/bytes.ts';
import { hashAgreement, makeAgreement } from '../../src/negotiate/agreement.ts';
import { agreementSchema } from '../../src/negotiate/agreementSchema.ts';
import type { Terms } from '../../src/negotiate/terms.ts';
import { parseTerms } from '../../src/negotiate/termsSchema.ts';
import { TERMS_LEAVES, type TermsLeaf } from '../../src/negotiate/termsLeaves.ts';
import { computeTermsRoot, deriveAlternativeSeed, discloseTerms } from '../../src/negotiate/termsRoot.ts';
import { checkDisclosure } from '../../src/negotiate/checkDisclosure.ts';
import { draw, expectSame, PUBLIC, T0 } from './testKeys.ts';

/** Terms with only what is required. */
export const SMALLEST: Terms = {
  service: { capability: 'translation' },
  scope: { summary: 'Translate it.' },
  price: { model: 'fixed', amount_msat: '700000' },
};

/** Terms with every leaf but the deadline, which excludes `within_s`. */
export const LARGEST: Terms = {
  service: { capability: 'text/translation', dvm_kind: 5002, title: 'Vertrag, Übersetzung' },
  scope: {
    summary: 'Translate one contract.\nKeep the layout.',
    inputs: [
      { name: 'vertrag.txt', sha256: '11'.repeat(32), size: 9 },
      { name: 'Anhang 1.txt', sha256: '12'.repeat(32), size: 0 },
    ],
    output: 'UTF-8 text',
    acceptance: ['Complete', 'No € sign is lost'],
    revisions: 1,
  },
  price: {
    model: 'per_unit',
    unit: 'token',
    per: 1_000,
    tiers: [
      { from: 0, price_msat: '2000' },
      { from: 1_000_000, price_msat: '1500' },
    ],
    tiering: 'graduated',
    minimum_msat: '10000',
    cap_msat: '5000000',
  },
  delivery: { within_s: 86_400, channel: 'channel' },
  payment: {
    rail: 'cashu-2of3',
    when: 'escrow',
    payee: { address: 'agent@example.com', mints: ['https://mint.example.com'] },
    arbiter: PUBLIC.stranger,
  },
  confidentiality: { publish: ['attestation'], retention_s: 604_800 },
  penalties: [{ metric: 'late_s', over: 3_600, credit_msat: '50000' }],
  framework: { ends_at: 1_830_000_000, max_calls: 10, cap_msat: '7000000' },
};

const DEADLINE: Terms = { ...SMALLEST, delivery: { deadline: T0 + 86_400 } };

const many = <T>(count: number, make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));
const ALL = '2100000000000000000';
const NAME_64 = `0z9._:-${'a'.repeat(57)}`;
const LATEST = 253_402_300_799;

/** Every leaf is as large as it may be. */
const UPPER: Terms = {
  service: { capability: `9z9._:/-${'x'.repeat(56)}`, dvm_kind: 5_999, title: '😀'.repeat(100) },
  scope: {
    summary: '😀'.repeat(2_000),
    inputs: many(64, (i) => ({ name: `${i}${'x'.repeat(200 - `${i}`.length)}`, sha256: 'ff'.repeat(32), size: 9_007_199_254_740_991 })),
    output: 'x'.repeat(4_000),
    acceptance: many(32, (i) => `${i}`),
    revisions: 9_007_199_254_740_991,
  },
  price: { model: 'fixed', amount_msat: ALL },
  delivery: { deadline: LATEST, channel: NAME_64 },
  payment: { rail: NAME_64, when: 'milestones', payee: { address: `!~${'x'.repeat(998)}`, mints: many(8, () => 'x') }, arbiter: 'ff'.repeat(32) },
  confidentiality: { publish: many(16, (i) => `p${i}`), retention_s: 9_007_199_254_740_991 },
  penalties: many(16, () => ({ metric: NAME_64, under: 9_007_199_254_740_991, credit_msat: ALL })),
  framework: { ends_at: LATEST, max_calls: 9_007_199_254_740_991, cap_msat: ALL },
};

/** Every leaf is as small as it may be. */
const LOWER: Terms = {
  service: { capability: '0', dvm_kind: 5_000, title: 'x' },
  scope: { summary: '\t', inputs: [{ name: 'x', sha256: '00'.repeat(32), size: 0 }], output: '\n', acceptance: ['x'], revisions: 0 },
  price: { model: 'fixed', amount_msat: '0' },
  delivery: { deadline: 0, channel: '0' },
  payment: { rail: 'x', when: 'after', payee: { mints: ['!'] }, arbiter: '00'.repeat(32) },
  confidentiality: { publish: ['9'], retention_s: 0 },
  penalties: [{ metric: '0', over: 0, credit_msat: '0' }],
  framework: { ends_at: 0, max_calls: 0, cap_msat: '0' },
};

const INVALID: readonly (readonly [string, unknown])[] = [
  ['no price', { service: SMALLEST.service, scope: SMALLEST.scope }],
  ['no summary', { ...SMALLEST, scope: {} }],
  ['a field that is unknown', { ...SMALLEST, note: 'free' }],
  ['a section that is empty', { ...SMALLEST, payment: {} }],
  ['null for an absent leaf', { ...SMALLEST, penalties: null }],
  ['a price of an unknown model', { ...SMALLEST, price: { model: 'auction', amount_msat: '1' } }],
  ['an amount with a leading zero', { ...SMALLEST, price: { model: 'fixed', amount_msat: '0700' } }],
  ['an amount above all bitcoin', { ...SMALLEST, price: { model: 'fixed', amount_msat: '2100000000000000001' } }],
  ['an amount that is a number', { ...SMALLEST, price: { model: 'fixed', amount_msat: 700 } }],
  ['two times to deliver by', { ...SMALLEST, delivery: { deadline: T0, within_s: 1 } }],
  ['a title of two lines', { ...SMALLEST, service: { capability: 'translation', title: 'a\nb' } }],
  ['a title of 201 characters', { ...SMALLEST, service: { capability: 'translation', title: 'x'.repeat(201) } }],
  ['a title of 101 characters outside the first plane', { ...SMALLEST, service: { capability: 'x', title: '😀'.repeat(101) } }],
  ['a capability of 65', { ...SMALLEST, service: { capability: 'x'.repeat(65) } }],
  ['a capability that is empty', { ...SMALLEST, service: { capability: '' } }],
  ['a capability that begins with a stroke', { ...SMALLEST, service: { capability: '/x' } }],
  ['a channel of 65', { ...SMALLEST, delivery: { channel: 'x'.repeat(65) } }],
  ['a channel with a stroke', { ...SMALLEST, delivery: { channel: 'a/b' } }],
  ['a channel that begins with a point', { ...SMALLEST, delivery: { channel: '.a' } }],
  ['an address of 1,001', { ...SMALLEST, payment: { payee: { address: 'x'.repeat(1_001) } } }],
  ['an address that is empty', { ...SMALLEST, payment: { payee: { address: '' } } }],
  ['no mint in the list', { ...SMALLEST, payment: { payee: { mints: [] } } }],
  ['nothing published in the list', { ...SMALLEST, confidentiality: { publish: [] } }],
  ['seventeen words published', { ...SMALLEST, confidentiality: { publish: many(17, (i) => `p${i}`) } }],
  ['no criterion in the list', { ...SMALLEST, scope: { summary: 'x', acceptance: [] } }],
  ['no input in the list', { ...SMALLEST, scope: { summary: 'x', inputs: [] } }],
  ['a job kind below NIP-90', { ...SMALLEST, service: { capability: 'translation', dvm_kind: 4_999 } }],
  ['a summary that is empty', { ...SMALLEST, scope: { summary: '' } }],
  ['a count beyond 2^53', { ...SMALLEST, scope: { summary: 'x', revisions: 9_007_199_254_740_992 } }],
  ['a time below zero', { ...SMALLEST, delivery: { deadline: -1 } }],
  ['an amount of no digits', { ...SMALLEST, price: { model: 'fixed', amount_msat: '' } }],
  ['a capability in capitals', { ...SMALLEST, service: { capability: 'Translation' } }],
  ['a job kind outside NIP-90', { ...SMALLEST, service: { capability: 'translation', dvm_kind: 6_000 } }],
  ['inputs of one name', { ...SMALLEST, scope: { summary: 'x', inputs: [0, 1].map((size) => ({ name: 'a', sha256: '11'.repeat(32), size })) } }],
  ['a penalty over and under', { ...SMALLEST, penalties: [{ metric: 'late_s', over: 1, under: 2, credit_msat: '1' }] }],
  ['a penalty with no limit', { ...SMALLEST, penalties: [{ metric: 'late_s', credit_msat: '1' }] }],
  ['no penalty in the list', { ...SMALLEST, penalties: [] }],
  ['seventeen penalties', { ...SMALLEST, penalties: Array.from({ length: 17 }, () => ({ metric: 'late_s', over: 1, credit_msat: '1' })) }],
  ['a penalty without a credit', { ...SMALLEST, penalties: [{ metric: 'late_s', over: 1 }] }],
  ['a credit that is a number', { ...SMALLEST, penalties: [{ metric: 'late_s', over: 1, credit_msat: 1 }] }],
  ['a credit above all bitcoin', { ...SMALLEST, penalties: [{ metric: 'late_s', over: 1, credit_msat: '2100000000000000001' }] }],
  ['a metric in capitals', { ...SMALLEST, penalties: [{ metric: 'LATE', over: 1, credit_msat: '1' }] }],
  ['a limit below zero', { ...SMALLEST, penalties: [{ metric: 'late_s', under: -1, credit_msat: '1' }] }],
  ['a penalty with a field more', { ...SMALLEST, penalties: [{ metric: 'late_s', over: 1, credit_msat: '1', note: 'x' }] }],
  ['33 criteria', { ...SMALLEST, scope: { summary: 'x', acceptance: Array.from({ length: 33 }, () => 'x') } }],
  ['65 inputs', { ...SMALLEST, scope: { summary: 'x', inputs: Array.from({ length: 65 }, (_, i) => ({ name: `${i}`, sha256: '11'.repeat(32), size: i })) } }],
  ['a summary of 2,001 characters outside the first plane', { ...SMALLEST, scope: { summary: '😀'.repeat(2_001) } }],
  ['a summary of 4,001', { ...SMALLEST, scope: { summary: 'x'.repeat(4_001) } }],
  ['a mint with a space', { ...SMALLEST, payment: { payee: { mints: ['a b'] } } }],
  ['nine mints', { ...SMALLEST, payment: { payee: { mints: Array.from({ length: 9 }, (_, i) => `${i}`) } } }],
  ['a payment at another time', { ...SMALLEST, payment: { when: 'never' } }],
  ['the same word published twice', { ...SMALLEST, confidentiality: { publish: ['a', 'a'] } }],
  ['a payee that is empty', { ...SMALLEST, payment: { payee: {} } }],
  ['text that is not NFC', { ...SMALLEST, scope: { summary: 'e\u0301' } }],
  ['a count below zero', { ...SMALLEST, scope: { summary: 'x', revisions: -1 } }],
  ['a time after the year 9999', { ...SMALLEST, delivery: { deadline: 253_402_300_800 } }],
];

/** The content of vectors/terms.json. */
export function makeTermsVectors(): unknown {
  return {
    about: 'Sections 8, 10 and 11 of docs/protocol.md.',
    leaves: TERMS_LEAVES,
    valid: [
      makeValid('the smallest terms', SMALLEST, '00'.repeat(32)),
      makeValid('terms with every section', LARGEST, draw('largest')),
      makeValid('a deadline', DEADLINE, 'ff'.repeat(32)),
      makeValid('terms of which every leaf is as large as may be', UPPER, draw('upper')),
      makeValid('terms of which every leaf is as small as may be', LOWER, draw('lower')),
    ],
    disclosures: [
      makeDisclosure('one leaf', ['/price']),
      makeDisclosure('leaves that are absent, or lists', ['/delivery/deadline', '/scope/inputs', '/penalties']),
      makeDisclosure('one time to deliver by, and the absence of the other', ['/delivery/deadline', '/delivery/within_s']),
      makeDisclosure('no leaf', []),
      makeDisclosure('every leaf', TERMS_LEAVES),
    ],
    tampered_disclosures: makeTampered(),
    invalid_terms: INVALID.map(([name, terms]) => {
      expectSame(name, parseTerms(terms).kind, 'refused');
      return { name, terms };
    }),
    invalid_agreements: makeInvalidAgreements(),
  };
}

function makeValid(name: string, terms: Terms, seed: string): unknown {
  expectSame(name, parseTerms(terms).kind, 'ok');
  const salts = TERMS_LEAVES.map((pointer) => bytesToHex(hmacSha256(hexToBytes(seed), pointer)));
  const termsRoot = computeTermsRoot(terms, seed);
  const agreement = makeAgreement({ ...agreementFacts(), termsRoot, ...(name === 'a deadline' ? { supersedes: '77'.repeat(32) } : {}) });
  return {
    name,
    terms,
    seed,
    salts,
    digests: discloseTerms(terms, seed, []).digests,
    root: termsRoot,
    alternatives: [1, 2, 3, 4].map((k) => {
      const derived = deriveAlternativeSeed(seed, k);
      return { seed: derived, root: computeTermsRoot(terms, derived) };
    }),
    agreement,
    agreement_hash: hashAgreement(agreement),
  };
}

function agreementFacts() {
  const { buyer, provider } = PUBLIC;
  return { nid: draw('nid'), offer: draw('offer'), alternative: 0, buyer, provider, offeror: provider, confirmBy: T0 + 3_600 };
}

function makeDisclosure(name: string, pointers: readonly TermsLeaf[]): unknown {
  const disclosure = discloseTerms(LARGEST, draw('largest'), pointers);
  const check = checkDisclosure(disclosure);
  if (check.kind !== 'ok') throw new Error(`${name} must hold`);
  return { name, disclosure, root: check.root, hidden: check.hidden };
}

/** Each is refused as it is, or gives another root than the one it came with. */
function makeTampered(): unknown {
  const root = computeTermsRoot(LARGEST, draw('largest'));
  const good = discloseTerms(LARGEST, draw('largest'), ['/price', '/service/title', '/penalties']);
  const { shown, digests } = good;
  const title = shown['/service/title'];
  const price = shown['/price'];
  const largest = LARGEST.price as Extract<Terms['price'], { model: 'per_unit' }>;
  const changed: readonly (readonly [string, unknown])[] = [
    ['another value', { shown: { ...shown, '/service/title': { ...title, value: 'Vertrag' } }, digests }],
    ['another salt', { shown: { ...shown, '/service/title': { ...title, salt: '00'.repeat(32) } }, digests }],
    ['another number in the price', { shown: { ...shown, '/price': { ...price, value: { ...largest, per: 999 } } }, digests }],
    ['a leaf under another name', { shown: { '/scope/summary': title }, digests }],
    ['a leaf that there is not', { shown: { '/service/name': title }, digests }],
    ['null for a leaf that is required', { shown: { '/price': { ...price, value: null } }, digests }],
    ['another digest of a hidden leaf', { shown, digests: digests.with(1, '00'.repeat(32)) }],
    ['two digests exchanged', { shown, digests: digests.with(1, digests[3] ?? '').with(3, digests[1] ?? '') }],
    ['a digest too few', { shown, digests: digests.slice(0, -1) }],
    ['a digest too many', { shown, digests: [...digests, '00'.repeat(32)] }],
  ];
  const bothTimes = { ...LARGEST, delivery: { within_s: 86_400, deadline: T0 } };
  const shownTimes = discloseTerms(bothTimes, draw('largest'), ['/delivery/deadline', '/delivery/within_s']);
  const made = changed.map(([name, disclosure]) => judgeTampered(name, disclosure, root));
  return [...made, judgeTampered('two times to deliver by, under a root of their own', shownTimes, computeTermsRoot(bothTimes, draw('largest')))];
}

function judgeTampered(name: string, disclosure: unknown, root: string): unknown {
  const check = checkDisclosure(disclosure as Parameters<typeof checkDisclosure>[0]);
  expectSame(name, check.kind === 'ok' && check.root === root, false);
  return { name, disclosure, root };
}

function makeInvalidAgreements(): unknown {
  const good = makeAgreement({ ...agreementFacts(), termsRoot: draw('root') });
  const changed: readonly (readonly [string, unknown])[] = [
    ['another version', { ...good, v: 2 }],
    ['another domain', { ...good, domain: 'agent-negotiate/agreement/2' }],
    ['buyer and provider are one', { ...good, provider: good.buyer, offeror: good.buyer }],
    ['an offeror who is neither', { ...good, offeror: PUBLIC.stranger }],
    ['both supersedes and under', { ...good, supersedes: '77'.repeat(32), under: '77'.repeat(32) }],
    ['alternative five', { ...good, alternative: 5 }],
    ['a field more', { ...good, note: 1 }],
    ['a hash in capitals', { ...good, nid: good.nid.toUpperCase() }],
  ];
  return changed.map(([name, agreement]) => {
    expectSame(name, agreementSchema.safeParse(agreement).success, false);
    return { name, agreement };
  });
}
