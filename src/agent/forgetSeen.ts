// Forgets the ids of what can never be taken in again, once a day (docs/decisions/0015-what-is-forgotten.md).

import type { Hex } from '../core/bytes.ts';
import { newestEpoch, oldestEpoch } from '../marmot/branches.ts';
import type { Channel } from '../marmot/channel.ts';
import { decodeChannel } from '../marmot/channelCodec.ts';
import type { NostrEvent } from '../nostr/event.ts';
import type { Change, ChannelRecord, Store } from '../store/records.ts';
import { isLost } from './channelRecord.ts';
import type { AgentContext } from './context.ts';
import { wrapFilter } from './newsFilters.ts';
import { parseSetting } from './parseSetting.ts';

const FORGOTTEN = 'forgottenAt';
const DAY_S = 86_400;
// What was taken in is kept for two days at least; what is a day older than the last time is known to be of before (see isKnownEvent).
const KEPT_S = 2 * DAY_S;
const SKEW_S = DAY_S;
// So far behind what is asked for a gift wrap that comes live is still taken in.
const WRAPS_KEPT_S = 30 * DAY_S;

/** The change that remembers an event or an MLS message (SHA-256, hex) of a channel as it is by now. */
export function seenInChannel(channelId: Hex, channel: Channel, id: Hex, now: number): Change {
  const { epoch, rivals, staged } = channel;
  const epochs = staged === undefined ? rivals : [...rivals, { epoch: staged.epoch, bytes: new Uint8Array() }];
  return { kind: 'seen', id, at: now, in: { kind: 'channel', channelId, epoch: Number(newestEpoch({ epoch, rivals: epochs })) } };
}

/** When to forget again (unix seconds): a day after the last time, and at once when a clock was set back. Throws `store/corrupt`. */
export function forgetDueAt({ store, clock }: Pick<AgentContext, 'store' | 'clock'>): number {
  const [at, now] = [readForgottenAt(store), clock.now()];
  return at > now ? now : at + DAY_S;
}

/** Gift wraps dated before (unix seconds) are not taken in: those that were may be forgotten. None is asked for any more; a subscription that is older than the mark may bring one. */
export function wrapsForgottenBefore(context: AgentContext): number {
  return (wrapFilter(context).since ?? 0) - WRAPS_KEPT_S;
}

/** Forgets what is due; does nothing before a day has passed. Throws `store/…`. */
export function forgetSeen(context: AgentContext): void {
  const { store, clock } = context;
  const now = clock.now();
  if (forgetDueAt(context) > now) return;
  const inChannels = store
    .listChannels()
    .map((record) => ({ kind: 'channel', channelId: record.id, epochBefore: firstKept(record), takenBefore: now - KEPT_S }) as const);
  const inInbox = { kind: 'inbox', datedBefore: wrapsForgottenBefore(context) } as const;
  store.save([
    ...[inInbox, ...inChannels].map((what): Change => ({ kind: 'forget', what })),
    { kind: 'setting', key: FORGOTTEN, value: JSON.stringify(now) },
  ]);
}

/**
 * True for an event of a channel that this home has taken in, or that is older than what it may have forgotten. Nothing that is lost to an old copy
 * of a home is: what we have said since the copy was made is dated later than when that copy last forgot.
 */
export function isKnownEvent({ id, created_at: dated }: Pick<NostrEvent, 'id' | 'created_at'>, store: Store): boolean {
  return store.hasSeen(id) || dated < readForgottenAt(store) - SKEW_S;
}

/** The first epoch of a channel whose events have to be known. One that is over may be joined again, in a later epoch than it ended with; one that is lost with new keys alone. */
function firstKept(record: ChannelRecord): number {
  if (isLost(record)) return Number.MAX_SAFE_INTEGER;
  const channel = decodeChannel(record.state);
  return record.endedAt === undefined ? Number(oldestEpoch(channel)) : Number(channel.epoch.number) + 1;
}

function readForgottenAt(store: Store): number {
  const text = store.readSetting(FORGOTTEN);
  if (text === undefined) return 0;
  return parseSetting(text, (value) => {
    if (typeof value === 'number' && Number.isFinite(value)) return value;
    throw new TypeError('It makes no sense.');
  });
}
