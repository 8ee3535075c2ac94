// An order to several providers: each bargains in private, the best offer becomes the deal, and work and payment follow without anybody.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { InputOf } from '../src/agent/api.ts';
import { encodeNpub } from '../src/nostr/npub.ts';
import { readState } from '../src/agent/negotiationState.ts';
import { readDeal } from '../src/negotiate/settleHeld.ts';
import { listOffers, policyOf } from './autopilot.fixture.ts';
import { openStage, type Party, type Stage } from './bank.fixture.ts';
import { isWholeLane } from './lane.fixture.ts';
import { describeService } from './market.fixture.ts';

const GRANT = 10_000_000n;

let stage: Stage;
beforeEach(async () => void (stage = await openStage()));
afterEach(() => stage.close());

interface Seller {
  readonly party: Party;
  readonly services: ReturnType<typeof describeService>[];
}

type Order = Partial<InputOf<'buy'>>;

async function openSellers(configs: readonly object[]): Promise<readonly Seller[]> {
  const sellers: Seller[] = [];
  for (const config of configs) {
    const party = await stage.makeParty(0n);
    const services = [describeService(config)];
    await party.call('announce', { services });
    sellers.push({ party, services });
  }
  return sellers;
}

const WANTED = {
  find: 'upper-case',
  about: 'Large letters.',
  inputs: [{ name: 'secret.txt', data: new TextEncoder().encode('a secret text') }],
  maxMsat: 900_000n,
  bidMsat: 400_000n,
} as const;

async function order(buyer: Party, more: Order) {
  const { job, isResumed } = await buyer.call('buy', { ...WANTED, ...more } as InputOf<'buy'>);
  return { job, isResumed, rfq: job.rfq ?? '' };
}

/** Lets everybody act until the request and the job that came of it are over. */
async function play(buyer: Party, sellers: readonly Seller[], rfq: string, rounds = 80) {
  for (let round = 0; round < rounds; round += 1) {
    for (const { party, services } of sellers) await party.call('pursue', { services });
    const { rfqs, problems } = await buyer.call('advanceRfq', { rfq });
    expect(problems).toEqual([]);
    const [view] = rfqs;
    if (view?.state === 'no-deal') return { view, job: undefined };
    if (view?.chosen !== undefined) {
      const [job] = (await buyer.call('pursue', { nid: view.chosen })).jobs;
      if (job?.isOver === true) return { view, job };
    }
    stage.clock.advance(2);
  }
  throw new Error('not over');
}

const npubsOf = (sellers: readonly Seller[]): string[] => sellers.map(({ party }) => party.npub);
const pricesOf = (party: Party, nid: string, author: string): bigint[] =>
  listOffers(party, nid).flatMap((each) =>
    each.author === author ? [BigInt((each.terms.price as { amount_msat: string }).amount_msat)] : [],
  );

