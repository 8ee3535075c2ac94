// A conversation with a bunker over a relay that does what it is told. Whole agents with bunkers of another make: test/bunker.test.ts.

import { randomBytes } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { openBunkerSession, type BunkerSession } from './bunkerSession.ts';
import type { NostrEvent } from './event.ts';
import { createRelayPool, type RelayPool } from './relayPool.ts';
import { startFakeRelay, type FakeRelay, type FakeSocket } from './relayPool.fixture.ts';
import { createKeySigner, type Signer } from './signer.ts';

const clock = { now: () => Math.floor(Date.now() / 1_000) };
const rng = { bytes: (length: number) => new Uint8Array(randomBytes(length)) };
const newSigner = (): Signer => createKeySigner(randomBytes(32));

interface Request {
  readonly id: string;
  readonly method: string;
  readonly params: readonly string[];
}
type Answer = (by: Signer, id: string, result: string) => Promise<void>;

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

interface Line {
  readonly relay: FakeRelay;
  readonly pool: RelayPool;
  readonly session: BunkerSession;
  readonly bunker: Signer;
  /** Ends every connection without a word. */
  readonly cut: () => void;
}

/** A relay that passes each request to `serve`; what is answered goes to whoever follows. */
async function startLine(serve: (request: Request, answer: Answer) => unknown, aliveMs = 10_000): Promise<Line> {
  const bunker = newSigner();
  let follower: { readonly socket: FakeSocket; readonly id: string } | undefined;
  const onMessage = async (socket: FakeSocket, message: readonly unknown[]): Promise<void> => {
    const [type, body] = message as [string, never];
    if (type === 'REQ') {
      if ((message[2] as { readonly kinds?: readonly number[] }).kinds?.includes(24_133)) follower ??= { socket, id: body };
      socket.send('EOSE', body);
    }
    if (type !== 'EVENT') return;
    const event: NostrEvent = body;
    socket.send('OK', event.id, true, '');
    if (event.kind !== 24_133) return;
    const answer: Answer = async (by, id, result) => {
      const content = await by.encrypt(event.pubkey, JSON.stringify({ id, result }));
      const template = { kind: 24_133, created_at: clock.now(), tags: [['p', event.pubkey]], content };
      follower?.socket.send('EVENT', follower.id, await by.signEvent(template));
    };
    await serve(JSON.parse(await bunker.decrypt(event.pubkey, event.content)) as Request, answer);
  };
  const relay = await startFakeRelay({ onMessage: (socket, message) => void onMessage(socket, message) });
  const pool = createRelayPool({ clock, retryMinMs: 20 });
  const session = openBunkerSession({
    ...{ url: { relays: [relay.url], remote: bunker.pubkey }, clientKey: randomBytes(32), pool: async () => pool, clock, rng },
    limits: { answerMs: 20_000, aliveMs, lookMs: 100, repeatMs: 20_000, restMs: 60_000 },
  });
  const cut = (): void => {
    follower = undefined;
    for (const socket of relay.sockets) socket.cut();
  };
  cleanups.push(
    () => relay.close(),
    () => pool.close(),
    () => session.close(),
  );
  return { relay, pool, session, bunker, cut } satisfies Line;
}

describe('a conversation with a bunker', () => {
  it('takes any number of requests at once and gives each its own answer, in whatever order they come', async () => {
    const held: (() => Promise<void>)[] = [];
    const line = await startLine(async ({ id, method, params }, answer) => {
      if (method === 'ping') return answer(line.bunker, id, 'pong');
      held.push(() => answer(line.bunker, id, `for ${params[0]}`));
      if (held.length === 20) for (const release of held.reverse()) await release();
    });
    const asked = Array.from({ length: 20 }, (_, i) => line.session.request('nip44_decrypt', [String(i)]));
    expect(await Promise.all(asked)).toEqual(asked.map((_, i) => `for ${i}`));
  });

  it('takes no answer but the bunker’s own, however well another has encrypted it', async () => {
    const [other, wrong] = [newSigner(), 'from a stranger'];
    const line = await startLine(async ({ id }, answer) => {
      await answer(other, id, wrong);
      await answer(line.bunker, id, 'from the bunker');
    });
    expect(await line.session.request('get_public_key', [])).toBe('from the bunker');
  });

  it('asks again under the same id, in a fresh event, when the relay was lost before the answer came', async () => {
    const ids: string[] = [];
    const line = await startLine(async ({ id, method }, answer) => {
      if (method === 'ping') return;
      ids.push(id);
      if (ids.length === 1) line.cut();
      else await answer(line.bunker, id, 'at last');
    });
    expect(await line.session.request('get_public_key', [])).toBe('at last');
    expect(new Set(ids).size).toBe(1);
    const events = line.relay.sockets.flatMap(({ messages }) => messages.filter(([type]) => type === 'EVENT'));
    expect(new Set(events.map((message) => (message[1] as NostrEvent).id)).size).toBe(events.length);
  });

  it('gives a bunker up that shows no sign of life, and does not wait for it again at once', async () => {
    const asked: string[] = [];
    const { session } = await startLine(({ method }) => asked.push(method), 300);
    await expect(session.request('get_public_key', [])).rejects.toMatchObject({ code: 'signer/unreachable' });
    expect(asked).toContain('ping');
    const count = asked.length;
    await expect(session.request('get_public_key', [])).rejects.toMatchObject({ code: 'signer/unreachable' });
    expect(asked).toHaveLength(count);
  });

  it('has sockets that carry nothing else, and no other socket carries it', async () => {
    const line = await startLine(({ id }, answer) => answer(line.bunker, id, 'pong'));
    const auth = newSigner();
    await line.session.request('ping', []);
    await line.pool.fetch([line.relay.url], [{ kinds: [1059], '#p': [auth.pubkey] }], { purpose: 'identity', auth });
    await line.pool.fetch([line.relay.url], [{ kinds: [445], '#h': ['ab'] }], { purpose: 'group:ab' });
    const texts = line.relay.sockets.map(({ messages }) => JSON.stringify(messages));
    expect(texts).toHaveLength(3);
    expect(texts.map((text) => [text.includes('24133'), /1059|445\b/.test(text)]).sort()).toEqual([
      [false, true],
      [false, true],
      [true, false],
    ]);
    const event = await auth.signEvent({ kind: 24_133, created_at: clock.now(), tags: [], content: '' });
    const bug = { code: 'internal/bug' };
    await expect(line.pool.publish([line.relay.url], event, { purpose: 'identity', auth })).rejects.toMatchObject(bug);
    await expect(line.pool.fetch([line.relay.url], [{ kinds: [1059] }], { purpose: 'bunker' })).rejects.toMatchObject(bug);
    await expect(line.pool.fetch([line.relay.url], [{ kinds: [24_133] }], { purpose: 'lookup' })).rejects.toMatchObject(bug);
  });
});
