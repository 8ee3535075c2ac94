// The store without a disk, for tests and trials: the same rules as the one in SQLite, gone when the process ends.

import { conflict } from './conflict.ts';
import { applyChange } from './memoryChanges.ts';
import { emptyTables, type Tables } from './memoryTables.ts';
import type { Store } from './records.ts';

/** An empty store in memory. */
export function createMemoryStore(): Store {
  let tables = emptyTables();
  const all = <K extends keyof Tables>(name: K): ItemOf<K>[] =>
    [...tables[name].values()].map((item) => structuredClone(item) as ItemOf<K>);
  const one = <K extends keyof Tables>(name: K, key: string): ItemOf<K> | undefined => {
    const item = tables[name].get(key);
    return item === undefined ? undefined : (structuredClone(item) as ItemOf<K>);
  };
  return {
    readSetting: (key) => one('settings', key),
    findKeyPackage: (eventId) => one('keyPackages', eventId),
    listKeyPackages: () => all('keyPackages').toSorted((a, b) => a.createdAt - b.createdAt),
    findChannel: (id) => one('channels', id),
    listChannels: () => all('channels').toSorted((a, b) => b.createdAt - a.createdAt || compare(a.id, b.id)),
    hasSeen: (id) => tables.seen.has(id) || tables.passedWraps.has(id),
    listMessages: (channelId) => all('messages').filter((message) => message.channelId === channelId),
    listInvites: () => all('invites').toSorted((a, b) => a.receivedAt - b.receivedAt || compare(a.wrapId, b.wrapId)),
    findNegotiation: (nid) => one('negotiations', nid),
    listNegotiations: (filter) =>
      all('negotiations')
        .filter(({ isActive }) => filter === undefined || isActive)
        .toSorted((a, b) => b.updatedAt - a.updatedAt || compare(a.nid, b.nid)),
    findMove: (id) => one('moves', id),
    listMoves: (nid) => all('moves').filter((move) => move.nid === nid),
    listOrphans: (filter) => all('orphans').filter(({ nid, peer }) => ('nid' in filter ? nid === filter.nid : peer === filter.peer)),
    listParcels: (peer, sha256) =>
      all('parcels')
        .filter((parcel) => parcel.peer === peer && parcel.sha256 === sha256)
        .toSorted((a, b) => a.part - b.part),
    findFile: (sha256) => one('files', sha256),
    findJob: (nid) => one('jobs', nid),
    listJobs: (filter) =>
      all('jobs')
        .filter(({ key }) => filter === undefined || key === filter.key)
        .toSorted(byAge(({ nid }) => nid)),
    listRfqs: () => all('rfqs').toSorted(byAge(({ id }) => id)),
    findPayment: (by) =>
      'agreement' in by ? one('payments', by.agreement) : all('payments').find(({ paymentHash }) => paymentHash === by.paymentHash),
    readLedger: () => one('ledger', '1'),
    listQueued: () => all('outbox').map((queued) => ({ ...queued, targets: queued.targets.toSorted((a, b) => compare(a.relay, b.relay)) })),
    save: (changes) => {
      // On copies: what fails half-way leaves the tables as they were.
      const next = Object.fromEntries(Object.entries(tables).map(([name, table]) => [name, new Map(table as Map<string, unknown>)]));
      for (const change of structuredClone(changes)) if (!applyChange(next as unknown as Tables, change)) throw conflict();
      tables = next as unknown as Tables;
    },
    close: () => undefined,
  };
}

type ItemOf<K extends keyof Tables> = Tables[K] extends Map<string, infer T> ? T : never;

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** Newest first. */
function byAge<T extends { readonly createdAt: number }>(idOf: (item: T) => string): (a: T, b: T) => number {
  return (a, b) => b.createdAt - a.createdAt || compare(idOf(a), idOf(b));
}
