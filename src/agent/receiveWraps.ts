// Takes in gift wraps: a welcome by somebody who may invite us is joined, another waits for the owner's word.

import type { Hex } from '../core/bytes.ts';
import { spend } from '../core/cpuBudget.ts';
import type { Rng } from '../core/ports.ts';
import { describeChannel } from '../marmot/channel.ts';
import { decodeChannel } from '../marmot/channelCodec.ts';
import { joinChannel } from '../marmot/joinChannel.ts';
import { readWelcome } from '../marmot/welcome.ts';
import type { NostrEvent, Rumor } from '../nostr/event.ts';
import type { Unwrapped } from '../nostr/giftWrap.ts';
import { encodeNpub } from '../nostr/npub.ts';
import { countZeroBits } from '../nostr/proofOfWork.ts';
import type { OpenedWrap as Opened, Unwrapper } from '../nostr/unwrapper.ts';
import type { Change, InviteRecord } from '../store/records.ts';
import type { AgentContext } from './context.ts';
import { isLost, newChannel, type OpenChannel } from './channelRecord.ts';
import { openDoor, type Door } from './inbox/door.ts';
import { takeAffordable } from './inbox/wrapBudgets.ts';
import type { WrapQueue } from './inbox/wrapQueue.ts';
import { wrapsForgottenBefore } from './forgetSeen.ts';
import { suspectIfOld } from './restored.ts';
import { formerInbox } from './formerRelays.ts';
import { queueKeyPackage } from './publishIdentity.ts';
import { relaysOf } from './relaysOf.ts';
import { unlessSignerFails } from './signerFaults.ts';
import { beginWork, saveWork, type GroupNews, type Work } from './work.ts';

// Invites that wait: of everybody together, of one sender, and for how long.
const MAX_INVITES = 1_000;
const MAX_PER_SENDER = 3;
const KEPT_S = 7 * 86_400;
// So many are opened and saved at a time; a bunker is asked for each by itself, since one that it refuses must not keep back the others.
const BATCH = 64;

/** Whose channels were joined, and which of them are groups. */
export interface JoinReport {
  readonly joined: readonly Hex[];
  readonly groupNews: readonly GroupNews[];
}

/** What came of a batch of gift wraps: channels joined, and peers who now wait. */
export interface WrapReport extends JoinReport {
  readonly waiting: readonly Hex[];
  /** False when some were not opened, for want of budget or the signer: they have to be fetched again. */
  readonly isComplete: boolean;
}

/**
 * Opens what waits in the queue (gift wraps addressed to us, their signatures unchecked) as far as the budgets go, and takes it in. What shows most
 * work comes first, and of equal work the lot decides: senders choose dates, and what was left the last time must not always be left. What
 * stays in the queue has not been looked at.
 */
export async function receiveWraps(context: AgentContext, queue: WrapQueue): Promise<WrapReport> {
  const report: Mutable = { joined: [], waiting: [], groupNews: [], isComplete: true };
  if (queue.size() === 0) return report;
  mix(queue, context.rng);
  const unwrapper = await context.openUnwrapper();
  try {
    for (let isOver = false; !isOver && !context.closing.aborted;) isOver = !(await receiveBatch(context, queue, unwrapper, report));
  } finally {
    await unwrapper.close();
  }
  return { ...report, isComplete: report.isComplete && queue.size() === 0 };
}

/** Opens and saves the best that the budgets allow; false when they allow none, or there is none. */
async function receiveBatch(context: AgentContext, queue: WrapQueue, unwrapper: Unwrapper, report: Mutable): Promise<boolean> {
  const next = takeAffordable(queue, context.wrapBudgets, context.bunker === undefined ? BATCH : 1);
  if (next.kind === 'none') return false;
  const startedMs = performance.now();
  const opened = await unlessSignerFails(() => unwrapper.open(next.wraps));
  const nowMs = performance.now();
  // A signer that is away has its time, too.
  if (opened === undefined) spend(next.budget, nowMs - startedMs, nowMs);
  else for (const { tookMs } of opened) spend(next.budget, tookMs, nowMs);
  const taken = opened === undefined ? undefined : await takeOpened(context, opened);
  report.isComplete &&= taken?.isComplete === true;
  report.joined.push(...(taken?.joined ?? []));
  report.waiting.push(...(taken?.waiting ?? []));
  report.groupNews.push(...(taken?.groupNews ?? []));
  return true;
}

