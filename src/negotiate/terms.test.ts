import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson, parseCanonical, type Json } from '../core/canonical.ts';
import { EVERY_SECTION } from './agreementVectors.fixture.ts';
import { TERMS } from './deal.fixture.ts';
import { EXAMPLES } from './price.fixture.ts';
import { anyTerms, mutateJson } from './terms.fixture.ts';
import { readLeaf, type Terms } from './terms.ts';
import { parseTerms } from './termsSchema.ts';
import { isTermsLeaf, TERMS_LEAVES, type TermsLeaf } from './termsLeaves.ts';
import { isLeafValue } from './leafSchemas.ts';

const refusalOf = (candidate: unknown): string => {
  const parsed = parseTerms(candidate);
  return parsed.kind === 'ok' ? 'ok' : `${parsed.pointer} ${parsed.problem}`;
};

describe('terms', () => {
  it('read back from their canonical text as the same terms', () => {
    fc.assert(
      fc.property(anyTerms, (terms) => {
        const text = canonicalJson(terms);
        const parsed = parseCanonical(text, { maxBytes: 1_000_000 });
        expect(parsed.kind).toBe('ok');
        if (parsed.kind === 'ok') expect(parseTerms(parsed.value)).toEqual({ kind: 'ok', terms });
      }),
    );
  });

  it.each([
    ['an unknown section', { ...TERMS, extra: 1 }, ' unrecognized_keys'],
    ['an unknown field', { ...TERMS, delivery: { within_s: 1, fast: true } }, '/delivery unrecognized_keys'],
    ['a null', { ...TERMS, penalties: null }, '/penalties invalid_type'],
    ['a null leaf', { ...TERMS, delivery: { deadline: null } }, '/delivery/deadline invalid_type'],
    ['an empty section', { ...TERMS, payment: {} }, '/payment custom'],
    ['an empty list', { ...TERMS, penalties: [] }, '/penalties too_small'],
    ['no price', { service: TERMS.service, scope: TERMS.scope }, '/price invalid_type'],
    ['an unknown price model', { ...TERMS, price: { model: 'guess' } }, '/price/model invalid_union'],
    ['a negative price', { ...TERMS, price: { model: 'fixed', amount_msat: '-1' } }, '/price/amount_msat custom'],
    ['a price as a number', { ...TERMS, price: { model: 'fixed', amount_msat: 700 } }, '/price/amount_msat invalid_type'],
    ['a price above all bitcoin', { ...TERMS, price: { model: 'fixed', amount_msat: '2100000000000000001' } }, '/price/amount_msat custom'],
    ['a fraction', { ...TERMS, delivery: { within_s: 0.5 } }, ' number'],
    ['two times to deliver by', { ...TERMS, delivery: { within_s: 1, deadline: 1 } }, '/delivery custom'],
    ['a title of two lines', { ...TERMS, service: { capability: 'x', title: 'a\nb' } }, '/service/title invalid_format'],
    ['a summary of too many UTF-16 code units', { ...TERMS, scope: { summary: '😀'.repeat(2_001) } }, '/scope/summary custom'],
    [
      'two inputs of one name',
      {
        ...TERMS,
        scope: { ...TERMS.scope, inputs: [...(TERMS.scope.inputs ?? []), { name: 'contract.txt', sha256: '22'.repeat(32), size: 1 }] },
      },
      '/scope/inputs custom',
    ],
    [
      'a credit over and under',
      { ...TERMS, penalties: [{ metric: 'late_s', over: 1, under: 1, credit_msat: '1' }] },
      '/penalties/0 custom',
    ],
    ['a payee of nothing', { ...TERMS, payment: { payee: {} } }, '/payment/payee custom'],
    ['invisible text', { ...TERMS, scope: { summary: 'pay\u200bment' } }, ' text'],
    ['text too long', { ...TERMS, scope: { summary: 'x'.repeat(4_001) } }, '/scope/summary too_big'],
    ['the key __proto__', JSON.parse(canonicalJson(TERMS).replace('{', '{"__proto__":1,')) as Json, ' unrecognized_keys'],
    ['something else', 7, ' invalid_type'],
  ])('with %s are refused where the problem is', (_, candidate, refusal) => {
    expect(refusalOf(candidate)).toBe(refusal);
  });

  it('never crash the parser', () => {
    const loop: Record<string, unknown> = {};
    loop['service'] = loop;
    expect(refusalOf(loop)).toBe(' too-deep');
    fc.assert(fc.property(fc.anything(), (value) => parseTerms(value).kind === 'refused'));
  });
});

describe('the leaves of terms', () => {
  it('cover every field there is, so that no value escapes the root', () => {
    const covered = TERMS_LEAVES.filter((pointer) => pointer !== '/delivery/deadline');
    fc.assert(fc.property(anyTerms, (terms) => canonicalJson(rebuild(terms)) === canonicalJson(terms)));
    expect(covered.filter((pointer) => readLeaf(EVERY_SECTION.terms, pointer) === null)).toEqual([]);
  });

  it('stand in the order that is final for version 1', () => {
    expect(TERMS_LEAVES.join(' ')).toBe(
      '/service/capability /service/dvm_kind /service/title /scope/summary /scope/inputs /scope/output /scope/acceptance /scope/revisions ' +
        '/price /delivery/deadline /delivery/within_s /delivery/channel /payment/rail /payment/when /payment/payee /payment/arbiter ' +
        '/confidentiality/publish /confidentiality/retention_s /penalties /framework/ends_at /framework/max_calls /framework/cap_msat',
    );
    expect(['/price/amount_msat', '', '/toString', '__proto__'].filter(isTermsLeaf)).toEqual([]);
  });

  it('take exactly the values that terms take', () => {
    let [taken, refused] = [0, 0];
    const whole = EVERY_SECTION.terms;
    const cases: (readonly [TermsLeaf, Terms])[] = [
      ...TERMS_LEAVES.map(
        (pointer) => [pointer, pointer === '/delivery/deadline' ? { ...whole, delivery: { deadline: 1 } } : whole] as const,
      ),
      ...Object.values(EXAMPLES).map((price) => ['/price', { ...whole, price }] as const),
    ];
    for (const [pointer, terms] of cases) {
      for (const { path, json } of mutateJson(readLeaf(terms, pointer))) {
        const isTaken = parseTerms(rebuild(terms, pointer, json as Json)).kind === 'ok';
        expect([pointer, path, isLeafValue(pointer, json as Json)]).toEqual([pointer, path, isTaken]);
        if (isTaken) taken += 1;
        else refused += 1;
      }
    }
    expect([taken > 60, refused > 400]).toEqual([true, true]);
  });
});

/** Builds a document from the leaves of terms, with one of them replaced. */
function rebuild(terms: Terms, replaced?: string, other: Json = null): Record<string, unknown> {
  const built: Record<string, unknown> = {};
  for (const pointer of TERMS_LEAVES) {
    const value = pointer === replaced ? other : readLeaf(terms, pointer);
    if (value === null) continue;
    const [sectionName = '', name] = pointer.slice(1).split('/');
    if (name === undefined) built[sectionName] = value;
    else built[sectionName] = { ...(built[sectionName] as object | undefined), [name]: value };
  }
  return built;
}
