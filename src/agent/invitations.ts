// Invitations of our commits to groups: sent once their branch is followed, called back from the outbox when it is left before a relay has them.

import type { Hex } from '../core/bytes.ts';
import { dueInvitations, readInvitation, replaceInvitation, strandedInvitations } from '../marmot/heldInvitations.ts';
import type { AgentContext } from './context.ts';
import { findInbox } from './lookUpPeer.ts';
import { toQueued } from './sealMoves.ts';
import { beginWork, hasChanges, openChannel, saveWork, type Work } from './work.ts';
import { wrapWelcome } from './wrapWelcome.ts';

/** Queues what is due in a channel. Throws what the signer throws: it is due still then. */
export async function sendInvitations(context: AgentContext, channelId: Hex): Promise<void> {
  const work = beginWork(context);
  const open = openChannel(work, channelId);
  if (open === undefined || open.record.endedAt !== undefined) return;
  let { channel } = open;
  for (const held of dueInvitations(channel)) {
    const { account, welcome } = readInvitation(held);
    const wrap = await wrapWelcome(work, account, welcome);
    // Not on the identity's own socket: the wrap's author is a throw-away key, and shall stay one.
    work.changes.push({ kind: 'queue', record: toQueued(work, wrap, 'lookup', await findInbox(context, account)) });
    channel = replaceInvitation(channel, held, { ...held, wrapId: wrap.id });
    work.channels.set(channelId, { ...open, channel });
  }
  if (hasChanges(work)) saveWork(work);
}

/**
 * Within a step that has changed branches: what no relay has taken yet is not sent, and is due again when its branch is followed again. What
 * has gone out cannot be taken back, and is not sent a second time.
 */
export function recallInvitations(work: Work, channelId: Hex): void {
  const open = openChannel(work, channelId);
  const stranded = open === undefined ? [] : strandedInvitations(open.channel);
  if (open === undefined || stranded.length === 0) return;
  const queued = work.context.store.listQueued();
  let { channel } = open;
  for (const { wrapId, ...held } of stranded) {
    const waiting = queued.find(({ eventId, targets }) => eventId === wrapId && !targets.some(({ state }) => state === 'done'));
    if (waiting !== undefined) work.changes.push({ kind: 'drop-queued', eventId: waiting.eventId });
    channel = replaceInvitation(channel, held, waiting === undefined ? undefined : held);
  }
  work.channels.set(channelId, { ...open, channel });
}