/** The queue goes by arrival where work is equal; now that all has arrived, anything may have come first. */
function mix(queue: WrapQueue, rng: Rng): void {
  const lots = queue.take(queue.size(), 0).map((wrap) => ({ wrap, lot: Buffer.from(rng.bytes(4)).readUInt32BE() }));
  for (const { wrap } of lots.sort((a, b) => a.lot - b.lot)) queue.add(wrap);
}

/** Takes in what was found in gift wraps: a welcome of somebody who may come in is joined, others wait, and everything else is passed over. */
export async function takeOpened(
  context: AgentContext,
  wraps: readonly OpenedWrap[],
  trustOf: TrustOf = () => undefined,
): Promise<WrapReport> {
  const report: Mutable = { joined: [], waiting: [], groupNews: [], isComplete: true };
  // Junk needs no door, and there may be much of it.
  let known: Door | undefined;
  const door = (): Door => (known ??= openDoor(context));
  const passed: Hex[] = [];
  const forgottenBefore = wrapsForgottenBefore(context);
  for (const { wrap, opened } of wraps) {
    // Under a false signature the id may be that of a true one, which is to come.
    if (opened.kind === 'unreadable' && opened.reason === 'signature') continue;
    if (opened.kind === 'unreadable' || wrap.created_at < forgottenBefore) passed.push(wrap.id);
    else if (!context.store.hasSeen(wrap.id)) await receiveRumor({ context, door, trustOf, report, passed }, wrap, opened);
  }
  if (passed.length > 0) context.store.save([{ kind: 'pass-wraps', ids: passed }]);
  return report;
}

/** Joins the channels of those waiting invites whose senders may come in by now, most work first; forgets those that are too old. */
export async function joinWaiting(context: AgentContext, trustOf: TrustOf = () => undefined): Promise<JoinReport> {
  const invites = context.store.listInvites();
  const report: Mutable = { joined: [], waiting: [], groupNews: [], isComplete: true };
  if (invites.length === 0) return report;
  const door = openDoor(context);
  for (const invite of invites.toSorted((a, b) => countZeroBits(b.wrapId) - countZeroBits(a.wrapId))) {
    const { wrapId, sender, receivedAt } = invite;
    const verdict = door.judge(sender, wrapId, trustOf(sender));
    const isOver = verdict.kind === 'drop' || context.clock.now() - receivedAt > KEPT_S;
    if (verdict.kind === 'join') await joinInvite(context, door, invite, report);
    else if (isOver) context.store.save([{ kind: 'drop-invite', wrapId }]);
  }
  return report;
}

/** The senders of waiting invites who come in if their score is good enough. */
export function listUnscored(context: AgentContext, trustOf: TrustOf): readonly Hex[] {
  const invites = context.store.listInvites();
  if (invites.length === 0) return [];
  const door = openDoor(context);
  const unscored = invites.filter(({ sender, wrapId }) => {
    const verdict = door.judge(sender, wrapId, trustOf(sender));
    return verdict.kind === 'wait' && verdict.for === 'trust';
  });
  return [...new Set(unscored.map(({ sender }) => sender))];
}

/** A sender's trust score (0 to 100), where it was looked up. */
export type TrustOf = (sender: Hex) => number | undefined;

type OpenedWrap = Pick<Opened, 'wrap' | 'opened'>;
type Mutable = { -readonly [K in keyof WrapReport]: WrapReport[K] extends readonly (infer T)[] ? T[] : WrapReport[K] };

interface Taking {
  readonly context: AgentContext;
  readonly door: () => Door;
  readonly trustOf: TrustOf;
  readonly report: Mutable;
  /** Wraps with nothing for us. */
  readonly passed: Hex[];
}

