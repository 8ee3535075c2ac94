// A channel that has gone back in time meets what its own leaf has sent since, and tells it from an echo and from what others forge.

import { beforeAll, describe, expect, it } from 'vitest';
import type { Channel } from './channel.ts';
import { decodeChannel, encodeChannel } from './channelCodec.ts';
import { expectKind, makeRng, NOW, openPair, peel, pinClock, say, take, type Pair } from './parties.fixture.ts';
import { processMls } from './processMls.ts';
import { burnKeys } from './sealPayload.ts';
import { adoptStaged, stageCommit } from './stageCommit.ts';

const rng = makeRng('stray');
let pair: Pair;
beforeAll(async () => {
  pinClock();
  pair = await openPair();
});

const saved = (channel: Channel): Channel => decodeChannel(encodeChannel(channel));

describe('a channel that was put back', () => {
  it('reads what it has lost, and then uses none of those keys again', async () => {
    const first = await say(pair.a, 'one', rng);
    const second = await say(first.channel, 'two', rng);
    let old = saved(pair.a);
    for (const [sent, content] of [
      [first, 'one'],
      [second, 'two'],
    ] as const) {
      const stray = expectKind(await take(old, sent.event), 'stray');
      expect(stray.rumor?.content).toBe(content);
      old = saved(stray.channel);
      // Once it is known, it is an echo.
      expect(await take(old, sent.event)).toEqual({ kind: 'own' });
    }
    const third = await say(old, 'three', rng);
    let b = pair.b;
    for (const { event } of [first, second, third]) b = expectKind(await take(b, event), 'payload').channel;
  });

  it('knows a commit of its own that it has lost', async () => {
    const staged = await stageCommit(pair.a, { kind: 'self-update' }, NOW, rng);
    expect(expectKind(await take(saved(pair.a), staged.event), 'stray').rumor).toBeUndefined();
    expect(await take(adoptStaged(staged.channel).channel, staged.event)).toEqual({ kind: 'own' });
  });

  it('takes nothing for its own that its leaf has not signed', async () => {
    const staged = await stageCommit(pair.a, { kind: 'self-update' }, NOW, rng);
    const { mlsBytes } = peel(pair.a, staged.event);
    const kinds = new Set<string>();
    for (let i = 0; i < mlsBytes.length; i += 7) {
      const forged = Uint8Array.from(mlsBytes);
      forged[i] = (forged[i] ?? 0) ^ 1;
      kinds.add((await processMls(pair.a, forged)).kind);
    }
    expect(kinds.has('own')).toBe(true);
    expect(kinds.has('stray')).toBe(false);
  });
});

describe('keys that were thrown away', () => {
  it('are passed over by the peer', async () => {
    const before = await say(pair.a, 'before', rng);
    const after = await say(saved(await burnKeys(before.channel, 40, rng)), 'after', rng);
    const b = expectKind(await take(pair.b, before.event), 'payload').channel;
    const late = expectKind(await take(b, after.event), 'payload');
    expect(late.rumor.content).toBe('after');
    // And what was sent with one of them, by a state that is lost, can still be read.
    const lost = await say(before.channel, 'lost', rng);
    expect(expectKind(await take(late.channel, lost.event), 'payload').rumor.content).toBe('lost');
  });
});
