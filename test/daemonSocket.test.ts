// The daemon's socket and clients that are careless, broken or hostile: none disturbs another one.

import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAgent } from '../src/agent/compose.ts';
import { NO_LOG } from '../src/agent/daemon/log.ts';
import { openDaemon, type Daemon } from '../src/agent/daemon/openDaemon.ts';
import { connectAgent, type RemoteAgent } from '../src/agent/rpc/connectAgent.ts';
import { serveSocket, type RunningSocket } from '../src/agent/rpc/serveSocket.ts';
import { socketPathOf } from '../src/agent/rpc/socketPath.ts';
import { fromWire, toWire } from '../src/agent/rpc/wire.ts';
import { startRelay, type RunningRelay } from '../src/relay/startRelay.ts';
import { openRaw, requestLine } from './daemon.fixture.ts';

const limits = { maxConnections: 6, maxRequestBytes: 100_000, requestMs: 300, goodbyeMs: 50 };

let folder: string;
let relay: RunningRelay;
let daemon: Daemon;
let socket: RunningSocket;
let home: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'agent-negotiate-socket-'));
  home = join(folder, 'home');
  relay = await startRelay({ requireAuthForGiftWraps: true });
  await createAgent({ home, relays: [relay.url] });
  daemon = openDaemon({ home });
  socket = await serveSocket(daemon, home, { onStop: () => undefined, log: NO_LOG, limits });
  daemon.attach(socket.close);
  await daemon.ready;
});
afterAll(async () => {
  await daemon.stop();
  await relay.close();
  expect(existsSync(socket.path)).toBe(false);
  rmSync(folder, { recursive: true, force: true });
});

/** A client like any other, in the middle of whatever happens. */
async function withClient(use: (remote: RemoteAgent) => Promise<void>): Promise<void> {
  const remote = await connectAgent(home);
  if (remote === undefined) throw new Error('no daemon');
  try {
    await use(remote);
  } finally {
    await remote.agent.close();
  }
}

async function isServed(): Promise<boolean> {
  let listing: unknown;
  await withClient(async ({ agent }) => {
    listing = await agent.list();
  });
  return JSON.stringify(listing) === '{"negotiations":[],"invites":[]}';
}

