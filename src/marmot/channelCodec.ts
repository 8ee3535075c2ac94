// A channel as bytes to keep. They hold keys: store them where only the user reads.

import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { clientStateDecoder, clientStateEncoder, decode, encode, type ClientState } from 'ts-mls';
import { bytesToHex, equalBytes, hexToBytes, utf8, type Hex } from '../core/bytes.ts';
import { NegotiateError } from '../core/errors.ts';
import { accountAt, isMember, type Channel, type Epoch, type HeldInvitation, type KeptEpoch, type Staged } from './channel.ts';
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
  writeUint,
  writeUint64,
  writeVector,
  type Cursor,
} from './cursor.ts';

const VERSION = 4;
// Had no invitations.
const VERSION_BEFORE = 3;
const MAX_BYTES = 32 * 1_024 * 1_024;

/** Encodes a channel with its own version byte; what its epochs have in common is packed away. */
export function encodeChannel({ own, epoch, state, past, rivals, staged, proposalDigests, invited }: Channel): Uint8Array {
  const parts = [
    hexToBytes(own),
    encodeEpoch(epoch),
    writeVector(encode(clientStateEncoder, state)),
    writeVector(...past.map(encodeKept)),
    writeVector(...rivals.map(encodeKept)),
    writeVector(...encodeStaged(staged)),
    writeVector(...Object.entries(proposalDigests).map(([ref, digest]) => joinBytes(writeVector(utf8(ref)), hexToBytes(digest)))),
    writeVector(...invited.map(encodeInvitation)),
  ];
  const packed = deflateRawSync(joinBytes(...parts), { level: 1 });
  return joinBytes(Uint8Array.of(VERSION), writeUint(packed.length, 4), packed);
}

/** Decodes {@link encodeChannel}. Throws `store/corrupt` for anything else. */
export function decodeChannel(bytes: Uint8Array): Channel {
  try {
    const cursor = openCursor(bytes);
    const version = readUint(cursor, 1);
    if (version !== VERSION && version !== VERSION_BEFORE) throw malformed('unknown version of a channel');
    const packed = readBytes(cursor, readUint(cursor, 4));
    expectEnd(cursor);
    return readChannel(new Uint8Array(inflateRawSync(packed, { maxOutputLength: MAX_BYTES })), version);
  } catch (cause) {
    throw new NegotiateError(
      'store/corrupt',
      'A stored channel cannot be read. Restore a backup, or abandon the channel and invite the peer again.',
      { cause },
    );
  }
}

function readChannel(bytes: Uint8Array, version: number): Channel {
  const cursor = openCursor(bytes);
  const own = readHex(cursor);
  const epoch = readEpoch(cursor);
  const state = readState(readVector(cursor));
  const past = readList(cursor, readKept);
  const rivals = readList(cursor, readKept);
  const staged = readStaged(readVector(cursor));
  const proposalDigests = Object.fromEntries(readList(cursor, (items) => [readText(items), readHex(items)] as const));
  const invited = version === VERSION_BEFORE ? [] : readList(cursor, readInvitation);
  expectEnd(cursor);
  const isOurs = accountAt(state, state.privatePath.leafIndex) === own;
  const isTip = !isMember(state) || epoch.number === state.groupContext.epoch;
  if (!isOurs || !isTip || !isUnbroken({ epoch, past, rivals })) throw malformed('a channel contradicts itself');
  return { own, epoch, state, past, rivals, proposalDigests, invited, ...(staged === undefined ? {} : { staged }) };
}

/** Without a gap on the way back, and with the start of every rival: else a branch could not be judged (retained-history.md "Late commits"). */
function isUnbroken({ epoch, past, rivals }: Pick<Channel, 'epoch' | 'past' | 'rivals'>): boolean {
  const path = [epoch, ...past.map((kept) => kept.epoch)];
  const known = new Set([...path, ...rivals.map((kept) => kept.epoch)].map(({ id }) => id));
  const isPath = path.every(({ id }, i) => i === 0 || path[i - 1]?.parent === id);
  return isPath && rivals.every((rival) => known.has(rival.epoch.parent));
}

function encodeEpoch({ id, parent, number, isPrivileged, committer, address, outerKey, witnesses }: Epoch): Uint8Array {
  return joinBytes(
    hexToBytes(id),
    writeVector(hexToBytes(parent)),
    writeUint64(number),
    Uint8Array.of(Number(isPrivileged)),
    hexToBytes(committer),
    hexToBytes(address),
    writeVector(outerKey),
    writeVector(...witnesses.map(hexToBytes)),
  );
}

function readEpoch(cursor: Cursor): Epoch {
  return {
    id: readHex(cursor),
    parent: bytesToHex(readVector(cursor)),
    number: readUint64(cursor),
    isPrivileged: readUint(cursor, 1) === 1,
    committer: readHex(cursor),
    address: readHex(cursor),
    outerKey: readVector(cursor),
    witnesses: readList(cursor, readHex),
  };
}

function encodeKept({ epoch, bytes }: KeptEpoch): Uint8Array {
  return joinBytes(encodeEpoch(epoch), writeVector(bytes));
}

function readKept(cursor: Cursor): KeptEpoch {
  return { epoch: readEpoch(cursor), bytes: readVector(cursor) };
}

function encodeStaged(staged: Staged | undefined): Uint8Array[] {
  if (staged === undefined) return [];
  const { epoch, state, event, welcomes } = staged;
  return [encodeEpoch(epoch), writeVector(encode(clientStateEncoder, state)), writeVector(utf8(event)), writeVector(utf8(welcomes))];
}

function readStaged(bytes: Uint8Array): Staged | undefined {
  if (bytes.length === 0) return undefined;
  const cursor = openCursor(bytes);
  const epoch = readEpoch(cursor);
  const state = readState(readVector(cursor));
  const [event, welcomes] = [readText(cursor), readText(cursor)];
  expectEnd(cursor);
  return { epoch, state, event, welcomes };
}

function encodeInvitation({ epochId, account, welcome, wrapId }: HeldInvitation): Uint8Array {
  const parts = [writeVector(utf8(welcome)), writeVector(hexToBytes(wrapId ?? ''))];
  return joinBytes(hexToBytes(epochId), hexToBytes(account), ...parts);
}

function readInvitation(cursor: Cursor): HeldInvitation {
  const [epochId, account, welcome] = [readHex(cursor), readHex(cursor), readText(cursor)];
  const wrapId = bytesToHex(readVector(cursor));
  return { epochId, account, welcome, ...(wrapId === '' ? {} : { wrapId }) };
}

function readState(bytes: Uint8Array): ClientState {
  const state = decode(clientStateDecoder, bytes);
  if (state === undefined || !equalBytes(encode(clientStateEncoder, state), bytes)) throw malformed('a channel is cut off');
  return state;
}

function readText(cursor: Cursor): string {
  return new TextDecoder().decode(readVector(cursor));
}

function readHex(cursor: Cursor): Hex {
  return bytesToHex(readBytes(cursor, 32));
}
