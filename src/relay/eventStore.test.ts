import { appendFileSync, chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { sha256Hex } from '../core/bytes.ts';
import { makeRumor, type NostrEvent } from '../nostr/event.ts';
import { openEventStore } from './eventStore.ts';
import { matchesAny, matchesFilter } from './filter.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import { parseFilter } from './parseFilter.ts';
import { bob, closeAll, closeLater, connect, makeEvent, makeWrap, NOW, openRelay } from './relay.fixture.ts';
import { startRelay } from './startRelay.ts';

afterEach(closeAll);

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'relay-'));
  closeLater(() => rmSync(folder, { recursive: true }));
  return folder;
}

describe('the store against the matcher', () => {
  const pubkeys = ['a', 'b', 'c'].map((name) => sha256Hex(name));
  const texts = ['', 'x', 'X', 'y\u0000', 'y', '%', "'", '🙂', ...pubkeys];
  const kinds = [1, 4, 9, 445, 1059];
  const tag = fc.oneof(
    fc.tuple(fc.constantFrom('p', 'e', 't', 'T', 'h'), fc.constantFrom(...texts)),
    fc.tuple(fc.constantFrom('p', 't', 'title')),
    fc.tuple(fc.constantFrom('t', 'title'), fc.constantFrom(...texts), fc.constantFrom(...texts)),
  );
  const event = fc
    .record({
      pubkey: fc.constantFrom(...pubkeys),
      kind: fc.constantFrom(...kinds),
      created_at: fc.integer({ min: NOW - 5, max: NOW }),
      tags: fc.array(tag, { maxLength: 3 }),
      content: fc.string({ maxLength: 2 }),
    })
    .map(({ pubkey, ...template }): NostrEvent => ({ ...makeRumor(pubkey, template), sig: '' }));
  const some = <T>(values: readonly T[]): fc.Arbitrary<T[]> => fc.array(fc.constantFrom(...values), { minLength: 1, maxLength: 3 });
  const conditions = {
    authors: some(pubkeys),
    kinds: some(kinds),
    '#p': some(pubkeys),
    '#t': some(texts),
    '#T': some(texts),
    since: fc.integer({ min: NOW - 6, max: NOW + 1 }),
    until: fc.integer({ min: NOW - 6, max: NOW + 1 }),
  };

  // Two conditions at most: more of them match next to nothing.
  const fields = fc.subarray(Object.keys(conditions), { maxLength: 2 });
  const rawFilter = fc
    .tuple(fc.record(conditions), fields)
    .map(([all, chosen]) => Object.fromEntries(Object.entries(all).filter(([field]) => chosen.includes(field))));

  it('a query brings exactly what matches, for every set of events and filters', () => {
    const [counts, limited] = [new Set<number>(), new Set<boolean>()];
    const check = (events: NostrEvent[], raw: object[], pick: number[], limit: number): void => {
      const store = openEventStore(undefined, DEFAULT_LIMITS.maxStoreBytes);
      for (const each of events) store.put(each, JSON.stringify(each), NOW);
      const ids = pick.flatMap((n) => events.slice(n, n + 1).map(({ id }) => id));
      const byIds = ids.length > 0 ? [{ ids }] : [];
      const filters = [...raw, ...byIds].map((each) => {
        const parsed = parseFilter({ ...each, limit }, DEFAULT_LIMITS);
        if (!parsed.ok) throw new Error(parsed.reason);
        return parsed.filter;
      });
      const newestFirst = store.all().sort((a, b) => b.created_at - a.created_at || (a.id < b.id ? -1 : 1));
      const wanted = new Set(filters.flatMap((filter) => newestFirst.filter((each) => matchesFilter(filter, each)).slice(0, limit)));
      const found = store.select(filters, 'anyone', NOW).map((seq) => JSON.parse(store.load(seq, NOW) ?? 'null') as NostrEvent);
      expect(found).toEqual(newestFirst.filter((each) => wanted.has(each)));
      const asBob = store.select(filters, new Set([pubkeys[1]!]), NOW).length;
      const isForB = (each: NostrEvent): boolean =>
        each.kind !== 1059 || each.tags.some(([name, value]) => name === 'p' && value === pubkeys[1]);
      if (limit >= events.length) expect(asBob).toBe(newestFirst.filter((each) => matchesAny(filters, each) && isForB(each)).length);
      counts.add(found.length);
      limited.add(found.length < newestFirst.filter((each) => matchesAny(filters, each)).length);
      store.close();
    };
    fc.assert(
      fc.property(
        fc.array(event, { maxLength: 25 }),
        fc.array(rawFilter, { minLength: 1, maxLength: 3 }),
        fc.array(fc.nat(24), { maxLength: 3 }),
        fc.constantFrom(0, 1, 3, 100),
        check,
      ),
      { numRuns: 300 },
    );
    expect(counts.size).toBeGreaterThan(5);
    expect([...limited].sort()).toEqual([false, true]);
  });
});

