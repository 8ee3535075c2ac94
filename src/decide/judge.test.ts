// A mandate allows nothing outside its limits, whatever is asked; each rule refuses what it is for.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ceilingOf } from '../negotiate/ceiling.ts';
import { anyPrice, LARGE } from '../negotiate/price.fixture.ts';
import { makeFixedPrice } from '../negotiate/price.ts';
import type { Terms } from '../negotiate/terms.ts';
import { termsSchema } from '../negotiate/termsSchema.ts';
import { judge, judgeInGroup, judgeInPublic } from './judge.ts';
import { NO_DESCRIPTION } from './mandatePublic.ts';
import { hashAction, type Action, type GroupAction, type PublicAction } from './mandateAction.ts';
import type { Facts } from './mandateFacts.ts';
import { anyMandate, BUYER_DOCUMENT, mandateOf, NOW, PEER, QUIET, STRANGER } from './mandate.fixture.ts';
import { holdOf } from './mandateAmounts.ts';
import type { Mandate } from './mandateSchema.ts';

const OFFER = 'c'.repeat(64);
const terms = (amountMsat: bigint, more: Partial<Terms> = {}): Terms => ({
  service: { capability: 'translation' },
  scope: { summary: 'Two pages' },
  price: makeFixedPrice(amountMsat),
  ...more,
});
const sign = (signed: Terms, more: Partial<Extract<Action, { kind: 'sign' }>> = {}): Action => ({
  kind: 'sign',
  type: 'accept',
  offer: OFFER,
  alternative: 0,
  terms: signed,
  confirmBy: NOW + 60,
  ...more,
});
const pay = (amountMsat: bigint): Action => ({ kind: 'pay', agreement: OFFER, paymentHash: PEER, amountMsat, terms: terms(amountMsat) });

function codes(document: object, action: Action, facts: Partial<Facts> = {}): string {
  const { verdict, reasons } = judge(mandateOf({ ...BUYER_DOCUMENT, ...document }), action, { ...QUIET, ...facts });
  return [verdict, ...reasons.map(({ code }) => code)].join(' ');
}

const say = (text: string, members: readonly string[] = [PEER]): GroupAction => ({
  kind: 'say',
  type: 'group-message',
  group: OFFER,
  members,
  text,
});

describe('what is done in a group', () => {
  const inGroup = (document: object, action: GroupAction, facts: Partial<Facts> = {}): string => {
    const mandate = mandateOf({ ...BUYER_DOCUMENT, ...document });
    const verdict = judgeInGroup(mandate, action, { ...QUIET, ...facts });
    expect(judge(mandate, action, { ...QUIET, ...facts })).toEqual(verdict);
    return [verdict.verdict, ...verdict.reasons.map(({ code }) => code)].join(' ');
  };
  const disclosure = { ...BUYER_DOCUMENT.disclosure, max_text_chars: 3 };

  it('is judged by when, to whom, which words and how often, and by nothing that is about deals', () => {
    expect(inGroup({}, say('Hello'))).toBe('allow');
    expect(inGroup({ peers: { allow: ['*'], min_trust: 100 } }, say('Hello'), { trust: 0, role: 'provider', service: 'weapons' })).toBe(
      'allow',
    );
    expect(inGroup({ peers: { allow: ['*'], deny: [STRANGER] } }, say('Hello', [PEER, STRANGER]))).toBe('deny peer-denied');
    expect(inGroup({ peers: { allow: [PEER] } }, say('Hello', [PEER, STRANGER]))).toBe('deny peer-not-allowed');
    expect(inGroup({ disclosure }, say('Tea'))).toBe('allow');
    expect(inGroup({ disclosure }, say('Teas'))).toBe('deny text-too-long');
    expect(inGroup({ disclosure: { ...disclosure, free_text: false, max_text_chars: 99 } }, say('/price'))).toBe('deny free-text');
    expect(inGroup({ approval: { when: ['free-text'] } }, say('Hello'))).toBe('ask own-words');
    expect(inGroup({ valid_until: NOW - 1 }, say('Hello'))).toBe('deny expired');
    expect(inGroup({ hours: { open: ['mon 00:00-00:01'] } }, say('Hello'))).toBe('deny outside-hours');
    expect(inGroup({}, say('Hello'), { all: { movesInMinute: 60, movesInHour: 60, newInHour: 0 } })).toBe('deny rate-minute');
    expect(inGroup({}, say('Hello'), { ofPeer: { movesInMinute: 0, movesInHour: 200, newInHour: 0 } })).toBe('deny rate-hour');
  });

  it('judges who is brought in by who it is alone', () => {
    const late = { valid_until: NOW - 1, disclosure: { ...disclosure, free_text: false } };
    expect(inGroup(late, { kind: 'invite', members: [PEER] })).toBe('allow');
    expect(inGroup({ peers: { allow: ['*'], deny: [PEER] } }, { kind: 'invite', members: [STRANGER, PEER] })).toBe('deny peer-denied');
  });

  it('has a name for each group, each text and each circle of those who hear it', () => {
    const named = [
      say('a'),
      say('b'),
      say('a', [PEER, STRANGER]),
      { ...say('a'), group: PEER },
      { ...say('a'), type: 'group-name' as const },
    ];
    expect(new Set(named.map((action) => hashAction(action as GroupAction, {}))).size).toBe(named.length);
  });
});

