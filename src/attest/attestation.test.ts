// Attestations say as little as they must.

import { describe, expect, it } from 'vitest';
import { makeFixedPrice } from '../negotiate/price.ts';
import type { Terms } from '../negotiate/terms.ts';
import { isAbout, makeAttestation, mayAttest } from './attestation.ts';

const facts = { provider: 'ab'.repeat(32), receipt: 'cd'.repeat(32), salt: 'ef'.repeat(32), isTestMoney: false, now: 1_800_000_000 };
const terms: Terms = { service: { capability: 'x' }, scope: { summary: 'x' }, price: makeFixedPrice(700_000n) };

describe('an attestation', () => {
  it('says whose work was completed and nothing of the deal', () => {
    const event = makeAttestation(facts);
    expect(event).toMatchObject({ kind: 1985, content: 'Work completed' });
    expect(event.tags.map(([name]) => name)).toEqual(['L', 'l', 'p', 'x']);
    expect(JSON.stringify(event)).not.toContain(facts.receipt);
    expect(JSON.stringify(event)).not.toContain(facts.salt);
  });

  it('can be tied to its receipt by who holds the salt, and to no other', () => {
    const event = makeAttestation(facts);
    expect(isAbout(event, facts.receipt, facts.salt)).toBe(true);
    expect(isAbout(event, facts.salt, facts.receipt)).toBe(false);
    expect(isAbout(makeAttestation({ ...facts, salt: '00'.repeat(32) }), facts.receipt, facts.salt)).toBe(false);
  });

  it('for play money says so, in words and in a tag', () => {
    const event = makeAttestation({ ...facts, isTestMoney: true });
    expect(event.content).toContain('test money');
    expect(event.tags).toContainEqual(['t', 'test-money']);
  });

  it('needs the consent of both, which stands in the terms', () => {
    expect(mayAttest(terms)).toBe(false);
    expect(mayAttest({ ...terms, confidentiality: { publish: ['price'] } })).toBe(false);
    expect(mayAttest({ ...terms, confidentiality: { publish: ['attestation'] } })).toBe(true);
  });
});
