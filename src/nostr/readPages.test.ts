import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Filter } from './filter.ts';
import { readPages, type Page } from './readPages.ts';

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
    return { kind: 'page', size: page.length, oldest, atOldest: page.filter((e) => e.created_at === oldest).length };
  };
  return { read, got, requests };
}

const limits = { pageLimit: 10, maxPages: 200 };
const crowd = (seconds: readonly number[]): number => Math.max(0, ...seconds.map((s) => seconds.filter((t) => t === s).length));

describe('reading pages', () => {
  it('gets everything from a relay with any cap, unless one second holds a page or more, and then says so', async () => {
    let paged = 0;
    let crowded = 0;
    const anySeconds = fc.integer({ min: 0, max: 30 }).chain((max) => fc.array(fc.integer({ min: 0, max }), { maxLength: 60 }));
    await fc.assert(
      fc.asyncProperty(anySeconds, fc.integer({ min: 2, max: 20 }), async (seconds, cap) => {
        const relay = createRelay(seconds, cap);
        const result = await readPages({}, limits, relay.read);
        const isAll = relay.got.size === seconds.length;
        const pageSize = Math.min(cap, limits.pageLimit);
        if (crowd(seconds) < pageSize) expect({ ...result, isAll }).toEqual({ complete: true, isAll: true });
        if (!isAll && new Set(seconds).size > 1) expect(result).toEqual({ complete: false, reason: 'crowded-second' });
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
      return { kind: 'page', size: 2, oldest: until - 1, atOldest: 1 };
    };
    expect(await readPages({}, { pageLimit: 10, maxPages: 5 }, read)).toEqual({ complete: false, reason: 'too-many-pages' });
    expect(requests).toBeLessThanOrEqual(10);
  });
});
