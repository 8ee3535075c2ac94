// The owner's mandate on its whole way: what it refuses is not signed, said or paid, whoever asks for it; what is due is never held back.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { InputOf } from '../src/agent/api.ts';
import { accept } from '../src/agent/accept.ts';
import { findPayment } from '../src/agent/jobs/findPayment.ts';
import { offer } from '../src/agent/offer.ts';
import { readState } from '../src/agent/negotiationState.ts';
import { openStage, type Party, type Stage } from './bank.fixture.ts';
import { describeService } from './market.fixture.ts';

const PRICE = 700_000n;

let stage: Stage;
let [buyer, seller]: Party[] = [];
beforeEach(async () => {
  stage = await openStage();
  [buyer, seller] = [await stage.makeParty(10_000_000n), await stage.makeParty(0n)];
});
afterEach(() => stage.close());

const both = (): [Party, Party] => {
  if (buyer === undefined || seller === undefined) throw new Error('no agents');
  return [buyer, seller];
};

const LIMITS = { per_deal_msat: 1_000_000, per_day_msat: 2_000_000, open_msat: 1_500_000 };
const DOCUMENT = {
  version: 1,
  name: 'test',
  role: 'buyer',
  services: { capabilities: ['translation', 'upper-case'] },
  peers: { allow: ['*'] },
  limits: LIMITS,
  disclosure: { terms: ['*'], free_text: true, max_text_chars: 4_000 },
};

async function setPolicy(party: Party, changes: object = {}): Promise<void> {
  const result = await party.call('setPolicy', { text: JSON.stringify({ ...DOCUMENT, ...changes }) });
  if (result.kind === 'refused') throw new Error(result.problems.map(({ text }) => text).join(' '));
}

/** A negotiation in which the seller has offered at this price. */
async function offered(priceMsat = PRICE, more: Partial<InputOf<'offer'>> = {}): Promise<string> {
  const [mine, theirs] = both();
  const { negotiation } = await mine.call('start', { peer: theirs.npub, service: 'translation', requirements: 'Two pages.' });
  await theirs.call('sync', {});
  await theirs.call('offer', { nid: negotiation.nid, priceMsat, ...more });
  await mine.call('sync', {});
  return negotiation.nid;
}

const refusal = (code: string, reasons: string): object => ({ code, details: { reasons: expect.stringContaining(reasons) as string } });
const phaseOf = async (party: Party, nid: string): Promise<string> => (await party.call('status', { nid })).phase;
const commitmentsOf = (party: Party, nid: string): number => {
  const record = party.context.store.findNegotiation(nid);
  return record === undefined ? 0 : readState(record).commitments.length;
};

