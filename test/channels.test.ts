// Channels that change or end under way, as another Marmot client may make them: agents follow, and open a new one when they need it.

import { createCommit, createProposal, type Proposal } from 'ts-mls';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { publishStaged } from '../src/agent/commits.ts';
import { openDaemon } from '../src/agent/daemon/openDaemon.ts';
import { markRead } from '../src/agent/daemon/takeIn.ts';
import { bytesToHex } from '../src/core/bytes.ts';
import type { Channel } from '../src/marmot/channel.ts';
import { decodeChannel, encodeChannel } from '../src/marmot/channelCodec.ts';
import { encodeRouting } from '../src/marmot/components.ts';
import { joinBytes, writeUint, writeVector } from '../src/marmot/cursor.ts';
import { sealGroupEvent } from '../src/marmot/groupEvent.ts';
import { routingOf } from '../src/marmot/groupCheck.ts';
import { createMlsContext } from '../src/marmot/mlsContext.ts';
import { encodeMlsMessage } from '../src/marmot/mlsMessage.ts';
import { createChannel } from '../src/marmot/createChannel.ts';
import { readKeyPackage } from '../src/marmot/readKeyPackage.ts';
import type { NostrEvent } from '../src/nostr/event.ts';
import { wrapRumor } from '../src/nostr/giftWrap.ts';
import { startRelay } from '../src/relay/startRelay.ts';
import { makeClock, makeLab } from './agents.fixture.ts';
import { openStage, type Party, type Stage } from './bank.fixture.ts';
import { eventsOf, groupsOf, startTap, type Fate, type Tap } from './tap.fixture.ts';

let common: Stage;
beforeAll(async () => {
  common = await openStage();
});
afterAll(() => common.close());

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

interface Pair {
  readonly buyer: Party;
  readonly seller: Party;
  readonly nid: string;
}

/** A buyer, who made the channel and is its admin, and a seller, in a negotiation. */
async function openPair(stage = common): Promise<Pair> {
  const [buyer, seller] = [await stage.makeParty(0n), await stage.makeParty(0n)];
  const { negotiation } = await buyer.call('start', { peer: seller.npub, service: 'translation', requirements: 'Two pages.' });
  expect((await seller.call('sync', {})).joined).toEqual([buyer.npub]);
  return { buyer, seller, nid: negotiation.nid };
}

function channelOf({ context }: Party): Channel {
  const [record] = context.store.listChannels().filter(({ endedAt }) => endedAt === undefined);
  if (record === undefined) throw new Error('no channel');
  return decodeChannel(record.state);
}

/** The same, around a relay behind a tap, with the keys of the seller renewed. */
async function openTapped(): Promise<Pair & { tap: Tap; stage: Stage; group: string }> {
  const clock = makeClock();
  const tap = await startTap({ clock });
  const stage = await openStage({ clock, relays: [tap.url] });
  ends.push(tap.close, stage.close);
  const pair = await openPair(stage);
  await pair.buyer.call('sync', {});
  const [record] = pair.buyer.context.store.listChannels();
  return { ...pair, tap, stage, group: record?.id ?? '' };
}

/** State and epoch of the only group, as its owner sees them. */
async function look(party: Party): Promise<string> {
  const { groups } = await party.call('listGroups', {});
  return groups.map(({ state, epoch }) => `${state} ${epoch}`).join();
}

const sentEvents = ({ connections }: Tap): readonly NostrEvent[] =>
  connections.flatMap(eventsOf).filter(({ kind }) => kind === GROUP_EVENT);
const storedEvents = ({ relay }: Tap): readonly NostrEvent[] => relay.storedEvents().filter(({ kind }) => kind === GROUP_EVENT);
const onGroupEvents =
  (fate: Fate) =>
  ({ kind }: NostrEvent): Fate | undefined =>
    kind === GROUP_EVENT ? fate : undefined;

/** Publishes a handshake that the party's own agent would not make. */
async function publishHandshake(party: Party, channel: Channel, mlsBytes: Uint8Array): Promise<void> {
  const { context } = party;
  const { nostrGroupId, relays } = routingOf(channel.state);
  const event = sealGroupEvent(channel.epoch.outerKey, nostrGroupId, mlsBytes, context.clock.now(), context.rng);
  await (await context.pool()).publish(relays, event, { purpose: `group:${nostrGroupId}` });
}

