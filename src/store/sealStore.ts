// A store that seals what it is given before another one keeps it, and opens what that one gives back.

import { sealChange } from './sealChange.ts';
import { openRecords } from './openRecords.ts';
import type { Vault } from './seal.ts';
import type { Store } from './records.ts';

/** The same store for whoever uses it; `inner` sees sealed values alone. */
export function sealStore(inner: Store, vault: Vault): Store {
  const open = openRecords(vault);
  const name = (table: string, column: string, value: string): string => vault.sealName({ table, column }, value);
  return {
    readSetting: (key) => optional(inner.readSetting(key), (value) => open.setting(key, value)),
    findKeyPackage: (eventId) => optional(inner.findKeyPackage(eventId), open.keyPackage),
    listKeyPackages: () => inner.listKeyPackages().map(open.keyPackage),
    findChannel: (id) => optional(inner.findChannel(id), open.channel),
    listChannels: () => inner.listChannels().map(open.channel),
    hasSeen: (id) => inner.hasSeen(id),
    listMessages: (channelId) => inner.listMessages(channelId).map(open.message),
    listInvites: () => inner.listInvites().map(open.invite),
    findNegotiation: (nid) => optional(inner.findNegotiation(nid), open.negotiation),
    listNegotiations: (filter) => inner.listNegotiations(filter).map(open.negotiation),
    findMove: (id) => optional(inner.findMove(id), open.move),
    listMoves: (nid) => inner.listMoves(nid).map(open.move),
    listOrphans: (filter) => inner.listOrphans('nid' in filter ? filter : { peer: name('orphan', 'peer', filter.peer) }).map(open.orphan),
    listParcels: (peer, sha256) => inner.listParcels(name('parcel', 'peer', peer), name('parcel', 'sha256', sha256)).map(open.parcel),
    findFile: (sha256) => optional(inner.findFile(name('file', 'sha256', sha256)), (data) => open.file(sha256, data)),
    findJob: (nid) => optional(inner.findJob(nid), open.job),
    listJobs: (filter) => inner.listJobs(filter === undefined ? undefined : { key: name('job', 'key', filter.key) }).map(open.job),
    listRfqs: () => inner.listRfqs().map(open.rfq),
    findPayment: (by) =>
      optional(
        inner.findPayment(
          'agreement' in by
            ? { agreement: name('payment', 'agreement', by.agreement) }
            : { paymentHash: name('payment', 'payment_hash', by.paymentHash) },
        ),
        open.payment,
      ),
    readLedger: () => optional(inner.readLedger(), open.ledger),
    listQueued: () => inner.listQueued().map(open.queued),
    save: (changes) => inner.save(changes.map((change) => sealChange(vault, change))),
    close: () => inner.close(),
  };
}

function optional<T, R>(value: T | undefined, read: (value: T) => R): R | undefined {
  return value === undefined ? undefined : read(value);
}
