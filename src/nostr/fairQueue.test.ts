import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createFairQueue } from './fairQueue.ts';

const { signal } = new AbortController();

describe('fair queue', () => {
  it('yields each lane in order and lets no lane wait for another’s whole backlog', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 40 }), async (pushes) => {
        const queue = createFairQueue<{ lane: number; n: number }>(100);
        const lanes = [queue.addLane(), queue.addLane(), queue.addLane()];
        pushes.forEach((lane, n) => lanes[lane]?.push({ lane, n }));
        const taken: { lane: number; n: number }[] = [];
        for (const _ of pushes) taken.push((await queue.take(signal)) ?? { lane: -1, n: -1 });
        for (const lane of [0, 1, 2]) {
          const mine = taken.filter((item) => item.lane === lane).map(({ n }) => n);
          expect(mine).toEqual([...mine].sort((a, b) => a - b));
          // The k-th item of a lane has at most k items of each other lane before it.
          mine.forEach((n, k) => expect(taken.findIndex((item) => item.n === n)).toBeLessThanOrEqual(3 * k + 2));
        }
        expect(taken).toHaveLength(pushes.length);
      }),
    );
  });

  it('refuses what does not fit but for what is forced', async () => {
    const queue = createFairQueue<string>(2);
    const lane = queue.addLane();
    expect([lane.push('a'), lane.push('b'), lane.push('c')]).toEqual([true, true, false]);
    lane.force('d');
    expect([await queue.take(signal), await queue.take(signal), await queue.take(signal)]).toEqual(['a', 'b', 'd']);
  });

  it('makes a writer wait until there is room', async () => {
    const queue = createFairQueue<number>(2);
    const lane = queue.addLane();
    lane.push(1);
    lane.push(2);
    let hasRoom = false;
    const waiting = lane.waitForRoom(1, signal).then(() => (hasRoom = true));
    await Promise.resolve();
    expect(hasRoom).toBe(false);
    await queue.take(signal);
    await waiting;
    expect(hasRoom).toBe(true);
  });

  it('wakes a waiting reader with an item or with the signal', async () => {
    const controller = new AbortController();
    const queue = createFairQueue<number>(2);
    const lane = queue.addLane();
    const first = queue.take(controller.signal);
    lane.push(1);
    expect(await first).toBe(1);
    const second = queue.take(controller.signal);
    controller.abort();
    expect(await second).toBeUndefined();
  });
});
