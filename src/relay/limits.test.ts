import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { DEFAULT_LIMITS } from './limits.ts';
import { bob, closeAll, connect, eventsIn, makeEvent, NOW, openRelay } from './relay.fixture.ts';
import { startRelay } from './startRelay.ts';
import { createTokenBucket, takeToken } from './tokenBucket.ts';

afterEach(closeAll);

describe('limits of an event', () => {
  it('bound its bytes and its tags, exactly', async () => {
    const event = makeEvent({ tags: [['t', 'é'], ['x']] });
    const maxEventBytes = Buffer.byteLength(JSON.stringify(event));
    const fits = await connect(await openRelay({ limits: { maxEventBytes, maxTags: 2 } }));
    expect(await fits.publish(event)).toEqual([true, '']);
    const tooLarge = await connect(await openRelay({ limits: { maxEventBytes: maxEventBytes - 1 } }));
    expect(await tooLarge.publish(event)).toEqual([false, expect.stringMatching(/^invalid: .*bytes/)]);
    const tooMany = await connect(await openRelay({ limits: { maxTags: 1 } }));
    expect(await tooMany.publish(event)).toEqual([false, expect.stringMatching(/^invalid: .*tags/)]);
  });

  it('let in an event of the size that our relay takes by default', async () => {
    const event = makeEvent({ content: 'x'.repeat(DEFAULT_LIMITS.maxEventBytes - 400) });
    const client = await connect(await openRelay());
    expect(await client.publish(event)).toEqual([true, '']);
    expect((await client.request('a', { ids: [event.id] })).events).toEqual([event]);
  });
});

describe('limits of a request', () => {
  it.each([
    ['filters', { maxFilters: 1 }, [{ kinds: [1] }, { kinds: [2] }]],
    ['values, over all lists of a filter', { maxFilterValues: 3 }, [{ kinds: [1, 2], '#t': ['a', 'b'] }]],
  ])('bound its %s', async (_what, limits, filters) => {
    const client = await connect(await openRelay({ limits }));
    expect((await client.request('a', ...filters)).closed).toMatch(/^invalid: .* at most/);
    expect((await client.request('a', { kinds: [1, 2, 3] })).closed).toBeUndefined();
  });

  it('bound the events it brings, whatever limit it names', async () => {
    const client = await connect(await openRelay({ limits: { maxLimit: 2 } }));
    for (const n of [1, 2, 3]) await client.publish(makeEvent({ created_at: NOW - n }));
    for (const filter of [{}, { limit: 3 }]) expect((await client.request('a', { kinds: [1], ...filter })).events).toHaveLength(2);
  });

  it('bound the open subscriptions; a closed, replaced or refused one does not count', async () => {
    const client = await connect(await openRelay({ limits: { maxSubscriptions: 2 } }));
    for (const id of ['a', 'b', 'b']) expect((await client.request(id, { kinds: [1] })).closed).toBeUndefined();
    expect((await client.request('c', { kinds: [1] })).closed).toMatch(/^rate-limited: /);
    client.send('CLOSE', 'a');
    expect((await client.request('bad', { kinds: [] })).closed).toMatch(/^invalid: /);
    expect((await client.request('c', { kinds: [1] })).closed).toBeUndefined();
  });

  it('bound the length of a subscription id', async () => {
    const client = await connect(await openRelay());
    expect((await client.request('x'.repeat(64), { kinds: [1] })).closed).toBeUndefined();
    client.send('REQ', 'x'.repeat(65), { kinds: [1] });
    expect((await client.take(([type]) => type === 'NOTICE'))[1]).toMatch(/subscription id/);
  });
});

