import { createHash, createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from '../core/canonical.ts';
import { AGREEMENT_VECTORS } from './agreementVectors.fixture.ts';
import { SEED, TERMS } from './deal.fixture.ts';
import { anyTerms } from './terms.fixture.ts';
import { readLeaf, type Terms } from './terms.ts';
import { TERMS_LEAVES } from './termsLeaves.ts';
import { computeTermsRoot, deriveAlternativeSeed, discloseTerms } from './termsRoot.ts';
import { checkDisclosure } from './checkDisclosure.ts';

const hex32 = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString('hex'));
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Canonical JSON for keys in ASCII, written apart from the one under test. */
function writeJson(json: unknown): string {
  if (Array.isArray(json)) return `[${json.map(writeJson).join(',')}]`;
  if (typeof json !== 'object' || json === null) return JSON.stringify(json);
  const entries = Object.entries(json).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, value]) => `${JSON.stringify(key)}:${writeJson(value)}`).join(',')}}`;
}

describe('the terms root', () => {
  it.each(AGREEMENT_VECTORS)(
    'of $name is the one that another implementation computes',
    ({ seed, terms, digests, root, seedOfAlternative2 }) => {
      expect(computeTermsRoot(terms, seed)).toBe(root);
      expect(discloseTerms(terms, seed, []).digests).toEqual(digests);
      expect(deriveAlternativeSeed(seed, 2)).toBe(seedOfAlternative2);
      expect(deriveAlternativeSeed(seed, 0)).toBe(seed);
    },
  );

  it.each(AGREEMENT_VECTORS)('of $name follows from PROTOCOL by plain hashing', ({ seed, terms, digests, root }) => {
    const key = Buffer.from(seed, 'hex');
    const computed = TERMS_LEAVES.map((pointer) => {
      const [section = '', name] = pointer.slice(1).split('/');
      const found = (terms as unknown as Record<string, Record<string, unknown> | undefined>)[section];
      const value = (name === undefined ? found : found?.[name]) ?? null;
      return sha256(writeJson([createHmac('sha256', key).update(pointer).digest('hex'), pointer, value]));
    });
    expect(computed).toEqual(digests);
    expect(sha256(writeJson(['agent-negotiate/terms/1', ...computed]))).toBe(root);
  });

  it('is another one exactly when a leaf is another one', () => {
    let [same, different] = [0, 0];
    const pair = fc
      .tuple(anyTerms, anyTerms, fc.boolean())
      .map(([a, b, mix]) => [a, mix ? { ...a, [drawSection(b)]: b[drawSection(b)] } : b] as const);
    fc.assert(
      fc.property(
        fc.oneof(
          pair,
          fc.tuple(anyTerms).map(([a]) => [a, structuredClone(a)] as const),
        ),
        ([a, b]) => {
          const isSame = TERMS_LEAVES.every(
            (pointer) => canonicalJson(readLeaf(a, pointer)) === canonicalJson(readLeaf(b as Terms, pointer)),
          );
          if (isSame) same += 1;
          else different += 1;
          expect(computeTermsRoot(a, SEED) === computeTermsRoot(b as Terms, SEED)).toBe(isSame);
        },
      ),
    );
    expect([same > 5, different > 5]).toEqual([true, true]);
  });

  it('is another one for every seed, and so for every alternative', () => {
    fc.assert(fc.property(hex32, (seed) => seed === SEED || computeTermsRoot(TERMS, seed) !== computeTermsRoot(TERMS, SEED)));
    expect(new Set([0, 1, 2, 3, 4].map((k) => deriveAlternativeSeed(SEED, k))).size).toBe(5);
  });
});

describe('a disclosure', () => {
  it('of any subset of leaves proves them and holds nothing of the rest', () => {
    fc.assert(
      fc.property(anyTerms, hex32, fc.subarray([...TERMS_LEAVES]), (terms, seed, pointers) => {
        const disclosure = discloseTerms(terms, seed, pointers);
        expect(checkDisclosure(disclosure)).toEqual({
          kind: 'ok',
          root: computeTermsRoot(terms, seed),
          shown: new Map(
            TERMS_LEAVES.filter((pointer) => pointers.includes(pointer)).map((pointer) => [pointer, readLeaf(terms, pointer)]),
          ),
          hidden: TERMS_LEAVES.filter((pointer) => !pointers.includes(pointer)),
        });
        expect(Object.keys(disclosure)).toEqual(['shown', 'digests']);
        const salts = discloseTerms(terms, seed, TERMS_LEAVES).shown;
        for (const pointer of TERMS_LEAVES)
          if (!pointers.includes(pointer)) expect(canonicalJson(disclosure)).not.toContain(salts[pointer]?.salt);
        expect(canonicalJson(disclosure)).not.toContain(seed);
      }),
    );
  });

  it('with another value, salt or place is refused', () => {
    fc.assert(
      fc.property(anyTerms, anyTerms, fc.constantFrom(...TERMS_LEAVES), (terms, others, pointer) => {
        const disclosure = discloseTerms(terms, SEED, [pointer]);
        const salt = disclosure.shown[pointer]?.salt ?? '';
        const value = readLeaf(others, pointer);
        fc.pre(canonicalJson(value) !== canonicalJson(readLeaf(terms, pointer)));
        expect(checkDisclosure({ ...disclosure, shown: { [pointer]: { salt, value } } })).toEqual({ kind: 'refused', pointer });
        const shown = { [pointer]: { salt: sha256(salt), value: readLeaf(terms, pointer) } };
        expect(checkDisclosure({ ...disclosure, shown })).toEqual({ kind: 'refused', pointer });
      }),
    );
    const { shown, digests } = discloseTerms(TERMS, SEED, ['/scope/output']);
    expect(checkDisclosure({ digests, shown: { '/service/dvm_kind': shown['/scope/output'] ?? { salt: '', value: '' } } }).kind).toBe(
      'refused',
    );
    expect(checkDisclosure({ digests: digests.slice(1), shown: {} }).kind).toBe('refused');
    expect(checkDisclosure({ digests, shown: { '/price/amount_msat': { salt: SEED, value: '1' } } }).kind).toBe('refused');
  });

  it('of a value that no valid terms have is refused, even with its right digest', () => {
    const odd = { ...TERMS, price: { model: 'fixed', amount_msat: 700_000 } } as unknown as Terms;
    expect(checkDisclosure(discloseTerms(odd, SEED, ['/price']))).toEqual({ kind: 'refused', pointer: '/price' });
    expect(checkDisclosure(discloseTerms(odd, SEED, ['/service/title'])).kind).toBe('ok');
    const twice = { ...TERMS, delivery: { deadline: 1_900_000_000, within_s: 60 } };
    const times = ['/delivery/deadline', '/delivery/within_s'] as const;
    expect(checkDisclosure(discloseTerms(twice, SEED, times))).toEqual({ kind: 'refused', pointer: '/delivery/within_s' });
    for (const time of times) expect(checkDisclosure(discloseTerms(twice, SEED, [time])).kind).toBe('ok');
  });
});

function drawSection(terms: Terms): keyof Terms {
  return (Object.keys(terms) as (keyof Terms)[]).at(-1) ?? 'price';
}