const GROUP_EVENT = 445;
const DAY_S = 86_400;
const SELF_REMOVE: Proposal = { proposalType: 0x000a, proposalData: new Uint8Array() };

describe('a channel that the peer leaves', () => {
  it('ends on both sides, and a new one can be opened', async () => {
    const { buyer, seller, nid } = await openPair();
    const channel = channelOf(seller);
    const context = createMlsContext(seller.context.rng);
    const { message, newState } = await createProposal({ context, state: channel.state, proposal: SELF_REMOVE, wireAsPublicMessage: true });
    const [record] = seller.context.store.listChannels();
    if (record === undefined) throw new Error('no channel');
    seller.context.store.save([{ kind: 'channel', record: { ...record, state: encodeChannel({ ...channel, state: newState }) } }]);
    await publishHandshake(seller, channel, encodeMlsMessage(message));
    expect((await buyer.call('sync', {})).ended).toEqual([seller.npub]);
    expect((await seller.call('sync', {})).ended).toEqual([buyer.npub]);
    // Told once; nothing more goes through it.
    expect((await buyer.call('sync', {})).ended).toEqual([]);
    await expect(buyer.call('send', { nid, text: 'Are you there?' })).rejects.toMatchObject({ code: 'input/not-found' });
    await buyer.call('start', { peer: seller.npub, service: 'translation', requirements: 'Once more.' });
    expect((await seller.call('sync', {})).joined).toEqual([buyer.npub]);
    // The old negotiation goes on in the new channel.
    await buyer.call('send', { nid, text: 'Are you there?' });
    await seller.call('sync', {});
    const { moves } = await seller.call('history', { nid });
    expect(moves.findLast(({ type }) => type === 'ask')).toMatchObject({ by: 'peer', text: 'Are you there?' });
  });

  it('disturbs nothing meanwhile and afterwards: what waits for the peer goes out in the next channel', async () => {
    const stage = await openStage();
    ends.push(stage.close);
    const { buyer, seller, nid } = await openPair(stage);
    const { id: group } = seller.context.store.listChannels()[0]!;
    await seller.call('changeGroup', { group, change: { kind: 'leave' } });
    await buyer.call('send', { nid, text: 'Are you there?' });
    // Who leaves still reads, and owes a receipt that it has no channel for.
    expect((await seller.call('sync', {})).events).toMatchObject([{ type: 'ask' }]);
    stage.clock.advance(2 * 3_600);
    await seller.call('sync', {});
    expect((await buyer.call('sync', {})).ended).toEqual([seller.npub]);
    expect((await seller.call('sync', {})).ended).toEqual([buyer.npub]);
    // The buyer has heard nothing and would ask again: there is nowhere to.
    stage.clock.advance(2 * 3_600);
    for (const party of [buyer, seller]) await party.call('sync', {});
    await buyer.call('start', { peer: seller.npub, service: 'translation', requirements: 'Once more.' });
    stage.clock.advance(2 * 3_600);
    for (const party of [seller, buyer, seller, buyer]) await party.call('sync', {});
    expect(await buyer.call('status', { nid })).toMatchObject({ unseen: 0, unsent: 0 });
  });
});

describe('a channel whose admin', () => {
  it('removes the other is over for it, too', async () => {
    const { buyer, seller } = await openPair();
    const channel = channelOf(buyer);
    const extraProposals: Proposal[] = [{ proposalType: 3, remove: { removed: 1 } }];
    const context = createMlsContext(buyer.context.rng);
    const { commit } = await createCommit({ context, state: channel.state, extraProposals, wireAsPublicMessage: true });
    await publishHandshake(buyer, channel, encodeMlsMessage(commit));
    expect((await seller.call('sync', {})).ended).toEqual([buyer.npub]);
    expect((await seller.call('list', {})).negotiations).toHaveLength(1);
  });

  it('moves it to another address is followed there', async () => {
    const { buyer, seller, nid } = await openPair();
    const channel = channelOf(buyer);
    const { relays } = routingOf(channel.state);
    const payload = encodeRouting({ nostrGroupId: 'cd'.repeat(32), relays });
    const proposal: Proposal = {
      proposalType: 0x0008,
      proposalData: joinBytes(writeUint(0x8004, 2), Uint8Array.of(1), writeVector(payload)),
    };
    const context = createMlsContext(buyer.context.rng);
    const made = await createCommit({ context, state: channel.state, extraProposals: [proposal], wireAsPublicMessage: true });
    await publishHandshake(buyer, channel, encodeMlsMessage(made.commit));
    await seller.call('sync', {});
    expect(seller.context.store.listChannels()[0]?.nostrGroupId).toBe('cd'.repeat(32));
    const { isSent } = await seller.call('send', { nid, text: 'Which language?' });
    expect(isSent).toBe(true);
    const pool = await seller.context.pool();
    const filter = { kinds: [445], '#h': ['cd'.repeat(32)] };
    const { events } = await pool.fetch(relays, [filter], { purpose: `group:${'cd'.repeat(32)}` });
    expect(events.length).toBeGreaterThan(0);
  });
});

