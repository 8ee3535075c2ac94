// Wraps opened on a worker come out as on this thread, and a worker that fails is done without.

import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { rollDice } from '../core/dice.fixture.ts';
import { makeRumor, type NostrEvent } from './event.ts';
import { wrapRumor } from './giftWrap.ts';
import { loadSchnorr } from './schnorr.ts';
import { createKeySigner } from './signer.ts';
import { createThreadedUnwrapper, createUnwrapper, type Unwrapper } from './unwrapper.ts';

const rng = rollDice('unwrapper');
const secret = rng.bytes(32);
const me = createKeySigner(secret);
const sender = createKeySigner(rng.bytes(32));
const signer = async (): Promise<typeof me> => me;
let wraps: readonly NostrEvent[];
let unwrapper: Unwrapper;

beforeAll(async () => {
  await loadSchnorr();
  const made: NostrEvent[] = [];
  for (let i = 0; i < 40; i += 1) {
    const rumor = makeRumor(sender.pubkey, { kind: 444, created_at: i, tags: [], content: `welcome ${String(i)}` });
    const wrap = await wrapRumor({ signer: sender, recipient: me.pubkey, rumor, now: 1_800_000_000, rng });
    made.push(i % 3 === 0 ? { ...wrap, sig: '0'.repeat(128) } : i % 3 === 1 ? wrap : { ...wrap, content: wrap.content.slice(4) });
  }
  wraps = made;
});
afterEach(() => unwrapper.close());

const withoutTime = (results: Awaited<ReturnType<Unwrapper['open']>>) => results.map(({ wrap, opened }) => ({ wrap, opened }));

describe('an unwrapper', () => {
  it('gives the same on a worker as on this thread, in the same order', async () => {
    // The signer of this thread is of no use: what comes out is the worker's.
    unwrapper = createThreadedUnwrapper(
      () => Promise.reject(new Error('here')),
      () => secret,
    );
    const [there, again, here] = [await unwrapper.open(wraps), await unwrapper.open(wraps), await createUnwrapper(signer).open(wraps)];
    expect(here.filter(({ opened }) => opened.kind === 'rumor')).toHaveLength(13);
    expect(withoutTime(there)).toEqual(withoutTime(here));
    expect(withoutTime(again)).toEqual(withoutTime(here));
  });

  it('goes on without a worker that cannot start', async () => {
    // No secret key: the worker throws when it starts.
    unwrapper = createThreadedUnwrapper(signer, () => new Uint8Array(1));
    expect(withoutTime(await unwrapper.open(wraps))).toEqual(withoutTime(await createUnwrapper(signer).open(wraps)));
  });
});
