import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Filter } from './filter.ts';
import { readFilters, readPages, type Page } from './readPages.ts';

interface Stored {
  readonly id: number;
  readonly created_at: number;
}

/** A relay that holds events of these seconds and returns at most `cap` of them, newest first. */
function createRelay(
  seconds: readonly number[],
  cap: number,
): { read(filter: Filter): Promise<Page>; got: Set<number>; requests: Filter[] } {
  const stored: Stored[] = seconds.map((second, id) => ({ id, created_at: second })).sort((a, b) => b.created_at - a.created_at);
  const got = new Set<number>();
  const requests: Filter[] = [];
  const read = async (filter: Filter): Promise<Page> => {
    requests.push(filter);
    const { since = 0, until = Infinity, limit = Infinity } = filter;
    const page = stored.filter((e) => e.created_at >= since && e.created_at <= until).slice(0, Math.min(limit, cap));
    for (const { id } of page) got.add(id);
    const oldest = page.at(-1)?.created_at ?? 0;
    return { kind: 'page', shown: page.length, size: page.length, oldest, atOldest: page.filter((e) => e.created_at === oldest).length };
  };
  return { read, got, requests };
}

const limits = { pageLimit: 10, crowdedLimit: 15, maxPages: 200 };
const crowd = (seconds: readonly number[]): number => Math.max(0, ...seconds.map((s) => seconds.filter((t) => t === s).length));

