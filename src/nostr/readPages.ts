// Reads everything a filter matches from a relay that returns only so many events at a time, and says when it cannot be everything.

import { isVoid, type Filter } from './filter.ts';

/**
 * One answered REQ: how many different events came (`shown`), how many of them are the page (`size`, the others came live), the oldest `created_at` among
 * these (unix seconds) and how many have it. `too-large`: it had more bytes than a page may have; one with fewer events may do.
 */
export type Page =
  | { readonly kind: 'page'; readonly shown: number; readonly size: number; readonly oldest: number; readonly atOldest: number }
  | { readonly kind: 'too-large' }
  | { readonly kind: 'failed'; readonly reason: string };

/**
 * Whether a relay was read to the end. `crowdedAt` is there when it was but for seconds that hold more events than the relay returns at a time, and is
 * the oldest of them.
 */
export type Completeness =
  { readonly complete: true } | { readonly complete: false; readonly reason: string; readonly crowdedAt?: number | undefined };

/** How much to ask for. */
export interface PageLimits {
  /** Events of a page. */
  readonly pageLimit: number;
  /** Events of a page where a second holds more than a usual one. */
  readonly crowdedLimit: number;
  /** Pages after which `readOn` is asked. */
  readonly maxPages: number;
}

interface Place {
  /** Where the next page begins (unix seconds, inclusive), and how many events it shares with the one before. */
  readonly until: number;
  readonly overlap: number;
}

/**
 * Reads pages, newest first, until the relay has nothing older or the filter's `limit` is reached; after each `maxPages` pages `readOn`
 * decides whether to go on. A relay may cut a page within a second, so each page begins with the second at which the one before ended. Where that
 * second fills a page, a larger page is asked for; where that does not help, the second is stepped over and told of. What cannot be
 * noticed: a relay whose cap is unknown cutting within one second that is all it has.
 */
export async function readPages(
  filter: Filter,
  { pageLimit, crowdedLimit, maxPages }: PageLimits,
  readPage: (filter: Filter) => Promise<Page>,
  readOn: () => Promise<boolean> = async () => false,
): Promise<Completeness> {
  let wanted = Math.min(filter.limit ?? Infinity, filter.ids?.length ?? Infinity);
  let place: Place = { until: filter.until ?? Infinity, overlap: 0 };
  let [usual, isWide] = [pageLimit, false];
  let [last, largestSize, smallestCut] = [{ size: 0, limit: 0 }, 0, Infinity];
  let [steppedOver, crowdedAt] = [undefined, undefined] as [number | undefined, number | undefined];
  for (let count = 0; wanted > 0 && place.until >= (filter.since ?? 0); count++) {
    if (count > 0 && count % maxPages === 0 && !(await readOn())) return { complete: false, reason: 'too-many-pages' };
    const { until, overlap } = place;
    const most = isWide ? Math.max(crowdedLimit, usual) : usual;
    const limit = Math.min(most, wanted + overlap);
    const page = await readPage(until === Infinity ? { ...filter, limit } : { ...filter, limit, until });
    if (page.kind === 'failed') return { complete: false, reason: page.reason };
    if (page.kind === 'too-large') {
      if (!isWide && limit === 1) return { complete: false, reason: 'too-much' };
      if (isWide) {
        crowdedAt = until;
        place = { until: until - 1, overlap: 0 };
        last = { size: 0, limit: 0 };
      } else usual = Math.ceil(limit / 2);
      isWide = false;
      continue;
    }
    if (page.size === 0) break;
    // More events than the overlap prove that the page before was cut, by the relay where it was smaller than asked for; after a step, that a second was cut.
    const isMore = last.size > 0 && page.size > overlap;
    if (isMore && last.size < last.limit) smallestCut = Math.min(smallestCut, last.size);
    crowdedAt = steppedOver ?? crowdedAt;
    steppedOver = undefined;
    const isStuck = page.oldest >= until;
    // A page of one second only: the last there is if it is smaller than what the relay can return.
    if (isStuck && page.shown < Math.min(limit, largestSize)) break;
    wanted -= Math.max(0, page.size - overlap);
    isWide = isStuck && !isWide && limit === usual && page.size >= limit && crowdedLimit > usual;
    if (isStuck && !isWide) {
      steppedOver = until;
      // Full, or no more than a usual page although more was asked for.
      if (page.size >= Math.min(page.size > usual ? limit : usual, smallestCut)) crowdedAt = until;
    }
    place = steppedOver === undefined ? { until: page.oldest, overlap: page.atOldest } : { until: until - 1, overlap: 0 };
    last = { size: page.size, limit };
    largestSize = Math.max(largestSize, page.size);
  }
  return finish(crowdedAt);
}

/** Reads one filter after the other, but for those that nothing meets; a crowded second of one keeps none of the others back. */
export async function readFilters(filters: readonly Filter[], read: (filter: Filter) => Promise<Completeness>): Promise<Completeness> {
  let oldest = Infinity;
  for (const filter of filters.filter((each) => !isVoid(each))) {
    const result = await read(filter);
    if (!result.complete && result.crowdedAt === undefined) return result;
    if (!result.complete) oldest = Math.min(oldest, result.crowdedAt ?? Infinity);
  }
  return finish(oldest === Infinity ? undefined : oldest);
}

function finish(crowdedAt: number | undefined): Completeness {
  return crowdedAt === undefined ? { complete: true } : { complete: false, reason: 'crowded-second', crowdedAt };
}
