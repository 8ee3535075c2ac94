// Relays through a SOCKS5 proxy: everything goes through it, names unresolved, each socket under a name of its own, or nothing goes.

import { afterEach, describe, expect, it } from 'vitest';
import { parseProxyUrl } from './proxyUrl.ts';
import { startSocksProxy, type SocksBehaviour, type SocksProxy } from './proxy.fixture.ts';
import { createRelayPool, type RelayPool, type RelayPoolOptions } from './relayPool.ts';
import { makeEvent, startHonestRelay, type HonestOptions, type HonestRelay } from './relayPool.fixture.ts';

const clock = { now: () => 1_000 };
const h = 'a'.repeat(64);
const identity = { purpose: 'identity' } as const;

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function relayOf(options?: HonestOptions): Promise<HonestRelay> {
  const relay = await startHonestRelay(options);
  ends.push(relay.close);
  return relay;
}

async function proxyOf(behaviour?: SocksBehaviour): Promise<SocksProxy> {
  const proxy = await startSocksProxy(behaviour);
  ends.push(proxy.close);
  return proxy;
}

function poolOf(proxy: string, options: Partial<RelayPoolOptions> = {}): RelayPool {
  const pool = createRelayPool({ clock, proxy, ...options });
  ends.push(pool.close);
  return pool;
}

describe('the URL of a proxy', () => {
  it.each([
    ['socks5h://127.0.0.1:9050', 'socks5h://127.0.0.1:9050'],
    ['SOCKS5H://Tor.Example:9050/', 'socks5h://tor.example:9050'],
    ['socks5://localhost', 'socks5://localhost:1080'],
    ['socks5h://[::1]:0950', 'socks5h://[::1]:950'],
  ])('%s is %s', (text, url) => {
    expect(parseProxyUrl(text)).toBe(url);
    expect(parseProxyUrl(url)).toBe(url);
  });

  it.each([
    '',
    'socks5h://',
    'socks4://127.0.0.1:9050',
    'socks://127.0.0.1:9050',
    'http://127.0.0.1:8080',
    'https://127.0.0.1',
    '127.0.0.1:9050',
    'socks5h://127.0.0.1:0',
    'socks5h://127.0.0.1:65536',
    'socks5h://127.0.0.1:9050/path',
    'socks5h://127.0.0.1:9050?query',
    'socks5h://127.0.0.1:9050#part',
    'socks5h://[127.0.0.1]:9050',
    'socks5h://host with space:1',
    'socks5h://-host:1',
    'socks5h://a\n:1',
  ])('refuses %j', (text) => {
    expect(() => parseProxyUrl(text)).toThrow(expect.objectContaining({ code: 'input/invalid' }) as Error);
  });

  it('refuses a name and a password, and repeats neither', () => {
    for (const text of ['socks5h://hugo:verysecret@127.0.0.1:9050', 'socks5h://hugo@127.0.0.1:9050', 'socks5h://:@127.0.0.1']) {
      expect(() => parseProxyUrl(text)).toThrow(/user name or password/);
      expect(() => parseProxyUrl(text)).not.toThrow(/hugo|verysecret/);
    }
  });

  it('is checked by the pool too', () => {
    expect(() => createRelayPool({ clock, proxy: 'http://127.0.0.1' })).toThrow(
      expect.objectContaining({ code: 'input/invalid' }) as Error,
    );
  });
});

