// Bad input of every kind, from the peer, the relay, the file system and the owner: a clear error, and nothing is lost.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocketServer, type WebSocket } from 'ws';
import { openAgent } from '../src/agent/compose.ts';
import { bytesToHex } from '../src/core/bytes.ts';
import { isNegotiateError, type ErrorCode } from '../src/core/errors.ts';
import { createKeyPackage } from '../src/marmot/createKeyPackage.ts';
import { buildRelayList } from '../src/marmot/relayLists.ts';
import type { EventTemplate, NostrEvent } from '../src/nostr/event.ts';
import { wrapRumor } from '../src/nostr/giftWrap.ts';
import { encodeNpub } from '../src/nostr/npub.ts';
import { createRelayPool, type RelayPool } from '../src/nostr/relayPool.ts';
import { createKeySigner, type Signer } from '../src/nostr/signer.ts';
import { startRelay } from '../src/relay/startRelay.ts';
import { openSqliteStore } from '../src/store/sqliteStore.ts';
import { makeLab, type Lab, type TestAgent } from './agents.fixture.ts';
import { runCli } from './cli.fixture.ts';
import { isWholeLane } from './lane.fixture.ts';

const clock = { now: () => Math.floor(Date.now() / 1_000) };
const rng = { bytes: (length: number) => crypto.getRandomValues(new Uint8Array(length)) };

let lab: Lab;
let pool: RelayPool;
beforeAll(async () => {
  lab = await makeLab();
  pool = createRelayPool({ clock });
});
afterAll(async () => {
  pool.close();
  await lab.close();
});

