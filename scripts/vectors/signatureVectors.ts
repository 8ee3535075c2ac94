// Vectors of signatures: templates, ids, BIP-340, lock values, completions, payment events, and tampered ones.

import { hashReceipt, makeCompletionTemplate, readCompletion, type CompletionEvent } from '../../src/negotiate/completion.ts';
import { hashFiles, type FileRef } from '../../src/negotiate/files.ts';
import { hashLock, makeSignatureTemplate, readClaim, type SignedEvent } from '../../src/negotiate/signature.ts';
import { signedEventSchema } from '../../src/negotiate/signatureSchema.ts';
import { computeEventId, type EventTemplate, type NostrEvent } from '../../src/nostr/event.ts';
import { describePayment } from '../../src/pay/commitment.ts';
import { makeFundedTemplate, makePayTermsTemplate } from '../../src/pay/payTerms.ts';
import { draw, expectSame, PUBLIC, SECRETS, sign, T0, verify, type Signer } from './testKeys.ts';

const agreement = draw('agreement');
const LOCKS = { c: draw('c'), v: draw('v'), a: draw('a'), l: draw('l') };
const first = sign(
  'buyer',
  makeSignatureTemplate(
    { order: 'first', role: 'acceptor', agreement, confirmBy: T0 + 3_600, close: hashLock(LOCKS.c), void: hashLock(LOCKS.v) },
    T0,
  ),
);
const second = sign(
  'provider',
  makeSignatureTemplate(
    { order: 'second', role: 'offeror', agreement, first: first.id, ack: hashLock(LOCKS.a), late: hashLock(LOCKS.l) },
    T0 + 60,
  ),
);
const FILES: readonly FileRef[] = [
  { name: 'b.txt', sha256: '22'.repeat(32), size: 2 },
  { name: 'a.txt', sha256: '11'.repeat(32), size: 1 },
  { name: '\uff21.txt', sha256: '33'.repeat(32), size: 3 },
  { name: '😀.txt', sha256: '44'.repeat(32), size: 4 },
];

/** The content of vectors/signatures.json. */
export function makeSignatureVectors(): unknown {
  return {
    about: 'Sections 12 and 17 of docs/protocol.md. Signatures are made with auxiliary randomness of 32 zero bytes.',
    keys: (Object.keys(SECRETS) as Signer[]).map((name) => ({ name, secret: SECRETS[name], public: PUBLIC[name] })),
    locks: Object.entries(LOCKS).map(([name, value]) => ({ name, value, hash: hashLock(value) })),
    signatures: [
      { name: 'a first signature, by the acceptor', signer: 'buyer', event: first, claim: readClaim(first as unknown as SignedEvent) },
      ...[0, 253_402_300_799].map((confirmBy) => makeFirst(confirmBy)),
      { name: 'a second signature, by the offeror', signer: 'provider', event: second, claim: readClaim(second as unknown as SignedEvent) },
    ],
    tampered: makeTampered(),
    ...makeCompletions(),
    payments: makePayments(),
  };
}

function makeFirst(confirmBy: number): unknown {
  const claim = { order: 'first', role: 'offeror', agreement, confirmBy, close: hashLock(LOCKS.c), void: hashLock(LOCKS.v) } as const;
  const event = sign('provider', makeSignatureTemplate(claim, T0));
  return { name: `a first signature with confirm_by ${confirmBy}`, signer: 'provider', event, claim: readClaim(event as unknown as SignedEvent) };
}

function makeCompletions() {
  const files = hashFiles(FILES);
  const template = (role: 'buyer' | 'provider') => makeCompletionTemplate({ agreement, role, files }, T0 + 100);
  const [buyer, provider] = [sign('buyer', template('buyer')), sign('provider', template('provider'))] as const;
  const receipt = hashReceipt(buyer as unknown as CompletionEvent, provider as unknown as CompletionEvent);
  for (const event of [buyer, provider]) expectSame('a completion', readCompletion(event as unknown as CompletionEvent)?.files, files);
  return { completion: { files: FILES, files_hash: files, buyer, provider, receipt } };
}