describe('what is told to everybody', () => {
  const SELLER = {
    ...BUYER_DOCUMENT,
    role: 'seller',
    limits: undefined,
    issues: [{ term: '/price', reserve: 700_000 }],
  };
  const SERVICE: PublicAction = {
    kind: 'publish',
    type: 'announcement',
    service: 'de-en',
    name: 'Translation',
    description: 'On one machine.',
    capabilities: ['translation'],
    priceMsat: 900_000n,
  };
  const inPublic = (document: object, changes: Partial<PublicAction> = {}, facts: Partial<Facts> = {}): string => {
    const mandate = mandateOf({ ...SELLER, ...document });
    const action = { ...SERVICE, ...changes };
    const verdict = judgeInPublic(mandate, action, { ...QUIET, ...facts });
    expect(judge(mandate, action, { ...QUIET, ...facts })).toEqual(verdict);
    return [verdict.verdict, ...verdict.reasons.map(({ code, path }) => `${code} (${path})`)].join(' ');
  };

  it('is what the policy sells, at no price below its least', () => {
    expect(inPublic({})).toBe('allow');
    expect(inPublic({}, { priceMsat: 700_000n })).toBe('allow');
    expect(inPublic({}, { priceMsat: 699_999n })).toBe('deny reserve (issues[0].reserve)');
    expect(inPublic({}, { priceMsat: undefined })).toBe('allow');
    const both = { ...BUYER_DOCUMENT, role: 'both', issues: [{ term: '/price', as: 'buyer', reserve: 900_000 }] };
    expect(inPublic(both, { priceMsat: 1n })).toBe('allow');
    expect(inPublic({}, { capabilities: ['translation', 'weapons'] })).toBe('deny service (services.capabilities)');
    expect(inPublic({}, { capabilities: [] })).toBe('deny service (services.capabilities)');
    expect(inPublic({ services: { capabilities: ['*'], announcements: ['fr-*'] } })).toBe('deny announcement (services.announcements)');
    expect(inPublic({ role: 'buyer', limits: BUYER_DOCUMENT.limits, issues: [] })).toBe('deny role (role)');
    const named = { ...BUYER_DOCUMENT.disclosure, terms: ['/service/capability', '/scope/summary'] };
    expect(inPublic({ disclosure: named })).toBe('deny term-undisclosed (disclosure.terms /price)');
  });

  it('is for everybody, or for nobody, unless the policy says so', () => {
    expect(inPublic({ peers: { allow: [PEER] } })).toBe('deny peer-not-allowed (peers.allow)');
    const told = (publications: readonly string[]) => ({ disclosure: { ...BUYER_DOCUMENT.disclosure, public: publications } });
    expect(inPublic({ peers: { allow: [PEER] }, ...told(['announcement']) })).toBe('allow');
    expect(inPublic(told([]))).toBe('deny not-public (disclosure.public)');
    expect(inPublic(told(['attestation']))).toBe('deny not-public (disclosure.public)');
    expect(inPublic({ approval: { when: ['publication'] } })).toBe('ask publication (approval.when)');
    expect(codes({}, { kind: 'attest', agreement: OFFER })).toBe('allow');
    expect(codes(told([]), { kind: 'attest', agreement: OFFER })).toBe('deny not-public');
    expect(codes({ peers: { allow: ['*'], deny: [PEER] } }, { kind: 'attest', agreement: OFFER })).toBe('deny peer-denied');
    expect(codes({ valid_until: NOW - 1 }, { kind: 'attest', agreement: OFFER })).toBe('deny expired');
  });

  it('is said in time, at a pace, and in words of its own only where it may have any', () => {
    expect(inPublic({ valid_until: NOW - 1 })).toBe('deny expired (valid_until)');
    expect(inPublic({}, {}, { all: { movesInMinute: 60, movesInHour: 60, newInHour: 0 } })).toBe(
      'deny rate-minute (rate.moves_per_minute)',
    );
    expect(inPublic({ approval: { when: ['free-text'] } })).toBe('ask own-words (approval.when)');
    const mute = { disclosure: { ...BUYER_DOCUMENT.disclosure, free_text: false, max_text_chars: 20 } };
    expect(inPublic(mute)).toBe('deny free-text (disclosure.free_text)');
    const plain = { service: 'translation', name: 'translation', description: NO_DESCRIPTION };
    expect(inPublic(mute, plain)).toBe('allow');
    expect(inPublic(mute, { ...plain, service: 'our-least-is-700' })).toBe('deny free-text (disclosure.free_text)');
    const listed = { ...mute, services: { capabilities: ['translation'], announcements: ['de-en'] } };
    expect(inPublic(listed, { ...plain, service: 'de-en', name: 'de-en' })).toBe('allow');
    expect(inPublic(mute, { ...plain, description: 'x'.repeat(21) })).toContain('text-too-long');
  });

  it('has a name for each text of it', () => {
    const named = [{}, { name: 'T' }, { description: 'D' }, { service: 's' }, { capabilities: ['summary'] }, { priceMsat: 1n }];
    expect(new Set(named.map((changes) => hashAction({ ...SERVICE, ...changes }, {}))).size).toBe(named.length);
  });
});

