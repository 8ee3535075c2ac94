// Opens an agent's SQLite database with every commit on disk before it counts.

import { DatabaseSync } from 'node:sqlite';
import { NegotiateError } from '../core/errors.ts';
import { hasSafeWal } from '../core/sqliteVersion.ts';
import { APPLICATION_ID, SCHEMA, SCHEMA_VERSION } from './schema.ts';

const BUSY_TIMEOUT_MS = 5_000;
// SQLite result codes (sqlite.org/rescode.html).
const CORRUPT = 11;
const NOT_A_DATABASE = 26;
const FULL = 13;

/**
 * Opens the database at `path`, making its tables when it is new. Throws `store/unavailable` when it cannot be opened or written,
 * `store/corrupt` when it is not an agent's database, `store/schema-newer` when a later version of this program wrote it.
 */
export function openDatabase(path: string): DatabaseSync {
  return explainFaults(() => {
    const db = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
    try {
      prepare(db);
      return db;
    } catch (cause) {
      db.close();
      throw cause;
    }
  });
}

/** Runs `work`; what SQLite throws becomes an error of the closed table. */
export function explainFaults<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof NegotiateError) throw cause;
    const code = (cause as { errcode?: number }).errcode;
    if (code === undefined) throw cause;
    throw explain(code, cause);
  }
}

function prepare(db: DatabaseSync): void {
  const version = String(db.prepare('SELECT sqlite_version() AS version').get()?.['version']);
  db.exec(`
    PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF; PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY;
    PRAGMA cell_size_check = ON; PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON;
    PRAGMA journal_mode = ${hasSafeWal(version) ? 'WAL' : 'DELETE'}; PRAGMA synchronous = FULL`);
  if (readPragma(db, 'user_version') !== SCHEMA_VERSION) createOnce(db);
  checkOwner(db);
}

// Two processes may open a new home at once: the second one finds the tables made.
function createOnce(db: DatabaseSync): void {
  db.exec('BEGIN IMMEDIATE');
  const isEmpty = db.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() === undefined;
  if (isEmpty) db.exec(SCHEMA);
  db.exec('COMMIT');
}

function checkOwner(db: DatabaseSync): void {
  if (readPragma(db, 'application_id') !== APPLICATION_ID) {
    throw new NegotiateError('store/corrupt', 'The home’s database is not one of this program. Choose another --home.');
  }
  if (readPragma(db, 'user_version') !== SCHEMA_VERSION) {
    throw new NegotiateError('store/schema-newer', 'A newer agent-negotiate wrote this home. Update agent-negotiate and run it again.');
  }
}

function readPragma(db: DatabaseSync, name: string): unknown {
  return db.prepare(`PRAGMA ${name}`).get()?.[name];
}

function explain(code: number, cause: unknown): NegotiateError {
  const primary = code & 0xff;
  if (primary === CORRUPT || primary === NOT_A_DATABASE) {
    return new NegotiateError('store/corrupt', 'The home’s database is damaged. Keep the folder as it is and restore a copy.', { cause });
  }
  const advice =
    primary === FULL
      ? 'The disk is full: nothing was saved. Free some space and run it again.'
      : 'The home’s database cannot be used. Check that the folder and its files are writable and on a local disk, then run it again.';
  return new NegotiateError('store/unavailable', advice, { cause, details: { sqlite: code } });
}
