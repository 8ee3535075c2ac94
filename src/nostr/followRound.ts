// Follows a relay over one connection: the live request first, so that nothing falls between, then the backlog in pages.

import type { Hex } from '../core/bytes.ts';
import { backoffMs } from './backoff.ts';
import { onAbort, waitFor, withDeadline } from './deadline.ts';
import type { NostrEvent } from './event.ts';
import type { Lane } from './fairQueue.ts';
import { requestPage } from './fetchFromRelay.ts';
import type { Filter } from './filter.ts';
import { readFilters, readPages, type Completeness, type Page } from './readPages.ts';
import type { RelayConnection } from './relayConnection.ts';
import { runRequest, type RequestEnd } from './relayRequest.ts';
import type { Signer } from './signer.ts';

/**
 * What a subscription yields.
 * - `event`: asked for and verified; each id once, from whichever relay had it first;
 * - `eose`: the relay's backlog has been delivered, live events follow; comes again after each reconnect. With `complete: false` there is more: it
 *   is read little by little, and another `eose` tells of its end; or, with `crowdedAt`, all was delivered but for seconds that hold more events
 *   than the relay ever shows at a time, of which that is the oldest;
 * - `down`: the relay is lost, unreachable or refuses; it is tried again unless the reason is `invalid-url`. After `closed:` the
 *   reason is the relay's own text: do not log it.
 */
export type SubscriptionItem =
  | { readonly type: 'event'; readonly relay: string; readonly event: NostrEvent }
  | { readonly type: 'eose'; readonly relay: string; readonly complete: boolean; readonly crowdedAt?: number | undefined }
  | { readonly type: 'down'; readonly relay: string; readonly reason: string };

/** What one round of following works with. */
export interface RoundOptions {
  readonly connection: RelayConnection;
  readonly filters: readonly Filter[];
  readonly auth: Signer | undefined;
  readonly signal: AbortSignal;
  readonly lane: Lane<SubscriptionItem>;
  /** What was delivered lately, from any relay. */
  readonly delivered: { has(event: NostrEvent): boolean; add(event: NostrEvent): void };
  /** True when the reader verifies signatures itself (see `RequestHandlers`). */
  readonly verifiesLater?: boolean | undefined;
  /** Awaited before each page of the backlog: resolves when the reader has room for it, or the signal aborts. */
  readonly beforePage?: ((signal: AbortSignal) => Promise<void>) | undefined;
}

/** How a round ended. */
export interface RoundResult {
  readonly reason: string;
  /** Unix seconds up to which nothing was missed; undefined when the backlog was not read to its end. */
  readonly caughtUpTo: number | undefined;
}

interface Round extends RoundOptions {
  /** What came live since the last page was asked for. */
  readonly live: Set<Hex>;
  readonly controller: AbortController;
  /** Why we gave the round up, if we did. */
  giveUpReason: string | undefined;
  isCaughtUp: boolean;
}

// What came live while a page was read, and may be in the midst of it: more than a page has room for need not be known.
const MAX_LIVE = 10_000;

/** Follows until the connection or the subscription on it is lost or the signal aborts. Never rejects. */
export async function followRound(options: RoundOptions): Promise<RoundResult> {
  const round: Round = { ...options, live: new Set(), controller: new AbortController(), giveUpReason: undefined, isCaughtUp: false };
  const stopForwarding = onAbort(options.signal, () => giveUp(round, 'aborted'));
  const end = await readLive(round);
  stopForwarding();
  const reason = round.giveUpReason ?? (end.kind === 'failed' ? end.reason : end.kind);
  return { reason, caughtUpTo: round.isCaughtUp && reason !== 'overflow' ? options.connection.heardAt() : undefined };
}

function giveUp(round: Round, reason: string): void {
  round.giveUpReason ??= reason;
  round.controller.abort();
}

