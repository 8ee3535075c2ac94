// A recorded run of marmot-ts 0.5.1 (commit 41bc849, stock ts-mls 2.0.0-rc.10; our own recording, test keys only) against our layers.
// It is of the generation of spring 2026, so that what is ours to refuse is refused; the outer layer, the exporter and MLS itself are
// the same.

import {
  decode,
  encode,
  joinGroup,
  keyPackageDecoder,
  keyPackageEncoder,
  makeKeyPackageRef,
  mlsExporter,
  processPrivateMessage,
  type ClientState,
  type KeyPackage,
  type PrivateMessage,
  type ProcessMessageResult,
} from 'ts-mls';
import { beforeAll, describe, expect, it } from 'vitest';
import { bytesToHex, hexToBytes, sha256Hex, utf8, type Hex } from '../core/bytes.ts';
import { verifyEvent } from '../nostr/event.ts';
import { unwrapGift } from '../nostr/giftWrap.ts';
import { createKeySigner } from '../nostr/signer.ts';
import { decodeBase64 } from './base64.ts';
import type { Channel } from './channel.ts';
import { openOuter, peelGroupEvent } from './groupEvent.ts';
import { groupDictionary, groupExtensions } from './groupExtensions.ts';
import { joinChannel } from './joinChannel.ts';
import { encodePrivatePackage } from './keyPackagePrivate.ts';
import { accountOf } from './leaf.ts';
import { createMlsContext } from './mlsContext.ts';
import { readMlsHeader } from './mlsHeader.ts';
import { decodeMlsMessage } from './mlsMessage.ts';
import { openPair, pinClock, RELAYS } from './parties.fixture.ts';
import { parsePayload } from './payload.ts';
import { GROUP_EVENT_EXPORTER } from './profile.ts';
import { readKeyPackage } from './readKeyPackage.ts';
import { epochKeysOf, openSenderData } from './senderData.ts';
import { createSuite, noRng } from './suite.ts';
import accountsFile from './vectors/marmot-ts-0.5.1/accounts.json' with { type: 'json' };
import events from './vectors/marmot-ts-0.5.1/events.json' with { type: 'json' };
import group from './vectors/marmot-ts-0.5.1/group.json' with { type: 'json' };
import keyPackages from './vectors/marmot-ts-0.5.1/key-packages.json' with { type: 'json' };
import welcomes from './vectors/marmot-ts-0.5.1/welcomes.json' with { type: 'json' };

type Recorded = (typeof events)[number];
type Epoch = (typeof group.epochs)[number];

const accounts: Readonly<Record<string, { readonly secret_key: Hex; readonly public_key: Hex }>> = accountsFile.accounts;
const suite = createSuite(noRng);
const NO_BYTES = new Uint8Array();

function find<T>(list: readonly T[], isIt: (item: T) => boolean): T {
  const found = list.find(isIt);
  if (found === undefined) throw new Error('the recording does not have it');
  return found;
}

function accountNamed(name: string): { readonly secret_key: Hex; readonly public_key: Hex } {
  return find(Object.entries(accounts), ([key]) => key === name)[1];
}

function nameOf(account: Hex | undefined): string {
  return find(Object.entries(accounts), ([, { public_key: key }]) => key === account)[0];
}

const recordOf = (epoch: number): Epoch => find(group.epochs, (record) => record.epoch === epoch);
const entryOf = (seq: number): Recorded => find(events, (entry) => entry.seq === seq);

async function deriveOuterKey(exporterSecret: Uint8Array): Promise<Hex> {
  const { label, context, length } = GROUP_EVENT_EXPORTER;
  return bytesToHex(await mlsExporter(exporterSecret, label, utf8(context), length, suite));
}

function decodeKeyPackage(hex: Hex): KeyPackage {
  const keyPackage = decode(keyPackageDecoder, hexToBytes(hex));
  if (keyPackage === undefined) throw new Error('no key package');
  return keyPackage;
}

/** A recorded key package as ts-mls takes it, with raw seeds as our suite has them. */
function packageOf(name: string) {
  const { event, key_package: hex, private: keys } = find(keyPackages, ({ account }) => account === name);
  const privatePackage = {
    initPrivateKey: hexToBytes(keys.init_key),
    hpkePrivateKey: hexToBytes(keys.leaf_encryption_key),
    signaturePrivateKey: hexToBytes(keys.signature_key_seed),
  };
  return { eventId: event.id, publicPackage: decodeKeyPackage(hex), privatePackage };
}

async function joinAs(name: string): Promise<ClientState> {
  const message = decodeMlsMessage(hexToBytes(find(welcomes, ({ recipient }) => recipient === name).mls_message));
  if (!('welcome' in message)) throw new Error('not a welcome');
  const { publicPackage: keyPackage, privatePackage: privateKeys } = packageOf(name);
  return joinGroup({ context: createMlsContext(noRng), welcome: message.welcome, keyPackage, privateKeys });
}

