import { afterEach, describe, expect, it } from 'vitest';
import { alice, bob, closeAll, connect, eventsIn, idsOf, makeEvent, NOW, openRelay, spoil } from './relay.fixture.ts';

afterEach(closeAll);

describe('an EVENT message', () => {
  it('is answered with OK and the event is stored as it was signed', async () => {
    const relay = await openRelay();
    const client = await connect(relay);
    const event = makeEvent({ content: 'ünï 🙂 \u0000 "\\ \n', tags: [['t', ''], ['x']] });
    expect(await client.publish(event)).toEqual([true, '']);
    expect(relay.storedEvents()).toEqual([event]);
    expect(relay.storedBytes()).toBe(Buffer.byteLength(JSON.stringify(event)));
    expect((await client.request('a', { ids: [event.id] })).events).toEqual([event]);
  });

  it('that is known is accepted as a duplicate, stored once and not sent again', async () => {
    const relay = await openRelay();
    const [client, reader] = [await connect(relay), await connect(relay)];
    await reader.request('all', { kinds: [1] });
    const event = makeEvent();
    await client.publish(event);
    const [accepted, text] = await client.publish(event);
    expect([accepted, text]).toEqual([true, expect.stringMatching(/^duplicate: /)]);
    expect(relay.storedEvents()).toHaveLength(1);
    expect(eventsIn(await reader.drain())).toHaveLength(1);
  });

  const good = makeEvent();
  it.each([
    ['a signature that is not the author’s', { ...good, sig: spoil(good.sig) }],
    ['the signature of another author', { ...good, sig: makeEvent({}, bob).sig }],
    ['an id that is not its hash', { ...good, id: spoil(good.id) }],
    ['altered content', { ...good, content: 'hullo' }],
    ['altered tags', { ...good, tags: [['p', bob.pubkey]] }],
    ['another author', { ...good, pubkey: bob.pubkey }],
    ['a field too many', { ...good, extra: 1 }],
    ['a field missing', { ...good, content: undefined }],
    ['a kind above 65535', { ...good, kind: 65_536 }],
    ['a fractional time', { ...good, created_at: 1.5 }],
    ['an empty tag', { ...good, tags: [[]] }],
    ['a tag that is no list', { ...good, tags: ['p'] }],
    ['a lone surrogate', makeEvent({ content: '\ud800' })],
  ])('with %s is refused as invalid, and neither stored nor sent on', async (_what, event) => {
    const relay = await openRelay();
    const client = await connect(relay);
    await client.request('all', { since: 0 });
    expect(await client.publish(event)).toEqual([false, expect.stringMatching(/^invalid: /)]);
    expect(relay.storedEvents()).toEqual([]);
    expect(await client.drain()).toEqual([]);
  });

  it('of kind 22242 is refused, as such events are never passed on', async () => {
    const relay = await openRelay();
    const client = await connect(relay);
    expect(await client.publish(makeEvent({ kind: 22_242 }))).toEqual([false, expect.stringMatching(/^invalid: /)]);
  });
});

describe('replaceable events', () => {
  it.each([0, 3, 10_002, 19_999])('of kind %i: the newest one remains', async (kind) => {
    const relay = await openRelay();
    const client = await connect(relay);
    const [older, newer] = [makeEvent({ kind, created_at: NOW - 1 }), makeEvent({ kind })];
    expect(await client.publish(older)).toEqual([true, '']);
    expect(await client.publish(newer)).toEqual([true, '']);
    expect(await client.publish(older)).toEqual([false, expect.stringMatching(/^blocked: .*newer/)]);
    expect(relay.storedEvents()).toEqual([newer]);
  });

  it('of the same second: the one with the lowest id remains, whichever comes first', async () => {
    const pair = [makeEvent({ kind: 10_002, content: 'a' }), makeEvent({ kind: 10_002, content: 'b' })];
    const lowest = [...pair].sort((a, b) => (a.id < b.id ? -1 : 1))[0];
    for (const events of [pair, [...pair].reverse()]) {
      const relay = await openRelay();
      const client = await connect(relay);
      for (const event of events) await client.publish(event);
      expect(relay.storedEvents()).toEqual([lowest]);
    }
  });

  it('of other authors and other kinds do not replace each other', async () => {
    const relay = await openRelay();
    const client = await connect(relay);
    const events = [makeEvent({ kind: 10_002 }), makeEvent({ kind: 10_050 }), makeEvent({ kind: 10_002 }, bob)];
    for (const event of events) await client.publish(event);
    expect(relay.storedEvents()).toEqual(events);
  });

  it('with an address replace only what has the same d tag', async () => {
    const relay = await openRelay();
    const client = await connect(relay);
    const at = (d: string, created_at: number): ReturnType<typeof makeEvent> => makeEvent({ kind: 30_443, created_at, tags: [['d', d]] });
    const [first, second, other] = [at('x', NOW - 2), at('x', NOW - 1), at('y\u0000', NOW - 3)];
    for (const event of [first, other, second]) await client.publish(event);
    expect(idsOf(relay.storedEvents()).sort()).toEqual(idsOf([other, second]).sort());
  });
});

