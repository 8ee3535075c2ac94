import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { hashAgreement, makeAgreement, START_BY_S, type Agreement, type AgreementFacts } from './agreement.ts';
import { agreementSchema } from './agreementSchema.ts';
import { AGREEMENT_VECTORS } from './agreementVectors.fixture.ts';

const hex = (digit: string): string => digit.repeat(64);
const facts: AgreementFacts = {
  nid: hex('3'),
  offer: hex('4'),
  alternative: 0,
  buyer: hex('5'),
  provider: hex('6'),
  offeror: hex('6'),
  termsRoot: hex('a'),
  confirmBy: 1_800_003_600,
};
const isTaken = (change: object): boolean => agreementSchema.safeParse({ ...makeAgreement(facts), ...change }).success;

describe('an agreement', () => {
  it.each(AGREEMENT_VECTORS)('on $name has the hash that another implementation computes', ({ agreement, agreementHash, root }) => {
    const { nid, offer, alternative, buyer, provider, offeror, start_by, supersedes } = agreement;
    const amends = supersedes === null ? {} : { supersedes };
    const made = makeAgreement({
      nid,
      offer,
      alternative,
      buyer,
      provider,
      offeror,
      termsRoot: root,
      confirmBy: start_by - START_BY_S,
      ...amends,
    });
    expect(made).toEqual(agreement);
    expect(hashAgreement(made)).toBe(agreementHash);
    const sorted = Object.entries(agreement).sort(([a], [b]) => (a < b ? -1 : 1));
    expect(
      createHash('sha256')
        .update(JSON.stringify(Object.fromEntries(sorted)))
        .digest('hex'),
    ).toBe(agreementHash);
  });

  it('is between two, one of whom made the offer', () => {
    expect(isTaken({})).toBe(true);
    expect(isTaken({ offeror: facts.buyer })).toBe(true);
    expect(isTaken({ offeror: hex('7') })).toBe(false);
    expect(isTaken({ buyer: facts.provider })).toBe(false);
  });

  it('amends another or calls off from one, not both', () => {
    expect(isTaken({ supersedes: hex('7') })).toBe(true);
    expect(isTaken({ under: hex('7') })).toBe(true);
    expect(isTaken({ supersedes: hex('7'), under: hex('8') })).toBe(false);
  });

  it('has another hash when any field is another', () => {
    const base = makeAgreement(facts);
    const changes: Partial<Agreement>[] = [
      { nid: hex('0') },
      { offer: hex('0') },
      { alternative: 1 },
      { buyer: hex('0') },
      { provider: hex('0') },
      { offeror: facts.buyer },
      { terms_root: hex('0') },
      { start_by: base.start_by + 1 },
      { supersedes: hex('0') },
      { under: hex('0') },
    ];
    expect(new Set([base, ...changes.map((change) => ({ ...base, ...change }))].map(hashAgreement)).size).toBe(changes.length + 1);
    expect(Object.keys(base).length).toBe(changes.length + 2); // v and domain are constants
  });
});