/** What a use case throws: its code and message. */
async function failureOf(work: Promise<unknown>): Promise<{ code: ErrorCode; message: string }> {
  try {
    await work;
  } catch (error) {
    if (isNegotiateError(error)) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error('expected a failure');
}

function newSigner(): Signer {
  return createKeySigner(rng.bytes(32));
}

async function publish(event: NostrEvent, purpose: 'lookup' | `group:${string}` = 'lookup'): Promise<void> {
  const [outcome] = await pool.publish([lab.relay.url], event, { purpose });
  expect(outcome?.outcome).toBe('accepted');
}

async function publishBy(signer: Signer, template: Omit<EventTemplate, 'created_at'>): Promise<void> {
  await publish(await signer.signEvent({ ...template, created_at: clock.now() }));
}

const start = (agent: TestAgent, peer: string): Promise<{ code: ErrorCode; message: string }> =>
  failureOf(agent.call((open) => open.start({ peer, service: 'translation', requirements: 'A page.' })));

/** Two agents with an open negotiation. */
async function openNegotiation(): Promise<{ buyer: TestAgent; seller: TestAgent; nid: string }> {
  const [buyer, seller] = [await lab.makeAgent(), await lab.makeAgent()];
  const { negotiation } = await buyer.call((agent) => agent.start({ peer: seller.npub, service: 'translation', requirements: 'A page.' }));
  await seller.call((agent) => agent.sync());
  return { buyer, seller, nid: negotiation.nid };
}

describe('a peer that cannot be invited', () => {
  it('is unknown on the relays: the message says to check the npub and the relay', async () => {
    const buyer = await lab.makeAgent();
    const { code, message } = await start(buyer, encodeNpub(newSigner().pubkey));
    expect(code).toBe('peer/no-key-package');
    expect(message).toContain('Nothing is known about this npub');
    expect((await buyer.call((agent) => agent.list())).negotiations).toEqual([]);
  });

  it('has published no key package: the message says what its owner has to run', async () => {
    const [buyer, peer] = [await lab.makeAgent(), newSigner()];
    await publish(await peer.signEvent(buildRelayList([lab.relay.url], clock.now())));
    const { code, message } = await start(buyer, encodeNpub(peer.pubkey));
    expect(code).toBe('peer/no-key-package');
    expect(message).toContain('published no key package');
  });

  it.each([
    ['kind 443 of before May 2026', { kind: 443, tags: [['mls_protocol_version', '1.0']], content: 'AAEABQ==' }, 'before May 2026'],
    [
      'a bare KeyPackage of spring 2026',
      {
        kind: 30_443,
        tags: [
          ['d', 'a'.repeat(64)],
          ['encoding', 'base64'],
        ],
        content: 'AAEAAQ==',
      },
      'spring 2026',
    ],
    ['garbage', { kind: 30_443, tags: [['d', 'a'.repeat(64)]], content: 'not base64' }, 'not base64'],
  ])('has a key package in the wrong dialect (%s), which the message names', async (_, template, words) => {
    const [buyer, peer] = [await lab.makeAgent(), newSigner()];
    await publishBy(peer, template);
    const { code, message } = await start(buyer, encodeNpub(peer.pubkey));
    expect(code).toBe('peer/unusable-key-package');
    expect(message).toContain(words);
    expect(message).toMatch(/Ask the peer/);
  });

  it('has a usable key package beside a newer broken one: the usable one is taken', async () => {
    const [buyer, peer] = [await lab.makeAgent(), newSigner()];
    const made = await createKeyPackage({ signer: peer, slot: bytesToHex(rng.bytes(32)), now: clock.now() - 60, rng });
    await publish(made.event);
    await publishBy(peer, { kind: 30_443, tags: [['d', 'b'.repeat(64)]], content: 'AAEABQAA' });
    const { negotiation } = await buyer.call((agent) =>
      agent.start({ peer: peer.pubkey, service: 'translation', requirements: 'A page.' }),
    );
    expect(negotiation.phase).toBe('open');
  });

  it('is the agent itself', async () => {
    const buyer = await lab.makeAgent();
    expect(await start(buyer, buyer.npub)).toMatchObject({ code: 'input/invalid' });
  });
});

describe('a relay that is down', () => {
  it('stops a first contact with advice, and keeps a message until it is back', async () => {
    const relay = await startRelay();
    const { port } = relay;
    const [buyer, seller] = [await lab.makeAgent({ relays: [relay.url] }), await lab.makeAgent({ relays: [relay.url] })];
    const { negotiation } = await buyer.call((agent) =>
      agent.start({ peer: seller.npub, service: 'translation', requirements: 'A page.' }),
    );
    await seller.call((agent) => agent.sync());
    await relay.close();

    const { code, message } = await start(buyer, encodeNpub(newSigner().pubkey));
    expect(code).toBe('relay/unreachable');
    expect(message).toContain('None of your relays answered');
    expect(await failureOf(buyer.call((agent) => agent.sync()))).toMatchObject({ code: 'relay/unreachable' });
    const { nid } = negotiation;
    const saved = await buyer.call((agent) => agent.send({ nid, text: 'Are you there?' }));
    expect(saved).toMatchObject({ isSent: false, negotiation: { unsent: 1 } });

    // Back at the same address with an empty store: the message comes, and comes once.
    const back = await startRelay({ port });
    try {
      const report = await buyer.call((agent) => agent.sync());
      expect(report.published).toMatchObject({ delivered: 1, waiting: 0 });
      expect((await seller.call((agent) => agent.sync())).events).toMatchObject([{ type: 'ask' }]);
      expect((await seller.call((agent) => agent.sync())).events).toEqual([]);
    } finally {
      await back.close();
    }
  });

  it('is published to later when init could not reach it', async () => {
    const relay = await startRelay();
    await relay.close();
    const agent = await lab.makeAgent({ relays: [relay.url] });
    const back = await startRelay({ port: relay.port });
    try {
      await agent.call((open) => open.sync());
      expect(
        back
          .storedEvents()
          .map(({ kind }) => kind)
          .sort((a, b) => a - b),
      ).toEqual([10_002, 10_050, 30_443]);
    } finally {
      await back.close();
    }
  });

  it('retries with the same bytes', async () => {
    const relay = await startRelay();
    await relay.close();
    const agent = await lab.makeAgent({ relays: [relay.url] });
    const queued = (): readonly string[] => {
      const store = openSqliteStore(join(agent.home, 'agent.db'));
      const events = store.listQueued().map(({ event }) => event);
      store.close();
      return events;
    };
    const before = queued();
    await failureOf(agent.call((open) => open.sync()));
    expect(queued()).toEqual(before);
    const back = await startRelay({ port: relay.port });
    try {
      await agent.call((open) => open.sync());
      expect(
        back
          .storedEvents()
          .map((event) => event.id)
          .sort(),
      ).toEqual(before.map((text) => (JSON.parse(text) as NostrEvent).id).sort());
      expect(queued()).toEqual([]);
    } finally {
      await back.close();
    }
  });
});

describe('what a hostile relay or stranger sends', () => {
  it('is passed over: malformed and oversized events in our group and inbox, then a real message comes through', async () => {
    const { buyer, seller, nid } = await openNegotiation();
    const h = groupsOf(seller)[0] ?? '';
    for (const content of ['', 'not base64', 'AAAA', 'A'.repeat(60_000)]) {
      const signer = newSigner();
      await publish(await signer.signEvent({ kind: 445, created_at: clock.now(), tags: [['h', h]], content }), `group:${h}`);
    }
    for (const content of ['', 'x', 'A'.repeat(60_000)])
      await publishBy(newSigner(), { kind: 1059, tags: [['p', seller.pubkey]], content });
    const stranger = newSigner();
    const rumor = { kind: 444, created_at: clock.now(), tags: [], content: 'AAAA', pubkey: stranger.pubkey, id: '' };
    const wrap = await wrapRumor({ signer: stranger, recipient: seller.pubkey, rumor, now: clock.now(), rng });
    await publish(wrap);
    await buyer.call((agent) => agent.send({ nid, text: 'Still here?' }));
    const report = await seller.call((agent) => agent.sync());
    expect(report.events).toMatchObject([{ type: 'ask' }]);
    expect(report).toMatchObject({ joined: [], invites: [] });
  });

  it('is cut off when a frame is larger than any event may be', async () => {
    const buyer = await lab.makeAgent();
    const wss = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    await new Promise((resolve) => wss.once('listening', resolve));
    wss.on('connection', (socket: WebSocket) => socket.on('message', () => socket.send('x'.repeat(2_000_000))));
    const { port } = wss.address() as { port: number };
    try {
      const report = await buyer.call((agent) => agent.sync(), { relays: [`ws://127.0.0.1:${port}`] });
      expect(report.silentRelays).toEqual([`ws://127.0.0.1:${port}`]);
    } finally {
      for (const client of wss.clients) client.terminate();
      wss.close();
    }
  });
});

function groupsOf(agent: TestAgent): readonly string[] {
  const store = openSqliteStore(join(agent.home, 'agent.db'));
  const groups = store.listChannels().map(({ nostrGroupId }) => nostrGroupId);
  store.close();
  return groups;
}

describe('what the owner asks for in vain', () => {
  it('is refused in a closed negotiation: offer, message, accept', async () => {
    const { buyer, seller, nid } = await openNegotiation();
    await seller.call((agent) => agent.offer({ nid, priceMsat: 900_000n }));
    await buyer.call((agent) => agent.sync());
    await buyer.call((agent) => agent.reject({ nid, text: 'Too much.' }));
    await seller.call((agent) => agent.sync());
    for (const agent of [buyer, seller]) {
      const { code, message } = await failureOf(agent.call((open) => open.offer({ nid, priceMsat: 1_000n })));
      expect(code).toBe('negotiation/refused');
      expect(message).toContain('This negotiation is closed');
      expect(await failureOf(agent.call((open) => open.send({ nid, text: 'Wait!' })))).toMatchObject({ code: 'negotiation/refused' });
      expect(await failureOf(agent.call((open) => open.accept({ nid })))).toMatchObject({ code: 'negotiation/refused' });
      expect((await agent.call((open) => open.status({ nid }))).phase).toBe('rejected');
    }
  });

  it('is refused when the deal is made: a new offer needs a new negotiation', async () => {
    const { buyer, seller, nid } = await openNegotiation();
    await seller.call((agent) => agent.offer({ nid, priceMsat: 900_000n }));
    await buyer.call((agent) => agent.sync());
    await buyer.call((agent) => agent.accept({ nid }));
    for (const agent of [seller, buyer, seller, buyer]) await agent.call((open) => open.sync());
    for (const agent of [buyer, seller]) {
      const { code, message } = await failureOf(agent.call((open) => open.offer({ nid, priceMsat: 1_000n })));
      expect(code).toBe('negotiation/refused');
      expect(message).toContain('The deal of this negotiation is made');
    }
  });

  it('is refused by the peer too when it comes from a program that does not refuse it itself', async () => {
    const { buyer, seller, nid } = await openNegotiation();
    await buyer.call((agent) => agent.reject({ nid }));
    // The seller has not heard of it yet.
    await seller.call((agent) => agent.offer({ nid, priceMsat: 900_000n }));
    await buyer.call((agent) => agent.sync());
    const { phase, offers } = await buyer.call((agent) => agent.status({ nid }));
    expect(phase).toBe('cancelled');
    expect(offers).toEqual([]);
    await seller.call((agent) => agent.sync());
    expect((await seller.call((agent) => agent.status({ nid }))).phase).toBe('cancelled');
  });

  it('is told apart from what is not there: unknown, ambiguous and malformed names', async () => {
    const { buyer, seller, nid } = await openNegotiation();
    await buyer.call((agent) => agent.start({ peer: seller.npub, service: 'editing', requirements: 'A page.' }));
    const codeOf = async (name: string): Promise<string> => (await failureOf(buyer.call((agent) => agent.status({ nid: name })))).code;
    expect(await codeOf('ffff'.repeat(16))).toBe('input/not-found');
    expect(await codeOf('xyz')).toBe('input/invalid');
    expect(await codeOf('')).toBe('input/invalid');
    expect(await codeOf(seller.npub)).toBe('input/ambiguous');
    expect((await buyer.call((agent) => agent.status({ nid: nid.slice(0, 6) }))).nid).toBe(nid);
    expect(await failureOf(buyer.call((agent) => agent.accept({ nid })))).toMatchObject({ code: 'negotiation/refused' });
  });

  it('is refused before anything is signed when it is no valid input', async () => {
    const { buyer, nid } = await openNegotiation();
    const codeOf = async (work: Promise<unknown>): Promise<string> => (await failureOf(work)).code;
    expect(await codeOf(buyer.call((agent) => agent.send({ nid, text: 'x'.repeat(20_000) })))).toBe('input/invalid');
    expect(await codeOf(buyer.call((agent) => agent.send({ nid, text: '' })))).toBe('input/invalid');
    expect(await codeOf(buyer.call((agent) => agent.send({ nid, text: 'a\u202eb' })))).toBe('input/invalid');
    expect(await codeOf(buyer.call((agent) => agent.offer({ nid })))).toBe('input/invalid');
    expect(await codeOf(buyer.call((agent) => agent.offer({ nid, priceMsat: -1n })))).toBe('input/invalid');
    expect(await codeOf(buyer.call((agent) => agent.offer({ nid, priceMsat: 1n, deliverBy: 1, deliverWithinS: 1 })))).toBe('input/invalid');
    expect((await buyer.call((agent) => agent.history({ nid }))).moves).toHaveLength(1);
  });
});

describe('a home', () => {
  it.runIf(isWholeLane)('that another process uses is left alone, and reading it still works', async () => {
    const buyer = await lab.makeAgent();
    const agent = await openAgent({ home: buyer.home });
    try {
      const second = await runCli(['sync', '--json', '--home', buyer.home]);
      expect(second.code).toBe(75);
      expect(second.json().error).toMatchObject({ code: 'home/locked' });
      expect(second.stderr).toContain('Another agent-negotiate process is using this home.');
      const reading = await runCli(['list', '--json', '--home', buyer.home]);
      expect(reading.code).toBe(0);
    } finally {
      await agent.close();
    }
    expect((await runCli(['sync', '--json', '--home', buyer.home])).code).toBe(0);
  });

  it('that is damaged is named, not repaired by guessing', async () => {
    const [a, b, c] = [await lab.makeAgent(), await lab.makeAgent(), await lab.makeAgent()];
    writeFileSync(join(a.home, 'agent.db'), 'this is no database, whatever it is, and it is long enough to look at'.repeat(20));
    expect(await failureOf(openAgent({ home: a.home }))).toMatchObject({ code: 'store/corrupt' });
    writeFileSync(join(b.home, 'identity.key'), 'half a k');
    expect(await failureOf(b.call((agent) => agent.sync()))).toMatchObject({ code: 'store/corrupt' });
    const { DatabaseSync } = await import('node:sqlite');
    const db = new DatabaseSync(join(c.home, 'agent.db'));
    db.exec('PRAGMA user_version = 99');
    db.close();
    expect(await failureOf(openAgent({ home: c.home }))).toMatchObject({ code: 'store/schema-newer' });
  });

  it('that cannot be written is said so', async () => {
    const file = join(lab.makeHome(), '..', 'file');
    writeFileSync(file, '');
    const made = await runCli(['init', '--json', '--relay', lab.relay.url, '--home', join(file, 'home')]);
    expect(made.code).toBe(74);
    expect(made.json().error).toMatchObject({ code: 'home/unreadable' });
  });
});
