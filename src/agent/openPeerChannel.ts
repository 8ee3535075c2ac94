// Makes sure that there is a channel with a peer, inviting it when there is none.

import type { Hex } from '../core/bytes.ts';
import { describeChannel, type Channel } from '../marmot/channel.ts';
import { createChannel } from '../marmot/createChannel.ts';
import { wrapRumor } from '../nostr/giftWrap.ts';
import { keepDialable } from './dialGuard.ts';
import { lookUpPeer } from './lookUpPeer.ts';
import { listOpenChannels } from './openChannels.ts';
import { toQueued } from './sealMoves.ts';
import { relaysOf } from './relaysOf.ts';
import type { OpenChannel, Work } from './work.ts';

const MAX_GROUP_RELAYS = 5;

/** Opens a channel with the peer within the step, unless there is one. Throws what {@link lookUpPeer} throws. */
export async function openPeerChannel(work: Work, peer: Hex): Promise<void> {
  const { context, now } = work;
  if (listOpenChannels(context.store).some((record) => record.peer === peer)) return;
  const { keyPackage, inbox } = await lookUpPeer(context, peer);
  const signer = await context.signer();
  const relays = relaysOf(context).slice(0, MAX_GROUP_RELAYS);
  const { channel, welcome } = await createChannel({ signer, peerKeyPackage: keyPackage, relays, now, rng: context.rng });
  const wrap = await wrapRumor({ signer, recipient: peer, rumor: welcome, now, rng: context.rng });
  work.channels.set(describeChannel(channel).mlsGroupId, newChannel(channel, relays, now));
  // Not on the identity's own socket: the wrap's author is a throw-away key, and shall stay one.
  work.changes.push({ kind: 'queue', record: toQueued(work, wrap, 'lookup', inbox) });
}

/** A channel that was just made or joined; of the relays it names only those are used that may be dialled beside `own`. */
export function newChannel(channel: Channel, own: readonly string[], now: number): OpenChannel {
  const { mlsGroupId, nostrGroupId, peer, relays: named } = describeChannel(channel);
  const relays = keepDialable(named, own);
  const record = { id: mlsGroupId, nostrGroupId, peer, relays, state: new Uint8Array(), createdAt: now, fetchedUntil: 0, version: 0 };
  return { record, channel };
}
