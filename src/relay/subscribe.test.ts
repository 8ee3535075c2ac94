import { Socket, type TcpSocketConnectOpts } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { alice, bob, closeAll, connect, eventsIn, idsOf, makeEvent, NOW, openRelay } from './relay.fixture.ts';

afterEach(closeAll);

const notes = [0, 1, 2, 3, 4].map((n) => makeEvent({ created_at: NOW - n, content: `note ${n}` }));

describe('a REQ', () => {
  it('brings stored events newest first, ties by lowest id, then EOSE', async () => {
    const client = await connect(await openRelay());
    const twins = ['a', 'b', 'c'].map((content) => makeEvent({ created_at: NOW - 2, content }));
    const events = [...notes, ...twins];
    for (const event of [...events].reverse()) await client.publish(event);
    const expected = [...events].sort((a, b) => b.created_at - a.created_at || (a.id < b.id ? -1 : 1));
    expect((await client.request('a', { kinds: [1] })).events).toEqual(expected);
  });

  it('with a limit brings the newest ones, and still all that comes later', async () => {
    const client = await connect(await openRelay());
    for (const event of notes.slice(1)) await client.publish(event);
    expect((await client.request('a', { kinds: [1], limit: 2 })).events).toEqual(notes.slice(1, 3));
    expect((await client.request('b', { kinds: [1], limit: 0 })).events).toEqual([]);
    await client.publish(notes[0]!);
    expect(await client.drain()).toEqual(['a', 'b'].map((id) => ['EVENT', id, notes[0]]));
  });

  it('with several filters brings what any of them matches, each event once', async () => {
    const client = await connect(await openRelay());
    for (const event of notes) await client.publish(event);
    const { events } = await client.request('a', { ids: [notes[1]!.id] }, { since: NOW - 1 }, { ids: [notes[4]!.id] });
    expect(idsOf(events)).toEqual(idsOf([notes[0]!, notes[1]!, notes[4]!]));
  });

  it.each([
    ['no filter', [], 'invalid'],
    ['a filter that is no object', ['x'], 'invalid'],
    ['a filter that is a list', [[]], 'invalid'],
    ['a field it does not know', [{ search: 'x' }], 'unsupported'],
    ['a tag name of two letters', [{ '#ab': ['x'] }], 'unsupported'],
    ['a field of the prototype', [JSON.parse('{"__proto__":["x"]}')], 'unsupported'],
    ['an empty list', [{ ids: [] }], 'invalid'],
    ['an id in upper case', [{ ids: ['A'.repeat(64)] }], 'invalid'],
    ['a prefix of a key', [{ authors: [alice.pubkey.slice(0, 8)] }], 'invalid'],
    ['a #p value that is no key', [{ '#p': ['bob'] }], 'invalid'],
    ['a kind that is text', [{ kinds: ['1'] }], 'invalid'],
    ['a negative time', [{ since: -1 }], 'invalid'],
    ['a fractional limit', [{ limit: 0.5 }], 'invalid'],
    ['one good and one bad filter', [{ kinds: [1] }, { kinds: 1 }], 'invalid'],
  ])('with %s is closed with a reason and opens nothing', async (_what, filters: unknown[], prefix) => {
    const client = await connect(await openRelay());
    const { closed } = await client.request('a', ...(filters as object[]));
    expect(closed).toMatch(new RegExp(`^${prefix}: `));
    await client.publish(notes[0]!);
    expect(await client.drain()).toEqual([]);
  });

  it('of the same id takes the place of the one before, even when it is refused', async () => {
    const client = await connect(await openRelay());
    await client.request('a', { kinds: [1] });
    await client.request('a', { kinds: [2] });
    await client.publish(notes[0]!);
    await client.request('b', { kinds: [1] });
    await client.request('b', { kinds: [] });
    await client.publish(notes[1]!);
    expect(await client.drain()).toEqual([]);
  });

  it('of the same id stops the answer to the one before', async () => {
    const raw = new Socket();
    const client = await connect(await openRelay(), { createConnection: (to) => raw.connect(to as TcpSocketConnectOpts) });
    const many = Array.from({ length: 250 }, (_, n) => makeEvent({ created_at: NOW - n }));
    for (const event of many) client.send('EVENT', event);
    await client.publish(makeEvent({ kind: 2 }));
    // Both in one packet, so that the second comes while the first is being answered.
    raw.cork();
    client.send('REQ', 'a', { kinds: [1] });
    client.send('REQ', 'a', { kinds: [2] });
    raw.uncork();
    await client.take(([type]) => type === 'EOSE');
    const kinds = eventsIn(await client.drain()).map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === 1).length).toBeLessThan(250);
    expect(kinds.at(-1)).toBe(2);
  });

  it('of an id belongs to its connection alone', async () => {
    const relay = await openRelay();
    const [one, two] = [await connect(relay), await connect(relay)];
    await one.request('a', { kinds: [1] });
    await two.request('a', { kinds: [2] });
    two.send('CLOSE', 'a');
    await two.drain();
    await two.publish(notes[0]!);
    expect(await one.drain()).toEqual([['EVENT', 'a', notes[0]]]);
    expect(await two.drain()).toEqual([]);
  });
});

