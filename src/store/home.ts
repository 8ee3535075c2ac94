// A home on disk: one private folder with the identity's key, the database and the lock.

import { chmodSync, closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { bytesToHex, hexToBytes, isHex32 } from '../core/bytes.ts';
import { NegotiateError } from '../core/errors.ts';
import { hasBunker } from './bunkerFile.ts';
import { createPrivateFile, guardHome as guard, replacePrivateFile } from './privateFile.ts';

const KEY_FILE = 'identity.key';
const WALLET_FILE = 'wallet.url';
const DATABASE = 'agent.db';
const LOCK = 'lock.db';

/** The path of a home's database. */
export function databasePath(home: string): string {
  return join(home, DATABASE);
}

/** True when a home has an identity, or has begun to get one: its key is here or in a bunker. */
export function hasIdentity(home: string): boolean {
  return existsSync(join(home, KEY_FILE)) || hasBunker(home);
}

/** Makes the folder, readable by its owner alone. Throws `home/unreadable`. */
export function makeHome(home: string): void {
  guard(() => {
    mkdirSync(home, { recursive: true, mode: 0o700 });
    chmodSync(home, 0o700);
    touchPrivate(join(home, DATABASE));
    touchPrivate(join(home, LOCK));
  });
}

/** Throws `home/exists` when the home has an identity: the first one stays. */
export function refuseIdentity(home: string): void {
  if (hasIdentity(home))
    throw new NegotiateError('home/exists', 'This home has an identity already. Use it as it is, or choose another --home.');
}

/** Writes the secret key (32 bytes) of a new identity, mode 0600. Throws `home/exists` when there is one already. */
export function writeIdentity(home: string, secretKey: Uint8Array): void {
  refuseIdentity(home);
  createPrivateFile(join(home, KEY_FILE), `${bytesToHex(secretKey)}\n`);
}

/** Reads the secret key. Throws `home/missing`, or `store/corrupt` when the file holds no key. */
export function readIdentity(home: string): Uint8Array {
  requireIdentity(home);
  const text = guard(() => readFileSync(join(home, KEY_FILE), 'utf8')).trim();
  if (isHex32(text)) return hexToBytes(text);
  throw new NegotiateError('store/corrupt', 'The identity’s key file is damaged. Restore it from a copy.');
}

/** Keeps the wallet's URL, which is a secret, mode 0600; a later one takes the place of an earlier one. Throws `home/unreadable`. */
export function writeWallet(home: string, url: string): void {
  replacePrivateFile(join(home, WALLET_FILE), `${url}\n`);
}

/** The wallet's URL; undefined when there is none. Throws `home/unreadable`. */
export function readWallet(home: string): string | undefined {
  const path = join(home, WALLET_FILE);
  return existsSync(path) ? guard(() => readFileSync(path, 'utf8')).trim() : undefined;
}

/** The folder in which a provider's commands work. */
export function jobsPath(home: string): string {
  return join(home, 'jobs');
}

/** Throws `home/missing` unless the home has an identity. */
export function requireIdentity(home: string): void {
  if (hasIdentity(home)) return;
  throw new NegotiateError('home/missing', 'There is no agent here yet. Run: agent-negotiate init');
}

/**
 * Takes the home for this process alone and returns how to give it back; the operating system frees it when the process dies. Throws
 * `home/locked` when another process still has it after `waitMs`.
 */
export function lockHome(home: string, waitMs: number): () => void {
  const db = guard(() => new DatabaseSync(join(home, LOCK), { timeout: waitMs }));
  try {
    // Without a journal on disk the lock file stays empty, and a killed owner leaves nothing behind.
    db.exec('PRAGMA journal_mode = MEMORY');
    db.exec('BEGIN EXCLUSIVE');
  } catch (cause) {
    db.close();
    throw new NegotiateError(
      'home/locked',
      'Another agent-negotiate process is using this home. Wait until it has ended, stop it, or choose another --home.',
      { cause },
    );
  }
  return () => db.close();
}

function touchPrivate(path: string): void {
  closeSync(openSync(path, 'a', 0o600));
  chmodSync(path, 0o600);
}
