// Payment terms: the right ones are paid, and each single thing that does not fit is a reason of its own.

import { describe, expect, it } from 'vitest';
import { bytesToHex, hexToBytes, sha256, sha256Hex } from '../core/bytes.ts';
import type { BodyOf } from '../negotiate/moveBody.ts';
import { makeFixedPrice } from '../negotiate/price.ts';
import { EXAMPLES } from '../negotiate/price.fixture.ts';
import type { DealFacts } from '../negotiate/settlement.ts';
import type { EventTemplate, NostrEvent } from '../nostr/event.ts';
import { createKeySigner } from '../nostr/signer.ts';
import { decodeBolt11, encodeBolt11, type Bolt11Draft } from './bolt11.ts';
import { describePayment } from './commitment.ts';
import { checkPayTerms, isFundedGenuine, makeFundedTemplate, makePayTermsTemplate, readPayTerms, type PayTerms } from './payTerms.ts';

const NOW = 1_800_000_000;
const AMOUNT = 700_000n;
const agreement = sha256Hex('agreement');
const salt = sha256Hex('salt');
const preimage = sha256Hex('preimage');
const paymentHash = sha256Hex(hexToBytes(preimage));
const nodeKey = sha256('node');
const [buyer, provider, stranger] = [
  createKeySigner(sha256('buyer')),
  createKeySigner(sha256('provider')),
  createKeySigner(sha256('stranger')),
];
const purpose = describePayment({ agreement, index: 0, salt });

const draft: Bolt11Draft = {
  network: 'bcrt',
  amountMsat: AMOUNT,
  timestamp: NOW - 10,
  expiryS: 900,
  paymentHash,
  descriptionHash: purpose.hash,
  paymentSecret: sha256Hex('secret'),
};
const payee = readPayee(encodeBolt11(draft, nodeKey));
const terms: PayTerms = { agreement, rail: 'sandbox', amountMsat: AMOUNT, paymentHash, payee, expiresAt: NOW + 890, isTestMoney: true };
const deal: DealFacts = {
  terms: {
    service: { capability: 'translation' },
    scope: { summary: 'A text.' },
    price: makeFixedPrice(AMOUNT),
    payment: { rail: 'sandbox', when: 'before', payee: { address: payee } },
  },
  parties: { buyer: buyer.pubkey, provider: provider.pubkey },
};
const context = { deal, agreement, rail: { id: 'sandbox', isTestMoney: true }, now: NOW } as const;

function readPayee(invoice: string): string {
  const decoded = decodeBolt11(invoice);
  return decoded.kind === 'ok' ? decoded.invoice.payee : '';
}

async function sign(template: EventTemplate, by = provider): Promise<BodyOf<'payterms'>['terms']> {
  const event: NostrEvent = await by.signEvent(template);
  return { ...event, tags: event.tags.map((tag) => [...tag]), content: '' };
}

async function makeMove(changes: Partial<PayTerms> = {}, invoice: Partial<Bolt11Draft> = {}, key = nodeKey): Promise<BodyOf<'payterms'>> {
  const { description, ...rest } = { ...draft, ...invoice };
  const { descriptionHash, ...bare } = rest;
  const request = encodeBolt11(
    description === undefined ? { ...bare, ...(descriptionHash === undefined ? {} : { descriptionHash }) } : { ...bare, description },
    key,
  );
  return { v: 1, type: 'payterms', agreement, terms: await sign(makePayTermsTemplate({ ...terms, ...changes }, NOW)), request, salt };
}

const reasonOf = (move: BodyOf<'payterms'>, more: Partial<typeof context> = {}): string => {
  const check = checkPayTerms(move, { ...context, ...more });
  return check.kind === 'ok' ? 'ok' : check.reason;
};

