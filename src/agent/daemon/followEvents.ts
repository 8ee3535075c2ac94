// Keeps a subscription open for the inbox and for each channel, each on its own socket, and gathers what comes until it is taken in.

import type { Hex } from '../../core/bytes.ts';
import type { NostrEvent } from '../../nostr/event.ts';
import type { Filter } from '../../nostr/filter.ts';
import type { ChannelRecord } from '../../store/records.ts';
import type { AgentContext } from '../context.ts';
import { channelFilter, listGapped, wrapFilter } from '../fetchNews.ts';
import { listOpenChannels } from '../openChannels.ts';
import { relaysOf } from '../relaysOf.ts';
import type { Log } from './log.ts';

/** The place of gift wraps among the channels. */
export const INBOX = 'inbox';
// After a reconnect each filter goes on with a `since` of its own: the time of the loss would tell which sockets are one agent's.
const overlapSeconds = Infinity;
// What may wait to be taken in before the relays have to.
const MAX_GATHERED = 2_000;

/** What has come for the inbox or a channel. */
export interface Batch {
  readonly events: readonly NostrEvent[];
  /** True when every relay has just sent all it had stored. */
  readonly isWhole: boolean;
}

/** The open subscriptions of an agent. */
export interface Feed {
  /** Opens and closes subscriptions as these channels want it by now; all channels and the inbox unless some are named. */
  refresh(changed?: readonly ChannelRecord[]): void;
  /** Opens all of them anew: the machine has slept, and nobody knows what the sockets are worth. */
  reopen(): Promise<void>;
  /** What has come since, by channel id or {@link INBOX}. */
  take(): ReadonlyMap<Hex, Batch>;
  /** True when everything that the relays had by now is taken in. */
  isSettled(): boolean;
  /** How many subscriptions there are, and how many have not heard from all of their relays yet. */
  count(): { readonly open: number; readonly starting: number };
  /** The channels (and {@link INBOX}) all of whose relays are there now: nothing has been missed. */
  listWhole(): readonly Hex[];
  /** True while none of the relays of the inbox is there. */
  isDeaf(): boolean;
  close(): Promise<void>;
}

interface Stream {
  readonly owner: Hex;
  /** False for an address that the channel has left. */
  readonly isPresent: boolean;
  readonly relays: readonly string[];
  readonly up: Set<string>;
  readonly heard: Set<string>;
  readonly stop: AbortController;
  ended: Promise<void>;
}

interface Wanted extends Pick<Stream, 'owner' | 'isPresent' | 'relays'> {
  readonly key: string;
  readonly purpose: 'identity' | `group:${string}`;
  readonly filter: () => Filter;
}

