// Writes changes to SQLite: one statement for each kind of change.

import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { conflict } from './conflict.ts';
import type { Hex } from '../core/bytes.ts';
import {
  MESSAGES_KEPT,
  type Change,
  type ChannelRecord,
  type Forgotten,
  type InviteRecord,
  type JobRecord,
  type KeyPackageRecord,
  type LedgerRecord,
  type MessageRecord,
  type MoveRecord,
  type NegotiationRecord,
  type OrphanRecord,
  type OutboxRecord,
  type ParcelRecord,
  type PaymentRecord,
  type RfqRecord,
  type SightChange,
  type TargetRecord,
  WRAPS_PASSED,
} from './records.ts';

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
      return void run(db, 'INSERT INTO setting VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value', change.key, change.value);
    case 'key-package':
      return saveKeyPackage(db, change.record);
    case 'retire-key-packages':
      return void run(db, 'UPDATE key_package SET expires_at = min(expires_at, ?)', change.at);
    case 'drop-key-packages':
      return void run(db, 'DELETE FROM key_package WHERE expires_at < ?', change.expiredBefore);
    case 'channel':
      return saveChannel(db, change.record);
    case 'message':
      return saveMessage(db, change.record);
    case 'weigh-messages':
      return weighMessages(db, change.channelId, change.epochIds, change.isWithdrawn);
    case 'seen':
    case 'pass-wraps':
    case 'forget':
      return saveSight(db, change);
    case 'invite':
      return saveInvite(db, change.record);
    case 'drop-invite':
      return void run(db, 'DELETE FROM invite WHERE wrap_id = ?', change.wrapId);
    case 'negotiation':
      return saveNegotiation(db, change.record);
    case 'move':
      return saveMove(db, change.record);
    case 'move-sent':
      return void run(db, 'UPDATE move SET sent_at = ? WHERE id = ? AND sent_at IS NULL', change.at, change.id);
    case 'orphan':
      return saveOrphan(db, change.record);
    case 'drop-orphans':
      return void run(db, 'DELETE FROM orphan WHERE nid = ?', change.nid);
    case 'parcel':
      return saveParcel(db, change.record);
    case 'drop-parcels':
      return void run(db, 'DELETE FROM parcel WHERE peer = ? AND sha256 = ?', change.peer, change.sha256);
    case 'file':
      return void run(db, 'INSERT OR IGNORE INTO file VALUES (?, ?)', change.sha256, change.data);
    case 'drop-file':
      return void run(db, 'DELETE FROM file WHERE sha256 = ?', change.sha256);
    case 'job':
      return saveJob(db, change.record);
    case 'rfq':
      return saveRfq(db, change.record);
    case 'payment':
      return savePayment(db, change.record);
    case 'ledger':
      return saveLedger(db, change.record);
    case 'queue':
      return saveQueued(db, change.record);
    case 'target':
      return saveTarget(db, change.eventId, change.target);
    case 'drop-queued':
      return void run(db, 'DELETE FROM outbox WHERE event_id = ?', change.eventId);
    default:
      change satisfies never;
  }
}

function saveKeyPackage(db: DatabaseSync, { eventId, privateBytes, createdAt, expiresAt }: KeyPackageRecord): void {
  run(db, 'INSERT INTO key_package VALUES (?, ?, ?, ?)', eventId, privateBytes, createdAt, expiresAt);
}

function saveSight(db: DatabaseSync, change: SightChange): void {
  switch (change.kind) {
    case 'seen':
      return saveSeen(db, change);
    case 'pass-wraps':
      return passWraps(db, change.ids);
    case 'forget':
      return forget(db, change.what);
    default:
      return change satisfies never;
  }
}

function saveSeen(db: DatabaseSync, { id, at, in: place }: Extract<SightChange, { kind: 'seen' }>): void {
  const [channelId, epoch, dated] = place.kind === 'inbox' ? [null, null, place.dated] : [place.channelId, place.epoch, null];
  run(db, 'INSERT OR IGNORE INTO seen(id, at, channel_id, epoch, dated) VALUES (?, ?, ?, ?, ?)', id, at, channelId, epoch, dated);
}

function forget(db: DatabaseSync, what: Forgotten): void {
  if (what.kind === 'inbox') return void run(db, 'DELETE FROM seen WHERE dated < ?', what.datedBefore);
  const { channelId, epochBefore, takenBefore } = what;
  run(db, 'DELETE FROM seen WHERE channel_id = ? AND epoch < ? AND at < ?', channelId, epochBefore, takenBefore);
}

function passWraps(db: DatabaseSync, ids: readonly Hex[]): void {
  for (const id of ids) run(db, 'INSERT OR IGNORE INTO passed_wrap(id) VALUES (?)', id);
  run(db, 'DELETE FROM passed_wrap WHERE place <= (SELECT max(place) FROM passed_wrap) - ?', WRAPS_PASSED);
}

function saveInvite(db: DatabaseSync, { wrapId, sender, welcome, receivedAt }: InviteRecord): void {
  run(db, 'INSERT OR IGNORE INTO invite VALUES (?, ?, ?, ?)', wrapId, sender, welcome, receivedAt);
}