describe('a mandate in force', () => {
  it('signs what it allows and nothing else, and counts what is promised', async () => {
    const [mine] = both();
    await setPolicy(mine, { issues: [{ term: '/price', reserve: 900_000 }] });
    const [dear, first, second, third] = [await offered(900_001n), await offered(), await offered(), await offered()];
    await expect(mine.call('accept', { nid: dear })).rejects.toMatchObject(refusal('mandate/denied', 'reserve (issues[0].reserve)'));
    expect(commitmentsOf(mine, dear)).toBe(0);
    // The key is not even asked.
    const signer = async (): Promise<never> => {
      throw new Error('asked to sign');
    };
    await expect(accept({ ...mine.context, signer }, { nid: dear })).rejects.toMatchObject({ code: 'mandate/denied' });
    await mine.call('accept', { nid: first });
    await mine.call('accept', { nid: second });
    await expect(mine.call('accept', { nid: third })).rejects.toMatchObject(refusal('mandate/denied', 'above-open'));
    expect(await mine.call('showPolicy', {})).toMatchObject({ heldMsat: 1_400_000n, openDeals: 2, spentMsat: 0n });
    // Without an answer both signatures are void, and what they held is free again.
    stage.clock.advance(7_200 + 121);
    await mine.call('sync', {});
    expect(await mine.call('showPolicy', {})).toMatchObject({ heldMsat: 0n, openDeals: 0 });
    await mine.call('accept', { nid: third });
  });

  it('refuses with codes that hold no term, limit or text', async () => {
    const [mine] = both();
    await setPolicy(mine, { issues: [{ term: '/price', reserve: 123_457 }] });
    const nid = await offered();
    const error: unknown = await mine.call('accept', { nid }).catch((caught: unknown) => caught);
    const { message, details } = error as { message: string; details: object };
    for (const secret of ['123457', '123', '700', nid, both()[1].npub])
      expect(`${message} ${JSON.stringify(details)}`).not.toContain(secret);
  });

  it('asks the owner, who says yes to exactly one thing, once', async () => {
    const [mine] = both();
    await setPolicy(mine, { approval: { above_msat: 500_000 } });
    const [first, second] = [await offered(), await offered()];
    const asked = refusal('mandate/approval-needed', 'amount (approval.above_msat)');
    await expect(mine.call('accept', { nid: first })).rejects.toMatchObject(asked);
    await expect(mine.call('accept', { nid: first })).rejects.toMatchObject(asked);
    expect(await mine.call('showPolicy', {})).toMatchObject({
      heldMsat: 0n,
      asks: [{ nid: first, what: 'accept', msat: PRICE, reasons: ['amount'] }],
    });
    expect(await mine.call('approve', { what: first })).toMatchObject({ isDone: false, approved: { nid: first } });
    await expect(mine.call('accept', { nid: second })).rejects.toMatchObject(asked);
    await mine.call('accept', { nid: first });
    expect(await mine.call('showPolicy', {})).toMatchObject({ heldMsat: PRICE, asks: [{ nid: second }] });
    // It is used up: after this signature is void, the same thing is asked about again.
    stage.clock.advance(7_200 + 121);
    await mine.call('sync', {});
    await expect(mine.call('accept', { nid: first })).rejects.toMatchObject(asked);
    // The owner may also say so at once.
    await mine.call('accept', { nid: second, isApproved: true });
    await expect(mine.call('approve', { what: second })).rejects.toMatchObject({ code: 'input/not-found' });
  });

  it('lets nobody say yes beyond its limits', async () => {
    const [mine] = both();
    await setPolicy(mine);
    const nid = await offered(1_000_001n);
    await expect(mine.call('accept', { nid, isApproved: true })).rejects.toMatchObject(refusal('mandate/denied', 'above-deal'));
    expect(commitmentsOf(mine, nid)).toBe(0);
  });

  it('says nothing that may not be said, and begins nothing that may not be begun', async () => {
    const [mine, theirs] = both();
    const nid = await offered();
    await setPolicy(mine, {
      disclosure: { terms: ['/service/capability', '/scope/summary', '/price'], free_text: false, max_text_chars: 40 },
    });
    await expect(mine.call('send', { nid, text: 'Our limit is 900 sats' })).rejects.toMatchObject(refusal('mandate/denied', 'free-text'));
    await expect(mine.call('offer', { nid, deliverWithinS: 60 })).rejects.toMatchObject(refusal('mandate/denied', 'term-undisclosed'));
    await expect(mine.call('reject', { nid, text: 'too dear' })).rejects.toMatchObject(refusal('mandate/denied', 'free-text'));
    const moves = mine.context.store.listMoves(nid).length;
    const start = (service: string, requirements: string): Promise<unknown> =>
      mine.call('start', { peer: theirs.npub, service, requirements });
    await expect(start('weapons', 'I need: weapons')).rejects.toMatchObject(refusal('mandate/denied', 'service'));
    await expect(start('translation', 'We can pay 900')).rejects.toMatchObject(refusal('mandate/denied', 'free-text'));
    expect(mine.context.store.listMoves(nid)).toHaveLength(moves);
    expect(mine.context.store.listNegotiations()).toHaveLength(1);
    await start('translation', 'I need: translation');
    await mine.call('reject', { nid });
  });

  it('never holds back a duty: a deal signed before its end is closed after it', async () => {
    const [mine, theirs] = both();
    const now = stage.clock.now();
    await setPolicy(mine, { valid_until: new Date((now + 600) * 1_000).toISOString() });
    const [closing, cancelling] = [await offered(), await offered()];
    await mine.call('accept', { nid: closing });
    await mine.call('accept', { nid: cancelling });
    await theirs.call('sync', {});
    stage.clock.advance(601);
    await expect(mine.call('send', { nid: closing, text: 'Hello?' })).rejects.toMatchObject(refusal('mandate/denied', 'expired'));
    await mine.call('sync', {});
    await theirs.call('sync', {});
    expect(await phaseOf(theirs, closing)).toBe('agreed');
    // The seller was as quick with the other one; that one is closed as well.
    expect(await phaseOf(theirs, cancelling)).toBe('agreed');
    // Once expired it stays so, though the clock goes back.
    stage.clock.advance(-500);
    const late = mine.call('send', { nid: closing, text: 'Hello?' });
    await expect(late).rejects.toMatchObject(refusal('mandate/denied', 'expired'));
  });

  it('judges a confirm as a signature: refused, it is declined as if we were busy; asked about, it waits for the owner', async () => {
    const [mine, theirs] = both();
    const ownOffer = async (): Promise<string> => {
      const { negotiation } = await mine.call('start', { peer: theirs.npub, service: 'translation', requirements: 'Two pages.' });
      await mine.call('offer', { nid: negotiation.nid, priceMsat: PRICE });
      await theirs.call('sync', {});
      await theirs.call('accept', { nid: negotiation.nid });
      return negotiation.nid;
    };
    const refused = await ownOffer();
    await setPolicy(mine, { limits: { ...LIMITS, per_deal_msat: 600_000 } });
    await mine.call('sync', {});
    expect(commitmentsOf(mine, refused)).toBe(0);
    await theirs.call('sync', {});
    expect(await phaseOf(theirs, refused)).toBe('offered');
    expect(
      theirs.context.store
        .listMoves(refused)
        .map(({ rumor }) => rumor)
        .join(),
    ).toContain('\\"code\\":\\"busy\\"');
    await setPolicy(mine, { approval: { when: ['signature'] } });
    const asked = await ownOffer();
    await mine.call('sync', {});
    expect(commitmentsOf(mine, asked)).toBe(0);
    expect(await mine.call('showPolicy', {})).toMatchObject({ heldMsat: 0n, asks: [{ nid: asked, what: 'confirm' }] });
    expect(await mine.call('approve', { what: asked.slice(0, 8) })).toMatchObject({ isDone: true });
    for (const side of [theirs, mine]) await side.call('sync', {});
    expect(await phaseOf(mine, asked)).toBe('agreed');
    expect(await mine.call('showPolicy', {})).toMatchObject({ heldMsat: PRICE, openDeals: 1, asks: [] });
  });

  it('leaves an accept open that it may not confirm at this hour or pace, and confirms it once it may', async () => {
    const [mine, theirs] = both();
    const { negotiation } = await mine.call('start', { peer: theirs.npub, service: 'translation', requirements: 'Two pages.' });
    const { nid } = negotiation;
    await setPolicy(mine, { rate: { moves_per_minute: 1, moves_per_hour: 10 } });
    await mine.call('offer', { nid, priceMsat: PRICE });
    await theirs.call('sync', {});
    await theirs.call('accept', { nid });
    await mine.call('sync', {});
    expect(commitmentsOf(mine, nid)).toBe(0);
    stage.clock.advance(60);
    for (const side of [mine, theirs, mine]) await side.call('sync', {});
    expect(await phaseOf(mine, nid)).toBe('agreed');
  });

  it('has ended for good once it was asked after its end', async () => {
    const [mine] = both();
    const nid = await offered();
    await setPolicy(mine, { valid_until: new Date((stage.clock.now() + 10) * 1_000).toISOString() });
    stage.clock.advance(11);
    await expect(mine.call('accept', { nid })).rejects.toMatchObject(refusal('mandate/denied', 'expired'));
    stage.clock.advance(-11);
    await expect(mine.call('accept', { nid })).rejects.toMatchObject(refusal('mandate/denied', 'expired'));
    await setPolicy(mine, { valid_until: new Date((stage.clock.now() + 10) * 1_000).toISOString() });
    await mine.call('accept', { nid });
  });

  it('signs no offer in advance beyond its limits, and makes windows as short as they have to be', async () => {
    const [mine] = both();
    await setPolicy(mine, { windows: { signature_s: 600, offer_s: 900 } });
    const nid = await offered();
    const signer = async (): Promise<never> => {
      throw new Error('asked to sign');
    };
    const dear = offer({ ...mine.context, signer }, { nid, priceMsat: 1_000_001n, isPresigned: true });
    await expect(dear).rejects.toMatchObject(refusal('mandate/denied', 'above-deal'));
    await mine.call('offer', { nid, priceMsat: PRICE, isPresigned: true });
    const record = mine.context.store.findNegotiation(nid);
    const [commitment] = record === undefined ? [] : readState(record).commitments;
    expect(commitment?.confirmBy).toBe(stage.clock.now() + 600);
    expect(await mine.call('showPolicy', {})).toMatchObject({ heldMsat: PRICE, openDeals: 1 });
    await mine.call('withdraw', { nid });
    expect(await mine.call('showPolicy', {})).toMatchObject({ heldMsat: 0n, openDeals: 0 });
    await mine.call('accept', { nid });
  });

  it('keeps the pace', async () => {
    const [mine] = both();
    const nid = await offered();
    await setPolicy(mine, { rate: { moves_per_minute: 2, moves_per_hour: 3 } });
    for (const text of ['One?', 'Two?']) await mine.call('send', { nid, text });
    await expect(mine.call('send', { nid, text: 'Three?' })).rejects.toMatchObject(refusal('mandate/denied', 'rate-minute'));
    stage.clock.advance(60);
    await mine.call('send', { nid, text: 'Three?' });
    stage.clock.advance(60);
    await expect(mine.call('send', { nid, text: 'Four?' })).rejects.toMatchObject(refusal('mandate/denied', 'rate-hour'));
    // A clock that goes back opens nothing.
    stage.clock.advance(-3_600);
    await expect(mine.call('send', { nid, text: 'Four?' })).rejects.toMatchObject(refusal('mandate/denied', 'rate-hour'));
    stage.clock.advance(2 * 3_600);
    await mine.call('send', { nid, text: 'Four?' });
  });

  it('deals with nobody whose standing it asks for and nobody knows', async () => {
    const [mine, theirs] = both();
    const nid = await offered();
    await setPolicy(mine, { peers: { allow: ['*'], min_trust: 1 } });
    await expect(mine.call('accept', { nid })).rejects.toMatchObject(refusal('mandate/denied', 'trust-unknown'));
    await setPolicy(mine, { peers: { allow: [theirs.npub] }, approval: { when: ['unknown-trust', 'first-deal'] } });
    await expect(mine.call('accept', { nid })).rejects.toMatchObject(refusal('mandate/approval-needed', 'unknown-trust'));
    await expect(mine.call('accept', { nid })).rejects.toMatchObject(refusal('mandate/approval-needed', 'first-deal'));
  });

  it('holds what a deal by hand may cost until its owner says that it is settled', async () => {
    const [mine, theirs] = both();
    await setPolicy(mine);
    const nid = await offered();
    await mine.call('accept', { nid });
    await expect(mine.call('settlePromise', { nid })).rejects.toMatchObject({ code: 'input/not-found' });
    for (const side of [theirs, mine, theirs, mine]) await side.call('sync', {});
    expect(await mine.call('showPolicy', {})).toMatchObject({ heldMsat: PRICE, spentMsat: 0n });
    expect(await mine.call('settlePromise', { nid, paidMsat: 650_000n })).toEqual({ heldMsat: PRICE, deals: 1, paidMsat: 650_000n });
    expect(await mine.call('showPolicy', {})).toMatchObject({ heldMsat: 0n, openDeals: 0, spentMsat: 650_000n });
    // What happens later in the same negotiation, or another mandate, does not bring it back.
    await mine.call('send', { nid, text: 'Thank you.' });
    await setPolicy(mine);
    expect(await mine.call('showPolicy', {})).toMatchObject({ heldMsat: 0n, spentMsat: 650_000n });
  });

  it('that is wrong or cannot be read never counts as none', async () => {
    const [mine] = both();
    const nid = await offered();
    await setPolicy(mine);
    const wrong = await mine.call('setPolicy', { text: 'version = 1\nbudget = 3' });
    expect(wrong).toMatchObject({ kind: 'refused' });
    expect(await mine.call('showPolicy', {})).toMatchObject({ isSet: true, name: 'test' });
    mine.context.store.save([{ kind: 'setting', key: 'mandate', value: '{"mandate":{},"text":"","setAt":1}' }]);
    await expect(mine.call('accept', { nid })).rejects.toMatchObject({ code: 'store/corrupt' });
    await mine.call('setPolicy', { text: null });
    await mine.call('accept', { nid });
    // Put in force later, it knows what was signed without it.
    await setPolicy(mine);
    expect(await mine.call('showPolicy', {})).toMatchObject({ heldMsat: PRICE, openDeals: 1 });
  });
});