describe('relays behind a proxy', () => {
  it.each(['user', 'none'] as const)('are published to, read and followed, with greeting %s', async (greeting) => {
    const relay = await relayOf({ stored: [makeEvent(1)] });
    const proxy = await proxyOf({ greeting, leadsTo: relay.port });
    const pool = poolOf(proxy.url);
    const url = 'ws://relay.invalid:7447';
    expect(await pool.publish([url], makeEvent(2), identity)).toMatchObject([{ outcome: 'accepted' }]);
    const { events } = await pool.fetch([url], [{ kinds: [1] }], identity);
    expect(events.map(({ created_at }) => created_at)).toEqual([2, 1]);
    const stop = new AbortController();
    for await (const item of pool.subscribe([url], [{ kinds: [1] }], { ...identity, signal: stop.signal })) {
      if (item.type === 'eose') stop.abort();
    }
    expect(relay.sockets).toHaveLength(1);
    expect(proxy.streams).toMatchObject([{ addressType: 'name', host: 'relay.invalid', port: 7447 }]);
    expect(proxy.streams[0]?.user === undefined).toBe(greeting === 'none');
  });

  it.each([1, 3, 4] as const)('are found behind an answer with a bound address of type %i', async (bound) => {
    const relay = await relayOf();
    const proxy = await proxyOf({ bound });
    expect(await poolOf(proxy.url).publish([relay.url], makeEvent(1), identity)).toMatchObject([{ outcome: 'accepted' }]);
    // Loopback is no exception.
    expect(proxy.streams).toMatchObject([{ addressType: 'ipv4', host: '127.0.0.1', port: relay.port }]);
  });

  it('have their names resolved by this machine with socks5, and by the proxy with socks5h', async () => {
    const relay = await relayOf();
    const proxy = await proxyOf();
    const url = `ws://localhost:${relay.port}`;
    await poolOf(proxy.url.replace('socks5h', 'socks5')).publish([url], makeEvent(1), identity);
    await poolOf(proxy.url).publish([url], makeEvent(1), identity);
    expect(proxy.streams.map(({ addressType }) => addressType)).toEqual([expect.stringMatching(/^ipv[46]$/), 'name']);
  });

  it('are asked for by their IPv6 address as such', async () => {
    const relay = await relayOf();
    const proxy = await proxyOf({ leadsTo: relay.port });
    const pool = poolOf(proxy.url);
    await pool.publish(['ws://[::1]:7447', 'ws://[2001:db8::ff:1]:7448', 'ws://[::ffff:1.2.3.4]'], makeEvent(1), identity);
    expect(proxy.streams.map(({ host }) => host).sort()).toEqual([
      '00000000000000000000000000000001',
      '00000000000000000000ffff01020304',
      '20010db8000000000000000000ff0001',
    ]);
  });

  it('see TLS for the name that they have', async () => {
    const relay = await relayOf();
    const proxy = await proxyOf({ leadsTo: relay.port });
    expect(await poolOf(proxy.url).publish(['wss://relay.invalid'], makeEvent(1), identity)).toMatchObject([{ outcome: 'unreachable' }]);
    const [stream] = proxy.streams;
    expect(stream).toMatchObject({ host: 'relay.invalid', port: 443 });
    // A handshake record, with the server's name in it.
    expect(stream?.firstBytes[0]).toBe(0x16);
    expect(stream?.firstBytes.includes('relay.invalid')).toBe(true);
    expect(relay.sockets).toHaveLength(0);
  });

  it('are reached under names that differ by relay, purpose and pool, and say nothing', async () => {
    const relay = await relayOf();
    const proxy = await proxyOf({ leadsTo: relay.port });
    const use = async (pool: RelayPool): Promise<void> => {
      await pool.fetch(['ws://one.invalid', 'ws://two.invalid'], [{ kinds: [1] }], identity);
      await pool.fetch(['ws://one.invalid'], [{ kinds: [1] }], { purpose: 'lookup' });
      await pool.fetch(['ws://one.invalid'], [{ '#h': [h] }], { purpose: `group:${h}` });
      // The same socket: no new stream.
      await pool.fetch(['ws://one.invalid'], [{ '#h': [h] }], { purpose: `group:${h}` });
    };
    await use(poolOf(proxy.url));
    await use(poolOf(proxy.url));
    const users = proxy.streams.map(({ user }) => user);
    expect(users).toHaveLength(8);
    expect(new Set(users).size).toBe(8);
    for (const user of users) expect(user).toMatch(/^[0-9a-f]{32}$/);
  });

  it('keep the name of a socket that had to be opened again', async () => {
    const relay = await relayOf();
    const proxy = await proxyOf({ leadsTo: relay.port });
    const pool = poolOf(proxy.url);
    await pool.fetch(['ws://one.invalid'], [{ kinds: [1] }], identity);
    const closed = relay.nextClosed();
    relay.sockets[0]?.cut();
    await closed;
    await expect.poll(async () => (await pool.fetch(['ws://one.invalid'], [{ kinds: [1] }], identity)).relays[0]?.complete).toBe(true);
    expect(new Set(proxy.streams.map(({ user }) => user)).size).toBe(1);
  });
});

