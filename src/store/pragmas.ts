// How SQLite has to run so that a commit is on disk before it counts, and the check that it does.

import type { DatabaseSync } from 'node:sqlite';
import { NegotiateError } from '../core/errors.ts';
import { hasSafeWal } from '../core/sqliteVersion.ts';

/** What is set, and what SQLite says when it is in force. */
const PRAGMAS: Readonly<Record<string, readonly [set: string, inForce: number]>> = {
  foreign_keys: ['ON', 1],
  trusted_schema: ['OFF', 0],
  secure_delete: ['ON', 1],
  temp_store: ['MEMORY', 2],
  cell_size_check: ['ON', 1],
  fullfsync: ['ON', 1],
  checkpoint_fullfsync: ['ON', 1],
  synchronous: ['FULL', 2],
};

/** Sets everything. Throws `store/unavailable` where SQLite silently does otherwise, such as on a file system that cannot share memory. */
export function setPragmas(db: DatabaseSync): void {
  const version = String(db.prepare('SELECT sqlite_version() AS version').get()?.['version']);
  const journal = hasSafeWal(version) ? 'wal' : 'delete';
  db.exec(`PRAGMA journal_mode = ${journal}`);
  for (const [name, [value]] of Object.entries(PRAGMAS)) db.exec(`PRAGMA ${name} = ${value}`);
  const isInMemory = db.location() === null;
  expect('journal_mode', readPragma(db, 'journal_mode'), isInMemory ? 'memory' : journal);
  for (const [name, [, inForce]] of Object.entries(PRAGMAS)) expect(name, readPragma(db, name), inForce);
}

/** The value of a pragma. */
export function readPragma(db: DatabaseSync, name: string): unknown {
  return db.prepare(`PRAGMA ${name}`).get()?.[name];
}

function expect(name: string, found: unknown, wanted: string | number): void {
  if (found === wanted) return;
  const message =
    name === 'journal_mode'
      ? 'The home’s database cannot be kept safely on this file system: SQLite does not get its write-ahead log there. Move the home to a local disk.'
      : 'The home’s database cannot be kept safely: SQLite refuses a setting that this program relies on. Use the Node.js of nodejs.org.';
  throw new NegotiateError('store/unavailable', message, { details: { pragma: name, wanted, found: String(found) } });
}