describe('jobs under a mandate', () => {
  const services = [describeService({ timeout_s: 5 })];

  async function order(): Promise<string> {
    const [mine, theirs] = both();
    await theirs.call('announce', { services });
    const wanted = { find: 'upper-case', peer: theirs.npub, about: 'Large letters.', maxMsat: 750_000n, bidMsat: 600_000n };
    return (await mine.call('buy', { ...wanted, again: true })).job.nid;
  }

  async function play(nid: string, rounds = 12): Promise<readonly string[]> {
    const [mine, theirs] = both();
    const problems: string[] = [];
    for (let round = 0; round < rounds; round += 1) {
      await theirs.call('pursue', { services: services as never });
      await Promise.all([...theirs.context.background.values()].map(({ ended }) => ended));
      problems.push(...(await mine.call('pursue', { nid })).problems.map(({ code }) => code));
      stage.clock.advance(3);
    }
    return [...new Set(problems)];
  }

  it('go through within it, and what they pay is no longer promised but paid', async () => {
    const [mine] = both();
    await setPolicy(mine, { services: { capabilities: ['upper-case'], announcements: ['upper*'] } });
    const nid = await order();
    expect(await play(nid)).toEqual([]);
    expect(mine.wallet.payCalls()).toBe(1);
    expect(await mine.call('showPolicy', {})).toMatchObject({ heldMsat: 0n, openDeals: 0, spentMsat: PRICE });
    stage.clock.advance(86_400);
    expect(await mine.call('showPolicy', {})).toMatchObject({ spentMsat: 0n });
  });

  it('pay nothing that a stricter mandate refuses by then, and go on once it allows it', async () => {
    const [mine] = both();
    await setPolicy(mine);
    const nid = await order();
    await agree(nid);
    await setPolicy(mine, { limits: { ...LIMITS, per_deal_msat: 1 } });
    expect(await play(nid, 4)).toEqual(['mandate/denied']);
    expect(mine.wallet.payCalls()).toBe(0);
    await setPolicy(mine, { approval: { when: ['payment'] } });
    expect(await play(nid, 3)).toEqual(['mandate/approval-needed']);
    expect(mine.wallet.payCalls()).toBe(0);
    expect(await mine.call('approve', { what: nid })).toMatchObject({ approved: { what: 'pay', msat: PRICE } });
    expect(await play(nid, 4)).toEqual([]);
    expect(mine.wallet.payCalls()).toBe(1);
  });

  it('stay unpaid in the wallet of one who lost its answer, and count as promised until it is known', async () => {
    const [mine] = both();
    await setPolicy(mine);
    const nid = await order();
    mine.wallet.faults.pay = 'lost-after';
    mine.wallet.faults.lookUp = { kind: 'unknown' };
    await play(nid, 8);
    expect(await mine.call('showPolicy', {})).toMatchObject({ heldMsat: PRICE, openDeals: 1, spentMsat: 0n });
    delete mine.wallet.faults.lookUp;
    await play(nid, 4);
    expect(await mine.call('showPolicy', {})).toMatchObject({ heldMsat: 0n, openDeals: 0, spentMsat: PRICE });
    expect(mine.wallet.payCalls()).toBe(1);
  });

  it('of a seller go through within its own mandate, and its deals are no longer open once they are completed', async () => {
    const [mine, theirs] = both();
    await setPolicy(theirs, { role: 'seller', limits: undefined, issues: [{ term: '/price', reserve: 700_000, target: 900_000 }] });
    const nid = await order();
    await agree(nid);
    expect(await theirs.call('showPolicy', {})).toMatchObject({ heldMsat: 0n, openDeals: 1 });
    expect(await play(nid)).toEqual([]);
    expect(mine.wallet.payCalls()).toBe(1);
    expect(await theirs.call('showPolicy', {})).toMatchObject({ heldMsat: 0n, openDeals: 0 });
    await setPolicy(theirs, { role: 'seller', limits: undefined, issues: [{ term: '/price', reserve: 800_000 }] });
    const dear = await order();
    await play(dear, 6);
    expect(commitmentsOf(theirs, dear)).toBe(0);
    const { offers } = await theirs.call('status', { nid: dear });
    const asked = offers.filter(({ by }) => by === 'me').map(({ price }) => price);
    expect(new Set(asked)).toEqual(new Set(['900 sats', '800 sats']));
  });

  it('begin nothing with a peer who is shut out', async () => {
    const [mine, theirs] = both();
    await setPolicy(mine, { peers: { allow: ['*'], deny: [theirs.npub] } });
    await expect(order()).rejects.toMatchObject(refusal('mandate/denied', 'peer-denied'));
    expect(mine.context.store.listNegotiations()).toEqual([]);
  });

  it('of a request sign the best offer that the mandate allows', async () => {
    const [mine, theirs] = both();
    const other = await stage.makeParty(0n);
    await setPolicy(mine, { peers: { allow: [theirs.npub] } });
    const request = {
      peers: [other.npub, theirs.npub],
      service: 'translation',
      requirements: 'Two pages.',
      maxMsat: 900_000n,
      collectS: 0,
    };
    const rfq = await mine.call('startRfq', request);
    expect(rfq.asked.filter(({ nid }) => nid !== undefined)).toHaveLength(1);
    await setPolicy(mine, { issues: [{ term: '/price', reserve: 600_000 }] });
    await theirs.call('sync', {});
    const nid = rfq.asked.find((each) => each.nid !== undefined)?.nid ?? '';
    await theirs.call('offer', { nid, priceMsat: PRICE });
    await mine.call('advanceRfq', {});
    expect(commitmentsOf(mine, nid)).toBe(0);
    await theirs.call('offer', { nid, priceMsat: 600_000n });
    await mine.call('advanceRfq', {});
    expect(commitmentsOf(mine, nid)).toBe(1);
  });

  /** Until the deal is made, and nothing is paid. */
  async function agree(nid: string): Promise<void> {
    const [mine, theirs] = both();
    for (let round = 0; round < 12 && (await phaseOf(mine, nid)) !== 'agreed'; round += 1) {
      await theirs.call('pursue', { services: services as never });
      await mine.call('pursue', { nid });
    }
    expect(findPayment(mine.context.store, (await mine.call('status', { nid })).agreements[0]?.hash ?? '')).toBeUndefined();
  }
});
