// What to ask relays for: from when on, and how far the marks move up to which they were read.

import type { Hex } from '../core/bytes.ts';
import { KINDS } from '../marmot/profile.ts';
import type { Filter } from '../nostr/filter.ts';
import type { ChannelRecord } from '../store/records.ts';
import type { AgentContext } from './context.ts';
import { readState } from './negotiationState.ts';
import { readSetting } from './settings.ts';

const GIFT_WRAP = 1059;
const DAY_S = 86_400;
/** How far behind their mark gift wraps are asked for, in seconds: NIP-59 dates them up to two days back; an hour more for clocks that go wrong. */
export const WRAP_OVERLAP_S = 2 * 86_400 + 3_600;
/** The same of a channel's events: one may reach a relay long after it was made, since its sender was offline, or the relay was. */
export const GROUP_OVERLAP_S = 3 * 86_400;
// For so long a second that holds more than a relay shows at a time keeps the mark where that second is still asked for.
const CROWDED_WAITS_S = 7 * DAY_S;

/** The filter for gift wraps addressed to us. */
export function wrapFilter(context: AgentContext): Filter {
  const until = readSetting(context.store, 'wrapsFetchedUntil');
  return { kinds: [GIFT_WRAP], '#p': [context.pubkey], since: blurSince(until - WRAP_OVERLAP_S, context.pubkey) };
}

/**
 * How far a mark may move (unix seconds) when all was read by `now` but for crowded seconds, the oldest at `crowdedAt`: so that what is asked for from it on, `overlapS` back, has that second
 * still. After a week it is passed over: junk that stays would let what is asked for grow for ever.
 */
export function markUpTo(now: number, crowdedAt: number | undefined, overlapS: number): number {
  return crowdedAt === undefined || crowdedAt < now - CROWDED_WAITS_S ? now : Math.min(now, crowdedAt + overlapS);
}

/** The peers of whose moves one is missing. */
export function listGapped({ store }: AgentContext): ReadonlySet<Hex> {
  const gapped = store.listNegotiations({ isActive: true }).filter((record) => readState(record).chain.waiting.length > 0);
  return new Set(gapped.map(({ peer }) => peer));
}

/** The filter for the events of a channel at one of its addresses; with something missing, for all of them. */
export function channelFilter(
  { peer, fetchedUntil }: Pick<ChannelRecord, 'peer' | 'fetchedUntil'>,
  address: Hex,
  gapped: ReadonlySet<Hex>,
): Filter {
  const since = peer !== undefined && gapped.has(peer) ? 0 : blurSince(fetchedUntil - GROUP_OVERLAP_S, address);
  return { kinds: [KINDS.groupEvent], '#h': [address], since };
}

/**
 * The last full day before `time`, where days begin at a time that `key` (hex digits) sets: the `since` of one key moves once a day and
 * has nothing in common with that of another, or a relay could tell from it who last asked at the same second.
 */
function blurSince(time: number, key: Hex): number {
  const offset = Number.parseInt(key.slice(0, 8), 16) % DAY_S;
  return Math.max(0, Math.floor((time - offset) / DAY_S) * DAY_S + offset);
}
