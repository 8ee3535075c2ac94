// Catches up: fetches, joins, answers what is due by itself, and publishes what waits.

import { z } from 'zod';
import { NegotiateError } from '../core/errors.ts';
import type { Hex } from '../core/bytes.ts';
import { encodeNpub, parsePublicKey } from '../nostr/npub.ts';
import type { AgentContext } from './context.ts';
import { doChores, finishCommits } from './chores.ts';
import { drainOutbox, type DrainReport } from './drainOutbox.ts';
import { fetchNews, type FetchedNews } from './fetchNews.ts';
import { listOpenChannels } from './openChannels.ts';
import { renewKeyPackage } from './publishIdentity.ts';
import { recoverChannels } from './recoverChannels.ts';
import { settleRestored } from './settleRestored.ts';
import { runTimers } from './runTimers.ts';
import { readInvitePolicy, writeInvitePolicy } from './inbox/invitePolicy.ts';
import { takeSignerProblem, unlessSignerFails, type SignerProblem } from './signerFaults.ts';
import { listOpenAsks } from './mandate/openAsks.ts';
import { waitForEvents } from './waitForEvents.ts';
import { beginWork, hasChanges, saveWork, type GroupNews, type News } from './work.ts';
import { summarize, type NegotiationSummary } from './view.ts';

const LONGEST_WAIT_S = 86_400;
// While wraps wait for their budget, what else comes to the inbox waits with them until the next look.
const LOOK_AGAIN_MS = 10_000;

/** Whose invites to accept from now on, and how many seconds to wait for news if there is none. */
export const syncInput = z.strictObject({
  from: z.array(z.string()).default([]),
  waitS: z.number().min(0).max(LONGEST_WAIT_S).default(0),
});

/** What happened. `events` are the moves of peers, in order; receipts and errors only where they change the phase. */
export interface SyncReport {
  readonly events: readonly News[];
  /** The negotiations that the events are about, as they stand now. */
  readonly negotiations: readonly NegotiationSummary[];
  /** npubs of peers whose channel was joined, and of those who wait for the owner's word. */
  readonly joined: readonly string[];
  readonly invites: readonly string[];
  /** npubs of peers who have left their channel with us, or removed us from it. */
  readonly ended: readonly string[];
  /** About how many messages of strangers were not opened yet: the next sync goes on with them, and `serve` does so by itself. */
  readonly unopened: number;
  /** What happened in groups, and what was said in words in a channel. */
  readonly groups: readonly GroupNews[];
  /** Events published now, still waiting, and refused by every relay. */
  readonly published: DrainReport;
  /** Relays that did not answer completely. */
  readonly silentRelays: readonly string[];
  /** Why the signer could not do its part; everything that needs none was done, and the rest is tried again. */
  readonly signer?: SignerProblem;
}

/**
 * Catches up with all relays. Accepts of own open offers are confirmed, confirmations closed, closings acknowledged. Throws
 * `relay/unreachable` when no relay answers; what was to be sent is kept.
 */
export async function sync(context: AgentContext, input: z.infer<typeof syncInput>): Promise<SyncReport> {
  return syncUntil(context, input, undefined);
}

/** The same; `wake` ends the waiting early. */
export async function syncUntil(
  context: AgentContext,
  { from, waitS }: z.infer<typeof syncInput>,
  wake: AbortSignal | undefined,
): Promise<SyncReport> {
  allow(context, from);
  const first = await pass(context, true);
  if (waitS === 0 || isNews(first)) return report(context, first);
  return waitForNews(context, first, waitS, wake);
}

/** One round of catching up. */
export interface Pass {
  readonly fetched: FetchedNews;
  /** Peers whose channel is over since this pass. */
  readonly ended: readonly Hex[];
  readonly published: DrainReport;
}

