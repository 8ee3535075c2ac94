// How many messages this home has sealed so far, and the second place that hears of it before any of them is published.

import type { Change, Store } from '../store/records.ts';
import type { Sentinel } from '../store/sentinel.ts';

const KEY = 'sends';

/** How many messages are announced at a time: one small write to the second place for each so many. */
export const BLOCK = 32;

/** Tells the second place what is to be sent. */
export interface SendGuard {
  readonly sentinel: Sentinel;
  /** Returns once the place says that there may be as many messages, unless it cannot be written. */
  announce(count: number): void;
  /** Says how many there are, once none is made any more, and the store is still open. */
  close(): void;
}

/** The number of messages that a home has sealed. */
export function readSends(store: Pick<Store, 'readSetting'>): number {
  return Number(store.readSetting(KEY) ?? 0);
}

/** The change that writes it. */
export function writeSends(count: number): Change {
  return { kind: 'setting', key: KEY, value: String(count) };
}

/** Counts messages or commits of ours in a step that seals them. */
export function countSends(store: Pick<Store, 'readSetting'>, changes: Change[], count = 1): void {
  changes.push(writeSends((sendsAfter(changes) ?? readSends(store)) + count));
}

/** The number after these changes; undefined when nothing was sealed. */
export function sendsAfter(changes: readonly Change[]): number | undefined {
  const latest = changes.findLast((change) => change.kind === 'setting' && change.key === KEY);
  return latest?.kind === 'setting' ? Number(latest.value) : undefined;
}

/** Guards a home whose second place has been looked at. */
export function createSendGuard(store: Pick<Store, 'readSetting'>, sentinel: Sentinel): SendGuard {
  const reading = sentinel.read();
  let isClosed = false;
  let mark = reading.kind === 'known' ? reading.record.mark : readSends(store);
  return {
    sentinel,
    announce: (count) => {
      if (count <= mark) return;
      const next = count + BLOCK - 1;
      if (sentinel.write({ floor: readSends(store), mark: next })) mark = next;
    },
    close: () => {
      if (isClosed) return;
      isClosed = true;
      const count = readSends(store);
      if (mark !== count && sentinel.write({ floor: count, mark: count })) mark = count;
    },
  };
}
