// Deals in which something goes wrong: wallets that answer late or never, work that fails, files and invoices that are not what they
// should be. Both sides know where they stand, and no money moves twice.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { signExactly } from '../src/nostr/giftWrap.ts';
import { isNegotiateError } from '../src/core/errors.ts';
import { sha256Hex } from '../src/core/bytes.ts';
import { sealMoves } from '../src/agent/sealMoves.ts';
import { finishStep } from '../src/agent/finishStep.ts';
import { settleMove } from '../src/agent/jobs/settleMove.ts';
import { beginWork } from '../src/agent/work.ts';
import { readState } from '../src/agent/negotiationState.ts';
import { describeEnding, readEnding } from '../src/agent/jobs/readEnding.ts';
import type { JobView } from '../src/agent/jobs/viewJob.ts';
import { encodeParcel } from '../src/negotiate/parcel.ts';
import { readDeal } from '../src/negotiate/settleHeld.ts';
import { decodeBolt11 } from '../src/pay/bolt11.ts';
import { describePayment } from '../src/pay/commitment.ts';
import { makePayTermsTemplate } from '../src/pay/payTerms.ts';
import { describeService } from './market.fixture.ts';
import { openStage, type Party, type Stage } from './bank.fixture.ts';

const GRANT = 10_000_000n;
const PRICE = 700_000n;
const INPUT = new TextEncoder().encode('a secret text');

let stage: Stage;
beforeEach(async () => {
  stage = await openStage();
});
afterEach(() => stage.close());

interface Pair {
  readonly buyer: Party;
  readonly seller: Party;
  readonly nid: string;
}

const LIMITS = ['bidMsat', 'withinS', 'minTrust', 'strategy', 'rounds'];

const script = (code: string): string[] => [process.execPath, '-e', code];

async function order(changes: object = {}, buying: object = {}, grant = GRANT): Promise<Pair & { readonly services: object[] }> {
  const [buyer, seller] = [await stage.makeParty(grant), await stage.makeParty(0n)];
  const services = [describeService({ timeout_s: 2, ...changes })];
  await seller.call('announce', { services });
  const { job } = await buyer.call('buy', {
    find: 'upper-case',
    peer: seller.npub,
    about: 'Large letters.',
    inputs: [{ name: 'secret.txt', data: INPUT }],
    maxMsat: 750_000n,
    bidMsat: 600_000n,
    ...buying,
  });
  return { buyer, seller, nid: job.nid, services };
}

/** Lets both sides act in turn until `isDone`, or nothing happens any more. */
async function play(
  { buyer, seller, nid, services }: Pair & { readonly services: object[] },
  isDone: (buyer: JobView, seller: JobView | undefined) => boolean = (job) => job.isOver,
  rounds = 40,
): Promise<{ readonly mine: JobView; readonly theirs: JobView | undefined }> {
  for (let round = 0; ; round += 1) {
    await seller.call('pursue', { services: services as never });
    await Promise.all([...seller.context.background.values()].map(({ ended }) => ended));
    await buyer.call('pursue', { nid });
    const mine = await viewOf(buyer, nid);
    const theirs = await viewOf(seller, nid).catch(() => undefined);
    if (mine === undefined) throw new Error('the job is gone');
    if (isDone(mine, theirs)) return { mine, theirs };
    if (round >= rounds) throw new Error(`it does not end: ${mine.phase} and ${theirs?.phase ?? 'nothing'}`);
    stage.clock.advance(3);
  }
}

async function viewOf(party: Party, nid: string): Promise<JobView | undefined> {
  return (await party.call('jobs', { nid })).jobs[0];
}

const bothAre =
  (phase: string) =>
  (mine: JobView, theirs: JobView | undefined): boolean =>
    mine.phase === phase && theirs?.phase === phase;

function expectPaid({ buyer, seller }: Pair, priceMsat: bigint, grant = GRANT): void {
  expect(stage.bank.isConserved()).toBe(true);
  expect([buyer.wallet.balance(), seller.wallet.balance()]).toEqual([grant - priceMsat, priceMsat]);
}

function agreementOf(party: Party, nid: string): { agreement: string; deal: NonNullable<ReturnType<typeof readDeal>> } {
  const record = party.context.store.findNegotiation(nid);
  const deal = record === undefined ? undefined : readDeal(readState(record));
  if (deal === undefined) throw new Error('no deal yet');
  return { agreement: deal.settlement.agreement, deal };
}

