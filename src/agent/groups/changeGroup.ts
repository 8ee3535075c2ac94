// Changes a group: members, admins, name, or one's own place in it.

import { z } from 'zod';
import type { Hex } from '../../core/bytes.ts';
import { NegotiateError } from '../../core/errors.ts';
import { describeChannel } from '../../marmot/channel.ts';
import { decodeChannel } from '../../marmot/channelCodec.ts';
import { encodeAdmins, encodeProfile } from '../../marmot/components.ts';
import { COMPONENTS, LIMITS } from '../../marmot/profile.ts';
import { retireChannel } from '../../marmot/retireChannel.ts';
import type { GroupChange } from '../../marmot/stageCommit.ts';
import { parsePublicKey } from '../../nostr/npub.ts';
import type { ChannelRecord } from '../../store/records.ts';
import { doChores } from '../chores.ts';
import { isLost } from '../channelRecord.ts';
import { commitChange, publishStaged, type CommitOutcome } from '../commits.ts';
import type { AgentContext } from '../context.ts';
import { drainOutbox } from '../drainOutbox.ts';
import { fetchChannelNews } from '../fetchNews.ts';
import { lookUpPeer } from '../lookUpPeer.ts';
import { ledgerChanges } from '../mandate/ledgerRecord.ts';
import { permitInGroup } from '../mandate/permit.ts';
import { isStuck } from '../stuck.ts';
import { beginWork, saveWork, type GroupNews, type News, type Work } from '../work.ts';
import { groupName } from './createGroup.ts';
import { othersIn } from './othersIn.ts';
import { findGroup, viewGroup, type GroupView } from './viewGroup.ts';

const npubs = z
  .array(z.string())
  .min(1)
  .max(LIMITS.members - 1);

/** Which group, by the first digits of its id, and the one thing to do to it; `isApproved` as for all that a mandate may ask about. */
export const changeGroupInput = z.strictObject({
  group: z.string(),
  isApproved: z.boolean().optional(),
  change: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('add'), members: npubs }),
    z.strictObject({ kind: z.literal('remove'), member: z.string() }),
    z.strictObject({ kind: z.literal('rename'), name: groupName }),
    /** The admins from now on. */
    z.strictObject({ kind: z.literal('admins'), admins: z.array(z.string()).min(1).max(LIMITS.members) }),
    z.strictObject({ kind: z.literal('self-update') }),
    z.strictObject({ kind: z.literal('leave') }),
    z.strictObject({ kind: z.literal('disband') }),
  ]),
});

type Change = z.infer<typeof changeGroupInput>['change'];

/**
 * The group afterwards, and what has happened in it before, which `sync` will not tell again. `isWaiting` when no relay is known to have
 * the change yet: it goes out with `sync`.
 */
export interface ChangedGroup extends GroupView {
  readonly isWaiting: boolean;
  readonly events: readonly News[];
  readonly groups: readonly GroupNews[];
}

/**
 * Catches up with the group, then changes it. Throws `input/…` for what the group's rules do not let us do, `peer/…` for somebody who
 * cannot be invited, `mandate/…` for a name or a member that the policy does not allow, `relay/unreachable` when no relay takes the change: then it is as if nothing had been done.
 */
export async function changeGroup(
  context: AgentContext,
  { group, change, isApproved }: z.infer<typeof changeGroupInput>,
): Promise<ChangedGroup> {
  const found = findGroup(context.store, group);
  const { id } = found;
  if (isLost(found))
    throw new NegotiateError('input/not-found', 'This home was restored and has no keys for this group. Ask an admin to invite you again.');
  // A change made on top of an old state would only split the group.
  const { news, groupNews } = await fetchChannelNews(context, id);
  const outcome = change.kind === 'leave' ? await leave(context, id) : await commit(beginWork(context, isApproved), id, change);
  await drainOutbox(context, { force: true });
  return { ...viewGroup(findGroup(context.store, id)), isWaiting: outcome === 'waiting', events: news, groups: groupNews };
}

