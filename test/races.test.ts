// What goes wrong between two honest agents on a real relay: crossings, losses, kills, long absences. One deal or none.

import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openAgent } from '../src/agent/compose.ts';
import { checkBundle } from '../src/agent/checkBundle.ts';
import { startRelay } from '../src/relay/startRelay.ts';
import { openSqliteStore } from '../src/store/sqliteStore.ts';
import { makeClock, makeLab, type Lab, type TestAgent, type TestClock } from './agents.fixture.ts';
import { runCli } from './cli.fixture.ts';
import { scale } from './lane.fixture.ts';

let clock: TestClock;
let lab: Lab;
// Anew for each test: MLS itself reads the system's clock when a member is added, so each story starts in the present.
beforeEach(async () => {
  clock = makeClock();
  lab = await makeLab(clock);
});
afterEach(() => lab.close());

const BIN = fileURLToPath(new URL('../bin/agent-negotiate.js', import.meta.url));

/** Starts a sync in a process of its own and kills it outright after a while; false when it had ended before. */
function killSync(home: string, delayMs: number): Promise<boolean> {
  const child = spawn(process.execPath, [BIN, 'sync', '--home', home], { stdio: 'ignore' });
  const timer = setTimeout(() => child.kill('SIGKILL'), delayMs);
  return new Promise((resolve) => {
    child.on('exit', (_, signal) => {
      clearTimeout(timer);
      resolve(signal === 'SIGKILL');
    });
  });
}

interface Table {
  readonly buyer: TestAgent;
  readonly seller: TestAgent;
  readonly nid: string;
}

/** Both have offered: the seller 900 sats, the buyer 600, and each knows of the other's offer. */
async function setTable(options: Parameters<Lab['makeAgent']>[0] = {}): Promise<Table> {
  const [buyer, seller] = [await lab.makeAgent(options), await lab.makeAgent(options)];
  const { negotiation } = await buyer.call((agent) => agent.start({ peer: seller.npub, service: 'translation', requirements: 'A page.' }));
  const { nid } = negotiation;
  await seller.call((agent) => agent.sync());
  await seller.call((agent) => agent.offer({ nid, priceMsat: 900_000n }));
  await buyer.call((agent) => agent.sync());
  await buyer.call((agent) => agent.offer({ nid, priceMsat: 600_000n }));
  await seller.call((agent) => agent.sync());
  return { buyer, seller, nid };
}

async function settle({ buyer, seller }: Table): Promise<void> {
  for (let round = 0; round < 4; round += 1) {
    await buyer.call((agent) => agent.sync());
    await seller.call((agent) => agent.sync());
  }
}

async function expectOneDeal({ buyer, seller, nid }: Table, price: string): Promise<void> {
  const [mine, theirs] = [await buyer.call((agent) => agent.status({ nid })), await seller.call((agent) => agent.status({ nid }))];
  expect([mine.phase, theirs.phase]).toEqual(['agreed', 'agreed']);
  expect(mine.bundle).toBe(theirs.bundle);
  expect(checkBundle(mine.bundle ?? '')).toMatchObject({ isDeal: true, price });
}

async function phases({ buyer, seller, nid }: Table): Promise<readonly string[]> {
  return [(await buyer.call((agent) => agent.status({ nid }))).phase, (await seller.call((agent) => agent.status({ nid }))).phase];
}

describe('crossing moves', () => {
  it('both accept at once: the accept by the buyer goes on, the seller’s becomes void', async () => {
    const table = await setTable();
    const { buyer, seller, nid } = table;
    await buyer.call((agent) => agent.accept({ nid }));
    await seller.call((agent) => agent.accept({ nid }));
    await settle(table);
    await expectOneDeal(table, '900 sats');
  });

  it('an accept that crosses a counter-offer does not bind', async () => {
    const table = await setTable();
    const { buyer, seller, nid } = table;
    await buyer.call((agent) => agent.accept({ nid }));
    await seller.call((agent) => agent.offer({ nid, priceMsat: 950_000n }));
    await settle(table);
    const [mine, theirs] = await phases(table);
    expect([mine, theirs]).toEqual(['offered', 'offered']);
    // And nobody is stuck: the new offer can be accepted.
    await buyer.call((agent) => agent.accept({ nid }));
    await settle(table);
    await expectOneDeal(table, '950 sats');
  });

  it('an accept that crosses a final rejection makes no deal', async () => {
    const table = await setTable();
    const { buyer, seller, nid } = table;
    await seller.call((agent) => agent.reject({ nid }));
    await buyer.call((agent) => agent.accept({ nid }));
    await settle(table);
    const [mine, theirs] = await phases(table);
    expect(mine).toBe(theirs);
    expect(mine).not.toBe('agreed');
  });

  it('offers that cross both stand', async () => {
    const table = await setTable();
    const { buyer, seller, nid } = table;
    await buyer.call((agent) => agent.offer({ nid, priceMsat: 650_000n }));
    await seller.call((agent) => agent.offer({ nid, priceMsat: 850_000n }));
    await settle(table);
    const open = (await buyer.call((agent) => agent.status({ nid }))).offers.filter(({ status }) => status === 'open');
    expect(open.map(({ price }) => price).sort()).toEqual(['650 sats', '850 sats']);
  });
});

