// The relay's events in SQLite: what is kept, replaced, deleted and forgotten (NIP-01, NIP-09, NIP-40).

import type { DatabaseSync } from 'node:sqlite';
import type { Hex } from '../core/bytes.ts';
import type { NostrEvent } from '../nostr/event.ts';
import { openDatabase } from './database.ts';
import { readDeletionTargets } from './deletion.ts';
import type { Filter } from './filter.ts';
import { addressOf, expirationOf, isTagLetter, KIND_DELETION, KIND_GIFT_WRAP, recipientsOf } from './kinds.ts';
import { buildQuery, type GiftWrapReaders } from './query.ts';

/** What became of an event: kept, known already, older than the version kept, or deleted by its author before. */
export type PutResult = 'stored' | 'duplicate' | 'superseded' | 'deleted';

/** The stored events of one relay. Times are unix seconds; a fault of SQLite (a full store is one) is thrown as it is. */
export interface EventStore {
  /** Stores a verified event with its JSON text, replaces what it replaces, deletes what it deletes. All or nothing. */
  put(event: NostrEvent, json: string, now: number): PutResult;
  /** Row numbers of the stored events that match any filter, newest first, ties by lowest id, each filter within its limit. */
  select(filters: readonly Filter[], readers: GiftWrapReaders, now: number): readonly number[];
  /** JSON text of a row, unless it is gone or expired. */
  load(seq: number, now: number): string | undefined;
  /** Everything stored, oldest row first. */
  all(): NostrEvent[];
  /** Bytes of all stored events as JSON text. */
  countBytes(): number;
  /** Forgets expired events. */
  sweep(now: number): void;
  close(): void;
}

interface EventRow {
  readonly seq: number;
  readonly id: Hex;
  readonly created_at: number;
}

/** Opens the store at `path`, or in memory without one, of about `maxBytes` at most. Throws what `openDatabase` throws. */
export function openEventStore(path: string | undefined, maxBytes: number): EventStore {
  const db = openDatabase(path, maxBytes);
  const load = db.prepare('SELECT json FROM event WHERE seq = ? AND (expires_at IS NULL OR expires_at > ?)');
  return {
    put: (event, json, now) => inTransaction(db, () => put(db, event, json, now)),
    select: (filters, readers, now) => select(db, filters, readers, now),
    load: (seq, now) => load.get(seq, now)?.['json'] as string | undefined,
    all: () =>
      db
        .prepare('SELECT json FROM event ORDER BY seq')
        .all()
        .map((row) => JSON.parse(String(row['json'])) as NostrEvent),
    countBytes: () => Number(db.prepare('SELECT total(octet_length(json)) AS bytes FROM event').get()?.['bytes']),
    sweep: (now) => sweep(db, now),
    close: () => db.close(),
  };
}

function inTransaction<T>(db: DatabaseSync, work: () => T): T {
  db.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    db.exec('COMMIT');
    return result;
  } catch (fault) {
    if (db.isTransaction) db.exec('ROLLBACK');
    throw fault;
  }
}

function put(db: DatabaseSync, event: NostrEvent, json: string, now: number): PutResult {
  sweep(db, now);
  if (db.prepare('SELECT 1 FROM event WHERE id = ?').get(event.id) !== undefined) return 'duplicate';
  if (isDeleted(db, event)) return 'deleted';
  if (!makeRoom(db, event)) return 'superseded';
  insert(db, event, json);
  if (event.kind === KIND_DELETION) applyDeletion(db, event);
  return 'stored';
}

function sweep(db: DatabaseSync, now: number): void {
  db.prepare('DELETE FROM event WHERE expires_at <= ?').run(now);
}

function isDeleted(db: DatabaseSync, event: NostrEvent): boolean {
  if (event.kind === KIND_DELETION) return false;
  if (db.prepare('SELECT 1 FROM deleted_event WHERE id = ? AND pubkey = ?').get(event.id, event.pubkey) !== undefined) return true;
  if (event.kind === KIND_GIFT_WRAP && isDeletedByRecipient(db, event)) return true;
  const address = addressOf(event);
  if (address === undefined) return false;
  return db.prepare('SELECT 1 FROM deleted_address WHERE address = ? AND until >= ?').get(address, event.created_at) !== undefined;
}

