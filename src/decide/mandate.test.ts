// Every mandate that is wrong is told what is wrong with it and where; one that is right is read as it stands.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseTactics } from './chooseTactics.ts';
import { explainMandate } from './explainMandate.ts';
import { parseMandate } from './mandate.ts';
import { anyMandate, BUYER_DOCUMENT, mandateOf, PEER, STRANGER } from './mandate.fixture.ts';
import { isWithinHours } from './mandateHours.ts';
import { ratesOfPeer } from './mandateRates.ts';
import { NAMED_STRATEGIES } from './strategies/namedStrategies.ts';

function problems(change: object, base: object = BUYER_DOCUMENT): readonly string[] {
  const parsed = parseMandate({ ...base, ...change });
  return parsed.kind === 'ok' ? [] : parsed.problems.map(({ path, code }) => `${path} ${code}`);
}

const { limits } = BUYER_DOCUMENT;
const BOTH = { role: 'both', issues: [] };
const disclosure = { terms: ['*'], free_text: true, max_text_chars: 10 };

// What is changed in a mandate that is right, and what is said about it.
const BAD: readonly (readonly [object, ...string[]])[] = [
  [{ version: 2 }, 'version version'],
  [{ version: undefined }, 'version missing'],
  [{ name: '' }, 'name text'],
  [{ role: 'broker' }, 'role choice'],
  [{ max_price: 3 }, 'max_price unknown-field'],
  [{ limits: { ...limits, daily: 3 } }, 'limits.daily unknown-field'],
  [{ issues: [{ term: '/price', reserve: 1, weigth: 3 }] }, 'issues[0].weigth unknown-field'],
  ...[0, -1, 1_000.5, Number.NaN, Number.POSITIVE_INFINITY, '3', null].map(
    (weight) => [{ issues: [{ term: '/price', reserve: 1, weight }] }, 'issues[0].weight weight'] as const,
  ),
  [{ 'a b': 1 }, '"a b" unknown-field'],
  [{ services: {} }, 'services.capabilities missing'],
  [{ services: { capabilities: [] } }, 'services.capabilities empty'],
  [{ services: { capabilities: ['a*b'] } }, 'services.capabilities[0] pattern'],
  [{ services: { capabilities: ['^a.*$'] } }, 'services.capabilities[0] pattern'],
  [{ services: { capabilities: ['*'], dvm_kinds: [4_999] } }, 'services.dvm_kinds[0] dvm-kind'],
  [{ peers: {} }, 'peers.allow missing'],
  [{ peers: { allow: [] } }, 'peers.allow empty'],
  [{ peers: { allow: ['alice'] } }, 'peers.allow[0] key'],
  [{ peers: { allow: ['*', PEER] } }, 'peers.allow star-and-more'],
  [{ peers: { allow: [PEER], deny: [STRANGER, PEER] } }, 'peers.deny[1] allowed-and-denied'],
  [{ peers: { allow: ['*'], deny: ['*'] } }, 'peers.deny[0] deny-all'],
  [{ peers: { allow: ['*'], min_trust: 101 } }, 'peers.min_trust too-large'],
  [{ limits: undefined }, 'limits no-limits'],
  [{ limits: { ...limits, per_deal_msat: undefined } }, 'limits.per_deal_msat missing'],
  [{ limits: { ...limits, per_deal_msat: -1 } }, 'limits.per_deal_msat amount'],
  [{ limits: { ...limits, per_deal_msat: 0.5 } }, 'limits.per_deal_msat amount'],
  [{ limits: { ...limits, per_day_msat: 2 ** 53 } }, 'limits.per_day_msat amount'],
  [{ limits: { ...limits, per_day_msat: '2100000000000000001' } }, 'limits.per_day_msat amount'],
  [{ limits: { ...limits, per_day_msat: '01' } }, 'limits.per_day_msat amount'],
  [{ limits: { ...limits, per_day_msat: '1e9' } }, 'limits.per_day_msat amount'],
  [{ limits: { ...limits, open_deals: 0 } }, 'limits.open_deals zero'],
  [{ limits: { ...limits, unbounded_price: 'yes' } }, 'limits.unbounded_price boolean'],
  [
    { limits: { per_deal_msat: 3, per_day_msat: 2, open_msat: 5 }, issues: [] },
    'limits.per_deal_msat deal-above-day',
    'limits.open_msat open-above-day',
  ],
  [{ limits: { per_deal_msat: 3, per_day_msat: 5, open_msat: 2 }, issues: [] }, 'limits.per_deal_msat deal-above-open'],
  [{ issues: [{ term: '/cost', reserve: 1 }] }, 'issues[0].term term'],
  [{ issues: [{ term: '/price' }] }, 'issues[0].reserve missing'],
  [{ issues: [{ term: '/price', reserve: 1.5 }] }, 'issues[0].reserve whole-number'],
  [{ issues: [{ term: '/price', reserve: 600, target: 900 }] }, 'issues[0].reserve reserve-worse-than-target'],
  [{ issues: [{ term: '/price', reserve: 600, better: 'higher' }] }, 'issues[0].better wrong-direction'],
  [{ issues: [{ term: '/price', reserve: 1_000_001 }] }, 'issues[0].reserve reserve-above-limit'],
  [{ issues: [{ term: '/price', as: 'seller', reserve: 1 }] }, 'issues[0].as other-role'],
  [{ issues: [{ term: '/scope/summary', reserve: 1 }] }, 'issues[0].term not-a-number'],
  [{ issues: [{ term: '/framework/max_calls', reserve: 1 }] }, 'issues[0] direction'],
  [{ ...BOTH, issues: [{ term: '/price', reserve: 1 }] }, 'issues[0] side'],
  [
    {
      issues: [
        { term: '/price', reserve: 1 },
        { term: '/price', as: 'buyer', reserve: 2 },
      ],
    },
    'issues[1].term twice',
  ],
  [
    { issues: [{ term: '/delivery/within_s', reserve: 1 }], terms: { forbidden: ['/delivery/within_s'] } },
    'issues[0].term limit-on-forbidden',
  ],
  [{ bargain: {} }, 'bargain.strategy missing'],
  [{ bargain: { strategy: 'psychic' } }, 'bargain.strategy strategy'],
  [{ bargain: { strategy: { kind: 'firm', level: 3 } } }, 'bargain.strategy strategy'],
  [{ bargain: { strategy: 'linear', rounds: 0 } }, 'bargain.rounds rounds'],
  [{ bargain: { strategy: 'linear', rounds: 101 } }, 'bargain.rounds rounds'],
  [{ bargain: { strategy: 'linear', rounds: 1.5 } }, 'bargain.rounds rounds'],
  [{ bargain: { strategy: 'linear', patience: 3 } }, 'bargain.patience unknown-field'],
  [{ terms: { required: ['/penalties'], forbidden: ['/penalties'] } }, 'terms.required[0] required-and-forbidden'],
  [{ terms: { required: ['/delivery/deadline', '/delivery/within_s'] } }, 'terms.required[0] excludes-each-other'],
  [{ terms: { forbidden: ['/price'] }, issues: [] }, 'terms.forbidden[0] cannot-forbid'],
  [{ terms: { required: ['/nope'] } }, 'terms.required[0] term'],
  [{ terms: { price_models: ['auction'] } }, 'terms.price_models[0] choice'],
  [{ terms: { values: { '/payment/when': ['later'] } } }, 'terms.values."/payment/when"[0] not-a-value'],
  [{ terms: { values: { '/price': ['1'] } } }, 'terms.values."/price" values-not-listed'],
  [{ terms: { values: { '/payment/rail': [] } } }, 'terms.values."/payment/rail" empty'],
  [{ terms: { values: { '/payment/rail': [{}] } } }, 'terms.values."/payment/rail"[0] value'],
  [{ terms: { values: { '/rail': ['nwc'] } } }, 'terms.values."/rail" unknown-field'],
  [{ terms: { values: { '/payment/rail': ['nwc'] }, forbidden: ['/payment/rail'] } }, 'terms.values."/payment/rail" limit-on-forbidden'],
  [{ disclosure: undefined }, 'disclosure missing'],
  [{ disclosure: { ...disclosure, terms: ['*', '/price'] } }, 'disclosure.terms star-and-more'],
  [{ disclosure: { ...disclosure, terms: ['/nope'] } }, 'disclosure.terms[0] term'],
  [{ disclosure: { ...disclosure, max_text_chars: 0 } }, 'disclosure.max_text_chars zero'],
  [{ approval: { above_msat: 1_000_001 } }, 'approval.above_msat never-asked'],
  [{ approval: { when: ['mondays'] } }, 'approval.when[0] choice'],
  [{ approval: { when: ['unbounded-price'] } }, 'approval.when[0] never-asked'],
  [{ disclosure: { ...BUYER_DOCUMENT.disclosure, public: ['announcement'] } }, 'disclosure.public[0] other-role'],
  [{ disclosure: { ...BUYER_DOCUMENT.disclosure, public: ['profile'] } }, 'disclosure.public[0] choice'],
  [{ disclosure: { ...BUYER_DOCUMENT.disclosure, public: [] }, approval: { when: ['publication'] } }, 'approval.when[0] never-asked'],
  [{ hours: { open: ['weekdays'] } }, 'hours.open[0] hours'],
  [{ hours: { open: ['mon 18:00-08:00'] } }, 'hours.open[0] hours-empty'],
  [{ hours: { utc_offset: 'Europe/Berlin', open: ['mon 08:00-18:00'] } }, 'hours.utc_offset offset'],
  [{ rate: { moves_per_minute: 0 } }, 'rate.moves_per_minute zero'],
  [{ rate: { moves_per_minute: 9, moves_per_hour: 8 } }, 'rate.moves_per_minute minute-above-hour'],
  [{ rate: { new_per_hour: 3, per_peer: { new_per_hour: 4 } } }, 'rate.per_peer.new_per_hour peer-above-all'],
  [{ windows: { signature_s: 0 } }, 'windows.signature_s zero'],
  [{ valid_from: 10, valid_until: 10 }, 'valid_until until-before-from'],
  [{ valid_until: 'tomorrow' }, 'valid_until time'],
];

