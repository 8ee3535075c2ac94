// The tables of an agent's database, version by version. A version that was ever written is never changed: the next one is added.

/** Marks a file as ours ("anst"). */
export const APPLICATION_ID = 0x61_6e_73_74;
/** Makes the tables of version 1 in an empty database. */
const VERSION_1 = `
CREATE TABLE setting(key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE key_package(
  event_id TEXT PRIMARY KEY, private_bytes BLOB NOT NULL, created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL
) STRICT;
CREATE TABLE channel(
  id TEXT PRIMARY KEY, nostr_group_id TEXT NOT NULL UNIQUE, peer TEXT, relays TEXT NOT NULL, other_routes TEXT NOT NULL,
  state BLOB NOT NULL, created_at INTEGER NOT NULL, fetched_until INTEGER NOT NULL, leaf_updated_at INTEGER, leaving_at INTEGER, has_chores INTEGER NOT NULL,
  ended_at INTEGER, version INTEGER NOT NULL
) STRICT;
CREATE TABLE message(
  place INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, channel_id TEXT NOT NULL, author TEXT NOT NULL, text TEXT NOT NULL,
  at INTEGER NOT NULL, epoch_id TEXT NOT NULL, is_withdrawn INTEGER NOT NULL
) STRICT;
CREATE INDEX message_by_channel ON message(channel_id, place);
CREATE TABLE seen(id TEXT PRIMARY KEY, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE invite(wrap_id TEXT PRIMARY KEY, sender TEXT NOT NULL, welcome TEXT NOT NULL, received_at INTEGER NOT NULL) STRICT;
CREATE TABLE negotiation(
  nid TEXT PRIMARY KEY, peer TEXT NOT NULL, state TEXT NOT NULL, is_active INTEGER NOT NULL, created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL, resend_at INTEGER NOT NULL, resends INTEGER NOT NULL, version INTEGER NOT NULL
) STRICT;
CREATE INDEX active_negotiation ON negotiation(updated_at) WHERE is_active = 1;
CREATE TABLE move(
  place INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, nid TEXT NOT NULL, author TEXT NOT NULL, rumor TEXT NOT NULL,
  recorded_at INTEGER NOT NULL, sent_at INTEGER
) STRICT;
CREATE INDEX move_by_negotiation ON move(nid, place);
CREATE TABLE orphan(
  place INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, nid TEXT NOT NULL, peer TEXT NOT NULL, rumor TEXT NOT NULL
) STRICT;
CREATE INDEX orphan_by_negotiation ON orphan(nid);
CREATE INDEX orphan_by_peer ON orphan(peer);
CREATE TABLE parcel(
  peer TEXT NOT NULL, sha256 TEXT NOT NULL, part INTEGER NOT NULL, data BLOB NOT NULL, PRIMARY KEY(peer, sha256, part)
) STRICT;
CREATE TABLE file(sha256 TEXT PRIMARY KEY, data BLOB NOT NULL) STRICT;
CREATE TABLE job(nid TEXT PRIMARY KEY, key TEXT, body TEXT NOT NULL, created_at INTEGER NOT NULL) STRICT;
CREATE INDEX job_by_key ON job(key) WHERE key IS NOT NULL;
CREATE TABLE rfq(id TEXT PRIMARY KEY, key TEXT NOT NULL, body TEXT NOT NULL, created_at INTEGER NOT NULL, version INTEGER NOT NULL) STRICT;
CREATE TABLE payment(
  agreement TEXT PRIMARY KEY, payment_hash TEXT NOT NULL UNIQUE, body TEXT NOT NULL, version INTEGER NOT NULL
) STRICT;
CREATE TABLE outbox(
  place INTEGER PRIMARY KEY, event_id TEXT NOT NULL UNIQUE, event TEXT NOT NULL, purpose TEXT NOT NULL, move_id TEXT,
  created_at INTEGER NOT NULL
) STRICT;
CREATE TABLE outbox_target(
  event_id TEXT NOT NULL REFERENCES outbox(event_id) ON DELETE CASCADE, relay TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('pending', 'done', 'refused')), tries INTEGER NOT NULL, next_at INTEGER NOT NULL,
  PRIMARY KEY(event_id, relay)
) STRICT, WITHOUT ROWID;
PRAGMA application_id = ${APPLICATION_ID};
`;

/** Adds what protects a home: how its data key is wrapped (one row, or none), and secrets that are files in a home without protection. */
const VERSION_2 = `
CREATE TABLE protection(id INTEGER PRIMARY KEY CHECK (id = 1), body TEXT NOT NULL) STRICT;
CREATE TABLE secret(name TEXT PRIMARY KEY, value TEXT NOT NULL, marker TEXT NOT NULL) STRICT, WITHOUT ROWID;
`;

/** Adds the gift wraps that had nothing in them for us (`place` tells the latest), and the one row of what was promised, paid and said under a mandate. */
const VERSION_3 = `
CREATE TABLE passed_wrap(place INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE ledger(id INTEGER PRIMARY KEY CHECK (id = 1), body TEXT NOT NULL, version INTEGER NOT NULL) STRICT;
`;

/**
 * Adds what tells when an id may be forgotten: of a channel's event or MLS message the channel and the newest epoch it can be of; of a gift wrap its date. Rows of
 * older versions have neither.
 */
const VERSION_4 = `
ALTER TABLE seen ADD COLUMN channel_id TEXT;
ALTER TABLE seen ADD COLUMN epoch INTEGER;
ALTER TABLE seen ADD COLUMN dated INTEGER;
CREATE INDEX seen_in_channel ON seen(channel_id, epoch) WHERE channel_id IS NOT NULL;
CREATE INDEX seen_wrap ON seen(dated) WHERE dated IS NOT NULL;
`;

/** The SQL that leads to version 1, 2, … from the one before. It must keep everything that is there. */
export const STEPS: readonly string[] = [VERSION_1, VERSION_2, VERSION_3, VERSION_4];

/** The version that this program writes. */
export const SCHEMA_VERSION = STEPS.length;