describe('a relay on a file', () => {
  it('has after a restart what it had before: events, deletions, newest versions', async () => {
    const path = join(makeFolder(), 'relay.db');
    const first = await openRelay({ path });
    const client = await connect(first);
    const [note, gone, wrap] = [makeEvent(), makeEvent({ content: 'gone' }), makeWrap(bob)];
    const [older, newer] = [makeEvent({ kind: 0, created_at: NOW - 1 }), makeEvent({ kind: 0 })];
    const deletion = makeEvent({ kind: 5, tags: [['e', gone.id]] });
    for (const event of [note, gone, older, newer, wrap, deletion]) await client.publish(event);
    const before = first.storedEvents();
    expect(before).toEqual([note, newer, wrap, deletion]);
    await first.close();
    const second = await openRelay({ path });
    expect(second.storedEvents()).toEqual(before);
    const again = await connect(second);
    expect((await again.publish(note))[1]).toMatch(/^duplicate: /);
    expect((await again.publish(gone))[0]).toBe(false);
    expect((await again.publish(older))[0]).toBe(false);
    expect((await again.request('a', { '#p': [bob.pubkey] })).events).toEqual([wrap]);
  });

  it('keeps a second relay off that file', async () => {
    const path = join(makeFolder(), 'relay.db');
    const first = await openRelay({ path });
    await expect(startRelay({ path })).rejects.toMatchObject({ code: 'store/unavailable' });
    expect(await (await connect(first)).publish(makeEvent())).toEqual([true, '']);
  });

  it('lets nobody else read it, not even a file that was open to all before', async () => {
    const path = join(makeFolder(), 'relay.db');
    writeFileSync(path, '');
    chmodSync(path, 0o644);
    const relay = await openRelay({ path });
    await (await connect(relay)).publish(makeEvent());
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it.each([
    ['no database', (path: string): void => appendFileSync(path, 'dear diary, '.repeat(500))],
    ['a database of another program', (path: string): void => makeDatabase(path, 'CREATE TABLE diary(text)')],
  ])('refuses a file that is %s and leaves it as it was', async (_what, write) => {
    const path = join(makeFolder(), 'diary');
    write(path);
    chmodSync(path, 0o644);
    const before = readFileSync(path);
    await expect(startRelay({ path })).rejects.toMatchObject({ code: 'store/corrupt' });
    expect(readFileSync(path).equals(before)).toBe(true);
    expect(statSync(path).mode & 0o777).toBe(0o644);
  });

  it('refuses a file of a later version', async () => {
    const path = join(makeFolder(), 'relay.db');
    await (await startRelay({ path })).close();
    makeDatabase(path, 'PRAGMA user_version = 2');
    await expect(startRelay({ path })).rejects.toMatchObject({ code: 'store/schema-newer' });
  });

  it('refuses a folder that is not there', async () => {
    await expect(startRelay({ path: join(makeFolder(), 'no', 'relay.db') })).rejects.toMatchObject({ code: 'store/unavailable' });
  });
});

describe('a full store', () => {
  it('refuses events with error:, goes on serving, and takes events again once some are deleted', async () => {
    const relay = await openRelay({ limits: { maxStoreBytes: 400_000 } });
    const client = await connect(relay);
    const events = Array.from({ length: 10 }, (_, n) => makeEvent({ created_at: NOW - n, content: 'x'.repeat(60_000) }));
    const verdicts = [];
    for (const event of events) verdicts.push(await client.publish(event));
    const stored = relay.storedEvents();
    expect(verdicts.filter(([accepted]) => accepted)).toHaveLength(stored.length);
    expect(verdicts.at(-1)).toEqual([false, expect.stringMatching(/^error: /)]);
    expect((await client.request('a', { kinds: [1] })).events).toEqual(stored);
    await client.publish(makeEvent({ kind: 5, tags: [['e', stored[0]!.id]] }));
    expect(await client.publish(events.at(-1)!)).toEqual([true, '']);
  });
});

function makeDatabase(path: string, sql: string): void {
  const db = new DatabaseSync(path);
  db.exec(sql);
  db.close();
}
