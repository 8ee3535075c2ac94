// Makes a group of several: founded with all who are named, each invited by a welcome.

import { z } from 'zod';
import { NegotiateError } from '../../core/errors.ts';
import { createChannel } from '../../marmot/createChannel.ts';
import { LIMITS } from '../../marmot/profile.ts';
import { parsePublicKey } from '../../nostr/npub.ts';
import { newChannel } from '../channelRecord.ts';
import type { AgentContext } from '../context.ts';
import { drainOutbox } from '../drainOutbox.ts';
import { lookUpPeer } from '../lookUpPeer.ts';
import { permitInGroup } from '../mandate/permit.ts';
import { relaysOf } from '../relaysOf.ts';
import { toQueued } from '../sealMoves.ts';
import { atPresent, beginWork, saveWork } from '../work.ts';
import { findGroup, viewGroup, type GroupView } from './viewGroup.ts';
import { wrapWelcome } from '../wrapWelcome.ts';

const MAX_GROUP_RELAYS = 5;
const MAX_NAME_BYTES = 256;

/** Name of a group: at most 256 bytes. */
export const groupName = z.string().refine((name) => Buffer.byteLength(name) <= MAX_NAME_BYTES);

/** The group's name, and the npubs of one to seven others; `isApproved` when the owner says yes to what his mandate would ask him about. */
export const createGroupInput = z.strictObject({
  name: groupName,
  members: z
    .array(z.string())
    .min(1)
    .max(LIMITS.members - 1),
  isApproved: z.boolean().optional(),
});

/**
 * Makes a group with us as its admin. Throws `input/invalid`, and for somebody who cannot be invited `peer/no-key-package`,
 * `peer/unusable-key-package`, `relay/unreachable`, and `mandate/…`; then nobody is.
 */
export async function createGroup(
  context: AgentContext,
  { name, members, isApproved }: z.infer<typeof createGroupInput>,
): Promise<GroupView> {
  const accounts = members.map(parsePublicKey);
  if (accounts.includes(context.pubkey) || new Set(accounts).size !== accounts.length)
    throw new NegotiateError('input/invalid', 'Name the other members, each once. You are in the group anyway.');
  const asked = beginWork(context, isApproved);
  // The name is told to all who are invited.
  const invited = { members: accounts.toSorted() };
  await permitInGroup(asked, name === '' ? { kind: 'invite', ...invited } : { kind: 'say', type: 'group-name', ...invited, text: name });
  const contacts = await Promise.all(accounts.map((account) => lookUpPeer(context, account)));
  const work = atPresent(asked);
  const signer = await context.signer();
  const relays = relaysOf(context).slice(0, MAX_GROUP_RELAYS);
  const peers = contacts.map(({ keyPackage }) => keyPackage);
  const { channel, invitations } = await createChannel({ signer, peers, relays, now: work.now, rng: context.rng, name });
  const made = newChannel(channel, relays, work.now);
  work.channels.set(made.record.id, { ...made, record: { ...made.record, leafUpdatedAt: work.now } });
  for (const [i, { account, welcome }] of invitations.entries()) {
    const wrap = await wrapWelcome(work, account, welcome);
    // Not on the identity's own socket: the wrap's author is a throw-away key, and shall stay one.
    work.changes.push({ kind: 'queue', record: toQueued(work, wrap, 'lookup', contacts[i]?.inbox ?? relays) });
  }
  saveWork(work);
  await drainOutbox(context, { force: true });
  return viewGroup(findGroup(context.store, made.record.id));
}