/** What the recording says of each epoch, read from a state of ours. */
async function describeState({ groupContext, keySchedule, confirmationTag, ratchetTree }: ClientState): Promise<Epoch> {
  return {
    epoch: Number(groupContext.epoch),
    exporter_secret: bytesToHex(keySchedule.exporterSecret),
    group_event_key: await deriveOuterKey(keySchedule.exporterSecret),
    epoch_authenticator: bytesToHex(keySchedule.epochAuthenticator),
    confirmation_tag: bytesToHex(confirmationTag),
    tree_hash: bytesToHex(groupContext.treeHash),
    confirmed_transcript_hash: bytesToHex(groupContext.confirmedTranscriptHash),
    members: ratchetTree.flatMap((node) => (node !== undefined && 'leaf' in node ? [nameOf(accountOf(node.leaf))] : [])),
  };
}

function privateMessageOf({ mls_message: hex }: Recorded): PrivateMessage {
  const message = decodeMlsMessage(hexToBytes(hex));
  if (!('privateMessage' in message)) throw new Error('not a private message');
  return message.privateMessage;
}

/** Who sent a message, as our own reader of sender data finds. */
function senderOf(state: ClientState, message: PrivateMessage): string {
  const keys = epochKeysOf(state, message.epoch);
  const sender = keys === undefined ? undefined : openSenderData(message, keys);
  const node = sender === undefined ? undefined : keys?.ratchetTree[sender.leafIndex * 2];
  return node !== undefined && 'leaf' in node ? nameOf(accountOf(node.leaf)) : 'nobody';
}

describe('the outer layer of the recorded events', () => {
  let base: Channel;
  beforeAll(async () => {
    pinClock();
    base = (await openPair()).a;
  });

  /** A channel at the recorded address that knows the outer keys of these epochs. */
  function channelWith(epochs: readonly Epoch[]): Channel {
    const facts = { admin: base.own, nostrGroupId: group.nostr_group_id, relays: [...RELAYS].sort(), name: 'Recorded' };
    const groupContext = { ...base.state.groupContext, extensions: groupExtensions(groupDictionary(facts)) };
    const [epoch = base.epoch, ...past] = epochs.map((record) => ({
      ...base.epoch,
      address: group.nostr_group_id,
      outerKey: hexToBytes(record.group_event_key),
    }));
    return { ...base, state: { ...base.state, groupContext }, epoch, past: past.map((each) => ({ epoch: each, bytes: NO_BYTES })) };
  }

  it.each(events)('seq $seq (epoch $epoch, $type) is peeled with the key of its epoch and with no other', (entry) => {
    const mlsBytes = hexToBytes(entry.mls_message);
    expect(verifyEvent(entry.event)).toBe(true);
    // This generation had no other tag either: ours is the rule for all of them.
    expect(entry.event.tags).toEqual([['h', group.nostr_group_id]]);
    const peeled = peelGroupEvent(channelWith([recordOf(entry.epoch)]), entry.event);
    expect(peeled).toEqual({ kind: 'peeled', mlsBytes, mlsHash: sha256Hex(mlsBytes) });
    const sealed = decodeBase64(entry.event.content) ?? NO_BYTES;
    expect(bytesToHex(sealed.subarray(0, 12))).toBe(entry.outer_nonce);
    for (const { epoch, group_event_key: key } of group.epochs) {
      const opened = openOuter(hexToBytes(key), sealed);
      expect(opened === undefined ? undefined : bytesToHex(opened)).toBe(epoch === entry.epoch ? entry.mls_message : undefined);
    }
    const others = group.epochs.filter(({ epoch }) => epoch !== entry.epoch);
    expect(peelGroupEvent(channelWith(others), entry.event)).toEqual({ kind: 'unreadable', reason: 'no-key' });
    expect(peelGroupEvent(base, entry.event)).toEqual({ kind: 'unreadable', reason: 'other-group' });
  });

  it('holds messages whose front we read as the recording says', () => {
    const groupId = hexToBytes(group.group_id);
    for (const { mls_message: hex, epoch, mls_content_type: type } of events) {
      const header = { kind: 'private', groupId, epoch: BigInt(epoch), isApplication: type === 'application' };
      expect(readMlsHeader(hexToBytes(hex))).toEqual(header);
    }
    expect(events).toHaveLength(21);
  });
});

describe('the exporter', () => {
  it.each(group.epochs)('gives the recorded outer key of epoch $epoch', async ({ exporter_secret: secret, group_event_key: key }) => {
    expect(await deriveOuterKey(hexToBytes(secret))).toBe(key);
  });
});

