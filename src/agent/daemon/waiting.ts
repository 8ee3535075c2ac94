// The use cases that wait: the waiting is done here, outside the queue, so that others go on meanwhile; what they do is done as steps.

import type { Hex } from '../../core/bytes.ts';
import { NegotiateError } from '../../core/errors.ts';
import type { UseCaseName } from '../api.ts';
import { parseInput } from '../compose.ts';
import type { AgentContext } from '../context.ts';
import { findNegotiation } from '../findNegotiation.ts';
import type { BuyResult } from '../jobs/buy.ts';
import { isConsulting } from '../jobs/walletDesk.ts';
import { advanceJobs, listDue, pursueInput, reportJobs, type PursueReport } from '../jobs/pursue.ts';
import { advanceRfqInput, advanceRfqs, isRfqOpen, listRfqIds, reportRfqs, type RfqReport } from '../rfq/advanceRfq.ts';
import { findRfq } from '../rfq/rfqRecord.ts';
import { takeSignerProblem } from '../signerFaults.ts';
import { loadChoice } from '../strategies/openStrategy.ts';
import { isThinking } from '../strategies/thoughts.ts';
import { allow, pass, report, syncInput, type Pass, type SyncReport } from '../sync.ts';
import type { WalletView } from '../wallet.ts';
import { GONE, type CallOptions } from './callOptions.ts';
import { followChanges, joinAllowed, type Engine } from './round.ts';

/** What a waiting call needs of its daemon. */
export interface Hub {
  readonly engine: Engine;
  readonly write: <T>(step: (own: AgentContext) => Promise<T>, by: CallOptions) => Promise<T | undefined>;
  readonly ready: Promise<void>;
  /** Resolves after the next round. */
  readonly nextChange: () => Promise<void>;
  readonly stopping: AbortSignal;
}

const CATCH_UP_MS = 15_000;
// What somebody says who has just opened a channel belongs to the news of it.
const FIRST_WORDS_S = 3;
const WAITING = {
  buy: buyWaiting,
  sync: syncWaiting,
  pursue: pursueWaiting,
  advanceRfq: advanceRfqWaiting,
  connectWallet: connectWaiting,
} as const;

/** True for a use case that may wait. */
export function isWaiting(name: UseCaseName): name is keyof typeof WAITING {
  return Object.hasOwn(WAITING, name);
}

/** Runs it. */
export function callWaiting(hub: Hub, name: keyof typeof WAITING, input: unknown, by: CallOptions): Promise<unknown> {
  return WAITING[name](hub, input, by);
}

/** The wallet is asked what it is and holds once its URL is saved: whatever it takes, others go on. */
async function connectWaiting(hub: Hub, input: unknown, by: CallOptions): Promise<WalletView> {
  const { connectWalletInput, wallet } = await import('../wallet.ts');
  const { url } = parseInput(connectWalletInput, input);
  await runStep(hub, by, (own) => own.connectWallet(url));
  return wallet(hub.engine.context);
}

/** The module of an own strategy is loaded before its turn comes, and the wallet asked what kind it is. */
async function buyWaiting(hub: Hub, input: unknown, by: CallOptions): Promise<BuyResult> {
  const { buy, buyInput, findOrdered } = await import('../jobs/buy.ts');
  const wanted = parseInput(buyInput, input);
  if (wanted.strategy !== undefined) await loadChoice(hub.engine.context, wanted.strategy);
  // What kind of wallet it is stays known while it is open.
  if (findOrdered(hub.engine.context, wanted) === undefined) await (await hub.engine.context.rail()).describe();
  return runStep(hub, by, (own) => buy(own, wanted));
}

async function syncWaiting(hub: Hub, input: unknown, by: CallOptions): Promise<SyncReport> {
  const { from, waitS } = parseInput(syncInput, input);
  const { engine } = hub;
  await settle(hub, hub.ready, CATCH_UP_MS, by);
  const latest = await runStep(hub, by, async (own) => {
    allow(own, from);
    if (from.length > 0) await joinAllowed(engine);
    const done = await pass(own, true);
    const ended = followChanges(engine);
    engine.desk.add({ ...done.fetched, ended });
    return done;
  });
  await waitUntil(hub, () => !engine.desk.isEmpty(), waitS, by);
  if (engine.desk.hasJoined()) await waitUntil(hub, () => engine.feed.isSettled(), FIRST_WORDS_S, by);
  if (by.signal?.reason === GONE) throw cancelled();
  const news = engine.desk.take();
  const told: Pass = { ...latest, fetched: { ...latest.fetched, ...news }, ended: news.ended };
  return report(engine.context, told);
}

