// Makes a home from a backup: whole or not at all, and never over another one.

import { existsSync, renameSync, rmSync } from 'node:fs';
import { NegotiateError } from '../core/errors.ts';
import { vaultOf, type BackupContent } from './backup.ts';
import { checkModes } from './checkModes.ts';
import { databasePath, hasIdentity, lockHome, makeHome } from './home.ts';
import { explainFaults, openDatabase } from './openDatabase.ts';
import { guardHome, replacePrivateFile } from './privateFile.ts';
import type { Change, Store } from './records.ts';
import { fileSecrets, insertSecret, SECRET_NAMES, settleMarkers, type MarkerOf } from './secrets.ts';
import { sealStore } from './sealStore.ts';
import { createSqliteStore } from './sqliteStore.ts';
import { wrapDataKey, type HomeKey } from './wrapKey.ts';

/** What a home is made from. */
export interface RestoreOptions {
  readonly home: string;
  readonly content: BackupContent;
  /** What opens the home from now on, if the one that was backed up was protected: what has opened the backup. */
  readonly key: HomeKey;
  readonly markerOf: MarkerOf;
  readonly lockWaitMs: number;
  /** What is saved with it, in view of what it holds. */
  readonly note: (store: Store) => readonly Change[];
}

/** Restores. Throws `home/exists` when there is a home, `home/locked`, `home/unreadable`, `store/…`. */
export function restoreHome({ home, content, key, markerOf, lockWaitMs, note }: RestoreOptions): void {
  makeHome(home);
  checkModes(home);
  const unlock = lockHome(home, lockWaitMs);
  try {
    if (hasIdentity(fileSecrets(home)))
      throw new NegotiateError('home/exists', 'There is an agent in this home already. Restore into an empty one: choose another --home.');
    const path = databasePath(home);
    const unfinished = `${path}.restored`;
    for (const each of [unfinished, `${unfinished}-wal`, `${unfinished}-shm`]) rmSync(each, { force: true });
    replacePrivateFile(unfinished, content.database);
    const isProtected = prepareDatabase(unfinished, { content, key, markerOf, note });
    // What an init has left that never came to an end.
    for (const each of [`${path}-wal`, `${path}-shm`]) if (existsSync(each)) rmSync(each);
    guardHome(() => renameSync(unfinished, path));
    if (isProtected) settleAt(home, path);
    else writeSecrets(home, content);
  } finally {
    unlock();
  }
}

function prepareDatabase(
  path: string,
  { content, key, markerOf, note }: Pick<RestoreOptions, 'content' | 'key' | 'markerOf' | 'note'>,
): boolean {
  const vault = vaultOf(content);
  const db = openDatabase(path);
  try {
    const store = createSqliteStore(db);
    const open = vault === undefined ? store : sealStore(store, vault);
    open.save(note(open));
    if (vault !== undefined && content.dataKey !== undefined) {
      const protection = wrapDataKey(Buffer.from(content.dataKey, 'base64'), key);
      explainFaults(() => db.prepare('INSERT OR REPLACE INTO protection VALUES (1, ?)').run(JSON.stringify(protection)));
      for (const name of SECRET_NAMES) {
        const text = content.secrets[name];
        if (text !== undefined) explainFaults(() => insertSecret(db, vault, { name, text, marker: markerOf(name, text) }));
      }
    }
    // One file, without a log beside it, before it is moved.
    explainFaults(() => db.exec('PRAGMA journal_mode = DELETE'));
    return vault !== undefined;
  } finally {
    db.close();
  }
}

function settleAt(home: string, path: string): void {
  const db = openDatabase(path);
  try {
    settleMarkers(home, db);
  } finally {
    db.close();
  }
}

/** The identity last: a home that has it is whole. */
function writeSecrets(home: string, { secrets }: BackupContent): void {
  const files = fileSecrets(home);
  for (const name of ['wallet', 'bunker', 'identity'] as const) {
    const text = secrets[name];
    if (text !== undefined) files.replace(name, text);
  }
}
