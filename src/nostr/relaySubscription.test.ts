import { spawn } from 'node:child_process';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { backoffMs } from './backoff.ts';
import type { Filter } from './filter.ts';
import type { SubscriptionItem } from './followRound.ts';
import {
  makeEvent,
  startDeafServer,
  requestId,
  startFakeRelay,
  startHonestRelay,
  type Behaviour,
  type FakeRelay,
  type HonestOptions,
  type HonestRelay,
} from './relayPool.fixture.ts';
import { createRelayPool, type RelayPool, type RelayPoolOptions, type SubscribeOptions } from './relayPool.ts';
import { createKeySigner } from './signer.ts';

const clock = { now: () => 1_000 };
const quick = { clock, retryMinMs: 2, retryMaxMs: 20 };
const signer = createKeySigner(new Uint8Array(32).fill(9));

const toClose: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const close of toClose.splice(0)) await close();
});

function openPool(options: Partial<RelayPoolOptions> = {}): RelayPool {
  const pool = createRelayPool({ ...quick, ...options });
  toClose.unshift(() => pool.close());
  return pool;
}

async function startFake(behaviour: Behaviour): Promise<FakeRelay> {
  const relay = await startFakeRelay(behaviour);
  toClose.push(relay.close);
  return relay;
}

async function startHonest(options?: HonestOptions): Promise<HonestRelay> {
  const relay = await startHonestRelay(options);
  toClose.push(relay.close);
  return relay;
}

/** Reads a subscription step by step; it ends after the test. */
function follow(
  pool: RelayPool,
  urls: readonly string[],
  filters: readonly Filter[] = [{ kinds: [1] }],
  options: Partial<SubscribeOptions> = {},
): Reader {
  const controller = new AbortController();
  toClose.unshift(() => controller.abort());
  const items = pool.subscribe(urls, filters, { purpose: 'lookup', signal: controller.signal, ...options } as SubscribeOptions);
  const next = async (): Promise<SubscriptionItem> => {
    const { value, done } = await items.next();
    if (done === true) throw new Error('The subscription has ended.');
    return value;
  };
  const until = async (isLast: (item: SubscriptionItem) => boolean): Promise<SubscriptionItem[]> => {
    const item = await next();
    return isLast(item) ? [item] : [item, ...(await until(isLast))];
  };
  return { items, next, until, controller };
}

interface Reader {
  readonly items: AsyncGenerator<SubscriptionItem, void>;
  readonly controller: AbortController;
  next(): Promise<SubscriptionItem>;
  until(isLast: (item: SubscriptionItem) => boolean): Promise<SubscriptionItem[]>;
}

const isEose = ({ type }: SubscriptionItem): boolean => type === 'eose';
const isDown = ({ type }: SubscriptionItem): boolean => type === 'down';
const contents = (items: readonly SubscriptionItem[]): string[] =>
  items.flatMap((item) => (item.type === 'event' ? [item.event.content] : []));
const sinceOf = (relay: FakeRelay): unknown[] =>
  relay.sockets.flatMap(({ messages }) => messages.filter((m) => m[0] === 'REQ').map((m) => (m[2] as Filter).since));

