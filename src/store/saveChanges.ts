// Writes changes to SQLite: one statement for each kind of change.

import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { NegotiateError } from '../core/errors.ts';
import type { Change, ChannelRecord, NegotiationRecord, OutboxRecord } from './records.ts';

/** Saves all changes in one transaction, or none of them. Throws `store/conflict` when a record's version does not follow. */
export function saveChanges(db: DatabaseSync, changes: readonly Change[]): void {
  if (changes.length === 0) return;
  db.exec('BEGIN IMMEDIATE');
  try {
    for (const change of changes) saveChange(db, change);
    db.exec('COMMIT');
  } catch (fault) {
    if (db.isTransaction) db.exec('ROLLBACK');
    throw fault;
  }
}

function saveChange(db: DatabaseSync, change: Change): void {
  switch (change.kind) {
    case 'setting':
      run(db, 'INSERT INTO setting VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value', change.key, change.value);
      return;
    case 'key-package': {
      const { eventId, privateBytes, createdAt, expiresAt } = change.record;
      run(db, 'INSERT INTO key_package VALUES (?, ?, ?, ?)', eventId, privateBytes, createdAt, expiresAt);
      return;
    }
    case 'drop-key-packages':
      run(db, 'DELETE FROM key_package WHERE expires_at < ?', change.expiredBefore);
      return;
    case 'channel':
      saveChannel(db, change.record);
      return;
    case 'seen':
      run(db, 'INSERT OR IGNORE INTO seen VALUES (?, ?)', change.id, change.at);
      return;
    case 'invite': {
      const { wrapId, sender, welcome, receivedAt } = change.record;
      run(db, 'INSERT OR IGNORE INTO invite VALUES (?, ?, ?, ?)', wrapId, sender, welcome, receivedAt);
      return;
    }
    case 'drop-invite':
      run(db, 'DELETE FROM invite WHERE wrap_id = ?', change.wrapId);
      return;
    case 'negotiation':
      saveNegotiation(db, change.record);
      return;
    case 'move': {
      const { id, nid, author, rumor, recordedAt, sentAt } = change.record;
      const sql = 'INSERT OR IGNORE INTO move(id, nid, author, rumor, recorded_at, sent_at) VALUES (?, ?, ?, ?, ?, ?)';
      run(db, sql, id, nid, author, rumor, recordedAt, sentAt ?? null);
      return;
    }
    case 'move-sent':
      run(db, 'UPDATE move SET sent_at = ? WHERE id = ? AND sent_at IS NULL', change.at, change.id);
      return;
    case 'orphan': {
      const { id, nid, peer, rumor } = change.record;
      run(db, 'INSERT OR IGNORE INTO orphan(id, nid, peer, rumor) VALUES (?, ?, ?, ?)', id, nid, peer, rumor);
      return;
    }
    case 'drop-orphans':
      run(db, 'DELETE FROM orphan WHERE nid = ?', change.nid);
      return;
    case 'queue':
      saveQueued(db, change.record);
      return;
    case 'target': {
      const { relay, state, tries, nextAt } = change.target;
      const sql = 'UPDATE outbox_target SET state = ?, tries = ?, next_at = ? WHERE event_id = ? AND relay = ?';
      run(db, sql, state, tries, nextAt, change.eventId, relay);
      return;
    }
    case 'drop-queued':
      run(db, 'DELETE FROM outbox WHERE event_id = ?', change.eventId);
      return;
    default:
      change satisfies never;
  }
}

function saveChannel(db: DatabaseSync, record: ChannelRecord): void {
  const { id, nostrGroupId, peer, relays, state, createdAt, fetchedUntil, version } = record;
  if (version === 0) {
    const sql = 'INSERT INTO channel VALUES (?, ?, ?, ?, ?, ?, ?, 1)';
    run(db, sql, id, nostrGroupId, peer, JSON.stringify(relays), state, createdAt, fetchedUntil);
    return;
  }
  const sql = 'UPDATE channel SET relays = ?, state = ?, fetched_until = ?, version = version + 1 WHERE id = ? AND version = ?';
  expectOne(run(db, sql, JSON.stringify(relays), state, fetchedUntil, id, version));
}

function saveNegotiation(db: DatabaseSync, record: NegotiationRecord): void {
  const { nid, peer, state, isActive, createdAt, updatedAt, resendAt, resends, version } = record;
  if (version === 0) {
    const sql = 'INSERT INTO negotiation VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1)';
    run(db, sql, nid, peer, state, Number(isActive), createdAt, updatedAt, resendAt, resends);
    return;
  }
  const sql = `UPDATE negotiation SET state = ?, is_active = ?, updated_at = ?, resend_at = ?, resends = ?, version = version + 1
    WHERE nid = ? AND version = ?`;
  expectOne(run(db, sql, state, Number(isActive), updatedAt, resendAt, resends, nid, version));
}

function saveQueued(db: DatabaseSync, record: OutboxRecord): void {
  const { eventId, event, purpose, moveId, createdAt, targets } = record;
  const sql = 'INSERT INTO outbox(event_id, event, purpose, move_id, created_at) VALUES (?, ?, ?, ?, ?)';
  run(db, sql, eventId, event, purpose, moveId ?? null, createdAt);
  for (const { relay, state, tries, nextAt } of targets) {
    run(db, 'INSERT INTO outbox_target VALUES (?, ?, ?, ?, ?)', eventId, relay, state, tries, nextAt);
  }
}

function expectOne(changed: number): void {
  if (changed === 1) return;
  throw new NegotiateError('store/conflict', 'The home was changed by another process meanwhile; nothing was saved. Run it again.');
}

function run(db: DatabaseSync, sql: string, ...values: SQLInputValue[]): number {
  return Number(db.prepare(sql).run(...values).changes);
}
