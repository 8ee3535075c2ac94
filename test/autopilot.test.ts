// Two agents left alone, a strategy and a mandate on each side: they bargain over a real relay, deal, work and pay, and never leave either mandate.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findJob } from '../src/agent/jobs/job.ts';
import { bargain, listSeenMoves } from '../src/agent/jobs/bargain.ts';
import { planOf } from '../src/agent/jobs/plan.ts';
import { readDecision } from '../src/agent/jobs/savedDecision.ts';
import type { Job, Purchase, Sale } from '../src/agent/jobs/job.ts';
import { NAMED_STRATEGIES } from '../src/decide/strategies/namedStrategies.ts';
import { replayBargain } from '../src/decide/bargainByStrategy.ts';
import type { StrategySpec } from '../src/decide/strategies/buildStrategy.ts';
import { judge } from '../src/decide/judge.ts';
import { QUIET } from '../src/decide/mandate.fixture.ts';
import { describeOffer, type Action } from '../src/decide/mandateAction.ts';
import { readDeal } from '../src/negotiate/settleHeld.ts';
import { readMandate } from '../src/agent/mandate/mandateSetting.ts';
import { isNegotiateError } from '../src/core/errors.ts';
import { listBodies, listOffers, policyOf } from './autopilot.fixture.ts';
import { isWholeLane } from './lane.fixture.ts';
import { stateOf } from './mandate.fixture.ts';
import { describeService } from './market.fixture.ts';
import { openStage, type Party, type Stage } from './bank.fixture.ts';

const GRANT = 10_000_000n;
const [MOST, LEAST] = [800_000n, 640_000n];

let stage: Stage;
beforeEach(async () => void (stage = await openStage()));
afterEach(() => stage.close());

type Named = keyof typeof NAMED_STRATEGIES | StrategySpec;

interface Case {
  readonly buys: Named;
  readonly sells: Named;
  readonly issues?: readonly [buyer: readonly object[], seller: readonly object[]];
  readonly retentionS?: number;
}

interface Pair {
  readonly buyer: Party;
  readonly seller: Party;
  readonly nid: string;
  readonly services: ReturnType<typeof describeService>[];
}

async function order({ buys, sells, issues = [[], []], retentionS }: Case): Promise<Pair> {
  const [buyer, seller] = [await stage.makeParty(GRANT), await stage.makeParty(0n)];
  const kept = retentionS === undefined ? {} : { retention_s: retentionS };
  const services = [describeService({ list_sats: '950', min_sats: '500', strategy: sells, rounds: 6, ...kept })];
  const price = (reserve: bigint): object => ({ term: '/price', reserve: reserve.toString() });
  const set = [
    await buyer.call('setPolicy', { text: policyOf('buyer', [price(MOST), ...issues[0]]) }),
    await seller.call('setPolicy', { text: policyOf('seller', [price(LEAST), ...issues[1]]) }),
  ];
  expect(set.map(({ kind }) => kind)).toEqual(['set', 'set']);
  await seller.call('announce', { services });
  // The job's own limits are wider than both mandates.
  const { job } = await buyer.call('buy', {
    find: 'upper-case',
    peer: seller.npub,
    about: 'Large letters.',
    inputs: [{ name: 'secret.txt', data: new TextEncoder().encode('a secret text') }],
    maxMsat: 950_000n,
    bidMsat: 400_000n,
    strategy: buys as StrategySpec,
    rounds: 6,
  });
  return { buyer, seller, nid: job.nid, services };
}

async function play({ buyer, seller, nid, services }: Pair) {
  for (let round = 0; round < 60; round += 1) {
    const reports = [await seller.call('pursue', { services }), await buyer.call('pursue', { nid })];
    expect(reports.flatMap(({ problems }) => problems)).toEqual([]);
    const [job] = reports[1]?.jobs ?? [];
    if (job?.isOver === true) return job;
    stage.clock.advance(2);
  }
  throw new Error('not over');
}

