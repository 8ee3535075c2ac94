// Opens an application message of another member: decrypts, finds the sender, and takes the payload only from its author.

import { processPrivateMessage, type ClientState, type PrivateMessage } from 'ts-mls';
import type { Hex } from '../core/bytes.ts';
import type { Rumor } from '../nostr/event.ts';
import { addWitness, rivalsAt } from './branches.ts';
import { isMember, type Channel } from './channel.ts';
import { leafAt } from './groupCheck.ts';
import { accountOf } from './leaf.ts';
import { createMlsContext } from './mlsContext.ts';
import { decodeMlsMessage } from './mlsMessage.ts';
import { parsePayload } from './payload.ts';
import { cannotRead, refuseMessage, type ProcessResult, type RefusedReason, type UnreadableReason } from './processResult.ts';
import { epochKeysOf, isKeySpent, openSenderData, type EpochKeys, type SenderData } from './senderData.ts';
import { noRng } from './suite.ts';

/** Processes a private application message of the tip, a retained epoch or a rival branch. May throw what ts-mls throws; `processMls` catches that. */
export async function processPrivate(channel: Channel, mlsBytes: Uint8Array): Promise<ProcessResult> {
  const message = decodeMlsMessage(mlsBytes);
  if (!('privateMessage' in message)) return cannotRead('malformed');
  const { privateMessage } = message;
  const { epoch } = privateMessage;
  const opened = await open(channel.state, privateMessage);
  if (opened.kind === 'opened') return accept(channel, epoch, opened);
  for (const rival of rivalsAt(channel, epoch)) {
    const there = await open(rival.state, privateMessage);
    // Read only to know who speaks there: its keys stay as they are, so that it can be read again.
    if (there.kind === 'opened') return noteRival(channel, rival.epoch.id, there.sender, mlsBytes);
    if (there.kind === 'refused') return refuseMessage(there.reason);
    if (there.kind === 'own') return there;
    if (there.kind === 'stray') return { kind: 'stray', channel, rumor: there.rumor, epochId: rival.epoch.id };
  }
  switch (opened.kind) {
    case 'own':
      return opened;
    case 'stray':
      return { kind: 'stray', channel: { ...channel, state: opened.state }, rumor: opened.rumor, epochId: epochIdAt(channel, epoch) };
    case 'refused':
      return refuseMessage(opened.reason);
    case 'closed':
      return cannotRead(opened.reason);
    default:
      return opened satisfies never;
  }
}

type Opened =
  | { readonly kind: 'opened'; readonly state: ClientState; readonly rumor: Rumor; readonly sender: Hex }
  | { readonly kind: 'own' }
  | { readonly kind: 'stray'; readonly state: ClientState; readonly rumor: Rumor }
  | { readonly kind: 'refused'; readonly reason: RefusedReason }
  | { readonly kind: 'closed'; readonly reason: UnreadableReason };

async function open(state: ClientState, privateMessage: PrivateMessage): Promise<Opened> {
  const keys = isMember(state) ? epochKeysOf(state, privateMessage.epoch) : undefined;
  if (keys === undefined) return { kind: 'closed', reason: 'stale-epoch' };
  const sender = openSenderData(privateMessage, keys);
  if (sender === undefined) return { kind: 'closed', reason: 'undecryptable' };
  if (sender.leafIndex === state.privatePath.leafIndex) return openOwn(state, privateMessage, keys, sender);
  // ts-mls 2.0.0-rc.10 does not act on its own check of this index, and loops without end on one outside the tree.
  if (leafAt(keys.ratchetTree, sender.leafIndex) === undefined) return { kind: 'refused', reason: 'sender' };
  if (isKeySpent(sender, keys)) return { kind: 'closed', reason: 'already-read' };
  return openPayload(state, privateMessage, keys, sender.leafIndex);
}

/**
 * Our own echo: its key was used up in sending. One whose key was not, and that our own leaf has signed, was sent by a state that came after this
 * one: it has been lost.
 */
async function openOwn(state: ClientState, privateMessage: PrivateMessage, keys: EpochKeys, sender: SenderData): Promise<Opened> {
  if (isKeySpent(sender, keys)) return { kind: 'own' };
  const opened = await openPayload(state, privateMessage, keys, sender.leafIndex);
  return opened.kind === 'opened' ? { kind: 'stray', state: opened.state, rumor: opened.rumor } : { kind: 'own' };
}

async function openPayload(state: ClientState, privateMessage: PrivateMessage, keys: EpochKeys, leafIndex: number): Promise<Opened> {
  const result = await decrypt(state, privateMessage);
  if (result === undefined) return { kind: 'closed', reason: 'undecryptable' };
  if (result.kind !== 'applicationMessage') return { kind: 'refused', reason: 'handshake-form' };
  const rumor = parsePayload(result.message);
  if (rumor === undefined) return { kind: 'refused', reason: 'payload' };
  // The tree of the message's own epoch: the sender may hold another leaf by now.
  const leaf = leafAt(keys.ratchetTree, leafIndex);
  const sender = leaf === undefined ? undefined : accountOf(leaf);
  if (sender === undefined || sender !== rumor.pubkey) return { kind: 'refused', reason: 'author' };
  return { kind: 'opened', state: result.newState, rumor, sender };
}

async function decrypt(state: ClientState, privateMessage: PrivateMessage) {
  try {
    return await processPrivateMessage({ context: createMlsContext(noRng), state, privateMessage });
  } catch {
    return undefined;
  }
}

/** Who speaks in an epoch of ours is one more who follows our branch. */
function accept(channel: Channel, number: bigint, { state, rumor, sender }: Extract<Opened, { kind: 'opened' }>): ProcessResult {
  const epochId = epochIdAt(channel, number);
  const next = { ...channel, state };
  // Branches that share this epoch gain by it too: one of them may overtake ours.
  const { channel: heard, superseded } = epochId === '' ? { channel: next, superseded: [] } : addWitness(next, epochId, sender);
  return { kind: 'payload', channel: heard, rumor, sender, epochId, superseded };
}

/** The id of an epoch of our branch by its number; empty for one that is not kept. */
function epochIdAt({ epoch, past }: Channel, number: bigint): Hex | '' {
  return number === epoch.number ? epoch.id : (past.find((kept) => kept.epoch.number === number)?.epoch.id ?? '');
}

/** Somebody speaks on another branch. If that is the one to follow by now, the message is one of ours. */
async function noteRival(channel: Channel, id: Hex, sender: Hex, mlsBytes: Uint8Array): Promise<ProcessResult> {
  const { channel: next, superseded } = addWitness(channel, id, sender);
  if (superseded.length === 0) return { kind: 'rival', channel: next, content: 'payload' };
  const result = await processPrivate(next, mlsBytes);
  return result.kind === 'payload' ? { ...result, superseded } : { kind: 'handshake', channel: next, superseded };
}
