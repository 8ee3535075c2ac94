// Takes in what the subscriptions have brought: gift wraps first, then channel by channel; what cannot be read yet is kept for later.

import type { Hex } from '../../core/bytes.ts';
import type { NostrEvent } from '../../nostr/event.ts';
import { loadSchnorr } from '../../nostr/schnorr.ts';
import type { Change } from '../../store/records.ts';
import { isBehind } from '../behind.ts';
import type { AgentContext } from '../context.ts';
import { GROUP_OVERLAP_S, markUpTo, WRAP_OVERLAP_S } from '../newsFilters.ts';
import { receiveGroupEvents } from '../receiveGroupEvents.ts';
import type { TrustBook } from '../inbox/trustBook.ts';
import type { WrapDesk } from '../inbox/wrapDesk.ts';
import { takeOpened } from '../receiveWraps.ts';
import { readSetting, writeSetting } from '../settings.ts';
import { waitsSince } from '../stuck.ts';
import { unlessSignerFails } from '../signerFaults.ts';
import type { GroupNews, News } from '../work.ts';
import type { BacklogEnd, Batch } from './feed.ts';
import type { Throttle } from './throttle.ts';
import { INBOX } from './wantedStreams.ts';

// For each channel: a commit that is under way, or a message of an epoch to come. The rest a relay still has.
const MAX_KEPT = 64;
const MAX_KEPT_BYTES = 1_048_576;
// How far behind the mark may fall up to which all was read; filters overlap by days.
const MARK_EVERY_S = 6 * 3_600;

/** What has come in, to be told. */
export interface TakenIn {
  readonly joined: readonly Hex[];
  readonly waiting: readonly Hex[];
  readonly news: readonly News[];
  readonly groupNews: readonly GroupNews[];
  /** How many events were new. */
  readonly events: number;
  /** Channels of which events had to be left to the relays and may be readable now: they are to be asked for once more. */
  readonly renewed: readonly Hex[];
}

/** Events that could not be used yet, by channel. */
export type Kept = Map<Hex, readonly NostrEvent[]>;

/** What is taken in with: what could not be used yet, the inbox, the budgets of the channels, and the scores that are known. */
export interface TakeInParts {
  readonly context: AgentContext;
  readonly kept: Kept;
  /** Channels of which more could not be used yet than is kept. */
  readonly short: Set<Hex>;
  readonly inbox: WrapDesk;
  readonly throttle: Throttle;
  readonly trust: TrustBook;
}

/** Takes in what was found in gift wraps, and batches; those of `again` are looked at once more without anything new. */
export async function takeIn(parts: TakeInParts, batches: ReadonlyMap<Hex, Batch>, again: readonly Hex[]): Promise<TakenIn> {
  const { context, kept, short, inbox, throttle, trust } = parts;
  await loadSchnorr();
  const wraps = inbox.take();
  const owners = [...new Set([...batches.keys(), ...again])].filter((owner) => owner !== INBOX);
  const joined: Hex[] = [];
  const waiting: Hex[] = [];
  const news: News[] = [];
  const groupNews: GroupNews[] = [];
  const renewed: Hex[] = [];
  let count = wraps.length;
  if (wraps.length > 0) {
    const report = await takeOpened(context, wraps, trust.of);
    joined.push(...report.joined);
    waiting.push(...report.waiting);
    groupNews.push(...report.groupNews);
    // Those that could not be joined for want of the signer are opened again.
    if (!report.isComplete) for (const { wrap } of wraps) if (!context.store.hasSeen(wrap.id)) inbox.add(wrap);
  }
  for (const owner of owners) {
    const fresh = batches.get(owner)?.events ?? [];
    const events = [...(kept.get(owner) ?? []), ...fresh].filter(({ id }) => !context.store.hasSeen(id));
    if (events.length === 0) continue;
    count += fresh.length;
    const before = context.store.findChannel(owner)?.version;
    const receive = () => unlessSignerFails(() => receiveGroupEvents(context, owner, events, undefined));
    const report = await throttle.charge(owner, events.length, receive);
    news.push(...(report?.news ?? []));
    groupNews.push(...(report?.groupNews ?? []));
    if (!keep(context, kept, owner, events)) short.add(owner);
    // A channel that goes on may read what it could not. One that does not has looked at all of it.
    if (short.has(owner) && context.store.findChannel(owner)?.version !== before) renewed.push(owner);
  }
  for (const owner of renewed) short.delete(owner);
  const ends = [...batches.values()].flatMap(({ end }) => end ?? []);
  markRead(
    context,
    ends.filter(({ owner }) => !renewed.includes(owner)),
    inbox,
  );
  return { joined, waiting, news, groupNews, events: count, renewed };
}

/** The last to come; false when some do not fit, and are left to the relays. */
function keep({ store }: AgentContext, kept: Kept, owner: Hex, events: readonly NostrEvent[]): boolean {
  let bytes = 0;
  const unused = events.filter(({ id }) => !store.hasSeen(id));
  const left = unused.slice(-MAX_KEPT).filter(({ content }) => (bytes += content.length) <= MAX_KEPT_BYTES);
  if (left.length === 0) kept.delete(owner);
  else kept.set(owner, left);
  return left.length === unused.length;
}

/** Writes down, all at once, that everything was read up to now; seldom, since filters overlap by days. What waits in the inbox is not read. */
export function markRead(context: AgentContext, ends: readonly BacklogEnd[], inbox: Pick<WrapDesk, 'hasAll'>): void {
  const { store, clock } = context;
  const now = clock.now();
  const changes = ends.flatMap(({ owner, crowdedAt }): Change[] => {
    if (owner === INBOX) {
      const upTo = markUpTo(now, crowdedAt, WRAP_OVERLAP_S);
      const isDue = inbox.hasAll() && isOld(readSetting(store, 'wrapsFetchedUntil'), upTo);
      return isDue ? [writeSetting('wrapsFetchedUntil', upTo)] : [];
    }
    const record = store.findChannel(owner);
    const upTo = markUpTo(now, crowdedAt, GROUP_OVERLAP_S);
    if (record === undefined || record.endedAt !== undefined || !isOld(record.fetchedUntil, upTo)) return [];
    // What has come there has not been taken in.
    if (isBehind(store, owner) || waitsSince(record) !== undefined) return [];
    return [{ kind: 'channel', record: { ...record, fetchedUntil: upTo } }];
  });
  if (changes.length > 0) store.save(changes);
}

function isOld(markedAt: number, upTo: number): boolean {
  return markedAt === 0 || upTo - markedAt > MARK_EVERY_S;
}
