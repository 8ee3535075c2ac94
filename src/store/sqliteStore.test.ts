// The store keeps what it was given, all of a step or nothing, for one writer at a time.

import { fork } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hasSafeWal } from '../core/sqliteVersion.ts';
import { databasePath, hasIdentity, lockHome, makeHome, readIdentity, requireIdentity, writeIdentity } from './home.ts';
import type { Change, ChannelRecord, NegotiationRecord, OutboxRecord } from './records.ts';
import { openSqliteStore } from './sqliteStore.ts';

let folder: string;
let home: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'agent-negotiate-store-'));
  home = join(folder, 'home');
  makeHome(home);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const id = (digit: string): string => digit.repeat(64);

const channel: ChannelRecord = {
  id: id('1'),
  nostrGroupId: id('2'),
  peer: id('3'),
  relays: ['wss://a.example', 'wss://b.example'],
  otherRoutes: [{ address: id('9'), relays: ['wss://c.example'], lastEpoch: 3 }],
  state: Uint8Array.of(0, 1, 255),
  createdAt: 10,
  fetchedUntil: 0,
  hasChores: false,
  version: 0,
};
const negotiation: NegotiationRecord = {
  nid: id('4'),
  peer: id('3'),
  state: '{"a":"ü"}',
  isActive: true,
  createdAt: 10,
  updatedAt: 11,
  resendAt: 12,
  resends: 0,
  version: 0,
};
const queued: OutboxRecord = {
  eventId: id('5'),
  event: '{"kind":445}',
  purpose: 'group:x',
  moveId: id('6'),
  createdAt: 10,
  targets: [
    { relay: 'wss://a.example', state: 'pending', tries: 0, nextAt: 10 },
    { relay: 'wss://b.example', state: 'pending', tries: 0, nextAt: 10 },
  ],
};

/** One change of every kind that adds something. */
const everything: readonly Change[] = [
  { kind: 'setting', key: 'k', value: 'v' },
  { kind: 'key-package', record: { eventId: id('7'), privateBytes: Uint8Array.of(9), createdAt: 1, expiresAt: 2 } },
  { kind: 'channel', record: channel },
  { kind: 'seen', id: id('8'), at: 1 },
  { kind: 'invite', record: { wrapId: id('9'), sender: id('3'), welcome: '{}', receivedAt: 1 } },
  { kind: 'negotiation', record: negotiation },
  { kind: 'move', record: { id: id('6'), nid: id('4'), author: id('a'), rumor: '{}', recordedAt: 1 } },
  { kind: 'orphan', record: { id: id('b'), nid: id('c'), peer: id('3'), rumor: '{}' } },
  { kind: 'parcel', record: { peer: id('3'), sha256: id('e'), part: 1, data: Uint8Array.of(1, 2) } },
  { kind: 'file', sha256: id('f'), data: Uint8Array.of(3) },
  { kind: 'queue', record: queued },
];