describe('ephemeral events', () => {
  it.each([20_000, 29_999])('of kind %i reach who listens and are not stored', async (kind) => {
    const relay = await openRelay();
    const [client, reader] = [await connect(relay), await connect(relay)];
    await reader.request('live', { kinds: [kind] });
    const event = makeEvent({ kind });
    expect(await client.publish(event)).toEqual([true, '']);
    expect(await reader.drain()).toEqual([['EVENT', 'live', event]]);
    expect(relay.storedEvents()).toEqual([]);
    expect((await reader.request('late', { kinds: [kind] })).events).toEqual([]);
  });
});

describe('deletion requests (NIP-09)', () => {
  const note = makeEvent();
  const article = makeEvent({ kind: 30_023, created_at: NOW - 10, tags: [['d', 'x']] });
  const address = `30023:${alice.pubkey}:x`;

  it('delete the author’s events, stay themselves, and keep what they deleted from coming back', async () => {
    const relay = await openRelay();
    const client = await connect(relay);
    await client.publish(note);
    const request = makeEvent({ kind: 5, tags: [['e', note.id]] });
    expect(await client.publish(request)).toEqual([true, '']);
    expect(relay.storedEvents()).toEqual([request]);
    expect(await client.publish(note)).toEqual([false, expect.stringMatching(/^blocked: /)]);
  });

  it('that come before the event keep it out', async () => {
    const relay = await openRelay();
    const client = await connect(relay);
    await client.publish(makeEvent({ kind: 5, tags: [['e', note.id]] }));
    expect((await client.publish(note))[0]).toBe(false);
  });

  it('of somebody else change nothing, by id or by address, before or after', async () => {
    const relay = await openRelay();
    const client = await connect(relay);
    const tags = [
      ['e', note.id],
      ['a', address],
    ];
    await client.publish(note);
    await client.publish(makeEvent({ kind: 5, tags }, bob));
    expect(await client.publish(article)).toEqual([true, '']);
    expect(idsOf(relay.storedEvents())).toEqual(expect.arrayContaining([note.id, article.id]));
  });

  it('by address delete versions up to their own time and none after it', async () => {
    const relay = await openRelay();
    const client = await connect(relay);
    await client.publish(article);
    await client.publish(makeEvent({ kind: 5, created_at: NOW - 5, tags: [['a', address]] }));
    expect((await client.request('gone', { kinds: [30_023] })).events).toEqual([]);
    expect((await client.publish(makeEvent({ kind: 30_023, created_at: NOW - 5, tags: [['d', 'x']] })))[0]).toBe(false);
    const after = makeEvent({ kind: 30_023, created_at: NOW - 4, tags: [['d', 'x']] });
    expect(await client.publish(after)).toEqual([true, '']);
    await client.publish(makeEvent({ kind: 5, created_at: NOW - 5, content: 'again', tags: [['a', address]] }));
    expect(relay.storedEvents()).toContainEqual(after);
  });

  it('of a deletion request have no effect', async () => {
    const relay = await openRelay();
    const client = await connect(relay);
    const request = makeEvent({ kind: 5, tags: [['e', note.id]] });
    await client.publish(request);
    await client.publish(makeEvent({ kind: 5, content: 'undo', tags: [['e', request.id]] }));
    expect(idsOf(relay.storedEvents())).toContain(request.id);
    expect((await client.publish(note))[0]).toBe(false);
  });
});
