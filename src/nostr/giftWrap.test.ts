import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeRumor, type NostrEvent, type Rumor } from './event.ts';
import { KIND_GIFT_WRAP, KIND_SEAL, MAX_BACKDATE_S, unwrapGift, wrapRumor } from './giftWrap.ts';
import { createKeySigner } from './signer.ts';

const NOW = 1_800_000_000;
const rng = { bytes: (length: number) => new Uint8Array(randomBytes(length)) };
const [alice, bob, carol] = [1, 2, 3].map((byte) => createKeySigner(new Uint8Array(32).fill(byte))) as [Signer, Signer, Signer];
type Signer = ReturnType<typeof createKeySigner>;
const rumor = makeRumor(alice.pubkey, { kind: 444, created_at: NOW, tags: [['e', 'x']], content: 'welcome' });
const wrap = (of: Rumor = rumor): Promise<NostrEvent> => wrapRumor({ signer: alice, recipient: bob.pubkey, rumor: of, now: NOW, rng });

/** Wraps any text as a seal's plaintext, signed by `author`. */
async function wrapText(author: Signer, text: string): Promise<NostrEvent> {
  const seal = await author.signEvent({ kind: KIND_SEAL, created_at: NOW, tags: [], content: await author.encrypt(bob.pubkey, text) });
  return carol.signEvent({
    kind: KIND_GIFT_WRAP,
    created_at: NOW,
    tags: [['p', bob.pubkey]],
    content: await carol.encrypt(bob.pubkey, JSON.stringify(seal)),
  });
}

describe('a gift wrap', () => {
  it('opens for its recipient and names the author', async () => {
    expect(await unwrapGift(bob, await wrap())).toEqual({ kind: 'rumor', rumor, sender: alice.pubkey });
  });

  it('shows neither author nor time, and never the same key twice', async () => {
    const [first, second] = [await wrap(), await wrap()];
    expect(first.pubkey).not.toBe(second.pubkey);
    expect(JSON.stringify(first)).not.toContain(alice.pubkey);
    for (const { created_at } of [first, second]) expect(created_at > NOW - MAX_BACKDATE_S && created_at <= NOW).toBe(true);
  });

  it('stays shut for anyone else', async () => {
    expect(await unwrapGift(carol, await wrap())).toEqual({ kind: 'unreadable', reason: 'not-for-me' });
    const readdressed = await carol.signEvent({ ...(await wrap()), tags: [['p', carol.pubkey]] });
    expect(await unwrapGift(carol, readdressed)).toEqual({ kind: 'unreadable', reason: 'undecryptable' });
  });

  it('is refused when the rumor claims another author than the seal, a false id or a signature', async () => {
    expect(await unwrapGift(bob, await wrapText(carol, JSON.stringify(rumor)))).toEqual({ kind: 'unreadable', reason: 'bad-rumor' });
    expect(await unwrapGift(bob, await wrapText(alice, JSON.stringify({ ...rumor, content: 'other' })))).toEqual({
      kind: 'unreadable',
      reason: 'bad-rumor',
    });
    expect(await unwrapGift(bob, await wrapText(alice, JSON.stringify({ ...rumor, sig: '00' })))).toEqual({
      kind: 'unreadable',
      reason: 'bad-rumor',
    });
  });

  it('never makes the reader throw', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.string(), fc.json()), async (text) => {
        const sealed = text === '' ? 'x' : text; // NIP-44 has no empty plaintext
        expect((await unwrapGift(bob, await wrapText(alice, sealed))).kind).toBe('unreadable');
        expect(
          (
            await unwrapGift(
              bob,
              await carol.signEvent({ kind: KIND_GIFT_WRAP, created_at: NOW, tags: [['p', bob.pubkey]], content: text }),
            )
          ).kind,
        ).toBe('unreadable');
      }),
      { numRuns: 20 },
    );
  });
});
