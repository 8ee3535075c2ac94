// A subscription over many relays: one follower each, one reader, each event once.

import type { Hex } from '../core/bytes.ts';
import { onAbort } from './deadline.ts';
import { createFairQueue } from './fairQueue.ts';
import { followRelay, type Following } from './followRelay.ts';
import type { SubscriptionItem } from './followRound.ts';
import { isRelayUrl } from './relayUrl.ts';

const MAX_DELIVERED_IDS = 10_000;

/** Follows relays (normalised, each once) until a signal aborts or the reader stops. A bad URL is reported as down once. */
export async function* subscribeToRelays(
  relays: readonly string[],
  { signals, ...options }: Omit<Following, 'delivered' | 'signal'> & { readonly signals: readonly AbortSignal[] },
): AsyncGenerator<SubscriptionItem, void> {
  // A controller of its own is half the size of what AbortSignal.any makes.
  const ending = new AbortController();
  const { signal } = ending;
  const stopsListening = signals.map((each) => onAbort(each, () => ending.abort()));
  const queue = createFairQueue<SubscriptionItem>(options.limits.queueLimit);
  const following = { ...options, signal, delivered: createRecentIds(MAX_DELIVERED_IDS) };
  const followers = relays.map(async (relay) => {
    const lane = queue.addLane();
    if (isRelayUrl(relay)) await followRelay(relay, following, lane);
    else lane.force({ type: 'down', relay, reason: 'invalid-url' });
  });
  try {
    for (let item = await queue.take(signal); item !== undefined; item = await queue.take(signal)) yield item;
  } finally {
    for (const stopListening of stopsListening) stopListening();
    ending.abort();
    await Promise.all(followers);
  }
}

/** Remembers the last `capacity` ids: one that was forgotten may be delivered again, which readers have to expect anyway. */
function createRecentIds(capacity: number): Following['delivered'] {
  const ids = new Set<Hex>();
  const add = (id: Hex): void => {
    ids.add(id);
    const [oldest] = ids;
    if (ids.size > capacity && oldest !== undefined) ids.delete(oldest);
  };
  return { has: (id) => ids.has(id), add };
}
