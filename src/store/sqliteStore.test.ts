// The store keeps what it was given, all of a step or nothing, for one writer at a time.

import { fork } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hasSafeWal } from '../core/sqliteVersion.ts';
import { everything } from './everything.fixture.ts';
import { databasePath, hasIdentity, lockHome, makeHome, readIdentity, requireIdentity, writeIdentity } from './home.ts';
import { fileSecrets } from './secrets.ts';
import { openSqliteStore } from './sqliteStore.ts';

let folder: string;
let home: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'agent-negotiate-store-'));
  home = join(folder, 'home');
  makeHome(home);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('the store in SQLite', () => {
  it('puts every commit on disk, in the mode that its SQLite can be trusted with', () => {
    const store = openSqliteStore(databasePath(home));
    store.save(everything);
    const db = new DatabaseSync(databasePath(home));
    const version = String(db.prepare('SELECT sqlite_version() AS v').get()?.['v']);
    expect(db.prepare('PRAGMA journal_mode').get()?.['journal_mode']).toBe(hasSafeWal(version) ? 'wal' : 'delete');
    db.close();
    store.close();
    expect([hasSafeWal('3.51.2'), hasSafeWal('3.51.3'), hasSafeWal('3.52.0'), hasSafeWal('4.0.0'), hasSafeWal('3.50.4')]).toEqual([
      false,
      true,
      true,
      true,
      false,
    ]);
  });
});

describe('a home', () => {
  it('is readable by its owner alone', () => {
    writeIdentity(fileSecrets(home), new Uint8Array(32).fill(1));
    openSqliteStore(databasePath(home)).close();
    expect(statSync(home).mode & 0o777).toBe(0o700);
    for (const file of ['identity.key', 'agent.db', 'lock.db']) expect(statSync(join(home, file)).mode & 0o777).toBe(0o600);
  });

  it('keeps its key: the same bytes come back, and another one is refused', () => {
    expect(() => requireIdentity(home)).toThrow(expect.objectContaining({ code: 'home/missing' }));
    const key = new Uint8Array(32).fill(7);
    writeIdentity(fileSecrets(home), key);
    expect(readIdentity(fileSecrets(home))).toEqual(key);
    expect(() => writeIdentity(fileSecrets(home), key)).toThrow(expect.objectContaining({ code: 'home/exists' }));
    expect(hasIdentity(fileSecrets(home))).toBe(true);
    writeFileSync(join(home, 'identity.key'), 'no key');
    expect(() => readIdentity(fileSecrets(home))).toThrow(expect.objectContaining({ code: 'store/corrupt' }));
  });

  it('is locked for one process, and free again when that process is killed', async () => {
    const program = join(folder, 'hold.mjs');
    writeFileSync(
      program,
      `import { DatabaseSync } from 'node:sqlite';
       const db = new DatabaseSync(process.argv[2]);
       db.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
       process.send('held');
       setInterval(() => db, 1000);`,
    );
    const child = fork(program, [join(home, 'lock.db')], { execArgv: ['--disable-warning=ExperimentalWarning'] });
    await new Promise((resolve) => child.once('message', resolve));
    expect(() => lockHome(home, 0)).toThrow(expect.objectContaining({ code: 'home/locked', retryable: true }));
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
    const unlock = lockHome(home, 0);
    expect(() => lockHome(home, 0)).toThrow(expect.objectContaining({ code: 'home/locked' }));
    unlock();
    lockHome(home, 0)();
    expect(existsSync(join(home, 'lock.db-journal'))).toBe(false);
  });

  it('says so when its database is none, another program’s, or of a later version', () => {
    writeFileSync(databasePath(home), 'no database '.repeat(100));
    expect(() => openSqliteStore(databasePath(home))).toThrow(expect.objectContaining({ code: 'store/corrupt' }));
    const other = new DatabaseSync(join(folder, 'other.db'));
    other.exec('CREATE TABLE t(x)');
    other.close();
    expect(() => openSqliteStore(join(folder, 'other.db'))).toThrow(expect.objectContaining({ code: 'store/corrupt' }));
    openSqliteStore(join(folder, 'new.db')).close();
    const later = new DatabaseSync(join(folder, 'new.db'));
    later.exec('PRAGMA user_version = 99');
    later.close();
    expect(() => openSqliteStore(join(folder, 'new.db'))).toThrow(expect.objectContaining({ code: 'store/schema-newer' }));
    expect(() => openSqliteStore(join(folder, 'no', 'such', 'folder', 'a.db'))).toThrow(
      expect.objectContaining({ code: 'store/unavailable' }),
    );
  });
});
