import { createHash, createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesToHex } from '../core/bytes.ts';
import { canonicalJson } from '../core/canonical.ts';
import { signEvent, verifyEvent } from '../nostr/event.ts';
import { publicKeyOf } from '../nostr/schnorr.ts';
import { hashAgreement, makeAgreement } from './agreement.ts';
import { encodeBundle, type Bundle } from './bundle.ts';
import { makeFixedPrice } from './price.ts';
import { hashLock, makeSignatureTemplate, type SignedEvent } from './signature.ts';
import { parseTerms, type Terms } from './terms.ts';
import { TERMS_LEAVES } from './termsLeaves.ts';
import { checkDisclosure, computeTermsRoot, discloseTerms } from './termsRoot.ts';
import { verifyBundle, type BundleReport } from './verifyBundle.ts';

const keys = { buyer: new Uint8Array(32).fill(1), provider: new Uint8Array(32).fill(2) };
const buyer = publicKeyOf(keys.buyer);
const provider = publicKeyOf(keys.provider);
const seed = '07'.repeat(32);
const value = { c: 'c0'.repeat(32), v: 'd0'.repeat(32), a: 'a0'.repeat(32), l: 'b0'.repeat(32) };
const CONFIRM_BY = 1_800_003_600;
const terms: Terms = {
  service: { capability: 'translation', title: 'Contract, German to English' },
  scope: { summary: 'Translate one contract.', revisions: 1, inputs: [{ name: 'contract.txt', sha256: '11'.repeat(32), size: 9 }] },
  price: makeFixedPrice(700_000n),
  delivery: { within_s: 86_400 },
};

function sign(secretKey: Uint8Array, template: ReturnType<typeof makeSignatureTemplate>): SignedEvent {
  return signEvent(secretKey, publicKeyOf(secretKey), template, new Uint8Array(32)) as unknown as SignedEvent;
}

function makeBundle(reveals: Bundle['reveals'], options: { secondAt?: number; onlyFirst?: boolean } = {}): Bundle {
  const agreement = makeAgreement({
    nid: '22'.repeat(32),
    offer: '33'.repeat(32),
    alternative: 0,
    buyer,
    provider,
    offeror: provider,
    termsRoot: computeTermsRoot(terms, seed),
    confirmBy: CONFIRM_BY,
  });
  const hash = hashAgreement(agreement);
  const first = sign(
    keys.buyer,
    makeSignatureTemplate(
      { order: 'first', role: 'acceptor', agreement: hash, confirmBy: CONFIRM_BY, close: hashLock(value.c), void: hashLock(value.v) },
      1_800_000_000,
    ),
  );
  const second = sign(
    keys.provider,
    makeSignatureTemplate(
      { order: 'second', role: 'offeror', agreement: hash, first: first.id, ack: hashLock(value.a), late: hashLock(value.l) },
      options.secondAt ?? 1_800_000_060,
    ),
  );
  const whole: Bundle = { v: 1, type: 'agent-negotiate/bundle', agreement, terms: { kind: 'full', terms, seed }, first, reveals };
  return options.onlyFirst === true ? whole : { ...whole, second };
}

const check = (bundle: unknown): BundleReport => verifyBundle(canonicalJson(bundle), (event) => verifyEvent(event));
const stateOf = (report: BundleReport): string => (report.kind === 'valid' ? report.state : report.kind);

/** Every copy of a JSON value with one field changed, removed or added. */
function* mutate(json: unknown): Generator<unknown> {
  if (typeof json === 'string') yield json.endsWith('0') ? `${json.slice(0, -1)}1` : `${json.slice(0, -1)}0`;
  else if (typeof json === 'number') yield json + 1;
  else if (json === null) yield 'ff'.repeat(32);
  else if (Array.isArray(json)) {
    for (const [i, item] of json.entries()) {
      yield json.toSpliced(i, 1);
      for (const changed of mutate(item)) yield json.with(i, changed);
    }
    yield [...json, 'x'];
  } else if (typeof json === 'object') {
    yield { ...json, zz: 1 };
    for (const [key, item] of Object.entries(json)) {
      yield Object.fromEntries(Object.entries(json).filter(([name]) => name !== key));
      for (const changed of mutate(item)) yield { ...json, [key]: changed };
    }
  }
}