describe('a mandate that is wrong', () => {
  it.each(BAD.map(([change, ...expected]) => ({ change, expected })))('gives its problem: $expected', ({ change, expected }) => {
    expect(problems(change)).toEqual(expected);
  });

  it('is told in words with the place and without a value', () => {
    const parsed = parseMandate({ ...BUYER_DOCUMENT, limits: { ...limits, per_deal_msat: '4711x' } });
    if (parsed.kind === 'ok') throw new Error('taken');
    expect(parsed.problems[0]?.text).toMatch(/^limits\.per_deal_msat must be whole msat/);
    expect(JSON.stringify(parsed)).not.toContain('4711');
  });

  it('is told everything at once', () => {
    expect(problems({ version: 3, role: 'x', valid_until: -1, extra: 1 })).toHaveLength(4);
  });

  it('never makes the reader throw', () => {
    fc.assert(fc.property(fc.anything(), (value) => void parseMandate(value)));
    fc.assert(fc.property(fc.constantFrom(...Object.keys(BUYER_DOCUMENT)), fc.anything(), (key, value) => void problems({ [key]: value })));
  });
});

describe('a mandate that is right', () => {
  it('may be as small as this, and as large as its sections', () => {
    expect(problems({})).toEqual([]);
    const large = {
      ...BOTH,
      valid_from: 1,
      valid_until: 2,
      services: { capabilities: ['a', 'b*'], dvm_kinds: [5_000], announcements: ['x*'] },
      issues: [
        { term: '/price', as: 'buyer', reserve: '900000', target: '600000' },
        { term: '/price', as: 'seller', reserve: 100, target: 200, weight: 1_000 },
        { term: '/framework/max_calls', better: 'lower', reserve: 10 },
      ],
      terms: { required: ['/delivery/within_s'], forbidden: ['/penalties'], values: { '/confidentiality/publish': ['attestation'] } },
      approval: { above_msat: 1, when: ['payment', 'first-deal'] },
      hours: { utc_offset: '-03:30', open: ['fri-mon 22:00-24:00'] },
      rate: { moves_per_hour: 5, per_peer: { moves_per_hour: 2 } },
      windows: { signature_s: 60, offer_s: 60 },
    };
    expect(problems(large)).toEqual([]);
  });

  it('has rates that fit what is named', () => {
    expect(ratesOfPeer(mandateOf({ ...BUYER_DOCUMENT, rate: { moves_per_hour: 5 } }))).toEqual({
      moves_per_minute: 5,
      moves_per_hour: 5,
      new_per_hour: 20,
    });
  });

  it('says by which strategy jobs bargain, by name or with options, in twelve offers unless named', () => {
    const bargainOf = (bargain: object) => mandateOf({ ...BUYER_DOCUMENT, bargain });
    const own = { kind: 'time', exponent: 3 };
    expect(bargainOf({ strategy: 'linear' }).bargain).toEqual({ strategy: NAMED_STRATEGIES.linear, rounds: 12 });
    expect(bargainOf({ strategy: own, rounds: 100 }).bargain).toMatchObject({ strategy: own, rounds: 100 });
    expect(explainMandate(bargainOf({ strategy: 'boulware', rounds: 1 }))).toContain(
      'Jobs that are not told otherwise bargain by boulware, with at most 1 offer.',
    );
    expect(explainMandate(bargainOf({ strategy: own })).join('\n')).toContain('by a strategy of kind time with options of your own, with');
    expect(explainMandate(mandateOf(BUYER_DOCUMENT)).join('\n')).not.toContain('bargain');
  });

  it('yields to the strategy that a job was given, and its rounds with it', () => {
    const { boulware, linear } = NAMED_STRATEGIES;
    const mandate = mandateOf({ ...BUYER_DOCUMENT, bargain: { strategy: 'linear', rounds: 20 } });
    expect(chooseTactics({}, mandate)).toEqual({ strategy: linear, rounds: 20 });
    expect(chooseTactics({ rounds: 5 }, mandate)).toEqual({ strategy: linear, rounds: 5 });
    expect(chooseTactics({ strategy: boulware }, mandate)).toEqual({ strategy: boulware, rounds: 12 });
    expect(chooseTactics({ strategy: boulware, rounds: 5 }, undefined)).toEqual({ strategy: boulware, rounds: 5 });
    expect([chooseTactics({ rounds: 5 }, mandateOf(BUYER_DOCUMENT)), chooseTactics({}, undefined)]).toEqual([undefined, undefined]);
  });

  it('is explained with what it lets everybody know', () => {
    const explained = (changes: object): string =>
      explainMandate(mandateOf({ ...BUYER_DOCUMENT, role: 'seller', limits: undefined, issues: [], ...changes })).join(' ');
    const told = (publications: readonly string[]) => ({ disclosure: { ...BUYER_DOCUMENT.disclosure, public: publications } });
    expect(explained({})).toContain('It may announce what it sells to everybody, at no price below its reserve.');
    expect(explained({ peers: { allow: ['a'.repeat(64)] } })).toContain('It announces nothing. It may attest work in public');
    expect(explained(told([]))).toContain('It announces nothing. It attests nothing in public.');
    expect(explained({ ...told(['announcement']), peers: { allow: ['a'.repeat(64)] } })).toContain('It may announce');
    expect(explained({ approval: { when: ['publication'] } })).toContain('before: every announcement and attestation.');
    expect(explainMandate(mandateOf(BUYER_DOCUMENT)).join(' ')).toContain('It announces nothing. It may attest');
  });

  it('is explained in sentences that hold its limits', () => {
    const lines = explainMandate(mandateOf({ ...BUYER_DOCUMENT, approval: { above_msat: 500_000 } })).join('\n');
    expect(lines).toContain('A deal costs at most 1000 sats.');
    expect(lines).toContain('/price is at most 900 sats; it aims at 600 sats.');
    expect(lines).toContain('It waits for your yes before: signatures for more than 500 sats.');
    const weighed = { ...BUYER_DOCUMENT, issues: [{ term: '/delivery/within_s', reserve: 60, weight: 2.5 }] };
    expect(explainMandate(mandateOf(weighed)).join('\n')).toContain(
      '/delivery/within_s is at most 1 min; in bargaining its weight is 2.5.',
    );
    fc.assert(
      fc.property(anyMandate, (mandate) => {
        expect(explainMandate(mandate).every((line) => line.endsWith('.'))).toBe(true);
      }),
    );
  });
});

describe('opening hours', () => {
  it('are open on the days and times that they name, at their own distance from UTC', () => {
    const hours = { utc_offset: '+02:00', open: ['fri-mon 08:00-18:00'] };
    const at = (day: number, hour: number): boolean => isWithinHours(hours, (day * 24 + hour - 2) * 3_600);
    // The first of January 1970 was a Thursday.
    expect([0, 1, 2, 3, 4, 5, 6].map((day) => at(day, 12))).toEqual([false, true, true, true, true, false, false]);
    expect([7, 8, 17, 18].map((hour) => at(1, hour))).toEqual([false, true, true, false]);
  });
});
