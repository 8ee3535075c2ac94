// What was taken in is remembered as long as it could come again, and no longer.

import { afterEach, expect, it } from 'vitest';
import { doChores } from '../src/agent/chores.ts';
import type { AgentContext } from '../src/agent/context.ts';
import { isKnownEvent } from '../src/agent/forgetSeen.ts';
import { readInvitePolicy, writeInvitePolicy } from '../src/agent/inbox/invitePolicy.ts';
import { writeStrangers } from '../src/agent/inbox/strangers.ts';
import { receiveGroupEvents } from '../src/agent/receiveGroupEvents.ts';
import { takeOpened } from '../src/agent/receiveWraps.ts';
import { readRestored } from '../src/agent/restoredNote.ts';
import { writeSetting } from '../src/agent/settings.ts';
import { peelGroupEvent, sealGroupEvent } from '../src/marmot/groupEvent.ts';
import type { NostrEvent } from '../src/nostr/event.ts';
import { unwrapGift } from '../src/nostr/giftWrap.ts';
import { makeClock } from './agents.fixture.ts';
import { openStage, type Party } from './bank.fixture.ts';
import { channelOf, openTable, storedEvents } from './groups.fixture.ts';
import { isWholeLane } from './lane.fixture.ts';

const DAY_S = 86_400;
// Of five days each: the epoch of the first is forgotten after seven.
const ROUNDS = isWholeLane ? 36 : 9;

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const viewOf = async ({ call, context }: Party, group: string) => [
  await call('showGroup', { group }),
  channelOf({ context } as Party, group).epoch.id,
  readRestored(context.store),
];

it('ids of a channel are forgotten once its keys have gone, and what comes again is taken in by nobody', async () => {
  const table = await openTable(2);
  ends.push(table.close);
  const { parties, group, clock } = table;
  const [founder, member] = parties;
  if (founder === undefined || member === undefined) throw new Error('The group has two members.');
  const peeled: { readonly event: NostrEvent; readonly mlsBytes: Uint8Array; readonly mlsHash: string }[] = [];
  const remembered: number[] = [];
  // No strangers, whose channels without a negotiation are let go.
  for (const { context } of parties) context.store.save([writeStrangers([])]);
  for (let round = 0; round < ROUNDS; round += 1) {
    clock.advance(5 * DAY_S);
    await founder.call('changeGroup', { group, change: { kind: 'self-update' } });
    await founder.call('say', { group, text: `round ${round}` });
    await member.call('sync', {});
    await member.call('say', { group, text: `answer ${round}` });
    for (const event of storedEvents(table).filter(({ id }) => !peeled.some((each) => each.event.id === id))) {
      const result = peelGroupEvent(channelOf(member, group), event);
      if (result.kind === 'peeled') peeled.push({ event, ...result });
    }
    await founder.call('sync', {});
    const known = peeled.flatMap(({ event, mlsHash }) => [event.id, mlsHash]).filter((id) => member.context.store.hasSeen(id));
    remembered.push(known.length);
  }
  // Three events in each round, two ids each, of the present epoch, the five before, and the one that they were forgotten in.
  expect(peeled.length).toBeGreaterThanOrEqual(3 * ROUNDS);
  expect(Math.max(...remembered)).toBeLessThanOrEqual(2 * 3 * 8);
  const isForgotten = ({ event }: { readonly event: NostrEvent }): boolean => !member.context.store.hasSeen(event.id);
  expect(peeled.filter(isForgotten).length).toBeGreaterThanOrEqual(3 * (ROUNDS - 8));
  // What a key still opens is remembered.
  const legible = peeled.filter(({ event }) => peelGroupEvent(channelOf(member, group), event).kind === 'peeled');
  expect([legible.length >= 3 * 5, legible.filter(isForgotten)]).toEqual([true, []]);
  for (const party of parties) {
    const before = await viewOf(party, group);
    // The relay has it all still; and a member puts old messages into new events.
    const { outerKey, address } = channelOf(party, group).epoch;
    const again = peeled.map(({ mlsBytes }) => sealGroupEvent(outerKey, address, mlsBytes, clock.now(), party.context.rng));
    expect(again.map((event) => peelGroupEvent(channelOf(party, group), event).kind)).not.toContain('unreadable');
    const news = await receiveGroupEvents(party.context, group, [...storedEvents(table), ...again], undefined);
    expect(news).toEqual({ news: [], groupNews: [] });
    expect(await viewOf(party, group)).toEqual(before);
  }
});

it('gift wraps are forgotten when none of their date is asked for any more, and such a one is not taken in', async () => {
  // Behind, so that it can go on: MLS itself looks at the machine's clock.
  const clock = makeClock(Math.floor(Date.now() / 1_000) - 60 * DAY_S);
  const stage = await openStage({ clock });
  ends.push(stage.close);
  const [seller, buyer] = [await stage.makeParty(0n), await stage.makeParty(0n)];
  const { context } = seller;
  context.store.save([writeInvitePolicy({ ...readInvitePolicy(context.store), anyone: false })]);
  await buyer.call('start', { peer: seller.npub, service: 'translation', requirements: 'A page.' });
  const wraps: NostrEvent[] = [];
  const take = (wrap: NostrEvent): void => void wraps.push(wrap);
  const relays = await readRelays(context, take);
  expect([relays, wraps.length > 0]).toEqual([true, true]);
  const opened = await Promise.all(wraps.map(async (wrap) => ({ wrap, opened: await unwrapGift(await context.signer(), wrap) })));
  // One of them may be of another key.
  expect((await takeOpened(context, opened)).waiting).toHaveLength(1);
  const forget = async (days: number): Promise<boolean> => {
    clock.advance(days * DAY_S);
    context.store.save([writeSetting('wrapsFetchedUntil', clock.now())]);
    await doChores(context);
    return !wraps.some(({ id }) => context.store.hasSeen(id));
  };
  expect(await forget(30)).toBe(false);
  expect(await forget(8)).toBe(true);
  for (const { wrapId } of context.store.listInvites()) context.store.save([{ kind: 'drop-invite', wrapId }]);
  expect(await takeOpened(context, opened)).toMatchObject({ joined: [], waiting: [], isComplete: true });
  expect(context.store.listInvites()).toEqual([]);
});

it('an event that may have been forgotten counts as known, one that may be lost does not', async () => {
  const stage = await openStage();
  ends.push(stage.close);
  const { context } = await stage.makeParty(0n);
  const isKnown = (ageS: number): boolean => isKnownEvent({ id: 'e'.repeat(64), created_at: stage.clock.now() - ageS }, context.store);
  expect([isKnown(0), isKnown(300 * DAY_S)]).toEqual([false, false]);
  await doChores(context);
  expect([isKnown(0), isKnown(DAY_S), isKnown(DAY_S + 1)]).toEqual([false, false, true]);
});

async function readRelays(context: AgentContext, take: (wrap: NostrEvent) => void): Promise<boolean> {
  const filter = { kinds: [1059], '#p': [context.pubkey] };
  const auth = await context.signer();
  const relays = JSON.parse(context.store.readSetting('relays') ?? '[]') as string[];
  const reports = await (await context.pool()).stream(relays, [filter], take, { purpose: 'identity', auth });
  return reports.every(({ complete }) => complete);
}