function makePayments(): unknown {
  const paid = { agreement, amountMsat: 700_000n, paymentHash: draw('payment'), isTestMoney: true };
  const terms = sign('provider', makePayTermsTemplate({ ...paid, rail: 'nwc', payee: `02${draw('node')}`, expiresAt: T0 + 900 }, T0 + 80));
  const funded = sign('buyer', makeFundedTemplate({ ...paid, payterms: terms.id }, T0 + 90));
  const salt = draw('payment salt');
  return { agreement, salt, ...describePayment({ agreement, index: 0, salt }), payterms: terms, funded };
}

function makeTampered(): unknown {
  const wrong: readonly (readonly [string, 'id' | 'signature' | 'claim', unknown])[] = [
    ['another date', 'id', { ...first, created_at: T0 + 1 }],
    ['another signer', 'id', { ...first, pubkey: PUBLIC.provider }],
    ['another agreement', 'id', { ...first, tags: first.tags.with(1, ['x', draw('other')]) }],
    ['the signature of another event', 'signature', { ...first, sig: second.sig }],
    ['a bit of r', 'signature', { ...first, sig: flip(first.sig, 0) }],
    ['a bit of s', 'signature', { ...first, sig: flip(first.sig, 127) }],
    ['s not below the order', 'signature', { ...first, sig: `${first.sig.slice(0, 64)}${'f'.repeat(64)}` }],
    ['r not below the prime', 'signature', { ...first, sig: `${'f'.repeat(64)}${first.sig.slice(64)}` }],
    ['a key off the curve', 'signature', withId({ ...first, pubkey: '05'.padStart(64, '0') })],
    ['tags in another order', 'claim', resign('buyer', { ...first, tags: [first.tags[1] ?? [], first.tags[0] ?? [], ...first.tags.slice(2)] })],
    ['a tag too few', 'claim', resign('buyer', { ...first, tags: first.tags.slice(0, -1) })],
    ['a role that there is not', 'claim', resign('buyer', { ...first, tags: first.tags.with(2, ['role', 'buyer']) })],
    ['confirm_by with a leading zero', 'claim', resign('buyer', { ...first, tags: first.tags.with(3, ['confirm_by', `0${T0}`]) })],
    ['confirm_by after the year 9999', 'claim', resign('buyer', { ...first, tags: first.tags.with(3, ['confirm_by', '253402300800']) })],
    ['confirm_by that is empty', 'claim', resign('buyer', { ...first, tags: first.tags.with(3, ['confirm_by', '']) })],
    ['confirm_by with a sign', 'claim', resign('buyer', { ...first, tags: first.tags.with(3, ['confirm_by', '-1']) })],
    ['confirm_by without a value', 'claim', resign('buyer', { ...first, tags: first.tags.with(3, ['confirm_by']) })],
    ['confirm_by with an exponent', 'claim', resign('buyer', { ...first, tags: first.tags.with(3, ['confirm_by', '18e8']) })],
    ['both locks are one', 'claim', resign('buyer', { ...first, tags: first.tags.with(5, ['void', first.tags[4]?.[1] ?? '']) })],
    ['a lock in capitals', 'claim', resign('buyer', { ...first, tags: first.tags.with(4, ['close', 'AB'.repeat(32)]) })],
    ['the tag "-" with a value', 'claim', resign('buyer', { ...first, tags: first.tags.with(0, ['-', '']) })],
    ['locks of a second signature in a first', 'claim', resign('buyer', { ...first, tags: first.tags.with(4, ['ack', LOCKS.c]) })],
  ];
  return wrong.map(([name, problem, event]) => {
    expectSame(name, findProblem(event), problem);
    return { name, problem, event };
  });
}

function findProblem(value: unknown): string {
  const event = signedEventSchema.parse(value);
  if (computeEventId(event.pubkey, event) !== event.id) return 'id';
  if (!verify(event)) return 'signature';
  return readClaim(event) === undefined ? 'claim' : 'none';
}

function resign(signer: Signer, { kind, created_at, tags, content }: EventTemplate): NostrEvent {
  return sign(signer, { kind, created_at, tags, content });
}

function withId(event: NostrEvent): NostrEvent {
  return { ...event, id: computeEventId(event.pubkey, event) };
}

/** The hex with the lowest bit of one digit turned. */
export function flip(hex: string, at: number): string {
  return `${hex.slice(0, at)}${(Number.parseInt(hex[at] ?? '0', 16) ^ 1).toString(16)}${hex.slice(at + 1)}`;
}
