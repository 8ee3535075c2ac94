// What is bargained about, how far each number goes for each side, and how much it matters.

import { describe, expect, it } from 'vitest';
import { listBargainIssues, makeBargainTable, type BargainLimits } from './bargainIssues.ts';
import { BARGAIN_TERMS, readPackage, writePackage, writePackages } from './bargainTerms.ts';
import { BUYER_DOCUMENT, mandateOf } from './mandate.fixture.ts';
import type { Mandate } from './mandateSchema.ts';
import { sharesOf } from './utility.ts';
import { makeFixedPrice } from '../negotiate/price.ts';
import type { Terms } from '../negotiate/terms.ts';

const BUYER: BargainLimits = { role: 'buyer', bestMsat: 500n, worstMsat: 800n };
const PROVIDER: BargainLimits = { role: 'provider', bestMsat: 900n, worstMsat: 600n };
const KEPT = '/confidentiality/retention_s';

const policy = (role: 'buyer' | 'seller', ...issues: object[]): Mandate => mandateOf({ ...BUYER_DOCUMENT, role, issues });
const rangeOf = (limits: BargainLimits, mandate: Mandate | undefined, term: string): unknown => {
  const issue = listBargainIssues(limits, mandate).find((each) => each.term === term);
  return issue === undefined ? undefined : [issue.better, issue.best, issue.worst];
};

describe('how long files are kept', () => {
  it('is bargained about only where the policy has it, from nothing or the target to the reserve for a buyer', () => {
    expect(rangeOf(BUYER, undefined, KEPT)).toBeUndefined();
    expect(rangeOf(BUYER, policy('buyer'), KEPT)).toBeUndefined();
    expect(rangeOf(BUYER, policy('buyer', { term: KEPT, reserve: 3_600 }), KEPT)).toEqual(['lower', 0n, 3_600n]);
    expect(rangeOf(BUYER, policy('buyer', { term: KEPT, reserve: 3_600, target: 60 }), KEPT)).toEqual(['lower', 60n, 3_600n]);
  });

  it('goes from what the service says, else the target, down to the reserve for a provider, and no lower', () => {
    const mandate = policy('seller', { term: KEPT, reserve: 3_600, target: 7_200 });
    expect(rangeOf({ ...PROVIDER, retentionS: 86_400 }, mandate, KEPT)).toEqual(['higher', 86_400n, 3_600n]);
    expect(rangeOf(PROVIDER, mandate, KEPT)).toEqual(['higher', 7_200n, 3_600n]);
    expect(rangeOf({ ...PROVIDER, retentionS: 60 }, mandate, KEPT)).toEqual(['higher', 3_600n, 3_600n]);
    expect(rangeOf(PROVIDER, policy('seller', { term: KEPT, reserve: 3_600 }), KEPT)).toEqual(['higher', 3_600n, 3_600n]);
  });

  it('is left to the policy where it likes the unusual end', () => {
    expect(rangeOf(BUYER, policy('buyer', { term: KEPT, reserve: 3_600, better: 'higher' }), KEPT)).toBeUndefined();
  });

  it('is nothing that terms cannot say', () => {
    const huge = policy('buyer', { term: KEPT, reserve: '2000000000000000000', target: '1000000000000000000' });
    const most = BigInt(Number.MAX_SAFE_INTEGER);
    expect(rangeOf(BUYER, huge, KEPT)).toEqual(['lower', most, most]);
  });
});

describe('the time of delivery', () => {
  const TIME = '/delivery/within_s';

  it('goes from the target to the shorter of both for a buyer, and from the service to the reserve for a provider', () => {
    const buyers = policy('buyer', { term: TIME, reserve: 7_200, target: 60 });
    expect(rangeOf(BUYER, buyers, TIME)).toEqual(['lower', 60n, 7_200n]);
    expect(rangeOf({ ...BUYER, withinS: 3_600 }, buyers, TIME)).toEqual(['lower', 60n, 3_600n]);
    expect(rangeOf(BUYER, policy('buyer', { term: TIME, reserve: 7_200 }), TIME)).toEqual(['lower', 7_200n, 7_200n]);
    expect(rangeOf({ ...PROVIDER, withinS: 86_400 }, policy('seller', { term: TIME, reserve: 60 }), TIME)).toEqual([
      'higher',
      86_400n,
      60n,
    ]);
  });

  it('is at least a second', () => {
    expect(rangeOf(BUYER, policy('buyer', { term: TIME, reserve: 5, target: 0 }), TIME)).toEqual(['lower', 1n, 5n]);
  });
});

describe('weights', () => {
  const sharesFor = (...weights: (number | undefined)[]): readonly number[] => {
    const mandate = policy(
      'buyer',
      ...BARGAIN_TERMS.map((term, i) => ({ term, reserve: 800, ...(weights[i] === undefined ? {} : { weight: weights[i] }) })),
    );
    const { domain, utility } = makeBargainTable(listBargainIssues(BUYER, mandate));
    return sharesOf(domain, utility);
  };

  it('are three for the price and one for each other number, unless the policy says something else', () => {
    expect(sharesFor()).toEqual([0.6, 0.2, 0.2]);
    expect(sharesFor(1, 2)).toEqual([0.25, 0.5, 0.25]);
    expect(sharesFor(undefined, undefined, 4)).toEqual([0.375, 0.125, 0.5]);
  });
});

describe('numbers in terms', () => {
  const base: Terms = {
    service: { capability: 'x' },
    scope: { summary: 'y' },
    price: makeFixedPrice(1n),
    delivery: { channel: 'channel' },
    confidentiality: { publish: ['attestation'] },
  };
  const values = { '/price': 5n, '/delivery/within_s': 60n, [KEPT]: 0n } as const;

  it('are read as they are written, and what stands beside them stays', () => {
    const terms = writePackage(base, values);
    expect(readPackage(terms)).toEqual(values);
    expect(terms).toMatchObject({ delivery: { channel: 'channel' }, confidentiality: { publish: ['attestation'] } });
    expect(readPackage(base)).toEqual({ '/price': 1n });
    expect(writePackage(base, {})).toEqual(base);
  });

  it('that come to the same terms are written once, the first in its place', () => {
    const cheaper = { ...values, '/price': 4n };
    expect(writePackages(base, [values, cheaper, { ...values }, {}, { '/price': 1n }]).map(readPackage)).toEqual([
      values,
      cheaper,
      { '/price': 1n },
    ]);
  });
});
