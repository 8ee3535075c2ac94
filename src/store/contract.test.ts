// What every store has to do, against each of them: in memory, in SQLite, and sealed.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { channel, everything, id, ledger, message, negotiation, payment, queued, rfq } from './everything.fixture.ts';
import { createMemoryStore } from './memoryStore.ts';
import { MESSAGES_KEPT, WRAPS_PASSED, type Change, type Store } from './records.ts';
import { createVault } from './seal.ts';
import { sealStore } from './sealStore.ts';
import { openSqliteStore } from './sqliteStore.ts';

const folder = mkdtempSync(join(tmpdir(), 'agent-negotiate-contract-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let count = 0;
let path = '';
const nextPath = (): string => (path = join(folder, `${(count += 1)}.db`));
const vault = createVault(new Uint8Array(32).fill(5));

/** Runs the contract against the stores that `open` makes; `reopen` closes one and opens it again, where that is possible. */
function testStore(name: string, open: () => Store, reopen: (store: Store) => Store = (store) => store): void {
  describe(`the store in ${name}`, () => {
    let store: Store;
    beforeEach(() => void (store = open()));
    afterEach(() => store.close());
    const refuses = (...changes: Change[]): void =>
      expect(() => store.save(changes)).toThrow(expect.objectContaining({ code: 'store/conflict', retryable: true }));

    it('gives back what was saved, also after it was closed', () => {
      store.save(everything);
      store = reopen(store);
      expect([store.readSetting('k'), store.readSetting('none')]).toEqual(['v', undefined]);
      expect(store.findKeyPackage(id('7'))?.privateBytes).toEqual(Uint8Array.of(9));
      expect(store.findChannel(id('1'))).toEqual({ ...channel, version: 1 });
      expect(store.listMessages(id('1'))).toEqual([message]);
      expect([store.hasSeen(id('8')), store.hasSeen(id('1'))]).toEqual([true, false]);
      expect(store.listInvites()).toEqual([{ wrapId: id('9'), sender: id('3'), welcome: '{}', receivedAt: 1 }]);
      expect(store.findNegotiation(id('4'))).toEqual({ ...negotiation, version: 1 });
      expect(store.listMoves(id('4'))).toEqual([{ id: id('6'), nid: id('4'), author: id('a'), rumor: '{}', recordedAt: 1 }]);
      expect(store.listOrphans({ nid: id('c') })).toEqual([{ id: id('b'), nid: id('c'), peer: id('3'), rumor: '{}' }]);
      expect(store.listOrphans({ peer: id('3') })).toEqual(store.listOrphans({ nid: id('c') }));
      expect(store.listParcels(id('3'), id('e'))).toEqual([{ peer: id('3'), sha256: id('e'), part: 1, data: Uint8Array.of(1, 2) }]);
      expect(store.listParcels(id('4'), id('e'))).toEqual([]);
      expect([store.findFile(id('f')), store.findFile(id('e'))]).toEqual([Uint8Array.of(3), undefined]);
      expect(store.findJob(id('4'))).toEqual({ nid: id('4'), key: id('c'), body: '{"job":1}', createdAt: 3 });
      expect(store.listJobs({ key: id('c') })).toEqual(store.listJobs());
      expect(store.listRfqs()).toEqual([{ ...rfq, version: 1 }]);
      expect(store.readLedger()).toEqual({ ...ledger, version: 1 });
      expect(store.findPayment({ agreement: id('0') })).toEqual({ ...payment, version: 1 });
      expect(store.findPayment({ paymentHash: id('d') })).toEqual({ ...payment, version: 1 });
      expect(store.listQueued()).toEqual([queued]);
    });

    it('remembers the latest gift wraps that it was told to pass, and forgets older ones', () => {
      const wraps = Array.from({ length: WRAPS_PASSED + 2 }, (_, i) => i.toString(16).padStart(64, '0'));
      store.save([{ kind: 'pass-wraps', ids: wraps.slice(0, 3) }]);
      store.save([{ kind: 'pass-wraps', ids: wraps }]);
      store = reopen(store);
      expect(wraps.map((each) => store.hasSeen(each)).filter((isSeen) => !isSeen)).toHaveLength(2);
      expect([store.hasSeen(wraps[0] ?? ''), store.hasSeen(wraps.at(-1) ?? '')]).toEqual([false, true]);
    });

    it('forgets gift wraps by their date, what a channel had by epoch and age, and nothing else', () => {
      const [at, name] = [100, (n: number): string => n.toString(16).padStart(64, '0')];
      const place = (channelId: string, epoch: number) => ({ kind: 'channel', channelId, epoch }) as const;
      store.save([
        ...[10, 20].map((dated): Change => ({ kind: 'seen', id: name(dated), at, in: { kind: 'inbox', dated } })),
        ...[1, 2, 3].map((epoch): Change => ({ kind: 'seen', id: name(epoch), at, in: place(id('1'), epoch) })),
        { kind: 'seen', id: name(4), at, in: place(id('2'), 1) },
        { kind: 'seen', id: name(5), at: at + 1, in: place(id('1'), 1) },
        { kind: 'seen', id: name(2), at: at + 1, in: place(id('2'), 9) },
      ]);
      const inChannel = { kind: 'channel', channelId: id('1'), epochBefore: 3, takenBefore: at + 1 } as const;
      store.save([
        { kind: 'forget', what: { kind: 'inbox', datedBefore: 20 } },
        { kind: 'forget', what: inChannel },
      ]);
      store = reopen(store);
      expect([10, 20, 1, 2, 3, 4, 5].filter((n) => store.hasSeen(name(n)))).toEqual([20, 3, 4, 5]);
    });

    it('saves all of a step or nothing of it', () => {
      // The last change cannot be: there is no such channel to follow.
      refuses(...everything, { kind: 'channel', record: { ...channel, id: id('d'), version: 7 } });
      expect(store.readSetting('k')).toBeUndefined();
      expect([store.listChannels(), store.listQueued(), store.listJobs()]).toEqual([[], [], []]);
      store.save(everything);
      expect(store.listChannels()).toHaveLength(1);
    });

    it('refuses a record that follows an older version than the saved one, or is new where there is one', () => {
      store.save(everything);
      store.save([{ kind: 'negotiation', record: { ...negotiation, state: '2', version: 1 } }]);
      refuses({ kind: 'negotiation', record: { ...negotiation, state: 'stale', version: 1 } });
      refuses({ kind: 'negotiation', record: negotiation });
      refuses({ kind: 'channel', record: channel });
      refuses({ kind: 'channel', record: { ...channel, id: id('d') } });
      refuses({ kind: 'rfq', record: { ...rfq, version: 4 } });
      refuses({ kind: 'ledger', record: ledger });
      refuses({ kind: 'ledger', record: { ...ledger, version: 2 } });
      refuses({ kind: 'queue', record: queued });
      expect(store.findNegotiation(id('4'))).toEqual({ ...negotiation, state: '2', version: 2 });
      expect(store.listQueued()).toHaveLength(1);
    });

    it('has one payment for an agreement and for a payment hash', () => {
      store.save(everything);
      refuses({ kind: 'payment', record: { ...payment, paymentHash: id('a') } });
      refuses({ kind: 'payment', record: { ...payment, agreement: id('a') } });
      refuses({ kind: 'payment', record: { ...payment, paymentHash: id('a'), version: 1 } });
      store.save([{ kind: 'payment', record: { ...payment, body: 'later', version: 1 } }]);
      expect(store.findPayment({ agreement: id('0') })).toEqual({ ...payment, body: 'later', version: 2 });
    });

    it('forgets what it is told to and follows the outbox', () => {
      store.save(everything);
      store.save([
        { kind: 'target', eventId: id('5'), target: { relay: 'wss://a.example', state: 'done', tries: 1, nextAt: 10 } },
        { kind: 'move-sent', id: id('6'), at: 20 },
        { kind: 'retire-key-packages', at: 1 },
      ]);
      store.save([
        { kind: 'move-sent', id: id('6'), at: 30 },
        { kind: 'weigh-messages', channelId: id('1'), epochIds: [id('b')], isWithdrawn: true },
      ]);
      expect(store.listQueued()[0]?.targets.map(({ state }) => state)).toEqual(['done', 'pending']);
      expect([store.findMove(id('6'))?.sentAt, store.listMessages(id('1'))[0]?.isWithdrawn]).toEqual([20, true]);
      expect(store.listKeyPackages()[0]?.expiresAt).toBe(1);
      store.save([
        { kind: 'drop-queued', eventId: id('5') },
        { kind: 'drop-orphans', nid: id('c') },
        { kind: 'drop-invite', wrapId: id('9') },
        { kind: 'drop-parcels', peer: id('3'), sha256: id('e') },
        { kind: 'drop-file', sha256: id('f') },
        { kind: 'drop-key-packages', expiredBefore: 2 },
      ]);
      expect([store.listParcels(id('3'), id('e')), store.findFile(id('f'))]).toEqual([[], undefined]);
      expect([store.listQueued(), store.listInvites(), store.listKeyPackages(), store.listOrphans({ peer: id('3') })]).toEqual([
        [],
        [],
        [],
        [],
      ]);
    });

    it('keeps the first of what comes twice, and the first facts of a job', () => {
      store.save(everything);
      store.save([
        { kind: 'move', record: { id: id('6'), nid: id('4'), author: id('a'), rumor: 'other', recordedAt: 9 } },
        { kind: 'message', record: { ...message, text: 'other' } },
        { kind: 'file', sha256: id('f'), data: Uint8Array.of(7) },
        { kind: 'job', record: { nid: id('4'), key: id('d'), body: 'later', createdAt: 9 } },
      ]);
      expect(store.findMove(id('6'))?.rumor).toBe('{}');
      expect(store.listMessages(id('1'))).toEqual([message]);
      expect(store.findFile(id('f'))).toEqual(Uint8Array.of(3));
      expect(store.findJob(id('4'))).toEqual({ nid: id('4'), key: id('c'), body: 'later', createdAt: 3 });
    });

    it('lists in the promised order', () => {
      const ids = ['c', 'a', 'b'].map(id);
      const at = (i: number): number => [5, 5, 9][i] ?? 0;
      for (const [i, each] of ids.entries())
        store.save([
          { kind: 'channel', record: { ...channel, id: each, nostrGroupId: each, createdAt: at(i) } },
          { kind: 'negotiation', record: { ...negotiation, nid: each, updatedAt: at(i), isActive: i > 0 } },
          { kind: 'invite', record: { wrapId: each, sender: id('3'), welcome: '', receivedAt: at(i) } },
          { kind: 'job', record: { nid: each, body: '', createdAt: at(i) } },
          { kind: 'rfq', record: { ...rfq, id: each, createdAt: at(i) } },
          { kind: 'move', record: { id: each, nid: id('4'), author: id('a'), rumor: '', recordedAt: at(i) } },
          { kind: 'key-package', record: { eventId: each, privateBytes: new Uint8Array(), createdAt: at(i), expiresAt: 0 } },
          { kind: 'queue', record: { ...queued, eventId: each } },
        ]);
      const [c, a, b] = ids;
      expect(store.listChannels().map((each) => each.id)).toEqual([b, a, c]);
      expect(store.listNegotiations().map((each) => each.nid)).toEqual([b, a, c]);
      expect(store.listNegotiations({ isActive: true }).map((each) => each.nid)).toEqual([b, a]);
      expect(store.listInvites().map((each) => each.wrapId)).toEqual([a, c, b]);
      expect(store.listJobs().map((each) => each.nid)).toEqual([b, a, c]);
      expect(store.listRfqs().map((each) => each.id)).toEqual([b, a, c]);
      expect(store.listMoves(id('4')).map((each) => each.id)).toEqual([c, a, b]);
      expect(store.listKeyPackages().map((each) => each.eventId)).toEqual([c, a, b]);
      expect(store.listQueued().map((each) => each.eventId)).toEqual([c, a, b]);
    });

    it('keeps the newest messages of a channel', () => {
      const say = (n: number): Change => ({ kind: 'message', record: { ...message, id: n.toString(16).padStart(64, '0'), text: `${n}` } });
      store.save(Array.from({ length: MESSAGES_KEPT + 2 }, (_, n) => say(n)));
      expect(store.listMessages(id('1')).map(({ text }) => text)).toEqual(Array.from({ length: MESSAGES_KEPT }, (_, n) => `${n + 2}`));
    });
  });
}

testStore('memory', createMemoryStore);
testStore(
  'SQLite',
  () => openSqliteStore(nextPath()),
  (store) => {
    store.close();
    return openSqliteStore(path);
  },
);
testStore(
  'SQLite, sealed',
  () => sealStore(openSqliteStore(nextPath()), vault),
  (store) => {
    store.close();
    return sealStore(openSqliteStore(path), vault);
  },
);
