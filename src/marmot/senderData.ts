// Who sent a private MLS message: ts-mls 2.0.0-rc.10 does not say, so its sender data is opened here (RFC 9420 section 6.3.2).

import type { ClientState, PrivateMessage, RatchetTree, SecretTree } from 'ts-mls';
import { expectEnd, joinBytes, openCursor, readBytes, readUint, writeUint, writeUint64, writeVector } from './cursor.ts';
import { openAes } from './hpke.ts';
import { expandWithLabel } from './suite.ts';

const SAMPLE_BYTES = 32;

/** What is kept of the epoch that a message belongs to. */
export interface EpochKeys {
  readonly senderDataSecret: Uint8Array;
  readonly ratchetTree: RatchetTree;
  readonly secretTree: SecretTree;
}

/** Leaf index of the sender and number of the message among that sender's in the epoch. */
export interface SenderData {
  readonly leafIndex: number;
  readonly generation: number;
}

/** The keys of an epoch: the tip or one of the retained past; undefined for one that is gone or still to come. */
export function epochKeysOf(state: ClientState, epoch: bigint): EpochKeys | undefined {
  if (epoch !== state.groupContext.epoch) return state.historicalReceiverData.get(epoch);
  const { ratchetTree, secretTree, keySchedule } = state;
  return { ratchetTree, secretTree, senderDataSecret: keySchedule.senderDataSecret };
}

/** Decrypts the sender data of a message under the keys of its epoch; undefined when they do not fit. Any member could have made it: only the signature inside proves the sender. */
export function openSenderData(message: PrivateMessage, { senderDataSecret }: EpochKeys): SenderData | undefined {
  const { groupId, epoch, contentType, ciphertext, encryptedSenderData } = message;
  const sample = ciphertext.subarray(0, SAMPLE_BYTES);
  const aad = joinBytes(writeVector(groupId), writeUint64(epoch), writeUint(contentType, 1));
  const key = expandWithLabel(senderDataSecret, 'key', sample, 16);
  const nonce = expandWithLabel(senderDataSecret, 'nonce', sample, 12);
  try {
    const cursor = openCursor(openAes(key, nonce, aad, encryptedSenderData));
    const sender = { leafIndex: readUint(cursor, 4), generation: readUint(cursor, 4) };
    readBytes(cursor, 4); // reuse guard
    expectEnd(cursor);
    return sender;
  } catch {
    return undefined;
  }
}

/** True when the key of this application message was used already or is too old to be kept. */
export function isKeySpent({ leafIndex, generation }: SenderData, { secretTree }: EpochKeys): boolean {
  const ratchet = secretTree.leafNodes[leafIndex * 2]?.application;
  return ratchet !== undefined && generation < ratchet.generation && ratchet.unusedGenerations[generation] === undefined;
}
