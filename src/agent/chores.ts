// What channels need besides reading: commits to publish, leaves to renew, members to invite and to let go, our own wish to leave.

import { forgetSeen, seenInChannel } from './forgetSeen.ts';
import { sha256Hex, type Hex } from '../core/bytes.ts';
import { describeChannel } from '../marmot/channel.ts';
import { decodeChannel } from '../marmot/channelCodec.ts';
import { dueInvitations } from '../marmot/heldInvitations.ts';
import { proposeDeparture } from '../marmot/proposeDeparture.ts';
import type { ChannelRecord } from '../store/records.ts';
import { isBehind } from './behind.ts';
import { commitChange, publishStaged } from './commits.ts';
import type { AgentContext } from './context.ts';
import { sendInvitations } from './invitations.ts';
import { retireIdle } from './inbox/retireIdle.ts';
import { fetchChannelNews } from './fetchNews.ts';
import { listOpenChannels } from './openChannels.ts';
import type { ReceivedNews } from './receiveGroupEvents.ts';
import { toQueued } from './sealMoves.ts';
import { countSends } from './sendCount.ts';
import { replaceStuck } from './replaceStuck.ts';
import { unlessSignerFails } from './signerFaults.ts';
import { beginWork, saveWork } from './work.ts';

const NO_NEWS: ReceivedNews = { news: [], groupNews: [] };
const DAY_S = 86_400;
const PERIOD_S = 24 * DAY_S;
const PERIOD_SPREAD_S = 12 * DAY_S;
// So that not all members commit the same departure at once (protocol-core/member-departure.md).
const JITTER_MS = { least: 10, most: 50 } as const;

/** Publishes what an earlier try has left half done. Never throws for what relays do. */
export async function finishCommits(context: AgentContext): Promise<void> {
  for (const record of listBusy(context)) await publishStaged(context, record.id);
}

/**
 * Forgets what can never come again, goes round channels that are stuck, invites whom we have added, lets go of who wants to leave, and says again that we do; then renews every leaf that is due. Returns what came in meanwhile. Never
 * throws for what relays do.
 */
export async function doChores(context: AgentContext): Promise<ReceivedNews> {
  forgetSeen(context);
  retireIdle(context);
  await unlessSignerFails(() => replaceStuck(context));
  const received: ReceivedNews[] = [];
  for (const { id } of listBusy(context)) {
    if (!isBehind(context.store, id)) received.push(await invite(context, id), await letGo(context, id));
  }
  const now = context.clock.now();
  for (const record of listOpenChannels(context.store).filter((each) => leafDueAt(each) <= now && !isBehind(context.store, each.id))) {
    await commitChange(context, record.id, { kind: 'self-update' });
  }
  return { news: received.flatMap(({ news }) => news), groupNews: received.flatMap(({ groupNews }) => groupNews) };
}

async function invite(context: AgentContext, id: Hex): Promise<ReceivedNews> {
  if (!canInvite(context, id)) return NO_NEWS;
  // Another branch may have won by now.
  const received = await fetchChannelNews(context, id);
  await unlessSignerFails(() => sendInvitations(context, id));
  return received;
}

async function letGo(context: AgentContext, id: Hex): Promise<ReceivedNews> {
  if (canLetGo(context, id)) {
    const [byte = 0] = context.rng.bytes(1);
    await new Promise((resolve) => setTimeout(resolve, JITTER_MS.least + (byte / 255) * (JITTER_MS.most - JITTER_MS.least)));
    // Another member may have done it by now.
    const received = await fetchChannelNews(context, id);
    if (canLetGo(context, id)) await commitChange(context, id, { kind: 'let-go' });
    return received;
  }
  const record = context.store.findChannel(id);
  if (record !== undefined && record.endedAt === undefined && record.leavingAt !== undefined) await askToLeave(context, record);
  return NO_NEWS;
}

/** True when somebody whom we have added waits for the welcome. */
function canInvite({ store }: AgentContext, id: Hex): boolean {
  const record = store.findChannel(id);
  return record !== undefined && record.endedAt === undefined && dueInvitations(decodeChannel(record.state)).length > 0;
}

/** True when somebody else wants to leave and we are free to commit it. */
function canLetGo({ store }: AgentContext, id: Hex): boolean {
  const record = store.findChannel(id);
  if (record === undefined || record.endedAt !== undefined || record.leavingAt !== undefined) return false;
  const channel = decodeChannel(record.state);
  return channel.staged === undefined && describeChannel(channel).leaving.some((member) => member !== channel.own);
}

/** Once in each epoch: the wish of the one before has gone with it. */
async function askToLeave(context: AgentContext, record: ChannelRecord): Promise<void> {
  const before = decodeChannel(record.state);
  const { leaving, admins } = describeChannel(before);
  if (before.staged !== undefined || leaving.includes(before.own) || admins.includes(before.own)) return;
  const work = beginWork(context);
  const { channel, event, mlsHash } = await proposeDeparture(before, work.now, context.rng);
  work.channels.set(record.id, { record, channel });
  work.changes.push(
    { kind: 'queue', record: toQueued(work, event, `group:${record.nostrGroupId}`, record.relays) },
    seenInChannel(record.id, channel, event.id, work.now),
    seenInChannel(record.id, channel, mlsHash, work.now),
  );
  countSends(context.store, work.changes);
  saveWork(work);
}

/** When the leaf of a channel is to be renewed (unix seconds): that of a joined channel at once, after what lay waiting in it has been read; any other every 24 to 36 days, each at a time of its own. */
export function leafDueAt({ id, leafUpdatedAt, fetchedUntil, leavingAt, hasChores }: ChannelRecord): number {
  if (leavingAt !== undefined || hasChores) return Infinity;
  if (leafUpdatedAt === undefined) return fetchedUntil > 0 ? 0 : Infinity;
  return leafUpdatedAt + PERIOD_S + (Number.parseInt(sha256Hex(id).slice(0, 8), 16) % PERIOD_SPREAD_S);
}

function listBusy(context: AgentContext): readonly ChannelRecord[] {
  return listOpenChannels(context.store).filter(({ hasChores }) => hasChores);
}
