// The channels that are not over.

import type { Hex } from '../core/bytes.ts';
import type { ChannelRecord, Store } from '../store/records.ts';

/** Newest first. */
export function listOpenChannels(store: Store): readonly ChannelRecord[] {
  return store.listChannels().filter(({ endedAt }) => endedAt === undefined);
}

/** The channel to talk to a peer in: the newest that is between us two alone and that we are not leaving. */
export function findPeerChannel(store: Store, peer: Hex): ChannelRecord | undefined {
  return listOpenChannels(store).find((record) => record.peer === peer && record.leavingAt === undefined);
}
