// Takes in handshakes of other members, on whichever branch they belong to: proposals and commits, as far as their senders may make them
// and the group stays a sound one.

import { processPublicMessage, type ClientState, type IncomingMessageCallback, type ProposalWithSender, type PublicMessage } from 'ts-mls';
import { equalBytes, sha256Hex, type Hex } from '../core/bytes.ts';
import { adminsAfter, disbands, isPrivileged, mayCommit, mayPropose, rulesOf, type GroupRules } from './authorizeHandshake.ts';
import { encodeBase64 } from './base64.ts';
import { addEpoch, epochsAt, isKnown, withState, type OpenEpoch } from './branches.ts';
import { accountAt, isMember, makeEpoch, type Channel, type Epoch } from './channel.ts';
import { checkGroup, leafAt } from './groupCheck.ts';
import { createMlsContext } from './mlsContext.ts';
import type { MlsHeader } from './mlsHeader.ts';
import { decodeMlsMessage } from './mlsMessage.ts';
import { cannotRead, isOwnFault, refuseMessage, type ProcessResult } from './processResult.ts';
import { LIMITS, MLS } from './profile.ts';
import { isRefusal } from './refusal.ts';
import { retireChannel } from './retireChannel.ts';
import { noRng } from './suite.ts';

type PublicHeader = Extract<MlsHeader, { kind: 'public' }>;

/** Processes a public message. May throw what ts-mls throws; `processMls` catches that. */
export async function processPublic(channel: Channel, header: PublicHeader, mlsBytes: Uint8Array): Promise<ProcessResult> {
  const { leafIndex } = header;
  if (leafIndex === channel.state.privatePath.leafIndex) return processOwn(channel, header, mlsBytes);
  const bases = epochsAt(channel, header.epoch);
  if (bases.length === 0) return cannotRead('stale-epoch');
  if (header.content === 'application') return refuseMessage('handshake-form');
  const digest = sha256Hex(mlsBytes);
  if (isKnown(channel, digest)) return cannotRead('already-read');
  const isHere = ({ state }: OpenEpoch): boolean => leafIndex !== undefined && leafAt(state.ratchetTree, leafIndex) !== undefined;
  if (leafIndex === undefined || !bases.some(isHere)) return refuseMessage('sender');
  const message = decodeMlsMessage(mlsBytes);
  if (!('publicMessage' in message)) return cannotRead('malformed');
  const take = { channel, publicMessage: message.publicMessage, leafIndex, digest };
  // The membership tag says which of several epochs of one number it belongs to (protocol-core/convergence.md "Candidate branches").
  const open = bases.filter(isHere);
  for (const base of open) {
    const result = await attemptOn(base, take);
    if (result !== undefined) return result;
  }
  return cannotRead(open.some(({ state }) => !hasAllProposals(state, take.publicMessage)) ? 'missing-proposal' : 'undecryptable');
}

/** Our own echo, unless no state that we have has made it, and our leaf has signed it: then the one that did was lost. */
async function processOwn(channel: Channel, header: PublicHeader, mlsBytes: Uint8Array): Promise<ProcessResult> {
  const message = decodeMlsMessage(mlsBytes);
  if (header.content === 'application' || isKnown(channel, sha256Hex(mlsBytes)) || !('publicMessage' in message)) return { kind: 'own' };
  for (const { state } of epochsAt(channel, header.epoch))
    if (await isSignedByUs(state, message.publicMessage)) return { kind: 'stray', channel };
  return { kind: 'own' };
}

/** ts-mls asks what to do with a message only once it has found its tag and its signature genuine. */
async function isSignedByUs(state: ClientState, publicMessage: PublicMessage): Promise<boolean> {
  let isGenuine = false;
  const decide: IncomingMessageCallback = () => {
    isGenuine = true;
    return 'reject';
  };
  await processWith(state, publicMessage, decide).catch(() => undefined);
  return isGenuine;
}

interface Incoming {
  readonly channel: Channel;
  readonly publicMessage: PublicMessage;
  readonly leafIndex: number;
  readonly digest: Hex;
}

/** Undefined when the message is not authentic in this epoch. */
async function attemptOn(base: OpenEpoch, incoming: Incoming): Promise<ProcessResult | undefined> {
  try {
    return 'proposal' in incoming.publicMessage.content ? await takeProposal(base, incoming) : await takeCommit(base, incoming);
  } catch (error) {
    if (isOwnFault(error)) throw error;
    return undefined;
  }
}

/** True unless the commit is of something that was proposed in a message which we have not got. */
function hasAllProposals({ unappliedProposals }: ClientState, { content }: PublicMessage): boolean {
  if (!('commit' in content)) return true;
  return content.commit.proposals.every((each) => !('reference' in each) || encodeBase64(each.reference) in unappliedProposals);
}

