import { afterEach, describe, expect, it } from 'vitest';
import {
  alice,
  bob,
  carol,
  closeAll,
  connect,
  makeEvent,
  makeKey,
  makeWrap,
  NOW,
  openRelay,
  spoil,
  type AuthChanges,
  type TestClient,
} from './relay.fixture.ts';

afterEach(closeAll);

const guarded = { requireAuthForGiftWraps: true };
const wrap = makeWrap(bob);

/** True when a connection is served bob's gift wraps. */
async function isServed(client: TestClient): Promise<boolean> {
  return (await client.request('probe', { kinds: [1059] })).events.length > 0;
}

describe('a proof of identity (NIP-42)', () => {
  it.each<[string, (port: number) => AuthChanges]>([
    ['another challenge', () => ({ challenge: 'x'.repeat(64) })],
    ['no challenge tag', (port) => ({ tags: [['relay', `ws://127.0.0.1:${port}`]] })],
    ['another host', (port) => ({ relay: `ws://relay.example:${port}` })],
    ['another port', (port) => ({ relay: `ws://127.0.0.1:${port === 1 ? 2 : 1}` })],
    ['our host in front of another', (port) => ({ relay: `ws://127.0.0.1:${port}.relay.example` })],
    ['our host as user name', (port) => ({ relay: `ws://127.0.0.1:${port}@relay.example` })],
    ['no relay URL', () => ({ relay: 'nonsense' })],
    ['an http URL', (port) => ({ relay: `http://127.0.0.1:${port}` })],
    ['another kind', () => ({ kind: 1 })],
    ['a time eleven minutes ago', () => ({ created_at: NOW - 660 })],
    ['a time eleven minutes ahead', () => ({ created_at: NOW + 660 })],
  ])('with %s is refused and opens nothing', async (_what, changesFor) => {
    const relay = await openRelay(guarded);
    const client = await connect(relay);
    await client.publish(wrap);
    expect(await client.authenticate(bob, changesFor(relay.port))).toEqual([false, expect.stringMatching(/^invalid: /)]);
    expect(await isServed(client)).toBe(false);
    // The same connection may still prove it well.
    expect(await client.authenticate(bob)).toEqual([true, '']);
    expect(await isServed(client)).toBe(true);
  });

  it.each<[string, (url: string, port: number) => string]>([
    ['with a slash', (url) => `${url}/`],
    ['in capitals', (url) => url.toUpperCase()],
    ['with a path', (url) => `${url}/some/path?x=1`],
    ['by the name localhost', (_url, port) => `ws://localhost:${port}`],
  ])('may write our address %s', async (_how, spell) => {
    const relay = await openRelay(guarded);
    expect(await (await connect(relay)).authenticate(bob, { relay: spell(relay.url, relay.port) })).toEqual([true, '']);
  });

  it('may name the public URL where the relay has one', async () => {
    const relay = await openRelay({ ...guarded, publicUrl: 'wss://relay.example' });
    const client = await connect(relay);
    expect((await client.authenticate(bob, { relay: 'wss://relay.example:444' }))[0]).toBe(false);
    expect((await client.authenticate(bob, { relay: 'wss://relay.example:443/' }))[0]).toBe(true);
  });

  it('with a foreign or altered signature is refused', async () => {
    const relay = await openRelay(guarded);
    const client = await connect(relay);
    await client.publish(wrap);
    const challenge = (await client.take(([type]) => type === 'AUTH'))[1] as string;
    const tags = [
      ['relay', relay.url],
      ['challenge', challenge],
    ];
    const good = makeEvent({ kind: 22_242, tags }, bob);
    const foreign = makeEvent({ kind: 22_242, tags }, alice);
    for (const proof of [
      { ...good, sig: foreign.sig },
      { ...good, sig: spoil(good.sig) },
      { ...foreign, pubkey: bob.pubkey },
    ]) {
      client.send('AUTH', proof);
      expect((await client.take(([type]) => type === 'OK'))[2]).toBe(false);
    }
    expect(await isServed(client)).toBe(false);
  });

  it('overheard on one connection is worth nothing on another', async () => {
    const relay = await openRelay(guarded);
    const [client, thief] = [await connect(relay), await connect(relay)];
    await client.publish(wrap);
    const challenge = (await client.take(([type]) => type === 'AUTH'))[1] as string;
    const tags = [
      ['relay', relay.url],
      ['challenge', challenge],
    ];
    const proof = makeEvent({ kind: 22_242, tags }, bob);
    thief.send('AUTH', proof);
    expect((await thief.take(([type]) => type === 'OK'))[2]).toBe(false);
    expect(await isServed(thief)).toBe(false);
  });

  it('that nobody asked for is refused', async () => {
    const client = await connect(await openRelay());
    expect(await client.authenticate(bob, { challenge: '' })).toEqual([false, expect.stringMatching(/^invalid: /)]);
  });

  it('counts for as many keys as the limit says', async () => {
    const client = await connect(await openRelay({ ...guarded, limits: { maxAuthenticatedKeys: 2 } }));
    for (const key of [bob, carol, bob]) expect((await client.authenticate(key))[0]).toBe(true);
    expect(await client.authenticate(makeKey(9))).toEqual([false, expect.stringMatching(/^restricted: /)]);
  });
});

describe('a protected event (NIP-70)', () => {
  const secret = makeEvent({ tags: [['-']] });

  it('is taken from nobody but its author, who is asked to authenticate', async () => {
    const relay = await openRelay();
    const client = await connect(relay);
    expect(await client.publish(secret)).toEqual([false, expect.stringMatching(/^auth-required: /)]);
    expect(relay.storedEvents()).toEqual([]);
    expect(await client.authenticate(alice)).toEqual([true, '']);
    expect(await client.publish(secret)).toEqual([true, '']);
  });

  it('is refused to a client that has authenticated as somebody else', async () => {
    const client = await connect(await openRelay(guarded));
    await client.authenticate(bob);
    expect(await client.publish(secret)).toEqual([false, expect.stringMatching(/^restricted: /)]);
    await client.authenticate(alice);
    expect(await client.publish(secret)).toEqual([true, '']);
  });

  it('brings one challenge, however often it is tried', async () => {
    const client = await connect(await openRelay());
    await client.publish(secret);
    await client.publish(secret);
    expect((await client.drain()).filter(([type]) => type === 'AUTH')).toHaveLength(1);
  });

  it.each([6, 16])('is not let in inside a repost of kind %i', async (kind) => {
    const client = await connect(await openRelay());
    expect(await client.publish(makeEvent({ kind, content: JSON.stringify(secret) }, bob))).toEqual([
      false,
      expect.stringMatching(/^blocked: /),
    ]);
    expect(await client.publish(makeEvent({ kind, content: JSON.stringify(makeEvent()) }, bob))).toEqual([true, '']);
  });
});
