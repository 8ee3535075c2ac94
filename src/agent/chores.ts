// What channels need besides reading: commits to publish, leaves to renew, members to let go, our own wish to leave.

import { sha256Hex } from '../core/bytes.ts';
import { describeChannel } from '../marmot/channel.ts';
import { decodeChannel } from '../marmot/channelCodec.ts';
import { proposeDeparture } from '../marmot/proposeDeparture.ts';
import type { ChannelRecord } from '../store/records.ts';
import { toRecord } from './channelRecord.ts';
import { commitChange, publishStaged } from './commits.ts';
import type { AgentContext } from './context.ts';
import { listOpenChannels } from './openChannels.ts';
import { relaysOf } from './relaysOf.ts';
import { toQueued } from './sealMoves.ts';
import { beginWork } from './work.ts';

const DAY_S = 86_400;
const PERIOD_S = 24 * DAY_S;
const PERIOD_SPREAD_S = 12 * DAY_S;
// So that not all members commit the same departure at once (protocol-core/member-departure.md).
const JITTER_MS = { least: 10, most: 50 } as const;

/** Publishes what an earlier try has left half done. Never throws for what relays do. */
export async function finishCommits(context: AgentContext): Promise<void> {
  for (const record of listBusy(context)) await publishStaged(context, record.id);
}

/** Lets go of who wants to leave, and says again that we do; then renews every leaf that is due. Never throws for what relays do. */
export async function doChores(context: AgentContext): Promise<void> {
  for (const record of listBusy(context)) await doBusy(context, record);
  const now = context.clock.now();
  for (const record of listOpenChannels(context.store).filter((each) => isLeafDue(each, now))) {
    await commitChange(context, record.id, { kind: 'self-update' });
  }
}

async function doBusy(context: AgentContext, record: ChannelRecord): Promise<void> {
  const channel = decodeChannel(record.state);
  if (channel.staged !== undefined) return;
  const { leaving, admins } = describeChannel(channel);
  if (leaving.some((member) => member !== channel.own) && record.leavingAt === undefined) {
    const [byte = 0] = context.rng.bytes(1);
    await new Promise((resolve) => setTimeout(resolve, JITTER_MS.least + (byte / 255) * (JITTER_MS.most - JITTER_MS.least)));
    await commitChange(context, record.id, { kind: 'let-go' });
  } else if (record.leavingAt !== undefined && !leaving.includes(channel.own) && !admins.includes(channel.own)) {
    await askToLeave(context, record);
  }
}

/** The wish of the epoch before has gone with it. */
async function askToLeave(context: AgentContext, record: ChannelRecord): Promise<void> {
  const work = beginWork(context);
  const { channel, event, mlsHash } = await proposeDeparture(decodeChannel(record.state), work.now, context.rng);
  const saved = toRecord({ record, channel }, relaysOf(context));
  context.store.save([
    { kind: 'channel', record: saved },
    { kind: 'queue', record: toQueued(work, event, `group:${saved.nostrGroupId}`, saved.relays) },
    { kind: 'seen', id: event.id, at: work.now },
    { kind: 'seen', id: mlsHash, at: work.now },
  ]);
}

/** A joined channel at once, after what lay waiting in it has been read; any other every 24 to 36 days, each at a time of its own. */
function isLeafDue({ id, leafUpdatedAt, fetchedUntil, leavingAt, hasChores }: ChannelRecord, now: number): boolean {
  if (leavingAt !== undefined || hasChores) return false;
  if (leafUpdatedAt === undefined) return fetchedUntil > 0;
  return now >= leafUpdatedAt + PERIOD_S + (Number.parseInt(sha256Hex(id).slice(0, 8), 16) % PERIOD_SPREAD_S);
}

function listBusy(context: AgentContext): readonly ChannelRecord[] {
  return listOpenChannels(context.store).filter(({ hasChores }) => hasChores);
}