describe('judge', () => {
  it('never allows a signature or payment outside the limits, over 10,000 random mandates and actions', () => {
    let allowed = 0;
    let refused = 0;
    fc.assert(
      fc.property(anyMandate, anyActionOnMoney, anyFacts, (mandate, action, facts) => {
        const { verdict, reasons } = judge(mandate, action, facts);
        expect(reasons.length > 0).toBe(verdict !== 'allow');
        if (verdict === 'deny') return void (refused += 1);
        if (verdict === 'allow') allowed += 1;
        // Neither allowed nor to be asked about: the owner's yes does not reach beyond the limits.
        expectWithin(mandate, action, facts);
      }),
      { numRuns: 10_000 },
    );
    expect(allowed).toBeGreaterThan(300);
    expect(refused).toBeGreaterThan(3_000);
  });

  it('never holds back a duty', () => {
    const duties = ['close', 'cancel', 'withdraw', 'receipt', 'error', 'funded', 'dispute'] as const;
    fc.assert(
      fc.property(anyMandate, fc.constantFrom(...duties), anyFacts, (mandate, type, facts) => {
        expect(judge(mandate, { kind: 'duty', type }, facts)).toEqual({ verdict: 'allow', reasons: [] });
      }),
    );
  });

  it('signs below the limits, asks above the amount for approval, refuses above the limits', () => {
    const approval = { above_msat: 500_000 };
    expect(codes({ approval }, sign(terms(500_000n)))).toBe('allow');
    expect(codes({ approval }, sign(terms(500_001n)))).toBe('ask amount');
    expect(codes({ approval }, sign(terms(900_001n)))).toBe('deny reserve');
    expect(codes({ approval, issues: [] }, sign(terms(1_000_001n)))).toBe('deny above-deal');
    expect(codes({}, sign(terms(500_000n), { amends: OFFER }), { paidBeforeMsat: 500_000n })).toBe('allow');
    expect(codes({}, sign(terms(500_000n), { amends: OFFER }), { paidBeforeMsat: 500_001n })).toBe('deny above-deal');
    expect(codes({}, sign(terms(500_000n)), { heldMsat: 1_500_001n })).toBe('deny above-open');
    expect(codes({}, sign(terms(500_000n)), { spentMsat: 2_500_001n })).toBe('deny above-day');
    expect(codes({}, sign(terms(1n)), { openDeals: 64 })).toBe('deny too-many-open');
  });

  it('signs no price without a ceiling, unless the owner says so, and then counts the most a deal may cost', () => {
    const open = terms(0n, {
      price: { model: 'per_unit', unit: 'word', per: 1, tiers: [{ from: 0, price_msat: '1' }], tiering: 'volume' },
    });
    const rules = { terms: { price_models: ['per_unit'] }, issues: [] };
    expect(codes(rules, sign(open))).toBe('deny no-ceiling');
    expect(codes({}, sign(open))).toContain('price-model');
    const permitted = { ...rules, limits: { ...BUYER_DOCUMENT.limits, unbounded_price: true } };
    expect(codes(permitted, sign(open))).toBe('allow');
    expect(codes(permitted, sign(open), { heldMsat: 1_000_001n })).toBe('deny above-open');
    expect(codes({ ...permitted, issues: BUYER_DOCUMENT.issues }, sign(open))).toBe('deny reserve');
  });

  it('judges a seller by the least that a price comes to', () => {
    const seller = { role: 'seller', limits: undefined, issues: [{ term: '/price', reserve: 700_000 }] };
    expect(codes(seller, sign(terms(700_000n)), { role: 'provider' })).toBe('allow');
    expect(codes(seller, sign(terms(699_999n)), { role: 'provider' })).toBe('deny reserve');
    const late = (credit: string): Terms => terms(800_000n, { penalties: [{ metric: 'late_s', over: 0, credit_msat: credit }] });
    expect(codes(seller, sign(late('100000')), { role: 'provider' })).toBe('allow');
    expect(codes(seller, sign(late('100001')), { role: 'provider' })).toBe('deny reserve');
    expect(codes({}, sign({ ...late('800000'), price: makeFixedPrice(900_001n) }))).toBe('deny reserve');
    expect(codes(seller, pay(1n), { role: 'provider', holdMsat: 1n })).toBe('deny no-limits');
    expect(codes(seller, sign(terms(700_000n)))).toContain('role');
  });

  it('pays no more than is held, and nothing for what it does not know', () => {
    expect(codes({}, pay(700_000n), { holdMsat: 700_000n })).toBe('allow');
    expect(codes({}, pay(700_001n), { holdMsat: 700_000n })).toBe('deny above-hold');
    expect(codes({}, pay(700_000n))).toBe('deny no-hold');
    expect(codes({ approval: { when: ['payment'] } }, pay(1n), { holdMsat: 1n })).toBe('ask payment');
  });

  it('asks before it promises or pays anything for a day after what it has paid may have been forgotten', () => {
    expect(codes({}, sign(terms(1n)), { restoredAt: NOW - 86_399 })).toBe('ask restored');
    expect(codes({}, sign(terms(1n)), { restoredAt: NOW - 86_400 })).toBe('allow');
    expect(codes({}, pay(1n), { restoredAt: NOW, holdMsat: 1n })).toBe('ask restored');
    const seller = { role: 'seller', limits: undefined, issues: [] };
    expect(codes(seller, sign(terms(1n)), { restoredAt: NOW, role: 'provider' })).toBe('allow');
  });

  it('keeps its time: before, after, and when the clock goes back', () => {
    const time = { valid_from: NOW - 10, valid_until: NOW + 10 };
    expect(codes(time, sign(terms(1n)))).toBe('allow');
    expect(codes(time, sign(terms(1n)), { now: NOW - 11, latestAt: 0 })).toBe('deny not-yet-valid');
    expect(codes(time, sign(terms(1n)), { now: NOW + 11 })).toBe('deny expired');
    expect(codes(time, sign(terms(1n)), { latestAt: NOW + 11 })).toBe('deny expired');
    expect(codes(time, sign(terms(1n)), { now: Number.NaN })).toContain('clock');
    expect(codes(time, pay(1n), { now: NOW + 11, holdMsat: 1n })).toBe('ask after-end');
    // 2027-01-15 08:00 UTC is a Friday.
    const hours = { utc_offset: '+02:00', open: ['mon-thu 00:00-24:00', 'fri 10:00-10:01'] };
    expect(codes({ hours }, sign(terms(1n)))).toBe('allow');
    expect(codes({ hours }, sign(terms(1n)), { now: NOW + 60, latestAt: 0 })).toBe('deny outside-hours');
  });

  it('deals with nobody whom the owner has not let in', () => {
    expect(codes({ peers: { allow: [STRANGER] } }, sign(terms(1n)))).toBe('deny peer-not-allowed');
    expect(codes({ peers: { allow: ['*'], deny: [PEER] } }, sign(terms(1n)))).toBe('deny peer-denied');
    expect(codes({ peers: { allow: ['*'], deny: [PEER] } }, { kind: 'perform', type: 'input' })).toBe('deny peer-denied');
    expect(codes({ peers: { allow: ['*'], min_trust: 81 } }, sign(terms(1n)))).toBe('deny trust-low');
    expect(codes({ peers: { allow: ['*'], min_trust: 1 } }, sign(terms(1n)), { trust: undefined })).toBe('deny trust-unknown');
    expect(codes({ approval: { when: ['unknown-trust'] } }, sign(terms(1n)), { trust: undefined })).toBe('ask unknown-trust');
    expect(codes({ approval: { when: ['first-deal'] } }, sign(terms(1n)), { dealsWithPeer: undefined })).toBe('ask first-deal');
  });

  it('deals in nothing else than its services', () => {
    expect(codes({}, sign(terms(1n)), { service: 'summary' })).toBe('allow');
    expect(codes({}, sign(terms(1n)), { service: 'translations' })).toBe('deny service');
    expect(codes({}, sign(terms(1n, { service: { capability: 'weapons' } })))).toBe('deny service');
    expect(codes({}, sign(terms(1n, { service: { capability: 'translation', dvm_kind: 5_002 } })))).toBe('deny dvm-kind');
    const announced = { services: { capabilities: ['*'], announcements: ['de-en*'] } };
    expect(codes(announced, sign(terms(1n)))).toBe('deny announcement');
    expect(codes(announced, sign(terms(1n)), { announcement: 'de-en-2' })).toBe('allow');
  });

  it('holds terms to what must, must not and may stand in them', () => {
    const rules = {
      required: ['/delivery/within_s'],
      forbidden: ['/penalties'],
      values: { '/payment/rail': ['nwc'], '/confidentiality/publish': ['attestation'] },
    };
    const good = terms(1n, { delivery: { within_s: 60 }, payment: { rail: 'nwc' } });
    expect(codes({ terms: rules }, sign(good))).toBe('allow');
    expect(codes({ terms: rules }, sign({ ...good, delivery: { deadline: NOW } }))).toBe('deny term-missing');
    expect(codes({ terms: rules }, sign({ ...good, payment: { rail: 'cash' } }))).toBe('deny term-value');
    expect(codes({ terms: rules }, sign({ ...good, confidentiality: { publish: ['attestation', 'name'] } }))).toBe('deny term-value');
    expect(codes({ terms: rules }, sign({ ...good, penalties: [{ metric: 'late_s', over: 1, credit_msat: '1' }] }))).toBe(
      'deny term-forbidden',
    );
    const late = { issues: [{ term: '/delivery/within_s', reserve: 100 }] };
    expect(codes(late, sign(terms(1n)))).toBe('deny reserve-unknown');
    expect(codes(late, sign(terms(1n, { delivery: { within_s: 101 } })))).toBe('deny reserve');
    expect(codes(late, sign(terms(1n, { delivery: { within_s: 100 } })))).toBe('allow');
  });

  it('says nothing before a deal that may not be said', () => {
    const disclosure = { terms: ['/service/capability', '/scope/summary', '/price'], free_text: false, max_text_chars: 20 };
    const file = { name: 'plan.pdf', sha256: OFFER };
    const talk = (text: string, hasFiles = false): Action => ({ kind: 'talk', type: 'ask', text, files: hasFiles ? [file] : [] });
    expect(codes({}, talk('How many pages?'))).toBe('allow');
    expect(codes({}, talk('How many?', true))).toBe('deny attachments');
    expect(codes({ disclosure }, talk('How many pages?'))).toBe('deny free-text');
    expect(codes({ disclosure }, { kind: 'reject', code: 'terms' })).toBe('allow');
    expect(codes({ disclosure }, { kind: 'reject', code: 'terms', text: '/price' })).toBe('allow');
    expect(codes({ disclosure }, { kind: 'reject', code: 'terms', text: 'We only have 900' })).toBe('deny free-text');
    const open = (requirements: string): Action => ({
      kind: 'open',
      role: 'buyer',
      service: 'translation',
      requirements,
      expiresAt: NOW + 60,
    });
    expect(codes({ disclosure }, open('I need: translation'))).toBe('allow');
    expect(codes({ disclosure }, open('Anything, we have 900 sats'))).toBe('deny free-text text-too-long');
    const offer = (offered: Terms): Action => ({ kind: 'offer', terms: [offered], expiresAt: NOW + 60, isSigned: false });
    const heard = ['Two pages', 'x'.repeat(21)];
    expect(codes({ disclosure }, offer(terms(1n)), { heard })).toBe('allow');
    expect(codes({ disclosure }, offer(terms(1n, { delivery: { within_s: 60 } })), { heard })).toBe('deny term-undisclosed');
    expect(codes({ disclosure }, offer({ ...terms(1n), scope: { summary: 'x'.repeat(21) } }), { heard })).toBe('deny text-too-long');
  });

  it('judges the dearest of what an offer says, and a signed offer as a signature', () => {
    const offer = (offered: readonly Terms[], isSigned: boolean): Action => ({
      kind: 'offer',
      terms: offered,
      expiresAt: NOW + 60,
      isSigned,
    });
    expect(codes({}, offer([terms(1n), terms(900_001n)], false))).toBe('deny reserve');
    expect(codes({}, offer([terms(900_000n)], false), { heldMsat: 2_000_000n })).toBe('allow');
    expect(codes({}, offer([terms(900_000n)], true), { heldMsat: 2_000_000n })).toBe('deny above-open');
    expect(codes({ windows: { signature_s: 59 } }, offer([terms(1n)], true))).toBe('deny signature-window');
    expect(codes({ windows: { offer_s: 59 } }, offer([terms(1n)], false))).toBe('deny offer-window');
    expect(codes({ approval: { when: ['presigned-offer'] } }, offer([terms(1n)], true))).toBe('ask presigned-offer');
    expect(codes({ approval: { when: ['presigned-offer'] } }, sign(terms(1n)))).toBe('allow');
    expect(codes({}, { kind: 'blind', type: 'accept' })).toBe('deny unknown-terms');
  });

  it('finds words of its own wherever they stand: in terms, names of files, reasons and their codes', () => {
    const mute = { disclosure: { terms: ['*'], free_text: false, max_text_chars: 99 } };
    const shy = { approval: { when: ['free-text'] } };
    const heard = ['Two pages'];
    const offer = (scope: Partial<Terms['scope']>, title?: string): Action => ({
      kind: 'offer',
      terms: [terms(1n, { service: { capability: 'translation', title }, scope: { summary: 'Two pages', ...scope } })],
      expiresAt: NOW + 60,
      isSigned: false,
    });
    const file = (name: string) => ({ inputs: [{ name, sha256: OFFER, size: 1 }] });
    const words: readonly Action[] = [
      offer({}, 'We have 900'),
      offer({ summary: 'We have 900' }),
      offer({ output: 'We have 900' }),
      offer({ acceptance: ['Two pages', 'We have 900'] }),
      offer(file('we-have-900.txt')),
      { kind: 'reject', code: 'we-have-900' },
      { kind: 'reject', code: 'terms', text: 'We have 900' },
      { kind: 'talk', type: 'answer', text: '/price', files: [] },
      { kind: 'open', role: 'buyer', service: 'translation', requirements: 'We have 900', expiresAt: NOW + 60 },
      { kind: 'perform', type: 'deliver', text: 'We have 900' },
    ];
    for (const action of words) {
      expect([action, codes(mute, action, { heard })]).toEqual([action, 'deny free-text']);
      expect([action, codes(shy, action, { heard })]).toEqual([action, 'ask own-words']);
      expect([action, codes({}, action, { heard })]).toEqual([action, 'allow']);
    }
    const plain = [offer({}), offer(file('input-1.pdf')), { kind: 'reject', code: 'too-expensive' }, { kind: 'perform', type: 'deliver' }];
    for (const action of plain as Action[])
      for (const rules of [mute, shy]) expect([action, codes(rules, action, { heard })]).toEqual([action, 'allow']);
  });

  it('lets nobody hear reasons in words to whom nothing else may be said', () => {
    const reasons: Action = { kind: 'reject', code: 'declined', text: 'Sorry' };
    expect(codes({ peers: { allow: ['*'], deny: [PEER] } }, reasons)).toBe('deny peer-denied');
    expect(codes({ valid_until: NOW - 1 }, reasons)).toBe('deny expired');
    expect(codes({}, reasons, { ofPeer: { movesInMinute: 30, movesInHour: 30, newInHour: 0 } })).toBe('deny rate-minute');
    const gone = { peers: { allow: ['*'], deny: [PEER] }, valid_until: NOW - 1 };
    expect(codes(gone, { kind: 'reject', code: 'declined' })).toBe('allow');
  });

  it('names a text with all the files that it names', () => {
    const talk = (sha256: string): Action => ({ kind: 'talk', type: 'ask', text: 'See there.', files: [{ name: 'plan.pdf', sha256 }] });
    expect(hashAction(talk(OFFER), { nid: OFFER })).not.toBe(hashAction(talk(PEER), { nid: OFFER }));
  });

  it('keeps its pace, with all and with each', () => {
    const counts = { movesInMinute: 2, movesInHour: 2, newInHour: 2 };
    const rate = {
      moves_per_minute: 5,
      moves_per_hour: 5,
      new_per_hour: 2,
      per_peer: { moves_per_minute: 2, moves_per_hour: 3, new_per_hour: 2 },
    };
    expect(codes({ rate }, sign(terms(1n)), { all: counts })).toBe('allow');
    expect(codes({ rate }, sign(terms(1n)), { all: counts, isFirstMove: true })).toBe('deny rate-new');
    expect(codes({ rate }, sign(terms(1n)), { ofPeer: counts })).toBe('deny rate-minute');
    expect(codes({ rate }, sign(terms(1n)), { all: { ...counts, movesInHour: 5 } })).toBe('deny rate-hour');
  });

  it('names an action by all that it says, and not by when it ends', () => {
    const where = { nid: OFFER, peer: PEER };
    const hash = hashAction(sign(terms(1n)), where);
    expect(hashAction(sign(terms(1n), { confirmBy: 7 }), where)).toBe(hash);
    const others = [sign(terms(2n)), sign(terms(1n), { alternative: 1 }), sign(terms(1n), { type: 'confirm' }), pay(1n)];
    for (const other of others) expect(hashAction(other, where)).not.toBe(hash);
    expect(hashAction(sign(terms(1n)), { ...where, peer: STRANGER })).not.toBe(hash);
  });
});