describe('a commit of ours', () => {
  const renew = { kind: 'self-update' } as const;

  it('nobody knows whether the relay has it: the same bytes go out again', async () => {
    const { buyer, seller, tap, group } = await openTapped();
    expect(await look(buyer)).toBe('open 2');
    const before = storedEvents(tap).length;
    const known = new Set(sentEvents(tap).map(({ id }) => id));
    tap.faults.fate = onGroupEvents('lost-before');
    expect(await buyer.call('changeGroup', { group, change: renew })).toMatchObject({ isWaiting: true, state: 'changing', epoch: 2 });
    await buyer.call('sync', {});
    expect(await look(buyer)).toBe('changing 2');
    expect(storedEvents(tap)).toHaveLength(before);
    // Nor is it given up when the relay cannot be reached at all: it may have the commit from before.
    const { relays } = buyer.context.store.listChannels()[0]!;
    const [record] = buyer.context.store.listChannels();
    buyer.context.store.save([{ kind: 'channel', record: { ...record!, relays: ['ws://127.0.0.1:9'] } }]);
    expect(await publishStaged(buyer.context, group)).toBe('waiting');
    const [moved] = buyer.context.store.listChannels();
    buyer.context.store.save([{ kind: 'channel', record: { ...moved!, relays } }]);

    tap.faults.fate = undefined;
    await buyer.call('sync', {});
    expect(await look(buyer)).toBe('open 3');
    const tries = sentEvents(tap).filter(({ id }) => !known.has(id));
    expect(tries.length).toBeGreaterThanOrEqual(3);
    for (const event of tries) expect(event).toEqual(tries[0]);
    expect(storedEvents(tap).slice(before)).toEqual([tries[0]]);
    await seller.call('sync', {});
    expect(await look(seller)).toBe('open 3');
    expect(channelOf(seller).epoch.id).toBe(channelOf(buyer).epoch.id);
  });

  it('the relay has it but never says so: it is found there', async () => {
    const { buyer, seller, tap, group } = await openTapped();
    const before = storedEvents(tap).length;
    tap.faults.fate = onGroupEvents('lost-after');
    expect(await buyer.call('changeGroup', { group, change: renew })).toMatchObject({ isWaiting: true, epoch: 2 });
    await expect.poll(() => storedEvents(tap)).toHaveLength(before + 1);
    // Publishing it again is answered no better.
    await buyer.call('sync', {});
    expect(await look(buyer)).toBe('open 3');
    expect(storedEvents(tap)).toHaveLength(before + 1);
    await seller.call('sync', {});
    expect(channelOf(seller).epoch.id).toBe(channelOf(buyer).epoch.id);
  });

  it('that cannot be published at all stays as it is, and what is said waits as ever', async () => {
    const clock = makeClock();
    const relay = await startRelay({ clock });
    const stage = await openStage({ clock, relays: [relay.url] });
    ends.push(stage.close);
    const { buyer, seller, nid } = await openPair(stage);
    await buyer.call('sync', {});
    const { id: group, state } = buyer.context.store.listChannels()[0]!;
    await relay.close();
    await expect(buyer.call('changeGroup', { group, change: renew })).rejects.toMatchObject({ code: 'relay/unreachable' });
    expect(await look(buyer)).toBe('open 2');
    expect(decodeChannel(buyer.context.store.listChannels()[0]!.state)).toEqual(decodeChannel(state));
    expect(await buyer.call('send', { nid, text: 'Are you there?' })).toMatchObject({ isSent: false });

    const back = await startRelay({ clock, port: relay.port });
    ends.push(back.close);
    await buyer.call('sync', {});
    expect((await seller.call('sync', {})).events).toMatchObject([{ type: 'ask' }]);
    expect(await buyer.call('changeGroup', { group, change: renew })).toMatchObject({ isWaiting: false, epoch: 3 });
  });
});