describe('an order to several providers', () => {
  it('bargains with all, takes the best, and has it done and paid; the others are told no and know of nobody', async () => {
    const sellers = await openSellers([
      { list_sats: '890', min_sats: '800', strategy: 'linear', rounds: 6 },
      { list_sats: '850', min_sats: '600', strategy: 'linear', rounds: 6 },
      { list_sats: '880', min_sats: '700' },
    ]);
    const buyer = await stage.makeParty(GRANT);
    const { job: first, rfq } = await order(buyer, { peer: npubsOf(sellers), strategy: 'linear', rounds: 6 });
    expect([first.rfq, rfq]).toEqual([rfq, expect.stringMatching(/^[0-9a-f]{64}$/)]);
    const { view, job } = await play(buyer, sellers, rfq);
    expect([view.state, view.asked.length, job?.outcome]).toEqual(['agreed', 3, 'completed']);
    const paid = GRANT - buyer.wallet.balance();
    // The second can go lower than both others, and had to.
    expect(job?.peer).toBe(sellers[1]?.party.npub);
    expect(paid >= 600_000n && paid < 700_000n).toBe(true);
    expect([sellers[1]?.party.wallet.balance(), buyer.wallet.payCalls(), stage.bank.isConserved()]).toEqual([paid, 1, true]);
    const others = (await buyer.call('jobs', {})).jobs.filter(({ nid }) => nid !== job?.nid);
    expect(others.map(({ isOver, outcome }) => [isOver, outcome])).toEqual([
      [true, 'no-deal'],
      [true, 'no-deal'],
    ]);
    for (const { party } of sellers) {
      const [record] = party.context.store.listNegotiations();
      const said = party.context.store.listMoves(record?.nid ?? '').map(({ rumor }) => rumor);
      const strangers = sellers.filter((each) => each.party !== party).flatMap((each) => [each.party.npub, each.party.context.pubkey]);
      for (const stranger of strangers) expect(said.join().includes(stranger)).toBe(false);
      const isChosen = party.npub === job?.peer;
      const state = record === undefined ? undefined : readState(record);
      expect(state !== undefined && readDeal(state) !== undefined).toBe(isChosen);
      // One that goes no further ends by itself.
      if (!isChosen) expect(/not-selected|too-cheap/.test(said.join())).toBe(true);
    }
  });

  it.runIf(isWholeLane)('keeps the best offer of one that goes no lower, while it bargains on with the other', async () => {
    const sellers = await openSellers([
      { list_sats: '900', min_sats: '720' },
      { list_sats: '880', min_sats: '780', strategy: 'linear', rounds: 8 },
    ]);
    const buyer = await stage.makeParty(GRANT);
    const { rfq } = await order(buyer, { peer: npubsOf(sellers), bidMsat: 600_000n, strategy: 'trade-off', rounds: 8 });
    const { job } = await play(buyer, sellers, rfq);
    expect([job?.outcome, job?.peer, GRANT - buyer.wallet.balance()]).toEqual(['completed', sellers[0]?.party.npub, 720_000n]);
  });

  it('never bids more in one negotiation than what another one offers already', async () => {
    const sellers = await openSellers([
      { list_sats: '500', min_sats: '500' },
      { list_sats: '900', min_sats: '450', strategy: 'conceder', rounds: 8 },
    ]);
    const buyer = await stage.makeParty(GRANT);
    const { rfq } = await order(buyer, { peer: npubsOf(sellers), strategy: 'conceder', rounds: 8 });
    // The cheap one has offered before the dear one says anything.
    await sellers[0]?.party.call('pursue', { services: sellers[0].services });
    await buyer.call('advanceRfq', { rfq });
    const { view } = await play(buyer, sellers, rfq);
    const dear = view.asked.find(({ peer }) => peer === sellers[1]?.party.npub);
    const bids = pricesOf(buyer, dear?.nid ?? '', buyer.context.pubkey);
    expect(bids.length).toBeGreaterThan(0);
    for (const bid of bids) expect(bid).toBeLessThan(500_000n);
    expect(GRANT - buyer.wallet.balance()).toBeLessThanOrEqual(500_000n);
  });

  it('does not wait for the answer to a bid that is worth less than what another one offers, and has one deal if it is taken', async () => {
    const sellers = await openSellers([
      { list_sats: '410', min_sats: '400' },
      { list_sats: '300', min_sats: '300' },
    ]);
    const [dear, cheap] = sellers;
    if (dear === undefined || cheap === undefined) throw new Error('nobody');
    const buyer = await stage.makeParty(GRANT);
    const { rfq } = await order(buyer, { peer: npubsOf(sellers), ask: { providers: 2, collectS: 600 } });
    await dear.party.call('pursue', { services: dear.services });
    await buyer.call('advanceRfq', { rfq });
    // The other one has had its part of the time.
    stage.clock.advance(301);
    await buyer.call('advanceRfq', { rfq });
    const { asked = [] } = (await buyer.call('showRfqs', {})).rfqs[0] ?? {};
    const at = (seller: Seller) => asked.find(({ peer }) => peer === seller.party.npub)?.nid ?? '';
    expect(pricesOf(buyer, at(dear), buyer.context.pubkey)).toEqual([400_000n]);
    await cheap.party.call('pursue', { services: cheap.services });
    const [signing] = (await buyer.call('advanceRfq', { rfq })).rfqs;
    expect([signing?.state, signing?.asked.map(({ nid, phase }) => [nid, phase])]).toEqual([
      'signing',
      expect.arrayContaining([[at(cheap), 'accepting']]),
    ]);
    // Now the bid is taken, before the cheap one has answered.
    await dear.party.call('pursue', { services: dear.services });
    const { view, job } = await play(buyer, sellers, rfq);
    expect([view.chosen, job?.outcome]).toEqual([at(cheap), 'completed']);
    expect([GRANT - buyer.wallet.balance(), buyer.wallet.payCalls(), dear.party.wallet.balance()]).toEqual([300_000n, 1, 0n]);
  });

  it('keeps to its own limit and to the mandate, and ends by itself when nobody can go there', async () => {
    const sellers = await openSellers([
      { list_sats: '990', min_sats: '950', strategy: 'linear', rounds: 4 },
      { list_sats: '980', min_sats: '940' },
    ]);
    const buyer = await stage.makeParty(GRANT);
    const set = await buyer.call('setPolicy', { text: policyOf('buyer', [{ term: '/price', reserve: 800_000 }]) });
    expect(set.kind).toBe('set');
    const { rfq } = await order(buyer, { peer: npubsOf(sellers), strategy: 'boulware', rounds: 4 });
    const { view } = await play(buyer, sellers, rfq);
    expect(view.state).toBe('no-deal');
    for (const { nid = '' } of view.asked)
      for (const bid of pricesOf(buyer, nid, buyer.context.pubkey)) expect(bid).toBeLessThanOrEqual(800_000n);
    expect([GRANT - buyer.wallet.balance(), (await buyer.call('jobs', {})).jobs.every(({ outcome }) => outcome === 'no-deal')]).toEqual([
      0n,
      true,
    ]);
  });

  it('takes the best there is once the time to gather is over, though one says nothing', async () => {
    const sellers = await openSellers([{ list_sats: '700', min_sats: '650' }, {}]);
    const [answering] = sellers;
    const buyer = await stage.makeParty(GRANT);
    const { rfq } = await order(buyer, { peer: npubsOf(sellers), ask: { providers: 2, collectS: 60 } });
    if (answering === undefined) throw new Error('nobody');
    const beganAt = stage.clock.now();
    for (let round = 0; round < 11; round += 1) {
      await answering.party.call('pursue', { services: answering.services });
      const [view] = (await buyer.call('advanceRfq', { rfq })).rfqs;
      expect(view?.state).toBe('collecting');
      // The silent one has half of the time for its first word; until then nobody is bid more.
      const bids = (view?.asked ?? []).flatMap(({ nid = '' }) => pricesOf(buyer, nid, buyer.context.pubkey));
      expect(bids).toEqual(stage.clock.now() < beganAt + 30 ? [] : [400_000n]);
      stage.clock.advance(5);
    }
    stage.clock.advance(10);
    const { view, job } = await play(buyer, [answering], rfq);
    expect([view.state, job?.outcome, job?.peer]).toEqual(['agreed', 'completed', answering.party.npub]);
    // Its floor: the bid of 400 was too low.
    expect(GRANT - buyer.wallet.balance()).toBe(650_000n);
  });

  it('waits for its owner where the mandate asks, says so, and goes on with the yes', async () => {
    const sellers = await openSellers([{ list_sats: '700', min_sats: '650' }, {}]);
    const buyer = await stage.makeParty(GRANT);
    const text = policyOf('buyer', [], { approval: { above_msat: 100_000 } });
    expect((await buyer.call('setPolicy', { text })).kind).toBe('set');
    const { rfq } = await order(buyer, { peer: npubsOf(sellers) });
    let codes: string[] = [];
    for (let round = 0; round < 20 && codes.length === 0; round += 1) {
      for (const { party, services } of sellers) await party.call('pursue', { services });
      const { rfqs, problems } = await buyer.call('advanceRfq', { rfq });
      expect(rfqs[0]?.state).toBe('collecting');
      codes = problems.map(({ code }) => code);
      stage.clock.advance(2);
    }
    expect(codes).toEqual(['mandate/approval-needed']);
    expect(buyer.wallet.payCalls()).toBe(0);
    const { asks = [] } = await buyer.call('showPolicy', {});
    const [waiting] = asks;
    await buyer.call('approve', { what: waiting?.digest ?? '' });
    const { view, job } = await play(buyer, sellers, rfq);
    expect([view.state, job?.outcome, GRANT - buyer.wallet.balance()]).toEqual(['agreed', 'completed', 650_000n]);
  });

  it('placed twice is one order, and one that was cut off while it asked goes on asking', async () => {
    const sellers = await openSellers([{}, {}, {}]);
    const buyer = await stage.makeParty(GRANT);
    const several = { ask: { providers: 3 } };
    // Asking two first is what a process leaves that was killed before the third.
    const { rfq } = await order(buyer, { ask: { providers: 2 } });
    const [before] = (await buyer.call('showRfqs', {})).rfqs;
    expect(before?.asked).toHaveLength(2);
    const resumed = await order(buyer, several);
    expect([resumed.isResumed, resumed.rfq]).toEqual([true, rfq]);
    const [after] = (await buyer.call('showRfqs', {})).rfqs;
    expect(after?.asked.map(({ peer }) => peer).sort()).toEqual(npubsOf(sellers).sort());
    await order(buyer, several);
    expect((await buyer.call('showRfqs', {})).rfqs).toHaveLength(1);
    expect((await buyer.call('jobs', {})).jobs).toHaveLength(3);
    expect(await order(buyer, { ...several, again: true })).toMatchObject({ isResumed: false });
    expect((await buyer.call('showRfqs', {})).rfqs).toHaveLength(2);
  });

  it('leaves out who cannot be reached, and says so when nobody can', async () => {
    const sellers = await openSellers([{}]);
    const buyer = await stage.makeParty(GRANT);
    const ghost = encodeNpub('ab'.repeat(32));
    await order(buyer, { peer: [ghost, ...npubsOf(sellers)] });
    const [view] = (await buyer.call('showRfqs', {})).rfqs;
    expect(view?.asked.map(({ peer, problem }) => [peer, problem === undefined]).sort()).toEqual(
      [
        [ghost, false],
        [sellers[0]?.party.npub, true],
      ].sort(),
    );
    await expect(
      order(buyer, { about: 'More.', peer: [ghost, encodeNpub('f9308a019258c31049344f85f89d5229b531c845836f99b08601f113bce036f9')] }),
    ).rejects.toMatchObject({
      code: 'negotiation/refused',
    });
  });
});
