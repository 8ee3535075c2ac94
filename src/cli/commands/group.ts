// The verbs of groups: several agents, or people with a Marmot client, in one private conversation.

import type { InputOf } from '../../agent/api.ts';
import type { ChangedGroup } from '../../agent/groups/changeGroup.ts';
import type { GroupMessage } from '../../agent/groups/listGroups.ts';
import type { GroupView } from '../../agent/groups/viewGroup.ts';
import { displayText } from '../../core/text.ts';
import { printResult, readTextArgument, type CommonOptions } from '../io.ts';
import { renderTime, shortId, shortNpub } from '../render.ts';
import { readApproval, type ApprovableOptions } from './talk.ts';
import { useAgent } from '../useAgent.ts';

/** Options of `group show`. */
export interface ShowOptions extends CommonOptions {
  readonly limit?: string;
}

/** Lists groups and channels. */
export async function runGroupList(options: CommonOptions): Promise<void> {
  const listing = await useAgent(options, 'read', (agent) => agent.listGroups());
  printResult(options, listing, () => [
    ...listing.groups.map(renderGroup),
    ...(listing.groups.length === 0 ? ['No groups yet. Make one with: agent-negotiate group create NAME NPUB…'] : []),
  ]);
}

/** Makes a group. */
export async function runGroupCreate(name: string, members: readonly string[], options: ApprovableOptions): Promise<void> {
  const group = await useAgent(options, 'write', (agent) => agent.createGroup({ name, members: [...members], ...readApproval(options) }));
  printResult(options, group, () => [`Made ${renderGroup(group)}`]);
}

/** Shows a group and what was said. */
export async function runGroupShow(named: string, options: ShowOptions): Promise<void> {
  const limit = options.limit === undefined ? {} : { limit: Number(options.limit) };
  const group = await useAgent(options, 'read', (agent) => agent.showGroup({ group: named, ...limit }));
  printResult(options, group, () => [
    renderGroup(group),
    ...group.members.map((npub) => `  ${npub}${group.admins.includes(npub) ? '  admin' : ''}`),
    ...group.messages.map(renderMessage),
  ]);
}

/** Says something. */
export async function runGroupSay(named: string, text: string, options: ApprovableOptions): Promise<void> {
  const input = { group: named, text: readTextArgument(text), ...readApproval(options) };
  const said = await useAgent(options, 'write', (agent) => agent.say(input));
  printResult(options, said, () => [said.isSent ? 'Said.' : 'Saved; no relay could be reached. It goes out with: agent-negotiate sync']);
}

/** Changes a group. */
export async function runGroupChange(named: string, change: InputOf<'changeGroup'>['change'], options: ApprovableOptions): Promise<void> {
  const group = await useAgent(options, 'write', (agent) => agent.changeGroup({ group: named, change, ...readApproval(options) }));
  printResult(options, group, () => renderChange(group, change.kind));
}

function renderChange(group: ChangedGroup, kind: string): readonly string[] {
  if (group.isWaiting) return ['No relay has confirmed the change yet. It goes out with: agent-negotiate sync'];
  if (kind === 'leave' && group.state !== 'over')
    return ['The others have been asked to let you go. To see whether they have, run: agent-negotiate sync'];
  return [renderGroup(group)];
}

function renderGroup({ group, name, state, members, epoch }: GroupView): string {
  return [shortId(group), state.padEnd(8), `${members.length} members`, `epoch ${epoch}`, displayText(name)].join('  ');
}

function renderMessage({ by, text, at, isWithdrawn }: GroupMessage): string {
  const who = by === 'me' ? 'me' : shortNpub(by);
  return `${renderTime(at)}  ${who}: ${displayText(text)}${isWithdrawn ? '  (the group has gone on without this)' : ''}`;
}
