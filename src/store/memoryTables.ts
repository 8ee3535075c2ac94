// What the store in memory consists of: one map for each table, in the order of recording.

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
  SightChange,
} from './records.ts';

/** The tables, by the key of their rows. */
export interface Tables {
  readonly settings: Map<string, string>;
  readonly keyPackages: Map<string, KeyPackageRecord>;
  readonly channels: Map<string, ChannelRecord>;
  readonly messages: Map<string, MessageRecord>;
  readonly seen: Map<string, Extract<SightChange, { kind: 'seen' }>>;
  readonly passedWraps: Map<string, true>;
  readonly invites: Map<string, InviteRecord>;
  readonly negotiations: Map<string, NegotiationRecord>;
  readonly moves: Map<string, MoveRecord>;
  readonly orphans: Map<string, OrphanRecord>;
  readonly parcels: Map<string, ParcelRecord>;
  readonly files: Map<string, Uint8Array>;
  readonly jobs: Map<string, JobRecord>;
  readonly rfqs: Map<string, RfqRecord>;
  readonly payments: Map<string, PaymentRecord>;
  /** One entry at most. */
  readonly ledger: Map<string, LedgerRecord>;
  readonly outbox: Map<string, OutboxRecord>;
}

/** Tables with nothing in them. */
export function emptyTables(): Tables {
  return {
    settings: new Map(),
    keyPackages: new Map(),
    channels: new Map(),
    messages: new Map(),
    seen: new Map(),
    passedWraps: new Map(),
    invites: new Map(),
    negotiations: new Map(),
    moves: new Map(),
    orphans: new Map(),
    parcels: new Map(),
    files: new Map(),
    jobs: new Map(),
    rfqs: new Map(),
    payments: new Map(),
    ledger: new Map(),
    outbox: new Map(),
  };
}
