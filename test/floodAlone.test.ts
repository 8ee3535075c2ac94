// A stranger who floods the inbox of an agent without a daemon: each sync spends so much on it, the next goes on, and nothing is lost.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openParts } from '../src/agent/compose.ts';
import { openDaemon } from '../src/agent/daemon/openDaemon.ts';
import type { AgentContext } from '../src/agent/context.ts';
import { pursue } from '../src/agent/jobs/pursue.ts';
import { advanceRfq } from '../src/agent/rfq/advanceRfq.ts';
import { createTeller } from '../src/cli/jobs/tellJobs.ts';
import { CALL_BURST_MS } from '../src/agent/inbox/wrapBudgets.ts';
import { readSetting, writeSetting } from '../src/agent/settings.ts';
import { sync, type SyncReport } from '../src/agent/sync.ts';
import type { NostrEvent } from '../src/nostr/event.ts';
import { unwrapGift, wrapRumor } from '../src/nostr/giftWrap.ts';
import { readWork } from '../src/nostr/proofOfWork.ts';
import type { Unwrapper } from '../src/nostr/unwrapper.ts';
import { countPassed, countRows, openFlood, syncAlone, until, type Flooded } from './flood.fixture.ts';
import { isWholeLane, scale } from './lane.fixture.ts';

const BATCH = 64;
const JUNK = 300;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'agent-negotiate-flood-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Runs with the agent opened anew, as a process of its own would, and what opens its wraps replaced. */
async function within<T>(
  home: string,
  open: (unwrapper: Unwrapper) => Unwrapper['open'],
  use: (context: AgentContext) => Promise<T>,
): Promise<T> {
  const { context, close } = openParts({ home });
  const openUnwrapper = async (): Promise<Unwrapper> => {
    const unwrapper = await context.openUnwrapper();
    return { open: open(unwrapper), close: () => unwrapper.close() };
  };
  try {
    return await use({ ...context, openUnwrapper });
  } finally {
    await close();
  }
}

/** Opens wraps so slowly that one batch spends a budget; `opened` collects their ids. */
function slowly(opened: string[]): (unwrapper: Unwrapper) => Unwrapper['open'] {
  return (unwrapper) => async (wraps) => {
    opened.push(...wraps.map(({ id }) => id));
    return (await unwrapper.open(wraps)).map((each) => ({ ...each, tookMs: CALL_BURST_MS }));
  };
}

const syncSlowly = (home: string, opened: string[], waitS = 0): Promise<SyncReport> =>
  within(home, slowly(opened), (context) => sync(context, { from: [], waitS }));

const readMark = (home: string): Promise<number> =>
  within(
    home,
    ({ open }) => open,
    async ({ store }) => readSetting(store, 'wrapsFetchedUntil'),
  );

/** Has the peer invite with a wrap that shows no work, as other clients do; the one with work counts as seen. Returns the id of the other. */
async function inviteWithoutWork({ relay, home, peerHome, pubkey, invite }: Flooded): Promise<string> {
  await invite();
  const worked = relay.storedEvents().find((event) => event.kind === 1059 && readWork(event) > 0);
  if (worked === undefined) throw new Error('The invite shows no work.');
  const opened = await within(
    home,
    ({ open }) => open,
    async (context) => {
      context.store.save([{ kind: 'seen', id: worked.id, at: context.clock.now(), in: { kind: 'inbox', dated: worked.created_at } }]);
      return unwrapGift(await context.signer(), worked);
    },
  );
  if (opened.kind !== 'rumor') throw new Error('The invite cannot be read.');
  return within(
    peerHome,
    ({ open }) => open,
    async ({ signer, clock, rng, pool }) => {
      const wrap: NostrEvent = await wrapRumor({ signer: await signer(), recipient: pubkey, rumor: opened.rumor, now: clock.now(), rng });
      const outcomes = await (await pool()).publish([relay.url], wrap, { purpose: 'lookup' });
      expect(outcomes).toMatchObject([{ outcome: 'accepted' }]);
      return wrap.id;
    },
  );
}

it('an invite with work comes in at once, and the rest of the budget goes to the junk', async () => {
  const flood = await openFlood(folder, JUNK);
  try {
    await flood.invite();
    const opened: string[] = [];
    const report = await syncSlowly(flood.home, opened);
    expect(report).toMatchObject({ joined: [flood.peerNpub], events: [{ type: 'open' }], unopened: JUNK - BATCH });
    expect([opened.length, countPassed(flood.home)]).toEqual([1 + BATCH, BATCH]);
  } finally {
    await flood.close();
  }
});

it('an invite without work is found within a few syncs: each goes on where the last one stopped', async () => {
  const flood = await openFlood(folder, JUNK);
  try {
    const plain = await inviteWithoutWork(flood);
    const mark = Math.floor(Date.now() / 1_000) - 60;
    await within(
      flood.home,
      ({ open }) => open,
      async ({ store }) => store.save([writeSetting('wrapsFetchedUntil', mark)]),
    );
    const opened: string[] = [];
    const reports: SyncReport[] = [];
    for (let left = Infinity; left > 0;) {
      if (reports.length > 0) expect(await readMark(flood.home)).toBe(mark);
      const report = await syncSlowly(flood.home, opened);
      reports.push(report);
      left = report.unopened;
      expect(left).toBe(JUNK + 1 - opened.length);
    }
    expect(reports).toHaveLength(Math.ceil((JUNK + 1) / BATCH));
    expect(reports.flatMap(({ joined }) => joined)).toEqual([flood.peerNpub]);
    expect([new Set(opened).size, opened.length, opened.includes(plain)]).toEqual([JUNK + 1, JUNK + 1, true]);
    expect(countPassed(flood.home)).toBe(JUNK);
    expect(await readMark(flood.home)).toBeGreaterThan(mark);
  } finally {
    await flood.close();
  }
});

