import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson, type Json } from '../core/canonical.ts';
import { EVERY_SECTION, SMALLEST } from './agreementVectors.fixture.ts';
import { renderLeaves, renderTerms } from './renderTerms.ts';
import { renderSeconds, renderUnixSeconds } from './renderTime.ts';
import { EXAMPLES } from './price.fixture.ts';
import { anyTerms } from './terms.fixture.ts';
import type { Terms } from './terms.ts';
import type { TermsLeaf } from './termsLeaves.ts';

describe('rendered terms', () => {
  it('say every leaf that is there in leaf order, and nothing of those that are not', () => {
    expect(renderTerms(SMALLEST.terms)).toEqual(['Service: translation', 'Summary: Translate it.', 'Price: 700 sats']);
    expect(renderTerms(EVERY_SECTION.terms)).toEqual([
      'Service: text/translation',
      'Job kind: 5002',
      'Title: Vertrag, Übersetzung',
      'Summary:',
      '  | Translate one contract.',
      '  | Keep the layout.',
      `Input 1: 9 bytes, SHA-256 ${'11'.repeat(32)}, vertrag.txt`,
      'Result: UTF-8 text',
      'Accepted if 1: Complete',
      'Accepted if 2: No € sign is lost',
      'Revisions included: 1',
      'Price: 700.5 sats',
      'Deliver within: 1 day after payment',
      'Deliver over: channel',
      'Pay over: cashu-2of3',
      'Pay: escrow',
      'Pay to: agent@example.com',
      'Mint 1: https://mint.example.com',
      `Arbiter: ${'22'.repeat(32)}`,
      'May be published: attestation',
      'Delete within: 7 days after delivery',
      'Credit 1: 50 sats back if late_s is over 3600',
      'Call-offs until: 2027-12-28 13:20:00 UTC',
      'Most call-offs: 10',
      'All call-offs at most: 7000 sats',
    ]);
  });

  it('say every part of a price, whatever its model', () => {
    const linesOf = (price: Terms['price']): readonly string[] => renderTerms({ ...SMALLEST.terms, price }).slice(2);
    expect(linesOf(EXAMPLES.per_unit)).toEqual([
      'Price: 2 sats per 1000 token to begin with (2 tiers, graduated), at least 10 sats, at most 5000 sats',
      'Tier 1: 2 sats per 1000 token, for token 1 to 1000000',
      'Tier 2: 1.5 sats per 1000 token, from token 1000001 on',
    ]);
    expect(linesOf({ ...EXAMPLES.per_unit, tiering: 'volume' })).toEqual([
      'Price: 2 sats per 1000 token to begin with (2 tiers, volume), at least 10 sats, at most 5000 sats',
      'Tier 1: 2 sats per 1000 token, for all of them if there are 0 to 999999',
      'Tier 2: 1.5 sats per 1000 token, for all of them if there are 1000000 or more',
    ]);
    expect(linesOf(EXAMPLES.subscription)).toEqual([
      'Price: 5000 sats per 30 days, at most 12 times, 100 page included each time, more at 20 sats per page, at most 9000 sats each time',
      'Tier 1 above the included: 20 sats per page, for all of them if there are 0 or more',
    ]);
    expect(linesOf(EXAMPLES.prepaid)).toEqual([
      'Price: 10000 sats prepaid, drawn down at 25 sats per 10 call, valid for 90 days after payment',
      'Tier 1: 25 sats per 10 call, from call 1 on',
    ]);
    expect(linesOf(EXAMPLES.milestones)).toEqual([
      'Price: 900 sats in 2 milestones',
      'Milestone 1: 300 sats, Draft',
      'Milestone 2: 600 sats, Final text',
    ]);
    const posing = ['Price: 1 sat', '0 sats, Draft', '  | Tier 1: 1 sat'].map((name) => ({ name, amount_msat: '1000' }));
    expect(linesOf({ model: 'milestones', milestones: posing })).toEqual([
      'Price: 3 sats in 3 milestones',
      'Milestone 1: 1 sat, Price: 1 sat',
      'Milestone 2: 1 sat, 0 sats, Draft',
      'Milestone 3: 1 sat,   | Tier 1: 1 sat',
    ]);
  });

  it('differ whenever the terms differ, whatever the texts try to look like', () => {
    let different = 0;
    fc.assert(
      fc.property(anyTerms, anyTerms, (a, b) => {
        const mixed = [b, { ...a, scope: b.scope }, { ...a, price: b.price }, { ...a, service: b.service }];
        for (const other of mixed) {
          const isSame = canonicalJson(a) === canonicalJson(other);
          if (!isSame) different += 1;
          expect(canonicalJson(renderTerms(a)) === canonicalJson(renderTerms(other))).toBe(isSame);
        }
      }),
    );
    expect(different).toBeGreaterThan(100);
  });

  it('hold one price line and never a line break inside a line', () => {
    let tried = 0;
    fc.assert(
      fc.property(anyTerms, (terms) => {
        const lines = renderTerms(terms);
        if (terms.scope.summary.includes('\nPrice: 1 sat')) tried += 1;
        expect(lines.filter((line) => line.startsWith('Price:'))).toHaveLength(1);
        expect(lines.filter((line) => line.includes('\n'))).toEqual([]);
      }),
    );
    expect(tried).toBeGreaterThan(0);
  });

  it('can be those of the shown leaves alone', () => {
    const lines = renderLeaves(
      new Map<TermsLeaf, Json>([
        ['/price', { model: 'fixed', amount_msat: '1000' }],
        ['/service/title', 'T'],
        ['/scope/output', null],
      ]),
    );
    expect(lines).toEqual(['Title: T', 'Price: 1 sat']);
  });
});

describe('rendered time', () => {
  it('is the UTC calendar for every second until the year 9999', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.integer({ min: 0, max: 253_402_300_799 }),
          fc.constantFrom(0, 951_782_399, 951_782_400, 4_107_542_399, 253_402_300_799),
        ),
        (unix) => {
          expect(renderUnixSeconds(unix)).toBe(`${new Date(unix * 1_000).toISOString().slice(0, 19).replace('T', ' ')} UTC`);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('spans are exact', () => {
    expect([0, 1, 60, 3_661, 86_400, 190_000].map(renderSeconds)).toEqual([
      '0 s',
      '1 s',
      '1 min',
      '1 h 1 min 1 s',
      '1 day',
      '2 days 4 h 46 min 40 s',
    ]);
  });
});
