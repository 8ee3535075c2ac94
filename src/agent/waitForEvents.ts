// Waits until a relay has something new for us.

import { waitFor } from '../nostr/deadline.ts';
import type { SubscriptionItem } from '../nostr/followRound.ts';
import type { AgentContext } from './context.ts';
import { channelFilter, listGapped, wrapFilter } from './newsFilters.ts';
import { formerInbox } from './formerRelays.ts';
import { listOpenChannels } from './openChannels.ts';
import { relaysOf } from './relaysOf.ts';

const MAX_CHANNELS = 32;
// After a reconnect each filter goes on with a `since` of its own: the time of the loss would tell which sockets are one agent's.
const overlapSeconds = Infinity;

/**
 * Waits for an event that is not known yet, at most `waitMs`; with `isInboxLeft` for one in a channel. `known` collects
 * those that were reported once, so that one we cannot use is not reported again. Returns false when the time is over, `wake` is aborted or the agent is closed.
 */
export async function waitForEvents(
  context: AgentContext,
  waitMs: number,
  known: Set<string>,
  { wake, isInboxLeft = false }: { readonly wake?: AbortSignal | undefined; readonly isInboxLeft?: boolean } = {},
): Promise<boolean> {
  const found = new AbortController();
  const signal = AbortSignal.any([found.signal, context.closing, AbortSignal.timeout(waitMs), ...(wake === undefined ? [] : [wake])]);
  const streams = [...(isInboxLeft ? [] : [await openInbox(context, signal)]), ...(await openChannels(context, signal))];
  // With no channel there may be nothing to watch, and still to wait.
  if (streams.length === 0) await waitFor(waitMs, signal);
  await Promise.all(streams.map((stream) => watch(context, stream, known, found)));
  return found.signal.aborted;
}

async function openInbox(context: AgentContext, signal: AbortSignal): Promise<AsyncGenerator<SubscriptionItem, void>> {
  const [pool, auth] = [await context.pool(), await context.signer()];
  // Signatures are checked by whoever opens the wraps.
  const options = { purpose: 'identity', auth, signal, overlapSeconds, verifiesLater: true } as const;
  return pool.subscribe([...relaysOf(context), ...formerInbox(context)], [wrapFilter(context)], options);
}

async function openChannels(context: AgentContext, signal: AbortSignal): Promise<readonly AsyncGenerator<SubscriptionItem, void>[]> {
  const pool = await context.pool();
  const gapped = listGapped(context);
  // The latest channels: where something is going on.
  return listOpenChannels(context.store)
    .slice(0, MAX_CHANNELS)
    .flatMap((record) => {
      const present = { address: record.nostrGroupId, relays: record.relays };
      return [present, ...record.otherRoutes].map(({ address, relays }) =>
        pool.subscribe(relays, [channelFilter(record, address, gapped)], { purpose: `group:${address}`, signal, overlapSeconds }),
      );
    });
}

async function watch(
  context: AgentContext,
  stream: AsyncGenerator<SubscriptionItem, void>,
  known: Set<string>,
  found: AbortController,
): Promise<void> {
  for await (const item of stream) {
    if (item.type !== 'event' || context.store.hasSeen(item.event.id)) continue;
    // An id may come with a false signature first.
    const name = item.event.id + item.event.sig;
    if (known.has(name)) continue;
    known.add(name);
    found.abort();
    return;
  }
}