/** A proposal waits for the commit that makes it so. */
async function takeProposal({ epoch, state }: OpenEpoch, { channel, publicMessage, leafIndex, digest }: Incoming): Promise<ProcessResult> {
  if (Object.keys(state.unappliedProposals).length >= LIMITS.proposals) return cannotRead('no-room');
  const rules = rulesOf(state);
  const decide: IncomingMessageCallback = (incoming) =>
    incoming.kind === 'proposal' && mayPropose(rules, leafIndex, incoming.proposal.proposal) ? 'accept' : 'reject';
  const { newState, actionTaken } = await processWith(state, publicMessage, decide);
  if (actionTaken === 'reject') return refuseMessage('proposals');
  return { kind: 'handshake', channel: noteProposals(withState(channel, epoch.id, newState), state, newState, digest), superseded: [] };
}

/** Keeps the digest of a proposal's message, by which the one to commit is chosen among several (member-departure.md). */
function noteProposals(channel: Channel, before: ClientState, after: ClientState, digest: Hex): Channel {
  const added = Object.keys(after.unappliedProposals).filter((ref) => !(ref in before.unappliedProposals));
  return { ...channel, proposalDigests: { ...channel.proposalDigests, ...Object.fromEntries(added.map((ref) => [ref, digest])) } };
}

async function takeCommit({ epoch, state }: OpenEpoch, incoming: Incoming): Promise<ProcessResult> {
  const { channel, publicMessage, leafIndex, digest } = incoming;
  const { content } = publicMessage;
  if (!('commit' in content)) return cannotRead('malformed');
  if (content.commit.proposals.length === 0 && content.commit.path === undefined) return refuseMessage('no-path');
  const rules = rulesOf(state);
  // It runs before ts-mls follows the path.
  let proposals: readonly ProposalWithSender[] = [];
  const decide: IncomingMessageCallback = (given) => {
    if (given.kind !== 'commit' || given.senderLeafIndex !== leafIndex) return 'reject';
    proposals = given.proposals;
    const isInline = content.commit.proposals.every((each) => !('reference' in each));
    return mayCommit(rules, leafIndex, proposals) && (isInline || !disbands(proposals)) ? 'accept' : 'reject';
  };
  const { newState, actionTaken } = await processWith(state, publicMessage, decide);
  if (actionTaken === 'reject') return refuseMessage('proposals');
  const isSound = isMember(newState) ? await isNext(state, newState, leafIndex) : isRemoval(newState, rules, proposals, channel.own);
  if (!isSound) return refuseMessage('group-state');
  const committer = accountAt(state, leafIndex) ?? '';
  const opening = { id: digest, parent: epoch.id, number: epoch.number + 1n, committer, isPrivileged: isPrivileged(proposals) };
  return follow(channel, await makeEpoch(opening, newState), newState);
}

function follow(channel: Channel, epoch: Epoch, state: ClientState): ProcessResult {
  const converged = addEpoch(channel, epoch, state);
  if (converged === undefined) return cannotRead('no-room');
  const { channel: next, superseded } = converged;
  if (!isMember(next.state)) return { kind: 'ended', channel: retireChannel(next) };
  const isOnBranch = next.epoch.id === epoch.id || superseded.length > 0;
  return isOnBranch ? { kind: 'handshake', channel: next, superseded } : { kind: 'rival', channel: next, content: 'commit' };
}

/** The one after it, sound, with nobody in the place of another. */
async function isNext(before: ClientState, after: ClientState, leafIndex: number): Promise<boolean> {
  const [a, b] = [before.groupContext, after.groupContext];
  if (b.epoch !== a.epoch + 1n || !equalBytes(a.groupId, b.groupId)) return false;
  const own = before.privatePath.leafIndex;
  const isOwnKept = leafAt(after.ratchetTree, own) === leafAt(before.ratchetTree, own);
  const isSame = accountAt(after, leafIndex) === accountAt(before, leafIndex);
  return isOwnKept && isSame && !isRefusal(await checkGroup(after, before));
}

/** We are out, if the commit that says so leaves a sound group: no admin may stay listed whose last leaf is gone. */
function isRemoval(state: ClientState, rules: GroupRules, proposals: readonly ProposalWithSender[], own: Hex): boolean {
  const removed = new Set(proposals.flatMap(removedLeaf));
  const left = rules.leaves.filter((leaf) => !removed.has(leaf)).flatMap((leaf) => rules.accountAt(leaf) ?? []);
  const isStillListed = !left.includes(own) && adminsAfter(rules, proposals).includes(own);
  return state.groupActiveState.kind === 'removedFromGroup' && !isStillListed;
}

function removedLeaf({ proposal, senderLeafIndex }: ProposalWithSender): number | readonly number[] {
  if ('remove' in proposal) return proposal.remove.removed;
  return proposal.proposalType === MLS.selfRemove && senderLeafIndex !== undefined ? senderLeafIndex : [];
}

function processWith(state: ClientState, publicMessage: PublicMessage, callback: IncomingMessageCallback) {
  return processPublicMessage({ context: createMlsContext(noRng), state, publicMessage, callback });
}
