// A bounded queue with a lane per relay: a relay that floods fills its own lane and delays nobody else's events.

import { onAbort } from './deadline.ts';

/** One relay's part of the queue. */
export interface Lane<T> {
  /** Adds an item; false, and not added, when the lane is full. */
  push(item: T): boolean;
  /** Adds an item even to a full lane: for the few that must not be lost. */
  force(item: T): void;
  /** Waits until at least `count` more items fit (or the lane is empty) or the signal aborts. */
  waitForRoom(count: number, signal: AbortSignal): Promise<void>;
}

/** Lanes and their one reader. */
export interface FairQueue<T> {
  addLane(): Lane<T>;
  /** The next item, lanes in turn; undefined once the signal aborts. */
  take(signal: AbortSignal): Promise<T | undefined>;
}

/** Creates a queue whose lanes hold `capacity` items each. */
export function createFairQueue<T>(capacity: number): FairQueue<T> {
  const lanes: T[][] = [];
  let turn = 0;
  let waiters: (() => void)[] = [];
  const tellChange = (): void => {
    const told = waiters;
    waiters = [];
    for (const wake of told) wake();
  };
  // A subscription waits here for weeks, one of thousands: one promise and one listener, no race of promises.
  const untilChange = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      waiters.push(() => {
        stopListening();
        resolve();
      });
      const stopListening = onAbort(signal, resolve);
    });
  const shiftNext = (): { readonly item: T } | undefined => {
    for (let step = 0; step < lanes.length; step++) {
      const lane = lanes[(turn + step) % lanes.length] ?? [];
      if (lane.length === 0) continue;
      turn = (turn + step + 1) % lanes.length;
      return { item: lane.shift() as T };
    }
    return undefined;
  };
  const addLane = (): Lane<T> => {
    const lane: T[] = [];
    lanes.push(lane);
    const force = (item: T): void => {
      lane.push(item);
      tellChange();
    };
    const push = (item: T): boolean => {
      const fits = lane.length < capacity;
      if (fits) force(item);
      return fits;
    };
    const waitForRoom = async (count: number, signal: AbortSignal): Promise<void> => {
      while (!signal.aborted && lane.length > 0 && lane.length + count > capacity) await untilChange(signal);
    };
    return { push, force, waitForRoom };
  };
  const take = async (signal: AbortSignal): Promise<T | undefined> => {
    while (!signal.aborted) {
      const next = shiftNext();
      if (next !== undefined) {
        tellChange();
        return next.item;
      }
      await untilChange(signal);
    }
    return undefined;
  };
  return { addLane, take };
}