describe('reading pages', () => {
  it('gets everything from a relay with any cap, unless one second holds what fills a large page, and then says so', async () => {
    let paged = 0;
    let crowded = 0;
    const anySeconds = fc.integer({ min: 0, max: 30 }).chain((max) => fc.array(fc.integer({ min: 0, max }), { maxLength: 60 }));
    await fc.assert(
      fc.asyncProperty(anySeconds, fc.integer({ min: 2, max: 20 }), async (seconds, cap) => {
        const relay = createRelay(seconds, cap);
        const result = await readPages({}, limits, relay.read);
        const isAll = relay.got.size === seconds.length;
        const pageSize = Math.min(cap, limits.crowdedLimit);
        // A second that fills a usual page and no more may be more than that.
        if (crowd(seconds) < pageSize && crowd(seconds) !== limits.pageLimit)
          expect({ ...result, isAll }).toEqual({ complete: true, isAll: true });
        if (!isAll && new Set(seconds).size > 1) expect(result).toMatchObject({ complete: false, reason: 'crowded-second' });
        paged += Number(seconds.length > cap);
        crowded += Number(!result.complete);
      }),
      { numRuns: 1_000 },
    );
    expect(paged).toBeGreaterThan(50);
    expect(crowded).toBeGreaterThan(20);
  });

  it('needs two requests for the usual handful and one when it knows how many there are', async () => {
    const small = createRelay([5, 6, 7], 10);
    expect(await readPages({}, limits, small.read)).toEqual({ complete: true });
    expect(small.requests).toHaveLength(2);
    const byLimit = createRelay([5, 6, 7], 10);
    await readPages({ limit: 2 }, limits, byLimit.read);
    expect(byLimit.requests).toEqual([{ limit: 2 }]);
    const byIds = createRelay([5], 10);
    await readPages({ ids: ['x'] }, limits, byIds.read);
    expect(byIds.requests).toHaveLength(1);
  });

  it('keeps within since and until', async () => {
    const relay = createRelay([1, 2, 3, 4, 5, 6], 2);
    expect(await readPages({ since: 2, until: 5 }, limits, relay.read)).toEqual({ complete: true });
    expect([...relay.got].sort()).toEqual([1, 2, 3, 4]);
    expect(relay.requests.every(({ since = 0, until = 0 }) => since >= 2 && until <= 5)).toBe(true);
  });

  it('is incomplete when a page fails, whichever it is', async () => {
    for (let failing = 1; failing <= 4; failing++) {
      const relay = createRelay([1, 2, 3, 4], 2);
      const read = async (filter: Filter): Promise<Page> => {
        const page = await relay.read(filter);
        return relay.requests.length === failing ? { kind: 'failed', reason: 'timed-out' } : page;
      };
      expect(await readPages({}, limits, read)).toEqual({ complete: false, reason: 'timed-out' });
    }
  });

  it('gives up on a relay that always has something older', async () => {
    let requests = 0;
    const read = async ({ until = 1_000_000 }: Filter): Promise<Page> => {
      requests += 1;
      return { kind: 'page', shown: 2, size: 2, oldest: until - 1, atOldest: 1 };
    };
    expect(await readPages({}, { pageLimit: 10, crowdedLimit: 10, maxPages: 5 }, read)).toEqual({
      complete: false,
      reason: 'too-many-pages',
    });
    expect(requests).toBeLessThanOrEqual(10);
  });

  it('goes on after so many pages when told to, from where it was, and ends with the last event', async () => {
    const seconds = Array.from({ length: 40 }, (_, second) => second);
    const relay = createRelay(seconds, 4);
    const asked: number[] = [];
    const readOn = async (): Promise<boolean> => asked.push(relay.got.size) > 0;
    expect(await readPages({}, { ...limits, maxPages: 3 }, relay.read, readOn)).toEqual({ complete: true });
    expect(relay.got.size).toBe(40);
    expect(asked.length).toBeGreaterThan(3);
    expect(asked).toEqual([...new Set(asked)]);
  });

  it('asks for a larger page where one second fills a usual one', async () => {
    const relay = createRelay([9, ...Array<number>(12).fill(5), 2, 1], 50);
    expect(await readPages({}, limits, relay.read)).toEqual({ complete: true });
    expect(relay.got.size).toBe(15);
    expect(relay.requests.map(({ limit }) => limit)).toEqual([10, 10, 15, 10]);
  });

  it('names the oldest second that is more crowded than any page, and reads what is beyond', async () => {
    const relay = createRelay([9, ...Array<number>(8).fill(7), 6, 5, ...Array<number>(9).fill(4), 3, 2, 1], 5);
    expect(await readPages({}, limits, relay.read)).toEqual({ complete: false, reason: 'crowded-second', crowdedAt: 4 });
    expect(relay.got.size).toBe(6 + 5 + 5);
  });

  it('asks for less where events are large, and gives up on one that no page has room for', async () => {
    const relay = createRelay([1, 2, 3, 4, 5, 6, 7, 8, 9], 10);
    const read = async (filter: Filter): Promise<Page> => ((filter.limit ?? 0) > 3 ? { kind: 'too-large' } : relay.read(filter));
    expect(await readPages({}, limits, read)).toEqual({ complete: true });
    expect(relay.got.size).toBe(9);
    let requests = 0;
    const never = async (): Promise<Page> => {
      requests += 1;
      return { kind: 'too-large' };
    };
    expect(await readPages({}, limits, never)).toEqual({ complete: false, reason: 'too-much' });
    expect(requests).toBe(5);
  });

  it('passes over a crowded second whose large page is too large, and says so', async () => {
    const relay = createRelay([9, ...Array<number>(12).fill(5), 2, 1], 50);
    const read = async (filter: Filter): Promise<Page> => ((filter.limit ?? 0) > 10 ? { kind: 'too-large' } : relay.read(filter));
    expect(await readPages({}, limits, read)).toEqual({ complete: false, reason: 'crowded-second', crowdedAt: 5 });
    expect(relay.got.has(13) && relay.got.has(14)).toBe(true);
  });

  it('reads all filters, whatever is crowded in one of them, and none after one that fails', async () => {
    const relay = createRelay([5, 5, 5, 5, 3, 1], 3);
    const asked: Filter[] = [];
    const read = (filter: Filter) => {
      asked.push(filter);
      return readPages(filter, limits, filter.until === 1 ? async () => ({ kind: 'failed', reason: 'timed-out' }) : relay.read);
    };
    expect(await readFilters([{}, { until: 4 }], read)).toEqual({ complete: false, reason: 'crowded-second', crowdedAt: 5 });
    expect(await readFilters([{ until: 1 }, {}], read)).toEqual({ complete: false, reason: 'timed-out' });
    expect(asked).toHaveLength(3);
  });
});
