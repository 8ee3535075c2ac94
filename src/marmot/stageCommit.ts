// Our own commits: made first, published then, and applied only once a relay has them (protocol-core/group-messaging.md "Publish before
// apply"). Until then nothing is sent in the channel.

import { createCommit, defaultProposalTypes, type ClientState, type Proposal } from 'ts-mls';
import { sha256Hex, type Hex } from '../core/bytes.ts';
import { NegotiateError } from '../core/errors.ts';
import type { Rng } from '../core/ports.ts';
import type { NostrEvent } from '../nostr/event.ts';
import { isPrivileged, rulesOf } from './authorizeHandshake.ts';
import { addEpoch, type Converged } from './branches.ts';
import { holdInvitations } from './heldInvitations.ts';
import { accountAt, isActive, makeEpoch, membersOf, type Channel } from './channel.ts';
import { encodeAdmins, encodeLifecycle } from './components.ts';
import { checkPeers, type Invitation } from './createChannel.ts';
import { joinBytes, writeUint, writeVector } from './cursor.ts';
import { sealGroupEvent } from './groupEvent.ts';
import { adminsOf, checkGroup, requires, routingOf } from './groupCheck.ts';
import { createMlsContext } from './mlsContext.ts';
import { encodeMlsMessage } from './mlsMessage.ts';
import { COMPONENTS, LIMITS, MLS } from './profile.ts';
import type { UsableKeyPackage } from './readKeyPackage.ts';
import { isRefusal } from './refusal.ts';
import { retireChannel } from './retireChannel.ts';
import { buildWelcome } from './welcome.ts';

/**
 * What a commit of ours may do: renew our leaf; let those go who have asked for it; and, for an admin, add and remove members and
 * replace a component of the group's state (`data` is the whole new state, app-components/README.md), or end the group for everybody.
 */
export type GroupChange =
  | { readonly kind: 'self-update' }
  | { readonly kind: 'let-go' }
  | { readonly kind: 'add'; readonly peers: readonly UsableKeyPackage[] }
  | { readonly kind: 'remove'; readonly account: Hex }
  | { readonly kind: 'disband' }
  | { readonly kind: 'component'; readonly component: number; readonly data: Uint8Array };

/** A channel with a commit of ours that waits for a relay, the event that carries it, and the SHA-256 (hex) of its MLS message. */
export interface StagedCommit {
  readonly channel: Channel;
  readonly event: NostrEvent;
  readonly mlsHash: Hex;
}

/**
 * Makes a commit. Save the channel before the event is published. `now` is in unix seconds. Throws `input/invalid` for a change that
 * the group's rules do not let us make, `relay/unacknowledged` while another commit of ours waits, `peer/unusable-key-package`.
 */
export async function stageCommit(channel: Channel, change: GroupChange, now: number, rng: Rng): Promise<StagedCommit> {
  const { own, epoch, staged } = channel;
  if (staged !== undefined)
    throw new NegotiateError('relay/unacknowledged', 'No relay has confirmed a change of this channel yet. Run sync, then try again.');
  if (!isActive(channel.state)) throw new NegotiateError('input/invalid', 'This group is over, or you are no member of it any more.');
  const { state, extraProposals } = prepare(channel, change, now);
  const context = createMlsContext(rng);
  const made = await createCommit({ context, state, extraProposals, wireAsPublicMessage: true, ratchetTreeExtension: true });
  if (change.kind !== 'disband' && isRefusal(await checkGroup(made.newState, channel.state)))
    throw new NegotiateError('input/invalid', 'The group would not be a sound one after this change. Nothing was changed.');
  const mlsBytes = encodeMlsMessage(made.commit);
  const mlsHash = sha256Hex(mlsBytes);
  // Under the key of the epoch that it ends: nobody has another yet.
  const event = sealGroupEvent(epoch.outerKey, routingOf(channel.state).nostrGroupId, mlsBytes, now, rng);
  const proposals = [
    ...Object.values(state.unappliedProposals),
    ...extraProposals.map((proposal) => ({ proposal, senderLeafIndex: undefined })),
  ];
  const opening = { id: mlsHash, parent: epoch.id, number: epoch.number + 1n, committer: own, isPrivileged: isPrivileged(proposals) };
  const next = await makeEpoch(opening, made.newState);
  const welcomes = made.welcome === undefined ? [] : invite(channel, change, encodeMlsMessage(made.welcome), now);
  const waiting = { epoch: next, state: made.newState, event: JSON.stringify(event), welcomes: JSON.stringify(welcomes) };
  return { channel: { ...channel, staged: waiting }, event, mlsHash };
}

/**
 * The channel after a relay has taken the staged commit, and whom it invites held in it: the commit may have lost to another one in the
 * meantime. Throws `internal/bug` when there is none.
 */
export function adoptStaged(channel: Channel): Converged {
  const { staged, ...rest } = channel;
  if (staged === undefined)
    throw new NegotiateError('internal/bug', 'A commit was to be applied that nobody has made. Please report this.');
  const converged = addEpoch(rest, staged.epoch, staged.state) ?? { channel: rest, superseded: [] };
  if (!isActive(converged.channel.state)) return { ...converged, channel: retireChannel(converged.channel) };
  const invitations = JSON.parse(staged.welcomes) as Invitation[];
  return { ...converged, channel: holdInvitations(converged.channel, staged.epoch, invitations) };
}

