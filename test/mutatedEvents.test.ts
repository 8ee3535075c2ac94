// A relay full of damaged events around one genuine message: the message comes once, and nothing else has happened.

import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { scale } from './lane.fixture.ts';
import { WebSocket } from 'ws';
import { makeRandom, mutateBytes, type Random } from '../src/core/mutations.fixture.ts';
import { decodeChannel } from '../src/marmot/channelCodec.ts';
import type { Channel } from '../src/marmot/channel.ts';
import { peelGroupEvent, sealGroupEvent } from '../src/marmot/groupEvent.ts';
import { routingOf } from '../src/marmot/groupCheck.ts';
import { mutateTemplate } from '../src/marmot/mutations.fixture.ts';
import { buildWelcome } from '../src/marmot/welcome.ts';
import type { NostrEvent } from '../src/nostr/event.ts';
import { wrapRumor } from '../src/nostr/giftWrap.ts';
import { createKeySigner, type Signer } from '../src/nostr/signer.ts';
import type { Store } from '../src/store/records.ts';
import { openSqliteStore } from '../src/store/sqliteStore.ts';
import { makeLab, type Lab, type TestAgent } from './agents.fixture.ts';

const SEED = process.env['MUTATION_SEED'] ?? 'one';
const EVENTS = scale(300, 120);
// Below what the relay takes.
const MAX_CONTENT = 100_000;
const rng = { bytes: (length: number) => new Uint8Array(randomBytes(length)) };
const now = (): number => Math.floor(Date.now() / 1_000);

let lab: Lab;
beforeAll(async () => {
  lab = await makeLab();
});
afterAll(() => lab.close());

/** The kind 445, 1059 and 30443 events that are on the relay. */
const storedOf = (kind: number): readonly NostrEvent[] => lab.relay.storedEvents().filter((event) => event.kind === kind);

/** Publishes over a connection of its own; true for each event that the relay has taken. */
async function publishRaw(events: readonly NostrEvent[]): Promise<readonly boolean[]> {
  const socket = new WebSocket(lab.relay.url);
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  const answers = new Map<string, boolean>();
  const { promise, resolve } = Promise.withResolvers<void>();
  socket.on('message', (data: Buffer) => {
    const [type, id, isTaken] = JSON.parse(data.toString()) as [string, string, boolean];
    if (type === 'OK') answers.set(id, isTaken);
    if (answers.size === events.length) resolve();
  });
  // A frame that is too large for the relay ends the connection.
  socket.on('close', () => resolve());
  for (const event of events) socket.send(JSON.stringify(['EVENT', event]));
  await promise;
  socket.close();
  return events.map(({ id }) => answers.get(id) ?? false);
}

function withStore<T>({ home }: TestAgent, read: (store: Store) => T): T {
  const store = openSqliteStore(join(home, 'agent.db'));
  try {
    return read(store);
  } finally {
    store.close();
  }
}

/** The channel of an agent, read from its home: what the peer itself could use to do harm. */
function channelOf(agent: TestAgent): Channel {
  return withStore(agent, (store) => {
    const [record] = store.listChannels();
    if (record === undefined) throw new Error('no channel');
    return decodeChannel(record.state);
  });
}

type Maker = (random: Random, signer: Signer) => Promise<NostrEvent>;

/** Damages stored events of a kind and signs them again; they stay where the agent looks for them, and in the present. */
function damage(events: readonly NostrEvent[], tag: string): Maker {
  return async (random, signer) => {
    const event = random.pick(events);
    const { kind, tags } = event;
    const damaged = mutateTemplate(random, event, random.pick(events)).value;
    const address = tags.filter(([name]) => name === tag);
    const others = damaged.tags.filter(([name]) => name !== tag);
    return signer.signEvent({
      kind,
      created_at: now(),
      tags: random.below(3) === 0 ? damaged.tags : [...address, ...others],
      content: damaged.content,
    });
  };
}

/** Damaged MLS messages under the right outer key, as only the peer can make them. */
function damageInside(agent: TestAgent, events: readonly NostrEvent[]): Maker {
  const channel = channelOf(agent);
  const messages = events.flatMap((event) => {
    const peeled = peelGroupEvent(channel, event);
    return peeled.kind === 'peeled' ? [peeled.mlsBytes] : [];
  });
  return async (random) => {
    const { value } = mutateBytes(random, random.pick(messages), random.pick(messages));
    return sealGroupEvent(channel.epoch.outerKey, routingOf(channel.state).nostrGroupId, value, now(), rng);
  };
}

/** Well wrapped welcomes for a key package of the agent, with damaged contents. */
function damageWelcome({ pubkey }: TestAgent, keyPackageEventId: string): Maker {
  return async (random, signer) => {
    const mlsBytes = mutateBytes(random, Buffer.from('00010003000140', 'hex')).value;
    const welcome = buildWelcome({ author: signer.pubkey, keyPackageEventId, relays: [lab.relay.url], mlsBytes, now: now() });
    return wrapRumor({ signer, recipient: pubkey, rumor: welcome, now: now(), rng });
  };
}

