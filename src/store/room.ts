// Whether there is room for what SQLite writes beside a database, found by trying.

import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { isFullDiskFault } from '../core/fullDisk.ts';

// The index of a write-ahead log is made of pieces of 32 KiB.
const PROBE_BYTES = 65_536;

/** True when a small file beside `path` cannot be written for want of room; it is removed again. False where anything else is in the way. Never throws. */
export function hasNoRoom(path: string): boolean {
  const probe = `${path}.probe-${process.pid}`;
  try {
    const file = openSync(probe, 'wx', 0o600);
    try {
      return writeSync(file, new Uint8Array(PROBE_BYTES)) < PROBE_BYTES;
    } finally {
      closeSync(file);
    }
  } catch (error) {
    return isFullDiskFault(error);
  } finally {
    rmSync(probe, { force: true });
  }
}
