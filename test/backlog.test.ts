// What lies on relays in such numbers that it is read little by little is not taken for read before it was.

import { afterEach, expect, it } from 'vitest';
import { openParts } from '../src/agent/compose.ts';
import type { AgentContext } from '../src/agent/context.ts';
import { createFeed } from '../src/agent/daemon/followEvents.ts';
import type { LogEvent } from '../src/agent/daemon/log.ts';
import { takeIn } from '../src/agent/daemon/takeIn.ts';
import { createThrottle } from '../src/agent/daemon/throttle.ts';
import { fetchNews } from '../src/agent/fetchNews.ts';
import { markUpTo, wrapFilter, WRAP_OVERLAP_S } from '../src/agent/newsFilters.ts';
import { createTrustBook } from '../src/agent/inbox/trustBook.ts';
import { createWrapBudgets, DAEMON_BURST_MS } from '../src/agent/inbox/wrapBudgets.ts';
import { createWrapDesk } from '../src/agent/inbox/wrapDesk.ts';
import { readSetting, writeSetting } from '../src/agent/settings.ts';
import type { NostrEvent } from '../src/nostr/event.ts';
import { matchFilter, type Filter } from '../src/nostr/filter.ts';
import type { PoolLimits } from '../src/nostr/poolLimits.ts';
import {
  makeEvent,
  requestId,
  startFakeRelay,
  startHonestRelay,
  type Behaviour,
  type HonestOptions,
  type HonestRelay,
} from '../src/nostr/relayPool.fixture.ts';
import { createRelayPool } from '../src/nostr/relayPool.ts';
import { makeClock, makeLab } from './agents.fixture.ts';
import { openTable, recordOf, storedEvents } from './groups.fixture.ts';

const DAY_S = 86_400;
const now = Math.floor(Date.now() / 1_000);
/** Up to when everything was read before. */
const before = now - 10 * DAY_S;

const ends: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function startHonest(options: HonestOptions): Promise<HonestRelay> {
  const relay = await startHonestRelay(options);
  ends.push(relay.close);
  return relay;
}

async function startFake(behaviour: Behaviour): Promise<string> {
  const relay = await startFakeRelay(behaviour);
  ends.push(relay.close);
  return relay.url;
}

/** An agent that reads these relays with a pool of small limits. */
async function openReader(relays: readonly string[], limits: Partial<PoolLimits>): Promise<AgentContext> {
  const clock = makeClock(now);
  const lab = await makeLab(clock);
  ends.push(lab.close);
  const { home } = await lab.makeAgent();
  const { context, close } = openParts({ home, clock });
  context.store.save([writeSetting('relays', relays), writeSetting('wrapsFetchedUntil', before)]);
  const pool = createRelayPool({ clock, retryMinMs: 2, retryMaxMs: 20, ...limits });
  ends.push(close, () => pool.close());
  return { ...context, pool: async () => pool };
}

const makeWrap = ({ pubkey }: AgentContext, at: number, n: number): NostrEvent =>
  makeEvent(at, { kind: 1059, tags: [['p', pubkey]], content: `junk ${n}` });

/** The part of a daemon that reads: `step` waits for something and takes it in. */
function startReading(context: AgentContext, queueLimits = { wraps: 20_000, chars: 1_000_000 }) {
  let news = Promise.withResolvers<void>();
  const onNews = (): void => news.resolve();
  const inbox = createWrapDesk(context.openUnwrapper, createWrapBudgets(DAEMON_BURST_MS), onNews, queueLimits);
  const logged: LogEvent[] = [];
  const log = (_: unknown, event: LogEvent): void => void logged.push(event);
  const throttle = createThrottle();
  const feed = createFeed({ context, inbox, throttle, onNews, onFault: onNews, log });
  const parts = { context, kept: new Map(), short: new Set<string>(), inbox, throttle, trust: createTrustBook(context) };
  ends.push(async () => {
    await feed.close();
    await inbox.close();
  });
  feed.refresh();
  const step = async (): Promise<void> => {
    await news.promise;
    news = Promise.withResolvers();
    await takeIn(parts, feed.take(), []);
  };
  return { step, logged, inbox, feed };
}

const readMark = ({ store }: AgentContext): number => readSetting(store, 'wrapsFetchedUntil');

it('the mark of the inbox does not move before the last page was read and opened, however many there are', async () => {
  const relay = await startHonest({ cap: 3 });
  const context = await openReader([relay.url], { maxPages: 2 });
  const wraps = Array.from({ length: 20 }, (_, n) => makeWrap(context, now - 60 * n, n));
  for (const wrap of wraps) relay.add(wrap);
  const { step, logged } = startReading(context, { wraps: 6, chars: 1_000 });
  const isTaken = ({ id }: NostrEvent): boolean => context.store.hasSeen(id);
  while (!wraps.every(isTaken)) {
    await step();
    if (!wraps.every(isTaken)) expect(readMark(context)).toBe(before);
  }
  while (readMark(context) === before) await step();
  expect(readMark(context)).toBe(now);
  expect(logged).toContain('backlog');
});

