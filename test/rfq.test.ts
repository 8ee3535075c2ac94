// One request to several providers: offers are compared, one is signed, the others get a neutral no, and none learns of another.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeClock, makeLab, type Lab, type TestAgent, type TestClock } from './agents.fixture.ts';
import { runCli } from './cli.fixture.ts';

let lab: Lab;
let clock: TestClock;
// ts-mls looks at the real time when it adds somebody: a clock that went ahead is of no use to the next test.
beforeEach(async () => {
  clock = makeClock();
  lab = await makeLab(clock);
});
afterEach(() => lab.close());

const REQUIREMENTS = 'Two pages, German to English.';

interface Market {
  readonly buyer: TestAgent;
  readonly providers: readonly TestAgent[];
  readonly id: string;
}

/** A buyer that has asked, and providers that have read the request. */
async function ask(
  count: number,
  input: { weights?: { price: number; time: number; trust: number }; collectS?: number } = {},
): Promise<Market> {
  const buyer = await lab.makeAgent();
  const providers = await Promise.all(Array.from({ length: count }, () => lab.makeAgent()));
  const request = {
    peers: providers.map(({ npub }) => npub),
    service: 'translation',
    requirements: REQUIREMENTS,
    maxMsat: 1_000_000n,
    ...input,
  };
  const { id } = await buyer.call((agent) => agent.startRfq(request));
  for (const provider of providers) await provider.call((agent) => agent.sync({}));
  return { buyer, providers, id };
}

const nidOf = (provider: TestAgent): Promise<string> => provider.call(async (agent) => (await agent.list()).negotiations[0]?.nid ?? '');

async function bid(provider: TestAgent, sats: bigint, deliverWithinS = 86_400): Promise<void> {
  const nid = await nidOf(provider);
  await provider.call((agent) => agent.offer({ nid, priceMsat: sats * 1_000n, deliverWithinS }));
}

const advance = (buyer: TestAgent) => buyer.call(async (agent) => (await agent.advanceRfq({})).rfqs[0]);
const phaseOf = (provider: TestAgent): Promise<string> =>
  provider.call(async (agent) => {
    await agent.sync({});
    return (await agent.list()).negotiations[0]?.phase ?? '';
  });
/** Lets a signed offer become a deal: the provider confirms, the buyer closes, the provider acknowledges. */
async function settle(buyer: TestAgent, provider: TestAgent) {
  await provider.call((agent) => agent.sync({}));
  await advance(buyer);
  await provider.call((agent) => agent.sync({}));
  return advance(buyer);
}

const lastOf = (provider: TestAgent): Promise<unknown> =>
  provider.call(async (agent) => {
    const [negotiation] = (await agent.list()).negotiations;
    const { moves } = await agent.history({ nid: negotiation?.nid ?? '' });
    return moves.findLast(({ by, type }) => by === 'peer' && type !== 'receipt');
  });

