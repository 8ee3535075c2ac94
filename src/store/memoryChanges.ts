// What a change does to the tables in memory: the counterpart of saveChanges.ts, rule by rule.

import {
  MESSAGES_KEPT,
  WRAPS_PASSED,
  type Change,
  type ChannelRecord,
  type Forgotten,
  type JobRecord,
  type MessageRecord,
  type OutboxRecord,
  type PaymentRecord,
  type SightChange,
} from './records.ts';
import type { Tables } from './memoryTables.ts';

/** Applies one change. False when it does not follow what is there. */
export function applyChange(tables: Tables, change: Change): boolean {
  switch (change.kind) {
    case 'setting':
      return put(tables.settings, change.key, change.value);
    case 'key-package':
      return add(tables.keyPackages, change.record.eventId, change.record);
    case 'retire-key-packages':
      return replaceAll(tables.keyPackages, (each) => ({ ...each, expiresAt: Math.min(each.expiresAt, change.at) }));
    case 'drop-key-packages':
      return drop(tables.keyPackages, ({ expiresAt }) => expiresAt < change.expiredBefore);
    case 'channel':
      return saveChannel(tables, change.record);
    case 'message':
      return saveMessage(tables, change.record);
    case 'weigh-messages':
      return weighMessages(tables, change);
    case 'seen':
    case 'pass-wraps':
    case 'forget':
      return saveSight(tables, change);
    case 'invite':
      return addOnce(tables.invites, change.record.wrapId, change.record);
    case 'drop-invite':
      return drop(tables.invites, ({ wrapId }) => wrapId === change.wrapId);
    case 'negotiation':
      return follow(tables.negotiations, change.record.nid, change.record, ['peer', 'createdAt']);
    case 'move':
      return addOnce(tables.moves, change.record.id, change.record);
    case 'move-sent':
      return replaceAll(tables.moves, (each) => (each.id === change.id ? { ...each, sentAt: each.sentAt ?? change.at } : each));
    case 'orphan':
      return addOnce(tables.orphans, change.record.id, change.record);
    case 'drop-orphans':
      return drop(tables.orphans, ({ nid }) => nid === change.nid);
    case 'parcel':
      return addOnce(tables.parcels, `${change.record.peer} ${change.record.sha256} ${change.record.part}`, change.record);
    case 'drop-parcels':
      return drop(tables.parcels, ({ peer, sha256 }) => peer === change.peer && sha256 === change.sha256);
    case 'file':
      return addOnce(tables.files, change.sha256, change.data);
    case 'drop-file':
      return put(tables.files, change.sha256, undefined);
    case 'job':
      return saveJob(tables, change.record);
    case 'rfq':
      return follow(tables.rfqs, change.record.id, change.record, ['key', 'createdAt']);
    case 'payment':
      return savePayment(tables, change.record);
    case 'ledger':
      return follow(tables.ledger, '1', change.record, []);
    case 'queue':
      return add(tables.outbox, change.record.eventId, change.record);
    case 'target':
      return replaceAll(tables.outbox, (each) => (each.eventId === change.eventId ? retarget(each, change.target) : each));
    case 'drop-queued':
      return put(tables.outbox, change.eventId, undefined);
    default:
      return change satisfies never;
  }
}

function put<T>(table: Map<string, T>, key: string, value: T | undefined): true {
  if (value === undefined) table.delete(key);
  else table.set(key, value);
  return true;
}

function add<T>(table: Map<string, T>, key: string, value: T): boolean {
  return !table.has(key) && put(table, key, value);
}

function addOnce<T>(table: Map<string, T>, key: string, value: T): true {
  return table.has(key) || put(table, key, value);
}

function drop<T>(table: Map<string, T>, isOver: (item: T) => boolean): true {
  for (const [key, item] of table) if (isOver(item)) table.delete(key);
  return true;
}

function replaceAll<T>(table: Map<string, T>, replace: (item: T) => T): true {
  for (const [key, item] of table) table.set(key, replace(item));
  return true;
}

/** A record takes the place of the one with its version; what `fixed` names stays as it was first. */
function follow<T extends { readonly version: number }>(
  table: Map<string, T>,
  key: string,
  record: T,
  fixed: readonly (keyof T)[],
): boolean {
  const known = table.get(key);
  if ((known?.version ?? 0) !== record.version) return false;
  const kept = known === undefined ? {} : Object.fromEntries(fixed.map((field) => [field, known[field]]));
  return put(table, key, { ...record, ...kept, version: record.version + 1 });
}

function weighMessages({ messages }: Tables, { channelId, epochIds, isWithdrawn }: Extract<Change, { kind: 'weigh-messages' }>): true {
  return replaceAll(messages, (each) =>
    each.channelId === channelId && epochIds.includes(each.epochId) ? { ...each, isWithdrawn } : each,
  );
}

function passWraps({ passedWraps }: Tables, ids: readonly string[]): true {
  for (const id of ids) addOnce(passedWraps, id, true);
  for (const id of [...passedWraps.keys()].slice(0, -WRAPS_PASSED)) passedWraps.delete(id);
  return true;
}

function saveSight(tables: Tables, change: SightChange): boolean {
  switch (change.kind) {
    case 'seen':
      return addOnce(tables.seen, change.id, change);
    case 'pass-wraps':
      return passWraps(tables, change.ids);
    case 'forget':
      return drop(tables.seen, (seen) => isForgotten(seen, change.what));
    default:
      return change satisfies never;
  }
}

function isForgotten({ at, in: place }: Extract<SightChange, { kind: 'seen' }>, what: Forgotten): boolean {
  if (what.kind === 'inbox') return place.kind === 'inbox' && place.dated < what.datedBefore;
  const isThere = place.kind === 'channel' && place.channelId === what.channelId && place.epoch < what.epochBefore;
  return isThere && at < what.takenBefore;
}

function saveChannel({ channels }: Tables, record: ChannelRecord): boolean {
  const hasRival = [...channels.values()].some(({ id, nostrGroupId }) => id !== record.id && nostrGroupId === record.nostrGroupId);
  return !hasRival && follow(channels, record.id, record, ['createdAt']);
}

function saveMessage({ messages }: Tables, record: MessageRecord): true {
  addOnce(messages, record.id, record);
  const all = [...messages.values()].filter(({ channelId }) => channelId === record.channelId);
  for (const { id } of all.slice(0, -MESSAGES_KEPT)) messages.delete(id);
  return true;
}

function saveJob({ jobs }: Tables, record: JobRecord): true {
  const known = jobs.get(record.nid);
  return put(jobs, record.nid, known === undefined ? record : { ...known, body: record.body });
}

function savePayment({ payments }: Tables, record: PaymentRecord): boolean {
  const isMoved = (payments.get(record.agreement)?.paymentHash ?? record.paymentHash) !== record.paymentHash;
  const hasRival = [...payments.values()].some((each) => each.paymentHash === record.paymentHash && each.agreement !== record.agreement);
  return !isMoved && !hasRival && follow(payments, record.agreement, record, []);
}

function retarget(record: OutboxRecord, target: OutboxRecord['targets'][number]): OutboxRecord {
  return { ...record, targets: record.targets.map((each) => (each.relay === target.relay ? target : each)) };
}