const anyTerms: fc.Arbitrary<Terms> = fc
  .record({
    service: fc.constantFrom({ capability: 'translation' }, { capability: 'summary' }, { capability: 'translation', dvm_kind: 5_002 }),
    scope: fc.constant({ summary: 'work' }),
    price: fc.oneof(
      { arbitrary: fc.bigInt({ min: 0n, max: 3_000n }).map(makeFixedPrice), weight: 3 },
      { arbitrary: anyPrice(LARGE), weight: 1 },
    ),
    delivery: fc.option(fc.constant({ within_s: 60 }), { nil: undefined }),
  })
  .map((drawn) => termsSchema.parse(Object.fromEntries(Object.entries(drawn).filter(([, value]) => value !== undefined))));
const anyRelation = fc.constantFrom({}, { amends: OFFER }, { under: OFFER });
const anyActionOnMoney: fc.Arbitrary<Action> = fc.oneof(
  fc
    .tuple(anyTerms, anyRelation, fc.integer({ min: NOW, max: NOW + 90 }))
    .map(([each, relation, confirmBy]) => sign(each, { ...relation, confirmBy })),
  fc
    .tuple(fc.array(anyTerms, { minLength: 1, maxLength: 2 }), anyRelation, fc.integer({ min: NOW, max: NOW + 90 }))
    .map(([each, relation, expiresAt]): Action => ({ kind: 'offer', terms: each, expiresAt, isSigned: true, ...relation })),
  fc.bigInt({ min: 0n, max: 3_000n }).map(pay),
);
const anyFacts: fc.Arbitrary<Facts> = fc
  .record({
    now: fc.integer({ min: NOW - 50, max: NOW + 50 }),
    peer: fc.constantFrom(PEER, PEER, STRANGER),
    trust: fc.constantFrom(undefined, 10, 20, 90),
    role: fc.constantFrom('buyer' as const, 'buyer' as const, 'buyer' as const, 'provider' as const),
    service: fc.constantFrom('translation', 'translation', 'summary'),
    heldMsat: fc.bigInt({ min: 0n, max: 2_000n }),
    openDeals: fc.integer({ min: 0, max: 4 }),
    spentMsat: fc.bigInt({ min: 0n, max: 2_000n }),
    holdMsat: fc.option(fc.bigInt({ min: 0n, max: 3_000n }), { nil: undefined }),
  })
  .map((drawn) => ({ ...QUIET, latestAt: 0, ...drawn }));

