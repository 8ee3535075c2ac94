// Two in-memory parties for the tests of this folder: pinned clock, repeatable randomness, no relay.

import { createCommit, type CreateCommitOptions } from 'ts-mls';
import { vi } from 'vitest';
import { bytesToHex, sha256, sha256Hex, utf8, type Hex } from '../core/bytes.ts';
import type { Rng } from '../core/ports.ts';
import { makeRumor, type EventTemplate, type NostrEvent, type Rumor } from '../nostr/event.ts';
import { createKeySigner, type Signer } from '../nostr/signer.ts';
import { addEpoch } from './branches.ts';
import { makeEpoch, type Channel } from './channel.ts';
import { decodeChannel, encodeChannel } from './channelCodec.ts';
import { createChannel, type Invitation } from './createChannel.ts';
import { createKeyPackage, type MadeKeyPackage } from './createKeyPackage.ts';
import { peelGroupEvent, sealGroupEvent, type Peeled } from './groupEvent.ts';
import { routingOf } from './groupCheck.ts';
import { joinChannel } from './joinChannel.ts';
import { createMlsContext } from './mlsContext.ts';
import { encodeMlsMessage } from './mlsMessage.ts';
import { encodePayload } from './payload.ts';
import { processMls } from './processMls.ts';
import type { ProcessResult } from './processResult.ts';
import { readKeyPackage, type UsableKeyPackage } from './readKeyPackage.ts';
import { sealPayload, type SealedPayload } from './sealPayload.ts';
import { dueInvitations, readInvitation } from './heldInvitations.ts';
import { adoptStaged, stageCommit, type GroupChange } from './stageCommit.ts';

/** The tests' present (unix seconds). */
export const NOW = 1_800_000_000;
export const RELAYS = ['wss://relay-b.example', 'wss://relay-a.example'];

/** ts-mls reads Date.now() when it adds a member; pin it to the tests' present. */
export function pinClock(): void {
  vi.useFakeTimers({ toFake: ['Date'], now: NOW * 1_000 });
}

/** Repeatable bytes: SHA-256 of a seed and a counter. */
export function makeRng(seed: string): Rng {
  let count = 0;
  const block = (): Uint8Array => sha256(`${seed}/${(count += 1)}`);
  return { bytes: (length) => new Uint8Array(Buffer.concat(Array.from({ length: Math.ceil(length / 32) }, block)).subarray(0, length)) };
}

export interface Party {
  readonly signer: Signer;
  readonly rng: Rng;
  readonly slot: Hex;
}

export function makeParty(name: string): Party {
  return { signer: createKeySigner(sha256(utf8(`key of ${name}`))), rng: makeRng(name), slot: bytesToHex(sha256(`slot of ${name}`)) };
}

/** A value of a union by its kind, or a failed test. */
export function expectKind<T extends { readonly kind: string }, K extends T['kind']>(value: T, kind: K): Extract<T, { kind: K }> {
  if (value.kind !== kind)
    throw new Error(
      `expected ${kind}, got ${JSON.stringify(value, (_, v: unknown) => (typeof v === 'bigint' ? `${v}n` : v)).slice(0, 300)}`,
    );
  return value as Extract<T, { kind: K }>;
}

export async function publish(party: Party, now = NOW): Promise<MadeKeyPackage> {
  return createKeyPackage({ ...party, now });
}

export async function readUsable(event: NostrEvent, now = NOW): Promise<UsableKeyPackage> {
  return expectKind(await readKeyPackage(event, now), 'usable');
}

export interface Pair {
  readonly alice: Party;
  readonly bob: Party;
  readonly bobPackage: MadeKeyPackage;
  readonly welcome: Rumor;
  /** Alice's side; she made the group and is its admin. */
  readonly a: Channel;
  readonly b: Channel;
}

/** Alice invites, Bob joins. */
export async function openPair(): Promise<Pair> {
  const [alice, bob] = [makeParty('alice'), makeParty('bob')];
  const bobPackage = await publish(bob);
  const peers = [await readUsable(bobPackage.event)];
  const { channel: a, invitations } = await createChannel({ ...alice, peers, relays: RELAYS, now: NOW });
  const welcome = invitations[0]?.welcome ?? fail('nobody was invited');
  const input = { welcome, sender: alice.signer.pubkey, keyPackagePrivate: bobPackage.privateBytes };
  const { channel: b } = expectKind(await joinChannel(input), 'joined');
  return { alice, bob, bobPackage, welcome, a, b };
}