/** What a side's mandate says of an action, time and pace aside. */
function verdictOf({ context: { store } }: Party, role: 'buyer' | 'provider', action: Action): string {
  const mandate = readMandate(store);
  if (mandate === undefined) throw new Error('no mandate');
  const now = stage.clock.now();
  return judge(mandate, action, { ...QUIET, now, latestAt: now, service: 'upper-case', role }).verdict;
}

const amountOf = (price: object): bigint => BigInt((price as { readonly amount_msat: string }).amount_msat);

describe('on autopilot over a relay', () => {
  it.each<Case>([
    { buys: 'linear', sells: 'boulware' },
    { buys: 'conceder', sells: 'tit-for-tat' },
    { buys: 'fast-micro', sells: 'firm' },
    { buys: 'tit-for-tat', sells: 'fast-micro' },
    {
      buys: 'trade-off',
      sells: 'linear',
      issues: [[{ term: '/delivery/within_s', reserve: 43_200, target: 7_200 }], [{ term: '/delivery/within_s', reserve: 14_400 }]],
    },
  ])('a buyer by $buys and a seller by $sells close a deal that is within both mandates', async (each) => {
    const pair = await order(each);
    const { buyer, seller, nid } = pair;
    const job = await play(pair);
    expect(job.outcome).toBe('completed');
    const offers = listOffers(buyer, nid);
    expect(offers.length).toBeGreaterThan(1);
    for (const { author, terms } of offers) {
      const isBuyers = author === buyer.context.pubkey;
      if (isBuyers) expect(amountOf(terms.price)).toBeLessThanOrEqual(MOST);
      else expect(amountOf(terms.price)).toBeGreaterThanOrEqual(LEAST);
      if (each.issues === undefined) continue;
      if (isBuyers) expect(terms.delivery?.within_s).toBeLessThanOrEqual(43_200);
      else expect(terms.delivery?.within_s).toBeGreaterThanOrEqual(14_400);
    }
    const paid = GRANT - buyer.wallet.balance();
    expect(paid).toBe(seller.wallet.balance());
    expect(paid >= LEAST && paid <= MOST).toBe(true);
    expect([buyer.wallet.payCalls(), stage.bank.isConserved()]).toEqual([1, true]);
  });

  const SEVERAL: StrategySpec = {
    kind: 'time',
    curve: 'polynomial',
    exponent: 1,
    fall: 'scaled',
    tolerance: 0,
    alternatives: 5,
    spread: 0.1,
  };
  it.each([
    { buys: 'linear', sells: SEVERAL, takes: 'the buyer' },
    { buys: SEVERAL, sells: 'linear', takes: 'the seller' },
  ] as const)('closes on one of several packages, taken by $takes, and the files are deleted when that one says', async (each) => {
    const pair = await order({
      ...each,
      retentionS: 604_800,
      issues: [
        [
          { term: '/delivery/within_s', reserve: 43_200, target: 7_200, weight: 0.5 },
          { term: '/confidentiality/retention_s', reserve: 432_000, weight: 8 },
        ],
        [
          { term: '/delivery/within_s', reserve: 14_400, weight: 8 },
          { term: '/confidentiality/retention_s', reserve: 86_400 },
        ],
      ],
    });
    const { buyer, seller, nid, services } = pair;
    const job = await play(pair);
    expect(job.outcome).toBe('completed');
    const [taken, ...others] = listBodies(buyer, nid, 'accept');
    expect(others).toEqual([]);
    expect(taken?.author).toBe(each.takes === 'the buyer' ? buyer.context.pubkey : seller.context.pubkey);
    expect(taken?.body.alternative).toBeGreaterThan(0);

    const offers = listBodies(buyer, nid, 'offer');
    expect(offers.some(({ body: { alternatives = [] } }) => alternatives.length === 4)).toBe(true);
    for (const { author, body } of offers) {
      const isBuyers = author === buyer.context.pubkey;
      expect(verdictOf(isBuyers ? buyer : seller, isBuyers ? 'buyer' : 'provider', describeOffer(body, false))).toBe('allow');
    }
    const deal = readDeal(stateOf(seller.context.store, nid));
    if (deal === undefined) throw new Error('no deal');
    const agreed: Action = { kind: 'offer', terms: [deal.terms], expiresAt: stage.clock.now() + 60, isSigned: false };
    expect([verdictOf(buyer, 'buyer', agreed), verdictOf(seller, 'provider', agreed)]).toEqual(['allow', 'allow']);
    // The service would keep them for a week.
    const retentionS = deal.terms.confidentiality?.retention_s ?? 0;
    expect(retentionS >= 86_400 && retentionS <= 432_000).toBe(true);

    const { store } = seller.context;
    const files = [...(deal.terms.scope.inputs ?? []), ...(deal.settlement.delivered ?? [])].map(({ sha256 }) => sha256);
    const kept = (): number => files.filter((sha256) => store.findFile(sha256) !== undefined).length;
    await seller.call('pursue', { services });
    stage.clock.advance(retentionS - 120);
    await seller.call('pursue', { services });
    expect([files.length, kept()]).toEqual([2, 2]);
    stage.clock.advance(121);
    await seller.call('pursue', { services });
    expect(kept()).toBe(0);
  });

  it('keeps why it decided, so that every decision can be made again, and sends nothing of it', async () => {
    const pair = await order({ buys: 'linear', sells: 'linear' });
    const { buyer, seller, nid } = pair;
    await play(pair);
    const job = findJob(buyer.context.store, nid) as Job<Purchase>;
    const records = (job.body.decisions ?? []).map(readDecision);
    expect(records.length).toBeGreaterThan(1);
    const moves = listSeenMoves(buyer.context, stateOf(buyer.context.store, nid), planOf(job.body));
    for (const record of records) expect(replayBargain(record, moves)).toEqual({ kind: 'same' });
    const seen = seller.context.store.listMoves(nid).map(({ rumor }) => rumor);
    for (const secret of [job.body.tactics?.seed ?? '', 'linear', 'figures']) expect(seen.join()).not.toContain(secret);
  });

  it('explains to each owner what it decided, on both sides, and decides it again from what it kept', async () => {
    const pair = await order({ buys: 'linear', sells: 'boulware' });
    await play(pair);
    for (const [party, strategy] of [
      [pair.buyer, 'linear'],
      [pair.seller, 'boulware'],
    ] as const) {
      const { decisions } = await party.call('explainDecisions', { nid: pair.nid });
      expect(decisions.length).toBeGreaterThan(1);
      for (const each of decisions) {
        expect(each).toMatchObject({
          strategy,
          rounds: 6,
          replay: 'same',
          ranges: [expect.stringMatching(/^\/price from \d+ sats to \d+ sats$/)],
        });
        expect(each.packages.join()).toMatch(each.kind === 'end' ? /^$/ : /^\/price \d+ sats$/);
        expect(Object.keys(each.figures)).toContain('t');
      }
    }
    // Without the owner's policy what was decided under it is explained all the same.
    await pair.buyer.call('setPolicy', { text: null });
    const { decisions } = await pair.buyer.call('explainDecisions', { nid: pair.nid });
    expect(decisions.map(({ replay }) => replay)).toEqual(decisions.map(() => 'same'));
  });

  it('sends nothing and says why when a strategy gives no answer that may be sent', async () => {
    const pair = await order({ buys: 'linear', sells: 'linear' });
    const { buyer, seller, nid, services } = pair;
    await seller.call('pursue', { services });
    await buyer.call('sync', {});
    const job = findJob(buyer.context.store, nid) as Job<Purchase>;
    const plan = planOf(job.body);
    const before = buyer.context.store.listMoves(nid).length;
    // No rounds at all: no strategy is asked about that.
    const damaged = { ...plan, tactics: { strategy: { kind: 'firm', level: 1 }, rounds: 0, seed: 'x' } } as const;
    const error = await bargain(buyer.context, stateOf(buyer.context.store, nid), job, damaged).catch((thrown: unknown) => thrown);
    expect(isNegotiateError(error) && [error.code, error.details]).toEqual(['negotiation/refused', { reason: 'strategy' }]);
    expect([buyer.context.store.listMoves(nid).length, buyer.wallet.payCalls()]).toEqual([before, 0]);
    expect(await buyer.call('explainDecisions', { nid })).toMatchObject({ fault: 'threw', decisions: [], strategy: 'linear' });
    // Once it has answered, that is past.
    await bargain(buyer.context, stateOf(buyer.context.store, nid), findJob(buyer.context.store, nid) as Job<Purchase>, plan);
    const later = await buyer.call('explainDecisions', { nid });
    expect([later.decisions.length, later.fault]).toEqual([1, undefined]);
  });
});