describe('a deal', () => {
  it('runs to its end, within the limits of both, and is paid once', async () => {
    const pair = await order();
    const { mine, theirs } = await play(pair, bothAre('completed'));
    expect(mine).toMatchObject({ outcome: 'completed', price: '700 sats', payment: { state: 'settled', isTestMoney: true } });
    expect(mine.agreement).toBe(theirs?.agreement);
    expect(mine.steps.map(({ step }) => step)).toEqual(['discover', 'verify', 'negotiate', 'request', 'pay', 'deliver']);
    expect(mine.attestation).toBeUndefined();
    const { files } = await pair.buyer.call('result', { nid: pair.nid });
    expect(files.map(({ name, data }) => [name, new TextDecoder().decode(data)])).toEqual([['large.txt', 'A SECRET TEXT']]);
    expectPaid(pair, PRICE);
    expect(pair.buyer.wallet.payCalls()).toBe(1);
  });

  it('of test money that was attested does not keep anybody from buying there again', async () => {
    const pair = await order({}, { mayAttest: true });
    const { mine } = await play(pair, (each) => each.attestation !== undefined && each.isOver);
    expect(mine.steps.at(-1)?.step).toBe('attest');
    expect(await pair.buyer.call('trust', { peer: pair.seller.npub })).toMatchObject({ score: 0, attestations: 0 });
    const again = await pair.buyer.call('buy', { find: 'upper-case', peer: pair.seller.npub, about: 'Once more.', maxMsat: PRICE });
    expect(again.isResumed).toBe(false);
  });

  it('moves files of many pieces', async () => {
    const data = new TextEncoder().encode('abcdefgh'.repeat(12_000));
    const pair = await order({}, { inputs: [{ name: 'long.txt', data }] });
    await play(pair, bothAre('completed'));
    const { files } = await pair.buyer.call('result', { nid: pair.nid });
    expect(files[0]?.sha256).toBe(sha256Hex('ABCDEFGH'.repeat(12_000)));
  });

  it('leaves nothing of it with a provider that promised to delete it', async () => {
    const pair = await order({ retention_s: 60 });
    await play(pair, bothAre('completed'));
    const { store } = pair.seller.context;
    const kept = (): boolean[] => [sha256Hex(INPUT), sha256Hex('A SECRET TEXT')].map((sha256) => store.findFile(sha256) !== undefined);
    expect(kept()).toEqual([true, true]);
    stage.clock.advance(61);
    await pair.seller.call('pursue', { services: pair.services as never });
    expect(kept()).toEqual([false, false]);
    await pair.seller.call('pursue', { services: pair.services as never });
    expect((await pair.buyer.call('result', { nid: pair.nid })).files).toHaveLength(1);
  });

  it('needs no input where words are enough', async () => {
    const pair = await order({}, { inputs: [] });
    await play(pair, bothAre('completed'));
    const { files } = await pair.buyer.call('result', { nid: pair.nid });
    expect(new TextDecoder().decode(files[0]?.data)).toBe('LARGE LETTERS.');
  });

  it('is ordered once, however often it is asked for, unless it is to be ordered again', async () => {
    const pair = await order();
    const same = {
      find: 'upper-case',
      peer: pair.seller.npub,
      about: 'Large letters.',
      inputs: [{ name: 'secret.txt', data: INPUT }],
      maxMsat: 750_000n,
    };
    expect(await pair.buyer.call('buy', same)).toMatchObject({ isResumed: true, job: { nid: pair.nid } });
    await play(pair, bothAre('completed'));
    expect(await pair.buyer.call('buy', same)).toMatchObject({ isResumed: true, job: { nid: pair.nid, isOver: true } });
    await pair.buyer.call('pursue', { nid: pair.nid });
    expectPaid(pair, PRICE);
    const again = await pair.buyer.call('buy', { ...same, again: true });
    expect(again.isResumed).toBe(false);
    expect(again.job.nid).not.toBe(pair.nid);
  });

  const wordsOf = ({ seller }: Pair) => ({
    find: 'upper-case',
    peer: seller.npub,
    about: 'Large letters.',
    inputs: [{ name: 'secret.txt', data: INPUT }],
  });

  it('is ordered anew with other limits once it is over without a deal, and not with the same ones', async () => {
    const pair = await order({}, { maxMsat: 1_000n, bidMsat: undefined });
    const { nid, buyer } = pair;
    const low = { ...wordsOf(pair), maxMsat: 1_000n };
    const high = { ...low, maxMsat: 750_000n };
    expect(await buyer.call('buy', high)).toMatchObject({ isResumed: true, unused: ['maxMsat'], job: { nid } });
    await buyer.call('reject', { nid });
    expect(await viewOf(buyer, nid)).toMatchObject({ outcome: 'no-deal' });
    // The same command after it is over, as after a crash.
    expect(await buyer.call('buy', low)).toMatchObject({ isResumed: true, unused: [], job: { nid } });
    const fresh = await buyer.call('buy', high);
    expect([fresh.isResumed, fresh.unused, fresh.job.nid === nid]).toEqual([false, [], false]);
    // It is the order now, whatever limits are named, and in the second in which it was placed too.
    for (const [wanted, unused] of [
      [high, []],
      [low, ['maxMsat']],
      [{ ...high, bidMsat: 5_000n, withinS: 60, minTrust: 3, strategy: { kind: 'firm', level: 1 }, rounds: 3 }, LIMITS],
    ] as const) {
      expect(await buyer.call('buy', wanted)).toMatchObject({ isResumed: true, unused, job: { nid: fresh.job.nid } });
    }
    const { mine } = await play({ ...pair, nid: fresh.job.nid }, bothAre('completed'));
    expect(mine.outcome).toBe('completed');
    expect(await buyer.call('buy', low)).toMatchObject({ isResumed: true, unused: ['maxMsat'], job: { nid: fresh.job.nid } });
    expect([buyer.context.store.listJobs().length, buyer.wallet.payCalls()]).toEqual([2, 1]);
    expectPaid(pair, PRICE);
  });

  it('of an earlier version, which kept less of its limits, goes on in the same way', async () => {
    const pair = await order({}, { bidMsat: undefined });
    const { nid, buyer } = pair;
    const [record] = buyer.context.store.listJobs();
    if (record === undefined) throw new Error('no job');
    const { limits, ...body } = JSON.parse(record.body) as { limits: object };
    expect(limits).toEqual({ maxMsat: '750000' });
    buyer.context.store.save([{ kind: 'job', record: { ...record, body: JSON.stringify(body) } }]);
    const wanted = { ...wordsOf(pair), maxMsat: 750_000n };
    expect(await buyer.call('buy', wanted)).toMatchObject({ isResumed: true, unused: [], job: { nid } });
    const other = { ...wanted, maxMsat: 740_000n, bidMsat: 1_000n };
    expect(await buyer.call('buy', other)).toMatchObject({ isResumed: true, unused: ['maxMsat', 'bidMsat'], job: { nid } });
  });

  it('is not ordered with limits that contradict each other', async () => {
    const [buyer, seller] = [await stage.makeParty(GRANT), await stage.makeParty(0n)];
    const wanted = { find: 'upper-case', peer: seller.npub, about: 'Large letters.', maxMsat: 900_000n };
    for (const wrong of [{ bidMsat: 900_001n }, { ask: { providers: 2 } }]) {
      await expect(buyer.call('buy', { ...wanted, ...wrong })).rejects.toMatchObject({ code: 'input/invalid' });
    }
    expect(buyer.context.store.listJobs()).toEqual([]);
  });

  it('is not made when the limits do not meet', async () => {
    const pair = await order({ min_sats: '800', strategy: 'linear', rounds: 2 });
    const { mine } = await play(pair);
    expect(mine).toMatchObject({ outcome: 'no-deal', phase: 'rejected' });
    for (const [party, endedBy] of [
      [pair.buyer, 'peer'],
      [pair.seller, 'me'],
    ] as const) {
      const { moves } = await party.call('history', { nid: pair.nid });
      expect(readEnding(mine.phase, moves)).toEqual({ endedBy, reason: 'too-cheap' });
    }
    expectPaid(pair, 0n);
  });

  it('that the other side ends for a reason of its own says no word of it', async () => {
    const pair = await order();
    const { buyer, seller, nid } = pair;
    await seller.call('pursue', { services: pair.services as never });
    await buyer.call('pursue', { nid });
    await seller.call('sync', {});
    await seller.call('reject', { nid, code: 'evil.word', text: 'evil text' });
    const { mine } = await play(pair);
    const ending = readEnding(mine.phase, (await buyer.call('history', { nid })).moves);
    expect([ending, describeEnding(ending)]).toEqual([{ endedBy: 'peer', reason: 'other' }, 'The other side ended it (other).']);
    // Nothing but the time has ended one that is expired.
    expect(readEnding('expired', (await buyer.call('history', { nid })).moves)).toEqual({ endedBy: 'nobody', reason: 'expired' });
  });

  it('is not made on terms that the buyer did not ask for', async () => {
    const pair = await order({}, { withinS: 60 });
    const { mine } = await play(pair);
    expect(mine).toMatchObject({ outcome: 'no-deal' });
    const { moves } = await pair.buyer.call('history', { nid: pair.nid });
    expect(moves.findLast(({ type }) => type === 'reject')).toMatchObject({ by: 'me', code: 'terms', text: '/delivery/within_s' });
  });

  it('is not begun with inputs larger than the provider takes', async () => {
    const pair = await order({ max_input_bytes: 5 });
    const { mine } = await play(pair);
    expect(mine).toMatchObject({ outcome: 'no-deal' });
  });

  it('is not begun with nobody, or with somebody who scores too little', async () => {
    const buyer = await stage.makeParty(GRANT);
    const seller = await stage.makeParty(0n);
    const buying = { find: 'lower-case', about: 'Small letters.', maxMsat: 1_000n };
    await expect(buyer.call('buy', buying)).rejects.toMatchObject({ code: 'input/not-found' });
    await seller.call('announce', { services: [describeService({ capabilities: ['lower-case'] })] as never });
    await expect(buyer.call('buy', { ...buying, minTrust: 10 })).rejects.toMatchObject({
      code: 'negotiation/refused',
      details: { reason: 'trust' },
    });
    expect((await buyer.call('jobs', {})).jobs).toEqual([]);
  });
});