async function receiveRumor(
  { context, door: openedDoor, trustOf, report, passed }: Taking,
  { id: wrapId, created_at: dated }: NostrEvent,
  { sender, rumor }: Extract<Unwrapped, { kind: 'rumor' }>,
): Promise<void> {
  const { store } = context;
  const welcome = readWelcome(rumor);
  // One for a key package that is not ours, or no longer, can never be joined.
  if (welcome.kind === 'refused' || store.findKeyPackage(welcome.keyPackageEventId) === undefined) return void passed.push(wrapId);
  const door = openedDoor();
  const verdict = door.judge(sender, wrapId, trustOf(sender));
  if (verdict.kind === 'drop') return void passed.push(wrapId);
  const work = beginWork(context);
  work.changes.push({ kind: 'seen', id: wrapId, at: work.now, in: { kind: 'inbox', dated } });
  if (verdict.kind === 'wait') {
    const invite = { wrapId, sender, welcome: JSON.stringify(rumor), receivedAt: work.now };
    const room = makeRoom(store.listInvites(), invite);
    // A full table: unseen, the invite may come in when there is room.
    if (room === undefined) return;
    work.changes.push(...room, { kind: 'invite', record: invite });
    saveWork(work);
    report.waiting.push(sender);
    return;
  }
  const hasJoined = await unlessSignerFails(() => join(work, door, sender, rumor));
  report.isComplete &&= hasJoined !== undefined;
  if (hasJoined === undefined) return;
  saveWork(work);
  if (hasJoined) report.joined.push(sender);
  report.groupNews.push(...work.groupNews);
}

/** What has to go so that an invite can wait; undefined when it has to stay out itself. Those that show least work go first. */
function makeRoom(invites: readonly InviteRecord[], { sender, wrapId }: InviteRecord): readonly Change[] | undefined {
  if (invites.filter((each) => each.sender === sender).length >= MAX_PER_SENDER) return undefined;
  if (invites.length < MAX_INVITES) return [];
  const [least] = invites.toSorted((a, b) => countZeroBits(a.wrapId) - countZeroBits(b.wrapId));
  const isMore = least !== undefined && countZeroBits(wrapId) > countZeroBits(least.wrapId);
  return isMore ? [{ kind: 'drop-invite', wrapId: least.wrapId }] : undefined;
}

async function joinInvite(context: AgentContext, door: Door, invite: InviteRecord, report: Mutable): Promise<void> {
  const { wrapId, sender, welcome } = invite;
  const work = beginWork(context);
  work.changes.push({ kind: 'drop-invite', wrapId });
  const hasJoined = await unlessSignerFails(() => join(work, door, sender, JSON.parse(welcome) as Rumor));
  // It stays where it is: without the signer there is no new key package in place of the one that it uses.
  if (hasJoined === undefined) return;
  saveWork(work);
  if (hasJoined) report.joined.push(sender);
  report.groupNews.push(...work.groupNews);
}

async function join(work: Work, door: Door, sender: Hex, welcome: Rumor): Promise<boolean> {
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
  work.changes.push(...door.admit(sender, mlsGroupId));
  suspectIfOld(work, mlsGroupId, keyPackage.createdAt);
  if (members.length > 2)
    work.groupNews.push({ group: mlsGroupId, name, type: 'joined', by: encodeNpub(sender), members: members.map(encodeNpub) });
  await queueKeyPackage(work);
  return true;
}

/**
 * A group that we are in is not joined again. One that is over for us, or that we want to leave, may take us back, in an epoch that we have not seen: an older welcome
 * would bring back keys that were used (protocol-core/joining.md).
 */
function admit({ context }: Work, made: OpenChannel): OpenChannel | undefined {
  const { id, nostrGroupId } = made.record;
  const known = context.store.listChannels().filter((record) => record.id === id || record.nostrGroupId === nostrGroupId);
  const [former] = known;
  if (former === undefined) return made;
  const isOver = known.length === 1 && former.id === id && (former.endedAt ?? former.leavingAt) !== undefined;
  // Of a channel that a restored home has lost no key is left, nor of any key package that an old welcome could be for.
  const isLater = isOver && (isLost(former) || describeChannel(made.channel).epoch > describeChannel(decodeChannel(former.state)).epoch);
  return isLater ? { ...made, record: { ...made.record, createdAt: former.createdAt, version: former.version } } : undefined;
}
