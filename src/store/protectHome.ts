// Turns the protection of a home on, changes it, or removes it: the records and secrets in one transaction, the files around it.

import type { DatabaseSync } from 'node:sqlite';
import { NegotiateError } from '../core/errors.ts';
import { convertRows } from './convertRows.ts';
import { removeCopies } from './migrate.ts';
import { explainFaults } from './openDatabase.ts';
import { readPragma } from './pragmas.ts';
import { createVault, makeDataKey, type Vault } from './seal.ts';
import { fileSecrets, insertSecret, SECRET_NAMES, settleMarkers, type MarkerOf, type Secrets } from './secrets.ts';
import { parseProtection, wrapDataKey, type HomeKey, type Protection } from './wrapKey.ts';

/** An open home, for as much as protection is concerned. */
export interface Protectable {
  readonly home: string;
  readonly db: DatabaseSync;
  /** What it is sealed with now. */
  readonly vault: Vault | undefined;
  readonly secrets: Secrets;
}

/** How a home is protected; undefined when it is not. Throws `store/corrupt`. */
export function readProtection(db: DatabaseSync): Protection | undefined {
  const row = explainFaults(() => db.prepare('SELECT body FROM protection').get());
  return row === undefined ? undefined : parseProtection(String(row['body']));
}

/**
 * Protects a home with `key` from now on, under a new data key; without one, opens it for whoever can read its files. A process that ends
 * half-way leaves a home that is as it was or as it is to be. Returns the data key that it is sealed with from now on.
 */
export function changeProtection(
  { home, db, vault, secrets }: Protectable,
  key: HomeKey | undefined,
  { markerOf, logN }: { readonly markerOf: MarkerOf; readonly logN?: number },
): Uint8Array | undefined {
  const dataKey = makeDataKey();
  // Before the transaction: this may take a second.
  const protection = key === undefined ? undefined : wrapDataKey(dataKey, key, logN);
  const next = protection === undefined ? undefined : createVault(dataKey);
  const kept = SECRET_NAMES.flatMap((name) => {
    const text = secrets.read(name);
    return text === undefined ? [] : [{ name, text, marker: next === undefined ? '' : markerOf(name, text) }];
  });
  // Files that say too much are put right when the home is opened again (settleMarkers); files that say too little could not be.
  if (next === undefined) for (const { name, text } of kept) fileSecrets(home).replace(name, text);
  explainFaults(() => {
    db.exec('BEGIN IMMEDIATE');
    try {
      convertRows(db, vault, next);
      db.exec('DELETE FROM secret; DELETE FROM protection');
      if (next !== undefined) for (const each of kept) insertSecret(db, next, each);
      if (protection !== undefined) db.prepare('INSERT INTO protection VALUES (1, ?)').run(JSON.stringify(protection));
      db.exec('COMMIT');
    } catch (fault) {
      if (db.isTransaction) db.exec('ROLLBACK');
      settleMarkers(home, db);
      throw fault;
    }
  });
  settleMarkers(home, db);
  tidyUp(db);
  return next === undefined ? undefined : dataKey;
}

/** What was written before must not stay beside: pages that are no longer used, the log, copies of an older version. */
function tidyUp(db: DatabaseSync): void {
  const path = db.location();
  if (path !== null) removeCopies(path);
  try {
    db.exec('VACUUM');
    if (readPragma(db, 'journal_mode') === 'wal') db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  } catch (cause) {
    const message =
      'The protection was changed, but what stood on the disk before may not all be gone. Free some space, stop other uses of this home, and run it again.';
    throw new NegotiateError('store/unavailable', message, { cause });
  }
}
