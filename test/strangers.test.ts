// Strangers as the owner's rules have them: over a real relay, with clocks that the test moves.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeClock, makeLab, type Lab, type TestAgent } from './agents.fixture.ts';
import { runCli } from './cli.fixture.ts';

// Behind, so that it can go on: MLS itself looks at the machine's clock.
const clock = makeClock(Math.floor(Date.now() / 1_000) - 3 * 86_400);
let lab: Lab;
beforeAll(async () => {
  lab = await makeLab(clock);
});
afterAll(() => lab.close());

const knock = async (seller: TestAgent, service = 'translation'): Promise<TestAgent> => {
  const buyer = await lab.makeAgent();
  await buyer.call((agent) => agent.start({ peer: seller.npub, service, requirements: 'A page.' }));
  return buyer;
};
const sync = (agent: TestAgent) => agent.call((open) => open.sync());

describe('a stranger', () => {
  it('waits when the hour is full, and comes in when it is over', async () => {
    const seller = await lab.makeAgent();
    expect(await seller.call((agent) => agent.invites({ perHour: 2 }))).toMatchObject({ anyone: true, perHour: 2 });
    const buyers = [await knock(seller), await knock(seller), await knock(seller)];
    const first = await sync(seller);
    expect([first.joined.length, first.invites.length, first.events.length]).toEqual([2, 1, 2]);
    clock.advance(3_599);
    expect((await sync(seller)).joined).toEqual([]);
    clock.advance(1);
    const last = await sync(seller);
    expect(last.joined).toEqual(first.invites);
    expect(buyers.map(({ npub }) => npub)).toContain(last.joined[0]);
  });

  it('waits when there are as many as may be open, and comes in when one has been silent for a day', async () => {
    const seller = await lab.makeAgent();
    await seller.call((agent) => agent.invites({ maxOpen: 1 }));
    // One that opens a channel and says nothing in it.
    const silent = await lab.makeAgent();
    await silent.call((agent) => agent.createGroup({ name: 'Nothing', members: [seller.npub] }));
    expect((await sync(seller)).joined).toEqual([silent.npub]);
    const buyer = await knock(seller);
    expect(await sync(seller)).toMatchObject({ joined: [], invites: [buyer.npub] });
    clock.advance(86_400);
    await sync(seller);
    expect(await sync(seller)).toMatchObject({ joined: [buyer.npub] });
  });

  it('is told that a service is not offered where only announced ones are, and the owner is told nothing', async () => {
    const seller = await lab.makeAgent();
    await seller.call((agent) => agent.invites({ announcedOnly: true }));
    const early = await knock(seller);
    expect(await sync(seller)).toMatchObject({ joined: [], invites: [early.npub] });
    const services = [
      { id: 'translate', name: 'Translation', capabilities: ['translation'], list_sats: '9', min_sats: '9', command: ['/bin/cat'] },
    ];
    await seller.call((agent) => agent.announce({ services }));
    expect(await sync(seller)).toMatchObject({ joined: [early.npub], events: [{ type: 'open' }] });
    const other = await knock(seller, 'plumbing');
    expect(await sync(seller)).toMatchObject({ joined: [other.npub], events: [] });
    expect(await sync(other)).toMatchObject({ events: [{ type: 'cancel', phase: 'cancelled' }] });
  });

  it('without a score waits where one is wanted', async () => {
    const seller = await lab.makeAgent();
    await seller.call((agent) => agent.invites({ minTrust: 1 }));
    const buyer = await knock(seller);
    expect(await sync(seller)).toMatchObject({ joined: [], invites: [buyer.npub] });
    await seller.call((agent) => agent.invites({ minTrust: 0 }));
    expect((await seller.call((agent) => agent.list())).invites).toEqual([]);
  });

  it('who shows too little work waits, and one who shows enough comes in', async () => {
    const seller = await lab.makeAgent();
    await seller.call((agent) => agent.invites({ minWork: 32 }));
    const buyer = await knock(seller);
    expect((await sync(seller)).invites).toEqual([buyer.npub]);
    const { joined, waiting } = await seller.call((agent) => agent.invites({ minWork: 12 }));
    expect([joined, waiting]).toEqual([[buyer.npub], []]);
  });

  it('who is blocked is not heard, and nobody is told', async () => {
    const seller = await lab.makeAgent({ invites: 'ask' });
    const buyer = await knock(seller);
    expect((await sync(seller)).invites).toEqual([buyer.npub]);
    const blocked = await runCli(['invites', '--block', buyer.npub, '--home', seller.home, '--json']);
    expect(blocked.json()).toMatchObject({ blocked: [buyer.npub], waiting: [] });
    await buyer.call((agent) => agent.createGroup({ name: 'Again', members: [seller.npub] }));
    expect(await sync(seller)).toMatchObject({ joined: [], invites: [] });
    const shown = await runCli(['invites', 'anyone', '--allow', buyer.npub, '--home', seller.home]);
    expect(shown.stdout).toContain(`Allowed    ${buyer.npub}`);
    expect(shown.stdout).not.toContain('Blocked');
  });

  it('can have three invites waiting, and no more', async () => {
    const seller = await lab.makeAgent({ invites: 'ask' });
    const buyer = await lab.makeAgent();
    for (const name of ['One', 'Two', 'Three', 'Four']) await buyer.call((agent) => agent.createGroup({ name, members: [seller.npub] }));
    await sync(seller);
    expect((await seller.call((agent) => agent.list())).invites).toHaveLength(3);
    // The fourth was left where it was, and comes when there is room.
    const { joined } = await seller.call((agent) => agent.invites({ allow: [buyer.npub] }));
    expect([joined.length, (await sync(seller)).joined.length]).toEqual([3, 1]);
  });

  it.each([
    [['invites', 'everyone'], /ask or anyone/],
    [['invites', '--min-trust', '101'], /minTrust/],
    [['invites', '--min-work', 'much'], /whole number/],
    [['invites', '--allow', 'npub1nobody'], /npub/],
    [['invites', '--announced-only', 'perhaps'], /yes or no/],
  ])('is not judged by rules that make no sense: %j', async (args, message) => {
    const { home } = await lab.makeAgent();
    expect(await runCli([...args, '--home', home])).toMatchObject({ code: 64, stderr: expect.stringMatching(message) as string });
  });
});
