// A channel: one MLS group of two, as a value that is saved and handed back; every step returns a new one.

import { clientStateDecoder, clientStateEncoder, decode, encode, mlsExporter, type ClientState } from 'ts-mls';
import { bytesToHex, equalBytes, hexToBytes, utf8, type Hex } from '../core/bytes.ts';
import { NegotiateError } from '../core/errors.ts';
import {
  expectEnd,
  joinBytes,
  malformed,
  openCursor,
  readBytes,
  readList,
  readUint,
  readUint64,
  readVector,
  writeUint64,
  writeVector,
} from './cursor.ts';
import { accountOf } from './leaf.ts';
import { leafAt, routingOf } from './groupCheck.ts';
import { GROUP_EVENT_EXPORTER, RETENTION } from './profile.ts';
import { createSuite, noRng } from './suite.ts';

const VERSION = 1;

/** The outer key of kind 445 events of one epoch (32 bytes). */
export interface OuterKey {
  readonly epoch: bigint;
  readonly key: Uint8Array;
}

/** A private channel between two accounts. Opaque: read it through {@link describeChannel}, keep it through {@link encodeChannel}. */
export interface Channel {
  readonly own: Hex;
  readonly peer: Hex;
  readonly state: ClientState;
  /** Newest epoch first: the tip and at most five before it. */
  readonly outerKeys: readonly OuterKey[];
}

/** What a channel is, for records and routing; every field comes from the MLS state. */
export interface ChannelDescription {
  readonly mlsGroupId: Hex;
  /** The `h` tag to subscribe to. */
  readonly nostrGroupId: Hex;
  readonly peer: Hex;
  readonly epoch: number;
  readonly relays: readonly string[];
  readonly members: readonly Hex[];
}

/** Says what a channel is. Throws `marmot/invalid` for a state without routing, which no channel of ours has. */
export function describeChannel({ state, peer }: Channel): ChannelDescription {
  const { nostrGroupId, relays } = routingOf(state);
  const { groupId, epoch } = state.groupContext;
  const members = [0, 1].flatMap((leafIndex) => memberAt(state, leafIndex) ?? []);
  return { mlsGroupId: bytesToHex(groupId), nostrGroupId, peer, epoch: Number(epoch), relays, members };
}

/** Puts a new MLS state at the tip, with its outer key; keys older than five epochs are dropped. */
export async function advanceTip(channel: Channel, state: ClientState): Promise<Channel> {
  const tip = { epoch: state.groupContext.epoch, key: await deriveOuterKey(state) };
  const older = channel.outerKeys.filter(({ epoch }) => epoch < tip.epoch).slice(0, RETENTION.epochs);
  return { ...channel, state, outerKeys: [tip, ...older] };
}

/** Encodes a channel with its own version byte. The bytes hold keys: store them encrypted or on a disk that only the user reads. */
export function encodeChannel({ own, peer, state, outerKeys }: Channel): Uint8Array {
  const keys = outerKeys.map(({ epoch, key }) => joinBytes(writeUint64(epoch), key));
  const accounts = [Uint8Array.of(VERSION), hexToBytes(own), hexToBytes(peer)];
  return joinBytes(...accounts, writeVector(...keys), writeVector(encode(clientStateEncoder, state)));
}

/** Decodes {@link encodeChannel}, over a copy. Throws `store/corrupt` for anything else. */
export function decodeChannel(bytes: Uint8Array): Channel {
  try {
    return readChannel(bytes.slice());
  } catch (cause) {
    throw new NegotiateError(
      'store/corrupt',
      'A stored channel cannot be read. Restore a backup, or abandon the channel and invite the peer again.',
      { cause },
    );
  }
}

function readChannel(bytes: Uint8Array): Channel {
  const cursor = openCursor(bytes);
  if (readUint(cursor, 1) !== VERSION) throw malformed('unknown version of a channel');
  const own = bytesToHex(readBytes(cursor, 32));
  const peer = bytesToHex(readBytes(cursor, 32));
  const outerKeys = readList(cursor, (items) => ({ epoch: readUint64(items), key: readBytes(items, 32) }));
  const stateBytes = readVector(cursor);
  expectEnd(cursor);
  const state = decode(clientStateDecoder, stateBytes);
  if (state === undefined || !equalBytes(encode(clientStateEncoder, state), stateBytes)) throw malformed('a channel is cut off');
  if (memberAt(state, state.privatePath.leafIndex) !== own || outerKeys[0]?.epoch !== state.groupContext.epoch)
    throw malformed('a channel contradicts itself');
  return { own, peer, state, outerKeys };
}

async function deriveOuterKey(state: ClientState): Promise<Uint8Array> {
  const { label, context, length } = GROUP_EVENT_EXPORTER;
  return mlsExporter(state.keySchedule.exporterSecret, label, utf8(context), length, createSuite(noRng));
}

function memberAt(state: ClientState, leafIndex: number): Hex | undefined {
  const leaf = leafAt(state.ratchetTree, leafIndex);
  return leaf === undefined ? undefined : accountOf(leaf);
}
