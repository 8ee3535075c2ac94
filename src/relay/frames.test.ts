import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS } from './limits.ts';
import { alice, closeAll, connect, makeEvent, NOW, openRelay } from './relay.fixture.ts';

afterEach(closeAll);

const lenient = { limits: { maxMalformedFrames: 1_000_000, eventBurst: 1_000_000, reqBurst: 1_000_000 } };

describe('a malformed frame', () => {
  it.each([
    ['no JSON', 'hello'],
    ['nothing', ''],
    ['an object', '{"EVENT":1}'],
    ['an empty list', '[]'],
    ['an unknown message', '["COUNT","a",{}]'],
    ['a list in place of the name', '[["EVENT"]]'],
    ['an EVENT without event', '["EVENT"]'],
    ['an EVENT of null', '["EVENT",null]'],
    ['an event without id', '["EVENT",{}]'],
    ['an event with an id in capitals', `["EVENT",{"id":"${'A'.repeat(64)}"}]`],
    ['a REQ without id', '["REQ"]'],
    ['a REQ whose id is a number', '["REQ",1,{}]'],
    ['a REQ with an empty id', '["REQ","",{}]'],
    ['a CLOSE without id', '["CLOSE"]'],
    ['an AUTH with text', '["AUTH","x"]'],
    ['brackets without end', '['.repeat(100_000)],
    ['deep brackets', '['.repeat(100_000) + ']'.repeat(100_000)],
  ])('of %s gets a NOTICE, and the connection goes on', async (_what, frame) => {
    const client = await connect(await openRelay());
    client.socket.send(frame);
    expect((await client.take(([type]) => type === 'NOTICE'))[1]).toMatch(/^invalid: /);
    expect(await client.publish(makeEvent())).toEqual([true, '']);
  });

  it('is a binary one, even if it holds a good message', async () => {
    const relay = await openRelay();
    const client = await connect(relay);
    client.socket.send(Buffer.from(JSON.stringify(['EVENT', makeEvent()])), { binary: true });
    expect((await client.take(([type]) => type === 'NOTICE'))[1]).toMatch(/text frame/);
    expect(relay.storedEvents()).toEqual([]);
  });

  it('too many ends the connection with status 1008, and nothing more is heard from it', async () => {
    const relay = await openRelay({ limits: { maxMalformedFrames: 3 } });
    const client = await connect(relay);
    const closed = client.closed;
    for (let n = 0; n < 3; n++) client.socket.send('x');
    client.send('EVENT', makeEvent());
    expect(await closed).toBe(1008);
    expect(relay.storedEvents()).toEqual([]);
  });

  it('above the frame limit ends the connection with status 1009', async () => {
    const relay = await openRelay({ limits: { maxFrameBytes: 1_000 } });
    const client = await connect(relay);
    client.socket.send('x'.repeat(1_001));
    expect(await client.closed).toBe(1009);
    expect(await (await connect(relay)).publish(makeEvent())).toEqual([true, '']);
  });

  it('of bytes that are no UTF-8 ends the connection with status 1007', async () => {
    const relay = await openRelay();
    const client = await connect(relay);
    client.socket.send(Buffer.from([0xff, 0xfe]), { binary: false });
    expect(await client.closed).toBe(1007);
    expect(await (await connect(relay)).publish(makeEvent())).toEqual([true, '']);
  });
});

describe('whatever a client sends', () => {
  const good = makeEvent();
  const value = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom<unknown>(good, { ids: [good.id] }, { kinds: [1] }, 'a', '', null, {}, []),
    fc.record({ id: fc.constantFrom(good.id, 'x'), kind: fc.jsonValue(), tags: fc.jsonValue(), content: fc.jsonValue() }),
    fc.dictionary(fc.constantFrom('ids', 'authors', 'kinds', '#p', '#t', 'since', 'until', 'limit', '__proto__'), fc.jsonValue()),
  );
  const message = fc.tuple(fc.constantFrom('EVENT', 'REQ', 'CLOSE', 'AUTH', 'x'), fc.array(value, { maxLength: 4 }));

  it('the relay answers the next request and stores nothing that is not genuine', async () => {
    const relay = await openRelay({ ...lenient, requireAuthForGiftWraps: true });
    const client = await connect(relay);
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          message.map(([name, rest]) => JSON.stringify([name, ...rest])),
          fc.string(),
        ),
        async (frame) => {
          client.socket.send(frame);
          client.send('CLOSE', 'a');
          await client.drain();
        },
      ),
      { numRuns: 500 },
    );
    expect(relay.storedEvents().every(({ id }) => id === good.id)).toBe(true);
  });

  it('cut or flipped anywhere in a good message does no harm', async () => {
    const relay = await openRelay(lenient);
    const client = await connect(relay);
    const text = JSON.stringify(['EVENT', good]);
    await fc.assert(
      fc.asyncProperty(fc.nat(text.length - 1), fc.string({ maxLength: 2 }), async (at, patch) => {
        const frame = text.slice(0, at) + patch + text.slice(at + 1);
        client.socket.send(frame);
        await client.drain();
      }),
      { numRuns: 300 },
    );
    expect(relay.storedEvents().every(({ id, sig }) => id === good.id && sig === good.sig)).toBe(true);
  });

  it('a request for as many values as one may name is answered', async () => {
    const client = await connect(await openRelay());
    await client.publish(good);
    const kinds = Array.from({ length: DEFAULT_LIMITS.maxFilterValues }, (_, n) => n);
    const filters = Array.from({ length: DEFAULT_LIMITS.maxFilters }, () => ({ kinds }));
    expect((await client.request('a', ...filters)).events).toEqual([good]);
    expect((await client.request('b', { authors: [alice.pubkey], since: NOW, until: Number.MAX_SAFE_INTEGER })).events).toEqual([good]);
  });
});