function isDeletedByRecipient(db: DatabaseSync, wrap: NostrEvent): boolean {
  const deleters = db.prepare('SELECT recipient FROM deleted_wrap WHERE id = ?').all(wrap.id);
  const recipients = recipientsOf(wrap);
  return deleters.some(({ recipient }) => recipients.includes(String(recipient)));
}

/** Removes the version that `event` replaces; false when that version is the one to keep (newer, or as old with a lower id). */
function makeRoom(db: DatabaseSync, event: NostrEvent): boolean {
  const address = addressOf(event);
  if (address === undefined) return true;
  const kept = db.prepare('SELECT seq, id, created_at FROM event WHERE address = ?').get(address) as EventRow | undefined;
  if (kept === undefined) return true;
  if (kept.created_at > event.created_at || (kept.created_at === event.created_at && kept.id < event.id)) return false;
  db.prepare('DELETE FROM event WHERE seq = ?').run(kept.seq);
  return true;
}

function insert(db: DatabaseSync, event: NostrEvent, json: string): void {
  const expiresAt = expirationOf(event);
  const { lastInsertRowid: seq } = db
    .prepare('INSERT INTO event(id, pubkey, kind, created_at, expires_at, address, json) VALUES (?, ?, ?, ?, ?, ?, ?)')
    .run(
      event.id,
      event.pubkey,
      event.kind,
      event.created_at,
      typeof expiresAt === 'number' ? expiresAt : null,
      addressOf(event) ?? null,
      json,
    );
  const insertTag = db.prepare('INSERT OR IGNORE INTO tag(name, value, seq) VALUES (?, ?, ?)');
  for (const [name, value] of event.tags) {
    if (isTagLetter(name) && value !== undefined) insertTag.run(name, value, seq);
  }
}

/** Deletes the requester's own events and remembers the targets, so that none of them comes back (NIP-09). */
function applyDeletion(db: DatabaseSync, request: NostrEvent): void {
  const { ids, addresses, areGiftWraps } = readDeletionTargets(request);
  const { pubkey, created_at: until } = request;
  for (const id of ids) {
    db.prepare('DELETE FROM event WHERE id = ? AND pubkey = ? AND kind <> ?').run(id, pubkey, KIND_DELETION);
    db.prepare('INSERT OR IGNORE INTO deleted_event(id, pubkey) VALUES (?, ?)').run(id, pubkey);
    if (areGiftWraps) deleteWrap(db, id, pubkey);
  }
  for (const address of addresses) {
    db.prepare('DELETE FROM event WHERE address = ? AND created_at <= ?').run(address, until);
    db.prepare(
      'INSERT INTO deleted_address(address, until) VALUES (?, ?) ON CONFLICT DO UPDATE SET until = max(until, excluded.until)',
    ).run(address, until);
  }
}

/** Deletes a gift wrap for the one it is addressed to (NIP-09, "Deletion of Gift Wrap Events by Recipient"). */
function deleteWrap(db: DatabaseSync, id: Hex, recipient: Hex): void {
  db.prepare(`DELETE FROM event WHERE id = ? AND kind = ? AND seq IN (SELECT seq FROM tag WHERE name = 'p' AND value = ?)`).run(
    id,
    KIND_GIFT_WRAP,
    recipient,
  );
  db.prepare('INSERT OR IGNORE INTO deleted_wrap(id, recipient) VALUES (?, ?)').run(id, recipient);
}

function select(db: DatabaseSync, filters: readonly Filter[], readers: GiftWrapReaders, now: number): number[] {
  const rows = new Map<number, EventRow>();
  for (const filter of filters) {
    const { sql, values } = buildQuery(filter, readers, now);
    for (const row of db.prepare(sql).all(...values) as unknown as EventRow[]) rows.set(row.seq, row);
  }
  return [...rows.values()].sort(compareRows).map(({ seq }) => seq);
}

function compareRows(a: EventRow, b: EventRow): number {
  return b.created_at - a.created_at || (a.id < b.id ? -1 : 1);
}
