// Channels that change or end under way, as another Marmot client may make them: agents follow, and open a new one when they need it.

import { createCommit, createProposal, type Proposal } from 'ts-mls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Channel } from '../src/marmot/channel.ts';
import { decodeChannel, encodeChannel } from '../src/marmot/channelCodec.ts';
import { encodeRouting } from '../src/marmot/components.ts';
import { joinBytes, writeUint, writeVector } from '../src/marmot/cursor.ts';
import { sealGroupEvent } from '../src/marmot/groupEvent.ts';
import { routingOf } from '../src/marmot/groupCheck.ts';
import { createMlsContext } from '../src/marmot/mlsContext.ts';
import { encodeMlsMessage } from '../src/marmot/mlsMessage.ts';
import { openStage, type Party, type Stage } from './bank.fixture.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.close());

/** A buyer, who made the channel and is its admin, and a seller, in a negotiation. */
async function openPair(): Promise<{ buyer: Party; seller: Party; nid: string }> {
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

/** Publishes a handshake that the party's own agent would not make. */
async function publishHandshake(party: Party, channel: Channel, mlsBytes: Uint8Array): Promise<void> {
  const { context } = party;
  const { nostrGroupId, relays } = routingOf(channel.state);
  const event = sealGroupEvent(channel.epoch.outerKey, nostrGroupId, mlsBytes, context.clock.now(), context.rng);
  await (await context.pool()).publish(relays, event, { purpose: `group:${nostrGroupId}` });
}

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
