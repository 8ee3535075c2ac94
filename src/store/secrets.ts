// The few secrets that a home keeps apart from its records: files in a home without protection, sealed rows in a protected one.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { NegotiateError } from '../core/errors.ts';
import { explainFaults } from './openDatabase.ts';
import { createPrivateFile, guardHome, replacePrivateFile } from './privateFile.ts';
import type { Vault } from './seal.ts';

/** What they are, and the file of each. */
export const SECRET_FILES = { identity: 'identity.key', wallet: 'wallet.url', bunker: 'bunker.json' } as const;
/** One of them. */
export type SecretName = keyof typeof SECRET_FILES;
/** All of them. */
export const SECRET_NAMES = Object.keys(SECRET_FILES) as readonly SecretName[];

/** What the file of a secret says in a protected home, unless it has a form of its own for that. */
export const MARKER = 'This is protected: it stands sealed in agent.db.\n';

/** Reads and writes secrets. All throw `home/unreadable` or `store/…`. */
export interface Secrets {
  read(name: SecretName): string | undefined;
  has(name: SecretName): boolean;
  /** Throws `home/exists` when there is one. */
  create(name: SecretName, text: string): void;
  replace(name: SecretName, text: string): void;
}

/** What the file of a secret is to say in a protected home. */
export type MarkerOf = (name: SecretName, text: string) => string;

/** Secrets in files of mode 0600. */
export function fileSecrets(home: string): Secrets {
  const has = (name: SecretName): boolean => existsSync(secretPath(home, name));
  return {
    has,
    read: (name) => (has(name) ? guardHome(() => readFileSync(secretPath(home, name), 'utf8')) : undefined),
    create: (name, text) => {
      if (has(name)) throw exists();
      createPrivateFile(secretPath(home, name), text);
    },
    replace: (name, text) => replacePrivateFile(secretPath(home, name), text),
  };
}

/** Secrets in the database; their files only say so. */
export function sealedSecrets(home: string, db: DatabaseSync, vault: Vault, markerOf: MarkerOf): Secrets {
  const find = (name: SecretName): string | undefined => {
    const row = explainFaults(() => db.prepare('SELECT value FROM secret WHERE name = ?').get(name));
    return row === undefined ? undefined : String(row['value']);
  };
  const insert = (name: SecretName, text: string): void => {
    explainFaults(() => insertSecret(db, vault, { name, text, marker: markerOf(name, text) }));
    settleMarkers(home, db);
  };
  return {
    has: (name) => find(name) !== undefined,
    read: (name) => {
      const sealed = find(name);
      return sealed === undefined ? undefined : vault.openText(placeOf(name), sealed);
    },
    create: (name, text) => {
      if (find(name) !== undefined) throw exists();
      insert(name, text);
    },
    replace: insert,
  };
}

/** Writes the row of a secret. */
export function insertSecret(
  db: DatabaseSync,
  vault: Vault,
  { name, text, marker }: { readonly name: SecretName; readonly text: string; readonly marker: string },
): void {
  db.prepare('INSERT OR REPLACE INTO secret(name, value, marker) VALUES (?, ?, ?)').run(name, vault.sealText(placeOf(name), text), marker);
}

/** Makes the files say what they are to say in a protected home: a process may have ended between the database and a file. */
export function settleMarkers(home: string, db: DatabaseSync): void {
  for (const { name, marker } of db.prepare('SELECT name, marker FROM secret').all()) {
    const path = secretPath(home, name as SecretName);
    const found = existsSync(path) ? guardHome(() => readFileSync(path, 'utf8')) : '';
    if (found !== String(marker)) replacePrivateFile(path, String(marker));
  }
}

/** Where the file of a secret is. */
export function secretPath(home: string, name: SecretName): string {
  return join(home, SECRET_FILES[name]);
}

function placeOf(name: SecretName) {
  return { table: 'secret', column: 'value', row: name };
}

function exists(): NegotiateError {
  return new NegotiateError('home/exists', 'This home has an identity already. Use it as it is, or choose another --home.');
}
