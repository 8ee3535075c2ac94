// Sixty-four negotiations on one mandate at once, with saves that fail half-way and agents that begin anew: what is promised and paid never
// exceeds what the owner allows, counted by somebody who reads nothing but the negotiations and payments themselves.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { accept } from '../src/agent/accept.ts';
import type { AgentContext } from '../src/agent/context.ts';
import { findPayment, savePayment } from '../src/agent/jobs/findPayment.ts';
import { followPayment, permitPayment } from '../src/agent/mandate/permitPayment.ts';
import { isNegotiateError } from '../src/core/errors.ts';
import type { Store } from '../src/store/records.ts';
import { audit, costOf, makeDice, stateOf } from './mandate.fixture.ts';
import { openStage, type Party, type Stage } from './bank.fixture.ts';
import { scale } from './lane.fixture.ts';

const COUNT = scale(64, 32);
const SELLERS = 8;
const DAY_S = 86_400;
const LIMITS = { per_deal_msat: 100_000, per_day_msat: 900_000, open_msat: 600_000 };
const DOCUMENT = {
  version: 1,
  name: 'budget',
  role: 'buyer',
  services: { capabilities: ['translation'] },
  peers: { allow: ['*'] },
  limits: LIMITS,
  disclosure: { terms: ['*'], free_text: true, max_text_chars: 4_000 },
  rate: {
    moves_per_minute: 1_000,
    moves_per_hour: 5_000,
    new_per_hour: 1_000,
    per_peer: { moves_per_minute: 1_000, moves_per_hour: 5_000, new_per_hour: 1_000 },
  },
};

let stage: Stage;
beforeEach(async () => void (stage = await openStage()));
afterEach(() => stage.close());

function expectWithin(context: AgentContext): void {
  const { promised, paid, most } = audit(context);
  expect(promised).toBeLessThanOrEqual(BigInt(LIMITS.open_msat));
  expect(promised + paid).toBeLessThanOrEqual(BigInt(LIMITS.per_day_msat));
  expect(most).toBeLessThanOrEqual(BigInt(LIMITS.per_deal_msat));
}

const crash = (): Error => new Error('the process has ended');

/** The same agent over a store that is looked at after each save, and that now and then dies just before or just after one. */
function open(party: Party, dice: () => number, share: number): AgentContext {
  const { context } = party;
  const store: Store = {
    ...context.store,
    save: (changes) => {
      const luck = dice();
      if (luck < share / 2) throw crash();
      context.store.save(changes);
      expectWithin(context);
      if (luck < share) throw crash();
    },
  };
  return { ...context, store };
}

/** Tries to accept in all of them at once, each again as long as another step came between; a new process follows each that dies. */
async function acceptAll(
  party: Party,
  nids: readonly string[],
  dice: () => number,
): Promise<{ readonly conflicts: number; readonly crashes: number }> {
  let [conflicts, crashes] = [0, 0];
  const tryOne = async (nid: string): Promise<void> => {
    for (let tries = 0; tries < 200; tries += 1) {
      try {
        return void (await accept(open(party, dice, 0.05), { nid }));
      } catch (error) {
        if (!isNegotiateError(error)) {
          if ((error as Error).message !== crash().message) throw error;
          crashes += 1;
        } else if (error.code === 'store/conflict') conflicts += 1;
        else if (error.code === 'mandate/denied' || error.code === 'negotiation/refused') return;
        else throw error;
      }
    }
    throw new Error('it never ends');
  };
  await Promise.all(nids.map(tryOne));
  return { conflicts, crashes };
}