/** The channel without its staged commit, which certainly no relay has. */
export function dropStaged({ staged: _, ...rest }: Channel): Channel {
  return rest;
}

interface Prepared {
  readonly state: ClientState;
  readonly extraProposals: Proposal[];
}

function prepare(channel: Channel, change: GroupChange, now: number): Prepared {
  const { state } = channel;
  // What others have proposed is not ours to commit along with it.
  const bare = { ...state, unappliedProposals: {} };
  switch (change.kind) {
    case 'self-update':
      return { state: bare, extraProposals: [] };
    case 'let-go':
      return { state: { ...state, unappliedProposals: departuresOf(channel) }, extraProposals: [] };
    case 'add':
      checkAdmin(channel);
      checkRoom(channel, change.peers, now);
      return {
        state: bare,
        extraProposals: change.peers.map(({ keyPackage }) => ({ proposalType: defaultProposalTypes.add, add: { keyPackage } })),
      };
    case 'remove':
      checkAdmin(channel);
      return { state: bare, extraProposals: removalOf(channel, change.account) };
    case 'disband':
      checkAdmin(channel);
      return { state: bare, extraProposals: disbandingOf(channel) };
    case 'component':
      checkAdmin(channel);
      return { state: bare, extraProposals: [replaceComponent(change.component, change.data)] };
    default:
      return change satisfies never;
  }
}

function checkAdmin({ own, state }: Channel): void {
  if (!adminsOf(state).includes(own)) throw new NegotiateError('input/invalid', 'Only an admin of the group can do this.');
}

function checkRoom({ own, state }: Channel, peers: readonly UsableKeyPackage[], now: number): void {
  const others = membersOf(state).filter((account) => account !== own);
  checkPeers(own, peers, now);
  if (peers.some(({ account }) => others.includes(account))) throw new NegotiateError('input/invalid', 'This one is a member already.');
  if (others.length + peers.length + 1 > LIMITS.members)
    throw new NegotiateError('input/invalid', `A group has at most ${LIMITS.members} members.`);
}

/** All leaves of the account, and its place among the admins. */
function removalOf({ own, state }: Channel, account: Hex): Proposal[] {
  const leaves = state.ratchetTree.flatMap((_, node) => (node % 2 === 0 && accountAt(state, node / 2) === account ? [node / 2] : []));
  if (leaves.length === 0 || account === own)
    throw new NegotiateError('input/invalid', 'This is no other member of the group. To go yourself, leave it.');
  const admins = adminsOf(state);
  const removals = leaves.map((removed): Proposal => ({ proposalType: defaultProposalTypes.remove, remove: { removed } }));
  const rest = admins.filter((admin) => admin !== account);
  return rest.length === admins.length ? removals : [...removals, replaceComponent(COMPONENTS.adminPolicy, encodeAdmins(rest))];
}

/** Everybody else goes, we alone stay as admin, and the group says that it is over (app-components/group-lifecycle-v1.md). */
function disbandingOf({ own, state }: Channel): Proposal[] {
  if (!requires(state, COMPONENTS.lifecycle))
    throw new NegotiateError('input/invalid', 'This group cannot be disbanded: it is too old for that.');
  const { leaves } = rulesOf(state);
  const others = leaves.filter((leaf) => leaf !== state.privatePath.leafIndex);
  return [
    ...others.map((removed): Proposal => ({ proposalType: defaultProposalTypes.remove, remove: { removed } })),
    replaceComponent(COMPONENTS.adminPolicy, encodeAdmins([own])),
    replaceComponent(COMPONENTS.lifecycle, encodeLifecycle('disbanded')),
  ];
}

function replaceComponent(component: number, data: Uint8Array): Proposal {
  return { proposalType: MLS.appDataUpdate, proposalData: joinBytes(writeUint(component, 2), Uint8Array.of(1), writeVector(data)) };
}

/** The wishes to leave of others, one for each leaf: that of the lowest digest (protocol-core/member-departure.md "SelfRemove commits"). */
function departuresOf({ state, proposalDigests }: Channel): ClientState['unappliedProposals'] {
  const digestOf = (ref: string): Hex => proposalDigests[ref] ?? '';
  const wishes = Object.entries(state.unappliedProposals).filter(
    ([, { proposal, senderLeafIndex }]) => proposal.proposalType === MLS.selfRemove && senderLeafIndex !== state.privatePath.leafIndex,
  );
  const first = new Map<number | undefined, (typeof wishes)[number]>();
  for (const wish of wishes) {
    const known = first.get(wish[1].senderLeafIndex);
    if (known === undefined || digestOf(wish[0]) < digestOf(known[0])) first.set(wish[1].senderLeafIndex, wish);
  }
  if (first.size === 0) throw new NegotiateError('input/invalid', 'Nobody has asked to leave this group.');
  return Object.fromEntries(first.values());
}

function invite(channel: Channel, change: GroupChange, mlsBytes: Uint8Array, now: number): readonly Invitation[] {
  if (change.kind !== 'add') return [];
  const { relays } = routingOf(channel.state);
  return change.peers.map(({ account, eventId }) => ({
    account,
    welcome: buildWelcome({ author: channel.own, keyPackageEventId: eventId, relays, mlsBytes, now }),
  }));
}