describe('time', () => {
  it('an accept that nobody confirms is taken back, and the agents agree that there is no deal', async () => {
    const table = await setTable();
    const { buyer, nid } = table;
    await buyer.call((agent) => agent.accept({ nid }));
    clock.advance(3 * 3_600);
    await buyer.call((agent) => agent.sync());
    expect((await buyer.call((agent) => agent.status({ nid }))).phase).toBe('offered');
    await settle(table);
    expect(await phases(table)).toEqual(['offered', 'offered']);
    await buyer.call((agent) => agent.accept({ nid }));
    await settle(table);
    await expectOneDeal(table, '900 sats');
  });

  it('an expired offer cannot be accepted, and says so', async () => {
    const { buyer, nid } = await setTable();
    clock.advance(2 * 86_400);
    await expect(buyer.call((agent) => agent.accept({ nid }))).rejects.toMatchObject({
      code: 'negotiation/refused',
      message: expect.stringContaining('expired') as string,
    });
    expect((await buyer.call((agent) => agent.status({ nid }))).offers.map(({ status }) => status)).toEqual(['expired', 'expired']);
  });

  it('a negotiation whose time is over ends on both sides', async () => {
    const table = await setTable();
    clock.advance(8 * 86_400);
    await settle(table);
    expect(await phases(table)).toEqual(['expired', 'expired']);
  });

  it('two agents that were away for a month take up where they stopped', async () => {
    const [buyer, seller] = [await lab.makeAgent(), await lab.makeAgent()];
    const { negotiation } = await buyer.call((agent) =>
      agent.start({ peer: seller.npub, service: 'translation', requirements: 'A page.', lifeS: 90 * 86_400 }),
    );
    const { nid } = negotiation;
    clock.advance(30 * 86_400);
    await seller.call((agent) => agent.sync());
    await seller.call((agent) => agent.offer({ nid, priceMsat: 900_000n }));
    clock.advance(30 * 86_400);
    await buyer.call((agent) => agent.sync());
    await expect(buyer.call((agent) => agent.accept({ nid }))).rejects.toMatchObject({ code: 'negotiation/refused' });
    await seller.call((agent) => agent.offer({ nid, priceMsat: 800_000n }));
    await buyer.call((agent) => agent.sync());
    await buyer.call((agent) => agent.accept({ nid }));
    await settle({ buyer, seller, nid });
    await expectOneDeal({ buyer, seller, nid }, '800 sats');
  });
});

describe('losses', () => {
  it('a relay that forgets everything costs time, not the deal', async () => {
    const first = await startRelay({ clock });
    const table = await setTable({ relays: [first.url] });
    const { buyer, nid } = table;
    await buyer.call((agent) => agent.accept({ nid }));
    // The accept is gone with the relay; so would be every answer to it.
    await first.close();
    const second = await startRelay({ port: first.port, clock });
    try {
      await settle(table);
      expect(await phases(table)).toEqual(['accepting', 'offered']);
      clock.advance(3_600);
      await settle(table);
      await expectOneDeal(table, '900 sats');
    } finally {
      await second.close();
    }
  });

  it('what was saved before the process was killed is published by the next one, once', async () => {
    const { buyer, seller, nid } = await setTable();
    // A relay nobody listens at: saved, not sent.
    const store = openSqliteStore(join(buyer.home, 'agent.db'));
    const { relays } = store.listChannels()[0] ?? { relays: [] };
    expect(relays).toEqual([lab.relay.url]);
    store.close();
    await lab.relay.close();
    const saved = await buyer.call((agent) => agent.accept({ nid }));
    expect(saved.isSent).toBe(false);
    const again = await startRelay({ port: lab.relay.port, requireAuthForGiftWraps: true, clock });
    try {
      await settle({ buyer, seller, nid });
      clock.advance(3_600);
      await settle({ buyer, seller, nid });
      await expectOneDeal({ buyer, seller, nid }, '900 sats');
      const confirms = (await seller.call((agent) => agent.history({ nid }))).moves.filter(
        ({ type }) => type === 'accept' || type === 'confirm',
      );
      expect(confirms).toHaveLength(2);
    } finally {
      await again.close();
    }
  });
});

