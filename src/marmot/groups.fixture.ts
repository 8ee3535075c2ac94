// Groups for the tests of this folder: of any size and shape, and what all of their members do together.

import { inflateRawSync } from 'node:zlib';
import { createCommit, createGroup, createProposal, processPublicMessage, type KeyPackage, type Proposal } from 'ts-mls';
import { expect } from 'vitest';
import type { NostrEvent } from '../nostr/event.ts';
import { beginChannel, describeChannel, type Channel } from './channel.ts';
import { decodeChannel, encodeChannel } from './channelCodec.ts';
import { makeLeafMaterial } from './createKeyPackage.ts';
import { joinBytes, writeUint, writeVector } from './cursor.ts';
import type { Dictionary } from './dictionary.ts';
import { groupDictionary, groupExtensions } from './groupExtensions.ts';
import { joinChannel } from './joinChannel.ts';
import { createMlsContext } from './mlsContext.ts';
import { decodeMlsMessage, encodeMlsMessage } from './mlsMessage.ts';
import {
  change,
  expectKind,
  follow,
  makeParty,
  makeRng,
  NOW,
  openGroup,
  peel,
  publish,
  readUsable,
  RELAYS,
  say,
  type Committed,
  type Party,
} from './parties.fixture.ts';
import { processMls } from './processMls.ts';
import { COMPONENTS, MLS } from './profile.ts';
import { buildWelcome } from './welcome.ts';

const rng = makeRng('groups fixture');

/** The channels of a group by the names of who they belong to. In order of their keys: bob, alice, dave, carol. */
export type Members = Readonly<Record<string, Channel>>;

/** Four who know each other; alice is the admin. */
export type Four = Readonly<Record<'alice' | 'bob' | 'carol' | 'dave', Channel>>;

export async function openFour(): Promise<Four> {
  return (await openGroup(['bob', 'carol', 'dave'])).channels as Four;
}

/** Of a component: an update to these bytes. */
export const setComponent = (component: number, payload: Uint8Array): Proposal => ({
  proposalType: MLS.appDataUpdate,
  proposalData: joinBytes(writeUint(component, 2), Uint8Array.of(1), writeVector(payload)),
});

export const SELF_REMOVE: Proposal = { proposalType: MLS.selfRemove, proposalData: new Uint8Array() };

export const removeLeaf = (removed: number): Proposal => ({ proposalType: 3, remove: { removed } });

export const saved = (channel: Channel): Channel => decodeChannel(encodeChannel(channel));

/** The members after an event that has to lead each of them on; those named in `but` are passed over. */
export async function followAll<T extends Members>(members: T, event: NostrEvent, ...but: string[]): Promise<T> {
  const entries = Object.entries(members).map(async ([name, channel]) => [
    name,
    but.includes(name) ? channel : await follow(channel, event),
  ]);
  return Object.fromEntries((await Promise.all(entries)) as [string, Channel][]) as T;
}

/** All are in one epoch, and each says something that all others read. Returns their channels after it. */
export async function expectTalk<T extends Members>(members: T): Promise<T> {
  const channels = new Map<string, Channel>(Object.entries(members));
  // A newcomer has its own name for the epoch that it joined in, and no other key.
  expect(new Set([...channels.values()].map(({ epoch }) => String(epoch.outerKey))).size).toBe(1);
  for (const [speaker, from] of channels) {
    const sent = await say(from, `from ${speaker}`, rng);
    channels.set(speaker, sent.channel);
    for (const [listener, to] of channels) {
      if (listener === speaker) continue;
      const heard = expectKind(await processMls(to, peel(to, sent.event).mlsBytes), 'payload');
      expect([heard.rumor.content, heard.sender]).toEqual([`from ${speaker}`, from.own]);
      channels.set(listener, heard.channel);
    }
  }
  return Object.fromEntries(channels) as T;
}

/** What the admin ends up with who takes somebody in, and the newcomer's channel. */
export async function admit(admin: Channel, newcomer: Party): Promise<Committed & { readonly joined: Channel }> {
  const { event: keyPackage, privateBytes: keyPackagePrivate } = await publish(newcomer);
  const made = await change(admin, { kind: 'add', peers: [await readUsable(keyPackage)] }, rng);
  const [invitation] = made.invitations;
  if (invitation === undefined || made.invitations.length > 1) throw new Error('one has to be invited');
  const joined = await joinChannel({ welcome: invitation.welcome, sender: admin.own, keyPackagePrivate });
  return { channel: made.channel, event: made.event, joined: expectKind(joined, 'joined').channel };
}

