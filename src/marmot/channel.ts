// A channel: one MLS group as a value that is saved and handed back; every step returns a new one. Most have two members.

import { mlsExporter, type ClientState } from 'ts-mls';
import { bytesToHex, sha256Hex, utf8, type Hex } from '../core/bytes.ts';
import type { BranchEpoch } from './branchScore.ts';
import { decodeLifecycle, decodeProfile } from './components.ts';
import { accountOf } from './leaf.ts';
import { adminsOf, componentOf, leafAt, routingOf } from './groupCheck.ts';
import { COMPONENTS, GROUP_EVENT_EXPORTER, MLS } from './profile.ts';
import { createSuite, noRng } from './suite.ts';

/** An epoch of a group, on the branch that we follow or on another. */
export interface Epoch extends BranchEpoch {
  readonly number: bigint;
  /** The id of the epoch that the commit ended; empty for the first one that we know. */
  readonly parent: Hex;
  /** The `h` tag of the events of this epoch. */
  readonly address: Hex;
  /** Of the kind 445 events of this epoch (32 bytes); empty where the commit has removed us. */
  readonly outerKey: Uint8Array;
}

/** An epoch and its MLS state as bytes: in full off our branch, without what the tip's state holds anyway on it. */
export interface KeptEpoch {
  readonly epoch: Epoch;
  readonly bytes: Uint8Array;
}

/** A group that we are in. Opaque: read it through {@link describeChannel}, keep it through `encodeChannel`. */
export interface Channel {
  readonly own: Hex;
  readonly epoch: Epoch;
  readonly state: ClientState;
  /** At most five epochs before the tip, newest first: what can still be gone back to. */
  readonly past: readonly KeptEpoch[];
  /** Epochs of branches that have not won so far. */
  readonly rivals: readonly KeptEpoch[];
  /** SHA-256 (hex) of the messages of proposals that wait, by their references (base64). */
  readonly proposalDigests: Readonly<Record<string, Hex>>;
  /** Whom commits of ours invite, as long as their epochs are kept. */
  readonly invited: readonly HeldInvitation[];
  /** A commit of ours that no relay is known to have yet. */
  readonly staged?: Staged;
}

/** An invitation into an epoch that a commit of ours has opened; `welcome` is the rumor as JSON. */
export interface HeldInvitation {
  readonly epochId: Hex;
  readonly account: Hex;
  readonly welcome: string;
  /** The gift wrap that it was put on its way in. */
  readonly wrapId?: Hex;
}

/** A commit of ours on its way: the epoch that it opens, the event that carries it, and the welcomes that go out after it, as JSON. */
export interface Staged {
  readonly epoch: Epoch;
  readonly state: ClientState;
  readonly event: string;
  readonly welcomes: string;
}

/** What a channel is, for records and routing; every field comes from the MLS state. */
export interface ChannelDescription {
  readonly mlsGroupId: Hex;
  /** The `h` tag to subscribe to. */
  readonly nostrGroupId: Hex;
  readonly name: string;
  readonly description: string;
  readonly epoch: number;
  /** The id of the epoch: changes with every commit and every change of branch. */
  readonly epochId: Hex;
  readonly relays: readonly string[];
  /** The accounts in it, in the order of their leaves, each once. */
  readonly members: readonly Hex[];
  readonly admins: readonly Hex[];
  /** The accounts that have asked to be let go. */
  readonly leaving: readonly Hex[];
  /** False once we were removed. */
  readonly isMember: boolean;
  /** True once an admin has ended the group for good. */
  readonly isDisbanded: boolean;
}

/** Says what a channel is. Throws `marmot/invalid` for a state without routing, which no channel of ours has. */
export function describeChannel({ state, epoch }: Channel): ChannelDescription {
  const { nostrGroupId, relays } = routingOf(state);
  const profile = componentOf(state, COMPONENTS.profile);
  return {
    mlsGroupId: bytesToHex(state.groupContext.groupId),
    nostrGroupId,
    ...(profile === undefined ? { name: '', description: '' } : decodeProfile(profile)),
    epoch: Number(epoch.number),
    epochId: epoch.id,
    relays,
    members: membersOf(state),
    admins: adminsOf(state),
    leaving: leaversOf(state),
    isMember: isMember(state),
    isDisbanded: isDisbanded(state),
  };
}

/** The accounts of a state in leaf order, each once. */
export function membersOf(state: ClientState): readonly Hex[] {
  const accounts = state.ratchetTree.flatMap((node) => (node !== undefined && 'leaf' in node ? (accountOf(node.leaf) ?? []) : []));
  return [...new Set(accounts)];
}

function leaversOf(state: ClientState): readonly Hex[] {
  const accounts = Object.values(state.unappliedProposals).flatMap(({ proposal, senderLeafIndex }) =>
    proposal.proposalType === MLS.selfRemove && senderLeafIndex !== undefined ? (accountAt(state, senderLeafIndex) ?? []) : [],
  );
  return [...new Set(accounts)];
}

/** Whose leaf this is. */
export function accountAt(state: ClientState, leafIndex: number): Hex | undefined {
  const leaf = leafAt(state.ratchetTree, leafIndex);
  return leaf === undefined ? undefined : accountOf(leaf);
}

/** False for a state whose last commit has removed us. */
export function isMember({ groupActiveState }: ClientState): boolean {
  return groupActiveState.kind === 'active';
}

/** True while the group lives and we are in it: what is over for us stays over (app-components/group-lifecycle-v1.md). */
export function isActive(state: ClientState): boolean {
  return isMember(state) && !isDisbanded(state);
}

function isDisbanded(state: ClientState): boolean {
  const lifecycle = componentOf(state, COMPONENTS.lifecycle);
  return lifecycle !== undefined && decodeLifecycle(lifecycle) === 'disbanded';
}

/** What opened an epoch: the commit's digest and maker, and the epoch it ended. */
export type Opening = Pick<Epoch, 'id' | 'isPrivileged' | 'committer' | 'number' | 'parent'>;

/** An epoch with its outer key, which nobody has spoken in yet. */
export async function makeEpoch(opening: Opening, state: ClientState): Promise<Epoch> {
  return {
    ...opening,
    address: routingOf(state).nostrGroupId,
    outerKey: isMember(state) ? await deriveOuterKey(state) : new Uint8Array(),
    witnesses: [],
  };
}

/** A channel at the first epoch that we know of its group. */
export async function beginChannel(own: Hex, state: ClientState): Promise<Channel> {
  const { epoch: number, confirmedTranscriptHash } = state.groupContext;
  const id = sha256Hex(Buffer.concat([confirmedTranscriptHash, state.confirmationTag]));
  return {
    own,
    epoch: await makeEpoch({ id, number, parent: '', isPrivileged: false, committer: own }, state),
    state,
    past: [],
    proposalDigests: {},
    invited: [],
    rivals: [],
  };
}

async function deriveOuterKey(state: ClientState): Promise<Uint8Array> {
  const { label, context, length } = GROUP_EVENT_EXPORTER;
  return mlsExporter(state.keySchedule.exporterSecret, label, utf8(context), length, createSuite(noRng));
}
