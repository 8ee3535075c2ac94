// Waits until a relay has something new for us.

import type { SubscriptionItem } from '../nostr/followRound.ts';
import type { AgentContext } from './context.ts';
import { channelFilter, listGapped, wrapFilter } from './fetchNews.ts';
import { formerInbox } from './formerRelays.ts';
import { listOpenChannels } from './openChannels.ts';
import { relaysOf } from './relaysOf.ts';

const MAX_CHANNELS = 32;
// After a reconnect each filter goes on with a `since` of its own: the time of the loss would tell which sockets are one agent's.
const overlapSeconds = Infinity;

/**
 * Waits for an event that is not known yet, at most `waitMs`. `known` collects ids that were reported once, so that one we cannot use
 * is not reported again. Returns false when the time is over, `wake` is aborted or the agent is closed.
 */
export async function waitForEvents(context: AgentContext, waitMs: number, known: Set<string>, wake?: AbortSignal): Promise<boolean> {
  const found = new AbortController();
  const signal = AbortSignal.any([found.signal, context.closing, AbortSignal.timeout(waitMs), ...(wake === undefined ? [] : [wake])]);
  const streams = await openStreams(context, signal);
  await Promise.all(streams.map((stream) => watch(context, stream, known, found)));
  return found.signal.aborted;
}

async function openStreams(context: AgentContext, signal: AbortSignal): Promise<readonly AsyncGenerator<SubscriptionItem, void>[]> {
  const pool = await context.pool();
  const wraps = pool.subscribe([...relaysOf(context), ...formerInbox(context)], [wrapFilter(context)], {
    purpose: 'identity',
    auth: await context.signer(),
    signal,
    overlapSeconds,
  });
  const gapped = listGapped(context);
  // The latest channels: where something is going on.
  const channels = listOpenChannels(context.store)
    .slice(0, MAX_CHANNELS)
    .flatMap((record) => {
      const present = { address: record.nostrGroupId, relays: record.relays };
      return [present, ...record.otherRoutes].map(({ address, relays }) =>
        pool.subscribe(relays, [channelFilter(record, address, gapped)], { purpose: `group:${address}`, signal, overlapSeconds }),
      );
    });
  return [wraps, ...channels];
}

async function watch(
  context: AgentContext,
  stream: AsyncGenerator<SubscriptionItem, void>,
  known: Set<string>,
  found: AbortController,
): Promise<void> {
  for await (const item of stream) {
    if (item.type !== 'event' || known.has(item.event.id) || context.store.hasSeen(item.event.id)) continue;
    known.add(item.event.id);
    found.abort();
    return;
  }
}
