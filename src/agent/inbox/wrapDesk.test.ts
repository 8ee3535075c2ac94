// What comes last and shows work is opened with the next batch, however much junk was there before; what there was no room for is not forgotten.

import { expect, it } from 'vitest';
import type { NostrEvent } from '../../nostr/event.ts';
import type { OpenedWrap, Unwrapper } from '../../nostr/unwrapper.ts';
import { createWrapBudgets, DAEMON_BURST_MS } from './wrapBudgets.ts';
import { createWrapDesk } from './wrapDesk.ts';
import { QUEUE_LIMITS } from './wrapQueue.ts';

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

it('has not all as long as something waits, or was left to the relays for want of room', async () => {
  const open: Unwrapper['open'] = async (wraps) =>
    wraps.map((wrap): OpenedWrap => ({ wrap, opened: { kind: 'unreadable', reason: 'decrypt' }, tookMs: 0 }));
  let told = Promise.withResolvers<void>();
  const budgets = createWrapBudgets(DAEMON_BURST_MS);
  const desk = createWrapDesk(
    async () => ({ open, close: async () => undefined }),
    budgets,
    () => told.resolve(),
  );
  expect(desk.hasAll()).toBe(true);
  for (let n = 0; n < QUEUE_LIMITS.wraps + 1_000; n += 1) desk.add(makeWrap(n, 0));
  expect(desk.hasAll()).toBe(false);
  while (!desk.isIdle()) {
    await told.promise;
    told = Promise.withResolvers();
    desk.take();
  }
  expect([desk.hasAll(), desk.takeShortfall(), desk.hasAll()]).toEqual([false, true, true]);
  await desk.close();
});
