// Who may change what: the one place that decides on every proposal and commit, by the rules of the epoch before it
// (protocol-core/group-messaging.md "Commit authorization", app-components/admin-policy-v1.md, protocol-core/member-departure.md).

import { defaultProposalTypes, type Proposal, type ProposalWithSender } from 'ts-mls';
import type { Hex } from '../core/bytes.ts';
import { decodeAdmins } from './components.ts';
import { expectEnd, openCursor, readUint, readVector } from './cursor.ts';
import { COMPONENTS, MLS } from './profile.ts';

/** The group as it was before the handshake: its admins, and whose a leaf is. */
export interface GroupRules {
  readonly admins: readonly Hex[];
  readonly accountAt: (leafIndex: number) => Hex | undefined;
}

// What an admin may commit. An Update, a PSK, a ReInit or an ExternalInit has no place in a Marmot group.
const ADMIN_PROPOSALS: ReadonlySet<number> = new Set([
  defaultProposalTypes.add,
  defaultProposalTypes.remove,
  defaultProposalTypes.group_context_extensions,
  MLS.appDataUpdate,
]);

/** True when this member may send this proposal on its own: SelfRemove for who is no admin, AppDataUpdate for who is one. */
export function mayPropose({ admins, accountAt }: GroupRules, sender: number, { proposalType }: Proposal): boolean {
  const account = accountAt(sender);
  if (account === undefined) return false;
  const isAdmin = admins.includes(account);
  return proposalType === MLS.selfRemove ? !isAdmin : proposalType === MLS.appDataUpdate && isAdmin;
}

/**
 * True when this member may commit these proposals: nothing but its own new leaf; or what other members, none of them an admin, have
 * asked for by SelfRemove; or, as an admin, anything an admin may. The three are never mixed.
 */
export function mayCommit(rules: GroupRules, committer: number, proposals: readonly ProposalWithSender[]): boolean {
  const account = rules.accountAt(committer);
  if (account === undefined) return false;
  if (proposals.length === 0) return true;
  const departures = proposals.filter(({ proposal }) => proposal.proposalType === MLS.selfRemove);
  if (departures.length > 0)
    return departures.length === proposals.length && departures.every((each) => isDeparture(rules, committer, each));
  return rules.admins.includes(account) && proposals.every((each) => isAdminProposal(rules, committer, each));
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
