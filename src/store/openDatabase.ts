// Opens an agent's SQLite database with every commit on disk before it counts.

import { chmodSync, statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { NegotiateError } from '../core/errors.ts';
import { explainFullDisk, isFullDiskFault } from '../core/fullDisk.ts';
import { conflict } from './conflict.ts';
import { checkOwner, migrate } from './migrate.ts';
import { setPragmas } from './pragmas.ts';
import { touchPrivate } from './privateFile.ts';
import { hasNoRoom } from './room.ts';

const OWNER_WRITES = 0o200;
const BUSY_TIMEOUT_MS = 5_000;
// SQLite result codes (sqlite.org/rescode.html).
const CORRUPT = 11;
const NOT_A_DATABASE = 26;
const IO_ERROR = 10;
const FULL = 13;
const CANNOT_OPEN = 14;
const CONSTRAINT = 19;

/**
 * Opens the database at `path`, making its tables when it is new and bringing an older one to this version. Throws `store/unavailable` when
 * it cannot be opened or written, `store/corrupt` when it is not an agent's database, `store/schema-newer` when a later version of this program wrote it.
 */
export function openDatabase(path: string | URL): DatabaseSync {
  return explainFaults(() => {
    // What SQLite puts beside a file has the modes of that file.
    if (typeof path === 'string' && path !== ':memory:') {
      touchPrivate(path);
      mendModes(path);
    }
    const db = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
    try {
      // Before anything is set: another program's file stays as it is.
      checkOwner(db);
      setPragmas(db);
      migrate(db);
      return db;
    } catch (cause) {
      db.close();
      throw cause;
    }
  }, path);
}

/** Files that were made while the database was read-only are so as well; they must not stay it longer than that. */
function mendModes(path: string): void {
  if ((statSync(path).mode & OWNER_WRITES) === 0) return;
  for (const beside of [`${path}-wal`, `${path}-shm`, `${path}-journal`]) {
    const stats = statSync(beside, { throwIfNoEntry: false });
    if (stats !== undefined && (stats.mode & OWNER_WRITES) === 0) chmodSync(beside, 0o600);
  }
}

/**
 * Runs `work`; what SQLite throws becomes an error of the closed table. SQLite calls many a full disk an input or output error: where the
 * database lies at `path`, the room there is tried.
 */
export function explainFaults<T>(work: () => T, path?: string | URL | null): T {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof NegotiateError) throw cause;
    if (isFullDiskFault(cause)) throw explainFullDisk(cause);
    const code = (cause as { errcode?: number }).errcode;
    if (code !== undefined) throw isForWantOfRoom(code, path) ? explainFullDisk(cause) : explain(code, cause);
    // Files beside the database fail with the system's own errors.
    throw (cause as NodeJS.ErrnoException).syscall === undefined ? cause : explain(CANNOT_OPEN, cause);
  }
}

function isForWantOfRoom(code: number, path: string | URL | null | undefined): boolean {
  const primary = code & 0xff;
  if (primary === FULL) return true;
  return (primary === IO_ERROR || primary === CANNOT_OPEN) && typeof path === 'string' && path !== ':memory:' && hasNoRoom(path);
}

function explain(code: number, cause: unknown): NegotiateError {
  const primary = code & 0xff;
  // What is new to a save was saved by another one before.
  if (primary === CONSTRAINT) return conflict({ cause });
  if (primary === CORRUPT || primary === NOT_A_DATABASE) {
    return new NegotiateError('store/corrupt', 'The home’s database is damaged. Keep the folder as it is and restore a copy.', { cause });
  }
  const message =
    'The home’s database cannot be used. Check that the folder and its files are writable and on a local disk, then run it again.';
  return new NegotiateError('store/unavailable', message, { cause, details: { sqlite: code } });
}