// Said again, in other words than the code's.
function expectWithin({ limits, peers, role, issues, ...rest }: Mandate, action: Action, facts: Facts): void {
  expect(peers.deny).not.toContain(facts.peer);
  expect(role === 'both' || role === (facts.role === 'buyer' ? 'buyer' : 'seller')).toBe(true);
  if (facts.role !== 'buyer') return expect(action.kind).not.toBe('pay');
  if (limits === undefined) throw new Error('a buyer without limits');
  if (action.kind === 'pay') {
    expect(action.amountMsat).toBeLessThanOrEqual(facts.holdMsat ?? -1n);
    expect(action.amountMsat + facts.spentMsat).toBeLessThanOrEqual(limits.per_day_msat);
    return expect(action.amountMsat).toBeLessThanOrEqual(limits.per_deal_msat);
  }
  expect(rest.valid_until === undefined || facts.now <= rest.valid_until).toBe(true);
  const signed = action.kind === 'offer' ? action.terms : action.kind === 'sign' ? [action.terms] : [];
  for (const each of signed) {
    const most = ceilingOf(each.price) ?? (limits.unbounded_price ? limits.per_deal_msat : 10n ** 30n);
    expect(most).toBe(holdOf({ limits, peers, role, issues, ...rest }, each));
    expect(most).toBeLessThanOrEqual(limits.per_deal_msat);
    expect(most + facts.heldMsat).toBeLessThanOrEqual(limits.open_msat);
    expect(most + facts.heldMsat + facts.spentMsat).toBeLessThanOrEqual(limits.per_day_msat);
    for (const { reserve } of issues) expect(most).toBeLessThanOrEqual(reserve);
  }
}