describe('the fixed rules', () => {
  const priceOf = (role: 'buyer' | 'seller', reserve: number): string => policyOf(role, [{ term: '/price', reserve }]);

  async function placeOrder(service: object, more: object): Promise<Pair> {
    const [buyer, seller] = [await stage.makeParty(GRANT), await stage.makeParty(0n)];
    const wanted = { find: 'upper-case', peer: seller.npub, about: 'Large letters.', maxMsat: 900_000n };
    const { job } = await buyer.call('buy', { ...wanted, ...more });
    return { buyer, seller, nid: job.nid, services: [describeService(service)] };
  }

  it.each([
    { whose: 'seller', reserve: 700_000, service: { min_sats: '500' }, more: { bidMsat: 606_000n }, most: 700_000n, least: 700_000n },
    // What the seller offers comes down to within the order's limit well before it is within the policy's.
    {
      whose: 'buyer',
      reserve: 650_000,
      service: { min_sats: '600', strategy: 'linear', rounds: 6 },
      more: { bidMsat: 500_000n },
      most: 650_000n,
      least: 600_000n,
    },
  ] as const)('keep to the policy of a $whose where that is narrower, and go on until there is a deal', async (each) => {
    const pair = await placeOrder(each.service, each.more);
    const { kind } = await pair[each.whose].call('setPolicy', { text: priceOf(each.whose, each.reserve) });
    expect(kind).toBe('set');
    expect((await play(pair)).outcome).toBe('completed');
    const paid = GRANT - pair.buyer.wallet.balance();
    expect(paid >= each.least && paid <= each.most).toBe(true);
  });

  it.runIf(isWholeLane)('end where the policy leaves nothing to agree on, after as many offers as a strategy has', async () => {
    const pair = await placeOrder({ min_sats: '500' }, { maxMsat: 690_000n, bidMsat: 606_000n });
    await pair.seller.call('setPolicy', { text: priceOf('seller', 700_000) });
    await pair.buyer.call('setPolicy', { text: priceOf('buyer', 650_000) });
    const job = await play(pair);
    expect(job.outcome).toBe('no-deal');
    const offers = listOffers(pair.buyer, pair.nid);
    const by = (party: Party): bigint[] =>
      offers.flatMap(({ author, terms }) => (author === party.context.pubkey ? [amountOf(terms.price)] : []));
    expect(by(pair.seller)).toEqual([900_000n, ...Array<bigint>(11).fill(700_000n)]);
    expect(by(pair.buyer)).toEqual(Array<bigint>(12).fill(606_000n));
  });

  it('of a seller wait for a buyer whose strategy comes to the floor by and by', async () => {
    const pair = await placeOrder({ min_sats: '720' }, { strategy: 'trade-off', rounds: 8 });
    expect((await play(pair)).outcome).toBe('completed');
    expect(GRANT - pair.buyer.wallet.balance()).toBe(720_000n);
  });
});