describe('payment terms', () => {
  it('that fit are paid, with the description by hash or in words', async () => {
    expect(checkPayTerms(await makeMove(), context)).toEqual({ kind: 'ok', terms });
    expect(reasonOf(await makeMove({}, { description: purpose.description }))).toBe('ok');
  });

  it('read back as they were written, and in one spelling alone', async () => {
    const template = makePayTermsTemplate(terms, NOW);
    expect(readPayTerms(template)).toEqual(terms);
    const tags = template.tags;
    expect(readPayTerms({ ...template, tags: [...tags, ['x', agreement]] })).toBeUndefined();
    expect(readPayTerms({ ...template, tags: tags.toReversed() })).toBeUndefined();
    expect(readPayTerms({ ...template, tags: tags.slice(0, -2) })).toBeUndefined();
    expect(
      readPayTerms({
        ...template,
        tags: tags.map(([name = '', ...rest]) => (name === 'amount' ? ['amount', '0700000'] : [name, ...rest])),
      }),
    ).toBeUndefined();
    expect(readPayTerms({ ...template, kind: 1 })).toBeUndefined();
  });

  it.each<[string, Partial<PayTerms>, Partial<Bolt11Draft>]>([
    ['agreement', { agreement: sha256Hex('another') }, {}],
    ['rail', { rail: 'nwc' }, {}],
    ['amount', { amountMsat: AMOUNT + 1n }, { amountMsat: AMOUNT + 1n }],
    ['amount', { amountMsat: AMOUNT - 1n }, { amountMsat: AMOUNT - 1n }],
    ['invoice-amount', {}, { amountMsat: AMOUNT + 1n }],
    ['payment-hash', { paymentHash: sha256Hex('another') }, {}],
    ['payment-hash', {}, { paymentHash: sha256Hex('another') }],
    ['description', {}, { descriptionHash: sha256Hex('another') }],
    ['description', {}, { description: `${purpose.description} ` }],
    ['network', { isTestMoney: false }, {}],
    ['network', {}, { network: 'bc' }],
    ['expired', { expiresAt: NOW + 10_000 }, {}],
    ['expired', { expiresAt: NOW - 9 }, { expiryS: 1 }],
    ['expired', { expiresAt: NOW + 3 }, { expiryS: 13 }],
  ])('are refused: %s', async (reason, changes, invoice) => {
    expect(reasonOf(await makeMove(changes, invoice))).toBe(reason);
  });

  it('are refused when another node is to be paid', async () => {
    const other = sha256('another node');
    const key = readPayee(encodeBolt11(draft, other));
    expect(reasonOf(await makeMove({}, {}, other))).toBe('payee');
    expect(reasonOf(await makeMove({ payee: key }, {}, other))).toBe('payee');
    const { payment: _, ...unnamed } = deal.terms;
    const open = { ...deal, terms: { ...unnamed, payment: { rail: 'sandbox', when: 'before' } } } as DealFacts;
    expect(reasonOf(await makeMove({ payee: key }, {}, other), { deal: open })).toBe('ok');
  });

  it('are refused for every price that is no fixed amount, whatever they ask for', async () => {
    const { fixed: _, ...others } = EXAMPLES;
    for (const price of Object.values(others)) {
      const other = { ...deal, terms: { ...deal.terms, price } };
      expect(reasonOf(await makeMove(), { deal: other })).toBe('price-model');
    }
  });

  it('are refused unless the provider has signed them', async () => {
    const move = await makeMove();
    expect(reasonOf({ ...move, terms: await sign(makePayTermsTemplate(terms, NOW), stranger) })).toBe('author');
    expect(reasonOf({ ...move, terms: { ...move.terms, sig: '00'.repeat(64) } })).toBe('signature');
    expect(reasonOf({ ...move, terms: { ...move.terms, created_at: NOW + 1 } })).toBe('signature');
    expect(reasonOf({ ...move, terms: { ...move.terms, tags: [] } })).toBe('form');
  });

  it('are refused with another salt, another invoice, no invoice, or for another wallet', async () => {
    const move = await makeMove();
    expect(reasonOf({ ...move, salt: sha256Hex('another') })).toBe('description');
    expect(reasonOf({ ...move, request: 'lnbcrt1' })).toBe('invoice');
    expect(reasonOf({ ...move, request: move.request.slice(0, -1) })).toBe('invoice');
    const { amountMsat: _, ...unpriced } = draft;
    expect(reasonOf({ ...move, request: encodeBolt11(unpriced, nodeKey) })).toBe('invoice-amount');
    expect(reasonOf(move, { rail: { id: 'nwc', isTestMoney: true } as never })).toBe('rail');
    expect(reasonOf(move, { rail: { id: 'sandbox', isTestMoney: false } as never })).toBe('network');
  });
});

describe('the word that a deal is paid', () => {
  const claim = async (changes: object = {}, by = buyer): Promise<BodyOf<'funded'>> => {
    const move = await makeMove();
    const facts = { agreement, payterms: move.terms.id, amountMsat: AMOUNT, paymentHash, isTestMoney: true, ...changes };
    return { v: 1, type: 'funded', agreement, funded: await sign(makeFundedTemplate(facts, NOW), by), proof: preimage };
  };

  it('is genuine when the buyer signed it and shows the preimage, and not otherwise', async () => {
    const payterms = await makeMove();
    const genuine = await claim();
    expect(isFundedGenuine(genuine, payterms, deal)).toBe(true);
    expect(isFundedGenuine({ ...genuine, proof: bytesToHex(sha256('x')) }, payterms, deal)).toBe(false);
    const { proof: _, ...bare } = genuine;
    expect(isFundedGenuine(bare, payterms, deal)).toBe(false);
    expect(isFundedGenuine(await claim({}, stranger), payterms, deal)).toBe(false);
    for (const changes of [{ agreement: salt }, { payterms: salt }, { amountMsat: 1n }, { paymentHash: salt }, { isTestMoney: false }]) {
      expect(isFundedGenuine(await claim(changes), payterms, deal)).toBe(false);
    }
  });
});

describe('what ties an invoice to an agreement', () => {
  it('differs with every part of it, and tells none of them', () => {
    const others = [
      { agreement: salt, index: 0, salt },
      { agreement, index: 1, salt },
      { agreement, index: 0, salt: agreement },
    ].map(describePayment);
    for (const { hash } of others) expect(hash).not.toBe(purpose.hash);
    expect(purpose.description).not.toContain(agreement);
    expect(purpose.hash).toBe(sha256Hex(purpose.description));
  });
});
