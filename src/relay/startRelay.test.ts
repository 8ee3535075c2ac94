import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { DEFAULT_LIMITS } from './limits.ts';
import { closeAll, closeLater, connect, makeEvent, NOW, openRelay } from './relay.fixture.ts';
import { serveRelay } from './serveRelay.ts';
import { startRelay, type RunningRelay } from './startRelay.ts';

afterEach(closeAll);

const accept = { accept: 'application/nostr+json' };
const httpUrl = (relay: RunningRelay): string => relay.url.replace('ws:', 'http:');

describe('the information document (NIP-11)', () => {
  it('says what the relay does and what its limits are, to pages of any origin', async () => {
    const relay = await openRelay({ name: 'test relay', limits: { maxSubscriptions: 7 } });
    const response = await fetch(httpUrl(relay), { headers: { ...accept, origin: 'https://page.example' } });
    expect(response.headers.get('content-type')).toBe('application/nostr+json');
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    expect(await response.json()).toMatchObject({
      name: 'test relay',
      description: expect.stringMatching(/./),
      supported_nips: [1, 9, 11, 40, 42, 70],
      software: expect.stringMatching(/agent-negotiate/),
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      limitation: {
        auth_required: false,
        max_subscriptions: 7,
        max_message_length: DEFAULT_LIMITS.maxFrameBytes,
        max_filters: DEFAULT_LIMITS.maxFilters,
        max_limit: DEFAULT_LIMITS.maxLimit,
        max_subid_length: DEFAULT_LIMITS.maxSubscriptionIdLength,
        max_event_tags: DEFAULT_LIMITS.maxTags,
        created_at_upper_limit: DEFAULT_LIMITS.maxFutureSeconds,
      },
    });
  });

  it('is for those who accept it; others read what this is', async () => {
    const relay = await openRelay();
    const response = await fetch(httpUrl(relay));
    expect(response.headers.get('content-type')).toBe('text/plain');
    expect(await response.text()).toMatch(/Nostr relay/);
    expect((await fetch(httpUrl(relay), { method: 'POST', body: 'x', headers: accept })).status).toBe(405);
  });

  it('answers a CORS preflight', async () => {
    const response = await fetch(httpUrl(await openRelay()), { method: 'OPTIONS' });
    expect(response.status).toBe(204);
    for (const name of ['origin', 'headers', 'methods']) expect(response.headers.get(`access-control-allow-${name}`)).toBeTruthy();
  });
});

describe('starting', () => {
  it('takes loopback and a free port by default', async () => {
    const relay = await openRelay();
    expect(relay.url).toBe(`ws://127.0.0.1:${relay.port}`);
    expect(relay.port).toBeGreaterThan(0);
  });

  it('goes by the system’s clock by default', async () => {
    const relay = await startRelay();
    closeLater(relay.close);
    const client = await connect(relay);
    expect(await client.publish(makeEvent({ created_at: 1_700_000_000 }))).toEqual([true, '']);
    expect((await client.publish(makeEvent({ created_at: 99_999_999_999 })))[0]).toBe(false);
  });

  it('on a port in use says which option to change, and leaves its file free', async () => {
    const { port } = await openRelay();
    const folder = mkdtempSync(join(tmpdir(), 'relay-'));
    closeLater(() => rmSync(folder, { recursive: true }));
    const path = join(folder, 'relay.db');
    await expect(startRelay({ port, path })).rejects.toMatchObject({
      code: 'store/unavailable',
      message: expect.stringMatching(/option port/),
    });
    expect((await openRelay({ path })).storedEvents()).toEqual([]);
  });

  it.each([
    [{ port: -1 }, 'input/invalid'],
    [{ port: 65_536 }, 'input/invalid'],
    [{ port: 1.5 }, 'input/invalid'],
    [{ host: '' }, 'input/invalid'],
    [{ host: '192.0.2.1' }, 'input/invalid'],
    [{ publicUrl: 'https://relay.example' }, 'relay/invalid-url'],
  ])('with %o is refused', async (options, code) => {
    await expect(startRelay(options)).rejects.toMatchObject({ code });
  });
});

describe('closing', () => {
  it('ends connections with status 1001 and frees the port, and may be asked for twice', async () => {
    const relay = await openRelay();
    const client = await connect(relay);
    await Promise.all([relay.close(), relay.close()]);
    expect(await client.closed).toBe(1001);
    const next = await openRelay({ port: relay.port });
    expect(next.port).toBe(relay.port);
  });

  it('does not wait for clients that neither read nor say goodbye, nor for half a request', async () => {
    const relay = await openRelay();
    const deaf = await connect(relay);
    deaf.socket.pause();
    const half = connectTcp(relay.port, '127.0.0.1');
    closeLater(() => void half.destroy());
    half.on('error', () => undefined);
    await once(half, 'connect');
    half.write('GET / HTTP/1.1\r\nHost: x\r\n');
    await relay.close();
    await expect(fetch(httpUrl(relay))).rejects.toThrow();
  });

  it('in the middle of a long answer does no harm', async () => {
    const relay = await openRelay();
    const client = await connect(relay);
    for (let n = 0; n < 500; n++) client.send('EVENT', makeEvent({ created_at: NOW - n }));
    client.send('REQ', 'a', { kinds: [1] });
    await client.take(([type]) => type === 'EVENT');
    await relay.close();
    expect(client.socket.readyState).toBe(WebSocket.CLOSED);
  });

  it('lets the process end by itself', async () => {
    const module = JSON.stringify(new URL('startRelay.ts', import.meta.url).href);
    const script = `const { startRelay } = await import(${module}); const r = await startRelay(); new WebSocket(r.url).onopen = () => r.close();`;
    const { stderr } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], { timeout: 20_000 });
    expect(stderr).not.toMatch(/error/i);
  });
});

describe('serving', () => {
  it('runs until the signal aborts and then resolves with the relay closed', async () => {
    const controller = new AbortController();
    const ready = Promise.withResolvers<RunningRelay>();
    const serving = serveRelay({ signal: controller.signal, onReady: ready.resolve });
    const relay = await ready.promise;
    const client = await connect(relay);
    controller.abort();
    await serving;
    expect(await client.closed).toBe(1001);
    await expect(fetch(httpUrl(relay))).rejects.toThrow();
  });

  it('does not begin when the signal has aborted, nor call back when it aborts while starting', async () => {
    let isReady = false;
    const onReady = (): void => void (isReady = true);
    await serveRelay({ signal: AbortSignal.abort(), onReady });
    const controller = new AbortController();
    const serving = serveRelay({ signal: controller.signal, onReady });
    controller.abort();
    await serving;
    expect(isReady).toBe(false);
  });

  it('closes the relay when the callback throws, and passes the error on', async () => {
    let url = '';
    const onReady = (relay: RunningRelay): void => {
      url = httpUrl(relay);
      throw new Error('no room for me');
    };
    await expect(serveRelay({ signal: new AbortController().signal, onReady })).rejects.toThrow('no room for me');
    await expect(fetch(url)).rejects.toThrow();
  });

  it('on a port in use fails as starting does', async () => {
    const { port } = await openRelay();
    const options = { port, signal: new AbortController().signal, onReady: () => undefined };
    await expect(serveRelay(options)).rejects.toMatchObject({ code: 'store/unavailable' });
  });
});
