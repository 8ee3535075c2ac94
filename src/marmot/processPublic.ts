// Takes the peer's bare self-update, the one handshake that a channel of two without proposals can see.

import { processPublicMessage, type ClientState, type IncomingMessageCallback, type PublicMessage } from 'ts-mls';
import { equalBytes } from '../core/bytes.ts';
import { advanceTip, type Channel } from './channel.ts';
import { checkGroup, leafAt } from './groupCheck.ts';
import { accountOf } from './leaf.ts';
import { createMlsContext } from './mlsContext.ts';
import type { MlsHeader } from './mlsHeader.ts';
import { decodeMlsMessage } from './mlsMessage.ts';
import { cannotRead, refuseMessage, type ProcessResult } from './processResult.ts';
import { isRefusal } from './refusal.ts';
import { noRng } from './suite.ts';

type PublicHeader = Extract<MlsHeader, { kind: 'public' }>;

/**
 * Processes a public message. Anything but a bare commit by the peer is refused from its header, before ts-mls reads it: 2.0.0-rc.10
 * decodes no AppDataUpdate and no SelfRemove, lets a removed member derive the next epoch's keys, and can abort the process when we
 * are the one removed. May throw what ts-mls throws; `processMls` catches that.
 */
export async function processPublic(channel: Channel, header: PublicHeader, mlsBytes: Uint8Array): Promise<ProcessResult> {
  const { state } = channel;
  if (header.leafIndex === state.privatePath.leafIndex) return { kind: 'own' };
  if (header.epoch < state.groupContext.epoch) return cannotRead('stale-epoch');
  if (header.content === 'application') return refuseMessage('handshake-form');
  if (header.leafIndex === undefined || leafAt(state.ratchetTree, header.leafIndex) === undefined) return refuseMessage('sender');
  if (header.content !== 'bare-commit') return refuseMessage('proposals');
  const message = decodeMlsMessage(mlsBytes);
  if (!('publicMessage' in message)) return cannotRead('malformed');
  return applySelfUpdate(channel, message.publicMessage, header.leafIndex);
}

async function applySelfUpdate(channel: Channel, publicMessage: PublicMessage, leafIndex: number): Promise<ProcessResult> {
  const { content } = publicMessage;
  if (!('commit' in content) || content.commit.path === undefined) return refuseMessage('no-path');
  const state = { ...channel.state, unappliedProposals: {} };
  const { newState, actionTaken } = await processPublicMessage({
    context: createMlsContext(noRng),
    state,
    publicMessage,
    callback: acceptBare(leafIndex),
  });
  if (actionTaken === 'reject') return refuseMessage('proposals');
  const isSound = isSameGroup(channel.state, newState) && !isRefusal(await checkGroup(newState, [channel.own, channel.peer]));
  if (!isSound || !keepsIdentity(channel, newState, leafIndex)) return refuseMessage('group-state');
  return { kind: 'handshake', channel: await advanceTip(channel, newState) };
}

// A second lock behind the header check: it runs before ts-mls follows the path.
function acceptBare(leafIndex: number): IncomingMessageCallback {
  return (incoming) =>
    incoming.kind === 'commit' && incoming.proposals.length === 0 && incoming.senderLeafIndex === leafIndex ? 'accept' : 'reject';
}

function isSameGroup(before: ClientState, after: ClientState): boolean {
  const isNext = after.groupContext.epoch === before.groupContext.epoch + 1n && after.groupActiveState.kind === 'active';
  return (
    isNext &&
    equalBytes(after.groupContext.groupId, before.groupContext.groupId) &&
    after.groupContext.extensions === before.groupContext.extensions
  );
}

function keepsIdentity(channel: Channel, after: ClientState, leafIndex: number): boolean {
  const own = channel.state.privatePath.leafIndex;
  const peerLeaf = leafAt(after.ratchetTree, leafIndex);
  const isPeer = peerLeaf !== undefined && accountOf(peerLeaf) === channel.peer;
  return isPeer && leafAt(after.ratchetTree, own) === leafAt(channel.state.ratchetTree, own);
}