describe('the socket of a daemon', () => {
  it('answers what is no request with an error, and the next request all the same', async () => {
    const raw = openRaw(socket.path);
    for (const junk of ['{', '[]', '"x"', '{"jsonrpc":"1.0"}', '{"jsonrpc":"2.0","id":{},"method":"list"}', `${'['.repeat(5_000)}`])
      raw.send(`${junk}\n`);
    raw.socket.write(Buffer.concat([randomBytes(300).map((byte) => (byte === 10 ? 11 : byte)), Buffer.from('\n')]));
    expect(await raw.answer(null)).toMatchObject({ error: { code: -32_600, data: { code: 'input/invalid', retryable: false } } });
    raw.send(requestLine(1, 'constructor'));
    expect(await raw.answer(1)).toMatchObject({ error: { code: -32_601 } });
    raw.send(requestLine(2, 'status', { nid: '__proto__' }));
    expect(await raw.answer(2)).toMatchObject({ error: { code: -32_000, data: { code: 'input/invalid' } } });
    raw.send(requestLine(3, 'send', { nid: 7 }));
    expect(await raw.answer(3)).toMatchObject({ error: { message: expect.stringContaining('nid') as string } });
    raw.send(requestLine(4, 'list'));
    expect(await raw.answer(4)).toMatchObject({ result: { invites: [] } });
    raw.socket.destroy();
  });

  it('cuts off a request that is too large, and one that drips', async () => {
    const large = openRaw(socket.path);
    large.send(`{"jsonrpc":"2.0","id":1,"method":"list","params":{"x":"${'x'.repeat(limits.maxRequestBytes)}`);
    expect(await large.answer(null)).toMatchObject({ error: { code: -32_600 } });
    await large.closed;
    const slow = openRaw(socket.path);
    const dripping = setInterval(() => slow.send('{'), 50);
    await slow.closed;
    clearInterval(dripping);
    expect(await isServed()).toBe(true);
  });

  it('lets go of a client that asks nothing, not of one that waits for its answer', async () => {
    const place = join(folder, 'waiting');
    mkdirSync(place, { mode: 0o700 });
    const [asked, answer] = [Promise.withResolvers<void>(), Promise.withResolvers<object>()];
    const call = (): Promise<unknown> => {
      asked.resolve();
      return answer.promise;
    };
    const patient = await serveSocket({ ...daemon, call }, place, { onStop: () => undefined, log: NO_LOG, limits: { idleMs: 700 } });
    const waiting = openRaw(patient.path);
    waiting.send(requestLine(1, 'list'));
    await asked.promise;
    const idle = openRaw(patient.path);
    const first = await Promise.race([idle.closed.then(() => 'the idle one'), waiting.closed.then(() => 'the one that waits')]);
    answer.resolve({ kept: true });
    if (first === 'the idle one') expect(await waiting.answer(1)).toMatchObject({ result: { kept: true } });
    await patient.close();
    expect(first).toBe('the idle one');
  });

  it('lets a client that floods wait for itself alone', async () => {
    const flood = openRaw(socket.path);
    for (let id = 1; id <= 3_000; id += 1) flood.send(requestLine(id, 'list'));
    expect(await isServed()).toBe(true);
    expect(flood.lines.length).toBeLessThan(3_000);
    expect(await flood.answer(3_000)).toMatchObject({ result: { negotiations: [] } });
    flood.socket.destroy();
  });

  it('takes so many clients and no more, and takes others once they have gone', async () => {
    const many = Array.from({ length: limits.maxConnections + 3 }, () => openRaw(socket.path));
    await Promise.all(many.slice(-3).map(({ closed }) => closed));
    for (const each of many) each.socket.destroy();
    await Promise.all(many.map(({ closed }) => closed));
    await expect.poll(isServed).toBe(true);
  });

  it('gives a wait up when its client goes away, and with an answer when the client asks for that', async () => {
    const leaving = openRaw(socket.path);
    leaving.send(requestLine(1, 'sync', { waitS: 3_600 }));
    await withClient(async ({ agent }) => {
      const waiting = agent.sync({ waitS: 3_600 });
      expect(await agent.whoami()).toHaveProperty('npub');
      // A write has its turn, too, while both wait.
      expect(await agent.pursue({})).toMatchObject({ jobs: [] });
      leaving.socket.destroy();
      await agent.close();
      expect(await waiting).toMatchObject({ events: [], silentRelays: [] });
    });
    expect(await isServed()).toBe(true);
  });

  it('hands on typed errors and values that JSON does not know', async () => {
    await withClient(async ({ agent }) => {
      await expect(agent.status({ nid: 'abcd' })).rejects.toMatchObject({
        code: 'input/not-found',
        retryable: false,
        exitCode: 66,
        details: {},
      });
      await expect(agent.wallet()).rejects.toMatchObject({ code: 'wallet/missing' });
    });
    const leaf = fc.oneof(
      fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }),
      fc.uint8Array(),
      fc.string(),
      fc.boolean(),
      fc.integer(),
      fc.constant(null),
    );
    const key = fc.oneof(fc.string(), fc.constantFrom('$bigint', '$bytes', '$object', '__proto__'));
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof({ maxDepth: 4 }, leaf, fc.array(tie('value')), fc.dictionary(key, tie('value'), { noNullPrototype: true })),
    }));
    const roundTrip = (each: unknown): void => {
      expect(fromWire(JSON.parse(JSON.stringify(toWire(each))))).toEqual(each);
    };
    fc.assert(fc.property(value, roundTrip));
  });

  it('goes to the runtime folder when the path of the home is too long, and nowhere without one', () => {
    const long = join(folder, 'x'.repeat(100));
    mkdirSync(long);
    expect(socketPathOf(long, {})).toBeUndefined();
    expect(socketPathOf(long, { XDG_RUNTIME_DIR: '/run/user/1000' })).toMatch(/^\/run\/user\/1000\/agent-negotiate-[0-9a-f]{32}\.sock$/);
  });
});