export function chat(author: Hex, content: string): Rumor {
  return makeRumor(author, { kind: 9, created_at: NOW, tags: [], content } satisfies EventTemplate);
}

export async function say(channel: Channel, content: string, rng: Rng): Promise<SealedPayload> {
  return sealPayload(channel, { payload: encodePayload(chat(channel.own, content)), now: NOW, rng });
}

export function peel(channel: Channel, event: NostrEvent): Peeled {
  return expectKind(peelGroupEvent(channel, event), 'peeled');
}

/** A commit made with stock ts-mls, sealed under the epoch it starts from; a bare self-update unless `options` add proposals. */
export async function commit(
  channel: Channel,
  rng: Rng,
  options: CreateCommitOptions = {},
): Promise<{ channel: Channel; event: NostrEvent; mlsBytes: Uint8Array }> {
  const made = await createCommit({ context: createMlsContext(rng), state: channel.state, wireAsPublicMessage: true, ...options });
  const mlsBytes = encodeMlsMessage(made.commit);
  const event = sealGroupEvent(channel.epoch.outerKey, routingOf(channel.state).nostrGroupId, mlsBytes, NOW, rng);
  const { number, id: parent } = channel.epoch;
  const opening = {
    id: sha256Hex(mlsBytes),
    parent,
    number: number + 1n,
    committer: channel.own,
    isPrivileged: isPrivilegedCommit(options),
  };
  // A state that nobody is to follow may have no routing: then its maker has nothing to go on with.
  const epoch = await makeEpoch(opening, made.newState).catch(() => undefined);
  const next = epoch === undefined ? undefined : (addEpoch(channel, epoch, made.newState) ?? fail('the commit has no place'));
  return { channel: next?.channel ?? channel, event, mlsBytes };
}

function isPrivilegedCommit({ extraProposals = [] }: CreateCommitOptions): boolean {
  return extraProposals.length > 0;
}

/** A commit as the one who makes and publishes it ends up with. */
export interface Committed {
  readonly channel: Channel;
  readonly event: NostrEvent;
}

/** A commit of ours that a relay has taken at once. */
export async function change(channel: Channel, what: GroupChange, rng: Rng): Promise<Committed & { invitations: readonly Invitation[] }> {
  const staged = await stageCommit(channel, what, NOW, rng);
  const { channel: adopted } = adoptStaged(decodeChannel(encodeChannel(staged.channel)));
  return { channel: adopted, event: staged.event, invitations: dueInvitations(adopted).map(readInvitation) };
}

/** Takes an event in and goes on with what it leads to. */
export async function take(channel: Channel, event: NostrEvent): Promise<ProcessResult> {
  return processMls(channel, peel(channel, event).mlsBytes);
}

/** The channel after an event that has to lead to another. */
export async function follow(channel: Channel, event: NostrEvent): Promise<Channel> {
  const result = await take(channel, event);
  return 'channel' in result ? decodeChannel(encodeChannel(result.channel)) : fail(`nothing followed: ${JSON.stringify(result)}`);
}

/** Bob, Carol and as many more as are named join a group of Alice's. */
export async function openGroup(names: readonly string[]): Promise<{ parties: Record<string, Party>; channels: Record<string, Channel> }> {
  const founder = makeParty('alice');
  const others = names.map((name) => [name, makeParty(name)] as const);
  const packages = await Promise.all(others.map(async ([, party]) => publish(party)));
  const peers = await Promise.all(packages.map(async ({ event }) => readUsable(event)));
  const { channel, invitations } = await createChannel({ ...founder, peers, relays: RELAYS, now: NOW });
  const joined = await Promise.all(
    others.map(async ([name], i) => {
      const welcome = invitations[i]?.welcome ?? fail('somebody was not invited');
      const keyPackagePrivate = packages[i]?.privateBytes ?? new Uint8Array();
      const result = await joinChannel({ welcome, sender: founder.signer.pubkey, keyPackagePrivate });
      return [name, expectKind(result, 'joined').channel] as const;
    }),
  );
  return { parties: { alice: founder, ...Object.fromEntries(others) }, channels: { alice: channel, ...Object.fromEntries(joined) } };
}

function fail(message: string): never {
  throw new Error(message);
}
