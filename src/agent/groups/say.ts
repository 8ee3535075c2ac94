// Says something in words to everybody in a group (kind 9).

import { seenInChannel } from '../forgetSeen.ts';
import { z } from 'zod';
import { NegotiateError } from '../../core/errors.ts';
import { decodeChannel } from '../../marmot/channelCodec.ts';
import { encodePayload } from '../../marmot/payload.ts';
import { sealPayload } from '../../marmot/sealPayload.ts';
import { makeRumor } from '../../nostr/event.ts';
import type { OpenChannel } from '../channelRecord.ts';
import { notCaughtUp } from '../commits.ts';
import type { AgentContext } from '../context.ts';
import { drainOutbox } from '../drainOutbox.ts';
import { CHAT, readMessage } from '../groupMessages.ts';
import { permitInGroup } from '../mandate/permit.ts';
import { readyToSend } from '../restored.ts';
import { toQueued } from '../sealMoves.ts';
import { countSends } from '../sendCount.ts';
import { beginWork, saveWork, type Work } from '../work.ts';
import { othersIn } from './othersIn.ts';
import { findGroup } from './viewGroup.ts';

const MAX_CHARS = 16_384;

/** Which group, by the first digits of its id, and the words; `isApproved` when the owner says yes to what his mandate would ask him about. */
export const sayInput = z.strictObject({ group: z.string(), text: z.string().min(1).max(MAX_CHARS), isApproved: z.boolean().optional() });

/** What was said. `isSent` is false when no relay could be reached: it is saved and goes out with `sync`. */
export interface Said {
  readonly group: string;
  readonly id: string;
  readonly isSent: boolean;
}

/** Says it. Throws `input/not-found`, `relay/unacknowledged` while a change of ours to the group waits for a relay, `mandate/…`. */
export async function say(context: AgentContext, { group, text, isApproved }: z.infer<typeof sayInput>): Promise<Said> {
  const record = findGroup(context.store, group);
  if (record.endedAt !== undefined || record.leavingAt !== undefined)
    throw new NegotiateError('input/not-found', 'This group is over, or you are leaving it: nothing can be said in it.');
  const work = beginWork(context, isApproved);
  const open = { record, channel: decodeChannel(record.state) };
  // While a commit of ours waits, sealing says so.
  const { channel } = open.channel.staged === undefined ? await requireReady(work, open) : open;
  const members = othersIn(context, channel);
  await permitInGroup(work, { kind: 'say', type: 'group-message', group: record.id, members, text });
  const rumor = makeRumor(context.pubkey, { kind: CHAT, created_at: work.now, tags: [], content: text });
  const sealed = await sealPayload(channel, { payload: encodePayload(rumor), now: work.now, rng: context.rng });
  work.channels.set(record.id, { record, channel: sealed.channel });
  const message = readMessage(record.id, rumor, channel.epoch.id);
  work.changes.push(
    { kind: 'queue', record: toQueued(work, sealed.event, `group:${record.nostrGroupId}`, record.relays) },
    seenInChannel(record.id, sealed.channel, sealed.event.id, work.now),
    seenInChannel(record.id, sealed.channel, sealed.mlsHash, work.now),
    ...(message === undefined ? [] : [{ kind: 'message' as const, record: message }]),
  );
  countSends(context.store, work.changes);
  saveWork(work);
  await drainOutbox(context, { force: true });
  const isQueued = context.store
    .listQueued()
    .some(({ eventId, targets }) => eventId === sealed.event.id && !targets.some(({ state }) => state === 'done'));
  return { group: record.id, id: rumor.id, isSent: !isQueued };
}

async function requireReady(work: Work, open: OpenChannel): Promise<OpenChannel> {
  const ready = await readyToSend(work, open);
  if (ready === undefined) throw notCaughtUp();
  return ready;
}
