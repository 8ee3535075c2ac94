// Makes sure that there is a channel with a peer, inviting it when there is none, or none but one that is stuck.

import type { Hex } from '../core/bytes.ts';
import type { AgentContext } from './context.ts';
import { createChannel } from '../marmot/createChannel.ts';
import { newChannel } from './channelRecord.ts';
import { lookUpPeer } from './lookUpPeer.ts';
import { publishStaged } from './commits.ts';
import { findPeerChannel } from './openChannels.ts';
import { toQueued } from './sealMoves.ts';
import { relaysOf } from './relaysOf.ts';
import { isStuck } from './stuck.ts';
import type { Work } from './work.ts';
import { wrapWelcome } from './wrapWelcome.ts';

const MAX_GROUP_RELAYS = 5;

/** Opens a channel with the peer within the step, unless there is one that is of use. Throws what {@link lookUpPeer} throws. */
export async function openPeerChannel(work: Work, peer: Hex): Promise<void> {
  const { context, now } = work;
  if (await hasChannel(context, peer)) return;
  const { keyPackage, inbox } = await lookUpPeer(context, peer);
  const signer = await context.signer();
  const relays = relaysOf(context).slice(0, MAX_GROUP_RELAYS);
  const { channel, invitations } = await createChannel({ signer, peers: [keyPackage], relays, now, rng: context.rng });
  const made = newChannel(channel, relays, now);
  // A leaf of our own making, which no key package has ever shown.
  work.channels.set(made.record.id, { ...made, record: { ...made.record, leafUpdatedAt: now } });
  // Not on the identity's own socket: the wrap's author is a throw-away key, and shall stay one.
  for (const { welcome } of invitations) {
    const wrap = await wrapWelcome(work, peer, welcome);
    work.changes.push({ kind: 'queue', record: toQueued(work, wrap, 'lookup', inbox) });
  }
}

async function hasChannel(context: AgentContext, peer: Hex): Promise<boolean> {
  const { store, clock } = context;
  const found = findPeerChannel(store, peer, clock.now());
  if (found === undefined || !isStuck(found, clock.now())) return found !== undefined;
  // An agent that was away for long has not asked for long.
  await publishStaged(context, found.id);
  const settled = findPeerChannel(store, peer, clock.now());
  return settled !== undefined && !isStuck(settled, clock.now());
}