/** What a group of another client's making is like: its state, and members whose key packages nobody has checked. */
export interface Shape {
  readonly dictionary: (ours: Dictionary) => Dictionary;
  readonly odd?: readonly KeyPackage[];
}

/** A group as another client makes it: alice is its admin, and one of each name joins. */
export async function openShaped(names: readonly string[], { dictionary, odd = [] }: Shape): Promise<Members> {
  const { signer } = makeParty('alice');
  const relays = [...RELAYS].sort();
  const { publicPackage, privatePackage } = await makeLeafMaterial(signer, NOW, rng);
  const context = createMlsContext(rng);
  const ours = groupDictionary({ admin: signer.pubkey, nostrGroupId: 'ab'.repeat(32), relays, name: 'Shaped' });
  const founded = await createGroup({
    context,
    groupId: rng.bytes(32),
    keyPackage: publicPackage,
    privateKeyPackage: privatePackage,
    extensions: groupExtensions(dictionary(ours)),
  });
  const packages = await Promise.all(names.map(async (name) => publish(makeParty(name))));
  const usable = await Promise.all(packages.map(async ({ event }) => (await readUsable(event)).keyPackage));
  const extraProposals = [...usable, ...odd].map((keyPackage): Proposal => ({ proposalType: 1, add: { keyPackage } }));
  const made = await createCommit({ context, state: founded, extraProposals, ratchetTreeExtension: true, wireAsPublicMessage: true });
  if (made.welcome === undefined) throw new Error('nobody was invited');
  const mlsBytes = encodeMlsMessage(made.welcome);
  const joined = packages.map(async ({ event, privateBytes: keyPackagePrivate }, i) => {
    const welcome = buildWelcome({ author: signer.pubkey, keyPackageEventId: event.id, relays, mlsBytes, now: NOW });
    const result = await joinChannel({ welcome, sender: signer.pubkey, keyPackagePrivate });
    return [names[i] ?? '', expectKind(result, 'joined').channel] as const;
  });
  // As ours do: epoch 0, in which nobody can have said anything, is not kept.
  const alice = await beginChannel(signer.pubkey, { ...made.newState, historicalReceiverData: new Map() });
  return { alice, ...Object.fromEntries(await Promise.all(joined)) };
}

/** A proposal of this member's as bytes, whether it may make it or not, and its channel with that waiting. */
export async function propose(
  channel: Channel,
  proposal: Proposal,
  authenticatedData = new Uint8Array(),
): Promise<{ readonly mlsBytes: Uint8Array; readonly channel: Channel }> {
  const context = createMlsContext(rng);
  const input = { context, state: channel.state, proposal, authenticatedData, wireAsPublicMessage: true };
  const { message, newState } = await createProposal(input);
  return { mlsBytes: encodeMlsMessage(message), channel: { ...channel, state: newState } };
}

/** Has MLS itself take a proposal in, past the rules of Marmot. */
export async function inject(channel: Channel, mlsBytes: Uint8Array): Promise<Channel> {
  const message = decodeMlsMessage(mlsBytes);
  if (!('publicMessage' in message)) throw new Error('expected a public message');
  const { publicMessage } = message;
  const { newState } = await processPublicMessage({ context: createMlsContext(rng), state: channel.state, publicMessage });
  return { ...channel, state: newState };
}

/** True when these bytes stand in what is stored of a channel. */
export function holds(channel: Channel, bytes: Uint8Array): boolean {
  // Before what is packed: a version byte and a length of four.
  return inflateRawSync(encodeChannel(channel).subarray(5)).includes(Buffer.from(bytes));
}

/** The secrets of the epoch that a channel is in, by name, as far as it has them. */
export function secretsOf({ epoch, state }: Channel): Readonly<Record<string, Uint8Array>> {
  const { keySchedule, privatePath, signaturePrivateKey } = state;
  const all: [string, Uint8Array][] = [
    ...Object.entries(keySchedule),
    ...Object.entries(privatePath.privateKeys).map(([node, key]): [string, Uint8Array] => [`path ${node}`, key as Uint8Array]),
    ['outer', epoch.outerKey],
    ['signature', signaturePrivateKey],
  ];
  return Object.fromEntries(all.filter(([, secret]) => secret.length > 0));
}

/** The group after it has renamed itself, which is a change like any other. */
export const RENAMED = { kind: 'component', component: COMPONENTS.profile, data: Uint8Array.of(1, 0x78, 0) } as const;

/** The accounts in a channel, as a set to compare. */
export const membersOf = (channel: Channel): readonly string[] => [...describeChannel(channel).members].sort();
