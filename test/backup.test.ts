// A home that is lost and restored goes on with its negotiations in new channels, and says nothing twice.

import { readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Agent } from '../src/agent/api.ts';
import { openAgent } from '../src/agent/compose.ts';
import { backupHome, restoreHome } from '../src/agent/composeHome.ts';
import { readBackup } from '../src/store/backup.ts';
import { databasePath } from '../src/store/home.ts';
import { openSqliteStore } from '../src/store/sqliteStore.ts';
import { makeClock, makeLab, type Lab, type TestAgent, type TestClock } from './agents.fixture.ts';

let clock: TestClock;
let lab: Lab;
beforeAll(async () => {
  clock = makeClock();
  lab = await makeLab(clock);
});
afterAll(() => lab.close());

const backupKey = { kind: 'key-file', bytes: new Uint8Array(32).fill(3) } as const;
const key = { kind: 'key-file', bytes: new Uint8Array(32).fill(4) } as const;
const service = 'translation';

/** Both catch up until nothing is left to say. */
async function settle(...agents: readonly Caller[]): Promise<void> {
  for (let round = 0; round < 3; round += 1) for (const call of agents) await call((agent) => agent.sync());
}

type Caller = <T>(use: (agent: Agent) => Promise<T>) => Promise<T>;

async function backUp(agent: TestAgent, options: { key?: typeof key } = {}): Promise<string> {
  const file = join(lab.makeHome(), '..', 'backup');
  await backupHome({ home: agent.home, ...options }, file, backupKey);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  return file;
}

/** The home of a backup at another path. */
async function restore(file: string): Promise<Caller & { readonly home: string }> {
  clock.advance(60);
  const home = lab.makeHome();
  const isProtected = await restoreHome(home, readFileSync(file), backupKey, clock.now());
  const call: Caller = async (use) => {
    const agent = await openAgent({ home, clock, ...(isProtected ? { key: backupKey } : {}) });
    try {
      return await use(agent);
    } finally {
      await agent.close();
    }
  };
  return Object.assign(call, { home });
}

async function begin(options: { key?: typeof key } = {}) {
  const [seller, buyer] = [await lab.makeAgent(), await lab.makeAgent(options)];
  const theirs: Caller = (use) => seller.call(use);
  const mine: Caller = (use) => buyer.call(use, options);
  const { nid } = (await mine((agent) => agent.start({ peer: seller.npub, service, requirements: 'Confidential words' }))).negotiation;
  await settle(theirs, mine);
  await theirs((agent) => agent.offer({ nid, priceMsat: 700_000n, deliverWithinS: 86_400 }));
  await settle(mine, theirs);
  return { seller, buyer, theirs, mine, nid };
}

const addressesOf = (home: string): readonly string[] => {
  const store = openSqliteStore(databasePath(home));
  const addresses = store.listChannels().map(({ nostrGroupId }) => nostrGroupId);
  store.close();
  return addresses;
};
const groupEvents = () => lab.relay.storedEvents().filter(({ kind }) => kind === 445);
const addressOf = ({ tags }: { readonly tags: readonly (readonly string[])[] }) => tags.find(([name]) => name === 'h')?.[1] ?? '';

