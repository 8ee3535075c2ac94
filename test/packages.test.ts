// Offers of several packages that a person, or another program, has made: a job takes what fits of them and nothing else.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeFixedPrice, readFixedAmount } from '../src/negotiate/price.ts';
import { termsOf } from '../src/negotiate/slot.ts';
import type { Terms } from '../src/negotiate/terms.ts';
import { stateOf } from './mandate.fixture.ts';
import { describeService } from './market.fixture.ts';
import { openStage, type Party, type Stage } from './bank.fixture.ts';

const GRANT = 10_000_000n;

let stage: Stage;
beforeEach(async () => void (stage = await openStage()));
afterEach(() => stage.close());

interface Pair {
  readonly buyer: Party;
  readonly seller: Party;
  readonly nid: string;
}

const BY_RULES = {};
const BY_STRATEGY = { strategy: 'linear', rounds: 6 } as const;

async function order(buying: object): Promise<Pair> {
  const [buyer, seller] = [await stage.makeParty(GRANT), await stage.makeParty(0n)];
  const limits = { maxMsat: 750_000n, bidMsat: 700_000n, withinS: 86_400 };
  const { job } = await buyer.call('buy', { find: 'upper-case', peer: seller.npub, about: 'Large letters.', ...limits, ...buying });
  return { buyer, seller, nid: job.nid };
}

const at = (sats: bigint, changes: Partial<Terms> = {}): Terms => ({
  service: { capability: 'upper-case' },
  scope: { summary: 'Large letters.' },
  price: makeFixedPrice(sats * 1_000n),
  delivery: { within_s: 86_400 },
  payment: { rail: 'sandbox', when: 'before' },
  ...changes,
});
const LATE = { delivery: { within_s: 172_800 } };
const OTHER_WORK = { scope: { summary: 'Small letters.' } };

async function offerBy(party: Party, nid: string, [terms, ...others]: readonly Terms[]): Promise<void> {
  await party.call('sync', {});
  await party.call('offer', { nid, terms, alternatives: others.map((each) => ({ terms: each })) });
}

async function lastOf(party: Party, nid: string) {
  const { moves } = await party.call('history', { nid });
  return moves.findLast(({ by, type }) => by === 'me' && type !== 'receipt' && type !== 'close');
}

/** The terms that a side has signed. */
function signedBy({ context: { store } }: Party, nid: string): Terms | undefined {
  const { commitments, offers } = stateOf(store, nid);
  const [first, ...more] = commitments;
  if (more.length > 0) throw new Error('signed twice');
  const offer = offers.find(({ id }) => id === first?.offer);
  return offer === undefined || first === undefined ? undefined : termsOf(offer, first.alternative);
}

function bidOf({ context: { store, pubkey } }: Party, nid: string): Terms | undefined {
  return stateOf(store, nid).offers.findLast(({ by }) => by === pubkey)?.terms;
}

describe.each([
  { by: 'the fixed rules', buying: BY_RULES },
  { by: 'a strategy', buying: BY_STRATEGY },
])('a buyer by $by', ({ buying }) => {
  it('takes the alternative that fits and leaves those that it objects to, though they are cheaper', async () => {
    const pair = await order(buying);
    await offerBy(pair.seller, pair.nid, [at(100n, OTHER_WORK), at(200n, LATE), at(650n), at(300n, { framework: { max_calls: 3 } })]);
    await pair.buyer.call('pursue', { nid: pair.nid });
    expect(await lastOf(pair.buyer, pair.nid)).toMatchObject({ type: 'accept' });
    expect(signedBy(pair.buyer, pair.nid)).toEqual(at(650n));
  });

  it('counters on the terms of the package that fits', async () => {
    const pair = await order(buying);
    await offerBy(pair.seller, pair.nid, [at(100n, OTHER_WORK), at(900n)]);
    await pair.buyer.call('pursue', { nid: pair.nid });
    const bid = bidOf(pair.buyer, pair.nid);
    expect({ ...bid, price: makeFixedPrice(0n) }).toEqual(at(0n));
    expect((readFixedAmount(bid?.price ?? makeFixedPrice(0n)) ?? 0n) / 10_000n).toBe(70n);
  });

  it('says what it objects to in the main terms where nothing fits', async () => {
    const pair = await order(buying);
    await offerBy(pair.seller, pair.nid, [at(100n, OTHER_WORK), at(200n, LATE)]);
    await pair.buyer.call('pursue', { nid: pair.nid });
    expect(await lastOf(pair.buyer, pair.nid)).toMatchObject({ type: 'reject', code: 'terms', text: '/scope/summary' });
  });
});

