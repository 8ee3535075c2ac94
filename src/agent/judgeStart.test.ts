// What a start makes of the number of messages in the database and of what the second place remembers.

import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../store/memoryStore.ts';
import type { ChannelRecord } from '../store/records.ts';
import type { Sentinel, SentinelReading } from '../store/sentinel.ts';
import { readDoubts } from './doubtNote.ts';
import { judge, judgeStart } from './judgeStart.ts';
import { readRestored } from './restoredNote.ts';
import { BLOCK, countSends, createSendGuard, readSends, writeSends } from './sendCount.ts';
import { saveChanges } from './work.ts';

const id = 'c1'.repeat(32);
const channel: ChannelRecord = {
  ...{ id, nostrGroupId: 'd1'.repeat(32), peer: 'e1'.repeat(32), relays: [], otherRoutes: [], state: Uint8Array.of(1) },
  ...{ createdAt: 1, fetchedUntil: 0, hasChores: false, version: 0 },
};

/** A second place that is only remembered; each write is counted. */
function makePlace(initial: SentinelReading = { kind: 'missing' }, isWritable = true) {
  let reading = initial;
  let writes = 0;
  const sentinel: Sentinel = {
    path: 'nowhere',
    isInside: false,
    read: () => reading,
    canWrite: () => isWritable,
    write: (record) => {
      if (isWritable) [reading, writes] = [{ kind: 'known', record }, writes + 1];
      return isWritable;
    },
  };
  return { sentinel, writes: () => writes };
}

function makeStore(count: number) {
  const store = createMemoryStore();
  store.save([{ kind: 'channel', record: channel }, writeSends(count)]);
  return store;
}

const known = (floor: number, mark: number): SentinelReading => ({ kind: 'known', record: { floor, mark } });

describe('a start', () => {
  it.each<readonly [number, SentinelReading, ReturnType<typeof judge>]>([
    [0, { kind: 'missing' }, { kind: 'same' }],
    [7, known(7, 7), { kind: 'same' }],
    [6, known(7, 7), { kind: 'old', upTo: 7 }],
    [6, known(7, 39), { kind: 'old', upTo: 39 }],
    [7, known(7, 39), { kind: 'doubt', burn: 32, upTo: 39 }],
    [30, known(7, 39), { kind: 'doubt', burn: 9, upTo: 39 }],
    [39, known(7, 39), { kind: 'same' }],
    [40, known(7, 39), { kind: 'doubt', burn: BLOCK, upTo: 40 }],
    [5, { kind: 'missing' }, { kind: 'doubt', burn: BLOCK, upTo: 5 }],
    [0, { kind: 'damaged' }, { kind: 'doubt', burn: BLOCK, upTo: 0 }],
  ])('with %i messages, where %j is remembered, is judged %j', (count, seen, verdict) => {
    expect(judge(count, seen)).toEqual(verdict);
  });

  it('of an old home puts everything in question, and never counts back', () => {
    const [store, place] = [makeStore(6), makePlace(known(7, 39))];
    judgeStart(store, place.sentinel, 50);
    expect(readRestored(store)).toMatchObject({ at: 50, suspect: [id] });
    expect([readSends(store), place.sentinel.read()]).toEqual([39, known(39, 39)]);
    // The home that had come after it is now the old one.
    const later = makeStore(9);
    judgeStart(later, place.sentinel, 60);
    expect(readRestored(later)?.suspect).toEqual([id]);
  });

  it('in doubt notes for each channel how many keys may have been used, again and again until they are thrown away', () => {
    const [store, place] = [makeStore(30), makePlace(known(7, 39))];
    judgeStart(store, place.sentinel, 50);
    expect(readDoubts(store)).toEqual({ [id]: { burn: 9, isRead: false } });
    judgeStart(store, place.sentinel, 51);
    expect(readDoubts(store)[id]?.burn).toBe(9);
    createSendGuard(store, place.sentinel).announce(40);
    judgeStart(store, place.sentinel, 52);
    expect(readDoubts(store)[id]?.burn).toBe(9 + BLOCK);
  });

  it('without a second place to write to throws nothing away, and catches up each time', () => {
    const [store, place] = [makeStore(5), makePlace({ kind: 'missing' }, false)];
    for (let start = 0; start < 2; start += 1) judgeStart(store, place.sentinel, 50);
    expect(readDoubts(store)).toEqual({ [id]: { burn: 0, isRead: false } });
    expect(readRestored(store)).toBeUndefined();
  });
});

describe('the second place', () => {
  it('hears of every message before it is saved, in one write for thirty-two', () => {
    const [store, place] = [makeStore(0), makePlace()];
    const guard = createSendGuard(store, place.sentinel);
    const context = {
      store: { ...store, save: (changes: Parameters<typeof store.save>[0]) => (check(), store.save(changes)) },
      sends: guard,
    };
    const check = (): void => expect(place.sentinel.read()).toMatchObject({ kind: 'known' });
    for (let sent = 0; sent < 100; sent += 1) {
      const changes: Parameters<typeof store.save>[0][number][] = [];
      countSends(store, changes);
      saveChanges(context, changes);
      const reading = place.sentinel.read();
      if (reading.kind !== 'known') throw new Error('nothing was written');
      expect(reading.record.floor).toBeLessThanOrEqual(sent);
      expect(reading.record.mark).toBeGreaterThan(sent);
    }
    expect(place.writes()).toBe(4);
    for (let end = 0; end < 2; end += 1) guard.close();
    expect([place.sentinel.read(), place.writes()]).toEqual([known(100, 100), 5]);
  });

  it('is left alone by a home that has sent nothing', () => {
    const [store, place] = [makeStore(0), makePlace()];
    judgeStart(store, place.sentinel, 1);
    createSendGuard(store, place.sentinel).close();
    expect(place.writes()).toBe(0);
  });
});
