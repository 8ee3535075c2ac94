// Opens the relay's SQLite database: a private file or memory, one owner at a time.

import { chmodSync, closeSync, openSync } from 'node:fs';
import { resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { NegotiateError } from '../core/errors.ts';
import { hasSafeWal } from '../core/sqliteVersion.ts';

const APPLICATION_ID = 0x61_6e_72_6c; // "anrl"
const SCHEMA_VERSION = 1;

const SCHEMA = `
CREATE TABLE event(
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  pubkey TEXT NOT NULL,
  kind INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER,
  address TEXT UNIQUE,
  json TEXT NOT NULL
) STRICT;
CREATE INDEX event_by_pubkey_kind ON event(pubkey, kind, created_at);
CREATE INDEX event_by_kind ON event(kind, created_at);
CREATE INDEX event_by_created_at ON event(created_at);
CREATE INDEX event_by_expiry ON event(expires_at) WHERE expires_at IS NOT NULL;
CREATE TABLE tag(
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  seq INTEGER NOT NULL REFERENCES event(seq) ON DELETE CASCADE,
  PRIMARY KEY(name, value, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX tag_by_event ON tag(seq);
CREATE TABLE deleted_event(id TEXT NOT NULL, pubkey TEXT NOT NULL, PRIMARY KEY(id, pubkey)) STRICT, WITHOUT ROWID;
CREATE TABLE deleted_wrap(id TEXT NOT NULL, recipient TEXT NOT NULL, PRIMARY KEY(id, recipient)) STRICT, WITHOUT ROWID;
CREATE TABLE deleted_address(address TEXT NOT NULL PRIMARY KEY, until INTEGER NOT NULL) STRICT, WITHOUT ROWID;
PRAGMA application_id = ${APPLICATION_ID};
PRAGMA user_version = ${SCHEMA_VERSION};
`;

/**
 * Opens the database at `path` (created if missing, mode 0600) or, without one, in memory. It grows to about `maxBytes`; SQLite then
 * refuses writes. A file that is no relay database stays as it is.
 * Throws `store/unavailable` when the file cannot be opened or another process owns it, `store/corrupt` when it is not a relay
 * database, `store/schema-newer` when a later version of this package wrote it.
 */
export function openDatabase(path: string | undefined, maxBytes: number): DatabaseSync {
  // Resolved, since SQLite gives `:memory:` and `file:…` another meaning.
  const file = path === undefined ? undefined : resolve(path);
  if (file !== undefined) createPrivate(file);
  const db = openFile(file ?? ':memory:');
  try {
    prepare(db, maxBytes);
    if (file !== undefined) chmodSync(file, 0o600);
    return db;
  } catch (cause) {
    db.close();
    throw explain(cause);
  }
}

function createPrivate(file: string): void {
  try {
    closeSync(openSync(file, 'a', 0o600));
  } catch (cause) {
    throw new NegotiateError('store/unavailable', 'The relay cannot open its file. Check that the folder exists and is writable.', {
      cause,
    });
  }
}

function openFile(location: string): DatabaseSync {
  try {
    return new DatabaseSync(location, { timeout: 1_000 });
  } catch (cause) {
    throw explain(cause);
  }
}

function prepare(db: DatabaseSync, maxBytes: number): void {
  // An exclusive lock makes a second relay on the same file fail at once instead of missing live events.
  db.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL');
  db.exec('BEGIN EXCLUSIVE');
  if (isEmpty(db)) db.exec(SCHEMA);
  checkSchema(db);
  db.exec('COMMIT');
  // Only now that the file is known to be ours, as this changes its header.
  db.exec(`PRAGMA journal_mode = ${hasSafeWal(readVersion(db)) ? 'WAL' : 'DELETE'}`);
  const pageBytes = Number(db.prepare('PRAGMA page_size').get()?.['page_size']);
  db.exec(`PRAGMA max_page_count = ${Math.ceil(maxBytes / pageBytes)}`);
}

function readVersion(db: DatabaseSync): string {
  return String(db.prepare('SELECT sqlite_version() AS version').get()?.['version']);
}

function isEmpty(db: DatabaseSync): boolean {
  return db.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() === undefined;
}

function checkSchema(db: DatabaseSync): void {
  const owner = db.prepare('PRAGMA application_id').get()?.['application_id'];
  if (owner !== APPLICATION_ID) {
    throw new NegotiateError('store/corrupt', 'The file is not a relay database of this program. Choose another file.');
  }
  if (db.prepare('PRAGMA user_version').get()?.['user_version'] !== SCHEMA_VERSION) {
    throw new NegotiateError('store/schema-newer', 'A later version wrote the relay’s file. Update this program, or choose another file.');
  }
}

/** The closed table's error for what SQLite reported (result codes 11 CORRUPT and 26 NOTADB; the rest is about access). */
function explain(cause: unknown): unknown {
  if (cause instanceof NegotiateError) return cause;
  const resultCode = (cause as { errcode?: number }).errcode;
  if (resultCode === 11 || resultCode === 26) {
    return new NegotiateError('store/corrupt', 'The file is not a readable database. Restore it, or choose another file.', { cause });
  }
  return new NegotiateError(
    'store/unavailable',
    'The relay’s file is in use or not writable. Stop its other user, or choose another file.',
    {
      cause,
    },
  );
}
