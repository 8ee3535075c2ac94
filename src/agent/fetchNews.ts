// Asks the relays for what is addressed to us and to our channels, and takes it in.

import type { Hex } from '../core/bytes.ts';
import type { NostrEvent } from '../nostr/event.ts';
import type { Filter } from '../nostr/filter.ts';
import type { FetchReport } from '../nostr/relayPool.ts';
import { loadSchnorr } from '../nostr/schnorr.ts';
import { listOpenChannels } from './openChannels.ts';
import type { ChannelRecord, Route } from '../store/records.ts';
import type { AgentContext } from './context.ts';
import { formerInbox } from './formerRelays.ts';
import { channelFilter, listGapped, markUpTo, WRAP_OVERLAP_S, wrapFilter } from './newsFilters.ts';
import { receiveGroupEvents, type ReceivedNews } from './receiveGroupEvents.ts';
import { createTrustBook } from './inbox/trustBook.ts';
import { createWrapQueue } from './inbox/wrapQueue.ts';
import { joinWaiting, listUnscored, receiveWraps, type JoinReport, type WrapReport } from './receiveWraps.ts';
import { relaysOf } from './relaysOf.ts';
import { readSetting, writeSetting } from './settings.ts';
import { unlessSignerFails } from './signerFaults.ts';
import type { GroupNews, News } from './work.ts';

// Each channel has sockets of its own, so that relays cannot tell whose channels they are.
const FETCHES_AT_ONCE = 8;

/** What a round of fetching brought. */
export interface FetchedNews {
  readonly joined: readonly Hex[];
  readonly waiting: readonly Hex[];
  readonly news: readonly News[];
  readonly groupNews: readonly GroupNews[];
  /** About how many gift wraps wait on the relays to be opened: there was more than the budget is for. */
  readonly unopened: number;
  /** Relays that did not answer completely. */
  readonly silent: readonly string[];
  /** True when no relay answered at all. */
  readonly isDeaf: boolean;
}

/** Fetches and takes in gift wraps, then the events of every channel, new ones included. Never throws for what relays do. */
export async function fetchNews(context: AgentContext): Promise<FetchedNews> {
  // Many signatures are checked from here on: worth loading the fast way to do it.
  await loadSchnorr();
  const reports: FetchReport[] = [];
  const early = await joinWaiting(context);
  const wraps = await fetchWraps(context, reports);
  const scored = await joinScored(context);
  const news: News[] = [];
  const groupNews: GroupNews[] = [...early.groupNews, ...wraps.groupNews, ...scored.groupNews];
  const channels = listOpenChannels(context.store);
  const gapped = listGapped(context);
  for (let start = 0; start < channels.length; start += FETCHES_AT_ONCE) {
    const batch = channels.slice(start, start + FETCHES_AT_ONCE);
    const fetched = await Promise.all(batch.map((record) => fetchChannel(context, record, { reports, gapped })));
    // Taken in one after the other: each step reads what the one before has saved.
    for (const { record, events, readUntil } of fetched) {
      // Where one channel needs the signer, the other channels do not wait for it.
      const received = await unlessSignerFails(() => receiveGroupEvents(context, record.id, events, readUntil));
      if (received === undefined) continue;
      news.push(...received.news);
      groupNews.push(...received.groupNews);
    }
  }
  const silent = [...new Set(reports.filter(({ complete }) => !complete).map(({ relay }) => relay))];
  return {
    joined: [...early.joined, ...wraps.joined, ...scored.joined],
    waiting: wraps.waiting,
    unopened: wraps.unopened,
    news,
    groupNews,
    silent,
    isDeaf: !reports.some(({ complete }) => complete),
  };
}

/** Fetches and takes in the events of one channel. Never throws for what relays do. */
export async function fetchChannelNews(context: AgentContext, channelId: Hex): Promise<ReceivedNews> {
  await loadSchnorr();
  const record = listOpenChannels(context.store).find(({ id }) => id === channelId);
  if (record === undefined) return { news: [], groupNews: [] };
  const { events, readUntil } = await fetchChannel(context, record, { reports: [], gapped: listGapped(context) });
  return receiveGroupEvents(context, channelId, events, readUntil);
}

/** Lets those in whom the owner's rules let in for their score. */
async function joinScored(context: AgentContext): Promise<JoinReport> {
  const book = createTrustBook(context);
  const unscored = listUnscored(context, book.of);
  const hasFound = unscored.length > 0 && (await book.lookUp(unscored));
  return hasFound ? joinWaiting(context, book.of) : { joined: [], groupNews: [] };
}

/**
 * What is over the budget stays on the relays: the mark up to which they were read does not move before everything was opened, and what
 * was opened is remembered, so that the next time goes on with the rest.
 */
async function fetchWraps(context: AgentContext, reports: FetchReport[]): Promise<WrapReport & Pick<FetchedNews, 'unopened'>> {
  const startedAt = context.clock.now();
  const pool = await context.pool();
  const access = { purpose: 'identity', auth: await context.signer(), signal: context.closing } as const;
  const former = formerInbox(context);
  const queue = createWrapQueue();
  const take = (wrap: NostrEvent): void => {
    if (!context.store.hasSeen(wrap.id)) queue.add(wrap);
  };
  const [relays] = await Promise.all([
    pool.stream(relaysOf(context), [wrapFilter(context)], take, access),
    former.length === 0 ? [] : pool.stream(former, [wrapFilter(context)], take, access),
  ]);
  // A relay that the agent has left may be gone for good: its silence holds nothing up.
  reports.push(...relays);
  const dropped = queue.takeDropped();
  const outcome = await receiveWraps(context, queue);
  const unopened = queue.size() + dropped;
  const isRead = outcome.isComplete && unopened === 0 && relays.every(({ complete, crowdedAt }) => complete || crowdedAt !== undefined);
  const crowded = relays.flatMap(({ crowdedAt }) => crowdedAt ?? []);
  const upTo = markUpTo(startedAt, crowded.length === 0 ? undefined : Math.min(...crowded), WRAP_OVERLAP_S);
  if (isRead && upTo >= readSetting(context.store, 'wrapsFetchedUntil')) context.store.save([writeSetting('wrapsFetchedUntil', upTo)]);
  return { ...outcome, unopened };
}

/** How to fetch: where to report what each relay did, the peers of whose moves one is missing, and whether everything is wanted. */
interface FetchPlan {
  readonly reports: FetchReport[];
  readonly gapped: ReadonlySet<Hex>;
  readonly isFromStart?: boolean;
}

/** Fetches the events of a channel from wherever they may be. Never throws for what relays do. */
export async function fetchChannel(context: AgentContext, record: ChannelRecord, { reports, gapped, isFromStart = false }: FetchPlan) {
  const startedAt = context.clock.now();
  const pool = await context.pool();
  const filterAt = (address: Hex): Filter => ({ ...channelFilter(record, address, gapped), ...(isFromStart ? { since: 0 } : {}) });
  const fetchAt = ({ address, relays }: Pick<Route, 'address' | 'relays'>) =>
    pool.fetch(relays, [filterAt(address)], { purpose: `group:${address}`, signal: context.closing });
  const [present, ...others] = await Promise.all([
    fetchAt({ address: record.nostrGroupId, relays: record.relays }),
    ...record.otherRoutes.map(fetchAt),
  ]);
  // A relay that the group has left may be gone for good: its silence holds nothing up.
  reports.push(...present.relays);
  const events = [...new Map([present, ...others].flatMap((fetched) => fetched.events).map((event) => [event.id, event])).values()];
  return { record, events, readUntil: present.relays.every(({ complete }) => complete) ? startedAt : undefined };
}
