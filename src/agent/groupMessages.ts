// What is said in words, to be read by people (kind 9): kept, and marked when the group has left the branch it was said on.

import type { Hex } from '../core/bytes.ts';
import type { Channel } from '../marmot/channel.ts';
import type { Rumor } from '../nostr/event.ts';
import type { Change, MessageRecord } from '../store/records.ts';

/** Kind of a chat message (NIP-C7). */
export const CHAT = 9;
const MAX_CHARS = 65_536;

/** A message to keep; undefined for a payload that is none, or one too long for people. */
export function readMessage(channelId: Hex, rumor: Rumor, epochId: Hex): MessageRecord | undefined {
  if (rumor.kind !== CHAT || rumor.content.length > MAX_CHARS) return undefined;
  return { id: rumor.id, channelId, author: rumor.pubkey, text: rumor.content, at: rumor.created_at, epochId, isWithdrawn: false };
}

/** After a change of branch: what was said in superseded epochs does not count, what was said in those followed now does. */
export function weighMessages(channelId: Hex, { epoch, past }: Channel, superseded: readonly Hex[]): readonly Change[] {
  if (superseded.length === 0) return [];
  const followed = [epoch.id, ...past.map((kept) => kept.epoch.id)];
  return [
    { kind: 'weigh-messages', channelId, epochIds: superseded, isWithdrawn: true },
    { kind: 'weigh-messages', channelId, epochIds: followed, isWithdrawn: false },
  ];
}
