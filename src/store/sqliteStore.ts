// The store in one SQLite file.

import type { DatabaseSync, SQLInputValue, SQLOutputValue } from 'node:sqlite';
import { openDatabase, explainFaults } from './openDatabase.ts';
import type {
  ChannelRecord,
  InviteRecord,
  JobRecord,
  KeyPackageRecord,
  LedgerRecord,
  MessageRecord,
  MoveRecord,
  NegotiationRecord,
  OrphanRecord,
  OutboxRecord,
  ParcelRecord,
  PaymentRecord,
  RfqRecord,
  Route,
  Store,
  TargetRecord,
} from './records.ts';
import { saveChanges } from './saveChanges.ts';

type Row = Record<string, SQLOutputValue>;

/** Opens the store at `path`, or in memory for `:memory:`. Throws what {@link openDatabase} throws. */
export function openSqliteStore(path: string): Store {
  return createSqliteStore(openDatabase(path));
}

/** The store in an open database. */
export function createSqliteStore(db: DatabaseSync): Store {
  const path = db.location();
  const all = <T>(sql: string, read: (row: Row) => T, ...values: SQLInputValue[]): T[] =>
    explainFaults(
      () =>
        db
          .prepare(sql)
          .all(...values)
          .map(read),
      path,
    );
  return {
    readSetting: (key) => all('SELECT value FROM setting WHERE key = ?', (row) => String(row['value']), key)[0],
    findKeyPackage: (eventId) => all('SELECT * FROM key_package WHERE event_id = ?', readKeyPackage, eventId)[0],
    listKeyPackages: () => all('SELECT * FROM key_package ORDER BY created_at, rowid', readKeyPackage),
    findChannel: (id) => all('SELECT * FROM channel WHERE id = ?', readChannel, id)[0],
    listChannels: () => all('SELECT * FROM channel ORDER BY created_at DESC, id', readChannel),
    listMessages: (channelId) => all('SELECT * FROM message WHERE channel_id = ? ORDER BY place', readMessage, channelId),
    hasSeen: (id) => all('SELECT 1 FROM seen WHERE id = ? UNION ALL SELECT 1 FROM passed_wrap WHERE id = ?', () => true, id, id).length > 0,
    listInvites: () => all('SELECT * FROM invite ORDER BY received_at, wrap_id', readInvite),
    findNegotiation: (nid) => all('SELECT * FROM negotiation WHERE nid = ?', readNegotiation, nid)[0],
    listNegotiations: (filter) =>
      all(`SELECT * FROM negotiation ${filter === undefined ? '' : 'WHERE is_active = 1'} ORDER BY updated_at DESC, nid`, readNegotiation),
    findMove: (id) => all('SELECT * FROM move WHERE id = ?', readMove, id)[0],
    listMoves: (nid) => all('SELECT * FROM move WHERE nid = ? ORDER BY place', readMove, nid),
    listOrphans: (filter) =>
      'nid' in filter
        ? all('SELECT * FROM orphan WHERE nid = ? ORDER BY place', readOrphan, filter.nid)
        : all('SELECT * FROM orphan WHERE peer = ? ORDER BY place', readOrphan, filter.peer),
    listParcels: (peer, sha256) => all('SELECT * FROM parcel WHERE peer = ? AND sha256 = ? ORDER BY part', readParcel, peer, sha256),
    findFile: (sha256) => all('SELECT data FROM file WHERE sha256 = ?', (row) => row['data'] as Uint8Array, sha256)[0],
    findJob: (nid) => all('SELECT * FROM job WHERE nid = ?', readJob, nid)[0],
    listJobs: (filter) =>
      filter === undefined
        ? all('SELECT * FROM job ORDER BY created_at DESC, nid', readJob)
        : all('SELECT * FROM job WHERE key = ? ORDER BY created_at DESC, nid', readJob, filter.key),
    listRfqs: () => all('SELECT * FROM rfq ORDER BY created_at DESC, id', readRfq),
    findPayment: (by) =>
      'agreement' in by
        ? all('SELECT * FROM payment WHERE agreement = ?', readPayment, by.agreement)[0]
        : all('SELECT * FROM payment WHERE payment_hash = ?', readPayment, by.paymentHash)[0],
    readLedger: () => all('SELECT * FROM ledger', readLedger)[0],
    listQueued: () => all('SELECT * FROM outbox ORDER BY place', (row) => readQueued(db, row)),
    save: (changes) => explainFaults(() => saveChanges(db, changes), path),
    close: () => db.close(),
  };
}

