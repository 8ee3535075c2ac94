// Two agents, a real relay, real MLS: whole negotiations, each call as if it were a process of its own.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkBundle } from '../src/agent/checkBundle.ts';
import { makeLab, type Lab, type TestAgent } from './agents.fixture.ts';

let lab: Lab;
beforeAll(async () => {
  lab = await makeLab();
});
afterAll(() => lab.close());

const requirements = 'A confidential contract of 12 pages, German to English, by a sworn translator.';

async function open(buyer: TestAgent, seller: TestAgent): Promise<string> {
  const { negotiation } = await buyer.call((agent) => agent.start({ peer: seller.npub, service: 'translation', requirements }));
  await seller.call((agent) => agent.sync());
  return negotiation.nid;
}

describe('a private deal', () => {
  it('goes from a question over a counter-offer to one bundle that both hold', async () => {
    const [buyer, seller] = [await lab.makeAgent(), await lab.makeAgent()];
    const nid = await open(buyer, seller);
    await seller.call((agent) => agent.send({ nid, text: 'Which language variant?' }));
    await buyer.call((agent) => agent.sync());
    await buyer.call((agent) => agent.send({ nid, text: 'British English.' }));
    await seller.call((agent) => agent.sync());
    await seller.call((agent) => agent.offer({ nid, priceMsat: 900_000n, deliverWithinS: 86_400 }));
    await buyer.call((agent) => agent.sync());
    await buyer.call((agent) => agent.offer({ nid, priceMsat: 600_000n }));
    await seller.call((agent) => agent.sync());
    await seller.call((agent) => agent.offer({ nid, priceMsat: 700_000n }));
    await buyer.call((agent) => agent.sync());
    const accepted = await buyer.call((agent) => agent.accept({ nid }));
    expect(accepted.negotiation.phase).toBe('accepting');
    await seller.call((agent) => agent.sync());
    expect((await seller.call((agent) => agent.status({ nid }))).phase).toBe('sealing');
    await buyer.call((agent) => agent.sync());
    await seller.call((agent) => agent.sync());
    await buyer.call((agent) => agent.sync());
    const [mine, theirs] = [await buyer.call((agent) => agent.status({ nid })), await seller.call((agent) => agent.status({ nid }))];
    expect([mine.phase, theirs.phase]).toEqual(['agreed', 'agreed']);
    expect(mine.bundle).toBeDefined();
    expect(mine.bundle).toBe(theirs.bundle);
    const check = checkBundle(mine.bundle ?? '');
    expect(check).toMatchObject({ state: 'closed', isDeal: true, price: '700 sats', buyer: buyer.npub, provider: seller.npub });
    expect(check.agreement).toBe(mine.agreement?.hash);
    expect(mine.agreement?.lines).toContain('Deliver within: 1 day after payment');
    const said = (await buyer.call((agent) => agent.history({ nid }))).moves.map(({ by, type }) => `${by} ${type}`);
    expect(said.filter((line) => !line.endsWith('receipt'))).toEqual([
      'me open',
      'peer ask',
      'me answer',
      'peer offer',
      'me offer',
      'peer offer',
      'me accept',
      'peer confirm',
      'me close',
    ]);
  });
});
