// What is kept of a channel. Whatever its MLS state says is taken from there each time it is saved, and from nowhere else.

import { describeChannel, type Channel } from '../marmot/channel.ts';
import { encodeChannel } from '../marmot/channelCodec.ts';
import type { ChannelRecord } from '../store/records.ts';
import { keepDialable } from './dialGuard.ts';

/** A channel as a step has it. */
export interface OpenChannel {
  readonly record: ChannelRecord;
  readonly channel: Channel;
}

/** A channel that was just made or joined; of the relays it names only those are used that may be dialled beside `own`. */
export function newChannel(channel: Channel, own: readonly string[], now: number): OpenChannel {
  const { mlsGroupId, nostrGroupId, members } = describeChannel(channel);
  const [peer, ...others] = members.filter((member) => member !== channel.own);
  const record = { id: mlsGroupId, nostrGroupId, relays: [], state: new Uint8Array(), createdAt: now, fetchedUntil: 0, hasChores: false };
  const open = { record: { ...record, version: 0, ...(peer === undefined || others.length > 0 ? {} : { peer }) }, channel };
  return { ...open, record: toRecord(open, own) };
}

/** The record to save. One that had a peer keeps it as long as there are just the two of us, and once it is over. */
export function toRecord({ record, channel }: OpenChannel, own: readonly string[]): ChannelRecord {
  const { nostrGroupId, relays, members, leaving } = describeChannel(channel);
  const { peer, ...rest } = record;
  const isPair = peer !== undefined && members.length === 2 && members.includes(peer);
  const hasLeavers = leaving.some((member) => member !== channel.own);
  const hasChores = record.endedAt === undefined && (channel.staged !== undefined || hasLeavers || record.leavingAt !== undefined);
  return {
    ...rest,
    ...(isPair || (peer !== undefined && record.endedAt !== undefined) ? { peer } : {}),
    nostrGroupId,
    relays: keepDialable(relays, own),
    hasChores,
    state: encodeChannel(channel),
  };
}
