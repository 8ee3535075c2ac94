// Opens gift wraps beside the rounds of a daemon, within a budget of time: junk costs what it may cost, and holds up nothing else.

import { spend } from '../../core/cpuBudget.ts';
import { orAborted, waitFor } from '../../nostr/deadline.ts';
import type { NostrEvent } from '../../nostr/event.ts';
import type { OpenedWrap, Unwrapper } from '../../nostr/unwrapper.ts';
import { takeAffordable, type WrapBudgets } from './wrapBudgets.ts';
import { createWrapQueue, QUEUE_LIMITS, type QueueLimits, type WrapQueue } from './wrapQueue.ts';

/** The desk of one inbox. */
export interface WrapDesk {
  /** Takes a wrap as it came, its signature unchecked. */
  add(wrap: NostrEvent): void;
  /** Resolves when much of the room is free, or the signal aborts: who asks a relay for more waits for that. */
  waitForRoom(signal: AbortSignal): Promise<void>;
  /** What was opened since. */
  take(): readonly OpenedWrap[];
  /** How many wait to be opened. */
  countUnopened(): number;
  /** True when nothing waits to be opened or taken. */
  isIdle(): boolean;
  /** True when all that came was opened and taken: nothing waits here, and nothing was left to the relays for want of room. */
  hasAll(): boolean;
  /** True, once, when the desk is idle and did not have room for all that came: the relays have the rest. */
  takeShortfall(): boolean;
  close(): Promise<void>;
}

interface State {
  readonly openUnwrapper: () => Promise<Unwrapper>;
  readonly onOpened: () => void;
  readonly queue: WrapQueue;
  readonly closing: AbortController;
  readonly budgets: WrapBudgets;
  unwrapper: Promise<Unwrapper> | undefined;
  opened: OpenedWrap[];
  isShort: boolean;
  working: Promise<void> | undefined;
  /** Resolves when some of what waits has been taken to be opened. */
  lessened: PromiseWithResolvers<void>;
  taken: PromiseWithResolvers<void>;
}

const BATCH = 64;
const MAX_OPENED = 512;
const SIGNER_AGAIN_MS = 30_000;

/** A desk that starts to open as soon as something comes. `onOpened` is called when there is something to take. */
export function createWrapDesk(
  openUnwrapper: () => Promise<Unwrapper>,
  budgets: WrapBudgets,
  onOpened: () => void,
  limits: QueueLimits = QUEUE_LIMITS,
): WrapDesk {
  const state: State = {
    ...{ openUnwrapper, budgets, onOpened, unwrapper: undefined, working: undefined, opened: [], isShort: false },
    ...{
      queue: createWrapQueue(limits),
      closing: new AbortController(),
      taken: Promise.withResolvers(),
      lessened: Promise.withResolvers(),
    },
  };
  return {
    add: (wrap) => {
      state.queue.add(wrap);
      state.isShort = state.queue.takeDropped() > 0 || state.isShort;
      begin(state);
    },
    waitForRoom: async (signal) => {
      while (!state.queue.hasRoom() && !signal.aborted) await orAborted(state.lessened.promise, signal);
    },
    take: () => takeOpened(state),
    countUnopened: () => state.queue.size(),
    isIdle: () => isIdle(state),
    hasAll: () => isIdle(state) && !state.isShort,
    takeShortfall: () => {
      const isOwed = state.isShort && isIdle(state);
      if (isOwed) state.isShort = false;
      return isOwed;
    },
    close: async () => {
      state.closing.abort();
      state.taken.resolve();
      await state.working;
      await (await state.unwrapper?.catch(() => undefined))?.close();
    },
  };
}

function isIdle({ working, queue, opened }: State): boolean {
  return working === undefined && queue.size() + opened.length === 0;
}

function begin(state: State): void {
  const { queue, closing, onOpened } = state;
  if (closing.signal.aborted) return;
  state.working ??= openAll(state).finally(() => {
    state.working = undefined;
    if (queue.size() > 0) begin(state);
    else onOpened();
  });
}

function takeOpened(state: State): readonly OpenedWrap[] {
  const { opened, taken } = state;
  state.opened = [];
  state.taken = Promise.withResolvers();
  taken.resolve();
  return opened;
}

async function openAll(state: State): Promise<void> {
  const { queue, closing, onOpened } = state;
  while (queue.size() > 0 && !closing.signal.aborted) {
    const waitMs = await openBatch(state);
    if (state.opened.length > 0) onOpened();
    if (waitMs > 0) await waitFor(waitMs, closing.signal);
    if (state.opened.length >= MAX_OPENED) await state.taken.promise;
  }
}

/** Opens the best that the budgets allow; returns how many milliseconds to wait before the next. */
async function openBatch(state: State): Promise<number> {
  const { queue, budgets } = state;
  const next = takeAffordable(queue, budgets, BATCH);
  if (next.kind === 'none') return next.waitMs;
  const { wraps, budget } = next;
  try {
    state.unwrapper ??= state.openUnwrapper();
    const opened = await (await state.unwrapper).open(wraps);
    for (const { tookMs } of opened) spend(budget, tookMs, performance.now());
    state.opened.push(...opened);
    const { lessened } = state;
    state.lessened = Promise.withResolvers();
    lessened.resolve();
    return 0;
  } catch {
    // The signer is away: they wait for it.
    state.unwrapper = undefined;
    for (const wrap of wraps.toReversed()) queue.add(wrap);
    return SIGNER_AGAIN_MS;
  }
}
