import { afterEach, describe, expect, it } from 'vitest';
import { createRelayPool, type RelayPool } from '../nostr/relayPool.ts';
import { createKeySigner } from '../nostr/signer.ts';
import { alice, bob, carol, closeAll, closeLater, idsOf, makeEvent, makeWrap, NOW, openRelay } from './relay.fixture.ts';

afterEach(closeAll);

const lookup = { purpose: 'lookup' } as const;
const asBob = { purpose: 'identity', auth: createKeySigner(bob.secret) } as const;
const asCarol = { purpose: 'identity', auth: createKeySigner(carol.secret) } as const;

function openPool(): RelayPool {
  const pool = createRelayPool({ clock: { now: () => NOW } });
  closeLater(() => pool.close());
  return pool;
}

describe('our own relay pool on this relay', () => {
  it('publishes, hears of duplicates, and fetches', async () => {
    const relay = await openRelay();
    const pool = openPool();
    const event = makeEvent();
    const outcomes = [await pool.publish([relay.url], event, lookup), await pool.publish([relay.url], event, lookup)];
    expect(outcomes.flat().map(({ outcome }) => outcome)).toEqual(['accepted', 'duplicate']);
    const { events, relays } = await pool.fetch([relay.url], [{ authors: [alice.pubkey] }], lookup);
    expect(events).toEqual([event]);
    expect(relays).toEqual([{ relay: relay.url, complete: true }]);
  });

  it('fetches everything in pages although the relay gives a little at a time', async () => {
    const relay = await openRelay({ limits: { maxLimit: 10 } });
    const pool = openPool();
    const events = Array.from({ length: 35 }, (_, n) => makeEvent({ created_at: NOW - Math.floor(n / 3), content: `${n}` }));
    await Promise.all(events.map((event) => pool.publish([relay.url], event, lookup)));
    const fetched = await pool.fetch([relay.url], [{ kinds: [1] }], lookup);
    expect(idsOf(fetched.events).sort()).toEqual(idsOf(events).sort());
    expect(fetched.relays[0]?.complete).toBe(true);
  });

  it('follows stored and live events of a subscription', async () => {
    const relay = await openRelay();
    const pool = openPool();
    const [stored, live, other] = [makeEvent({ created_at: NOW - 1 }), makeEvent(), makeEvent({ kind: 2 })];
    await pool.publish([relay.url], stored, lookup);
    const seen: string[] = [];
    for await (const item of pool.subscribe([relay.url], [{ kinds: [1] }], { ...lookup, signal: new AbortController().signal })) {
      if (item.type === 'event') seen.push(item.event.id);
      if (item.type === 'eose') for (const event of [other, live]) await pool.publish([relay.url], event, lookup);
      if (seen.length === 2) break;
    }
    expect(seen).toEqual(idsOf([stored, live]));
  });

  it('authenticates by itself to fetch and follow its gift wraps, and gets nobody else’s', async () => {
    const relay = await openRelay({ requireAuthForGiftWraps: true });
    const pool = openPool();
    const [toBob, toCarol, nextToBob, nextToCarol] = [makeWrap(bob), makeWrap(carol), makeWrap(bob, alice), makeWrap(carol, alice)];
    for (const wrap of [toBob, toCarol]) await pool.publish([relay.url], wrap, lookup);
    expect((await pool.fetch([relay.url], [{ kinds: [1059] }], lookup)).relays[0]?.reason).toMatch(/^closed: auth-required/);
    expect((await pool.fetch([relay.url], [{ kinds: [1059], '#p': [bob.pubkey] }], asBob)).events).toEqual([toBob]);
    expect((await pool.fetch([relay.url], [{ kinds: [1059] }], asCarol)).events).toEqual([toCarol]);
    const seen: string[] = [];
    const signal = new AbortController().signal;
    for await (const item of pool.subscribe([relay.url], [{ kinds: [1059] }], { ...asBob, signal })) {
      if (item.type === 'event') seen.push(item.event.id);
      if (item.type === 'eose') for (const wrap of [nextToCarol, nextToBob]) await pool.publish([relay.url], wrap, lookup);
      if (seen.length === 2) break;
    }
    expect(seen).toEqual(idsOf([toBob, nextToBob]));
  });

  it('authenticates by itself to publish a protected event', async () => {
    const relay = await openRelay();
    const event = makeEvent({ tags: [['-']] }, bob);
    const pool = openPool();
    expect((await pool.publish([relay.url], event, asCarol))[0]?.outcome).toBe('rejected');
    expect((await pool.publish([relay.url], event, asBob))[0]?.outcome).toBe('accepted');
  });
});