describe('rate limits', () => {
  it('refuse events beyond the burst until the clock goes on', async () => {
    let now = NOW;
    const relay = await openRelay({ clock: { now: () => now }, limits: { eventBurst: 2, eventsPerSecond: 1 } });
    const client = await connect(relay);
    const events = [1, 2, 3].map((n) => makeEvent({ created_at: NOW - n }));
    expect((await client.publish(events[0]!))[0]).toBe(true);
    expect((await client.publish(events[1]!))[0]).toBe(true);
    expect(await client.publish(events[2]!)).toEqual([false, expect.stringMatching(/^rate-limited: /)]);
    expect(relay.storedEvents()).toHaveLength(2);
    now += 1;
    expect((await client.publish(events[2]!))[0]).toBe(true);
  });

  it('count proofs of identity as events', async () => {
    const client = await connect(await openRelay({ requireAuthForGiftWraps: true, limits: { eventBurst: 1 } }));
    expect((await client.authenticate(bob))[0]).toBe(true);
    expect(await client.authenticate(bob)).toEqual([false, expect.stringMatching(/^rate-limited: /)]);
  });

  it('close requests beyond the burst, and spare other connections', async () => {
    const relay = await openRelay({ limits: { reqBurst: 1 } });
    const [client, other] = [await connect(relay), await connect(relay)];
    expect((await client.request('a', { kinds: [1] })).closed).toBeUndefined();
    expect((await client.request('b', { kinds: [1] })).closed).toMatch(/^rate-limited: /);
    expect((await other.request('a', { kinds: [1] })).closed).toBeUndefined();
  });

  it('refill with time, up to the burst, and never by a clock that steps back', () => {
    const bucket = createTokenBucket(2, 3, NOW);
    const take = (now: number): boolean[] => Array.from({ length: 4 }, () => takeToken(bucket, now));
    expect(take(NOW)).toEqual([true, true, true, false]);
    expect(take(NOW - 100)).toEqual([false, false, false, false]);
    expect(take(NOW - 99)).toEqual([true, true, false, false]);
    expect(take(NOW + 99)).toEqual([true, true, true, false]);
  });
});

describe('limits of connections', () => {
  it('answer one too many with 503, and let it in once another is gone', async () => {
    const relay = await openRelay({ limits: { maxConnections: 1 } });
    const first = await connect(relay);
    const refused = new WebSocket(relay.url);
    refused.on('error', () => undefined);
    const [, response] = (await once(refused, 'unexpected-response')) as [unknown, { statusCode: number }];
    expect(response.statusCode).toBe(503);
    first.socket.close();
    await first.closed;
    const next = await connect(relay);
    expect((await next.request('a', { kinds: [1] })).closed).toBeUndefined();
  });

  it('drop who does not read what it subscribed to', async () => {
    const relay = await openRelay({ limits: { maxBufferedBytes: 1 } });
    const [writer, sleeper] = [await connect(relay), await connect(relay)];
    await sleeper.request('a', { kinds: [20_001] });
    sleeper.socket.pause();
    // More than the system's own buffers take.
    const content = 'x'.repeat(90_000);
    for (let n = 0; n < 300; n++) await writer.publish(makeEvent({ kind: 20_001, created_at: NOW - n, content }));
    sleeper.socket.resume();
    expect(await sleeper.closed).toBe(1006);
    expect((await writer.request('a', { kinds: [1] })).closed).toBeUndefined();
  });

  it('do not drop who reads a long answer slowly', async () => {
    const relay = await openRelay({ limits: { maxBufferedBytes: 1_000 } });
    const [writer, reader] = [await connect(relay), await connect(relay)];
    const content = 'x'.repeat(90_000);
    for (let n = 0; n < 200; n++) await writer.publish(makeEvent({ created_at: NOW - n, content }));
    reader.send('REQ', 'a', { kinds: [1] });
    reader.socket.pause();
    // Long enough for the relay to have filled every buffer between the two.
    for (let n = 0; n < 20; n++) await writer.request('b', { kinds: [2] });
    reader.socket.resume();
    await reader.take(([type]) => type === 'EOSE');
    expect(eventsIn(await reader.drain())).toHaveLength(200);
  });

  it('drop who leaves a ping unanswered and keep who answers', async () => {
    const relay = await openRelay({ limits: { heartbeatMs: 100 } });
    const [dead, alive] = [await connect(relay, { autoPong: false }), await connect(relay)];
    expect(await dead.closed).toBe(1006);
    await once(alive.socket, 'ping');
    expect((await alive.request('a', { kinds: [1] })).closed).toBeUndefined();
  });
});

describe('the limits themselves', () => {
  it.each([{ maxTags: 0 }, { maxLimit: 1.5 }, { heartbeatMs: Number.NaN }, { heartbeatMs: 2 ** 31 }, { maxFilterValues: 40_000 }])(
    '%o are refused',
    async (limits) => {
      await expect(startRelay({ limits })).rejects.toMatchObject({ code: 'input/invalid' });
    },
  );
});