describe('subscription', () => {
  it('yields what is stored, then eose, then what comes', async () => {
    const relay = await startHonest({ stored: [makeEvent(1), makeEvent(2)] });
    const reader = follow(openPool(), [relay.url]);
    const backlog = await reader.until(isEose);
    expect(contents(backlog).sort()).toEqual(['event 1', 'event 2']);
    expect(backlog.at(-1)).toEqual({ type: 'eose', relay: relay.url, complete: true });
    relay.add(makeEvent(3, { kind: 2 }));
    const event = makeEvent(4);
    relay.add(event);
    expect(await reader.next()).toEqual({ type: 'event', relay: relay.url, event });
  });

  it('yields an event once, however many relays have it', async () => {
    const relays = [await startHonest({ stored: [makeEvent(1)] }), await startHonest({ stored: [makeEvent(1), makeEvent(2)] })];
    const reader = follow(
      openPool(),
      relays.map(({ url }) => url),
    );
    const items = [...(await reader.until(isEose)), ...(await reader.until(isEose))];
    for (const relay of relays) relay.add(makeEvent(3));
    for (const relay of relays) relay.add(makeEvent(4));
    items.push(await reader.next(), await reader.next());
    expect(contents(items).sort()).toEqual(['event 1', 'event 2', 'event 3', 'event 4']);
  });

  it('comes back after the relay restarts on its port, and gets what it missed, going back by the overlap', async () => {
    const first = await startHonestRelay({ stored: [makeEvent(1), makeEvent(950)] });
    const reader = follow(openPool(), [first.url], [{ kinds: [1], limit: 1 }], { overlapSeconds: 100 });
    expect(contents(await reader.until(isEose))).toEqual(['event 950']);
    await first.close();
    expect(await reader.next()).toEqual({ type: 'down', relay: first.url, reason: 'connection-lost' });
    const second = await startHonest({ port: first.port, stored: [890, 950, 960, 965].map((n) => makeEvent(n)) });
    const missed = (await reader.until(isEose)).filter((item) => !isDown(item));
    expect(contents(missed).sort()).toEqual(['event 960', 'event 965']);
    expect(new Set(sinceOf(second))).toEqual(new Set([900]));
    second.add(makeEvent(970));
    expect(contents([await reader.next()])).toEqual(['event 970']);
  });

  it('starts over, not from the overlap, when the backlog had not been read to its end', async () => {
    let requests = 0;
    const relay = await startFake({
      onMessage: (socket, message) => {
        const id = requestId(message);
        if (id === undefined) return;
        requests += 1;
        if (requests === 2) return socket.cut();
        if (requests > 2) socket.send('EVENT', id, makeEvent(1));
        socket.send('EOSE', id);
      },
    });
    const reader = follow(openPool(), [relay.url], [{ kinds: [1], limit: 1 }]);
    const items = await reader.until(isEose);
    expect(items.map(({ type }) => type)).toEqual(['down', 'event', 'eose']);
    expect(new Set(sinceOf(relay))).toEqual(new Set([undefined]));
  });

  it('reports relays that are down, refuse or are none, and goes on with the rest', async () => {
    const dead = await startFakeRelay({});
    await dead.close();
    const refusing = await startFake({ onMessage: (socket, message) => socket.send('CLOSED', message[1], 'blocked: no') });
    const honest = await startHonest();
    const reader = follow(openPool(), [dead.url, refusing.url, 'nonsense', honest.url]);
    const seen = new Set<string>();
    while (seen.size < 4) seen.add(JSON.stringify(await reader.next()));
    expect([...seen].map((text) => JSON.parse(text) as SubscriptionItem)).toEqual(
      expect.arrayContaining([
        { type: 'down', relay: dead.url, reason: 'unreachable' },
        { type: 'down', relay: refusing.url, reason: 'closed: blocked: no' },
        { type: 'down', relay: 'nonsense', reason: 'invalid-url' },
        { type: 'eose', relay: honest.url, complete: true },
      ]),
    );
  });

  it('gives up on a relay that is silent, or never ends its backlog, and tries again', async () => {
    const silent = await startFake({ autoPong: false, onMessage: (socket, message) => socket.send('EOSE', message[1]) });
    const reader = follow(openPool({ pingIntervalMs: 30 }), [silent.url]);
    expect((await reader.until(isDown)).at(-1)).toEqual({ type: 'down', relay: silent.url, reason: 'silent' });
    expect((await reader.until(isDown)).at(-1)).toMatchObject({ reason: 'silent' });
    const endless = await startFake({});
    const other = follow(openPool({ timeoutMs: 20, connectTimeoutMs: 200 }), [endless.url]);
    expect(await other.next()).toEqual({ type: 'down', relay: endless.url, reason: 'timed-out' });
  });

  it('reads a backlog that neither page nor queue can hold at once', async () => {
    const stored = Array.from({ length: 40 }, (_, n) => makeEvent(n));
    const relay = await startHonest({ stored, cap: 7 });
    const items = await follow(openPool({ queueLimit: 10 }), [relay.url]).until(isEose);
    expect(contents(items).sort()).toEqual(stored.map(({ content }) => content).sort());
    expect(items.at(-1)).toMatchObject({ complete: true });
    expect(items.filter(isDown)).toEqual([]);
  });

  it.each([false, true])('misses nothing when an event dated back comes in the midst of a page (at its end: %s)', async (isAtEnd) => {
    const stored = Array.from({ length: 40 }, (_, n) => makeEvent(n + 1));
    const late = makeEvent(0, { content: 'dated back' });
    // Like any relay, it tells both open requests of what has just been published.
    const relay = await startFake({
      onMessage: (socket, [verb, id, ...filters]) => {
        if (verb !== 'REQ') return;
        const [filter] = filters as { limit?: number; until?: number }[];
        const { limit = 7, until = Infinity } = filter ?? {};
        const page = stored.filter(({ created_at }) => created_at <= until).toReversed();
        const live = socket.messages.find(([each]) => each === 'REQ')?.[1];
        const answer = page.slice(0, Math.min(limit, 7));
        const cut = isAtEnd ? answer.length : 3;
        for (const each of answer.slice(0, cut)) socket.send('EVENT', id, each);
        if (live !== id) for (const to of [live, id]) socket.send('EVENT', to, late);
        for (const each of answer.slice(cut)) socket.send('EVENT', id, each);
        socket.send('EOSE', id);
      },
    });
    const items = await follow(openPool(), [relay.url]).until(isEose);
    expect(contents(items).sort()).toEqual([late, ...stored].map(({ content }) => content).sort());
  });

  it('lets the relay wait while nobody reads: no overflow, no requests, nothing lost', async () => {
    const stored = Array.from({ length: 40 }, (_, n) => makeEvent(n));
    const relay = await startHonest({ stored, cap: 7 });
    const mute = await startFake({});
    const pool = openPool({ queueLimit: 10 });
    const reader = follow(pool, [relay.url]);
    const items = [await reader.next()];
    // A fetch that must time out: meanwhile nobody reads.
    await pool.fetch([mute.url], [{}], { purpose: 'lookup', timeoutMs: 100 });
    expect(sinceOf(relay).length).toBeLessThanOrEqual(3);
    items.push(...(await reader.until(isEose)));
    expect(items.filter(isDown)).toEqual([]);
    expect(contents(items)).toHaveLength(stored.length);
  });

  it('does not reconnect to a relay that overflowed before its events have been read', async () => {
    const relay = await startHonest();
    const mute = await startFake({});
    const pool = openPool({ queueLimit: 5 });
    const reader = follow(pool, [relay.url]);
    await reader.until(isEose);
    const before = sinceOf(relay).length;
    for (let n = 0; n < 20; n++) relay.add(makeEvent(940 + n));
    await pool.fetch([mute.url], [{}], { purpose: 'lookup', timeoutMs: 100 });
    expect(sinceOf(relay)).toHaveLength(before);
    const items: SubscriptionItem[] = [];
    while (contents(items).length < 20) items.push(await reader.next());
    expect(items.some(isDown)).toBe(true);
  });

  it('holds back a relay that is faster than the reader and loses nothing', async () => {
    const relay = await startHonest();
    const reader = follow(openPool({ queueLimit: 5 }), [relay.url]);
    await reader.until(isEose);
    const burst = Array.from({ length: 60 }, (_, n) => makeEvent(940 + n));
    for (const event of burst) relay.add(event);
    const items: SubscriptionItem[] = [];
    while (contents(items).length < burst.length) items.push(await reader.next());
    expect(contents(items).sort()).toEqual(burst.map(({ content }) => content).sort());
    expect(items.filter(isDown).map((item) => item.type === 'down' && item.reason)).toContain('overflow');
  });

  it('says so when one second holds more than the relay returns, and stays live', async () => {
    const stored = Array.from({ length: 9 }, (_, n) => makeEvent(n < 5 ? 500 : 400 + n, { content: `${n}` }));
    const relay = await startHonest({ stored, cap: 3 });
    const reader = follow(openPool(), [relay.url]);
    expect((await reader.until(isEose)).at(-1)).toEqual({ type: 'eose', relay: relay.url, complete: false, crowdedAt: 500 });
    relay.add(makeEvent(600));
    expect(contents([await reader.next()])).toEqual(['event 600']);
  });

  it('reads a backlog of more pages than it reads at once to its end, says when that is, and is live meanwhile', async () => {
    const stored = Array.from({ length: 40 }, (_, n) => makeEvent(n));
    const relay = await startHonest({ stored, cap: 4 });
    const reader = follow(openPool({ maxPages: 2 }), [relay.url]);
    const first = await reader.until(isEose);
    expect(first.at(-1)).toEqual({ type: 'eose', relay: relay.url, complete: false });
    expect(contents(first).length).toBeLessThan(stored.length);
    const live = makeEvent(600);
    relay.add(live);
    const rest = await reader.until(isEose);
    expect(rest.at(-1)).toEqual({ type: 'eose', relay: relay.url, complete: true });
    expect(contents([...first, ...rest]).sort()).toEqual([live, ...stored].map(({ content }) => content).sort());
  });

  it('rests between so many pages and the next: a relay that always has more is asked for no more than that', async () => {
    const relay = await startFake({
      onMessage: (socket, message) => {
        const id = requestId(message);
        if (id === undefined) return;
        const { until = 900 } = message[2] as Filter;
        for (const second of [until, until - 1]) socket.send('EVENT', id, makeEvent(second));
        socket.send('EOSE', id);
      },
    });
    const honest = await startHonest({ stored: [makeEvent(1, { content: 'honest' })] });
    const pool = openPool({ maxPages: 3, retryMinMs: 60_000, retryMaxMs: 60_000 });
    const reader = follow(pool, [relay.url, honest.url]);
    const ends = [...(await reader.until(isEose)), ...(await reader.until(isEose))];
    expect(ends.filter(isEose)).toEqual(
      expect.arrayContaining([
        { type: 'eose', relay: relay.url, complete: false },
        { type: 'eose', relay: honest.url, complete: true },
      ]),
    );
    expect(contents(ends)).toContain('honest');
    // One that is live, then three pages.
    await pool.fetch([relay.url], [{ limit: 1, kinds: [7] }], { purpose: 'lookup', timeoutMs: 100 });
    expect(sinceOf(relay)).toHaveLength(4 + 1);
  });

  it('asks for a page only when the reader has room, and hears what is live meanwhile', async () => {
    const relay = await startHonest({ stored: [makeEvent(1), makeEvent(2)], cap: 2 });
    const room = Promise.withResolvers<void>();
    const reader = follow(openPool(), [relay.url], [{ kinds: [1] }], { beforePage: () => room.promise });
    expect(contents([await reader.next()])).toEqual(['event 2']);
    // As many as the relay shows at a time: the first page has nothing else.
    for (const second of [600, 601]) relay.add(makeEvent(second));
    expect(contents([await reader.next(), await reader.next()])).toEqual(['event 600', 'event 601']);
    expect(sinceOf(relay)).toHaveLength(1);
    room.resolve();
    expect(contents(await reader.until(isEose))).toEqual(['event 1']);
  });

  it('drops what it did not ask for and cuts off a relay that repeats itself without end', async () => {
    const repeated = makeEvent(4);
    const relay = await startFake({
      onMessage: (socket, message) => {
        const id = requestId(message);
        if (id === undefined) return;
        socket.send('EVENT', id, { ...makeEvent(1), sig: makeEvent(2).sig });
        socket.send('EVENT', id, makeEvent(3, { kind: 3 }));
        for (let n = 0; n < 100; n++) socket.send('EVENT', id, repeated);
      },
    });
    const items = await follow(openPool({ maxJunk: 60 }), [relay.url]).until(isDown);
    expect(contents(items)).toEqual(['event 4']);
    expect(items.at(-1)).toMatchObject({ reason: 'misbehaving' });
  });

  it('authenticates for an identity when the relay wants it', async () => {
    const relay = await startHonest({ onlyFor: signer.pubkey, stored: [makeEvent(1)] });
    const reader = follow(openPool(), [relay.url], [{ kinds: [1] }], { purpose: 'identity', auth: signer });
    expect((await reader.until(isEose)).map(({ type }) => type)).toEqual(['event', 'eose']);
    relay.add(makeEvent(2));
    expect(contents([await reader.next()])).toEqual(['event 2']);
  });

  it('ends with the signal, with the loop that reads it and with the pool, closing its requests', async () => {
    const relay = await startHonest({ stored: [makeEvent(1)] });
    const pool = openPool();
    const bySignal = follow(pool, [relay.url]);
    await bySignal.until(isEose);
    const waiting = bySignal.items.next();
    bySignal.controller.abort();
    expect(await waiting).toEqual({ done: true, value: undefined });
    const byLoop = follow(pool, [relay.url]);
    for await (const item of byLoop.items) if (isEose(item)) break;
    // A request that is answered shows that the relay has read all CLOSEs before it.
    await pool.fetch([relay.url], [{ limit: 1 }], { purpose: 'lookup' });
    const sent = relay.sockets.flatMap(({ messages }) => messages);
    const open = new Set(sent.filter(([type]) => type === 'REQ').map(([, id]) => id));
    for (const [type, id] of sent) if (type === 'CLOSE') open.delete(id);
    expect(open.size).toBeLessThanOrEqual(1);
    const byPool = follow(pool, [relay.url]);
    await byPool.until(isEose);
    const last = byPool.items.next();
    pool.close();
    expect(await last).toEqual({ done: true, value: undefined });
  });

  it('waits longer with each failure, never beyond the limit, and never exactly alike', () => {
    const limits = { retryMinMs: 100, retryMaxMs: 5_000 };
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2_000 }), fc.integer({ min: 0, max: 255 }), (failures, byte) => {
        const stepMs = Math.min(5_000, 100 * 2 ** (failures - 1));
        const delayMs = backoffMs(failures, limits, { bytes: () => new Uint8Array([byte]) });
        expect(delayMs).toBeGreaterThanOrEqual(stepMs / 2);
        expect(delayMs).toBeLessThanOrEqual(stepMs);
      }),
    );
  });
});

describe('a closed pool', () => {
  it('lets the process end, whatever relays do', async () => {
    const mute = await startDeafServer();
    toClose.push(mute.close);
    const honest = await startHonest({ stored: [makeEvent(1)] });
    const code = `
      import { createRelayPool } from ${JSON.stringify(new URL('./relayPool.ts', import.meta.url).href)};
      const pool = createRelayPool({ clock: { now: () => 1000 } });
      const urls = ${JSON.stringify([mute.url, honest.url])};
      const reading = (async () => { for await (const _ of pool.subscribe(urls, [{}], { purpose: 'lookup', signal: new AbortController().signal })) pool.close(); })();
      const fetching = pool.fetch(urls, [{}], { purpose: 'identity' });
      await Promise.all([reading, fetching]);
      process.stdout.write('done');`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.on('data', (data: Buffer) => (output += data.toString()));
    const exitCode = await new Promise((resolve) => child.once('exit', resolve));
    expect({ exitCode, output }).toEqual({ exitCode: 0, output: 'done' });
  });
});
