// Keeps a subscription open for the inbox and for each channel, each on its own socket, and gathers what comes until it is taken in.

import type { Hex } from '../../core/bytes.ts';
import type { NostrEvent } from '../../nostr/event.ts';
import type { Filter } from '../../nostr/filter.ts';
import type { SubscriptionItem } from '../../nostr/followRound.ts';
import type { ChannelRecord } from '../../store/records.ts';
import type { AgentContext } from '../context.ts';
import type { WrapDesk } from '../inbox/wrapDesk.ts';
import type { Log } from './log.ts';
import type { BacklogEnd, Batch, Feed } from './feed.ts';
import type { Throttle } from './throttle.ts';
import { INBOX, listWanted, type Wanted } from './wantedStreams.ts';

// After a reconnect each filter goes on with a `since` of its own: the time of the loss would tell which sockets are one agent's.
const overlapSeconds = Infinity;
// What may wait to be taken in before the relays have to.
const MAX_GATHERED = 2_000;
const MAX_OF_PAUSED = 16;
const MAX_OPENING = 32;
// For so long a relay that still sends what it has keeps the inbox from being asked for anew.
const RENEW_ANYWAY_MS = 3_600_000;

interface Stream extends Pick<Wanted, 'owner' | 'isPresent' | 'relays'> {
  readonly up: Set<string>;
  readonly heard: Set<string>;
  /** Relays that are up and have sent all they had, each with the oldest second that it could not show all of. */
  readonly read: Map<string, number | undefined>;
  readonly stop: AbortController;
  ended: Promise<void>;
}

/** What a feed works with. `onNews` is called whenever there is something to take, `onFault` when a subscription has ended that should not have. */
export interface FeedParts {
  readonly context: AgentContext;
  /** Takes what comes for the inbox. */
  readonly inbox: WrapDesk;
  readonly throttle: Throttle;
  readonly onNews: () => void;
  readonly onFault: (error: unknown) => void;
  readonly log: Log;
}

interface Slot {
  readonly events: NostrEvent[];
  end?: BacklogEnd | undefined;
}

interface State extends FeedParts {
  readonly streams: Map<string, Stream>;
  readonly gathered: Map<Hex, Slot>;
  /** Subscriptions that are being opened, and those that wait for that. */
  opening: number;
  readonly unopened: (() => void)[];
  /** True when a relay that was down is up again. */
  hasReturned: boolean;
  /** When the inbox was last asked for anew, by a clock that does not jump. */
  inboxRenewedMs: number;
  /** Resolves when what is gathered has been taken. */
  taken: PromiseWithResolvers<void>;
}

/** Opens nothing yet: {@link Feed.refresh} does. */
export function createFeed({ context, inbox, throttle, onNews, onFault, log }: FeedParts): Feed {
  const [streams, gathered] = [new Map<string, Stream>(), new Map<Hex, Slot>()];
  const state: State = {
    context,
    inbox,
    throttle,
    onNews,
    onFault,
    log,
    streams,
    gathered,
    opening: 0,
    unopened: [],
    hasReturned: false,
    inboxRenewedMs: performance.now(),
    taken: Promise.withResolvers(),
  };
  const refresh: Feed['refresh'] = (changed) => refreshStreams(state, changed);
  const list = (): readonly Stream[] => [...streams.values()];
  return {
    refresh,
    reopen: async () => {
      await closeStreams(state);
      refresh();
    },
    take: () => takeGathered(state),
    renew: (owner) => renew(state, owner),
    mayRenewInbox: () => mayRenewInbox(state),
    listGathered: () => [...gathered.keys()],
    takeReturn: () => {
      const { hasReturned } = state;
      state.hasReturned = false;
      return hasReturned;
    },
    isSettled: () => gathered.size === 0 && inbox.isIdle() && !list().some(isStarting),
    count: () => ({ open: streams.size, starting: list().filter(isStarting).length }),
    listWhole: () =>
      list()
        .filter((stream) => stream.isPresent && isRead(stream) && !gathered.has(stream.owner))
        .map(endOf),
    isDeaf: () => list().some((stream) => stream.owner === INBOX && stream.isPresent && stream.up.size === 0 && !isStarting(stream)),
    close: () => closeStreams(state),
  };
}

function isStarting({ heard, relays }: Stream): boolean {
  return heard.size < relays.length;
}

function isRead({ read, relays }: Stream): boolean {
  return read.size === relays.length;
}

function endOf({ owner, read }: Stream): BacklogEnd {
  const crowded = [...read.values()].filter((at) => at !== undefined);
  return { owner, ...(crowded.length > 0 ? { crowdedAt: Math.min(...crowded) } : {}) };
}

function renew(state: State, renewed: Hex): void {
  for (const [key, { owner, stop }] of state.streams) {
    if (owner !== renewed) continue;
    stop.abort();
    state.streams.delete(key);
  }
  if (renewed === INBOX) state.inboxRenewedMs = performance.now();
  refreshStreams(state, undefined);
}

function mayRenewInbox({ streams, inboxRenewedMs }: State): boolean {
  const isReading = [...streams.values()].some(({ owner, up, read }) => owner === INBOX && read.size < up.size);
  return !isReading || performance.now() - inboxRenewedMs >= RENEW_ANYWAY_MS;
}