function saveMove(db: DatabaseSync, { id, nid, author, rumor, recordedAt, sentAt }: MoveRecord): void {
  const sql = 'INSERT OR IGNORE INTO move(id, nid, author, rumor, recorded_at, sent_at) VALUES (?, ?, ?, ?, ?, ?)';
  run(db, sql, id, nid, author, rumor, recordedAt, sentAt ?? null);
}

function saveOrphan(db: DatabaseSync, { id, nid, peer, rumor }: OrphanRecord): void {
  run(db, 'INSERT OR IGNORE INTO orphan(id, nid, peer, rumor) VALUES (?, ?, ?, ?)', id, nid, peer, rumor);
}

function saveParcel(db: DatabaseSync, { peer, sha256, part, data }: ParcelRecord): void {
  run(db, 'INSERT OR IGNORE INTO parcel VALUES (?, ?, ?, ?)', peer, sha256, part, data);
}

function saveTarget(db: DatabaseSync, eventId: string, { relay, state, tries, nextAt }: TargetRecord): void {
  const sql = 'UPDATE outbox_target SET state = ?, tries = ?, next_at = ? WHERE event_id = ? AND relay = ?';
  run(db, sql, state, tries, nextAt, eventId, relay);
}

function saveChannel(db: DatabaseSync, record: ChannelRecord): void {
  const { id, nostrGroupId, peer = null, relays, otherRoutes, state, createdAt, fetchedUntil, endedAt = null, version } = record;
  const { leafUpdatedAt = null, leavingAt = null } = record;
  const hasChores = Number(record.hasChores);
  if (version === 0) {
    const sql = 'INSERT INTO channel VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)';
    const fixed = [id, nostrGroupId, peer, JSON.stringify(relays), JSON.stringify(otherRoutes), state, createdAt];
    run(db, sql, ...fixed, fetchedUntil, leafUpdatedAt, leavingAt, hasChores, endedAt);
    return;
  }
  const sql = `UPDATE channel SET nostr_group_id = ?, peer = ?, relays = ?, other_routes = ?, state = ?, fetched_until = ?,
    leaf_updated_at = ?, leaving_at = ?, has_chores = ?, ended_at = ?, version = version + 1 WHERE id = ? AND version = ?`;
  const routing = [nostrGroupId, peer, JSON.stringify(relays), JSON.stringify(otherRoutes), state, fetchedUntil];
  expectOne(run(db, sql, ...routing, leafUpdatedAt, leavingAt, hasChores, endedAt, id, version));
}

function saveRfq(db: DatabaseSync, { id, key, body, createdAt, version }: RfqRecord): void {
  if (version === 0) return void run(db, 'INSERT INTO rfq VALUES (?, ?, ?, ?, 1)', id, key, body, createdAt);
  expectOne(run(db, 'UPDATE rfq SET body = ?, version = version + 1 WHERE id = ? AND version = ?', body, id, version));
}

function saveMessage(db: DatabaseSync, { id, channelId, author, text, at, epochId, isWithdrawn }: MessageRecord): void {
  const sql = 'INSERT OR IGNORE INTO message(id, channel_id, author, text, at, epoch_id, is_withdrawn) VALUES (?, ?, ?, ?, ?, ?, ?)';
  run(db, sql, id, channelId, author, text, at, epochId, Number(isWithdrawn));
  const newest = 'SELECT place FROM message WHERE channel_id = ? ORDER BY place DESC LIMIT ?';
  run(db, `DELETE FROM message WHERE channel_id = ? AND place NOT IN (${newest})`, channelId, channelId, MESSAGES_KEPT);
}

function weighMessages(db: DatabaseSync, channelId: string, epochIds: readonly string[], isWithdrawn: boolean): void {
  const sql = 'UPDATE message SET is_withdrawn = ? WHERE channel_id = ? AND epoch_id = ?';
  for (const epochId of epochIds) run(db, sql, Number(isWithdrawn), channelId, epochId);
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

function saveJob(db: DatabaseSync, { nid, key, body, createdAt }: JobRecord): void {
  const sql = 'INSERT INTO job VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET body = excluded.body';
  run(db, sql, nid, key ?? null, body, createdAt);
}

function savePayment(db: DatabaseSync, { agreement, paymentHash, body, version }: PaymentRecord): void {
  if (version === 0) return void run(db, 'INSERT INTO payment VALUES (?, ?, ?, 1)', agreement, paymentHash, body);
  const sql = 'UPDATE payment SET body = ?, version = version + 1 WHERE agreement = ? AND payment_hash = ? AND version = ?';
  expectOne(run(db, sql, body, agreement, paymentHash, version));
}

function saveLedger(db: DatabaseSync, { body, version }: LedgerRecord): void {
  if (version === 0) return void run(db, 'INSERT INTO ledger VALUES (1, ?, 1)', body);
  expectOne(run(db, 'UPDATE ledger SET body = ?, version = version + 1 WHERE version = ?', body, version));
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
  if (changed !== 1) throw conflict();
}

// Each statement is prepared once for a database: there are few, and they run all the time.
const statements = new WeakMap<DatabaseSync, Map<string, StatementSync>>();

function run(db: DatabaseSync, sql: string, ...values: SQLInputValue[]): number {
  const prepared = statements.get(db) ?? new Map<string, StatementSync>();
  const statement = prepared.get(sql) ?? db.prepare(sql);
  statements.set(db, prepared.set(sql, statement));
  return Number(statement.run(...values).changes);
}
