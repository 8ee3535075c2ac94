// Who may change what: the one place that decides on every proposal and commit, by the rules of the epoch before it
// (protocol-core/group-messaging.md "Commit authorization", app-components/admin-policy-v1.md, protocol-core/member-departure.md).

import { defaultProposalTypes, type ClientState, type Proposal, type ProposalWithSender } from 'ts-mls';
import { equalBytes, type Hex } from '../core/bytes.ts';
import { decodeAdmins, encodeLifecycle, type Lifecycle } from './components.ts';
import { expectEnd, openCursor, readUint, readVector } from './cursor.ts';
import { adminsOf, leafAt, requires } from './groupCheck.ts';
import { accountOf } from './leaf.ts';
import { COMPONENTS, MLS } from './profile.ts';

/** The group as it was before the handshake: its admins, its leaves, whose each is, and whether it can be disbanded. */
export interface GroupRules {
  readonly admins: readonly Hex[];
  readonly leaves: readonly number[];
  readonly accountAt: (leafIndex: number) => Hex | undefined;
  readonly hasLifecycle: boolean;
}

/** The rules of a state. Throws `marmot/invalid` when it has no admin policy, which no state of ours lacks. */
export function rulesOf(state: ClientState): GroupRules {
  return {
    admins: adminsOf(state),
    leaves: state.ratchetTree.flatMap((node, index) => (node !== undefined && 'leaf' in node ? [index / 2] : [])),
    accountAt: (leafIndex) => {
      const leaf = leafAt(state.ratchetTree, leafIndex);
      return leaf === undefined ? undefined : accountOf(leaf);
    },
    hasLifecycle: requires(state, COMPONENTS.lifecycle),
  };
}

// What an admin may commit. An Update, a PSK, a ReInit or an ExternalInit has no place in a Marmot group.
const ADMIN_PROPOSALS: ReadonlySet<number> = new Set([
  defaultProposalTypes.add,
  defaultProposalTypes.remove,
  defaultProposalTypes.group_context_extensions,
  MLS.appDataUpdate,
]);

/**
 * True when this member may send this proposal on its own: SelfRemove for who is no admin, AppDataUpdate for who is one. A group is
 * disbanded by one commit, never by a proposal before it (app-components/group-lifecycle-v1.md).
 */
export function mayPropose({ admins, accountAt }: GroupRules, sender: number, proposal: Proposal): boolean {
  const account = accountAt(sender);
  if (account === undefined) return false;
  const isAdmin = admins.includes(account);
  if (proposal.proposalType === MLS.selfRemove) return !isAdmin;
  return proposal.proposalType === MLS.appDataUpdate && isAdmin && readUpdate(proposal)?.component !== COMPONENTS.lifecycle;
}

/**
 * True when this member may commit these proposals: nothing but its own new leaf; or what other members, none of them an admin, have
 * asked for by SelfRemove; or, as an admin, anything an admin may. The three are never mixed.
 */
export function mayCommit(rules: GroupRules, committer: number, proposals: readonly ProposalWithSender[]): boolean {
  const account = rules.accountAt(committer);
  if (account === undefined) return false;
  if (proposals.length === 0) return true;
  if (proposals.some(isDepartureWish)) return proposals.every((each) => isDeparture(rules, committer, each));
  if (!rules.admins.includes(account) || !proposals.every((each) => isAdminProposal(rules, committer, each))) return false;
  const updated = proposals.flatMap(({ proposal }) => readUpdate(proposal)?.component ?? []);
  if (new Set(updated).size !== updated.length) return false;
  return !updated.includes(COMPONENTS.lifecycle) || isDisbanding(rules, committer, proposals) || isEnabling(rules, proposals);
}

/** True for a commit that only an admin may make: neither a bare self-update nor departures (protocol-core/convergence.md). */
export function isPrivileged(proposals: readonly ProposalWithSender[]): boolean {
  return proposals.length > 0 && !proposals.every(isDepartureWish);
}

/** True for a commit that ends the group: the lifecycle becomes disbanded. */
export function disbands(proposals: readonly ProposalWithSender[]): boolean {
  return proposals.some(({ proposal }) => isLifecycle(proposal, 'disbanded'));
}

/** A commit that disbands: it leaves the committer's leaf alone, as the only admin, and does nothing else. */
function isDisbanding(rules: GroupRules, committer: number, proposals: readonly ProposalWithSender[]): boolean {
  if (!disbands(proposals) || !rules.hasLifecycle) return false;
  const removed = proposals.flatMap(({ proposal }) => ('remove' in proposal ? [proposal.remove.removed] : []));
  const others = rules.leaves.filter((leaf) => leaf !== committer);
  const account = rules.accountAt(committer);
  const isComplete = removed.length === others.length && others.every((leaf) => removed.includes(leaf));
  const admins = adminsAfter(rules, proposals);
  const hasPolicy = proposals.some(({ proposal }) => readUpdate(proposal)?.component === COMPONENTS.adminPolicy);
  const isOnly = proposals.length === removed.length + 2;
  return isComplete && hasPolicy && isOnly && admins.length === 1 && admins[0] === account;
}

/** A commit that gives a group from before the lifecycle component one. */
function isEnabling({ hasLifecycle }: GroupRules, proposals: readonly ProposalWithSender[]): boolean {
  return !hasLifecycle && proposals.some(({ proposal }) => isLifecycle(proposal, 'active'));
}

function isLifecycle(proposal: Proposal, lifecycle: Lifecycle): boolean {
  const update = readUpdate(proposal);
  return update?.component === COMPONENTS.lifecycle && equalBytes(update.payload, encodeLifecycle(lifecycle));
}

function isDepartureWish({ proposal }: ProposalWithSender): boolean {
  return proposal.proposalType === MLS.selfRemove;
}

function isDeparture(rules: GroupRules, committer: number, { proposal, senderLeafIndex }: ProposalWithSender): boolean {
  return senderLeafIndex !== undefined && senderLeafIndex !== committer && mayPropose(rules, senderLeafIndex, proposal);
}

/** What the committer brings itself, or what another admin has proposed before. */
function isAdminProposal(rules: GroupRules, committer: number, { proposal, senderLeafIndex }: ProposalWithSender): boolean {
  if (!ADMIN_PROPOSALS.has(proposal.proposalType)) return false;
  return senderLeafIndex === committer || (senderLeafIndex !== undefined && mayPropose(rules, senderLeafIndex, proposal));
}

/** The admins after these proposals: those of an admin policy update among them, else the ones before. Throws `marmot/invalid`. */
export function adminsAfter({ admins }: GroupRules, proposals: readonly ProposalWithSender[]): readonly Hex[] {
  const updates = proposals.flatMap(({ proposal }) => readUpdate(proposal) ?? []);
  const update = updates.find(({ component }) => component === COMPONENTS.adminPolicy);
  return update === undefined ? admins : decodeAdmins(update.payload);
}

interface AppDataUpdate {
  readonly component: number;
  readonly payload: Uint8Array;
}

function readUpdate(proposal: Proposal): AppDataUpdate | undefined {
  if (proposal.proposalType !== MLS.appDataUpdate || !('proposalData' in proposal)) return undefined;
  const cursor = openCursor(proposal.proposalData);
  const component = readUint(cursor, 2);
  const payload = readUint(cursor, 1) === 1 ? readVector(cursor) : new Uint8Array();
  expectEnd(cursor);
  return { component, payload };
}
