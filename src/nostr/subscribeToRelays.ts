// A subscription over many relays: one follower each, one reader, each event once.

import { onAbort } from './deadline.ts';
import type { NostrEvent } from './event.ts';
import { createFairQueue } from './fairQueue.ts';
import { followRelay, type Following } from './followRelay.ts';
import type { SubscriptionItem } from './followRound.ts';
import { isRelayUrl } from './relayUrl.ts';

const MAX_DELIVERED = 10_000;

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
  // Without a signature that was checked, an id may have come with a false one first, and its event is another each time.
  const nameOf = ({ id, sig }: NostrEvent): string => (options.verifiesLater === true ? id + sig : id);
  const following = { ...options, signal, delivered: createRecent(MAX_DELIVERED, nameOf) };
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

/** Remembers the last `capacity` events: one that was forgotten may be delivered again, which readers have to expect anyway. */
function createRecent(capacity: number, nameOf: (event: NostrEvent) => string): Following['delivered'] {
  const names = new Set<string>();
  const add = (event: NostrEvent): void => {
    names.add(nameOf(event));
    const [oldest] = names;
    if (names.size > capacity && oldest !== undefined) names.delete(oldest);
  };
  return { has: (event) => names.has(nameOf(event)), add };
}
