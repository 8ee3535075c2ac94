// Records as they were before sealChange.ts sealed them.

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
} from './records.ts';
import type { Vault } from './seal.ts';
import { rowName } from './sealedColumns.ts';

/** Opens records of each kind. All throw `store/corrupt` for what does not open. */
export interface RecordOpener {
  setting(key: string, value: string): string;
  keyPackage(record: KeyPackageRecord): KeyPackageRecord;
  channel(record: ChannelRecord): ChannelRecord;
  message(record: MessageRecord): MessageRecord;
  invite(record: InviteRecord): InviteRecord;
  negotiation(record: NegotiationRecord): NegotiationRecord;
  move(record: MoveRecord): MoveRecord;
  orphan(record: OrphanRecord): OrphanRecord;
  parcel(record: ParcelRecord): ParcelRecord;
  file(sha256: string, data: Uint8Array): Uint8Array;
  job(record: JobRecord): JobRecord;
  rfq(record: RfqRecord): RfqRecord;
  payment(record: PaymentRecord): PaymentRecord;
  ledger(record: LedgerRecord): LedgerRecord;
  queued(record: OutboxRecord): OutboxRecord;
}

/** The openers of a vault. */
export function openRecords(vault: Vault): RecordOpener {
  const text = (table: string, column: string, row: string, value: string): string => vault.openText({ table, column, row }, value);
  const bytes = (table: string, column: string, row: string, value: Uint8Array): Uint8Array =>
    vault.openBytes({ table, column, row }, value);
  const name = (table: string, column: string, value: string): string => vault.openName({ table, column }, value);
  return {
    setting: (key, value) => text('setting', 'value', key, value),
    keyPackage: (record) => ({ ...record, privateBytes: bytes('key_package', 'private_bytes', record.eventId, record.privateBytes) }),
    channel: (record) => {
      const named = record.peer === undefined ? {} : { peer: name('channel', 'peer', record.peer) };
      return { ...record, ...named, state: bytes('channel', 'state', record.id, record.state) };
    },
    message: (record) => ({
      ...record,
      author: name('message', 'author', record.author),
      text: text('message', 'text', record.id, record.text),
    }),
    invite: (record) => ({
      ...record,
      sender: name('invite', 'sender', record.sender),
      welcome: text('invite', 'welcome', record.wrapId, record.welcome),
    }),
    negotiation: (record) => ({
      ...record,
      peer: name('negotiation', 'peer', record.peer),
      state: text('negotiation', 'state', record.nid, record.state),
    }),
    move: (record) => ({ ...record, author: name('move', 'author', record.author), rumor: text('move', 'rumor', record.id, record.rumor) }),
    orphan: (record) => ({ ...record, peer: name('orphan', 'peer', record.peer), rumor: text('orphan', 'rumor', record.id, record.rumor) }),
    parcel: ({ part, ...sealed }) => {
      const peer = name('parcel', 'peer', sealed.peer);
      const sha256 = name('parcel', 'sha256', sealed.sha256);
      return { peer, sha256, part, data: bytes('parcel', 'data', rowName(peer, sha256, part), sealed.data) };
    },
    file: (sha256, data) => bytes('file', 'data', sha256, data),
    job: (record) => {
      const named = record.key === undefined ? {} : { key: name('job', 'key', record.key) };
      return { ...record, ...named, body: text('job', 'body', record.nid, record.body) };
    },
    rfq: (record) => ({ ...record, key: name('rfq', 'key', record.key), body: text('rfq', 'body', record.id, record.body) }),
    payment: (record) => {
      const agreement = name('payment', 'agreement', record.agreement);
      const paymentHash = name('payment', 'payment_hash', record.paymentHash);
      return { ...record, agreement, paymentHash, body: text('payment', 'body', agreement, record.body) };
    },
    ledger: (record) => ({ ...record, body: text('ledger', 'body', '1', record.body) }),
    queued: (record) => {
      const named = record.moveId === undefined ? {} : { moveId: name('outbox', 'move_id', record.moveId) };
      return { ...record, ...named, event: text('outbox', 'event', record.eventId, record.event) };
    },
  };
}
