import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from '../core/canonical.ts';
import { hashAgreement } from './agreement.ts';
import { encodeBundle, withholdTerms, type Bundle } from './bundle.ts';
import { MAX_BUNDLE_BYTES, parseBundle } from './parseBundle.ts';
import { CONFIRM_BY, makeDeal, PARTIES, SEED, TERMS, VALUES, verify } from './deal.fixture.ts';
import { mutateJson } from './terms.fixture.ts';
import { TERMS_LEAVES } from './termsLeaves.ts';
import { computeTermsRoot, deriveAlternativeSeed } from './termsRoot.ts';
import { verifyBundle, type BundleReport } from './verifyBundle.ts';

const { c, v, a, l } = VALUES;
const closed = makeDeal({ c, a });
const check = (bundle: unknown): BundleReport => verifyBundle(canonicalJson(bundle), verify);
const stateOf = (report: BundleReport): string => (report.kind === 'valid' ? report.state : report.kind);
const failedIn = (report: BundleReport): string[] => report.checks.filter(({ ok }) => !ok).map(({ name }) => name);

describe('a bundle', () => {
  it('with c and a is a closed deal, as a file in bytes or text', () => {
    const text = encodeBundle(closed);
    for (const content of [text, text.trimEnd(), new TextEncoder().encode(text)])
      expect(stateOf(verifyBundle(content, verify))).toBe('closed');
  });

  it('names the parties, the price, who signed first, and each check', () => {
    const report = check(closed);
    expect(report).toMatchObject({
      kind: 'valid',
      ...PARTIES,
      agreement: hashAgreement(closed.agreement),
      price: { model: 'fixed', amount_msat: '700000' },
      signedFirst: 'buyer',
      hidden: [],
      cheats: [],
    });
    expect(report.checks.map(({ name }) => name)).toEqual([
      'document',
      'terms',
      'first-signature',
      'first-claim',
      'start-by',
      'second-signature',
      'second-claim',
      'window',
      'reveal-c',
      'reveal-a',
    ]);
  });

  it.each([
    ['closed-not-acknowledged', { c }],
    ['signed-not-closed', {}],
    ['signed-not-closed', { a }],
    ['void', { v }],
    ['late', { c, l }],
    ['late', { l }],
  ] as const)('is told apart as %s by its reveals', (state, reveals) => {
    expect(stateOf(check(makeDeal(reveals)))).toBe(state);
  });

  it('with only the first signature is no deal, even when c is shown', () => {
    expect(stateOf(check(makeDeal({}, { without: 'second' })))).toBe('signed-not-closed');
    expect(stateOf(check(makeDeal({ c }, { without: 'second' })))).toBe('signed-not-closed');
    expect(failedIn(check(makeDeal({ c, a }, { without: 'second' })))).toEqual(['reveal-a']);
  });

  it.each([
    ['buyer', { c, v, a }],
    ['provider', { c, a, l }],
  ] as const)('that shows both values of one signature names the %s as the cheat', (role, reveals) => {
    expect(check(makeDeal(reveals))).toMatchObject({ state: 'cheated', cheats: [role] });
    const presigned = check(makeDeal(reveals, { signsFirst: 'provider' }));
    expect(presigned).toMatchObject({ state: 'cheated', cheats: [role === 'buyer' ? 'provider' : 'buyer'] });
  });

  it('on which both cheated names both', () => {
    expect(check(makeDeal({ c, v, a, l }))).toMatchObject({ state: 'cheated', cheats: ['buyer', 'provider'] });
  });

  it.each([
    { offeror: 'provider', signsFirst: 'buyer' },
    { offeror: 'provider', signsFirst: 'provider' },
    { offeror: 'buyer', signsFirst: 'buyer' },
    { offeror: 'buyer', signsFirst: 'provider' },
  ] as const)('holds for an offer of the $offeror that the $signsFirst signed first', (options) => {
    expect(check(makeDeal({ c, a }, options))).toMatchObject({ state: 'closed', signedFirst: options.signsFirst });
  });

  it('holds for an alternative with the seed of that alternative alone', () => {
    const seed = deriveAlternativeSeed(SEED, 2);
    const bundle = makeDeal({ c, a }, { alternative: 2, agreement: { terms_root: computeTermsRoot(TERMS, seed) } });
    expect(stateOf(check({ ...bundle, terms: { kind: 'full', terms: TERMS, seed } }))).toBe('closed');
    expect(failedIn(check(bundle))).toEqual(['terms']);
  });

  it('whose second signature is dated after the window is invalid', () => {
    expect(stateOf(check(makeDeal({ c, a }, { secondAt: CONFIRM_BY })))).toBe('closed');
    expect(failedIn(check(makeDeal({ c, a }, { secondAt: CONFIRM_BY + 1 })))).toEqual(['window']);
  });

  it('whose start-by time is not a day after the window is invalid, though both signed it', () => {
    expect(failedIn(check(makeDeal({ c, a }, { agreement: { start_by: CONFIRM_BY + 86_401 } })))).toEqual(['start-by']);
  });

  it('whose terms are not those of the root is invalid, though both signed it', () => {
    expect(failedIn(check(makeDeal({ c, a }, { agreement: { terms_root: '00'.repeat(32) } })))).toEqual(['terms']);
  });

  it('that joins signatures of two deals is invalid', () => {
    const other = makeDeal({ c, a }, { agreement: { nid: '99'.repeat(32) } });
    const { second } = other;
    if (second === undefined) throw new Error('a deal has two signatures');
    expect(failedIn(check({ ...closed, second }))).toEqual(['second-claim', 'reveal-a']);
    expect(failedIn(check({ ...closed, agreement: other.agreement }))).toContain('first-claim');
    expect(failedIn(check({ ...closed, first: second, second: closed.first }))).toContain('first-claim');
    expect(failedIn(check({ ...closed, second: closed.first }))).toContain('second-claim');
  });
});