describe('a commit of ours that a relay may have which is gone', () => {
  const HOUR_S = 3_600;
  const renew = { kind: 'self-update' } as const;
  const offTheAir: Tap['faults'] = { isDown: true, fate: undefined, hides: undefined };

  /** Two relays in the channel: the first has the commit and does not say so, the second refuses it; then the first is gone for good. */
  async function openTwo() {
    const clock = makeClock();
    const taps = [await startTap({ clock }), await startTap({ clock })] as const;
    const stage = await openStage({ clock, relays: taps.map(({ url }) => url) });
    ends.push(...taps.map(({ close }) => close), stage.close);
    const pair = await openPair(stage);
    await pair.buyer.call('sync', {});
    const [{ id: group } = { id: '' }] = pair.buyer.context.store.listChannels();
    return { ...pair, stage, group, first: taps[0], second: taps[1] };
  }

  /** A commit that waits at the only relay of the channel; both have moved to another one in the meantime. */
  async function openStuck() {
    const pair = await openTapped();
    const { buyer, seller, tap, group, stage } = pair;
    const other = await startRelay({ clock: stage.clock });
    ends.push(other.close);
    for (const party of [buyer, seller]) await party.call('changeRelays', { set: [other.url] });
    tap.faults.fate = onGroupEvents('lost-before');
    expect(await buyer.call('changeGroup', { group, change: renew })).toMatchObject({ isWaiting: true });
    Object.assign(tap.faults, offTheAir);
    return { ...pair, other, clock: stage.clock };
  }

  const openCount = ({ context }: Party): number => context.store.listChannels().filter(({ endedAt }) => endedAt === undefined).length;

  it('is settled by any other relay of the channel that takes the same bytes', async () => {
    const { buyer, seller, group, first, second } = await openTwo();
    first.faults.fate = onGroupEvents('lost-after');
    second.faults.fate = onGroupEvents('lost-before');
    expect(await buyer.call('changeGroup', { group, change: renew })).toMatchObject({ isWaiting: true, epoch: 2 });
    Object.assign(first.faults, offTheAir);
    second.faults.fate = undefined;
    await buyer.call('sync', {});
    await seller.call('sync', {});
    expect([await look(buyer), await look(seller)]).toEqual(['open 3', 'open 3']);
    expect(channelOf(seller).epoch.id).toBe(channelOf(buyer).epoch.id);
  });

  it('is settled by whoever speaks in the epoch that it has opened', async () => {
    const { buyer, seller, nid, group, first, second } = await openTwo();
    const before = new Set(storedEvents(first).map(({ id }) => id));
    first.faults.fate = onGroupEvents('lost-after');
    second.faults.fate = onGroupEvents('refused');
    expect(await buyer.call('changeGroup', { group, change: renew })).toMatchObject({ isWaiting: true, epoch: 2 });
    await expect.poll(() => storedEvents(first).filter(({ id }) => !before.has(id))).toHaveLength(1);
    const commit = storedEvents(first).find(({ id }) => !before.has(id));
    first.faults.fate = undefined;
    second.faults.fate = ({ id }) => (id === commit?.id ? 'refused' : undefined);
    // What is said in the epoch before says nothing about it.
    const words = await seller.call('say', { group, text: 'in the epoch before' });
    expect(words.isSent).toBe(true);
    Object.assign(first.faults, offTheAir);
    await buyer.call('sync', {});
    expect(await look(buyer)).toBe('changing 2');

    Object.assign(first.faults, { isDown: false });
    await seller.call('sync', {});
    expect(await look(seller)).toBe('open 3');
    Object.assign(first.faults, offTheAir);
    expect((await seller.call('send', { nid, text: 'Which language?' })).isSent).toBe(true);
    const { events, groups } = await buyer.call('sync', {});
    expect(events).toMatchObject([{ type: 'ask' }]);
    expect(groups).toMatchObject([{ text: 'in the epoch before' }]);
    expect(channelOf(buyer).epoch.id).toBe(channelOf(seller).epoch.id);
    // The relay that is left has never had it.
    expect(storedEvents(second).some(({ id }) => id === commit?.id)).toBe(false);
  });

  it('is not given up by a relay that refuses it for now: it may have it from before', async () => {
    const { buyer, seller, tap, group } = await openTapped();
    const before = storedEvents(tap).length;
    tap.faults.fate = onGroupEvents('lost-after');
    tap.faults.hides = ({ kind }) => kind === GROUP_EVENT;
    await buyer.call('changeGroup', { group, change: renew });
    await expect.poll(() => storedEvents(tap)).toHaveLength(before + 1);
    tap.faults.fate = onGroupEvents('limited');
    await buyer.call('sync', {});
    expect(await look(buyer)).toBe('changing 2');
    Object.assign(tap.faults, { fate: undefined, hides: undefined });
    for (const party of [seller, buyer]) await party.call('sync', {});
    expect([await look(seller), await look(buyer)]).toEqual(['open 3', 'open 3']);
  });

  it('holds nothing up for ever: after hours the negotiation goes on in another channel, with what has waited on both sides', async () => {
    const { buyer, seller, nid, clock, tap, group } = await openStuck();
    expect((await buyer.call('send', { nid, text: 'Are you there?' })).isSent).toBe(false);
    expect((await seller.call('send', { nid, text: 'Which language?' })).isSent).toBe(false);
    clock.advance(5 * HOUR_S);
    await buyer.call('sync', {});
    expect(openCount(buyer)).toBe(1);
    clock.advance(2 * HOUR_S);
    await buyer.call('sync', {});
    expect(openCount(buyer)).toBe(2);
    const { joined, events } = await seller.call('sync', {});
    expect([joined, events]).toMatchObject([[buyer.npub], [{ type: 'ask' }]]);
    expect((await buyer.call('sync', {})).events).toMatchObject([{ type: 'ask' }]);
    // Once: there is a channel of use now.
    clock.advance(7 * HOUR_S);
    for (const party of [buyer, seller, buyer]) await party.call('sync', {});
    expect([openCount(buyer), openCount(seller)]).toEqual([2, 2]);
    expect(await buyer.call('status', { nid })).toMatchObject({ unseen: 0, unsent: 0 });

    // If the relay comes back after all, the old channel is settled as if nothing had been, and nothing comes twice.
    tap.faults.isDown = false;
    for (const party of [buyer, seller, buyer, seller]) await party.call('sync', {});
    const epochs = [buyer, seller].map(
      ({ context }) => decodeChannel(context.store.findChannel(group)?.state ?? new Uint8Array()).epoch.id,
    );
    expect(new Set(epochs).size).toBe(1);
    expect((await buyer.call('listGroups', {})).groups.map(({ state }) => state)).toEqual(['open', 'open']);
    for (const party of [buyer, seller]) {
      const { moves } = await party.call('history', { nid });
      expect(moves.filter(({ type }) => type === 'ask')).toHaveLength(2);
    }
    expect((await buyer.call('send', { nid, text: 'Thank you.' })).isSent).toBe(true);
    expect((await seller.call('sync', {})).events).toMatchObject([{ type: 'answer' }]);
  });

  it('is not taken for read meanwhile: what has come is still asked for when it is settled, days later', async () => {
    const { buyer, seller, tap, group, stage } = await openTapped();
    const readUntil = () => buyer.context.store.findChannel(group)?.fetchedUntil;
    tap.faults.fate = onGroupEvents('lost-before');
    await buyer.call('changeGroup', { group, change: renew });
    tap.faults.fate = undefined;
    await seller.call('say', { group, text: 'meanwhile' });
    const before = readUntil();
    stage.clock.advance(5 * DAY_S);
    // As a daemon does whose subscription has brought everything.
    markRead(buyer.context, [{ owner: group }], { hasAll: () => true });
    expect(readUntil()).toBe(before);
    expect((await buyer.call('sync', {})).groups).toMatchObject([{ text: 'meanwhile' }]);
    expect(readUntil()).toBe(stage.clock.now());
  });

  it('holds up no daemon either', async () => {
    const clock = makeClock();
    const lab = await makeLab(clock);
    const tap = await startTap({ clock });
    ends.push(lab.close, tap.close);
    const [buyer, seller] = [await lab.makeAgent({ relays: [tap.url] }), await lab.makeAgent({ relays: [tap.url] })];
    const { negotiation } = await buyer.call((agent) =>
      agent.start({ peer: seller.npub, service: 'translation', requirements: 'Two pages.' }),
    );
    for (const each of [seller, buyer]) {
      await each.call((agent) => agent.sync());
      await each.call((agent) => agent.changeRelays({ set: [lab.relay.url] }));
    }
    const daemon = openDaemon({ home: buyer.home, clock, beatMs: 50 });
    ends.push(() => daemon.stop());
    await daemon.ready;
    const [{ group } = { group: '' }] = (await daemon.agent.listGroups()).groups;
    tap.faults.fate = onGroupEvents('lost-before');
    expect(await daemon.agent.changeGroup({ group, change: renew })).toMatchObject({ isWaiting: true });
    await daemon.agent.send({ nid: negotiation.nid, text: 'Are you there?' });
    clock.advance(7 * HOUR_S);
    await expect.poll(async () => (await daemon.agent.listGroups()).groups.length).toBe(2);
    expect((await seller.call((agent) => agent.sync())).events.map(({ type }) => type)).toContain('ask');
    await seller.call((agent) => agent.send({ nid: negotiation.nid, text: 'Which language?' }));
    const asked = async () => (await daemon.agent.history({ nid: negotiation.nid })).moves.filter(({ type }) => type === 'answer').length;
    await expect.poll(asked).toBe(1);
    await daemon.stop();
    const states = await buyer.call(async (agent) => (await agent.listGroups()).groups.map(({ state }) => state));
    expect(states).toEqual(['open', 'changing']);
  });

  it('is replaced by the channel of a new negotiation too, unless it turns out not to wait any more', async () => {
    const { buyer, seller, clock } = await openStuck();
    const start = (requirements: string) => buyer.call('start', { peer: seller.npub, service: 'translation', requirements });
    await start('Now.');
    expect(openCount(buyer)).toBe(1);
    clock.advance(7 * HOUR_S);
    await start('Later.');
    expect(openCount(buyer)).toBe(2);
    expect((await seller.call('sync', {})).events.map(({ type }) => type)).toContain('open');

    const later = await openStuck();
    later.clock.advance(7 * HOUR_S);
    later.tap.faults.isDown = false;
    await later.buyer.call('start', { peer: later.seller.npub, service: 'translation', requirements: 'Later.' });
    expect([openCount(later.buyer), await look(later.buyer)]).toEqual([1, 'open 3']);
  });
});