describe('a bundle', () => {
  it('with c and a verifies as closed, and the file text reads back', () => {
    const bundle = makeBundle({ c: value.c, a: value.a });
    expect(stateOf(verifyBundle(encodeBundle(bundle), (event) => verifyEvent(event)))).toBe('closed');
  });

  it.each([
    ['closed-not-acknowledged', { c: value.c }],
    ['signed-not-closed', {}],
    ['void', { v: value.v }],
    ['late', { c: value.c, l: value.l }],
  ] as const)('is told apart as %s', (state, reveals) => {
    expect(stateOf(check(makeBundle(reveals)))).toBe(state);
  });

  it('with only the first signature is no deal, even when c is shown', () => {
    expect(stateOf(check(makeBundle({ c: value.c }, { onlyFirst: true })))).toBe('signed-not-closed');
  });

  it.each([
    ['buyer', { c: value.c, v: value.v, a: value.a }],
    ['provider', { c: value.c, a: value.a, l: value.l }],
  ] as const)('that shows both values of the %s’s signature names the cheat', (role, reveals) => {
    expect(check(makeBundle(reveals))).toMatchObject({ state: 'cheated', cheats: [role] });
  });

  it('whose second signature is dated after the window is invalid', () => {
    expect(stateOf(check(makeBundle({ c: value.c, a: value.a }, { secondAt: CONFIRM_BY })))).toBe('closed');
    expect(stateOf(check(makeBundle({ c: value.c, a: value.a }, { secondAt: CONFIRM_BY + 1 })))).toBe('invalid');
  });

  it('does not verify as closed after any change of one field', () => {
    const variants = [...mutate(makeBundle({ c: value.c, a: value.a }))];
    expect(variants.length).toBeGreaterThan(150);
    for (const variant of variants) expect(stateOf(check(variant))).not.toBe('closed');
  });

  it('with swapped signatures, or as anything but text of a bundle, is invalid', () => {
    const bundle = makeBundle({ c: value.c, a: value.a });
    expect(stateOf(check({ ...bundle, first: bundle.second, second: bundle.first }))).toBe('invalid');
    fc.assert(fc.property(fc.string(), (text) => verifyBundle(text, () => true).kind === 'invalid'));
  });

  it('may show some leaves and proves them without the rest', () => {
    const bundle = makeBundle({ c: value.c, a: value.a });
    const partial = { ...bundle, terms: { kind: 'disclosed', ...discloseTerms(terms, seed, ['/price']) } };
    const report = check(partial);
    expect(report).toMatchObject({ kind: 'valid', state: 'closed' });
    if (report.kind === 'valid') {
      expect([...report.shown]).toEqual([['/price', { amount_msat: '700000', model: 'fixed' }]]);
      expect(report.hidden).toHaveLength(TERMS_LEAVES.length - 1);
    }
    expect(canonicalJson(partial)).not.toContain('contract');
  });
});

describe('the terms root', () => {
  it('is the hash that PROTOCOL describes, computed here a second time', () => {
    const sha = (text: string): string => createHash('sha256').update(text).digest('hex');
    const digests = TERMS_LEAVES.map((pointer) => {
      const salt = createHmac('sha256', Buffer.from(seed, 'hex')).update(pointer).digest('hex');
      const [section, name] = pointer.slice(1).split('/') as [string, string | undefined];
      const found = (terms as unknown as Record<string, Record<string, unknown> | undefined>)[section];
      const leaf = (name === undefined ? found : found?.[name]) ?? null;
      return sha(canonicalJson([salt, pointer, leaf]));
    });
    expect(computeTermsRoot(terms, seed)).toBe(sha(JSON.stringify(['agent-negotiate/terms/1', ...digests])));
  });

  it('depends on the seed', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        (bytes) => bytesToHex(bytes) === seed || computeTermsRoot(terms, bytesToHex(bytes)) !== computeTermsRoot(terms, seed),
      ),
    );
  });

  it('verifies for every subset of leaves, and not when a shown value is another', () => {
    fc.assert(
      fc.property(fc.subarray([...TERMS_LEAVES], { minLength: 1 }), (pointers) => {
        const disclosure = discloseTerms(terms, seed, pointers);
        expect(checkDisclosure(disclosure)).toMatchObject({ kind: 'ok', root: computeTermsRoot(terms, seed) });
        const [first] = pointers as [string];
        const lie = {
          ...disclosure,
          shown: { ...disclosure.shown, [first]: { salt: disclosure.shown[first]?.salt ?? '', value: 'another' } },
        };
        expect(checkDisclosure(lie)).toEqual({ kind: 'refused', pointer: first });
      }),
    );
  });
});

describe('terms', () => {
  it.each([
    ['an unknown field', { ...terms, extra: 1 }],
    ['a null', { ...terms, penalties: null }],
    ['an empty section', { ...terms, payment: {} }],
    ['an unknown price model', { ...terms, price: { model: 'guess' } }],
    ['a negative price', { ...terms, price: { model: 'fixed', amount_msat: '-1' } }],
    ['a price as a number', { ...terms, price: { model: 'fixed', amount_msat: 700 } }],
    ['no price', { service: terms.service, scope: terms.scope }],
    ['a fraction', { ...terms, delivery: { within_s: 0.5 } }],
    ['confusable text', { ...terms, scope: { summary: 'pay\u200bment' } }],
    ['something else', 7],
  ])('with %s are refused', (_, candidate) => {
    expect(parseTerms(candidate).kind).toBe('refused');
  });

  it('that are whole are taken', () => {
    expect(parseTerms(terms)).toEqual({ kind: 'ok', terms });
  });
});
