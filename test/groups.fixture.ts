// Groups of agents whose parts a test can reach, around a relay behind a tap.

import { expect } from 'vitest';
import { describeChannel, type Channel } from '../src/marmot/channel.ts';
import { decodeChannel } from '../src/marmot/channelCodec.ts';
import type { NostrEvent } from '../src/nostr/event.ts';
import type { ChannelRecord } from '../src/store/records.ts';
import { makeClock, type TestClock } from './agents.fixture.ts';
import { openStage, type Party } from './bank.fixture.ts';
import { eventsOf, startTap, type Tap } from './tap.fixture.ts';

const GROUP_EVENT = 445;

export interface Table {
  readonly clock: TestClock;
  readonly tap: Tap;
  /** The founder, who is the admin, first. */
  readonly parties: readonly Party[];
  readonly group: string;
  /** One more agent, who is not in the group. */
  makeOther(): Promise<Party>;
  close(): Promise<void>;
}

/** A group of so many, all of them in one epoch; `relays` are further ones, which every agent and the group use too. */
export async function openTable(members: number, relays: readonly string[] = []): Promise<Table> {
  const clock = makeClock();
  const tap = await startTap({ clock });
  const stage = await openStage({ clock, relays: [tap.url, ...relays] });
  const parties: Party[] = [];
  for (let made = 0; made < members; made += 1) parties.push(await stage.makeParty(0n));
  const [founder, ...others] = parties;
  if (founder === undefined) throw new Error('a group has a founder');
  const { group } = await founder.call('createGroup', { name: 'Plans', members: others.map(({ npub }) => npub) });
  await catchUp(...others, ...parties);
  expectAgreement(...parties);
  return {
    clock,
    tap,
    parties,
    group,
    makeOther: () => stage.makeParty(0n),
    close: async () => {
      await stage.close();
      await tap.close();
    },
  };
}

/** Each in turn, as often as it is named. */
export async function catchUp(...parties: readonly Party[]): Promise<void> {
  for (const party of parties) await party.call('sync', {});
}

export function recordOf({ context }: Party, group?: string): ChannelRecord {
  const record = context.store.listChannels().find(({ id }) => group === undefined || id === group);
  if (record === undefined) throw new Error('no such group here');
  return record;
}

export function channelOf(party: Party, group?: string): Channel {
  return decodeChannel(recordOf(party, group).state);
}

/** All are in one epoch and see the same group. */
export function expectAgreement(...parties: readonly Party[]): void {
  const views = parties.map((party) => describeChannel(channelOf(party)));
  for (const view of views) expect(view).toEqual(views[0]);
}

/** What is said in the group, as its owner sees it: withdrawn words in brackets. */
export async function textsOf(party: Party, group: string): Promise<readonly string[]> {
  const { messages } = await party.call('showGroup', { group });
  return messages.map(({ text, isWithdrawn }) => (isWithdrawn ? `(${text})` : text));
}

/** The group events that the relay has, oldest first. */
export function storedEvents({ tap }: Pick<Table, 'tap'>): readonly NostrEvent[] {
  return tap.relay.storedEvents().filter(({ kind }) => kind === GROUP_EVENT);
}

/** Hides what the relay gets from now on; call the result to have it show everything again. */
export function hideNew({ tap }: Pick<Table, 'tap'>): () => void {
  const known = new Set(storedEvents({ tap }).map(({ id }) => id));
  tap.faults.hides = ({ id, kind }) => kind === GROUP_EVENT && !known.has(id);
  return () => {
    tap.faults.hides = undefined;
  };
}

/** Group events that clients have tried to publish. */
export function sentEvents({ tap }: Pick<Table, 'tap'>): readonly NostrEvent[] {
  return tap.connections.flatMap(eventsOf).filter(({ kind }) => kind === GROUP_EVENT);
}

/** The same agent, whose process dies at its save number `at`, before anything of it is written. */
export function dyingAt(party: Party, at: number): Party['context'] {
  let saves = 0;
  const { store } = party.context;
  const save: typeof store.save = (changes) => {
    saves += 1;
    if (saves === at) throw new Error('the process died');
    store.save(changes);
  };
  return { ...party.context, store: { ...store, save } };
}
