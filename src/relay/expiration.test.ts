import { afterEach, describe, expect, it } from 'vitest';
import { closeAll, connect, makeEvent, NOW, openRelay } from './relay.fixture.ts';

afterEach(closeAll);

const expiring = (at: number | string): ReturnType<typeof makeEvent> => makeEvent({ tags: [['expiration', String(at)]] });

describe('expiration (NIP-40)', () => {
  it.each([NOW, NOW - 1, 0])('refuses an event that expired at %i', async (at) => {
    const relay = await openRelay();
    expect(await (await connect(relay)).publish(expiring(at))).toEqual([false, expect.stringMatching(/^invalid: .*expired/)]);
    expect(relay.storedEvents()).toEqual([]);
  });

  it.each(['soon', '', '-1', '1e9', '1.5', '9'.repeat(16)])('refuses the time "%s"', async (at) => {
    expect((await (await connect(await openRelay())).publish(expiring(at)))[0]).toBe(false);
  });

  it('serves an event until it expires and not after, and forgets it', async () => {
    let now = NOW;
    const relay = await openRelay({ clock: { now: () => now } });
    const client = await connect(relay);
    const event = expiring(NOW + 10);
    const lasting = makeEvent({ content: 'stays' });
    for (const each of [event, lasting]) expect(await client.publish(each)).toEqual([true, '']);
    now = NOW + 9;
    expect((await client.request('a', { ids: [event.id] })).events).toEqual([event]);
    now = NOW + 10;
    expect((await client.request('b', { ids: [event.id] })).events).toEqual([]);
    expect((await client.request('c', { kinds: [1] })).events).toEqual([lasting]);
    expect(relay.storedEvents()).toEqual([lasting]);
    expect(relay.storedBytes()).toBe(Buffer.byteLength(JSON.stringify(lasting)));
  });

  it('does not let expired events use up the limit of a request', async () => {
    let now = NOW;
    const client = await connect(await openRelay({ clock: { now: () => now } }));
    const lasting = makeEvent({ created_at: NOW - 1 });
    for (const event of [expiring(NOW + 10), lasting]) await client.publish(event);
    now = NOW + 10;
    expect((await client.request('a', { kinds: [1], limit: 1 })).events).toEqual([lasting]);
  });

  it('refuses an event from further in the future than the limit says', async () => {
    const client = await connect(await openRelay({ limits: { maxFutureSeconds: 60 } }));
    expect((await client.publish(makeEvent({ created_at: NOW + 60 })))[0]).toBe(true);
    expect(await client.publish(makeEvent({ created_at: NOW + 61 }))).toEqual([false, expect.stringMatching(/^invalid: /)]);
  });
});
