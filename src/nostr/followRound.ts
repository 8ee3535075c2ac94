// Follows a relay over one connection: the live request first, so that nothing falls between, then the backlog in pages.

import type { Hex } from '../core/bytes.ts';
import { onAbort, withDeadline } from './deadline.ts';
import type { NostrEvent } from './event.ts';
import type { Lane } from './fairQueue.ts';
import { requestPage } from './fetchFromRelay.ts';
import type { Filter } from './filter.ts';
import { readPages, type Completeness, type Page } from './readPages.ts';
import type { RelayConnection } from './relayConnection.ts';
import { runRequest, type RequestEnd } from './relayRequest.ts';
import type { Signer } from './signer.ts';

/**
 * What a subscription yields.
 * - `event`: asked for and verified; each id once, from whichever relay had it first;
 * - `eose`: the relay's backlog has been delivered (all of it when `complete`), live events follow; comes again after each reconnect;
 * - `down`: the relay is lost, unreachable or refuses; it is tried again unless the reason is `invalid-url`. After `closed:` the
 *   reason is the relay's own text: do not log it.
 */
export type SubscriptionItem =
  | { readonly type: 'event'; readonly relay: string; readonly event: NostrEvent }
  | { readonly type: 'eose'; readonly relay: string; readonly complete: boolean }
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
}

/** How a round ended. */
export interface RoundResult {
  readonly reason: string;
  /** Unix seconds up to which nothing was missed; undefined when the backlog was not read to its end. */
  readonly caughtUpTo: number | undefined;
}

interface Round extends RoundOptions {
  /** What came live while the backlog was read. */
  readonly live: Set<Hex>;
  readonly controller: AbortController;
  /** Why we gave the round up, if we did. */
  giveUpReason: string | undefined;
  isCaughtUp: boolean;
}

// What reading once more would not mend.
const LASTING: ReadonlySet<string> = new Set(['crowded-second', 'too-many-pages']);

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
      if (isCatchingUp && !round.isCaughtUp) round.live.add(event.id);
      return isKnown ? skip(connection) : deliver(round, event);
    },
    onEose,
  });
  clearTimeout(eoseTimer);
  controller.abort();
  await backlog;
  return end;
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
  round.isCaughtUp = result.complete || LASTING.has(result.reason);
  round.live.clear();
  if (round.isCaughtUp) lane.force({ type: 'eose', relay: connection.relay, complete: result.complete });
  else giveUp(round, result.complete ? 'aborted' : result.reason);
}

async function readBacklog(round: Round): Promise<Completeness> {
  const { pageLimit, queueLimit, maxPages } = round.connection.limits;
  const limits = { pageLimit: Math.min(pageLimit, queueLimit), maxPages };
  for (const filter of round.filters) {
    const result = await readPages(filter, limits, (window) => readBacklogPage(round, window, limits.pageLimit));
    if (!result.complete) return result;
  }
  return { complete: true };
}

async function readBacklogPage(round: Round, window: Filter, pageLimit: number): Promise<Page> {
  const { connection, auth, controller, delivered, verifiesLater } = round;
  const { timeoutMs, maxEvents, maxFetchBytes } = connection.limits;
  await round.lane.waitForRoom(pageLimit, controller.signal);
  const budget = { events: maxEvents, bytes: maxFetchBytes };
  const source = {
    verifiesLater,
    findKnown: (event: NostrEvent) => (delivered.has(event) ? event : undefined),
    isLive: ({ id }: NostrEvent) => round.live.has(id),
    keep: (event: NostrEvent) => deliver(round, event),
  };
  return withDeadline(timeoutMs, controller.signal, (deadline) => requestPage(connection, window, source, budget, auth, deadline));
}