/** Makes and publishes noise until the relay has taken this much of it. Returns the ids of what it has taken. */
async function publishNoise(name: string, count: number, makers: readonly Maker[]): Promise<readonly string[]> {
  const random = makeRandom(`${SEED}/${name}`);
  const taken: string[] = [];
  while (taken.length < count) {
    const batch: NostrEvent[] = [];
    for (let i = taken.length; i < count; i += 1) batch.push(await random.pick(makers)(random, createKeySigner(random.bytes(32))));
    const small = batch.filter(({ content }) => content.length < MAX_CONTENT);
    const answers = await publishRaw(small);
    taken.push(...small.filter((_, i) => answers[i]).map(({ id }) => id));
  }
  return taken;
}

async function settle(...agents: readonly TestAgent[]): Promise<void> {
  for (let round = 0; round < 3; round += 1) for (const agent of agents) await agent.call((open) => open.sync());
}

interface Exchange {
  readonly buyer: TestAgent;
  readonly seller: TestAgent;
  readonly nid: string;
}

/** A negotiation in which the seller has asked and everything has arrived. */
async function open(): Promise<Exchange> {
  const [buyer, seller] = [await lab.makeAgent(), await lab.makeAgent()];
  const { negotiation } = await buyer.call((agent) => agent.start({ peer: seller.npub, service: 'translation', requirements: 'A page.' }));
  const { nid } = negotiation;
  await seller.call((agent) => agent.sync());
  await seller.call((agent) => agent.send({ nid, text: 'Which language?' }));
  await settle(buyer, seller);
  return { buyer, seller, nid };
}

const answer = ({ buyer, nid }: Exchange): Promise<unknown> => buyer.call((agent) => agent.send({ nid, text: 'English.' }));

/** What the two have in the end, after the answer has arrived and an offer has gone back: all but ids, times and receipts. */
async function finish({ buyer, seller, nid }: Exchange) {
  const view = (agent: TestAgent) =>
    agent.call(async (opened) => {
      const { negotiations } = await opened.list();
      const { moves } = await opened.history({ nid });
      return {
        phases: negotiations.map(({ nid: of, phase }) => [of === nid, phase]),
        // Receipts go out by the clock: which of them, and between which moves, differs from run to run.
        moves: moves.filter(({ type }) => type !== 'receipt').map(({ type, by, text, price, isSent }) => [type, by, text, price, isSent]),
      };
    });
  const reports = [await seller.call((agent) => agent.sync()), await seller.call((agent) => agent.sync())];
  await seller.call((agent) => agent.offer({ nid, priceMsat: 900_000n }));
  reports.push(
    await buyer.call((agent) => agent.sync()),
    await buyer.call((agent) => agent.sync()),
    await seller.call((agent) => agent.sync()),
  );
  const told = reports.map(({ events, joined, invites, ended, silentRelays }) => ({
    // Whether a receipt comes before what it stands beside, and so which phase that one finds, the clock decides; the phases are seen in the end.
    events: events.filter(({ type }) => type !== 'receipt').map(({ type, nid: of }) => [type, of === nid]),
    joined,
    invites,
    ended,
    silentRelays,
  }));
  return { told, buyer: await view(buyer), seller: await view(seller) };
}

describe('an agent among damaged events', () => {
  it('takes the one genuine message once, and all is as it would be without them', async () => {
    const control = await open();
    await answer(control);
    const quiet = await finish(control);
    expect(quiet.told.map(({ events }) => events.map(([type]) => type))).toEqual([['answer'], [], ['offer'], [], []]);

    const noisy = await open();
    const { buyer, seller } = noisy;
    const isOurs = ({ pubkey, tags }: NostrEvent): boolean => pubkey === seller.pubkey || tags.some(([, value]) => value === seller.pubkey);
    const [keyPackage] = storedOf(30_443).filter(isOurs);
    const makers = (): readonly Maker[] => {
      const ofGroup = storedOf(445).filter((event) => peelGroupEvent(channelOf(buyer), event).kind === 'peeled');
      return [
        damage(ofGroup, 'h'),
        damageInside(buyer, ofGroup),
        damageInside(buyer, ofGroup),
        damage(storedOf(1_059).filter(isOurs), 'p'),
        damageWelcome(seller, keyPackage?.id ?? ''),
        damage(storedOf(30_443).filter(isOurs), 'd'),
      ];
    };
    const before = await publishNoise('before', EVENTS / 2, makers());
    await answer(noisy);
    const after = await publishNoise('after', EVENTS / 2, makers());
    expect(new Set([...before, ...after]).size).toBe(EVENTS);
    expect(await finish(noisy)).toEqual(quiet);
    // It was not passed over: what nobody can open is not noted, nor what is addressed to somebody else.
    const looked = withStore(seller, (store) => [...before, ...after].filter((id) => store.hasSeen(id)).length);
    expect(looked).toBeGreaterThan(EVENTS / 2);
  });
});
