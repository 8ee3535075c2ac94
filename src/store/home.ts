// A home on disk: one private folder with the identity's key, the database and the lock.

import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { bytesToHex, hexToBytes, isHex32 } from '../core/bytes.ts';
import { NegotiateError } from '../core/errors.ts';
import { guardHome as guard, touchPrivate } from './privateFile.ts';
import { fileSecrets, type Secrets } from './secrets.ts';

const DATABASE = 'agent.db';
const LOCK = 'lock.db';

/** The path of a home's database. */
export function databasePath(home: string): string {
  return join(home, DATABASE);
}

/** True when a home has an identity, or has begun to get one: its key is here or in a bunker. */
export function hasIdentity(secrets: Secrets): boolean {
  return secrets.has('identity') || secrets.has('bunker');
}

/** Makes the folder, readable by its owner alone. Throws `home/unreadable`. */
export function makeHome(home: string): void {
  guard(() => {
    mkdirSync(home, { recursive: true, mode: 0o700 });
    chmodSync(home, 0o700);
    for (const path of [join(home, DATABASE), join(home, LOCK)]) {
      touchPrivate(path);
      chmodSync(path, 0o600);
    }
  });
}

/** Throws `home/exists` when the home has an identity: the first one stays. */
export function refuseIdentity(secrets: Secrets): void {
  if (hasIdentity(secrets))
    throw new NegotiateError('home/exists', 'This home has an identity already. Use it as it is, or choose another --home.');
}

/** Keeps the secret key (32 bytes) of a new identity. Throws `home/exists` when there is one already. */
export function writeIdentity(secrets: Secrets, secretKey: Uint8Array): void {
  refuseIdentity(secrets);
  secrets.create('identity', `${bytesToHex(secretKey)}\n`);
}

/** Reads the secret key. Throws `home/missing`, or `store/corrupt` when there is something else than a key. */
export function readIdentity(secrets: Secrets): Uint8Array {
  const text = secrets.read('identity')?.trim();
  if (text === undefined) throw missing();
  if (isHex32(text)) return hexToBytes(text);
  throw new NegotiateError('store/corrupt', 'The identity’s key file is damaged. Restore it from a copy.');
}

/** Keeps the wallet's URL, which is a secret; a later one takes the place of an earlier one. Throws `home/unreadable`. */
export function writeWallet(secrets: Secrets, url: string): void {
  secrets.replace('wallet', `${url}\n`);
}

/** The wallet's URL; undefined when there is none. Throws `home/unreadable`. */
export function readWallet(secrets: Secrets): string | undefined {
  return secrets.read('wallet')?.trim();
}

/** The folder in which a provider's commands work. */
export function jobsPath(home: string): string {
  return join(home, 'jobs');
}

/** Throws `home/missing` unless the home has an identity, sealed or not. */
export function requireIdentity(home: string): void {
  if (!hasIdentity(fileSecrets(home))) throw missing();
}

function missing(): NegotiateError {
  return new NegotiateError('home/missing', 'There is no agent here yet. Run: agent-negotiate init');
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