describe('a buyer by the fixed rules under a policy', () => {
  const policy = {
    version: 1,
    name: 'files',
    role: 'buyer',
    services: { capabilities: ['*'] },
    peers: { allow: ['*'] },
    limits: { per_deal_msat: 900_000, per_day_msat: 900_000, open_msat: 900_000 },
    issues: [{ term: '/confidentiality/retention_s', reserve: 3_600 }],
    disclosure: { terms: ['*'], free_text: true, max_text_chars: 2_000 },
  };
  const keeping = (seconds: number): Partial<Terms> => ({ confidentiality: { retention_s: seconds } });

  it('takes the cheapest package that it permits', async () => {
    const pair = await order(BY_RULES);
    await pair.buyer.call('setPolicy', { text: JSON.stringify(policy) });
    await offerBy(pair.seller, pair.nid, [at(500n), at(550n, keeping(86_400)), at(690n, keeping(3_600)), at(680n, keeping(60))]);
    await pair.buyer.call('pursue', { nid: pair.nid });
    expect(signedBy(pair.buyer, pair.nid)).toEqual(at(680n, keeping(60)));
  });

  it('counters on a package that it permits', async () => {
    const pair = await order(BY_RULES);
    await pair.buyer.call('setPolicy', { text: JSON.stringify(policy) });
    await offerBy(pair.seller, pair.nid, [at(900n), at(910n, keeping(60))]);
    await pair.buyer.call('pursue', { nid: pair.nid });
    expect(bidOf(pair.buyer, pair.nid)).toEqual(at(700n, keeping(60)));
  });
});

describe.each([
  { by: 'the fixed rules', selling: {} },
  { by: 'a strategy', selling: { strategy: 'conceder', rounds: 2 } },
])('a seller by $by', ({ selling }) => {
  const services = [describeService(selling)];

  async function askFor(choose: (own: Terms) => readonly Terms[]): Promise<Pair> {
    const pair = await order(BY_RULES);
    await pair.seller.call('pursue', { services });
    await pair.buyer.call('sync', {});
    const [first] = stateOf(pair.buyer.context.store, pair.nid).offers;
    if (first === undefined) throw new Error('no offer');
    await offerBy(pair.buyer, pair.nid, choose(first.terms));
    await pair.seller.call('pursue', { services });
    return pair;
  }

  it('takes the alternative that is on its own terms, whatever more is bid on others', async () => {
    const pair = await askFor((own) => [
      { ...own, ...OTHER_WORK, price: makeFixedPrice(5_000_000n) },
      { ...own, price: makeFixedPrice(890_000n) },
      { ...own, payment: { ...own.payment, when: 'after' }, price: makeFixedPrice(6_000_000n) },
      { ...own, price: { model: 'per_unit', unit: 'call', per: 1, tiering: 'graduated', tiers: [{ from: 0, price_msat: '9000000' }] } },
    ]);
    expect(await lastOf(pair.seller, pair.nid)).toMatchObject({ type: 'accept' });
    expect(signedBy(pair.seller, pair.nid)?.price).toEqual(makeFixedPrice(890_000n));
  });

  it('answers with its own terms where nothing is on them', async () => {
    const pair = await askFor((own) => [
      { ...own, ...OTHER_WORK, price: makeFixedPrice(5_000_000n) },
      { ...own, ...LATE, price: makeFixedPrice(5_000_000n) },
    ]);
    expect(await lastOf(pair.seller, pair.nid)).toMatchObject({ type: 'offer' });
    expect(stateOf(pair.seller.context.store, pair.nid).offers.at(-1)?.terms).toMatchObject({ scope: { summary: 'Large letters.' } });
  });
});
