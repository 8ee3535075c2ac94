// Gift wraps that are still to be opened, in the order that helps most under a flood, and never more of them than fit.

import type { NostrEvent } from '../../nostr/event.ts';
import { readWork } from '../../nostr/proofOfWork.ts';

/** How much may wait: wraps, and characters of their content. */
export interface QueueLimits {
  readonly wraps: number;
  readonly chars: number;
}

/** A bounded queue. Work comes first; of equal work what came last, since the oldest have waited in vain already. */
export interface WrapQueue {
  /** Adds a wrap that is not there yet; makes room by dropping the least, which may be the new one. */
  add(wrap: NostrEvent): void;
  /** Takes up to `count` wraps, best first; only those with at least `leastWork` bits of work. */
  take(count: number, leastWork: number): readonly NostrEvent[];
  size(): number;
  /** True while half of the room or more is free. */
  hasRoom(): boolean;
  /** How many were dropped since this was last asked, and again if they came again: the relays have them still. */
  takeDropped(): number;
}

/** About what a relay keeps for one inbox. */
export const QUEUE_LIMITS: QueueLimits = { wraps: 20_000, chars: 64 * 1_024 * 1_024 };

/** An empty queue. */
export function createWrapQueue(limits: QueueLimits = QUEUE_LIMITS): WrapQueue {
  // By bits of work; a map keeps the order of arrival. Two events may share an id as long as no signature was checked.
  const tiers = new Map<number, Map<string, NostrEvent>>();
  let [size, chars, dropped] = [0, 0, 0];
  const descending = (): readonly number[] => [...tiers.keys()].sort((a, b) => b - a);
  const remove = (work: number, key: string): void => {
    const tier = tiers.get(work);
    const wrap = tier?.get(key);
    if (tier === undefined || wrap === undefined) return;
    tier.delete(key);
    if (tier.size === 0) tiers.delete(work);
    size -= 1;
    chars -= wrap.content.length;
  };
  const dropLeast = (): void => {
    const least = Math.min(...tiers.keys());
    const [oldest] = tiers.get(least)?.keys() ?? [];
    if (oldest === undefined) return;
    remove(least, oldest);
    dropped += 1;
  };
  return {
    add: (wrap) => {
      const work = readWork(wrap);
      const tier = tiers.get(work) ?? new Map<string, NostrEvent>();
      const key = wrap.id + wrap.sig;
      if (tier.has(key)) return;
      tiers.set(work, tier.set(key, wrap));
      size += 1;
      chars += wrap.content.length;
      while (size > limits.wraps || chars > limits.chars) dropLeast();
    },
    take: (count, leastWork) => {
      const taken: NostrEvent[] = [];
      for (const work of descending()) {
        if (work < leastWork || taken.length === count) break;
        const newest = [...(tiers.get(work) ?? [])].slice(taken.length - count).reverse();
        for (const [key, wrap] of newest) {
          taken.push(wrap);
          remove(work, key);
        }
      }
      return taken;
    },
    size: () => size,
    hasRoom: () => size <= limits.wraps / 2 && chars <= limits.chars / 2,
    takeDropped: () => {
      const answer = dropped;
      dropped = 0;
      return answer;
    },
  };
}
