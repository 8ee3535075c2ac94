// Takes in handshakes of the peer: its proposals and commits, as far as it may make them and the group stays one of these two.

import { processPublicMessage, type ClientState, type IncomingMessageCallback, type ProposalWithSender, type PublicMessage } from 'ts-mls';
import { equalBytes } from '../core/bytes.ts';
import { adminsAfter, mayCommit, mayPropose, type GroupRules } from './authorizeHandshake.ts';
import { advanceTip, type Channel } from './channel.ts';
import { adminsOf, checkGroup, leafAt } from './groupCheck.ts';
import { accountOf } from './leaf.ts';
import { createMlsContext } from './mlsContext.ts';
import type { MlsHeader } from './mlsHeader.ts';
import { decodeMlsMessage } from './mlsMessage.ts';
import { cannotRead, refuseMessage, type ProcessResult } from './processResult.ts';
import { LIMITS, MLS } from './profile.ts';
import { isRefusal } from './refusal.ts';
import { noRng } from './suite.ts';

type PublicHeader = Extract<MlsHeader, { kind: 'public' }>;

/** Processes a public message. May throw what ts-mls throws; `processMls` catches that. */
export async function processPublic(channel: Channel, header: PublicHeader, mlsBytes: Uint8Array): Promise<ProcessResult> {
  const { state } = channel;
  if (header.leafIndex === state.privatePath.leafIndex) return { kind: 'own' };
  if (header.epoch < state.groupContext.epoch) return cannotRead('stale-epoch');
  if (header.content === 'application') return refuseMessage('handshake-form');
  if (header.leafIndex === undefined || leafAt(state.ratchetTree, header.leafIndex) === undefined) return refuseMessage('sender');
  const message = decodeMlsMessage(mlsBytes);
  if (!('publicMessage' in message)) return cannotRead('malformed');
  const { publicMessage } = message;
  return header.content === 'proposal'
    ? takeProposal(channel, publicMessage, header.leafIndex)
    : takeCommit(channel, publicMessage, header.leafIndex);
}

/** A proposal waits for the commit that makes it so. One to leave is told at once: somebody else has to commit it. */
async function takeProposal(channel: Channel, publicMessage: PublicMessage, leafIndex: number): Promise<ProcessResult> {
  const { content } = publicMessage;
  if (!('proposal' in content) || Object.keys(channel.state.unappliedProposals).length >= LIMITS.proposals)
    return refuseMessage('proposals');
  const rules = rulesOf(channel.state);
  const decide: IncomingMessageCallback = (incoming) =>
    incoming.kind === 'proposal' && mayPropose(rules, leafIndex, incoming.proposal.proposal) ? 'accept' : 'reject';
  const { newState, actionTaken } = await processWith(channel.state, publicMessage, decide);
  if (actionTaken === 'reject') return refuseMessage('proposals');
  const next = { ...channel, state: newState };
  return content.proposal.proposalType === MLS.selfRemove ? { kind: 'leaving', channel: next } : { kind: 'handshake', channel: next };
}

async function takeCommit(channel: Channel, publicMessage: PublicMessage, leafIndex: number): Promise<ProcessResult> {
  const { content } = publicMessage;
  if (!('commit' in content)) return cannotRead('malformed');
  if (content.commit.proposals.length === 0 && content.commit.path === undefined) return refuseMessage('no-path');
  const rules = rulesOf(channel.state);
  // It runs before ts-mls follows the path.
  let proposals: readonly ProposalWithSender[] = [];
  const decide: IncomingMessageCallback = (incoming) => {
    if (incoming.kind !== 'commit' || incoming.senderLeafIndex !== leafIndex) return 'reject';
    proposals = incoming.proposals;
    return mayCommit(rules, leafIndex, proposals) ? 'accept' : 'reject';
  };
  const { newState, actionTaken } = await processWith(channel.state, publicMessage, decide);
  if (actionTaken === 'reject') return refuseMessage('proposals');
  if (newState.groupActiveState.kind !== 'active') return endChannel(channel, newState, rules, proposals);
  const isSound = isNextEpoch(channel.state, newState) && !isRefusal(await checkGroup(newState, [channel.own, channel.peer]));
  if (!isSound || !keepsIdentity(channel, newState, leafIndex)) return refuseMessage('group-state');
  return { kind: 'handshake', channel: await advanceTip(channel, newState) };
}

/** We are out, if the commit that says so is one that leaves a sound group: no admin may stay listed whose last leaf is gone. */
function endChannel(channel: Channel, state: ClientState, rules: GroupRules, proposals: readonly ProposalWithSender[]): ProcessResult {
  if (state.groupActiveState.kind !== 'removedFromGroup' || adminsAfter(rules, proposals).includes(channel.own)) {
    return refuseMessage('group-state');
  }
  return { kind: 'ended', channel: { ...channel, state } };
}

function processWith(state: ClientState, publicMessage: PublicMessage, callback: IncomingMessageCallback) {
  return processPublicMessage({ context: createMlsContext(noRng), state, publicMessage, callback });
}

function rulesOf(state: ClientState): GroupRules {
  return {
    admins: adminsOf(state),
    accountAt: (leafIndex) => {
      const leaf = leafAt(state.ratchetTree, leafIndex);
      return leaf === undefined ? undefined : accountOf(leaf);
    },
  };
}

function isNextEpoch(before: ClientState, after: ClientState): boolean {
  return after.groupContext.epoch === before.groupContext.epoch + 1n && equalBytes(after.groupContext.groupId, before.groupContext.groupId);
}

function keepsIdentity(channel: Channel, after: ClientState, leafIndex: number): boolean {
  const own = channel.state.privatePath.leafIndex;
  const peerLeaf = leafAt(after.ratchetTree, leafIndex);
  const isPeer = peerLeaf !== undefined && accountOf(peerLeaf) === channel.peer;
  return isPeer && leafAt(after.ratchetTree, own) === leafAt(channel.state.ratchetTree, own);
}