describe('a proxy that fails', () => {
  const unreachable = [{ outcome: 'unreachable', retryable: true }];

  it('is not gone around when it is down, and is used when it is back', async () => {
    const relay = await relayOf();
    const proxy = await startSocksProxy();
    const pool = poolOf(proxy.url);
    await proxy.close();
    expect(await pool.publish([relay.url], makeEvent(1), identity)).toMatchObject(unreachable);
    expect((await pool.fetch([relay.url], [{ kinds: [1] }], identity)).relays).toMatchObject([{ complete: false, reason: 'unreachable' }]);
    expect(relay.sockets).toHaveLength(0);
    const back = await proxyOf({ port: proxy.port });
    expect(await pool.publish([relay.url], makeEvent(1), identity)).toMatchObject([{ outcome: 'accepted' }]);
    expect(back.streams).toHaveLength(1);
  });

  it('takes the connections through it with it, and nothing goes on directly', async () => {
    const relay = await relayOf();
    const proxy = await startSocksProxy();
    const pool = poolOf(proxy.url, { retryMinMs: 1, retryMaxMs: 5 });
    const stop = new AbortController();
    const seen: string[] = [];
    for await (const item of pool.subscribe([relay.url], [{ kinds: [1] }], { ...identity, signal: stop.signal })) {
      seen.push(item.type);
      if (item.type === 'eose') await proxy.close();
      if (seen.filter((type) => type === 'down').length === 4) stop.abort();
    }
    expect(seen.slice(0, 2)).toEqual(['eose', 'down']);
    expect(relay.sockets).toHaveLength(1);
  });

  it.each<[string, SocksBehaviour]>([
    ['refuses to connect', { reply: 5 }],
    ['is no SOCKS5 proxy', { greeting: 'http' }],
    ['never answers', { greeting: 'mute' }],
  ])('%s: the relay is unreachable, and nothing stays open', async (_, behaviour) => {
    const relay = await relayOf();
    const proxy = await proxyOf(behaviour);
    const pool = poolOf(proxy.url, { connectTimeoutMs: 200 });
    expect(await pool.publish([relay.url], makeEvent(1), identity)).toMatchObject(unreachable);
    expect(relay.sockets).toHaveLength(0);
    expect(proxy.taken()).toBe(1);
    await expect.poll(proxy.open).toBe(0);
  });

  it('lets go of what is half open when the pool is closed', async () => {
    const proxy = await proxyOf({ greeting: 'mute' });
    const pool = poolOf(proxy.url);
    const outcome = pool.publish(['ws://relay.invalid'], makeEvent(1), identity);
    await expect.poll(proxy.open).toBe(1);
    pool.close();
    expect(await outcome).toMatchObject([{ outcome: 'unreachable' }]);
    await expect.poll(proxy.open).toBe(0);
  });

  it('cannot be found by its name: the relay is unreachable', async () => {
    const relay = await relayOf();
    expect(await poolOf('socks5h://proxy.invalid:1080').publish([relay.url], makeEvent(1), identity)).toMatchObject(unreachable);
    expect(relay.sockets).toHaveLength(0);
  });
});
