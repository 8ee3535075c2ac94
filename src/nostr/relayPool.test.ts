import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { NostrEvent } from './event.ts';
import type { Filter } from './filter.ts';
import {
  makeEvent,
  requestId,
  startFakeRelay,
  startHonestRelay,
  type Behaviour,
  type FakeRelay,
  type HonestOptions,
  type HonestRelay,
} from './relayPool.fixture.ts';
import { createRelayPool, type RelayPool, type RelayPoolOptions } from './relayPool.ts';
import { createKeySigner } from './signer.ts';

const clock = { now: () => 1_800_000_000 };
const lookup = { purpose: 'lookup' } as const;
const signer = createKeySigner(new Uint8Array(32).fill(9));
const identity = { purpose: 'identity', auth: signer } as const;
const NO_TIME = 60;

const toClose: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const close of toClose.splice(0)) await close();
});

function openPool(options: Partial<RelayPoolOptions> = {}): RelayPool {
  const pool = createRelayPool({ clock, ...options });
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

/** The relay URL of a plain HTTP server. */
async function startServer(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  toClose.push(() => new Promise((resolve) => server.close(() => resolve())));
  toClose.push(() => server.closeAllConnections());
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A URL at which nobody listens: a port that was free a moment ago. */
async function findDeadUrl(): Promise<string> {
  const relay = await startFakeRelay({});
  await relay.close();
  return relay.url;
}

/** A relay that answers each REQ with these frames, `$` standing for the subscription id. */
function startScripted(...answers: unknown[][]): Promise<FakeRelay> {
  return startFake({
    onMessage: (socket, message) => {
      const id = requestId(message);
      if (id !== undefined) for (const answer of answers) socket.send(...answer.map((part) => (part === '$' ? id : part)));
    },
  });
}

const ids = (events: readonly NostrEvent[]): string[] => events.map(({ id }) => id);
const event = makeEvent(100);

describe('publish', () => {
  it('tells accepted from duplicate, whether the relay says so with true or false', async () => {
    const honest = await startHonest();
    const grumpy = await startFake({ onMessage: (socket) => socket.send('OK', event.id, false, 'duplicate: again?') });
    const pool = openPool();
    expect(await pool.publish([honest.url], event, lookup)).toEqual([{ relay: honest.url, outcome: 'accepted', retryable: false }]);
    const again = await pool.publish([honest.url, grumpy.url], event, lookup);
    expect(again.map(({ outcome }) => outcome)).toEqual(['duplicate', 'duplicate']);
    expect(honest.stored).toEqual([event]);
  });

  it.each([
    ['blocked: go away', false],
    ['rate-limited: slow down', true],
    ['error: disk full', true],
    ['auth-required: who?', false],
  ])('reports "%s" as rejected, retryable: %s', async (reason, retryable) => {
    const relay = await startFake({ onMessage: (socket) => socket.send('OK', event.id, false, reason) });
    expect(await openPool().publish([relay.url], event, lookup)).toEqual([{ relay: relay.url, outcome: 'rejected', retryable, reason }]);
  });

  it('calls a relay that cannot be reached unreachable: no listener, no websocket, no URL', async () => {
    const dead = await findDeadUrl();
    const outcomes = await openPool().publish([dead, 'https://relay.example', 'nonsense'], event, lookup);
    expect(outcomes).toEqual([
      { relay: dead, outcome: 'unreachable', retryable: true, reason: 'unreachable' },
      { relay: 'https://relay.example', outcome: 'unreachable', retryable: false, reason: 'invalid-url' },
      { relay: 'nonsense', outcome: 'unreachable', retryable: false, reason: 'invalid-url' },
    ]);
  });

  it('calls it unknown when the event was sent and no answer to it came', async () => {
    const other = makeEvent(101);
    const mute = await startFake({});
    const confused = await startFake({ onMessage: (socket) => socket.send('OK', other.id, true, '') });
    const dying = await startFake({ onMessage: (socket) => socket.cut() });
    const outcomes = await openPool().publish([mute.url, confused.url, dying.url], event, { ...lookup, timeoutMs: 1_000 });
    expect(outcomes).toEqual([
      { relay: mute.url, outcome: 'unknown', retryable: true, reason: 'timed-out' },
      { relay: confused.url, outcome: 'unknown', retryable: true, reason: 'timed-out' },
      { relay: dying.url, outcome: 'unknown', retryable: true, reason: 'connection-lost' },
    ]);
  });

  it('follows no redirect and does not wait for a server that never answers', async () => {
    const relay = await startHonest();
    const redirecting = await startServer((_, response) => response.writeHead(302, { location: relay.url }).end());
    const hanging = await startServer(() => undefined);
    const outcomes = await openPool({ connectTimeoutMs: NO_TIME }).publish([redirecting, hanging], event, lookup);
    expect(outcomes.map(({ outcome, reason }) => [outcome, reason])).toEqual([
      ['unreachable', 'unreachable'],
      ['unreachable', 'unreachable'],
    ]);
    expect(relay.sockets).toEqual([]);
  });

  it('asks each relay once, however often and in whatever spelling it is listed', async () => {
    const relay = await startHonest();
    const outcomes = await openPool().publish([relay.url, `${relay.url}/`, relay.url.toUpperCase()], event, lookup);
    expect(outcomes).toHaveLength(1);
    expect(relay.sockets.flatMap(({ messages }) => messages)).toEqual([['EVENT', event]]);
  });

  it('ends as unknown with the signal once sent, and sends nothing when it was aborted before', async () => {
    const controller = new AbortController();
    const relay = await startFake({ onMessage: () => controller.abort() });
    const pool = openPool();
    const [outcome] = await pool.publish([relay.url], event, { ...lookup, signal: controller.signal });
    expect(outcome).toMatchObject({ outcome: 'unknown', reason: 'aborted' });
    const [second] = await pool.publish([relay.url], makeEvent(101), { ...lookup, signal: controller.signal });
    expect(second).toMatchObject({ outcome: 'unreachable', reason: 'aborted' });
    expect(relay.sockets.flatMap(({ messages }) => messages)).toHaveLength(1);
  });

  it('connects anew after the relay has restarted', async () => {
    const first = await startHonestRelay();
    const pool = openPool();
    await pool.publish([first.url], event, lookup);
    await first.close();
    const second = await startHonest({ port: first.port });
    const [outcome] = await pool.publish([second.url], event, lookup);
    // The loss may be noticed only now; what must not happen is a false claim.
    const [final] = outcome?.outcome === 'accepted' ? [outcome] : await pool.publish([second.url], event, lookup);
    expect(final?.outcome).toMatch(/accepted|duplicate/);
    expect(second.stored).toEqual([event]);
  });
});

describe('fetch', () => {
  it('gathers from several relays each event once, newest first', async () => {
    const [a, b, c] = [makeEvent(1), makeEvent(2), makeEvent(3)];
    const left = await startHonest({ stored: [a, b] });
    const right = await startHonest({ stored: [b, c] });
    const result = await openPool().fetch([left.url, right.url], [{ kinds: [1] }], lookup);
    expect(ids(result.events)).toEqual(ids([c, b, a]));
    expect(result.relays).toEqual([
      { relay: left.url, complete: true },
      { relay: right.url, complete: true },
    ]);
  });

  it('pages through a relay that caps its answers, ties included', async () => {
    const stored = Array.from({ length: 23 }, (_, n) => makeEvent(Math.floor(n / 3), { content: `${n}` }));
    const relay = await startHonest({ stored, cap: 5 });
    const result = await openPool().fetch([relay.url], [{ kinds: [1] }], lookup);
    expect(result.relays).toEqual([{ relay: relay.url, complete: true }]);
    expect(ids(result.events).sort()).toEqual(ids(stored).sort());
  });

  it('says what each relay withheld: down, mute, closing before EOSE, refusing', async () => {
    const dead = await findDeadUrl();
    const mute = await startFake({});
    const dying = await startFake({
      onMessage: (socket, message) => {
        socket.send('EVENT', requestId(message), event);
        socket.send('NOTICE', 'and now');
        socket.sendRaw('["EOSE"');
        setImmediate(() => socket.cut());
      },
    });
    const refusing = await startScripted(['CLOSED', '$', 'blocked: not for you']);
    const urls = [dead, mute.url, dying.url, refusing.url];
    const { events, relays } = await openPool().fetch(urls, [{ kinds: [1] }], { ...lookup, timeoutMs: 1_000 });
    expect(relays).toEqual([
      { relay: dead, complete: false, reason: 'unreachable' },
      { relay: mute.url, complete: false, reason: 'timed-out' },
      { relay: dying.url, complete: false, reason: 'connection-lost' },
      { relay: refusing.url, complete: false, reason: 'closed: blocked: not for you' },
    ]);
    expect(ids(events)).toEqual([event.id]);
  });

  it('lets nothing in that was not asked for or is not genuine', async () => {
    const wanted = makeEvent(7, { kind: 7 });
    const junk: unknown[] = [
      { ...wanted, id: 'a'.repeat(64) },
      { ...wanted, content: 'altered' },
      { ...wanted, sig: makeEvent(8, { kind: 7 }).sig },
      { ...wanted, pubkey: signer.pubkey },
      { ...wanted, created_at: -1 },
      { ...wanted, tags: [[1]] },
      makeEvent(9, { kind: 8 }),
      makeEvent(5, { kind: 7 }),
      'event',
      null,
    ];
    const answers = [...junk, wanted].map((one) => ['EVENT', '$', one]);
    const relay = await startScripted(...answers, ['EVENT', 'other', makeEvent(10, { kind: 7 })], ['EOSE', '$']);
    const filter: Filter = { kinds: [7], since: 6, limit: 1 };
    const result = await openPool().fetch([relay.url], [filter], lookup);
    expect(result.events).toEqual([wanted]);
    expect(result.relays).toEqual([{ relay: relay.url, complete: true }]);
  });

  it('keeps the verified event when another relay alters one with its id', async () => {
    const honest = await startHonest({ stored: [event] });
    const pool = openPool();
    for (const order of [0, 1]) {
      const liar = await startScripted(['EVENT', '$', { ...event, content: `altered ${order}` }], ['EOSE', '$']);
      const urls = order === 0 ? [honest.url, liar.url] : [liar.url, honest.url];
      expect((await pool.fetch(urls, [{ kinds: [1] }], lookup)).events).toEqual([event]);
    }
  });

  it('is not complete with an EOSE for another subscription', async () => {
    const relay = await startScripted(['EOSE', 'other']);
    const { relays } = await openPool().fetch([relay.url], [{}], { ...lookup, timeoutMs: NO_TIME });
    expect(relays).toEqual([{ relay: relay.url, complete: false, reason: 'timed-out' }]);
  });

  it('cuts off a relay that sends junk without end', async () => {
    const relay = await startFake({
      onMessage: (socket) => {
        for (let n = 0; n < 100; n++) socket.send('EVENT', 'x', { ...event, n });
      },
    });
    const closed = relay.nextClosed();
    const { relays } = await openPool({ maxJunk: 50 }).fetch([relay.url], [{}], lookup);
    expect(relays).toEqual([{ relay: relay.url, complete: false, reason: 'misbehaving' }]);
    await closed;
  });

  it.each([
    ['events', { maxEvents: 20 }],
    ['bytes', { maxFetchBytes: 20 * 360 }],
  ])('takes no more %s from a relay that has an endless supply', async (_, limits) => {
    let n = 1_000;
    const relay = await startFake({
      onMessage: (socket, message) => {
        const id = requestId(message);
        if (id !== undefined) for (let i = 0; i < 50; i++) socket.send('EVENT', id, makeEvent(n--));
      },
    });
    const result = await openPool(limits).fetch([relay.url], [{}], lookup);
    expect(result.relays).toEqual([{ relay: relay.url, complete: false, reason: 'too-much' }]);
    expect(result.events.length).toBeGreaterThan(5);
    expect(result.events.length).toBeLessThanOrEqual(20);
  });

  it('drops a relay at the header of a frame that is too long, and an event that is too large', async () => {
    const limits = { maxFrameBytes: 2_000, maxEventBytes: 1_000 };
    const huge = await startScripted(['NOTICE', 'x'.repeat(2_000)]);
    const large = await startScripted(['EVENT', '$', makeEvent(1, { content: 'x'.repeat(1_000) })], ['EVENT', '$', event], ['EOSE', '$']);
    const binary = await startFake({ onMessage: (socket) => Array.from({ length: 300 }, () => socket.sendRaw(new Uint8Array(9))) });
    const result = await openPool(limits).fetch([huge.url, large.url, binary.url], [{ limit: 1 }], lookup);
    expect(result.relays).toEqual([
      { relay: huge.url, complete: false, reason: 'misbehaving' },
      { relay: large.url, complete: true },
      { relay: binary.url, complete: false, reason: 'misbehaving' },
    ]);
    expect(result.events).toEqual([event]);
  });

  it('ends with the signal, keeping what has come', async () => {
    const controller = new AbortController();
    const relay = await startScripted(['EVENT', '$', event]);
    const pool = openPool();
    const fetching = pool.fetch([relay.url], [{}], { ...lookup, signal: controller.signal });
    const seen = pool.fetch([relay.url], [{}], { ...lookup, timeoutMs: NO_TIME });
    await seen;
    controller.abort();
    const result = await fetching;
    expect(result.relays).toEqual([{ relay: relay.url, complete: false, reason: 'aborted' }]);
    expect(result.events).toEqual([event]);
  });
});

describe('stream', () => {
  it('hands over more than a fetch may hold, page by page, and says so when a relay withholds something', async () => {
    const stored = Array.from({ length: 40 }, (_, n) => makeEvent(n));
    const [relay, dead] = [await startHonest({ stored }), await findDeadUrl()];
    const pool = openPool({ maxEvents: 10, pageLimit: 8 });
    const fetched = await pool.fetch([relay.url], [{ kinds: [1] }], lookup);
    expect(fetched.relays).toMatchObject([{ complete: false, reason: 'too-much' }]);
    const taken: NostrEvent[] = [];
    const reports = await pool.stream([relay.url, dead], [{ kinds: [1] }], (each) => void taken.push(each), lookup);
    expect(reports).toEqual([
      { relay: relay.url, complete: true },
      { relay: dead, complete: false, reason: 'unreachable' },
    ]);
    expect(new Set(ids(taken))).toEqual(new Set(ids(stored)));
  });

  it('checks that events are what was asked for and have their own id, and leaves signatures to the reader', async () => {
    const forged = { ...event, sig: makeEvent(8).sig };
    const answers = [{ ...event, content: 'altered' }, makeEvent(9, { kind: 8 }), forged, event].map((one) => ['EVENT', '$', one]);
    const relay = await startScripted(...answers, ['EOSE', '$']);
    const taken: NostrEvent[] = [];
    await openPool().stream([relay.url], [{ kinds: [1], limit: 1 }], (each) => void taken.push(each), lookup);
    expect(taken).toEqual([forged, event]);
  });

  it('gives each page the time of a fetch, and gives up on a relay that never ends one', async () => {
    const mute = await startFake({});
    const reports = await openPool({ timeoutMs: NO_TIME }).stream([mute.url], [{}], () => undefined, lookup);
    expect(reports).toEqual([{ relay: mute.url, complete: false, reason: 'timed-out' }]);
  });
});

describe('NIP-42', () => {
  it('authenticates when the relay asks for it, once, for publish and fetch alike', async () => {
    const relay = await startHonest({ onlyFor: signer.pubkey });
    const pool = openPool();
    const [published, fetched] = await Promise.all([
      pool.publish([relay.url], event, identity),
      pool.fetch([relay.url], [{ kinds: [4] }], identity),
    ]);
    expect(published[0]).toMatchObject({ outcome: 'accepted' });
    expect(fetched.relays).toEqual([{ relay: relay.url, complete: true }]);
    const sent = relay.sockets.flatMap(({ messages }) => messages.map(([type]) => type));
    expect(sent.filter((type) => type === 'AUTH')).toHaveLength(1);
  });

  it('says nothing of itself to a relay that challenges without refusing', async () => {
    const relay = await startFake({
      onOpen: (socket) => socket.send('AUTH', 'x'),
      onMessage: (socket) => socket.send('OK', event.id, true, ''),
    });
    await openPool().publish([relay.url], event, identity);
    expect(relay.sockets.flatMap(({ messages }) => messages)).toEqual([['EVENT', event]]);
  });

  it('lets the refusal stand when the relay does not take the proof, never challenges, or the signer fails', async () => {
    const picky = await startHonest({ onlyFor: 'f'.repeat(64) });
    const silent = await startFake({ onMessage: (socket) => socket.send('OK', event.id, false, 'auth-required: guess') });
    const pool = openPool({ authTimeoutMs: NO_TIME });
    const outcomes = await pool.publish([picky.url, silent.url], event, identity);
    const broken = { ...signer, signEvent: () => Promise.reject(new Error('no')) };
    const [last] = await pool.publish([picky.url], event, { purpose: 'identity', auth: broken });
    for (const outcome of [...outcomes, last]) expect(outcome).toMatchObject({ outcome: 'rejected', retryable: true });
  });

  it('never authenticates on a lookup or group socket, even when it is handed a signer', async () => {
    const relay = await startHonest({ onlyFor: signer.pubkey });
    const pool = openPool();
    for (const purpose of ['lookup', 'group:a'] as const) {
      const access = { purpose, auth: signer } as unknown as { purpose: typeof purpose };
      expect((await pool.publish([relay.url], event, access))[0]).toMatchObject({ outcome: 'rejected' });
      expect((await pool.fetch([relay.url], [{}], access)).relays[0]).toMatchObject({ complete: false });
    }
    expect(relay.sockets.flatMap(({ messages }) => messages.filter(([type]) => type === 'AUTH'))).toEqual([]);
  });
});

describe('purposes', () => {
  it('never share a socket, nor do two groups or two identities', async () => {
    const relay = await startHonest();
    const pool = openPool();
    const other = createKeySigner(new Uint8Array(32).fill(10));
    const inbox: Filter = { kinds: [1059], '#p': [signer.pubkey] };
    await pool.fetch([relay.url], [inbox], identity);
    await pool.fetch([relay.url], [inbox], { purpose: 'identity', auth: other });
    await pool.fetch([relay.url], [{ '#h': ['a'] }], { purpose: 'group:a' });
    await pool.publish([relay.url], makeEvent(1, { kind: 445, tags: [['h', 'a']] }), { purpose: 'group:a' });
    await pool.fetch([relay.url], [{ '#h': ['b'] }], { purpose: 'group:b' });
    await pool.fetch([relay.url], [{ kinds: [0] }], lookup);
    const about = relay.sockets.map(({ messages }) => JSON.stringify(messages));
    expect(about.map((text) => ['#p', '"a"', '"b"', '[0]'].filter((mark) => text.includes(mark)).join())).toEqual([
      '#p',
      '#p',
      '"a"',
      '"b"',
      '[0]',
    ]);
  });

  it('refuse what would tie an identity to its groups', async () => {
    const pool = openPool();
    const bug = expect.objectContaining({ code: 'internal/bug' }) as Error;
    await expect(pool.fetch([], [{ '#h': ['a'] }], { purpose: 'identity' })).rejects.toThrow(bug);
    await expect(pool.fetch([], [{ '#p': ['a'] }], { purpose: 'group:a' })).rejects.toThrow(bug);
    await expect(pool.publish([], makeEvent(1, { kind: 445 }), lookup)).rejects.toThrow(bug);
  });
});

describe('pool', () => {
  it('ends everything with close: calls come back, sockets are gone, later calls say closed', async () => {
    const relay = await startFake({});
    const pool = openPool();
    const closed = relay.nextClosed();
    const publishing = pool.publish([relay.url], event, lookup);
    const fetching = pool.fetch([relay.url], [{}], identity);
    pool.close();
    expect((await publishing)[0]).toMatchObject({ reason: 'closed' });
    expect((await fetching).relays[0]).toMatchObject({ complete: false, reason: 'closed' });
    expect((await pool.publish([relay.url], event, lookup))[0]).toMatchObject({ outcome: 'unreachable', reason: 'closed' });
    expect((await pool.fetch([relay.url], [{}], lookup)).relays[0]).toMatchObject({ reason: 'closed' });
    if (relay.sockets.length > 0) await closed;
  });

  it('closes a socket that nobody uses', async () => {
    const relay = await startHonest();
    const closed = relay.nextClosed();
    await openPool({ idleMs: 20 }).fetch([relay.url], [{ limit: 1 }], lookup);
    await closed;
    expect(relay.sockets).toHaveLength(1);
  });

  it('refuses limits that are no whole numbers', () => {
    expect(() => createRelayPool({ clock, timeoutMs: 0 })).toThrow(expect.objectContaining({ code: 'input/invalid' }) as Error);
  });
});
