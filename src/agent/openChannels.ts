// The channels that are not over.

import type { ChannelRecord, Store } from '../store/records.ts';

/** Newest first. */
export function listOpenChannels(store: Store): readonly ChannelRecord[] {
  return store.listChannels().filter(({ endedAt }) => endedAt === undefined);
}