describe('a joined channel’s leaf', () => {
  it('is renewed as soon as what waited in the channel has been read, and the peer follows', async () => {
    const clock = makeClock();
    const tap = await startTap({ clock });
    const stage = await openStage({ clock, relays: [tap.url] });
    ends.push(tap.close, stage.close);
    const [buyer, seller] = [await stage.makeParty(0n), await stage.makeParty(0n)];
    const { negotiation } = await buyer.call('start', { peer: seller.npub, service: 'translation', requirements: 'Two pages.' });
    const leafOf = (party: Party): string | undefined => {
      const node = channelOf(party).state.ratchetTree[2];
      return node !== undefined && 'leaf' in node ? bytesToHex(node.leaf.hpkePublicKey) : undefined;
    };
    const invited = leafOf(buyer);
    const known = tap.connections.length;
    expect((await seller.call('sync', {})).events).toMatchObject([{ type: 'open' }]);
    expect(await look(seller)).toBe('open 2');
    expect(leafOf(seller)).not.toBe(invited);
    // First asked, then answered, and only then changed: the relay sees it on the group's own connection.
    const frames = tap.connections.slice(known).find((each) => groupsOf(each).size > 0) ?? [];
    expect(frames.findIndex(([type]) => type === 'EVENT')).toBeGreaterThan(frames.findIndex(([type]) => type === 'REQ'));
    expect(eventsOf(frames).length).toBeGreaterThan(0);

    // What is said after it waits for it.
    const commit = eventsOf(frames)[0]?.id;
    tap.faults.hides = ({ id }) => id === commit;
    const asked = await seller.call('send', { nid: negotiation.nid, text: 'Which language?' });
    expect(asked.isSent).toBe(true);
    expect((await buyer.call('sync', {})).events).toEqual([]);
    expect(await look(buyer)).toBe('open 1');
    tap.faults.hides = undefined;
    expect((await buyer.call('sync', {})).events).toMatchObject([{ type: 'ask' }]);
    expect(await look(buyer)).toBe('open 2');
    expect(leafOf(buyer)).toBe(leafOf(seller));
    // And once: neither has anything left to renew.
    for (const party of [seller, buyer]) await party.call('sync', {});
    expect([await look(seller), await look(buyer)]).toEqual(['open 2', 'open 2']);
  });
});