describe('MLS, with our suite', () => {
  const process = async (state: ClientState, entry: Recorded): Promise<ProcessMessageResult> =>
    processPrivateMessage({
      context: createMlsContext(noRng),
      state,
      privateMessage: privateMessageOf(entry),
      callback: () => 'accept',
    });

  /** Alice's way through these entries: the epochs she was in, what she read and who sent it, by seq, and where she ends. */
  async function replay(entries: readonly Recorded[]) {
    let state = await joinAs('alice');
    const epochs = [await describeState(state)];
    const rumors: Record<number, unknown> = {};
    const senders: Record<number, string> = {};
    for (const entry of entries) {
      senders[entry.seq] = senderOf(state, privateMessageOf(entry));
      // The keys of her own messages were used up in sending.
      if (entry.sender === 'alice') continue;
      const result = await process(state, entry);
      if (result.kind === 'applicationMessage') rumors[entry.seq] = parsePayload(result.message);
      else expect(result.actionTaken).toBe('accept');
      const isNewEpoch = result.newState.groupContext.epoch !== state.groupContext.epoch;
      state = result.newState;
      if (isNewEpoch) epochs.push(await describeState(state));
    }
    return { epochs, rumors, senders, state };
  }

  const heard = events.filter(({ seq }) => seq >= 1 && seq <= 10);
  const swapped = [1, 3, 2, 4, 5, 6, 7, 8, 10, 9].map(entryOf);

  it.each([
    ['as published', heard],
    ['with messages of an epoch the other way round', swapped],
  ])('Alice joins in epoch 1 and follows to epoch 4, %s: an update, an addition, an update by a third member', async (_, entries) => {
    const { epochs, rumors, senders } = await replay(entries);
    expect(epochs).toEqual([1, 2, 3, 4].map(recordOf));
    const spoken = heard.filter(({ sender, mls_content_type: type }) => sender !== 'alice' && type === 'application');
    expect(spoken.map(({ seq }) => seq)).toEqual([1, 5, 7, 9]);
    expect(rumors).toEqual(Object.fromEntries(spoken.map((entry) => [entry.seq, entry.inner_rumor])));
    expect(senders).toEqual(Object.fromEntries(heard.map(({ seq, sender }) => [seq, sender])));
  });

  it('does not follow a change of the group context that has no path, as stock ts-mls makes them, against RFC 9420 section 12.4', async () => {
    const { state } = await replay(heard);
    await expect(process(state, entryOf(11))).rejects.toThrow('Update path is required');
    expect(await describeState(state)).toEqual(recordOf(4));
  });

  it('Carol joins in epoch 3, a group of three', async () => {
    expect(await describeState(await joinAs('carol'))).toEqual(recordOf(3));
  });

  it('a recorded message of which a bit has changed is not read', async () => {
    const state = await joinAs('alice');
    const hex = entryOf(1).mls_message;
    const last = hex.at(-1) === '0' ? '1' : '0';
    expect((await process(state, entryOf(1))).kind).toBe('applicationMessage');
    await expect(process(state, { ...entryOf(1), mls_message: hex.slice(0, -1) + last })).rejects.toThrow();
  });
});

describe('the recorded key package of', () => {
  it.each(keyPackages)('$account has the KeyPackageRef that we compute', async ({ event, key_package: hex, key_package_ref: ref }) => {
    const keyPackage = decodeKeyPackage(hex);
    expect(bytesToHex(encode(keyPackageEncoder, keyPackage))).toBe(hex);
    expect(bytesToHex(await makeKeyPackageRef(keyPackage, suite.hash))).toBe(ref);
    expect(event.tags).toContainEqual(['i', ref]);
    expect(bytesToHex(decodeBase64(event.content) ?? NO_BYTES)).toBe(hex);
  });

  it.each(keyPackages)('$account is refused, and the refusal names the generation', async ({ event }) => {
    expect(verifyEvent(event)).toBe(true);
    const refused = await readKeyPackage(event, accountsFile.clock_end);
    expect(refused).toMatchObject({ kind: 'refused', code: 'dialect', message: expect.stringContaining('spring 2026') as string });
    // The layout of the content says it, too, where no tag does.
    const bare = {
      kind: 30_443,
      created_at: event.created_at,
      content: event.content,
      tags: event.tags.filter(([name]) => name !== 'encoding'),
    };
    const signer = createKeySigner(hexToBytes(accountNamed('dave').secret_key));
    expect(await readKeyPackage(await signer.signEvent(bare), accountsFile.clock_end)).toMatchObject({ kind: 'refused', code: 'dialect' });
  });
});

describe('the recorded welcome for', () => {
  it.each(welcomes)(
    '$recipient comes out of its gift wrap as Bob sent it, and for nobody else',
    async ({ recipient, gift_wrap: wrap, ...inner }) => {
      const signer = createKeySigner(hexToBytes(accountNamed(recipient).secret_key));
      const sender = accountNamed('bob').public_key;
      expect(await unwrapGift(signer, wrap)).toEqual({ kind: 'rumor', rumor: inner.rumor, sender });
      expect(bytesToHex(decodeBase64(inner.rumor.content) ?? NO_BYTES)).toBe(inner.mls_message);
      const other = createKeySigner(hexToBytes(accountNamed('dave').secret_key));
      expect(await unwrapGift(other, wrap)).toEqual({ kind: 'unreadable', reason: 'not-a-gift-wrap' });
    },
  );

  it.each(welcomes)('$recipient opens no channel: the group is of extensions that we do not have', async ({ recipient, rumor }) => {
    const keyPackagePrivate = encodePrivatePackage(packageOf(recipient));
    const refused = await joinChannel({ welcome: rumor, sender: rumor.pubkey, keyPackagePrivate });
    expect(refused).toMatchObject({ kind: 'refused', code: 'capabilities', message: expect.stringContaining('update') as string });
  });
});
