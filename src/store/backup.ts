// One encrypted file with everything of a home that may be used again: no channel's keys, no private key packages.

import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { gunzipSync, gzipSync } from 'node:zlib';
import { z } from 'zod';
import { NegotiateError } from '../core/errors.ts';
import { explainFaults } from './openDatabase.ts';
import type { OpenedHome } from './openHome.ts';
import { createWholeFile, guardHome, touchPrivate } from './privateFile.ts';
import type { Store } from './records.ts';
import { createVault, decrypt, encrypt, makeDataKey } from './seal.ts';
import { SECRET_NAMES } from './secrets.ts';
import { sealStore } from './sealStore.ts';
import { createSqliteStore } from './sqliteStore.ts';
import { parseProtection, unwrapDataKey, wrapDataKey, type HomeKey } from './wrapKey.ts';

const MAGIC = 'agent-negotiate backup 1\n';
const MAX_BYTES = 2_000_000_000;
// A group message, a welcome, a key package: they go with keys that a backup does not hold.
const KINDS_LEFT_OUT: readonly number[] = [443, 445, 1_059, 30_443];

const contentSchema = z.strictObject({
  /** Unix seconds. */
  madeAt: z.int(),
  /** What the values in the database are sealed with; absent when they are not. */
  dataKey: z.base64().optional(),
  secrets: z.partialRecord(z.enum(['identity', 'wallet', 'bunker']), z.string()),
});

/** What a backup holds; `database` is the file of an SQLite database. */
export interface BackupContent extends z.infer<typeof contentSchema> {
  readonly database: Uint8Array;
}

/** Writes the backup of an open home to a new file. Throws `home/unreadable` when it cannot be written or is there, `store/…`. */
export function writeBackup(opened: OpenedHome, home: string, file: string, key: HomeKey, madeAt: number): void {
  const fileKey = makeDataKey();
  const head = `${MAGIC}${JSON.stringify(wrapDataKey(fileKey, key))}\n`;
  const database = copyDatabase(opened, home, madeAt);
  const secrets = Object.fromEntries(SECRET_NAMES.flatMap((name) => (opened.secrets.has(name) ? [[name, opened.secrets.read(name)]] : [])));
  const dataKey = opened.dataKey === undefined ? {} : { dataKey: Buffer.from(opened.dataKey).toString('base64') };
  const about = Buffer.from(`${JSON.stringify({ madeAt, ...dataKey, secrets })}\n`, 'utf8');
  const sealed = encrypt(fileKey, randomBytes(12), Buffer.from(head), gzipSync(Buffer.concat([about, database])));
  createWholeFile(file, Buffer.concat([Buffer.from(head), sealed]));
}

/** Opens a backup. Throws `input/invalid` for another file, `home/key-needed`, `home/wrong-key`, `store/corrupt` for a damaged one. */
export function readBackup(bytes: Uint8Array, key: HomeKey | undefined): BackupContent {
  const { head, protection, sealed } = splitBackup(bytes);
  const plain = gunzipSync(decrypt(unwrapDataKey(protection, key), Buffer.from(head), sealed), { maxOutputLength: MAX_BYTES });
  const end = plain.indexOf('\n');
  const about = contentSchema.parse(JSON.parse(plain.subarray(0, end).toString('utf8')));
  return { ...about, database: new Uint8Array(plain.subarray(end + 1)) };
}

/** What opens a backup. Throws `input/invalid` for another file. */
export function readBackupMethod(bytes: Uint8Array): HomeKey['kind'] {
  return splitBackup(bytes).protection.method;
}

function splitBackup(bytes: Uint8Array) {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = file.indexOf('\n', MAGIC.length);
  if (!file.subarray(0, MAGIC.length).equals(Buffer.from(MAGIC)) || end < 0)
    throw new NegotiateError('input/invalid', 'This file is no backup of this program. Name the file that the backup was written to.');
  const head = file.subarray(0, end + 1).toString('utf8');
  return { head, protection: parseProtection(head.slice(MAGIC.length)), sealed: file.subarray(end + 1) };
}

/** By SQLite itself, so that it is one moment of the home, also while that is in use; what must not be used again is taken out of the copy. */
function copyDatabase({ db, vault }: OpenedHome, home: string, now: number): Uint8Array {
  for (const name of readdirSync(home).filter((each) => each.startsWith('agent.db.backup-'))) rmSync(join(home, name), { force: true });
  const path = join(home, `agent.db.backup-${process.pid}`);
  try {
    return explainFaults(() => {
      touchPrivate(path);
      db.prepare('VACUUM INTO ?').run(path);
      const copy = new DatabaseSync(path);
      try {
        // No journal beside it: it is thrown away when something goes wrong.
        copy.exec('PRAGMA journal_mode = MEMORY; PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY');
        const plain = createSqliteStore(copy);
        takeOutKeys(vault === undefined ? plain : sealStore(plain, vault), now);
        copy.exec('DELETE FROM key_package; DELETE FROM invite; DELETE FROM protection; DELETE FROM secret; VACUUM');
      } finally {
        copy.close();
      }
      return guardHome(() => new Uint8Array(readFileSync(path)));
    });
  } finally {
    rmSync(path, { force: true });
  }
}

/** A ratchet that goes back uses keys twice: every channel is over in the copy, and messages that were sealed in one are not sent from it. */
function takeOutKeys(store: Store, now: number): void {
  for (const record of store.listChannels())
    store.save([{ kind: 'channel', record: { ...record, state: new Uint8Array(), hasChores: false, endedAt: record.endedAt ?? now } }]);
  for (const { eventId, event } of store.listQueued())
    if (KINDS_LEFT_OUT.includes((JSON.parse(event) as { kind: number }).kind)) store.save([{ kind: 'drop-queued', eventId }]);
}

/** The vault that the database of a backup is sealed with; undefined when it is not. */
export function vaultOf({ dataKey }: BackupContent) {
  return dataKey === undefined ? undefined : createVault(Buffer.from(dataKey, 'base64'));
}
