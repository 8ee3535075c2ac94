// Gift wraps (NIP-59): one recipient, a hidden sender, and nothing hostile that throws.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../core/bytes.ts';
import type { Rng } from '../core/ports.ts';
import { makeRumor, verifyEvent, type EventTemplate, type NostrEvent, type Rumor } from './event.ts';
import { signExactly, unwrapGift, wrapRumor, type Unwrapped } from './giftWrap.ts';
import { createKeySigner, type Signer } from './signer.ts';

const NOW = 1_800_000_000;
const [alice, bob, eve] = ['alice', 'bob', 'eve'].map((name) => createKeySigner(sha256(name))) as [Signer, Signer, Signer];
const rumor = makeRumor(alice.pubkey, { kind: 444, created_at: NOW, tags: [['e', 'x']], content: 'grüezi' });
const rng: Rng = { bytes: (length) => crypto.getRandomValues(new Uint8Array(length)) };

const wrapFor = (recipient: string, inner: Rumor = rumor, signer = alice): Promise<NostrEvent> =>
  wrapRumor({ signer, recipient, rumor: inner, now: NOW, rng });

async function reasonOf(event: unknown, signer = bob): Promise<string> {
  const opened: Unwrapped = await unwrapGift(signer, event);
  return opened.kind === 'unreadable' ? opened.reason : opened.kind;
}

/** A wrap around any inner text, sealed or not as `make` says. */
async function wrapAround(sealed: unknown): Promise<NostrEvent> {
  return eve.signEvent({
    kind: 1059,
    created_at: NOW,
    tags: [['p', bob.pubkey]],
    content: await eve.encrypt(bob.pubkey, JSON.stringify(sealed)),
  });
}

async function seal(inner: unknown, signer = alice, changes: Partial<EventTemplate> = {}): Promise<NostrEvent> {
  const content = await signer.encrypt(bob.pubkey, JSON.stringify(inner));
  return signer.signEvent({ kind: 13, created_at: NOW, tags: [], content, ...changes });
}

describe('a gift wrap', () => {
  it('gives its recipient the rumor and the one who sealed it', async () => {
    expect(await unwrapGift(bob, await wrapFor(bob.pubkey))).toEqual({ kind: 'rumor', rumor, sender: alice.pubkey });
  });

  it('shows others the recipient and nothing else: a throw-away author, no sender, a time off by up to two days', async () => {
    const wraps = await Promise.all(Array.from({ length: 20 }, () => wrapFor(bob.pubkey)));
    for (const wrap of wraps) {
      expect(verifyEvent(wrap)).toBe(true);
      expect([wrap.kind, wrap.tags]).toEqual([1059, [['p', bob.pubkey]]]);
      expect(JSON.stringify(wrap)).not.toContain(alice.pubkey);
      expect(wrap.created_at).toBeLessThanOrEqual(NOW);
      expect(wrap.created_at).toBeGreaterThan(NOW - 2 * 86_400);
    }
    expect(new Set(wraps.map(({ pubkey }) => pubkey)).size).toBe(20);
    expect(new Set(wraps.map(({ created_at }) => created_at)).size).toBeGreaterThan(10);
  });

  it('opens for nobody else', async () => {
    const wrap = await wrapFor(bob.pubkey);
    expect(await reasonOf(wrap, eve)).toBe('not-a-gift-wrap');
    const readdressed = await eve.signEvent({ ...wrap, tags: [['p', eve.pubkey]] });
    expect(await reasonOf(readdressed, eve)).toBe('decrypt');
  });

  it('is refused when the seal is by another than the author of the rumor', async () => {
    expect(await reasonOf(await wrapAround(await seal(rumor, eve)))).toBe('author');
  });

  it.each<[string, string, () => Promise<unknown>]>([
    ['is no event', 'not-a-gift-wrap', async () => ({ kind: 1059 })],
    ['has a changed field', 'signature', async () => ({ ...(await wrapFor(bob.pubkey)), created_at: 1 })],
    ['has two recipients', 'not-a-gift-wrap', async () => addRecipient(await wrapFor(bob.pubkey))],
    ['is not encrypted', 'decrypt', () => eve.signEvent({ kind: 1059, created_at: NOW, tags: [['p', bob.pubkey]], content: '{}' })],
    ['holds no seal', 'seal', () => wrapAround({ a: 1 })],
    ['holds a seal of another kind', 'seal', async () => wrapAround(await seal(rumor, alice, { kind: 14 }))],
    ['holds a seal with tags', 'seal', async () => wrapAround(await seal(rumor, alice, { tags: [['p', bob.pubkey]] }))],
    ['holds a seal with a wrong signature', 'seal', async () => wrapAround({ ...(await seal(rumor)), created_at: 1 })],
    ['holds a seal that is not encrypted', 'decrypt', async () => wrapAround(await seal(rumor, alice, { content: 'plain' }))],
    ['holds no rumor', 'rumor', async () => wrapAround(await seal({ kind: 1 }))],
    ['holds a rumor with a wrong id', 'rumor', async () => wrapAround(await seal({ ...rumor, id: '0'.repeat(64) }))],
    ['holds a signed event', 'rumor', async () => wrapAround(await seal(await alice.signEvent(rumor)))],
  ])('that %s is refused as %s', async (_, reason, make) => {
    expect(await reasonOf(await make())).toBe(reason);
  });

  it('may hold a rumor without an id, as some clients write it', async () => {
    const { id: _id, ...rest } = rumor;
    expect(await unwrapGift(bob, await wrapAround(await seal(rest)))).toEqual({ kind: 'rumor', rumor, sender: alice.pubkey });
  });

  it('never throws, whatever stands inside', async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), async (value) => {
        expect(await reasonOf(value)).toBe('not-a-gift-wrap');
        expect(await reasonOf(await wrapAround(value))).toBe('seal');
        expect(await reasonOf(await wrapAround(await seal(value)))).toBe('rumor');
      }),
      { numRuns: 30 },
    );
  });

  it('is not made for a recipient that is no key', async () => {
    await expect(wrapFor('bob')).rejects.toMatchObject({ code: 'input/invalid' });
  });
});

function addRecipient(wrap: NostrEvent): Promise<NostrEvent> {
  return eve.signEvent({ ...wrap, tags: [...wrap.tags, ['p', alice.pubkey]] });
}

describe('a signer', () => {
  it('that signs anything but what it was asked for is refused', async () => {
    const template: EventTemplate = { kind: 1, created_at: NOW, tags: [], content: 'as asked' };
    const changes: readonly Partial<EventTemplate>[] = [
      { kind: 2 },
      { created_at: NOW + 1 },
      { tags: [['client', 'x']] },
      { content: 'else' },
    ];
    for (const change of changes) {
      const willful: Signer = { ...alice, signEvent: (asked) => alice.signEvent({ ...asked, ...change }) };
      await expect(signExactly(willful, template)).rejects.toMatchObject({ code: 'signer/altered' });
    }
    const stranger: Signer = { ...alice, signEvent: (asked) => eve.signEvent(asked) };
    await expect(signExactly(stranger, template)).rejects.toMatchObject({ code: 'signer/altered' });
    expect(verifyEvent(await signExactly(alice, template))).toBe(true);
  });
});
