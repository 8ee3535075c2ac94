// Looks at a home from outside: whether its database is whole, who can read it, how large it is and how much room there is.

import { statfsSync, statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { isNegotiateError } from '../core/errors.ts';
import { checkModes } from './checkModes.ts';
import { databasePath } from './home.ts';
import { hasNoRoom } from './room.ts';

/** What was seen. Sizes are bytes. */
export interface HomeInspection {
  /** `unreadable` when SQLite could not look, such as on a disk that fails. */
  readonly integrity: 'sound' | 'damaged' | 'unreadable';
  /** True when others can read or write the folder or a file of ours in it. */
  readonly isExposed: boolean;
  /** The database with what waits in its write-ahead log. */
  readonly sizeBytes: number;
  /** What this user may still write; undefined where the system does not say. */
  readonly freeBytes?: number;
}

// SQLITE_CORRUPT and SQLITE_NOTADB (sqlite.org/rescode.html).
const DAMAGED: ReadonlySet<number> = new Set([11, 26]);
const BUSY_TIMEOUT_MS = 2_000;

/** Inspects a home, in use or not, through a connection of its own that cannot write. Never throws. */
export function inspectHome(home: string): HomeInspection {
  const path = databasePath(home);
  const freeBytes = attempt(() => countFree(home));
  return {
    integrity: checkIntegrity(path),
    isExposed: isExposed(home),
    sizeBytes: sizeOf(path) + sizeOf(`${path}-wal`),
    ...(freeBytes === undefined ? {} : { freeBytes }),
  };
}

function checkIntegrity(path: string): HomeInspection['integrity'] {
  try {
    return quickCheck(path) === 'ok' ? 'sound' : 'damaged';
  } catch (error) {
    const code = (error as { errcode?: number }).errcode ?? 0;
    if (DAMAGED.has(code & 0xff)) return 'damaged';
    return attempt(() => checkWithoutRoom(path)) ?? 'unreadable';
  }
}

/** On a full disk SQLite has no room for the index of its log; a database without a log can be read as a file that nobody changes. */
function checkWithoutRoom(path: string): HomeInspection['integrity'] | undefined {
  if (sizeOf(`${path}-wal`) > 0 || !hasNoRoom(path)) return undefined;
  const url = pathToFileURL(path);
  url.searchParams.set('immutable', '1');
  return quickCheck(url) === 'ok' ? 'sound' : 'damaged';
}

function quickCheck(path: string | URL): unknown {
  const db = new DatabaseSync(path, { readOnly: true, timeout: BUSY_TIMEOUT_MS });
  try {
    return db.prepare('PRAGMA quick_check(1)').get()?.['quick_check'];
  } finally {
    db.close();
  }
}

function isExposed(home: string): boolean {
  try {
    checkModes(home);
    return false;
  } catch (error) {
    return isNegotiateError(error) && error.code === 'home/exposed';
  }
}

function countFree(home: string): number {
  const { bavail, bsize } = statfsSync(home);
  return bavail * bsize;
}

function sizeOf(path: string): number {
  return attempt(() => statSync(path, { throwIfNoEntry: false })?.size) ?? 0;
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