describe('a restored home', () => {
  it.each([{}, { key }])(
    'makes and keeps deals where it was, in new channels: no key of an old one is ever used again (%o)',
    async (options) => {
      const { seller, buyer, theirs, mine, nid } = await begin(options);
      const old = addressesOf(buyer.home);
      await settle(mine, theirs);
      const file = await backUp(buyer, options);
      expect(readFileSync(file).includes('Confidential words')).toBe(false);

      const restored = await restore(file);
      const before = new Set(groupEvents().map(({ id }) => id));
      await settle(restored, theirs);
      await restored((agent) => agent.accept({ nid }));
      await settle(theirs, restored);
      const [a, b] = [await restored((agent) => agent.status({ nid })), await theirs((agent) => agent.status({ nid }))];
      expect([a.phase, b.phase]).toEqual(['agreed', 'agreed']);
      expect(a.bundle).toBe(b.bundle);

      const later = groupEvents().filter(({ id }) => !before.has(id));
      expect(later.length).toBeGreaterThan(3);
      // Every one of them is in a channel that was made since, with keys that never were in a backup.
      expect(later.filter((event) => old.includes(addressOf(event)))).toEqual([]);
      expect(addressesOf(seller.home).length).toBe(2);

      // Once more, with a deal in it.
      const again = await restore(
        await backUp({ ...buyer, home: restored.home }, options.key === undefined ? {} : { key: backupKey as never }),
      );
      await settle(again, theirs);
      expect(await again((agent) => agent.status({ nid }))).toMatchObject({ phase: 'agreed', bundle: a.bundle });
      const { nid: second } = (await theirs((agent) => agent.start({ peer: buyer.npub, service, requirements: 'More' }))).negotiation;
      await settle(again, theirs);
      expect((await again((agent) => agent.list())).negotiations.map((each) => each.nid)).toContain(second);
    },
    60_000,
  );

  it('signs nothing where more was said than its backup holds, until the peer shows that it knows no more', async () => {
    const { buyer, theirs, mine, nid } = await begin();
    const file = await backUp(buyer);
    // Signed after the backup: the restored home knows nothing of it.
    await mine((agent) => agent.accept({ nid }));
    const restored = await restore(file);
    await restored((agent) => agent.sync());
    await expect(restored((agent) => agent.accept({ nid }))).rejects.toMatchObject({ details: { reason: 'restored' } });
    await settle(theirs, restored);
    await expect(restored((agent) => agent.accept({ nid }))).rejects.toMatchObject({ details: { reason: 'restored' } });
    await expect(restored((agent) => agent.send({ nid, text: 'Hello?' }))).rejects.toMatchObject({ details: { reason: 'restored' } });
    const other = await restored((agent) => agent.list());
    expect(other.negotiations).toHaveLength(1);
    // The peer holds the first signature and no second one.
    expect((await theirs((agent) => agent.status({ nid }))).phase).toBe('sealing');
  });

  it('in the place of the lost one is known to be older, and says nothing twice', async () => {
    const { seller, buyer, theirs, mine, nid } = await begin();
    const file = await backUp(buyer);
    await mine((agent) => agent.send({ nid, text: 'After the backup' }));
    rmSync(buyer.home, { recursive: true });
    clock.advance(60);
    await restoreHome(buyer.home, readFileSync(file), backupKey, clock.now());
    await settle(mine, theirs);
    await expect(mine((agent) => agent.send({ nid, text: 'Hello?' }))).rejects.toMatchObject({ details: { reason: 'restored' } });
    const again = (await mine((agent) => agent.start({ peer: seller.npub, service, requirements: 'Anew' }))).negotiation.nid;
    await settle(theirs, mine);
    await theirs((agent) => agent.offer({ nid: again, priceMsat: 500_000n, deliverWithinS: 86_400 }));
    await settle(mine, theirs);
    await mine((agent) => agent.accept({ nid: again }));
    await settle(theirs, mine);
    const [a, b] = [await mine((agent) => agent.status({ nid: again })), await theirs((agent) => agent.status({ nid: again }))];
    expect([a.phase, b.phase, a.bundle]).toEqual(['agreed', 'agreed', b.bundle]);
    expect((await theirs((agent) => agent.status({ nid }))).warnings).toEqual([]);
  });

  it('is made by the right key, into an empty home alone', async () => {
    const { buyer } = await begin();
    const bytes = readFileSync(await backUp(buyer));
    const wrong = { ...backupKey, bytes: new Uint8Array(32) };
    await expect(restoreHome(lab.makeHome(), bytes, wrong)).rejects.toMatchObject({ code: 'home/wrong-key' });
    await expect(restoreHome(lab.makeHome(), Buffer.from('something'), backupKey)).rejects.toMatchObject({ code: 'input/invalid' });
    await expect(restoreHome(buyer.home, bytes, backupKey)).rejects.toMatchObject({ code: 'home/exists' });
    const damaged = Buffer.from(bytes);
    damaged[damaged.length - 40] = (damaged[damaged.length - 40] ?? 0) ^ 1;
    await expect(restoreHome(lab.makeHome(), damaged, backupKey)).rejects.toMatchObject({ code: 'store/corrupt' });
    expect(await buyer.call((agent) => agent.whoami())).toMatchObject({ npub: buyer.npub });
    // What must not be used again is not in it.
    const { database } = readBackup(bytes, backupKey);
    const home = lab.makeHome();
    await restoreHome(home, bytes, backupKey);
    const store = openSqliteStore(databasePath(home));
    expect(store.listKeyPackages()).toEqual([]);
    expect(store.listChannels().map(({ state, endedAt }) => [state.length, endedAt !== undefined])).toEqual([[0, true]]);
    store.close();
    expect(database.length).toBeGreaterThan(1_000);
  });

  it('goes on when the peer has spoken since and knows of no more', async () => {
    const { buyer, theirs, nid } = await begin();
    const file = await backUp(buyer);
    // Something of the peer's that the backup does not hold: on the relay it could as well be ours.
    await theirs((agent) => agent.send({ nid, text: 'Still there?' }));
    const restored = await restore(file);
    await restored((agent) => agent.sync());
    await expect(restored((agent) => agent.accept({ nid }))).rejects.toMatchObject({ details: { reason: 'restored' } });
    await settle(theirs);
    clock.advance(10);
    await theirs((agent) => agent.offer({ nid, priceMsat: 650_000n }));
    clock.advance(4 * 3_600);
    await settle(theirs, restored);
    const status = await restored((agent) => agent.accept({ nid }));
    expect(status.negotiation.phase).toBe('accepting');
  });
});
