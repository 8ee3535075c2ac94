import { afterEach, describe, expect, it } from 'vitest';
import { alice, bob, carol, closeAll, connect, eventsIn, makeEvent, makeWrap, NOW, openRelay } from './relay.fixture.ts';

afterEach(closeAll);

const guarded = { requireAuthForGiftWraps: true };
const toBob = makeWrap(bob);
const toCarol = makeWrap(carol);
const note = makeEvent({ created_at: NOW - 1, tags: [['p', bob.pubkey]] });

describe('a relay that guards gift wraps', () => {
  it('sends a challenge of its own to each connection at once', async () => {
    const relay = await openRelay(guarded);
    const challenges = await Promise.all(
      [1, 2].map(async () => (await (await connect(relay)).take(([type]) => type === 'AUTH'))[1] as string),
    );
    expect(new Set(challenges).size).toBe(2);
    for (const challenge of challenges) expect(challenge).toMatch(/^[0-9a-f]{64}$/);
  });

  it('takes gift wraps from anyone, as their senders stay unknown', async () => {
    const relay = await openRelay(guarded);
    expect(await (await connect(relay)).publish(toBob)).toEqual([true, '']);
    expect(relay.storedEvents()).toEqual([toBob]);
  });

  it('closes a REQ that names kind 1059 until the client has authenticated', async () => {
    const client = await connect(await openRelay(guarded));
    await client.publish(toBob);
    for (const filters of [[{ kinds: [1059] }], [{ kinds: [1, 1059] }], [{ kinds: [1] }, { kinds: [1059], '#p': [bob.pubkey] }]]) {
      expect(await client.request('a', ...filters)).toEqual({ events: [], closed: expect.stringMatching(/^auth-required: /) });
    }
    expect(await client.authenticate(bob)).toEqual([true, '']);
    expect(await client.request('a', { kinds: [1059] })).toEqual({ events: [toBob], closed: undefined });
  });

  it.each([
    ['by id', { ids: [toBob.id, toCarol.id, note.id] }],
    ['by recipient', { '#p': [bob.pubkey, carol.pubkey] }],
    ['by time', { since: NOW - 10 }],
    ['by author', { authors: [toBob.pubkey, note.pubkey] }],
  ])('leaves stored and live gift wraps out of what a stranger asks for %s', async (_how, filter) => {
    const relay = await openRelay(guarded);
    const [writer, stranger] = [await connect(relay), await connect(relay)];
    for (const event of [toBob, note]) await writer.publish(event);
    expect((await stranger.request('a', filter)).events).toEqual([note]);
    await writer.publish(toCarol);
    expect(eventsIn(await stranger.drain())).toEqual([]);
  });

  it('does not let hidden gift wraps use up the limit of a request', async () => {
    const relay = await openRelay(guarded);
    const client = await connect(relay);
    for (const event of [toBob, toCarol, note]) await client.publish(event);
    expect((await client.request('a', { since: 0, limit: 1 })).events).toEqual([note]);
  });

  it('gives stored and live gift wraps to their recipient only', async () => {
    const relay = await openRelay(guarded);
    const [writer, reader] = [await connect(relay), await connect(relay)];
    await writer.publish(toBob);
    await writer.publish(toCarol);
    await reader.authenticate(bob);
    expect((await reader.request('a', { kinds: [1059] })).events).toEqual([toBob]);
    expect((await reader.request('b', { kinds: [1059], '#p': [carol.pubkey] })).events).toEqual([]);
    const [nextToBob, nextToCarol] = [makeWrap(bob, alice), makeWrap(carol, alice)];
    await writer.publish(nextToCarol);
    await writer.publish(nextToBob);
    expect(eventsIn(await reader.drain())).toEqual([nextToBob]);
  });

  it('lets a subscription from before the proof get live gift wraps after it', async () => {
    const relay = await openRelay(guarded);
    const [writer, reader] = [await connect(relay), await connect(relay)];
    await reader.request('a', { '#p': [bob.pubkey] });
    await writer.publish(toBob);
    await reader.authenticate(bob);
    const after = makeWrap(bob, carol);
    await writer.publish(after);
    expect(eventsIn(await reader.drain())).toEqual([after]);
  });

  it('serves one connection several keys that it has proven, and another connection none of them', async () => {
    const relay = await openRelay(guarded);
    const [reader, other] = [await connect(relay), await connect(relay)];
    await reader.publish(toBob);
    await reader.publish(toCarol);
    await reader.authenticate(bob);
    await reader.authenticate(carol);
    expect((await reader.request('a', { kinds: [1059] })).events).toHaveLength(2);
    expect((await other.request('a', { '#p': [bob.pubkey, carol.pubkey] })).events).toEqual([]);
  });

  it('does not show a gift wrap to its own publisher', async () => {
    const client = await connect(await openRelay(guarded));
    await client.request('a', { since: 0 });
    await client.publish(toBob);
    expect(eventsIn(await client.drain())).toEqual([]);
  });
});

describe('a relay that does not guard gift wraps', () => {
  it('sends no challenge and serves them like any event', async () => {
    const client = await connect(await openRelay());
    await client.publish(toBob);
    expect((await client.request('a', { kinds: [1059] })).events).toEqual([toBob]);
    expect(await client.drain()).toEqual([]);
  });
});

describe('the deletion of a gift wrap (NIP-09)', () => {
  const deletion = (tags: string[][], by = bob): ReturnType<typeof makeEvent> => makeEvent({ kind: 5, tags }, by);
  const k = ['k', '1059'];
  it('is granted to its recipient, and for good', async () => {
    const relay = await openRelay();
    const client = await connect(relay);
    await client.publish(toBob);
    await client.publish(deletion([['e', toBob.id], k]));
    expect(relay.storedEvents()).not.toContainEqual(toBob);
    expect(await client.publish(toBob)).toEqual([false, expect.stringMatching(/^blocked: /)]);
  });

  it.each([
    ['somebody else asks', toBob, deletion([['e', toBob.id], k], carol)],
    ['the request does not name kind 1059', toBob, deletion([['e', toBob.id]])],
    ['it is no gift wrap', note, deletion([['e', note.id], k])],
  ])('is not granted when %s', async (_why, event, request) => {
    const relay = await openRelay();
    const client = await connect(relay);
    await client.publish(request);
    expect(await client.publish(event)).toEqual([true, '']);
    await client.publish(makeEvent({ ...request, content: 'again' }, request.pubkey === bob.pubkey ? bob : carol));
    expect(relay.storedEvents()).toContainEqual(event);
  });
});
