// Reads everything a filter matches from a relay that returns only so many events at a time, and says when it cannot be everything.

import type { Filter } from './filter.ts';
import type { PoolLimits } from './poolLimits.ts';

/** One answered REQ: how many different events came, the oldest `created_at` among them (unix seconds) and how many have it. */
export type Page =
  | { readonly kind: 'page'; readonly size: number; readonly oldest: number; readonly atOldest: number }
  | { readonly kind: 'failed'; readonly reason: string };

/** Whether a relay was read to the end. `crowded-second`: more events in one second than the relay returns at a time. */
export type Completeness = { readonly complete: true } | { readonly complete: false; readonly reason: string };

/**
 * Reads pages, newest first, until the relay has nothing older, the filter's `limit` is reached or `maxPages` were read. A relay may
 * cut a page within a second, so each page begins with the second at which the one before ended. What cannot be noticed: a relay
 * whose cap is unknown cutting within one second that is all it has.
 */
export async function readPages(
  filter: Filter,
  limits: Pick<PoolLimits, 'pageLimit' | 'maxPages'>,
  readPage: (filter: Filter) => Promise<Page>,
): Promise<Completeness> {
  const { pageLimit, maxPages } = limits;
  let wanted = Math.min(filter.limit ?? Infinity, filter.ids?.length ?? Infinity);
  let until = filter.until ?? Infinity;
  let overlap = 0;
  let [lastSize, largestSize, smallestCut] = [0, 0, pageLimit];
  let [isSteppedOver, isCrowded] = [false, false];
  for (let count = 0; count < maxPages; count++) {
    if (wanted <= 0 || until < (filter.since ?? 0)) return finish(isCrowded);
    const limit = Math.min(pageLimit, wanted + overlap);
    const page = await readPage(until === Infinity ? { ...filter, limit } : { ...filter, limit, until });
    if (page.kind === 'failed') return { complete: false, reason: page.reason };
    if (page.size === 0) return finish(isCrowded);
    // More events than the overlap prove that the relay cut the page before, at its size; after a step, that a second was cut.
    if (lastSize > 0 && page.size > overlap) smallestCut = Math.min(smallestCut, lastSize);
    isCrowded ||= isSteppedOver;
    isSteppedOver = page.oldest >= until;
    if (isSteppedOver) {
      // A page of one second only: the last there is if it is smaller than what the relay can return, else step over that second.
      if (page.size < largestSize) return finish(isCrowded);
      isCrowded ||= page.size >= smallestCut;
    }
    wanted -= Math.max(0, page.size - overlap);
    until = isSteppedOver ? until - 1 : page.oldest;
    overlap = isSteppedOver ? 0 : page.atOldest;
    lastSize = page.size;
    largestSize = Math.max(largestSize, page.size);
  }
  return { complete: false, reason: 'too-many-pages' };
}

function finish(isCrowded: boolean): Completeness {
  return isCrowded ? { complete: false, reason: 'crowded-second' } : { complete: true };
}