describe('a wallet that does not answer as it should', () => {
  it('has paid and lost the answer: it is asked, not told again', async () => {
    const pair = await order();
    pair.buyer.wallet.faults.pay = 'lost-after';
    const { mine } = await play(pair, bothAre('completed'));
    expect(mine.payment).toMatchObject({ state: 'settled' });
    expect(pair.buyer.wallet.payCalls()).toBe(1);
    expectPaid(pair, PRICE);
  });

  it('has lost the order: after it says that it knows of nothing, it is told to pay the same invoice again', async () => {
    const pair = await order();
    pair.buyer.wallet.faults.pay = 'lost-before';
    await play(pair, (job) => job.payment?.state === 'unknown');
    expectPaid(pair, 0n);
    delete pair.buyer.wallet.faults.pay;
    await play(pair, bothAre('completed'));
    expect(pair.buyer.wallet.payCalls()).toBe(2);
    expectPaid(pair, PRICE);
  });

  it('says nothing at all: what is unknown stays unknown, and nothing is paid again until it speaks', async () => {
    const pair = await order();
    pair.buyer.wallet.faults.pay = 'lost-after';
    pair.buyer.wallet.faults.lookUp = { kind: 'unknown' };
    await play(pair, (job) => job.payment?.state === 'unknown');
    for (let round = 0; round < 10; round += 1) {
      stage.clock.advance(3);
      await pair.buyer.call('pursue', { nid: pair.nid });
      expect((await viewOf(pair.buyer, pair.nid))?.payment?.state).toBe('unknown');
    }
    expect(pair.buyer.wallet.payCalls()).toBe(1);
    delete pair.buyer.wallet.faults.lookUp;
    await play(pair, bothAre('completed'));
    expect(pair.buyer.wallet.payCalls()).toBe(1);
    expectPaid(pair, PRICE);
  });

  it.each(['hangs-before', 'hangs-after'] as const)('%s: the process dies while it waits, and the next one goes on', async (fault) => {
    const pair = await order();
    pair.buyer.wallet.faults.pay = fault;
    // What is never answered is left behind, as a killed process leaves it.
    const dying = play(pair, () => false).catch(() => undefined);
    while (pair.buyer.wallet.payCalls() === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    await Promise.race([dying, new Promise((resolve) => setTimeout(resolve, 50))]);
    expect((await viewOf(pair.buyer, pair.nid))?.payment?.state).toBe('paying');
    delete pair.buyer.wallet.faults.pay;
    await play(pair, bothAre('completed'));
    expect(pair.buyer.wallet.payCalls()).toBe(fault === 'hangs-after' ? 1 : 2);
    expectPaid(pair, PRICE);
  });

  it('says that it failed although it paid: it is asked before that is believed', async () => {
    const pair = await order();
    pair.buyer.wallet.faults.pay = 'lost-before';
    pair.buyer.wallet.faults.lookUp = { kind: 'pending' };
    await play(pair, (job) => job.payment?.state === 'unknown');
    delete pair.buyer.wallet.faults.lookUp;
    pair.buyer.wallet.faults.pay = { kind: 'failed', reason: 'payment-failed' };
    await play(pair, () => pair.buyer.wallet.payCalls() === 2);
    expect((await viewOf(pair.buyer, pair.nid))?.payment?.state).toBe('unknown');
    delete pair.buyer.wallet.faults.pay;
    await play(pair, bothAre('completed'));
    expectPaid(pair, PRICE);
  });

  it('has too little: the owner has until the invoice ends, then both sides know that nothing was paid', async () => {
    const pair = await order({}, {}, 1_000n);
    await play(pair, (job) => job.payment?.state === 'failed');
    expect((await viewOf(pair.buyer, pair.nid))?.payment).toMatchObject({ state: 'failed', reason: 'insufficient-balance' });
    stage.clock.advance(86_500);
    const { mine, theirs } = await play(pair, bothAre('disputed'));
    expect(mine.dispute).toMatchObject({ by: 'me', code: 'not-paid-insufficient-balance' });
    expect(theirs?.dispute).toMatchObject({ by: 'peer', code: 'not-paid-insufficient-balance' });
    expectPaid(pair, 0n, 1_000n);
  });

  it('is asked on about a payment whose deal has ended in a dispute meanwhile', async () => {
    const pair = await order();
    pair.buyer.wallet.faults.pay = 'lost-after';
    pair.buyer.wallet.faults.lookUp = { kind: 'unknown' };
    await play(pair, (job) => job.payment?.state === 'unknown');
    const { agreement } = agreementOf(pair.seller, pair.nid);
    await settleMove(pair.seller.context, pair.nid, { v: 1, type: 'dispute', agreement, code: 'changed-my-mind' });
    await pair.buyer.call('pursue', { nid: pair.nid });
    expect(await viewOf(pair.buyer, pair.nid)).toMatchObject({ phase: 'disputed', isOver: false, payment: { state: 'unknown' } });
    delete pair.buyer.wallet.faults.lookUp;
    await pair.buyer.call('pursue', { nid: pair.nid.slice(0, 8) });
    expect(await viewOf(pair.buyer, pair.nid)).toMatchObject({ phase: 'disputed', isOver: true, payment: { state: 'settled' } });
    expect(pair.buyer.wallet.payCalls()).toBe(1);
  });

  it('is filled by its owner in time', async () => {
    const pair = await order({}, {}, 1_000n);
    await play(pair, (job) => job.payment?.state === 'failed');
    const rich = await stage.makeParty(GRANT);
    const { makeInvoice } = pair.buyer.wallet.rail;
    await rich.wallet.rail.pay(await makeInvoice({ amountMsat: 1_000_000n, description: '', descriptionHash: sha256Hex(''), expiryS: 60 }));
    await play(pair, bothAre('completed'));
    expect([pair.buyer.wallet.balance(), pair.seller.wallet.balance()]).toEqual([301_000n, PRICE]);
  });

  it('is another one than the deal was made with: nothing is paid, and nothing is disputed', async () => {
    const pair = await order();
    const { rail } = pair.buyer.wallet;
    const describe = rail.describe;
    await play(pair, (mine) => mine.steps.some(({ step }) => step === 'request'));
    Object.assign(rail, { describe: async () => ({ id: 'nwc', isTestMoney: false }) });
    for (let round = 0; round < 3; round += 1) {
      await pair.seller.call('pursue', { services: pair.services as never });
      await Promise.all([...pair.seller.context.background.values()].map(({ ended }) => ended));
    }
    const { problems, jobs } = await pair.buyer.call('pursue', { nid: pair.nid });
    expect(problems).toMatchObject([{ nid: pair.nid, code: 'wallet/refused' }]);
    expect(jobs[0]).toMatchObject({ phase: 'payable', isOver: false });
    Object.assign(rail, { describe });
    await play(pair, bothAre('completed'));
    expectPaid(pair, PRICE);
  });

  it('of the provider does not know of the money: nothing is delivered for the buyer’s word alone', async () => {
    const pair = await order();
    pair.seller.wallet.faults.lookUp = { kind: 'pending' };
    await play(pair, (mine) => mine.phase === 'funded');
    for (let round = 0; round < 5; round += 1) {
      stage.clock.advance(40);
      await pair.seller.call('pursue', { services: pair.services as never });
      expect((await viewOf(pair.seller, pair.nid))?.phase).toBe('funded');
    }
    delete pair.seller.wallet.faults.lookUp;
    await play(pair, bothAre('completed'));
    expectPaid(pair, PRICE);
  });
});

describe('a buyer that never pays', () => {
  it('is told that the deal is over, after the invoice and a grace have passed', async () => {
    const pair = await order();
    await play(pair, (_, theirs) => theirs?.phase === 'payable' || theirs?.phase === 'agreed', 60);
    pair.buyer.wallet.faults.pay = 'lost-before';
    pair.buyer.wallet.faults.lookUp = { kind: 'unknown' };
    await play(pair, (mine) => mine.payment?.state === 'unknown');
    stage.clock.advance(86_400 + 700);
    const { theirs } = await play(pair, bothAre('disputed'));
    expect(theirs?.dispute).toMatchObject({ by: 'me', code: 'not-paid' });
    expectPaid(pair, 0n);
  });
});

describe('a side that was away for long', () => {
  it('offers back what it finds expired', async () => {
    const pair = await order();
    await pair.seller.call('pursue', { services: pair.services as never });
    await pair.buyer.call('pursue', { nid: pair.nid });
    await pair.seller.call('pursue', { services: pair.services as never });
    // The seller’s last offer stands for an hour.
    stage.clock.advance(2 * 3_600);
    const { mine } = await play(pair, bothAre('completed'));
    expect(mine.price).toBe('700 sats');
    const { moves } = await pair.buyer.call('history', { nid: pair.nid });
    expect(moves.filter(({ type }) => type === 'offer').map(({ by, price }) => `${by} ${price ?? ''}`)).toEqual([
      'peer 900 sats',
      'me 600 sats',
      'peer 700 sats',
      'me 700 sats',
    ]);
  });
});

describe('several jobs', () => {
  it('go on beside a command that takes its time', async () => {
    const slow = script('setTimeout(() => process.stdout.write("slow"), 1500)');
    const [buyer, seller] = [await stage.makeParty(GRANT), await stage.makeParty(0n)];
    const services = [
      describeService({ command: slow }),
      describeService({ id: 'quick', capabilities: ['quick'], command: script('process.stdout.write("quick")') }),
    ];
    await seller.call('announce', { services: services as never });
    const buy = async (find: string) => (await buyer.call('buy', { find, about: 'x', maxMsat: 900_000n })).job.nid;
    const [first, second] = [await buy('upper-case'), await buy('quick')];
    const order: string[] = [];
    while (order.length < 2) {
      await seller.call('pursue', { services: services as never, waitS: 1 });
      await buyer.call('pursue', {});
      stage.clock.advance(3);
      for (const { nid, outcome } of (await buyer.call('jobs', {})).jobs)
        if (outcome === 'completed' && !order.includes(nid)) order.push(nid);
    }
    expect(order).toEqual([second, first]);
    expect([buyer.wallet.balance(), seller.wallet.balance()]).toEqual([GRANT - 2n * PRICE, 2n * PRICE]);
  });
});

describe('work that fails', () => {
  it.each([
    ['ends with an error', script('process.exit(3)'), 'work-exit-code'],
    ['hangs', script('setInterval(() => {}, 1000)'), 'work-timeout'],
    ['floods', script('for(;;) process.stdout.write("x".repeat(100000))'), 'work-too-much-output'],
    ['says nothing', script('process.stdin.resume()'), 'work-empty'],
    ['is not there', ['/nonexistent/program'], 'work-not-started'],
  ])('%s: both sides know, and nobody was asked for money', async (_, command, code) => {
    const pair = await order({ command, max_output_bytes: 100_000 });
    const { mine, theirs } = await play(pair, bothAre('disputed'));
    expect(mine.dispute).toMatchObject({ by: 'peer', code });
    expect(theirs?.dispute).toMatchObject({ by: 'me', code });
    expect(pair.buyer.wallet.payCalls()).toBe(0);
    expectPaid(pair, 0n);
  });
});

describe('files that are not what was named', () => {
  const forge = async (from: Party, to: Party, sha256: string, bytes: Uint8Array, nid: string): Promise<void> => {
    const work = beginWork(from.context);
    await sealMoves(work, to.context.pubkey, [encodeParcel(from.context.pubkey, { sha256, part: 0, data: bytes }, work.now)]);
    await finishStep(work, nid);
  };

  it('as inputs: the provider refuses to work', async () => {
    const other = await order();
    await agree(other);
    const { agreement, deal } = agreementOf(other.buyer, other.nid);
    const files = deal.terms.scope.inputs ?? [];
    await settleMove(other.buyer.context, other.nid, { v: 1, type: 'input', agreement, files });
    await forge(other.buyer, other.seller, files[0]?.sha256 ?? '', new TextEncoder().encode('b secret text'), other.nid);
    const { mine, theirs } = await play(other, bothAre('disputed'));
    expect(theirs?.dispute).toMatchObject({ by: 'me', code: 'input-digest' });
    expect(mine.dispute).toMatchObject({ by: 'peer', code: 'input-digest' });
    expectPaid(other, 0n);
  });

  it('as result: the buyer refuses it, and the dispute says so on both sides', async () => {
    const pair = await order();
    await play(pair, (mine) => mine.phase === 'funded');
    const { agreement } = agreementOf(pair.seller, pair.nid);
    const named = sha256Hex('A SECRET TEXT');
    const files = [{ name: 'large.txt', sha256: named, size: 13 }];
    await pair.seller.call('sync', {});
    await settleMove(pair.seller.context, pair.nid, { v: 1, type: 'deliver', agreement, files });
    await forge(pair.seller, pair.buyer, named, new TextEncoder().encode('B SECRET TEXT'), pair.nid);
    const { mine, theirs } = await play(pair, bothAre('disputed'));
    expect(mine.dispute).toMatchObject({ by: 'me', code: 'delivery-digest' });
    expect(theirs?.dispute).toMatchObject({ by: 'peer', code: 'delivery-digest' });
    expect(mine.payment?.state).toBe('settled');
    expectPaid(pair, PRICE);
  });

  it('that never come are asked for, and in the end the deal is disputed', async () => {
    const pair = await order();
    await agree(pair);
    const { agreement, deal } = agreementOf(pair.buyer, pair.nid);
    await settleMove(pair.buyer.context, pair.nid, { v: 1, type: 'input', agreement, files: deal.terms.scope.inputs ?? [] });
    await pair.seller.call('pursue', { services: pair.services as never });
    stage.clock.advance(30);
    await pair.seller.call('pursue', { services: pair.services as never });
    // The wish for the pieces is answered by itself.
    const { mine } = await play(pair, bothAre('completed'));
    expect(mine.outcome).toBe('completed');
    const lost = await order();
    await agree(lost);
    const { agreement: second, deal: facts } = agreementOf(lost.buyer, lost.nid);
    await settleMove(lost.buyer.context, lost.nid, { v: 1, type: 'input', agreement: second, files: facts.terms.scope.inputs ?? [] });
    await lost.seller.call('pursue', { services: lost.services as never });
    stage.clock.advance(3_700);
    await lost.seller.call('pursue', { services: lost.services as never });
    expect((await viewOf(lost.seller, lost.nid))?.dispute).toMatchObject({ by: 'me', code: 'input-incomplete' });
  });

  /** Both hold the deal, and the buyer has handed over nothing yet. */
  async function agree({ buyer, seller, nid, services }: Pair & { readonly services: object[] }): Promise<void> {
    for (let round = 0; round < 30; round += 1) {
      await seller.call('pursue', { services: services as never });
      const status = await buyer.call('sync', {}).then(() => buyer.call('status', { nid }));
      if (status.phase === 'agreed') return;
      if (status.phase === 'open' || status.phase === 'offered') await buyer.call('pursue', { nid });
    }
    throw new Error('they do not agree');
  }
});

describe('payment terms that are not what was agreed', () => {
  type Tamper = (facts: { paymentHash: string; payee: string; amountMsat: bigint; expiresAt: number }) => object;

  /** Puts payment terms of our own making in place of the provider’s. */
  async function askFor(
    pair: Pair & { readonly services: object[] },
    amountMsat: bigint,
    tamper: Tamper,
    salt = 'ab'.repeat(32),
  ): Promise<void> {
    const { seller, nid } = pair;
    const { agreement } = agreementOf(seller, nid);
    const { description, hash } = describePayment({ agreement, index: 0, salt });
    const request = await seller.wallet.rail.makeInvoice({ amountMsat, description, descriptionHash: hash, expiryS: 900 });
    const decoded = decodeBolt11(request);
    if (decoded.kind === 'refused') throw new Error('not an invoice');
    const { paymentHash, payee, timestamp, expiryS } = decoded.invoice;
    const facts = { paymentHash, payee, amountMsat, expiresAt: timestamp + expiryS };
    const terms = { agreement, rail: 'sandbox', ...facts, isTestMoney: true, ...tamper(facts) } as const;
    const event = await signExactly(await seller.context.signer(), makePayTermsTemplate(terms as never, stage.clock.now()));
    const signed = { ...event, tags: event.tags.map((tag) => [...tag]), content: '' } as never;
    await settleMove(seller.context, nid, { v: 1, type: 'payterms', agreement, terms: signed, request, salt });
  }

  async function handedOver(): Promise<Pair & { readonly services: object[] }> {
    const pair = await order();
    // Work that takes for ever leaves the payment terms to us.
    const services = [describeService({ command: ['/nonexistent'] })];
    for (let round = 0; round < 40; round += 1) {
      await pair.buyer.call('pursue', { nid: pair.nid });
      const view = await viewOf(pair.buyer, pair.nid);
      if (view?.steps.some(({ step }) => step === 'request') === true) break;
      await pair.seller.call('pursue', { services: services as never });
    }
    await pair.seller.call('sync', {});
    return pair;
  }

  it.each([
    ['a higher amount', 900_000n, () => ({}), 'payterms-amount'],
    ['another amount in the invoice', 900_000n, () => ({ amountMsat: PRICE }), 'payterms-invoice-amount'],
    ['another payee', PRICE, () => ({ payee: `02${'11'.repeat(32)}` }), 'payterms-payee'],
    ['another agreement', PRICE, () => ({ agreement: '00'.repeat(32) }), 'payterms-agreement'],
    ['another payment hash', PRICE, () => ({ paymentHash: '00'.repeat(32) }), 'payterms-payment-hash'],
    ['real money for test money', PRICE, () => ({ isTestMoney: false }), 'payterms-network'],
    ['another rail', PRICE, () => ({ rail: 'nwc' }), 'payterms-rail'],
  ] as const)('%s: nothing is paid', async (_, amountMsat, tamper, code) => {
    const pair = await handedOver();
    await askFor(pair, amountMsat, tamper as Tamper);
    const { mine, theirs } = await play({ ...pair, services: [] }, bothAre('disputed'));
    expect(mine.dispute).toMatchObject({ by: 'me', code });
    expect(theirs?.dispute).toMatchObject({ by: 'peer', code });
    expect(pair.buyer.wallet.payCalls()).toBe(0);
    expectPaid(pair, 0n);
  });
});

describe('what an owner asks for that cannot be', () => {
  it('is refused before anything happens', async () => {
    const buyer = await stage.makeParty(GRANT);
    const fails = async (input: object): Promise<boolean> =>
      buyer.call('buy', { find: 'upper-case', about: 'x', maxMsat: 1_000n, ...input } as never).then(
        () => false,
        (error: unknown) => !isNegotiateError(error) || error.code === 'input/invalid' || error.code === 'input/not-found',
      );
    const twice = [
      { name: 'a', data: INPUT },
      { name: 'a', data: INPUT },
    ];
    for (const input of [
      { maxMsat: 0n },
      { maxMsat: -1n },
      { maxMsat: 10n ** 30n },
      { inputs: twice },
      { about: '' },
      { about: 'a\u202eb' },
      { find: 'No Such' },
      { peer: 'npub1' },
      { peer: [] },
      { peer: ['npub1', 'npub2'] },
      { ask: { providers: 0 } },
      { ask: { providers: 17 } },
      { ask: { providers: 1.5 } },
      { ask: { providers: 2, collectS: -1 } },
      { ask: { providers: 2, weights: { price: -1, time: 0, trust: 0 } } },
    ]) {
      expect(await fails(input)).toBe(true);
    }
    expect((await buyer.call('list', {})).negotiations).toEqual([]);
  });

  it.each([
    ['no work', { command: undefined }],
    ['two ways to work', { endpoint: 'http://127.0.0.1:9/job' }],
    ['an endpoint elsewhere', { command: undefined, endpoint: 'http://example.com/job' }],
    ['a floor above the price', { min_sats: '901' }],
    ['no price', { list_sats: '0', min_sats: '0' }],
    ['a price of another shape', { list_sats: '1e3' }],
    ['a capability of another shape', { capabilities: ['Upper Case'] }],
    ['no capability', { capabilities: [] }],
    ['a field that nobody knows', { discount: 5 }],
    ['an id of another shape', { id: '../etc' }],
    ['a time of nothing', { timeout_s: 0 }],
  ])('as a service: %s', async (_, changes) => {
    const seller = await stage.makeParty(0n);
    await expect(seller.call('announce', { services: [describeService(changes)] as never })).rejects.toThrow();
    expect((await seller.call('announce', {})).services).toEqual([]);
  });
});
