// Takes in what the subscriptions have brought: gift wraps first, then channel by channel; what cannot be read yet is kept for later.

import type { Hex } from '../../core/bytes.ts';
import type { NostrEvent } from '../../nostr/event.ts';
import { loadSchnorr } from '../../nostr/schnorr.ts';
import type { Change } from '../../store/records.ts';
import { isBehind } from '../behind.ts';
import type { AgentContext } from '../context.ts';
import { receiveGroupEvents } from '../receiveGroupEvents.ts';
import type { TrustBook } from '../inbox/trustBook.ts';
import type { WrapDesk } from '../inbox/wrapDesk.ts';
import { takeOpened } from '../receiveWraps.ts';
import { readSetting, writeSetting } from '../settings.ts';
import { waitsSince } from '../stuck.ts';
import { unlessSignerFails } from '../signerFaults.ts';
import type { GroupNews, News } from '../work.ts';
import type { Batch } from './feed.ts';
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
}

/** Events that could not be used yet, by channel. */
export type Kept = Map<Hex, readonly NostrEvent[]>;

/** What is taken in with: what could not be used yet, the inbox, the budgets of the channels, and the scores that are known. */
export interface TakeInParts {
  readonly context: AgentContext;
  readonly kept: Kept;
  readonly inbox: WrapDesk;
  readonly throttle: Throttle;
  readonly trust: TrustBook;
}

/** Takes in what was found in gift wraps, and batches; those of `again` are looked at once more without anything new. */
export async function takeIn(parts: TakeInParts, batches: ReadonlyMap<Hex, Batch>, again: readonly Hex[]): Promise<TakenIn> {
  const { context, kept, inbox, throttle, trust } = parts;
  await loadSchnorr();
  const wraps = inbox.take();
  const owners = [...new Set([...batches.keys(), ...again])].filter((owner) => owner !== INBOX);
  const joined: Hex[] = [];
  const waiting: Hex[] = [];
  const news: News[] = [];
  const groupNews: GroupNews[] = [];
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
    const receive = () => unlessSignerFails(() => receiveGroupEvents(context, owner, events, undefined));
    const report = await throttle.charge(owner, events.length, receive);
    news.push(...(report?.news ?? []));
    groupNews.push(...(report?.groupNews ?? []));
    keep(context, kept, owner, events);
  }
  // What waits in the inbox has to be fetched again by the next process.
  const isRead = ([owner, { isWhole }]: readonly [Hex, Batch]): boolean => isWhole && (owner !== INBOX || inbox.hasAll());
  markRead(
    context,
    [...batches].filter(isRead).map(([owner]) => owner),
  );
  return { joined, waiting, news, groupNews, events: count };
}

/** Newest last; what does not fit is left to the next reconnect. */
function keep({ store }: AgentContext, kept: Kept, owner: Hex, events: readonly NostrEvent[]): void {
  let bytes = 0;
  const left = events
    .filter(({ id }) => !store.hasSeen(id))
    .slice(-MAX_KEPT)
    .filter(({ content }) => (bytes += content.length) <= MAX_KEPT_BYTES);
  if (left.length === 0) kept.delete(owner);
  else kept.set(owner, left);
}

/** Writes down, all at once, that everything was read up to now; seldom, since filters overlap by days. */
export function markRead(context: AgentContext, owners: readonly Hex[]): void {
  const { store, clock } = context;
  const now = clock.now();
  const changes = owners.flatMap((owner): Change[] => {
    if (owner === INBOX) return isOld(readSetting(store, 'wrapsFetchedUntil'), now) ? [writeSetting('wrapsFetchedUntil', now)] : [];
    const record = store.findChannel(owner);
    if (record === undefined || record.endedAt !== undefined || !isOld(record.fetchedUntil, now)) return [];
    // What has come there has not been taken in.
    if (isBehind(store, owner) || waitsSince(record) !== undefined) return [];
    return [{ kind: 'channel', record: { ...record, fetchedUntil: now } }];
  });
  if (changes.length > 0) store.save(changes);
}

function isOld(markedAt: number, now: number): boolean {
  return markedAt === 0 || now - markedAt > MARK_EVERY_S;
}