it('what lies deeper than the pages of one fetch leaves the mark where it is', async () => {
  const relay = await startHonest({ cap: 3 });
  const context = await openReader([relay.url], { maxPages: 2 });
  for (let n = 0; n < 20; n += 1) relay.add(makeWrap(context, now - 60 * n, n));
  expect((await fetchNews(context)).silent).toEqual([relay.url]);
  expect(readMark(context)).toBe(before);
});

it.each(['a daemon', 'a fetch'])('%s moves the mark only so far that a second it cannot see all of is asked for again', async (who) => {
  const relay = await startHonest({ cap: 3 });
  const context = await openReader([relay.url], {});
  const crowded = now - 3 * DAY_S;
  const wraps = [now - 60, crowded, crowded, crowded, crowded, crowded, now - 4 * DAY_S].map((at, n) => makeWrap(context, at, n));
  for (const wrap of wraps) relay.add(wrap);
  if (who === 'a fetch') await fetchNews(context);
  else {
    const { step, logged } = startReading(context);
    while (readMark(context) === before) await step();
    expect(logged).toContain('crowded-second');
  }
  const unseen = wraps.filter(({ id }) => !context.store.hasSeen(id));
  expect(unseen).toHaveLength(2);
  expect(readMark(context)).toBe(crowded + WRAP_OVERLAP_S);
  for (const wrap of unseen) expect(matchFilter(wrapFilter(context), wrap)).toBe(true);
});

it('a second that stays crowded is passed over after a week, and one to come holds up nothing', () => {
  const mark = (crowdedAt: number | undefined): number => markUpTo(now, crowdedAt, WRAP_OVERLAP_S);
  expect([mark(undefined), mark(now + DAY_S), mark(now - DAY_S)]).toEqual([now, now, now]);
  expect(mark(now - 5 * DAY_S)).toBe(now - 5 * DAY_S + WRAP_OVERLAP_S);
  expect(mark(now - 7 * DAY_S - 1)).toBe(now);
});

it('a relay that always has more is asked for a few pages, keeps the mark and holds up no other relay', async () => {
  let pages = 0;
  const settled = Promise.withResolvers<void>();
  const endless = await startFake({
    onMessage: (socket, message) => {
      const id = requestId(message);
      if (id === undefined) return;
      const { until = now, limit = 1 } = message[2] as Filter;
      if (limit > 1) pages += 1;
      for (const at of [until, until - 1]) socket.send('EVENT', id, makeWrap(context, at, at));
      socket.send('EOSE', id);
      if (pages === 2) settled.resolve();
    },
  });
  const honest = await startHonest({ cap: 3 });
  const context = await openReader([endless, honest.url], { maxPages: 2, retryMinMs: 60_000, retryMaxMs: 60_000, pingIntervalMs: 60_000 });
  const wraps = [1, 2, 3].map((n) => makeWrap(context, now - 60 * n, n));
  for (const wrap of wraps) honest.add(wrap);
  const { step, feed } = startReading(context);
  await settled.promise;
  while (feed.count().starting > 0 || !wraps.every(({ id }) => context.store.hasSeen(id))) await step();
  expect([pages, readMark(context), feed.isDeaf()]).toEqual([2, before, false]);
});

it('a channel that can go on only after what was kept is asked for once more, and its mark waits for that', async () => {
  const table = await openTable(2);
  ends.push(table.close);
  const [founder, member] = table.parties;
  if (founder === undefined || member === undefined) throw new Error('The group has two members.');
  const { group, clock } = table;
  const [{ context }, known] = [member, new Set(storedEvents(table).map(({ id }) => id))];
  await founder.call('changeGroup', { group, change: { kind: 'self-update' } });
  clock.advance(1);
  for (let n = 0; n < 66; n += 1) await founder.call('say', { group, text: `word ${n}` });
  const [commit, ...words] = storedEvents(table).filter(({ id }) => !known.has(id));
  if (commit === undefined) throw new Error('The commit is not there.');
  const inbox = createWrapDesk(context.openUnwrapper, context.wrapBudgets, () => undefined);
  ends.push(inbox.close);
  const parts = { context, kept: new Map(), short: new Set<string>(), inbox, throttle: createThrottle(), trust: createTrustBook(context) };
  const bring = (events: readonly NostrEvent[], isEnd: boolean) =>
    takeIn(parts, new Map([[group, { events, ...(isEnd ? { end: { owner: group } } : {}) }]]), []);
  clock.advance(DAY_S);
  const mark = recordOf(member, group).fetchedUntil;
  // Newest first, as relays send them: more than is kept of what cannot be read yet, then what makes it readable.
  expect((await bring(words, false)).renewed).toEqual([]);
  const { groupNews, renewed } = await bring([commit], true);
  expect([groupNews.length, renewed, recordOf(member, group).fetchedUntil]).toEqual([64, [group], mark]);
  expect((await bring([...words, commit], true)).groupNews).toHaveLength(2);
  expect(recordOf(member, group).fetchedUntil).toBe(clock.now());
});
