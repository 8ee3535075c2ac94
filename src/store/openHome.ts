// Opens a home: its modes, its lock, its database, and the key that it is sealed with.

import type { DatabaseSync } from 'node:sqlite';
import { checkModes } from './checkModes.ts';
import { databasePath, lockHome } from './home.ts';
import { openDatabase } from './openDatabase.ts';
import { changeProtection, readProtection } from './protectHome.ts';
import type { Store } from './records.ts';
import { createVault, type Vault } from './seal.ts';
import { sealStore } from './sealStore.ts';
import { fileSecrets, MARKER, sealedSecrets, settleMarkers, type MarkerOf, type Secrets } from './secrets.ts';
import { createSqliteStore } from './sqliteStore.ts';
import { unwrapDataKey, type HomeKey } from './wrapKey.ts';

/** Which home, and how. */
export interface HomeOptions {
  readonly home: string;
  /** Whether other processes are kept out; only then may anything be written. */
  readonly isExclusive: boolean;
  /** Milliseconds to wait for another process to give the home free. */
  readonly lockWaitMs: number;
  /** What opens a protected home; unused for another. */
  readonly key?: HomeKey | undefined;
  /** The secret key of an identity (hex) in a form of its own for a passphrase, to stand in its file; needed where one is made or protected. */
  readonly exportIdentity?: ((secretKey: string, passphrase: string) => string) | undefined;
}

/** An open home. */
export interface OpenedHome {
  readonly store: Store;
  readonly secrets: Secrets;
  /** How it is protected; undefined when it is not. */
  readonly protection: HomeKey['kind'] | undefined;
  readonly db: DatabaseSync;
  readonly vault: Vault | undefined;
  /** What the vault comes from; for backups. */
  readonly dataKey: Uint8Array | undefined;
  /** The same home, protected anew or not at all (see {@link changeProtection}). */
  readonly protect: (key: HomeKey | undefined) => OpenedHome;
  readonly close: () => void;
}

/**
 * Opens a home. Throws `home/exposed`, `home/locked`, `home/unreadable`, `home/key-needed`, `home/wrong-key`, `store/unavailable`,
 * `store/corrupt`, `store/schema-newer`.
 */
export function openHome(options: HomeOptions): OpenedHome {
  const { home, isExclusive, lockWaitMs, key } = options;
  checkModes(home);
  const unlock = isExclusive ? lockHome(home, lockWaitMs) : (): void => undefined;
  let db: DatabaseSync | undefined;
  try {
    db = openDatabase(databasePath(home));
    const protection = readProtection(db);
    const dataKey = protection === undefined ? undefined : unwrapDataKey(protection, key);
    if (isExclusive) settleMarkers(home, db);
    return assemble(options, db, dataKey, unlock);
  } catch (error) {
    db?.close();
    unlock();
    throw error;
  }
}

function assemble(options: HomeOptions, db: DatabaseSync, dataKey: Uint8Array | undefined, unlock: () => void): OpenedHome {
  const { home, key } = options;
  const vault = dataKey === undefined ? undefined : createVault(dataKey);
  const plain = createSqliteStore(db);
  const secrets = vault === undefined ? fileSecrets(home) : sealedSecrets(home, db, vault, makeMarkerOf(options.exportIdentity, key));
  let isOpen = true;
  return {
    store: vault === undefined ? plain : sealStore(plain, vault),
    secrets,
    protection: vault === undefined ? undefined : key?.kind,
    db,
    vault,
    dataKey,
    protect: (next) => {
      const changed = changeProtection({ home, db, vault, secrets }, next, { markerOf: makeMarkerOf(options.exportIdentity, next) });
      return assemble({ ...options, key: next }, db, changed, unlock);
    },
    close: () => {
      if (!isOpen) return;
      isOpen = false;
      db.close();
      unlock();
    },
  };
}

/** What the files of secrets say in a home that `key` opens. */
export function makeMarkerOf(exportIdentity: HomeOptions['exportIdentity'], key: HomeKey | undefined): MarkerOf {
  return (name, text) =>
    name === 'identity' && key?.kind === 'passphrase' && exportIdentity !== undefined
      ? `${exportIdentity(text.trim(), key.passphrase)}\n`
      : MARKER;
}

/** How a home is protected, without opening it; undefined when it is not. Throws `home/exposed`, `store/…`. */
export function readMethod(home: string): HomeKey['kind'] | undefined {
  checkModes(home);
  const db = openDatabase(databasePath(home));
  try {
    return readProtection(db)?.method;
  } finally {
    db.close();
  }
}
