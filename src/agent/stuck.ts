// Channels in which a commit of ours has waited for hours: whether a relay has it nobody can say, and none may ever come back that could.

import { decodeChannel } from '../marmot/channelCodec.ts';
import type { NostrEvent } from '../nostr/event.ts';
import type { ChannelRecord } from '../store/records.ts';

/** For how many seconds something of ours waits for the relays of a channel before another way is looked for: who restarts is back by then. */
export const STUCK_S = 6 * 3_600;

/** When the commit of ours that waits in a channel was made (unix seconds); undefined where none does. */
export function waitsSince({ hasChores, endedAt, state }: ChannelRecord): number | undefined {
  if (!hasChores || endedAt !== undefined) return undefined;
  const { staged } = decodeChannel(state);
  return staged === undefined ? undefined : (JSON.parse(staged.event) as NostrEvent).created_at;
}

/** True for a channel that other ways are taken around: its commit is still offered to its relays, with the same bytes. */
export function isStuck(record: ChannelRecord, now: number): boolean {
  const since = waitsSince(record);
  return since !== undefined && now - since >= STUCK_S;
}
