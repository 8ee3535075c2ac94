// Two in-memory parties for the tests of this folder: pinned clock, repeatable randomness, no relay.

import { createCommit, type CreateCommitOptions } from 'ts-mls';
import { vi } from 'vitest';
import { bytesToHex, sha256, utf8, type Hex } from '../core/bytes.ts';
import type { Rng } from '../core/ports.ts';
import { makeRumor, type EventTemplate, type NostrEvent, type Rumor } from '../nostr/event.ts';
import { createKeySigner, type Signer } from '../nostr/signer.ts';
import { advanceTip, type Channel } from './channel.ts';
import { createChannel } from './createChannel.ts';
import { createKeyPackage, type MadeKeyPackage } from './createKeyPackage.ts';
import { peelGroupEvent, sealGroupEvent, type Peeled } from './groupEvent.ts';
import { routingOf } from './groupCheck.ts';
import { joinChannel } from './joinChannel.ts';
import { createMlsContext } from './mlsContext.ts';
import { encodeMlsMessage } from './mlsMessage.ts';
import { encodePayload } from './payload.ts';
import { readKeyPackage, type UsableKeyPackage } from './readKeyPackage.ts';
import { sealPayload, type SealedPayload } from './sealPayload.ts';

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
  const peerKeyPackage = await readUsable(bobPackage.event);
  const { channel: a, welcome } = await createChannel({ ...alice, peerKeyPackage, relays: RELAYS, now: NOW });
  const input = { welcome, sender: alice.signer.pubkey, keyPackagePrivate: bobPackage.privateBytes, now: NOW };
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
  const key = channel.outerKeys[0]?.key ?? new Uint8Array(32);
  const event = sealGroupEvent(key, routingOf(channel.state).nostrGroupId, mlsBytes, NOW, rng);
  return { channel: await advanceTip(channel, made.newState), event, mlsBytes };
}
