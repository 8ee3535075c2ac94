// A leaf is renewed: staged, published, applied; and when both sides do it at once, both end in the same epoch.

import { beforeAll, describe, expect, it } from 'vitest';
import { describeChannel, type Channel } from './channel.ts';
import { decodeChannel, encodeChannel } from './channelCodec.ts';
import { leafAt } from './groupCheck.ts';
import { expectKind, makeRng, NOW, openPair, peel, pinClock, say, take, type Pair } from './parties.fixture.ts';
import { processMls } from './processMls.ts';
import { adoptStaged, dropStaged, stageCommit, type StagedCommit } from './stageCommit.ts';

const rng = makeRng('self-update');
let pair: Pair;
beforeAll(async () => {
  pinClock();
  pair = await openPair();
});

const stage = (channel: Channel): Promise<StagedCommit> => stageCommit(channel, { kind: 'self-update' }, NOW, rng);
const saved = (channel: Channel): Channel => decodeChannel(encodeChannel(channel));

async function talk(a: Channel, b: Channel): Promise<{ a: Channel; b: Channel }> {
  const there = await say(a, 'there', rng);
  const heard = expectKind(await processMls(b, peel(b, there.event).mlsBytes), 'payload').channel;
  const back = await say(heard, 'and back', rng);
  return { a: expectKind(await processMls(there.channel, peel(there.channel, back.event).mlsBytes), 'payload').channel, b: back.channel };
}

describe('a renewed leaf', () => {
  it('has new keys, the same owner, and is taken over by the peer', async () => {
    const staged = await stage(pair.b);
    const b = saved(adoptStaged(saved(staged.channel)).channel);
    const a = expectKind(await take(pair.a, staged.event), 'handshake').channel;
    expect([describeChannel(a).epoch, describeChannel(b).epoch]).toEqual([2, 2]);
    const [before, after] = [leafAt(pair.b.state.ratchetTree, 1), leafAt(b.state.ratchetTree, 1)];
    expect(after?.hpkePublicKey).not.toEqual(before?.hpkePublicKey);
    expect(after?.signaturePublicKey).toEqual(before?.signaturePublicKey);
    await talk(a, b);
  });

  it('keeps us from sending until a relay has it, and is dropped when none can', async () => {
    const staged = await stage(pair.b);
    await expect(say(saved(staged.channel), 'too early', rng)).rejects.toMatchObject({ code: 'relay/unacknowledged' });
    await expect(stage(staged.channel)).rejects.toMatchObject({ code: 'relay/unacknowledged' });
    await talk(dropStaged(saved(staged.channel)), pair.a);
    expect(() => adoptStaged(pair.b)).toThrow(expect.objectContaining({ code: 'internal/bug' }));
  });

  it('still reads what was sent in the epoch before', async () => {
    const late = await say(pair.a, 'late', rng);
    const b = adoptStaged((await stage(pair.b)).channel).channel;
    expectKind(await take(b, late.event), 'payload');
  });
});

describe('two renewed leaves of one epoch', () => {
  it.each([
    ['both applied before they heard of each other', true, true],
    ['only one was applied', true, false],
    ['neither was applied', false, false],
  ])('%s: both end in the same epoch', async (_, hasApplied, otherHasApplied) => {
    const [byAdmin, byOther] = [await stage(pair.a), await stage(pair.b)];
    let a = hasApplied ? adoptStaged(byAdmin.channel).channel : byAdmin.channel;
    let b = otherHasApplied ? adoptStaged(byOther.channel).channel : byOther.channel;
    for (const [own, other] of [
      [a, byOther],
      [b, byAdmin],
    ] as const) {
      const result = await take(saved(own), other.event);
      if (!('channel' in result)) throw new Error('nothing came of it');
      if (own === a) a = saved(result.channel);
      else b = saved(result.channel);
    }
    if (!hasApplied) a = adoptStaged(a).channel;
    if (!otherHasApplied) b = adoptStaged(b).channel;
    expect(a.staged).toBeUndefined();
    // The lower account: a self-update needs no admin, so being one does not count here.
    const winner = [a.own, b.own].sort()[0];
    expect([a.epoch.committer, b.epoch.committer]).toEqual([winner, winner]);
    expect(a.epoch.outerKey).toEqual(b.epoch.outerKey);
    await talk(a, saved(b));
  });
});
