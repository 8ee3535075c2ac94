// Takes in gift wraps: a welcome by somebody who may invite us is joined, another waits for the owner's word.

import type { Hex } from '../core/bytes.ts';
import { describeChannel } from '../marmot/channel.ts';
import { decodeChannel } from '../marmot/channelCodec.ts';
import { joinChannel } from '../marmot/joinChannel.ts';
import { readWelcome } from '../marmot/welcome.ts';
import type { NostrEvent, Rumor } from '../nostr/event.ts';
import { unwrapGift } from '../nostr/giftWrap.ts';
import { encodeNpub } from '../nostr/npub.ts';
import type { AgentContext } from './context.ts';
import { isLost, newChannel, type OpenChannel } from './channelRecord.ts';
import { formerInbox } from './formerRelays.ts';
import { queueKeyPackage } from './publishIdentity.ts';
import { relaysOf } from './relaysOf.ts';
import { isInvited } from './settings.ts';
import { unlessSignerFails } from './signerFaults.ts';
import { beginWork, saveWork, type GroupNews, type Work } from './work.ts';

const MAX_INVITES = 200;

/** Whose channels were joined, and which of them are groups. */
export interface JoinReport {
  readonly joined: readonly Hex[];
  readonly groupNews: readonly GroupNews[];
}

/** What came of a batch of gift wraps: channels joined, and peers who now wait. */
export interface WrapReport extends JoinReport {
  readonly waiting: readonly Hex[];
  /** False when the signer could not open all of them: the rest has to be fetched again. */
  readonly isComplete: boolean;
}

/** Takes in gift wraps (kind 1059) addressed to us; each is looked at once, when the signer is there to open it. */
export async function receiveWraps(context: AgentContext, wraps: readonly NostrEvent[]): Promise<WrapReport> {
  const joined: Hex[] = [];
  const waiting: Hex[] = [];
  const groupNews: GroupNews[] = [];
  let isComplete = true;
  for (const wrap of wraps) {
    if (context.store.hasSeen(wrap.id)) continue;
    const received = await unlessSignerFails(() => receiveWrap(context, wrap));
    isComplete &&= received !== undefined;
    if (received === undefined) continue;
    groupNews.push(...received.groupNews);
    if (received.outcome === 'joined') joined.push(received.sender);
    if (received.outcome === 'waiting') waiting.push(received.sender);
  }
  return { joined, waiting, groupNews, isComplete };
}

async function receiveWrap(context: AgentContext, wrap: NostrEvent): Promise<ReceivedWrap> {
  const opened = await unwrapGift(await context.signer(), wrap);
  const work = beginWork(context);
  work.changes.push({ kind: 'seen', id: wrap.id, at: work.now });
  const sender = opened.kind === 'rumor' ? opened.sender : '';
  const outcome = opened.kind === 'rumor' ? await receiveWelcome(work, wrap.id, sender, opened.rumor) : 'nothing';
  // A full table: unseen, the invite may come in when there is room.
  if (outcome !== 'no-room') saveWork(work);
  return { outcome, sender, groupNews: outcome === 'no-room' ? [] : work.groupNews };
}

/** Joins the channels of those waiting invites whose senders may invite us by now. */
export async function joinWaiting(context: AgentContext): Promise<JoinReport> {
  const joined: Hex[] = [];
  const groupNews: GroupNews[] = [];
  for (const { wrapId, sender, welcome } of context.store.listInvites()) {
    if (!isInvited(context.store, sender)) continue;
    const work = beginWork(context);
    work.changes.push({ kind: 'drop-invite', wrapId });
    const hasJoined = await unlessSignerFails(() => join(work, sender, JSON.parse(welcome) as Rumor));
    // It stays where it is: without the signer there is no new key package in place of the one that it uses.
    if (hasJoined === undefined) continue;
    if (hasJoined) joined.push(sender);
    saveWork(work);
    groupNews.push(...work.groupNews);
  }
  return { joined, groupNews };
}

type WelcomeOutcome = 'joined' | 'waiting' | 'nothing' | 'no-room';

interface ReceivedWrap {
  readonly outcome: WelcomeOutcome;
  readonly sender: Hex;
  readonly groupNews: readonly GroupNews[];
}

async function receiveWelcome(work: Work, wrapId: Hex, sender: Hex, rumor: Rumor): Promise<WelcomeOutcome> {
  const { store } = work.context;
  const welcome = readWelcome(rumor);
  // One for a key package that is not ours, or no longer, can never be joined.
  if (welcome.kind === 'refused' || store.findKeyPackage(welcome.keyPackageEventId) === undefined) return 'nothing';
  if (isInvited(store, sender)) return (await join(work, sender, rumor)) ? 'joined' : 'nothing';
  if (store.listInvites().length >= MAX_INVITES) return 'no-room';
  work.changes.push({ kind: 'invite', record: { wrapId, sender, welcome: JSON.stringify(rumor), receivedAt: work.now } });
  return 'waiting';
}

async function join(work: Work, sender: Hex, welcome: Rumor): Promise<boolean> {
  const { context, now } = work;
  const facts = readWelcome(welcome);
  const keyPackage = facts.kind === 'refused' ? undefined : context.store.findKeyPackage(facts.keyPackageEventId);
  if (keyPackage === undefined) return false;
  const result = await joinChannel({ welcome, sender, keyPackagePrivate: keyPackage.privateBytes });
  if (result.kind === 'refused') return false;
  const { mlsGroupId, name, members } = describeChannel(result.channel);
  const made = admit(work, newChannel(result.channel, [...relaysOf(context), ...formerInbox(context)], now));
  if (made === undefined) return false;
  work.channels.set(mlsGroupId, made);
  if (members.length > 2)
    work.groupNews.push({ group: mlsGroupId, name, type: 'joined', by: encodeNpub(sender), members: members.map(encodeNpub) });
  await queueKeyPackage(work);
  return true;
}

/**
 * A group that we are in is not joined again. One that is over for us may take us back, in an epoch that we have not seen: an older welcome
 * would bring back keys that were used (protocol-core/joining.md).
 */
function admit({ context }: Work, made: OpenChannel): OpenChannel | undefined {
  const { id, nostrGroupId } = made.record;
  const known = context.store.listChannels().filter((record) => record.id === id || record.nostrGroupId === nostrGroupId);
  const [former] = known;
  if (former === undefined) return made;
  const isOver = known.length === 1 && former.id === id && former.endedAt !== undefined;
  // Of a channel that a restored home has lost no key is left, nor of any key package that an old welcome could be for.
  const isLater = isOver && (isLost(former) || describeChannel(made.channel).epoch > describeChannel(decodeChannel(former.state)).epoch);
  return isLater ? { ...made, record: { ...made.record, createdAt: former.createdAt, version: former.version } } : undefined;
}