/** Catches up once; with `force` what was tried before is tried again at once. */
export async function pass(context: AgentContext, force: boolean): Promise<Pass> {
  const work = beginWork(context);
  await unlessSignerFails(() => renewKeyPackage(work));
  if (hasChanges(work)) saveWork(work);
  await unlessSignerFails(() => finishCommits(context));
  const before = listOpenChannels(context.store);
  const recovered = await unlessSignerFails(() => recoverChannels(context));
  const fetched = await fetchNews(context);
  const settled = await unlessSignerFails(() => settleRestored(context));
  await runTimers(context);
  const done = await unlessSignerFails(() => doChores(context));
  const others = [recovered, settled, done].flatMap((each) => each ?? []);
  const published = await drainOutbox(context, { force });
  const open = new Set(listOpenChannels(context.store).map(({ id }) => id));
  const ended = before.filter(({ id }) => !open.has(id)).flatMap(({ peer }) => peer ?? []);
  const news = [...fetched.news, ...others.flatMap((each) => each.news)];
  const groupNews = [...fetched.groupNews, ...others.flatMap((each) => each.groupNews)];
  return { fetched: { ...fetched, news, groupNews }, ended, published };
}

async function waitForNews(context: AgentContext, first: Pass, waitS: number, wake: AbortSignal | undefined): Promise<SyncReport> {
  const endsAt = performance.now() + waitS * 1_000;
  const known = new Set<string>();
  const isEnding = (): boolean => context.closing.aborted || wake?.aborted === true;
  let latest = first;
  for (;;) {
    const leftMs = Math.ceil(endsAt - performance.now());
    if (leftMs <= 0 || isEnding()) return report(context, latest);
    const isInboxLeft = latest.fetched.unopened > 0;
    const waitMs = isInboxLeft ? Math.min(leftMs, LOOK_AGAIN_MS) : leftMs;
    const hasCome = await waitForEvents(context, waitMs, known, { wake, isInboxLeft });
    if (!hasCome && (!isInboxLeft || isEnding())) continue;
    latest = await pass(context, false);
    if (isNews(latest)) return report(context, latest);
  }
}

/** Lets these peers (npubs or hex) open a channel from now on. Throws `input/invalid`. */
export function allow(context: AgentContext, peers: readonly string[]): void {
  const pubkeys = peers.map(parsePublicKey);
  if (pubkeys.length === 0) return;
  const policy = readInvitePolicy(context.store);
  const blocked = policy.blocked.filter((each) => !pubkeys.includes(each));
  context.store.save([writeInvitePolicy({ ...policy, blocked, allowed: [...new Set([...policy.allowed, ...pubkeys])] })]);
}

/** True when there is something to tell. */
export function isNews({ fetched, ended }: Pass): boolean {
  const { joined, waiting, news, groupNews } = fetched;
  return joined.length + waiting.length + news.length + groupNews.length + ended.length > 0;
}

/** What is told of a round. Throws `relay/unreachable` when no relay answered. */
export function report(context: AgentContext, { fetched, ended, published }: Pass): SyncReport {
  const signer = takeSignerProblem(context);
  // A relay that wants to know who asks is deaf to an agent that cannot prove it.
  if (fetched.isDeaf && signer !== undefined) throw new NegotiateError(signer.code, signer.message);
  if (fetched.isDeaf) {
    const message = 'None of your relays answered. Nothing is lost: run sync again when the connection is back, or add --relay URL.';
    throw new NegotiateError('relay/unreachable', message, { details: { waiting: published.waiting } });
  }
  const events = fetched.news;
  const nids = [...new Set(events.map(({ nid }) => nid))];
  const now = context.clock.now();
  const asks = listOpenAsks(context.store, now);
  return {
    events,
    negotiations: nids.flatMap((nid) => {
      const record = context.store.findNegotiation(nid);
      return record === undefined ? [] : [summarize(record, now, asks.get(nid))];
    }),
    joined: fetched.joined.map(encodeNpub),
    invites: fetched.waiting.map(encodeNpub),
    ended: ended.map(encodeNpub),
    unopened: fetched.unopened,
    groups: fetched.groupNews.filter((each) => each.type !== 'ended' || !isPairOver(context, each.group)),
    published,
    silentRelays: fetched.silent,
    ...(signer === undefined ? {} : { signer }),
  };
}

/** The end of a channel with a peer is told by naming the peer. */
function isPairOver({ store }: AgentContext, channelId: Hex): boolean {
  return store.findChannel(channelId)?.peer !== undefined;
}