async function readLive(round: Round): Promise<RequestEnd> {
  const { connection, auth, controller, delivered, verifiesLater } = round;
  const { connectTimeoutMs, timeoutMs } = connection.limits;
  let [backlog, isCatchingUp] = [Promise.resolve(), false];
  const eoseTimer = setTimeout(giveUp, connectTimeoutMs + timeoutMs, round, 'timed-out');
  const onEose = (): boolean => {
    clearTimeout(eoseTimer);
    if (isCatchingUp) skip(connection);
    else backlog = catchUp(round);
    isCatchingUp = true;
    return false;
  };
  // The backlog comes in pages, so one stored event per filter is enough here; none at all confuses some relays.
  const filters = round.filters.map((filter) => ({ ...filter, limit: 1 }));
  const end = await runRequest(connection, filters, auth, controller.signal, {
    verifiesLater,
    findKnown: (event) => (delivered.has(event) ? event : undefined),
    onEvent: (event, { isKnown }) => {
      if (isCatchingUp && !round.isCaughtUp) noteLive(round, event.id);
      return isKnown ? skip(connection) : deliver(round, event);
    },
    onEose,
  });
  clearTimeout(eoseTimer);
  controller.abort();
  await backlog;
  return end;
}

function noteLive({ live }: Round, id: Hex): void {
  live.add(id);
  const [oldest] = live;
  if (live.size > MAX_LIVE && oldest !== undefined) live.delete(oldest);
}

/** Repeats are normal where several relays are followed, but not in any number. */
function skip(connection: RelayConnection): boolean {
  connection.countJunk(1);
  return true;
}

function deliver(round: Round, event: NostrEvent): boolean {
  const isRoom = round.lane.push({ type: 'event', relay: round.connection.relay, event });
  if (isRoom) round.delivered.add(event);
  else giveUp(round, 'overflow');
  return isRoom;
}

async function catchUp(round: Round): Promise<void> {
  const { connection, lane } = round;
  const result = await readBacklog(round);
  if (round.controller.signal.aborted) return;
  // What is in a crowded second reading once more would not bring.
  round.isCaughtUp = result.complete || result.crowdedAt !== undefined;
  round.live.clear();
  if (result.complete) lane.force({ type: 'eose', relay: connection.relay, complete: true });
  else if (round.isCaughtUp) lane.force({ type: 'eose', relay: connection.relay, complete: false, crowdedAt: result.crowdedAt });
  else giveUp(round, result.reason);
}

async function readBacklog(round: Round): Promise<Completeness> {
  const { pageLimit, crowdedLimit, queueLimit, maxPages } = round.connection.limits;
  const limits = { pageLimit: Math.min(pageLimit, queueLimit), crowdedLimit: Math.min(crowdedLimit, queueLimit), maxPages };
  const rest = createRest(round);
  return readFilters(round.filters, (filter) => readPages(filter, limits, (window) => readBacklogPage(round, window), rest));
}

/** Between so many pages and the next: tells that there is more, and waits longer each time. A relay that always has more costs little. */
function createRest({ connection, lane, controller: { signal } }: Round): () => Promise<boolean> {
  const { relay, limits, rng } = connection;
  let rests = 0;
  return async () => {
    if (rests === 0) lane.force({ type: 'eose', relay, complete: false });
    rests += 1;
    await waitFor(backoffMs(rests, limits, rng), signal);
    return !signal.aborted;
  };
}

async function readBacklogPage(round: Round, window: Filter): Promise<Page> {
  const { connection, auth, controller, delivered, verifiesLater } = round;
  const { timeoutMs, maxEvents, maxFetchBytes, queueLimit } = connection.limits;
  await round.beforePage?.(controller.signal);
  await round.lane.waitForRoom(Math.min(window.limit ?? queueLimit, queueLimit), controller.signal);
  const budget = { events: maxEvents, bytes: maxFetchBytes };
  // What was live before is stored by now, and in its place.
  round.live.clear();
  const source = {
    verifiesLater,
    findKnown: (event: NostrEvent) => (delivered.has(event) ? event : undefined),
    isLive: ({ id }: NostrEvent) => round.live.has(id),
    keep: (event: NostrEvent) => deliver(round, event),
  };
  return withDeadline(timeoutMs, controller.signal, (deadline) => requestPage(connection, window, source, budget, auth, deadline));
}
