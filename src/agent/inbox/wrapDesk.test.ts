// What comes last and shows work is opened with the next batch, however much junk was there before.

import { expect, it } from 'vitest';
import type { NostrEvent } from '../../nostr/event.ts';
import type { OpenedWrap, Unwrapper } from '../../nostr/unwrapper.ts';
import { createWrapBudgets, DAEMON_BURST_MS } from './wrapBudgets.ts';
import { createWrapDesk } from './wrapDesk.ts';

const makeWrap = (n: number, bits: number): NostrEvent => ({
  id: `${'0'.repeat(bits / 4)}${'f'.repeat(4)}${n.toString(16).padStart(60 - bits / 4, '0')}`,
  pubkey: 'a'.repeat(64),
  kind: 1059,
  created_at: n,
  tags: bits === 0 ? [] : [['nonce', '1', String(bits)]],
  content: 'x',
  sig: 'b'.repeat(128),
});

it('an invite with work that comes last is opened before the junk that waits, and all of that is opened once', async () => {
  const batches: (readonly NostrEvent[])[] = [];
  let goOn = Promise.withResolvers<void>();
  const open: Unwrapper['open'] = async (wraps) => {
    batches.push(wraps);
    await goOn.promise;
    return wraps.map((wrap): OpenedWrap => ({ wrap, opened: { kind: 'unreadable', reason: 'decrypt' }, tookMs: 0 }));
  };
  const told = { next: Promise.withResolvers<void>() };
  const desk = createWrapDesk(
    async () => ({ open, close: async () => undefined }),
    createWrapBudgets(DAEMON_BURST_MS),
    () => told.next.resolve(),
  );
  const junk = Array.from({ length: 1_000 }, (_, n) => makeWrap(n, 0));
  for (const wrap of junk) desk.add(wrap);
  const invite = makeWrap(1_000, 12);
  // The first batch is under way when it comes.
  await new Promise((resolve) => setImmediate(resolve));
  expect(batches).toHaveLength(1);
  desk.add(invite);
  goOn.resolve();
  goOn = Promise.withResolvers();
  goOn.resolve();
  const opened: OpenedWrap[] = [];
  while (!desk.isIdle()) {
    await told.next.promise;
    told.next = Promise.withResolvers();
    opened.push(...desk.take());
  }
  expect(batches[1]?.[0]).toEqual(invite);
  expect(opened.map(({ wrap }) => wrap.id).sort()).toEqual([...junk, invite].map(({ id }) => id).sort());
  await desk.close();
});
