// Follows filters on one relay for as long as the reader wants, again after every loss, with growing pauses.

import { backoffMs } from './backoff.ts';
import { waitFor } from './deadline.ts';
import type { Lane } from './fairQueue.ts';
import type { Filter } from './filter.ts';
import { followRound, type RoundOptions, type RoundResult, type SubscriptionItem } from './followRound.ts';
import type { ConnectionContext, RelayConnection } from './relayConnection.ts';

/** What the followers of one subscription share, and how each gets a connection. */
export interface Following extends ConnectionContext, Omit<RoundOptions, 'connection' | 'lane'> {
  /** Seconds that a reconnect goes back behind the last sign of life. */
  readonly overlapSeconds: number;
  /** The filters of the next round, where the reader knows better. */
  readonly refilter?: (() => readonly Filter[]) | undefined;
  connect(relay: string): RelayConnection;
}

// A connection that held this long shows that the relay works: its loss is the first of a new series.
const STABLE_SECONDS = 60;

/** Follows until the signal aborts. Never rejects. */
export async function followRelay(relay: string, following: Following, lane: Lane<SubscriptionItem>): Promise<void> {
  const { clock, signal, limits, rng } = following;
  let filters = following.filters;
  let failures = 0;
  while (!signal.aborted) {
    const startedAt = clock.now();
    const round = await followRound({ ...following, filters, lane, connection: following.connect(relay) });
    if (signal.aborted) return;
    lane.force({ type: 'down', relay, reason: round.reason });
    failures = isStable(round, startedAt) ? 1 : failures + 1;
    if (following.refilter !== undefined) filters = following.refilter();
    else if (round.caughtUpTo !== undefined) filters = resumeFrom(following.filters, round.caughtUpTo - following.overlapSeconds);
    await waitFor(backoffMs(failures, limits, rng), signal);
    await lane.waitForRoom(limits.queueLimit, signal);
  }
}

function isStable(round: RoundResult, startedAt: number): boolean {
  return round.caughtUpTo !== undefined && round.caughtUpTo - startedAt >= STABLE_SECONDS;
}

/** A filter's `limit` was for the first backlog: what came since is wanted in full. */
function resumeFrom(filters: readonly Filter[], since: number): readonly Filter[] {
  return filters.map(({ limit: _, ...filter }) => ({ ...filter, since: Math.max(filter.since ?? 0, since) }));
}