it('a sync that fails in the middle has lost nothing, and what it looked at is not looked at again', async () => {
  const flood = await openFlood(folder, JUNK);
  try {
    await inviteWithoutWork(flood);
    const mark = await readMark(flood.home);
    let batches = 0;
    const failing = ({ open }: Unwrapper): Unwrapper['open'] => {
      return (wraps) => ((batches += 1) > 2 ? Promise.reject(new Error('The process is killed.')) : open(wraps));
    };
    await expect(within(flood.home, failing, (context) => sync(context, { from: [], waitS: 0 }))).rejects.toThrow('killed');
    const looked = countPassed(flood.home);
    expect([looked >= 2 * BATCH - 1, looked < JUNK, await readMark(flood.home)]).toEqual([true, true, mark]);
    // The invite may have been among them: then its channel is there.
    const opened: string[] = [];
    const collecting = ({ open }: Unwrapper): Unwrapper['open'] => {
      return (wraps) => {
        opened.push(...wraps.map(({ id }) => id));
        return open(wraps);
      };
    };
    const report = await within(flood.home, collecting, (context) => sync(context, { from: [], waitS: 0 }));
    expect(report).toMatchObject({ unopened: 0, events: [{ type: 'open' }] });
    expect([opened.length, countPassed(flood.home)]).toEqual([JUNK + 1 - 2 * BATCH, JUNK]);
  } finally {
    await flood.close();
  }
});

it('a sync that waits opens no more than its budget gives in that time, and is not woken by what waits with it', async () => {
  const flood = await openFlood(folder, JUNK);
  try {
    const opened: string[] = [];
    let fetches = 0;
    const report = await within(flood.home, slowly(opened), async (context) => {
      const pool = await context.pool();
      const stream: typeof pool.stream = (...asked) => {
        fetches += 1;
        return pool.stream(...asked);
      };
      return sync({ ...context, pool: async () => ({ ...pool, stream }) }, { from: [], waitS: 1 });
    });
    expect([report.unopened, opened.length]).toEqual([JUNK - BATCH, BATCH]);
    // Once at first, and once when the time is over; a timer may be early by a hair.
    expect(fetches).toBeGreaterThan(1);
    expect(fetches).toBeLessThan(5);
  } finally {
    await flood.close();
  }
});

it('jobs and requests that are seen through say how many messages of strangers wait, as a sync does', async () => {
  const flood = await openFlood(folder, JUNK);
  try {
    const opened: string[] = [];
    const pursued = await within(flood.home, slowly(opened), (context) => pursue(context, { services: [], waitS: 0 }));
    expect([pursued.unopened, opened.length]).toEqual([JUNK - BATCH, BATCH]);
    const asked = await within(flood.home, slowly(opened), (context) => advanceRfq(context, { waitS: 0 }));
    expect([asked.unopened, opened.length]).toEqual([JUNK - 2 * BATCH, 2 * BATCH]);
  } finally {
    await flood.close();
  }
});

it.each([true, false])('what tells of jobs (as JSON: %s) says once that messages wait, and nothing when none do', (isJson) => {
  const [json, remarks]: [object[], string[]] = [[], []];
  const voice = {
    json: (value: object) => void json.push(value),
    lines: () => undefined,
    remark: (text: string) => void remarks.push(text),
  };
  const teller = createTeller(isJson, voice);
  teller.unopened(0);
  expect([json, remarks]).toEqual([[], []]);
  for (const count of [236, 172]) teller.unopened(count);
  expect(json).toEqual(isJson ? [{ event: 'unopened', unopened: 236 }] : []);
  expect(remarks).toEqual([expect.stringContaining('About 236 messages of strangers were not opened yet')]);
});

it('a daemon opens what the syncs before it have left', async () => {
  const flood = await openFlood(folder, JUNK);
  try {
    const plain = await inviteWithoutWork(flood);
    const opened: string[] = [];
    const { joined } = await syncSlowly(flood.home, opened);
    const daemon = openDaemon({ home: flood.home });
    await until(() => countPassed(flood.home) === JUNK && countRows(flood.home, 'negotiation') === 1);
    await daemon.stop();
    expect(joined.length).toBe(opened.includes(plain) ? 1 : 0);
  } finally {
    await flood.close();
  }
});

it.runIf(isWholeLane)('a process that is killed in the middle loses nothing', { timeout: 240_000 }, async () => {
  const junk = scale(10_000, 2_000);
  const flood = await openFlood(folder, junk);
  try {
    await inviteWithoutWork(flood);
    expect(await syncAlone(flood.home, () => countPassed(flood.home) > 0)).toBeUndefined();
    const looked = countPassed(flood.home);
    expect([looked > 0, looked < junk]).toEqual([true, true]);
    let last = await syncAlone(flood.home);
    let before = looked;
    while (last !== undefined && last.unopened > 0) {
      expect(countPassed(flood.home)).toBeGreaterThan(before);
      before = countPassed(flood.home);
      last = await syncAlone(flood.home);
    }
    expect(countPassed(flood.home)).toBe(junk);
    const { context, close } = openParts({ home: flood.home });
    expect(context.store.listNegotiations()).toHaveLength(1);
    await close();
  } finally {
    await flood.close();
  }
});