async function pursueWaiting(hub: Hub, input: unknown, by: CallOptions): Promise<PursueReport> {
  const wanted = parseInput(pursueInput, input);
  const { engine } = hub;
  const { context, services } = engine;
  const nid = wanted.nid === undefined ? undefined : findNegotiation(context.store, wanted.nid).nid;
  const named = { ...wanted, services: [...services], ...(nid === undefined ? {} : { nid }) };
  const due = (): readonly Hex[] => listDue(context, named);
  const before = describeJobs(context, due());
  const first = await runStep(hub, by, (own) => advanceJobs(own, due(), engine.services));
  const others = { invites: [], signer: takeSignerProblem(context) };
  if (first.touched.size > 0 || wanted.waitS === 0) return reportJobs(context, named, first, others);
  requireRelays(engine);
  const isBusy = (): boolean => isThinking(context, due()) || isConsulting(context, due());
  const wasBusy = isBusy();
  // What a strategy or the wallet has answered may be that it cannot.
  const isNews = (): boolean => describeJobs(context, due()) !== before || (wasBusy && !isBusy());
  await waitUntil(hub, isNews, Math.min(wanted.waitS, first.pollS), by);
  const last = hub.stopping.aborted ? first : await runStep(hub, by, (own) => advanceJobs(own, due(), engine.services));
  return reportJobs(context, named, last, { ...others, signer: takeSignerProblem(context) ?? others.signer });
}

async function advanceRfqWaiting(hub: Hub, input: unknown, by: CallOptions): Promise<RfqReport> {
  const { rfq, waitS } = parseInput(advanceRfqInput, input);
  const { engine } = hub;
  const { context } = engine;
  const ids = listRfqIds(context, rfq === undefined ? undefined : findRfq(context.store, rfq).record.id);
  const describe = (): string => ids.map((id) => findRfq(context.store, id).record.version).join() + describeRfqs(context, ids);
  const before = describe();
  const round = await runStep(hub, by, (own) => advanceRfqs(own, ids));
  if (!round.didMove && ids.some((id) => isRfqOpen(context, id))) {
    if (waitS > 0) requireRelays(engine);
    await waitUntil(hub, () => describe() !== before, waitS, by);
  }
  return reportRfqs(context, ids, round);
}

/** A step in its turn. Throws when its client has gone before it came. */
export async function runStep<T>(hub: Pick<Hub, 'write'>, by: CallOptions, work: (own: AgentContext) => Promise<T>): Promise<T> {
  const done = await hub.write(async (own) => ({ value: await work(own) }), by);
  if (done === undefined) throw cancelled();
  return done.value;
}

/** Waits until `isDone`, for at most so many seconds; ends early with the client and with the daemon. */
async function waitUntil(hub: Hub, isDone: () => boolean, waitS: number, by: CallOptions): Promise<void> {
  const endsAt = performance.now() + waitS * 1_000;
  while (!isDone() && by.signal?.aborted !== true && !hub.stopping.aborted) {
    const leftMs = endsAt - performance.now();
    if (leftMs <= 0) return;
    await settle(hub, hub.nextChange(), leftMs, by);
  }
}

/** Waits for a promise, but no longer than so many milliseconds, the client and the daemon. */
async function settle({ stopping }: Hub, promise: Promise<unknown>, ms: number, { signal }: CallOptions): Promise<void> {
  const { promise: over, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, Math.min(ms, 2 ** 31 - 1));
  const signals = signal === undefined ? [stopping] : [stopping, signal];
  const end = (): void => resolve();
  for (const each of signals) each.addEventListener('abort', end, { once: true });
  if (signals.some((each) => each.aborted)) resolve();
  await Promise.race([promise, over]);
  clearTimeout(timer);
  for (const each of signals) each.removeEventListener('abort', end);
}

function describeJobs({ store }: AgentContext, nids: readonly Hex[]): string {
  return nids.map((nid) => `${nid} ${store.findNegotiation(nid)?.version} ${store.findJob(nid)?.body}`).join('\n');
}

function describeRfqs(context: AgentContext, ids: readonly Hex[]): string {
  const nids = ids.flatMap((id) => findRfq(context.store, id).body.asked.flatMap(({ nid }) => nid ?? []));
  return describeJobs(context, nids);
}

/** Without any relay nothing can come: whoever waits is told so. */
function requireRelays({ feed }: Engine): void {
  if (!feed.isDeaf()) return;
  const message = 'None of your relays answered. Nothing is lost: the daemon goes on when the connection is back.';
  throw new NegotiateError('relay/unreachable', message);
}

function cancelled(): NegotiateError {
  return new NegotiateError('home/locked', 'The call was given up before its turn came. Nothing was done; try again.');
}