describe('a process that is killed', () => {
  // Each round kills a sync a little later, so that the kills fall before, within and after its steps.
  it('at any moment of a sync loses nothing and doubles nothing', async () => {
    const table = await setTable();
    const { buyer, seller, nid } = table;
    await buyer.call((agent) => agent.accept({ nid }));
    let killed = 0;
    for (let delayMs = 150; delayMs <= 600; delayMs += scale(50, 150)) {
      for (const { home } of [seller, buyer]) killed += (await killSync(home, delayMs)) ? 1 : 0;
    }
    expect(killed).toBeGreaterThan(0);
    await settle(table);
    await expectOneDeal(table, '900 sats');
    for (const agent of [buyer, seller]) {
      const types = (await agent.call((open) => open.history({ nid }))).moves.map(({ type }) => type);
      for (const once of ['accept', 'confirm', 'close']) expect(types.filter((type) => type === once)).toHaveLength(1);
    }
  });
});

describe('invites', () => {
  it('of a stranger wait for the owner, who can be asked from the command line', async () => {
    const seller = await lab.makeAgent({ invites: 'ask' });
    const buyer = await lab.makeAgent();
    await buyer.call((agent) => agent.start({ peer: seller.npub, service: 'translation', requirements: 'A page.' }));
    expect(await seller.call((agent) => agent.sync())).toMatchObject({ invites: [buyer.npub], joined: [] });
    expect(await seller.call((agent) => agent.sync())).toMatchObject({ invites: [], joined: [] });
    const listed = await runCli(['list', '--home', seller.home]);
    expect(listed.stdout).toContain(`agent-negotiate sync --from ${buyer.npub}`);
    expect(await seller.call((agent) => agent.sync({ from: [buyer.npub] }))).toMatchObject({
      joined: [buyer.npub],
      events: [{ type: 'open' }],
    });
    expect((await seller.call((agent) => agent.list())).invites).toEqual([]);
  });

  it('that cross make both channels usable', async () => {
    const [a, b] = [await lab.makeAgent(), await lab.makeAgent()];
    const first = await a.call((agent) => agent.start({ peer: b.npub, service: 'translation', requirements: 'A page.' }));
    const second = await b.call((agent) => agent.start({ peer: a.npub, service: 'editing', requirements: 'A page.' }));
    for (const agent of [a, b, a, b]) await agent.call((open) => open.sync());
    for (const agent of [a, b]) expect((await agent.call((open) => open.list())).negotiations).toHaveLength(2);
    await b.call((agent) => agent.send({ nid: first.negotiation.nid, text: 'One' }));
    await a.call((agent) => agent.send({ nid: second.negotiation.nid, text: 'Two' }));
    expect((await a.call((agent) => agent.sync())).events).toMatchObject([{ type: 'ask' }]);
    expect((await b.call((agent) => agent.sync())).events).toMatchObject([{ type: 'ask' }]);
  });
});

describe('an agent', () => {
  it('waits for news and returns as soon as there is some', async () => {
    const { buyer, seller, nid } = await setTable();
    const agent = await openAgent({ home: seller.home, clock });
    try {
      const waiting = agent.sync({ waitS: 60 });
      await buyer.call((open) => open.send({ nid, text: 'Hello?' }));
      expect((await waiting).events).toMatchObject([{ type: 'ask' }]);
    } finally {
      await agent.close();
    }
  });

  it('that is closed while it waits ends the wait in order, and can be opened again at once', async () => {
    const { seller } = await setTable();
    const agent = await openAgent({ home: seller.home, clock });
    const waiting = agent.sync({ waitS: 600 });
    await agent.close();
    expect(
      await waiting.then(
        () => 'ended',
        (error: { code?: string }) => error.code,
      ),
    ).toMatch(/^(?:ended|relay\/unreachable|input\/invalid)$/);
    await expect(agent.list()).rejects.toMatchObject({ code: 'input/invalid' });
    await agent.close();
    await seller.call((open) => open.sync());
  });

  it('leaves no secret key in what it prints or stores beside the key file', async () => {
    const { buyer } = await setTable();
    const key = readFileSync(join(buyer.home, 'identity.key'), 'utf8').trim();
    const printed = await Promise.all(['whoami', 'list'].map((verb) => runCli([verb, '--json', '--home', buyer.home])));
    expect(printed.map(({ stdout }) => stdout).join('')).not.toContain(key);
    const database = readFileSync(join(buyer.home, 'agent.db')).toString('latin1');
    expect(database).not.toContain(key);
    expect(database).not.toContain(Buffer.from(key, 'hex').toString('latin1'));
  });
});