describe('the store', () => {
  it('gives back what was saved, also after it was closed', () => {
    const first = openSqliteStore(databasePath(home));
    first.save(everything);
    first.close();
    const store = openSqliteStore(databasePath(home));
    expect(store.readSetting('k')).toBe('v');
    expect(store.readSetting('none')).toBeUndefined();
    expect(store.findKeyPackage(id('7'))?.privateBytes).toEqual(Uint8Array.of(9));
    expect(store.findChannel(id('1'))).toEqual({ ...channel, version: 1 });
    expect([store.hasSeen(id('8')), store.hasSeen(id('1'))]).toEqual([true, false]);
    expect(store.listInvites()).toHaveLength(1);
    expect(store.findNegotiation(id('4'))).toEqual({ ...negotiation, version: 1 });
    expect(store.listMoves(id('4'))).toEqual([{ id: id('6'), nid: id('4'), author: id('a'), rumor: '{}', recordedAt: 1 }]);
    expect(store.listOrphans({ nid: id('c') })).toEqual(store.listOrphans({ peer: id('3') }));
    expect(store.listParcels(id('3'), id('e'))).toEqual([{ peer: id('3'), sha256: id('e'), part: 1, data: Uint8Array.of(1, 2) }]);
    expect(store.listParcels(id('4'), id('e'))).toEqual([]);
    expect([store.findFile(id('f')), store.findFile(id('e'))]).toEqual([Uint8Array.of(3), undefined]);
    expect(store.listQueued()).toEqual([queued]);
    store.close();
  });

  it('saves all of a step or nothing of it', () => {
    const store = openSqliteStore(databasePath(home));
    // The last change cannot be: there is no such channel to follow.
    expect(() => store.save([...everything, { kind: 'channel', record: { ...channel, id: id('d'), version: 7 } }])).toThrow(
      expect.objectContaining({ code: 'store/conflict' }),
    );
    expect(store.readSetting('k')).toBeUndefined();
    expect(store.listChannels()).toEqual([]);
    expect(store.listQueued()).toEqual([]);
    store.save(everything);
    expect(store.listChannels()).toHaveLength(1);
    store.close();
  });

  it('refuses a record that follows an older version than the saved one', () => {
    const store = openSqliteStore(databasePath(home));
    store.save(everything);
    store.save([{ kind: 'negotiation', record: { ...negotiation, state: '2', version: 1 } }]);
    const stale = { ...negotiation, state: 'stale', version: 1 };
    expect(() => store.save([{ kind: 'negotiation', record: stale }])).toThrow(expect.objectContaining({ code: 'store/conflict' }));
    expect(store.findNegotiation(id('4'))).toMatchObject({ state: '2', version: 2 });
    store.close();
  });

  it('forgets what it is told to and follows the outbox', () => {
    const store = openSqliteStore(databasePath(home));
    store.save(everything);
    store.save([
      { kind: 'target', eventId: id('5'), target: { relay: 'wss://a.example', state: 'done', tries: 1, nextAt: 10 } },
      { kind: 'move-sent', id: id('6'), at: 20 },
    ]);
    store.save([{ kind: 'move-sent', id: id('6'), at: 30 }]);
    expect(store.listQueued()[0]?.targets.map(({ state }) => state)).toEqual(['done', 'pending']);
    expect(store.findMove(id('6'))?.sentAt).toBe(20);
    store.save([
      { kind: 'drop-queued', eventId: id('5') },
      { kind: 'drop-orphans', nid: id('c') },
      { kind: 'drop-invite', wrapId: id('9') },
      { kind: 'drop-parcels', peer: id('3'), sha256: id('e') },
      { kind: 'drop-key-packages', expiredBefore: 3 },
    ]);
    expect(store.listParcels(id('3'), id('e'))).toEqual([]);
    expect([store.listQueued(), store.listInvites(), store.listKeyPackages(), store.listOrphans({ nid: id('c') })]).toEqual([
      [],
      [],
      [],
      [],
    ]);
    store.close();
  });

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
    writeIdentity(home, new Uint8Array(32).fill(1));
    openSqliteStore(databasePath(home)).close();
    expect(statSync(home).mode & 0o777).toBe(0o700);
    for (const file of ['identity.key', 'agent.db', 'lock.db']) expect(statSync(join(home, file)).mode & 0o777).toBe(0o600);
  });

  it('keeps its key: the same bytes come back, and another one is refused', () => {
    expect(() => requireIdentity(home)).toThrow(expect.objectContaining({ code: 'home/missing' }));
    const key = new Uint8Array(32).fill(7);
    writeIdentity(home, key);
    expect(readIdentity(home)).toEqual(key);
    expect(() => writeIdentity(home, key)).toThrow(expect.objectContaining({ code: 'home/exists' }));
    expect(hasIdentity(home)).toBe(true);
    writeFileSync(join(home, 'identity.key'), 'no key');
    expect(() => readIdentity(home)).toThrow(expect.objectContaining({ code: 'store/corrupt' }));
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
    later.exec('PRAGMA user_version = 2');
    later.close();
    expect(() => openSqliteStore(join(folder, 'new.db'))).toThrow(expect.objectContaining({ code: 'store/schema-newer' }));
    expect(() => openSqliteStore(join(folder, 'no', 'such', 'folder', 'a.db'))).toThrow(
      expect.objectContaining({ code: 'store/unavailable' }),
    );
  });
});