/** Opens nothing yet: {@link Feed.refresh} does. `onNews` is called whenever there is something to take. */
export function createFeed(context: AgentContext, onNews: () => void, log: Log): Feed {
  const streams = new Map<string, Stream>();
  const gathered = new Map<Hex, { events: NostrEvent[]; isWhole: boolean }>();
  let [count, taken] = [0, Promise.withResolvers<void>()];

  const slotOf = (owner: Hex): { events: NostrEvent[]; isWhole: boolean } => {
    const slot = gathered.get(owner) ?? { events: [], isWhole: false };
    gathered.set(owner, slot);
    return slot;
  };
  const follow = async (wanted: Wanted, stream: Stream): Promise<void> => {
    const pool = await context.pool();
    const refilter = (): readonly Filter[] => [wanted.filter()];
    const options = { signal: stream.stop.signal, overlapSeconds, refilter };
    const { purpose } = wanted;
    const access = purpose === 'identity' ? { purpose, auth: await context.signer() } : { purpose };
    for await (const item of pool.subscribe(wanted.relays, refilter(), { ...access, ...options })) {
      if (item.type === 'event') {
        if (context.store.hasSeen(item.event.id)) continue;
        slotOf(stream.owner).events.push(item.event);
        count += 1;
        onNews();
        if (count >= MAX_GATHERED) await Promise.race([taken.promise, aborted(stream.stop.signal)]);
        continue;
      }
      stream.heard.add(item.relay);
      if (item.type === 'down') {
        if (stream.up.delete(item.relay)) log('warn', 'relay-down', {});
      } else {
        stream.up.add(item.relay);
        if (stream.isPresent && stream.up.size === stream.relays.length) slotOf(stream.owner).isWhole = true;
      }
      onNews();
    }
  };
  const open = (wanted: Wanted): void => {
    const { owner, isPresent, relays } = wanted;
    const stop = new AbortController();
    const stream: Stream = { owner, isPresent, relays, up: new Set(), heard: new Set(), stop, ended: Promise.resolve() };
    stream.ended = follow(wanted, stream).catch((error: unknown) => {
      // Only our own closing ends a subscription.
      if (!stop.signal.aborted) log('error', 'fault', { subscription: true });
      if (!stop.signal.aborted) throw error;
    });
    stream.ended.catch(() => undefined);
    streams.set(wanted.key, stream);
  };
  const refresh = (changed?: readonly ChannelRecord[]): void => {
    const owners = changed === undefined ? undefined : new Set(changed.map(({ id }) => id));
    const wanted = new Map(listWanted(context, changed).map((each) => [each.key, each]));
    for (const [key, stream] of streams) {
      if (wanted.has(key) || owners?.has(stream.owner) === false) continue;
      stream.stop.abort();
      streams.delete(key);
    }
    for (const each of wanted.values()) if (!streams.has(each.key)) open(each);
  };
  const close = async (): Promise<void> => {
    const all = [...streams.values()];
    streams.clear();
    for (const { stop } of all) stop.abort();
    await Promise.allSettled(all.map(({ ended }) => ended));
  };
  const isStarting = ({ heard, relays }: Stream): boolean => heard.size < relays.length;
  const isAllUp = ({ up, relays }: Stream): boolean => up.size === relays.length;
  return {
    refresh,
    reopen: async () => {
      await close();
      refresh();
    },
    take: () => {
      const batches = new Map(gathered);
      gathered.clear();
      count = 0;
      taken.resolve();
      taken = Promise.withResolvers<void>();
      return batches;
    },
    isSettled: () => gathered.size === 0 && ![...streams.values()].some(isStarting),
    count: () => ({
      open: streams.size,
      starting: [...streams.values()].filter(isStarting).length,
    }),
    listWhole: () => [...streams.values()].filter((stream) => stream.isPresent && isAllUp(stream)).map(({ owner }) => owner),
    isDeaf: () => [...streams.values()].some(({ owner, up, heard, relays }) => owner === INBOX && up.size === 0 && heard.size >= relays.length),
    close,
  };
}

function listWanted(context: AgentContext, changed: readonly ChannelRecord[] | undefined): readonly Wanted[] {
  // Found once for all of them; what is missing later is asked for in the negotiation itself.
  let gapped: ReadonlySet<Hex> | undefined;
  const findGapped = (): ReadonlySet<Hex> => (gapped ??= listGapped(context));
  const records = changed?.filter(({ endedAt }) => endedAt === undefined) ?? listOpenChannels(context.store);
  const channels = records.flatMap((record) => wantChannel(context, record, findGapped));
  return changed === undefined ? [wantInbox(context), ...channels] : channels;
}

function wantInbox(context: AgentContext): Wanted {
  const relays = [...new Set(relaysOf(context))];
  const key = JSON.stringify([INBOX, relays]);
  return { key, owner: INBOX, isPresent: true, relays, purpose: 'identity', filter: () => wrapFilter(context) };
}

function wantChannel(context: AgentContext, record: ChannelRecord, findGapped: () => ReadonlySet<Hex>): readonly Wanted[] {
  const { id, nostrGroupId, otherRoutes } = record;
  const present = { address: nostrGroupId, relays: record.relays };
  return [present, ...otherRoutes].map(({ address, relays }, i): Wanted => ({
    key: JSON.stringify([id, address, relays]),
    owner: id,
    isPresent: i === 0,
    relays: [...new Set(relays)],
    purpose: `group:${address}`,
    filter: () => {
      const { peer, fetchedUntil } = context.store.findChannel(id) ?? { fetchedUntil: 0 };
      return channelFilter({ fetchedUntil, ...(peer === undefined ? {} : { peer }) }, address, findGapped());
    },
  }));
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