describe('a subscription', () => {
  const mail = makeEvent({
    kind: 4,
    created_at: NOW - 50,
    tags: [
      ['p', bob.pubkey],
      ['h', 'room'],
    ],
  });
  it.each([
    ['ids', { ids: [mail.id] }, { ids: [notes[0]!.id] }],
    ['authors', { authors: [alice.pubkey] }, { authors: [bob.pubkey] }],
    ['kinds', { kinds: [4] }, { kinds: [1, 5] }],
    ['#p', { '#p': [bob.pubkey, alice.pubkey] }, { '#p': [alice.pubkey] }],
    ['#h', { '#h': ['room'] }, { '#h': ['roo'] }],
    ['since', { since: NOW - 50 }, { since: NOW - 49 }],
    ['until', { until: NOW - 50 }, { until: NOW - 51 }],
    ['all conditions', { kinds: [4], '#h': ['room'] }, { kinds: [4], '#h': ['room'], '#p': [alice.pubkey] }],
  ])('by %s gets live events that match and no others', async (_what, matching, other) => {
    const relay = await openRelay();
    const [writer, reader] = [await connect(relay), await connect(relay)];
    await reader.request('yes', matching);
    await reader.request('no', other);
    await writer.publish(mail);
    expect(await reader.drain()).toEqual([['EVENT', 'yes', mail]]);
  });

  it('gets an event once even if two of its filters match', async () => {
    const client = await connect(await openRelay());
    await client.request('a', { kinds: [1] }, { authors: [alice.pubkey] });
    await client.publish(notes[0]!);
    expect(await client.drain()).toEqual([['EVENT', 'a', notes[0]]]);
  });

  it('ends with CLOSE', async () => {
    const client = await connect(await openRelay());
    await client.request('a', { kinds: [1] });
    client.send('CLOSE', 'a');
    await client.publish(notes[0]!);
    expect(await client.drain()).toEqual([]);
  });

  it('that opens while events pour in misses none and gets none twice', async () => {
    const relay = await openRelay();
    const [writer, reader] = [await connect(relay), await connect(relay)];
    const many = Array.from({ length: 300 }, (_, n) => makeEvent({ created_at: NOW - n }));
    for (const event of many.slice(0, 150)) writer.send('EVENT', event);
    reader.send('REQ', 'a', { kinds: [1] });
    for (const event of many.slice(150, -1)) writer.send('EVENT', event);
    await writer.publish(many.at(-1)!);
    await reader.take(([type]) => type === 'EOSE');
    const got = (await reader.drain()).map((message) => (message[2] as { id: string }).id);
    expect(got.sort()).toEqual(idsOf(many).sort());
  });
});
