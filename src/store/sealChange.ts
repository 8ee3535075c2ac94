// A change as a sealed store keeps it: what sealedColumns.ts names is sealed, the rest stays.

import type { Change } from './records.ts';
import type { Vault } from './seal.ts';
import { rowName } from './sealedColumns.ts';

/** Seals a change. */
export function sealChange(vault: Vault, change: Change): Change {
  const { text, bytes, name } = sealersOf(vault);
  switch (change.kind) {
    case 'setting':
      return { ...change, value: text('setting', 'value', change.key, change.value) };
    case 'key-package': {
      const { eventId, privateBytes } = change.record;
      return { ...change, record: { ...change.record, privateBytes: bytes('key_package', 'private_bytes', eventId, privateBytes) } };
    }
    case 'channel': {
      const { id, peer, state } = change.record;
      const named = peer === undefined ? {} : { peer: name('channel', 'peer', peer) };
      return { ...change, record: { ...change.record, ...named, state: bytes('channel', 'state', id, state) } };
    }
    case 'message':
    case 'invite':
      return sealWords(vault, change);
    case 'negotiation': {
      const { nid, peer, state } = change.record;
      const sealed = { peer: name('negotiation', 'peer', peer), state: text('negotiation', 'state', nid, state) };
      return { ...change, record: { ...change.record, ...sealed } };
    }
    case 'move': {
      const { id, author, rumor } = change.record;
      return { ...change, record: { ...change.record, author: name('move', 'author', author), rumor: text('move', 'rumor', id, rumor) } };
    }
    case 'orphan': {
      const { id, peer, rumor } = change.record;
      return { ...change, record: { ...change.record, peer: name('orphan', 'peer', peer), rumor: text('orphan', 'rumor', id, rumor) } };
    }
    case 'parcel':
    case 'drop-parcels':
    case 'file':
    case 'drop-file':
      return sealFileChange(vault, change);
    case 'job':
    case 'rfq':
    case 'payment':
    case 'ledger':
    case 'queue':
      return sealDealChange(vault, change);
    case 'retire-key-packages':
    case 'drop-key-packages':
    case 'weigh-messages':
    case 'seen':
    case 'forget':
    case 'pass-wraps':
    case 'drop-invite':
    case 'move-sent':
    case 'drop-orphans':
    case 'target':
    case 'drop-queued':
      return change;
    default:
      return change satisfies never;
  }
}

function sealWords(vault: Vault, change: Extract<Change, { kind: 'message' | 'invite' }>): Change {
  const { text, name } = sealersOf(vault);
  switch (change.kind) {
    case 'message': {
      const { id, author, text: said } = change.record;
      const sealed = { author: name('message', 'author', author), text: text('message', 'text', id, said) };
      return { ...change, record: { ...change.record, ...sealed } };
    }
    case 'invite': {
      const { wrapId, sender, welcome } = change.record;
      const sealed = { sender: name('invite', 'sender', sender), welcome: text('invite', 'welcome', wrapId, welcome) };
      return { ...change, record: { ...change.record, ...sealed } };
    }
    default:
      return change satisfies never;
  }
}

function sealFileChange(vault: Vault, change: Extract<Change, { kind: 'parcel' | 'drop-parcels' | 'file' | 'drop-file' }>): Change {
  const { bytes, name } = sealersOf(vault);
  switch (change.kind) {
    case 'parcel': {
      const { peer, sha256, part, data } = change.record;
      const sealed = { peer: name('parcel', 'peer', peer), sha256: name('parcel', 'sha256', sha256) };
      return { ...change, record: { ...sealed, part, data: bytes('parcel', 'data', rowName(peer, sha256, part), data) } };
    }
    case 'drop-parcels':
      return { ...change, peer: name('parcel', 'peer', change.peer), sha256: name('parcel', 'sha256', change.sha256) };
    case 'file':
      return { ...change, sha256: name('file', 'sha256', change.sha256), data: bytes('file', 'data', change.sha256, change.data) };
    case 'drop-file':
      return { ...change, sha256: name('file', 'sha256', change.sha256) };
    default:
      return change satisfies never;
  }
}

function sealDealChange(vault: Vault, change: Extract<Change, { kind: 'job' | 'rfq' | 'payment' | 'ledger' | 'queue' }>): Change {
  const { text, name } = sealersOf(vault);
  switch (change.kind) {
    case 'job': {
      const { nid, key, body } = change.record;
      const named = key === undefined ? {} : { key: name('job', 'key', key) };
      return { ...change, record: { ...change.record, ...named, body: text('job', 'body', nid, body) } };
    }
    case 'rfq': {
      const { id, key, body } = change.record;
      return { ...change, record: { ...change.record, key: name('rfq', 'key', key), body: text('rfq', 'body', id, body) } };
    }
    case 'payment': {
      const { agreement, paymentHash, body } = change.record;
      const named = { agreement: name('payment', 'agreement', agreement), paymentHash: name('payment', 'payment_hash', paymentHash) };
      return { ...change, record: { ...change.record, ...named, body: text('payment', 'body', agreement, body) } };
    }
    case 'ledger':
      return { ...change, record: { ...change.record, body: text('ledger', 'body', '1', change.record.body) } };
    case 'queue': {
      const { eventId, event, moveId } = change.record;
      const named = moveId === undefined ? {} : { moveId: name('outbox', 'move_id', moveId) };
      return { ...change, record: { ...change.record, ...named, event: text('outbox', 'event', eventId, event) } };
    }
    default:
      return change satisfies never;
  }
}

function sealersOf(vault: Vault) {
  return {
    text: (table: string, column: string, row: string, value: string): string => vault.sealText({ table, column, row }, value),
    bytes: (table: string, column: string, row: string, value: Uint8Array): Uint8Array => vault.sealBytes({ table, column, row }, value),
    name: (table: string, column: string, value: string): string => vault.sealName({ table, column }, value),
  };
}
