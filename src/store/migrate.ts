// Brings a database to the newest version, all of the way or not at all, with a copy of the one before beside it.

import { existsSync, renameSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { NegotiateError } from '../core/errors.ts';
import { readPragma } from './pragmas.ts';
import { touchPrivate } from './privateFile.ts';
import { APPLICATION_ID, SCHEMA_VERSION, STEPS } from './schema.ts';

/** Where the copy of a database is kept that was of an older version. */
export function copyPath(path: string, version: number): string {
  return `${path}.version-${version}`;
}

/**
 * Makes the tables of a new database, or leads an older one to the newest version. A copy of an older one stays until the newer one has been
 * opened again. Throws `store/corrupt` for a database of another program, `store/schema-newer`.
 */
export function migrate(db: DatabaseSync, steps: readonly string[] = STEPS): void {
  checkOwner(db, steps.length);
  if (readPragma(db, 'user_version') === steps.length) return dropCopies(db);
  // Whoever comes second finds it done.
  db.exec('BEGIN IMMEDIATE');
  try {
    const version = Number(readPragma(db, 'user_version'));
    if (version > 0 && version < steps.length) keepCopy(db, version);
    for (const step of steps.slice(version)) db.exec(step);
    // It takes part in the transaction, as the tables do.
    db.exec(`PRAGMA user_version = ${Math.max(version, steps.length)}`);
    db.exec('COMMIT');
  } catch (fault) {
    if (db.isTransaction) db.exec('ROLLBACK');
    throw fault;
  }
}

/** Removes the copies that a migration has left. */
export function removeCopies(path: string): void {
  for (let version = 1; version < SCHEMA_VERSION; version += 1) rmSync(copyPath(path, version), { force: true });
}

/** Throws `store/corrupt` for a database of another program, `store/schema-newer` for one of a later version of this one. */
export function checkOwner(db: DatabaseSync, newest = SCHEMA_VERSION): void {
  if (isNew(db)) return;
  if (readPragma(db, 'application_id') !== APPLICATION_ID)
    throw new NegotiateError('store/corrupt', 'The home’s database is not one of this program. Choose another --home.');
  if (Number(readPragma(db, 'user_version')) > newest)
    throw new NegotiateError('store/schema-newer', 'A newer agent-negotiate wrote this home. Update agent-negotiate and run it again.');
}

function isNew(db: DatabaseSync): boolean {
  return db.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() === undefined && readPragma(db, 'user_version') === 0;
}

/** By a second connection, since a copy cannot be made within a transaction; nobody writes meanwhile. */
function keepCopy(db: DatabaseSync, version: number): void {
  const path = db.location();
  if (path === null) return;
  const unfinished = `${copyPath(path, version)}.new`;
  rmSync(unfinished, { force: true });
  touchPrivate(unfinished);
  const reader = new DatabaseSync(path, { readOnly: true });
  try {
    reader.prepare('VACUUM INTO ?').run(unfinished);
    renameSync(unfinished, copyPath(path, version));
  } finally {
    reader.close();
    rmSync(unfinished, { force: true });
  }
}

/** The database was opened once more: if it is whole, what it was made of may go. */
function dropCopies(db: DatabaseSync): void {
  const path = db.location();
  if (path === null || !hasCopy(path)) return;
  if (db.prepare('PRAGMA quick_check(1)').get()?.['quick_check'] === 'ok') return removeCopies(path);
  const message = 'The home’s database is damaged since it was brought to a new version. A copy of it as it was stands beside it.';
  throw new NegotiateError('store/corrupt', message);
}

function hasCopy(path: string): boolean {
  return STEPS.some((_, step) => existsSync(copyPath(path, step)));
}
