// The channels that are not over.

import type { Hex } from '../core/bytes.ts';
import type { ChannelRecord, Store } from '../store/records.ts';
import { isStuck } from './stuck.ts';

/** Newest first. */
export function listOpenChannels(store: Store): readonly ChannelRecord[] {
  return store.listChannels().filter(({ endedAt }) => endedAt === undefined);
}

/** The channel to talk to a peer in: the newest that is between us two alone, that we are not leaving, and that is not stuck, if there is one. */
export function findPeerChannel(store: Store, peer: Hex, now: number): ChannelRecord | undefined {
  const usable = listOpenChannels(store).filter((record) => record.peer === peer && record.leavingAt === undefined);
  return usable.find((record) => !isStuck(record, now)) ?? usable[0];
}