describe('a key package that was used', () => {
  const KEY_PACKAGE = 30443;

  async function publishedBy({ context }: Party): Promise<readonly NostrEvent[]> {
    const filter = { kinds: [KEY_PACKAGE], authors: [context.pubkey] };
    const relays = JSON.parse(context.store.readSetting('relays') ?? '[]') as string[];
    return (await (await context.pool()).fetch(relays, [filter], { purpose: 'lookup' })).events;
  }

  /** Invites with a key package that was fetched some time ago. */
  async function inviteWith(event: NostrEvent, { context }: Party): Promise<void> {
    const { clock, rng } = context;
    const keyPackage = await readKeyPackage(event, clock.now());
    if (keyPackage.kind !== 'usable') throw new Error(keyPackage.message);
    const relays = JSON.parse(context.store.readSetting('relays') ?? '[]') as string[];
    const signer = await context.signer();
    const { invitations } = await createChannel({ signer, peers: [keyPackage], relays, now: clock.now(), rng });
    for (const { account, welcome } of invitations) {
      const wrap = await wrapRumor({ signer, recipient: account, rumor: welcome, now: clock.now(), rng });
      await (await context.pool()).publish(relays, wrap, { purpose: 'lookup' });
    }
  }

  it('is replaced at once, can still be used for a week, and is gone then', async () => {
    const stage = await openStage();
    ends.push(stage.close);
    const [seller, first, second, third] = await Promise.all([0n, 0n, 0n, 0n].map(stage.makeParty));
    if (third === undefined || second === undefined || first === undefined || seller === undefined) throw new Error('four were asked for');
    const [used] = await publishedBy(seller);
    if (used === undefined) throw new Error('no key package');
    await first.call('start', { peer: seller.npub, service: 'translation', requirements: 'A page.' });
    expect((await seller.call('sync', {})).joined).toEqual([first.npub]);
    const [fresh, ...others] = await publishedBy(seller);
    expect(others).toEqual([]);
    expect(fresh?.id).not.toBe(used.id);
    expect(fresh?.tags.find(([name]) => name === 'd')).toEqual(used.tags.find(([name]) => name === 'd'));

    stage.clock.advance(6 * DAY_S);
    await inviteWith(used, second);
    expect((await seller.call('sync', {})).joined).toEqual([second.npub]);
    stage.clock.advance(DAY_S + 1);
    await inviteWith(used, third);
    expect((await seller.call('sync', {})).joined).toEqual([]);
    expect(seller.context.store.findKeyPackage(used.id)).toBeUndefined();
    // The one that followed is kept for a week of its own.
    expect(fresh === undefined ? undefined : seller.context.store.findKeyPackage(fresh.id)).toBeDefined();
  });

  it('is replaced by one that is dated later, and be it within one second', async () => {
    const stage = await openStage();
    ends.push(stage.close);
    const seller = await stage.makeParty(0n);
    const seen: NostrEvent[] = [...(await publishedBy(seller))];
    for (let round = 0; round < 4; round += 1) {
      const buyer = await stage.makeParty(0n);
      await buyer.call('start', { peer: seller.npub, service: 'translation', requirements: 'A page.' });
      await seller.call('sync', {});
      seen.push(...(await publishedBy(seller)));
    }
    expect(new Set(seen.map(({ id }) => id)).size).toBe(5);
    const dates = seen.map(({ created_at: createdAt }) => createdAt - stage.clock.now());
    expect(dates).toEqual([0, 1, 2, 3, 4]);
  });
});