describe('a tampered bundle', () => {
  const partial = withholdTerms(closed, ['/price', '/scope/inputs']);

  it.each([
    ['whole', closed],
    ['partly shown', partial],
    ['presigned', makeDeal({ c, a }, { signsFirst: 'provider' })],
  ])('(%s) is not closed after any change of one place', (_, bundle) => {
    let tried = 0;
    for (const { path, json } of mutateJson(bundle)) {
      // Showing one leaf less is a smaller true statement, not a changed one.
      if (/^\/terms\/shown\/[^ ]* removed$|^\/terms\/shown replaced$/.test(path) && isSmaller(json)) continue;
      expect([path, stateOf(check(json))]).not.toEqual([path, 'closed']);
      tried += 1;
    }
    expect(tried).toBeGreaterThan(450);
  });

  it('is refused as text that is not its canonical form', () => {
    const text = encodeBundle(closed).trimEnd();
    for (const other of [
      ` ${text}`,
      `${text}\n\n`,
      `\ufeff${text}`,
      text.replace('{', '{ '),
      text.replace('"v":1', '"v":1.0'),
      text.replace('{', '{"v":1,'),
    ])
      expect(failedIn(verifyBundle(other, verify))).toEqual(['document']);
  });

  it('is refused, never thrown at, whatever the content', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json(), fc.uint8Array()), (content) => verifyBundle(content, () => true).kind === 'invalid'),
    );
    for (const content of [
      '['.repeat(200_000),
      ' '.repeat(MAX_BUNDLE_BYTES + 1),
      new Uint8Array(MAX_BUNDLE_BYTES + 2),
      Uint8Array.of(0x22, 0xff, 0x22),
    ])
      expect(parseBundle(content).kind).toBe('refused');
  });
});

describe('a partly shown bundle', () => {
  it('proves the shown leaves without seed, salt or value of the rest', () => {
    const partial = withholdTerms(closed, ['/price']);
    const report = check(partial);
    expect(report).toMatchObject({ kind: 'valid', state: 'closed', price: TERMS.price });
    if (report.kind === 'valid') {
      expect([...report.shown]).toEqual([['/price', TERMS.price]]);
      expect(report.hidden).toEqual(TERMS_LEAVES.filter((pointer) => pointer !== '/price'));
    }
    for (const secret of ['contract', 'translation', SEED]) expect(canonicalJson(partial)).not.toContain(secret);
  });

  it('reports no price when it shows none', () => {
    const report = check(withholdTerms(closed, ['/service/title']));
    expect(report).toMatchObject({ kind: 'valid', state: 'closed' });
    expect(report).not.toHaveProperty('price');
  });

  it('can be made to show less, not more', () => {
    const once = withholdTerms(closed, ['/price', '/scope/summary']);
    const twice: Bundle = withholdTerms(once, ['/scope/summary', '/service/title']);
    const report = check(twice);
    expect(report.kind === 'valid' ? [...report.shown.keys()] : []).toEqual(['/scope/summary']);
  });
});

function isSmaller(json: unknown): boolean {
  const parsed = parseBundle(canonicalJson(json));
  return parsed.kind === 'ok' && parsed.bundle.terms.kind === 'disclosed' && Object.keys(parsed.bundle.terms.shown).length < 2;
}