async function commit(work: Work, id: Hex, change: Exclude<Change, { kind: 'leave' }>): Promise<CommitOutcome> {
  const { context } = work;
  const record = findGroup(context.store, id);
  await permitChange(work, record, change);
  const also = ledgerChanges(context.store, work.ledger, [], work.now);
  const outcome = await commitChange(context, id, await toGroupChange(context, record, change), { also });
  if (outcome === 'refused') {
    throw new NegotiateError('relay/unreachable', 'No relay of the group takes this change. Nothing was changed; try again later.');
  }
  if (outcome === 'superseded') {
    throw new NegotiateError('negotiation/refused', 'Another member has changed the group at the same time. Look at it, then try again.');
  }
  return outcome;
}

/** Whom we bring in, and the name that we tell the others, are the owner's to decide. */
async function permitChange(work: Work, { id, state }: ChannelRecord, change: Change): Promise<void> {
  if (change.kind === 'add') await permitInGroup(work, { kind: 'invite', members: change.members.map(parsePublicKey) });
  if (change.kind !== 'rename' || change.name === '') return;
  const members = othersIn(work.context, decodeChannel(state));
  await permitInGroup(work, { kind: 'say', type: 'group-name', group: id, members, text: change.name });
}

async function toGroupChange(
  context: AgentContext,
  record: ChannelRecord,
  change: Exclude<Change, { kind: 'leave' }>,
): Promise<GroupChange> {
  switch (change.kind) {
    case 'add': {
      const contacts = await Promise.all(change.members.map((member) => lookUpPeer(context, parsePublicKey(member))));
      return { kind: 'add', peers: contacts.map(({ keyPackage }) => keyPackage) };
    }
    case 'remove':
      return { kind: 'remove', account: parsePublicKey(change.member) };
    case 'rename':
      return {
        kind: 'component',
        component: COMPONENTS.profile,
        data: encodeProfile({ name: change.name, description: describe(record) }),
      };
    case 'admins':
      return { kind: 'component', component: COMPONENTS.adminPolicy, data: encodeAdmins([...new Set(change.admins.map(parsePublicKey))]) };
    case 'self-update':
    case 'disband':
      return change;
    default:
      return change satisfies never;
  }
}

function describe({ state }: ChannelRecord): string {
  return describeChannel(decodeChannel(state)).description;
}

/** Decided for good: from here on nothing else is sent in the group, and the wish is repeated until it is granted. */
async function leave(context: AgentContext, id: Hex): Promise<CommitOutcome> {
  if (findGroup(context.store, id).endedAt !== undefined) throw new NegotiateError('input/not-found', 'This group is over already.');
  await publishStaged(context, id);
  const record = findGroup(context.store, id);
  if (isStuck(record, context.clock.now())) return giveUp(context, record);
  const { admins } = describeChannel(decodeChannel(record.state));
  if (admins.includes(context.pubkey)) {
    const others = admins.filter((admin) => admin !== context.pubkey);
    const message = 'You are the only admin. Name another one first (group admins), or end the group for everybody (group disband).';
    if (others.length === 0) throw new NegotiateError('input/invalid', message);
    // Being admin is given up first, and only then asked to be let go (app-components/admin-policy-v1.md).
    const outcome = await commitChange(context, id, { kind: 'component', component: COMPONENTS.adminPolicy, data: encodeAdmins(others) });
    if (outcome !== 'applied') return outcome === 'refused' ? failToLeave() : outcome;
  }
  const current = findGroup(context.store, id);
  context.store.save([{ kind: 'channel', record: { ...current, leavingAt: context.clock.now(), hasChores: true } }]);
  await doChores(context);
  return 'applied';
}

/** Nothing can be said where a commit of ours is stuck, not even that we want to go: it is over here alone. */
function giveUp(context: AgentContext, record: ChannelRecord): CommitOutcome {
  const work = beginWork(context);
  work.channels.set(record.id, { record: { ...record, endedAt: work.now }, channel: retireChannel(decodeChannel(record.state)) });
  saveWork(work);
  return 'applied';
}

function failToLeave(): never {
  throw new NegotiateError('relay/unreachable', 'No relay of the group can be reached. Nothing was changed; try again later.');
}