describe('a request to three providers', () => {
  it('signs the cheapest once all have offered, and tells the others no without a word about anybody', async () => {
    const { buyer, providers, id } = await ask(3);
    const [dear, cheap, middle] = providers as [TestAgent, TestAgent, TestAgent];
    await bid(dear, 900n);
    await bid(cheap, 700n);
    // As long as one may still offer and the time is not over, nothing is signed.
    expect((await advance(buyer))?.state).toBe('collecting');
    await bid(middle, 800n);
    expect((await advance(buyer))?.state).toBe('signing');
    const view = await settle(buyer, cheap);
    expect(view).toMatchObject({ id, state: 'agreed', chosen: await nidOf(cheap) });
    expect([await phaseOf(cheap), await phaseOf(dear), await phaseOf(middle)]).toEqual(['agreed', 'rejected', 'rejected']);
    for (const loser of [dear, middle]) {
      expect(await lastOf(loser)).toMatchObject({ type: 'reject', code: 'not-selected' });
      const others = providers.filter((provider) => provider !== loser);
      const nid = await nidOf(loser);
      const told = await loser.call(async (agent) => JSON.stringify(await agent.history({ nid })));
      for (const { npub, pubkey } of others) expect([told.includes(npub), told.includes(pubkey)]).toEqual([false, false]);
      expect(told).not.toMatch(/700000|"700/);
    }
    // It is over, and stays so.
    expect(await buyer.call((agent) => agent.advanceRfq({}))).toEqual({ rfqs: [], problems: [], isForOwner: false, unopened: 0 });
  });

  it('weighs time and trust as its owner wants', async () => {
    const { buyer, providers } = await ask(2, { weights: { price: 1, time: 4, trust: 0 } });
    const [cheap, fast] = providers as [TestAgent, TestAgent];
    await bid(cheap, 500n, 20 * 86_400);
    await bid(fast, 900n, 3_600);
    const view = await advance(buyer);
    expect(view?.state).toBe('signing');
    expect(await settle(buyer, fast)).toMatchObject({ state: 'agreed', chosen: await nidOf(fast) });
  });

  it('does not wait longer than its owner wants, and takes nothing beyond its limits', async () => {
    const { buyer, providers } = await ask(3, { collectS: 300 });
    const [dear, fit] = providers as [TestAgent, TestAgent, TestAgent];
    await bid(dear, 1_001n);
    expect((await advance(buyer))?.state).toBe('collecting');
    clock.advance(301);
    const late = await advance(buyer);
    expect(late?.state).toBe('collecting');
    expect(late?.asked.map(({ unfit }) => unfit).filter((unfit) => unfit !== undefined)).toEqual(['/price']);
    await bid(fit, 1_000n);
    expect((await advance(buyer))?.state).toBe('signing');
  });

  it('has one budget: while one signature is out nothing else is signed, and who does not answer loses its turn', async () => {
    const { buyer, providers } = await ask(2);
    const [silent, second] = providers as [TestAgent, TestAgent];
    await bid(silent, 600n);
    await bid(second, 700n);
    expect((await advance(buyer))?.state).toBe('signing');
    const nid = await nidOf(second);
    await expect(buyer.call((agent) => agent.accept({ nid }))).rejects.toMatchObject({ details: { reason: 'budget' } });
    // The buyer's own offer to the second is accepted by it: that is not confirmed either.
    await buyer.call((agent) => agent.offer({ nid, priceMsat: 650_000n }));
    await second.call(async (agent) => {
      await agent.sync({});
      await agent.accept({ nid });
    });
    await buyer.call((agent) => agent.sync({}));
    expect(await lastOf(second).then(() => phaseOf(second))).toBe('offered');
    expect((await advance(buyer))?.state).toBe('signing');
    // The silent one lets the window pass; its signature is void, and the second is signed.
    clock.advance(7_200 + 121);
    await bid(second, 690n);
    expect((await advance(buyer))?.state).toBe('signing');
    expect(await settle(buyer, second)).toMatchObject({ state: 'agreed', chosen: nid });
    expect(await phaseOf(silent)).not.toBe('agreed');
  });

  it('asked twice is one request, leaves out who cannot be reached, and says so when nobody can', async () => {
    const { buyer, providers, id } = await ask(1);
    const again = { peers: providers.map(({ npub }) => npub), service: 'translation', requirements: REQUIREMENTS, maxMsat: 1_000_000n };
    expect((await buyer.call((agent) => agent.startRfq(again))).id).toBe(id);
    const nobody = `npub1${'q'.repeat(58)}`;
    await expect(buyer.call((agent) => agent.startRfq({ ...again, peers: [nobody] }))).rejects.toMatchObject({ code: 'input/invalid' });
    const ghost = 'ab'.repeat(32);
    const partly = await buyer.call((agent) =>
      agent.startRfq({ ...again, requirements: 'Other pages.', peers: [ghost, providers[0]?.npub ?? ''] }),
    );
    expect(partly.asked.map(({ problem }) => problem === undefined)).toContain(false);
    expect(partly.asked.filter(({ nid }) => nid !== undefined)).toHaveLength(1);
    await expect(buyer.call((agent) => agent.startRfq({ ...again, requirements: 'More.', peers: [ghost] }))).rejects.toMatchObject({
      code: 'negotiation/refused',
    });
  });

  it('is given up in time, and everybody is told', async () => {
    const { buyer, providers } = await ask(2);
    await bid(providers[0] as TestAgent, 5_000n);
    clock.advance(86_401);
    expect((await advance(buyer))?.state).toBe('no-deal');
    for (const provider of providers) expect(['rejected', 'cancelled', 'expired']).toContain(await phaseOf(provider));
  });
});

describe('rfq on the command line', () => {
  it('says what is missing, and what runs', async () => {
    const buyer = await lab.makeAgent();
    const provider = await lab.makeAgent();
    expect((await runCli(['rfq', provider.npub, '--home', buyer.home])).code).toBe(64);
    expect((await runCli(['rfq', provider.npub, '--home', buyer.home, '--service', 'x', '--max', '1', '--weigh', 'speed=1'])).code).toBe(
      64,
    );
    const started = await runCli(['rfq', provider.npub, '--home', buyer.home, '--service', 'translation', '--max', '900', '--wait', '0s']);
    expect([started.code, started.stdout]).toEqual([75, expect.stringContaining('(collecting)')]);
    const idle = await runCli(['rfq', '--home', provider.home, '--wait', '0s']);
    expect([idle.code, idle.stdout]).toEqual([0, expect.stringContaining('No request runs')]);
  });
});