describe('negotiations on one mandate', () => {
  it('never promise or pay more than it allows, whatever is done at once and wherever the process ends', async () => {
    const dice = makeDice(7);
    const buyer = await stage.makeParty(0n);
    // Each has a channel of its own: what two steps have in common is the mandate alone.
    const sellers: Party[] = [];
    for (let i = 0; i < SELLERS; i += 1) sellers.push(await stage.makeParty(0n));
    const sellerOf = (i: number): Party => sellers[i % SELLERS] ?? buyer;
    const syncAll = async (parties: readonly Party[]): Promise<void> => {
      for (const party of parties) await party.call('sync', {});
    };
    const nids: string[] = [];
    for (let i = 0; i < COUNT; i += 1) {
      const { negotiation } = await buyer.call('start', { peer: sellerOf(i).npub, service: 'translation', requirements: 'Pages.' });
      nids.push(negotiation.nid);
    }
    await syncAll(sellers);
    const price = (i: number): bigint => (i % 16 === 0 ? 100_001n : 40_000n + BigInt(Math.floor(dice() * 60_000)));
    for (const [i, nid] of nids.entries()) await sellerOf(i).call('offer', { nid, priceMsat: price(i), lifeS: 90 * DAY_S });
    await buyer.call('sync', {});
    await buyer.call('setPolicy', { text: JSON.stringify(DOCUMENT) });

    let [conflicts, crashes, paid, agreed] = [0, 0, 0n, 0];
    for (let round = 0; round < 4; round += 1) {
      const met = await acceptAll(buyer, nids, dice);
      conflicts += met.conflicts;
      crashes += met.crashes;
      // As much as fits was signed: what is free is less than the dearest deal.
      const { promised, paid: lately } = audit(buyer.context);
      const [free, ofDay] = [BigInt(LIMITS.open_msat) - promised, BigInt(LIMITS.per_day_msat) - promised - lately];
      expect(free < ofDay ? free : ofDay).toBeLessThan(BigInt(LIMITS.per_deal_msat));
      // One round in two the seller answers; in the others the signatures become void.
      if (round % 2 === 0) await syncAll([...sellers, buyer, ...sellers, buyer]);
      for (const nid of nids) {
        const amount = await payFor(buyer, nid, dice);
        paid += amount;
        agreed += amount > 0n ? 1 : 0;
      }
      stage.clock.advance(round === 1 ? DAY_S : 7_200 + 121);
      await syncAll([buyer, ...sellers]);
      expectWithin(buyer.context);
      const { promised: left } = audit(buyer.context);
      expect(await buyer.call('showPolicy', {})).toMatchObject({ heldMsat: left });
    }
    expect(conflicts).toBeGreaterThan(100);
    expect(crashes).toBeGreaterThan(2);
    expect(agreed).toBeGreaterThan(5);
    // More than a day's worth in all, on two days.
    expect(paid).toBeGreaterThan(600_000n);
    for (const [i, nid] of nids.entries()) if (i % 16 === 0) expect(stateOf(buyer.context.store, nid).commitments).toEqual([]);
  });
});

/** Pays for the deal of a negotiation as a job does: the intent first, then the outcome; a process may end in between, and another asks. */
async function payFor(party: Party, nid: string, dice: () => number): Promise<bigint> {
  const state = stateOf(party.context.store, nid);
  const deal = state.commitments.find((each) => each.state === 'agreed');
  const terms = deal === undefined ? undefined : state.offers.find(({ id }) => id === deal.offer)?.terms;
  if (deal === undefined || terms === undefined || findPayment(party.context.store, deal.agreement) !== undefined) return 0n;
  const now = party.context.clock.now();
  const amountMsat = costOf(state, deal).toString();
  const payment = {
    agreement: deal.agreement,
    paymentHash: deal.agreement,
    request: 'lntb1',
    amountMsat,
    isTestMoney: true,
    expiresAt: now + 60,
    state: 'paying',
    tries: 1,
    updatedAt: now,
  } as const;
  const settled = { ...payment, state: 'settled', preimage: deal.agreement } as const;
  for (let tries = 0; tries < 50; tries += 1) {
    const context = open(party, dice, 0.2);
    try {
      const known = findPayment(context.store, deal.agreement);
      if (known === undefined)
        context.store.save([savePayment(payment, undefined), ...(await permitPayment(context, { nid, terms, payment }))]);
      const saved = findPayment(context.store, deal.agreement);
      if (saved !== undefined && saved.payment.state !== 'settled')
        context.store.save([savePayment(settled, saved.record), ...followPayment(context, nid, settled)]);
      return BigInt(amountMsat);
    } catch (error) {
      if (isNegotiateError(error) && error.code !== 'store/conflict') throw error;
    }
  }
  throw new Error('it is never paid');
}
