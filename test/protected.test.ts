// A protected home through a whole deal: its files tell nothing of it, and its key is needed for everything.

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Agent } from '../src/agent/api.ts';
import { openSandbox } from '../src/agent/compose.ts';
import { makeLab, type Lab, type TestAgent } from './agents.fixture.ts';

let lab: Lab;
beforeAll(async () => {
  lab = await makeLab();
});
afterAll(() => lab.close());

const key = { kind: 'key-file', bytes: new Uint8Array(32).fill(9) } as const;
const WORDS = ['Confidential-requirements', 'Secret-question', 'Secret-answer', 'Secret-summary'];

/** Every file of a home, the folders in it included. */
function filesOf(home: string): readonly string[] {
  return readdirSync(home, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

/** Each needle as it is, in hex and in base64 at each of its three positions. */
function disguises(needle: string): readonly Buffer[] {
  const bytes = Buffer.from(needle);
  const base64 = [0, 1, 2].map((shift) => {
    const text = Buffer.concat([Buffer.alloc(shift), bytes])
      .toString('base64')
      .replaceAll('=', '');
    // The first and the last letters also hold bits of what stands beside.
    return text.slice(shift === 0 ? 0 : shift + 1, -2);
  });
  return [needle, bytes.toString('hex'), ...base64].map((text) => Buffer.from(text));
}

function findLeaks(home: string, needles: readonly string[]): readonly string[] {
  return filesOf(home).flatMap((file) => {
    const content = readFileSync(file);
    return needles.filter((needle) => disguises(needle).some((each) => content.includes(each))).map((needle) => `${file}: ${needle}`);
  });
}

describe('a protected home', () => {
  it('goes through a whole deal, and none of its files tells of it, while it is open or after', async () => {
    const secretKey = new Uint8Array(32).fill(0x5a);
    const seller = await lab.makeAgent();
    const buyer = await lab.makeAgent({ key, secretKey });
    const needles = [...WORDS, seller.npub, seller.pubkey, buyer.npub, buyer.pubkey, '5a'.repeat(32), '700000', 'translation'];
    const files = new Set<string>();
    const act = async <T>(use: (agent: Agent) => Promise<T>): Promise<T> =>
      buyer.call(
        async (agent) => {
          const result = await use(agent);
          for (const file of filesOf(buyer.home)) files.add(file.slice(buyer.home.length + 1));
          expect(findLeaks(buyer.home, needles)).toEqual([]);
          return result;
        },
        { key },
      );
    const theirs = async <T>(use: (agent: Agent) => Promise<T>): Promise<T> => seller.call(use);

    const sandbox = await openSandbox({ relay: lab.relay.url });
    const url = await sandbox.createWallet(1_000n);
    needles.push(new URL(url).searchParams.get('secret') ?? '');
    await act((agent) => agent.connectWallet({ url }));
    const { negotiation } = await act((agent) =>
      agent.start({ peer: seller.npub, service: 'translation', requirements: 'Confidential-requirements' }),
    );
    const { nid } = negotiation;
    await theirs((agent) => agent.sync());
    await theirs((agent) => agent.send({ nid, text: 'Secret-question' }));
    await act((agent) => agent.sync());
    await act((agent) => agent.send({ nid, text: 'Secret-answer' }));
    await theirs((agent) => agent.sync());
    await theirs((agent) => agent.offer({ nid, priceMsat: 700_000n, deliverWithinS: 86_400, summary: 'Secret-summary' }));
    await act((agent) => agent.sync());
    await act((agent) => agent.accept({ nid }));
    for (let i = 0; i < 2; i += 1) {
      await theirs((agent) => agent.sync());
      await act((agent) => agent.sync());
    }
    const status = await act((agent) => agent.status({ nid }));
    expect(status).toMatchObject({ phase: 'agreed', agreement: { price: '700 sats' } });
    await sandbox.close();
    expect(status.bundle).toContain('Secret-summary');
    expect(findLeaks(buyer.home, needles)).toEqual([]);
    // What was searched: the log as well, and the same search finds it all in a home without protection.
    expect([...files]).toEqual(expect.arrayContaining(['agent.db', 'agent.db-wal', 'identity.key', 'wallet.url']));
    const found = findLeaks(seller.home, needles).map((leak) => leak.split(': ')[1]);
    expect(found).toEqual(expect.arrayContaining([...WORDS, buyer.pubkey, '700000', 'translation']));
  });

  it('says of its key what is needed, and nothing else happens', async () => {
    const agent = await lab.makeAgent({ key });
    const opens = (options: Parameters<TestAgent['call']>[1]) => agent.call((open) => open.whoami(), options);
    await expect(opens({})).rejects.toMatchObject({ code: 'home/key-needed' });
    await expect(opens({ key: { ...key, bytes: new Uint8Array(32) } })).rejects.toMatchObject({ code: 'home/wrong-key' });
    expect(await opens({ key })).toMatchObject({ npub: agent.npub });
    expect(await opens({ key, mode: 'read' })).toMatchObject({ npub: agent.npub });
  });

  it('has every file for its owner alone, whatever the umask', async () => {
    const umask = process.umask(0);
    try {
      for (const options of [{}, { key }]) {
        const { home, call } = await lab.makeAgent(options);
        await call(async (agent) => {
          await agent.sync();
          for (const file of filesOf(home)) expect(statSync(file).mode & 0o777, file).toBe(0o600);
          expect(filesOf(home).length).toBeGreaterThan(3);
        }, options);
        expect(statSync(home).mode & 0o777).toBe(0o700);
      }
    } finally {
      process.umask(umask);
    }
  });
});