function refreshStreams(state: State, changed: readonly ChannelRecord[] | undefined): void {
  const { streams, context } = state;
  const owners = changed === undefined ? undefined : new Set(changed.map(({ id }) => id));
  const wanted = new Map(listWanted(context, changed).map((each) => [each.key, each]));
  for (const [key, stream] of streams) {
    if (wanted.has(key) || owners?.has(stream.owner) === false) continue;
    stream.stop.abort();
    streams.delete(key);
  }
  for (const each of wanted.values()) if (!streams.has(each.key)) openStream(state, each);
}

function openStream(state: State, wanted: Wanted): void {
  const { owner, isPresent, relays, key } = wanted;
  const stop = new AbortController();
  const stream: Stream = { owner, isPresent, relays, up: new Set(), heard: new Set(), read: new Map(), stop, ended: Promise.resolve() };
  stream.ended = followInTurn(state, wanted, stream).catch((error: unknown) => {
    // Only our own closing ends a subscription: what else does is a store that cannot be read, or a bug.
    if (stop.signal.aborted) return;
    state.log('error', 'fault', { subscription: true });
    for (const relay of relays) stream.heard.add(relay);
    state.onNews();
    state.onFault(error);
  });
  state.streams.set(key, stream);
}

/** Opens a few at a time: a thousand at once would take memory that nobody gives back, and look like one to whoever watches. */
async function followInTurn(state: State, wanted: Wanted, stream: Stream): Promise<void> {
  if (state.opening >= MAX_OPENING) await new Promise<void>((resolve) => state.unopened.push(resolve));
  let isOpening = true;
  state.opening += 1;
  const onOpen = (): void => {
    if (!isOpening) return;
    isOpening = false;
    state.opening -= 1;
    state.unopened.shift()?.();
  };
  try {
    if (!stream.stop.signal.aborted) await follow(state, wanted, stream, onOpen);
  } finally {
    onOpen();
  }
}

async function follow(state: State, { purpose, relays, filter }: Wanted, stream: Stream, onOpen: () => void): Promise<void> {
  const { context, onNews } = state;
  const { signal } = stream.stop;
  const pool = await context.pool();
  const refilter = (): readonly Filter[] => [filter()];
  const access = purpose === 'identity' ? { purpose, auth: await context.signer() } : { purpose };
  // Signatures of gift wraps are checked when they are opened: that costs a flood its right to be looked at first.
  const forInbox = { verifiesLater: true, beforePage: state.inbox.waitForRoom };
  const options = { ...access, signal, overlapSeconds, refilter, ...(stream.owner === INBOX ? forInbox : {}) };
  for await (const item of pool.subscribe(relays, refilter(), options)) {
    if (item.type === 'event') {
      if (context.store.hasSeen(item.event.id)) continue;
      if (stream.owner === INBOX) state.inbox.add(item.event);
      else await gather(state, stream, item.event);
      continue;
    }
    if (item.type === 'eose') noteUp(state, stream, item);
    else noteDown(state, stream, item.relay);
    stream.heard.add(item.relay);
    if (!isStarting(stream)) onOpen();
    onNews();
  }
}

async function gather(state: State, stream: Stream, event: NostrEvent): Promise<void> {
  const { owner, stop } = stream;
  slotOf(state, owner).events.push(event);
  if (!state.throttle.isPaused(owner)) state.onNews();
  while (isFull(state, owner) && !stop.signal.aborted) await Promise.race([state.taken.promise, aborted(stop.signal)]);
}

/** A channel that has to wait fills its own slot and no more. */
function isFull({ gathered, throttle }: State, owner: Hex): boolean {
  if (throttle.isPaused(owner)) return (gathered.get(owner)?.events.length ?? 0) >= MAX_OF_PAUSED;
  let count = 0;
  for (const [each, { events }] of gathered) if (!throttle.isPaused(each)) count += events.length;
  return count >= MAX_GATHERED;
}

function noteUp(state: State, stream: Stream, { relay, complete, crowdedAt }: Extract<SubscriptionItem, { type: 'eose' }>): void {
  // Heard before, and not as up: it was down.
  state.hasReturned ||= stream.heard.has(relay) && !stream.up.has(relay);
  stream.up.add(relay);
  if (crowdedAt !== undefined) state.log('warn', 'crowded-second', { isInbox: stream.owner === INBOX });
  else if (!complete) state.log('info', 'backlog', { isInbox: stream.owner === INBOX });
  // There is more to come: what is not read yet must not be taken for read.
  if (!complete && crowdedAt === undefined) return;
  stream.read.set(relay, crowdedAt);
  if (stream.isPresent && isRead(stream)) slotOf(state, stream.owner).end = endOf(stream);
}

function noteDown({ log }: State, stream: Stream, relay: string): void {
  stream.read.delete(relay);
  if (stream.up.delete(relay)) log('warn', 'relay-down');
}

function slotOf({ gathered }: State, owner: Hex): Slot {
  const slot = gathered.get(owner) ?? { events: [] };
  gathered.set(owner, slot);
  return slot;
}

function takeGathered(state: State): ReadonlyMap<Hex, Batch> {
  const batches = new Map([...state.gathered].filter(([owner]) => !state.throttle.isPaused(owner)));
  for (const owner of batches.keys()) state.gathered.delete(owner);
  state.taken.resolve();
  state.taken = Promise.withResolvers();
  return batches;
}

async function closeStreams({ streams }: State): Promise<void> {
  const all = [...streams.values()];
  streams.clear();
  for (const { stop } of all) stop.abort();
  await Promise.all(all.map(({ ended }) => ended));
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