function readKeyPackage(row: Row): KeyPackageRecord {
  return {
    eventId: String(row['event_id']),
    privateBytes: row['private_bytes'] as Uint8Array,
    createdAt: Number(row['created_at']),
    expiresAt: Number(row['expires_at']),
  };
}

function readChannel(row: Row): ChannelRecord {
  return {
    id: String(row['id']),
    nostrGroupId: String(row['nostr_group_id']),
    ...(row['peer'] === null ? {} : { peer: String(row['peer']) }),
    relays: JSON.parse(String(row['relays'])) as string[],
    otherRoutes: JSON.parse(String(row['other_routes'])) as Route[],
    state: row['state'] as Uint8Array,
    createdAt: Number(row['created_at']),
    fetchedUntil: Number(row['fetched_until']),
    ...(row['leaf_updated_at'] === null ? {} : { leafUpdatedAt: Number(row['leaf_updated_at']) }),
    ...(row['leaving_at'] === null ? {} : { leavingAt: Number(row['leaving_at']) }),
    hasChores: row['has_chores'] === 1,
    ...(row['ended_at'] === null ? {} : { endedAt: Number(row['ended_at']) }),
    version: Number(row['version']),
  };
}

function readMessage(row: Row): MessageRecord {
  return {
    id: String(row['id']),
    channelId: String(row['channel_id']),
    author: String(row['author']),
    text: String(row['text']),
    at: Number(row['at']),
    epochId: String(row['epoch_id']),
    isWithdrawn: row['is_withdrawn'] === 1,
  };
}

function readInvite(row: Row): InviteRecord {
  return {
    wrapId: String(row['wrap_id']),
    sender: String(row['sender']),
    welcome: String(row['welcome']),
    receivedAt: Number(row['received_at']),
  };
}

function readNegotiation(row: Row): NegotiationRecord {
  return {
    nid: String(row['nid']),
    peer: String(row['peer']),
    state: String(row['state']),
    isActive: row['is_active'] === 1,
    createdAt: Number(row['created_at']),
    updatedAt: Number(row['updated_at']),
    resendAt: Number(row['resend_at']),
    resends: Number(row['resends']),
    version: Number(row['version']),
  };
}

function readMove(row: Row): MoveRecord {
  return {
    id: String(row['id']),
    nid: String(row['nid']),
    author: String(row['author']),
    rumor: String(row['rumor']),
    recordedAt: Number(row['recorded_at']),
    ...(row['sent_at'] === null ? {} : { sentAt: Number(row['sent_at']) }),
  };
}

function readOrphan(row: Row): OrphanRecord {
  return { id: String(row['id']), nid: String(row['nid']), peer: String(row['peer']), rumor: String(row['rumor']) };
}

function readParcel(row: Row): ParcelRecord {
  return {
    peer: String(row['peer']),
    sha256: String(row['sha256']),
    part: Number(row['part']),
    data: row['data'] as Uint8Array,
  };
}

function readJob(row: Row): JobRecord {
  return {
    nid: String(row['nid']),
    ...(row['key'] === null ? {} : { key: String(row['key']) }),
    body: String(row['body']),
    createdAt: Number(row['created_at']),
  };
}

function readRfq(row: Row): RfqRecord {
  return {
    id: String(row['id']),
    key: String(row['key']),
    body: String(row['body']),
    createdAt: Number(row['created_at']),
    version: Number(row['version']),
  };
}

function readPayment(row: Row): PaymentRecord {
  return {
    agreement: String(row['agreement']),
    paymentHash: String(row['payment_hash']),
    body: String(row['body']),
    version: Number(row['version']),
  };
}

function readLedger(row: Row): LedgerRecord {
  return { body: String(row['body']), version: Number(row['version']) };
}

function readQueued(db: DatabaseSync, row: Row): OutboxRecord {
  const eventId = String(row['event_id']);
  const targets = db.prepare('SELECT * FROM outbox_target WHERE event_id = ? ORDER BY relay').all(eventId).map(readTarget);
  return {
    eventId,
    event: String(row['event']),
    purpose: String(row['purpose']),
    ...(row['move_id'] === null ? {} : { moveId: String(row['move_id']) }),
    createdAt: Number(row['created_at']),
    targets,
  };
}

function readTarget(row: Row): TargetRecord {
  return {
    relay: String(row['relay']),
    state: row['state'] as TargetRecord['state'],
    tries: Number(row['tries']),
    nextAt: Number(row['next_at']),
  };
}
