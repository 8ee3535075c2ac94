// An older database becomes a newer one with everything in it, or stays as it is.

import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { everything, id } from './everything.fixture.ts';
import { copyPath, migrate } from './migrate.ts';
import { explainFaults, openDatabase } from './openDatabase.ts';
import { readPragma, setPragmas } from './pragmas.ts';
import { SCHEMA_VERSION, STEPS } from './schema.ts';
import { createSqliteStore, openSqliteStore } from './sqliteStore.ts';
import type { Store } from './records.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'agent-negotiate-migrate-'));
  path = join(folder, 'agent.db');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const TABLES =
  'setting key_package channel message seen invite negotiation move orphan parcel file job rfq payment outbox outbox_target'.split(' ');

/** A database of version 1 with something in each of its tables. */
function makeOld(): void {
  const db = new DatabaseSync(path);
  setPragmas(db);
  migrate(db, STEPS.slice(0, 1));
  createSqliteStore(db).save(everything.filter(({ kind }) => kind !== 'ledger' && kind !== 'seen'));
  db.prepare('INSERT INTO seen VALUES (?, ?)').run(id('8'), 1);
  expect(readPragma(db, 'user_version')).toBe(1);
  db.close();
}

/** Every row of every table of version 1. */
function readAll(at = path): Record<string, unknown> {
  const db = new DatabaseSync(at, { readOnly: true });
  const columns = (table: string): string => (table === 'seen' ? 'id, at' : '*');
  const rows = Object.fromEntries(TABLES.map((table) => [table, db.prepare(`SELECT ${columns(table)} FROM ${table}`).all()]));
  db.close();
  return rows;
}

const refuses = (code: string, message: RegExp): void =>
  expect(() => openSqliteStore(path)).toThrow(expect.objectContaining({ code, message: expect.stringMatching(message) as string }));

describe('a database of an older version', () => {
  it('is brought to this version with all that is in every table', () => {
    makeOld();
    const before = readAll();
    for (const table of TABLES) expect(before[table], table).not.toEqual([]);
    const store = openSqliteStore(path);
    expect(store.findJob(id('4'))?.body).toBe('{"job":1}');
    store.close();
    expect(readAll()).toEqual(before);
  });

  it('stays beside the newer one as a copy until that has been opened once more', () => {
    makeOld();
    const before = readAll();
    const copy = copyPath(path, 1);
    openSqliteStore(path).close();
    expect(statSync(copy).mode & 0o777).toBe(0o600);
    expect(readAll(copy)).toEqual(before);
    openSqliteStore(path).close();
    expect(existsSync(copy)).toBe(false);
  });

  it('is kept, and so is its copy, when the newer one turns out damaged', () => {
    makeOld();
    openSqliteStore(path).close();
    const bytes = readFileSync(path);
    // The content of a page in the middle, the header left whole.
    bytes.fill(0xee, 4_096 * 3, 4_096 * 4);
    writeFileSync(path, bytes);
    refuses('store/corrupt', /damaged/);
    expect(existsSync(copyPath(path, 1))).toBe(true);
  });

  it('takes the steps in order, and none when one of them fails', () => {
    makeOld();
    const before = readAll();
    const db = new DatabaseSync(path);
    const bad = [...STEPS, 'CREATE TABLE later(a) STRICT', 'CREATE TABLE later2(a TEXT) STRICT'];
    expect(() => migrate(db, bad)).toThrow();
    expect(readPragma(db, 'user_version')).toBe(1);
    migrate(db, [...STEPS, 'CREATE TABLE later(a TEXT) STRICT', 'INSERT INTO later VALUES (1)']);
    expect(readPragma(db, 'user_version')).toBe(SCHEMA_VERSION + 2);
    db.close();
    expect(readAll()).toEqual(before);
    refuses('store/schema-newer', /Update agent-negotiate/);
    expect(readAll()).toEqual(before);
  });

  it('is as it was when the disk is full, and goes on when there is room', () => {
    makeOld();
    const before = readAll();
    const db = new DatabaseSync(path);
    const pages = Number(readPragma(db, 'page_count'));
    db.exec(`PRAGMA max_page_count = ${pages}`);
    expect(() => explainFaults(() => migrate(db))).toThrow(expect.objectContaining({ code: 'store/unavailable', retryable: true }));
    expect(readPragma(db, 'user_version')).toBe(1);
    db.close();
    expect(readAll()).toEqual(before);
    openSqliteStore(path).close();
    expect(readAll()).toEqual(before);
  });
});

describe('a database that cannot be used', () => {
  it('is left as it is when it is another program’s', () => {
    const other = new DatabaseSync(path);
    other.exec('CREATE TABLE t(x); INSERT INTO t VALUES (1)');
    other.close();
    const before = readFileSync(path);
    refuses('store/corrupt', /not one of this program/);
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it('is said to be damaged when it is cut short, and opens again when it is whole', () => {
    const store = openSqliteStore(path);
    store.save(everything);
    store.close();
    const whole = join(folder, 'whole');
    copyFileSync(path, whole);
    truncateSync(path, 4_096 * 5);
    expect(() => {
      const cut = openSqliteStore(path);
      try {
        cut.listJobs();
        cut.listQueued();
        cut.save([{ kind: 'setting', key: 'a', value: 'b' }]);
      } finally {
        cut.close();
      }
    }).toThrow(expect.objectContaining({ code: 'store/corrupt' }));
    copyFileSync(whole, path);
    const again = openSqliteStore(path);
    expect(again.listJobs()).toHaveLength(1);
    again.close();
  });

  it('saves nothing of a step when the disk is full, and all of it when there is room', () => {
    const db = openDatabase(path);
    const store: Store = createSqliteStore(db);
    store.save(everything);
    db.exec(`PRAGMA max_page_count = ${Number(readPragma(db, 'page_count'))}`);
    const large = { kind: 'file', sha256: id('a'), data: new Uint8Array(100_000) } as const;
    const step = [{ kind: 'setting', key: 'k', value: 'w' } as const, large];
    expect(() => store.save(step)).toThrow(
      expect.objectContaining({ code: 'store/unavailable', message: expect.stringContaining('disk is full') as string }),
    );
    expect([store.readSetting('k'), store.findFile(id('a'))]).toEqual(['v', undefined]);
    db.exec('PRAGMA max_page_count = 1000000');
    store.save(step);
    expect(store.readSetting('k')).toBe('w');
    store.close();
  });

  it('is refused where SQLite gets no write-ahead log, instead of going on without', () => {
    const url = new URL(`file://${path}?vfs=unix-dotfile`);
    expect(() => openDatabase(url)).toThrow(
      expect.objectContaining({ code: 'store/unavailable', message: expect.stringContaining('local disk') as string }),
    );
  });
});
