// Opens an application message of the peer: decrypts, finds the sender, and takes the payload only from its author.

import { processPrivateMessage, type PrivateMessage } from 'ts-mls';
import type { Channel } from './channel.ts';
import { leafAt } from './groupCheck.ts';
import { accountOf } from './leaf.ts';
import { createMlsContext } from './mlsContext.ts';
import { decodeMlsMessage } from './mlsMessage.ts';
import { parsePayload } from './payload.ts';
import { cannotRead, refuseMessage, type ProcessResult } from './processResult.ts';
import { epochKeysOf, isKeySpent, openSenderData, type EpochKeys } from './senderData.ts';
import { noRng } from './suite.ts';

/** Processes a private application message of the tip or a retained epoch. May throw what ts-mls throws; `processMls` catches that. */
export async function processPrivate(channel: Channel, mlsBytes: Uint8Array): Promise<ProcessResult> {
  const message = decodeMlsMessage(mlsBytes);
  if (!('privateMessage' in message)) return cannotRead('malformed');
  const { privateMessage } = message;
  const keys = epochKeysOf(channel.state, privateMessage.epoch);
  if (keys === undefined) return cannotRead('stale-epoch');
  const sender = openSenderData(privateMessage, keys);
  if (sender === undefined) return cannotRead('undecryptable');
  // Our own echo: its key was used up in sending.
  if (sender.leafIndex === channel.state.privatePath.leafIndex) return { kind: 'own' };
  // ts-mls 2.0.0-rc.10 does not act on its own check of this index, and loops without end on one outside the tree.
  if (leafAt(keys.ratchetTree, sender.leafIndex) === undefined) return refuseMessage('sender');
  if (isKeySpent(sender, keys)) return cannotRead('already-read');
  return openPayload(channel, privateMessage, keys, sender.leafIndex);
}

async function openPayload(channel: Channel, privateMessage: PrivateMessage, keys: EpochKeys, leafIndex: number): Promise<ProcessResult> {
  const result = await processPrivateMessage({ context: createMlsContext(noRng), state: channel.state, privateMessage });
  if (result.kind !== 'applicationMessage') return refuseMessage('handshake-form');
  const rumor = parsePayload(result.message);
  if (rumor === undefined) return refuseMessage('payload');
  // The tree of the message's own epoch: the sender may hold another leaf by now.
  const leaf = leafAt(keys.ratchetTree, leafIndex);
  const sender = leaf === undefined ? undefined : accountOf(leaf);
  if (sender === undefined || sender !== rumor.pubkey || sender !== channel.peer) return refuseMessage('author');
  return { kind: 'payload', channel: { ...channel, state: result.newState }, rumor, sender };
}