describe('a policy that says how jobs bargain', () => {
  const bargainBy = (role: 'buyer' | 'seller', strategy: string, rounds: number): string =>
    policyOf(role, [{ term: '/price', reserve: (role === 'buyer' ? MOST : LEAST).toString() }], { bargain: { strategy, rounds } });
  const ORDER = { find: 'upper-case', about: 'Large letters.', maxMsat: 950_000n, bidMsat: 400_000n } as const;
  const plainService = (changes: object = {}) => [describeService({ list_sats: '950', min_sats: '500', ...changes })];
  const saleOf = ({ context }: Party, nid: string): Sale => (findJob(context.store, nid) as Job<Sale>).body;
  const strategiesOf = ({ decisions = [] }: Sale): unknown[] => decisions.map(({ because }) => because.strategy);

  async function placeOrder(more: object = {}): Promise<Omit<Pair, 'services'> & { readonly body: Purchase }> {
    const [buyer, seller] = [await stage.makeParty(GRANT), await stage.makeParty(0n)];
    await buyer.call('setPolicy', { text: bargainBy('buyer', 'linear', 8) });
    const { job } = await buyer.call('buy', { ...ORDER, peer: seller.npub, ...more });
    return { buyer, seller, nid: job.nid, body: (findJob(buyer.context.store, job.nid) as Job<Purchase>).body };
  }

  it('holds for orders and for sales that say nothing, and they close a deal within both mandates', async () => {
    const { body, ...pair } = await placeOrder();
    const { buyer, seller, nid } = pair;
    await seller.call('setPolicy', { text: bargainBy('seller', 'boulware', 7) });
    expect(body.tactics).toMatchObject({
      strategy: NAMED_STRATEGIES.linear,
      rounds: 8,
      seed: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
    });
    const job = await play({ ...pair, services: plainService() });
    expect(job.outcome).toBe('completed');
    const paid = GRANT - buyer.wallet.balance();
    expect(paid >= LEAST && paid <= MOST).toBe(true);
    const { decisions = [], seed } = saleOf(seller, nid);
    expect(decisions.length).toBeGreaterThan(1);
    for (const { because } of decisions)
      expect(because).toMatchObject({ strategy: NAMED_STRATEGIES.boulware, timing: { rounds: 7 }, seed });
    expect(seed).toMatch(/^[0-9a-f]{32}$/);
  });

  it('yields to the strategy of an order and of a service', async () => {
    const { body, ...pair } = await placeOrder({ strategy: 'conceder' });
    expect(body.tactics).toMatchObject({ strategy: NAMED_STRATEGIES.conceder, rounds: 12 });
    await pair.seller.call('setPolicy', { text: bargainBy('seller', 'boulware', 7) });
    await play({ ...pair, services: plainService({ strategy: 'firm' }) });
    const used = strategiesOf(saleOf(pair.seller, pair.nid));
    expect(used.length).toBeGreaterThan(0);
    for (const strategy of used) expect(strategy).toEqual(NAMED_STRATEGIES.firm);
  });

  it('gives a seed to a sale that was begun before it, and keeps it', async () => {
    const { body: _, ...pair } = await placeOrder();
    const { seller, nid } = pair;
    await seller.call('pursue', { services: plainService() });
    expect(saleOf(seller, nid)).not.toHaveProperty('seed');
    await seller.call('setPolicy', { text: bargainBy('seller', 'linear', 7) });
    const seeds = new Set<string | undefined>();
    for (let round = 0; round < 4; round += 1) {
      await pair.buyer.call('pursue', { nid });
      await seller.call('pursue', { services: plainService() });
      seeds.add(saleOf(seller, nid).seed);
    }
    expect([...seeds]).toEqual([expect.stringMatching(/^[0-9a-f]{32}$/)]);
    expect(saleOf(seller, nid).decisions?.length).toBeGreaterThan(0);
  });

  it('does not change how an order that was placed before bargains', async () => {
    const { buyer, nid, body } = await placeOrder();
    await buyer.call('setPolicy', { text: bargainBy('buyer', 'firm', 3) });
    await buyer.call('pursue', { nid });
    expect((findJob(buyer.context.store, nid) as Job<Purchase>).body.tactics).toEqual(body.tactics);
  });

  it('is what rounds alone belong to: without it nobody has named a strategy', async () => {
    expect((await placeOrder({ rounds: 3 })).body.tactics).toMatchObject({ strategy: NAMED_STRATEGIES.linear, rounds: 3 });
    const buyer = await stage.makeParty(GRANT);
    await expect(buyer.call('buy', { ...ORDER, peer: (await stage.makeParty(0n)).npub, rounds: 3 })).rejects.toMatchObject({
      code: 'input/invalid',
      message: expect.stringContaining('--strategy') as string,
    });
    expect(buyer.context.store.listJobs()).toEqual([]);
  });
});
