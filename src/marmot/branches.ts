// The branches of a group: commits of one epoch by different members split it, and everybody has to end on the same side
// (protocol-core/convergence.md). What is kept are states, five epochs back and on every branch, so that going over is no work.

import { clientStateDecoder, clientStateEncoder, decode, encode, type ClientState } from 'ts-mls';
import type { Hex } from '../core/bytes.ts';
import { NegotiateError } from '../core/errors.ts';
import { beats } from './branchScore.ts';
import type { Channel, Epoch, KeptEpoch } from './channel.ts';
import { CONVERGENCE, LIMITS } from './profile.ts';
import { NO_KEYS } from './retireChannel.ts';

/** An epoch with its state, ready to process messages of it. */
export interface OpenEpoch {
  readonly epoch: Epoch;
  readonly state: ClientState;
}

/** What a change of branch came to: the channel, and the commits that no longer count. */
export interface Converged {
  readonly channel: Channel;
  readonly superseded: readonly Hex[];
}

/** The epochs with this number: on our branch first, then on others. */
export function epochsAt(channel: Channel, number: bigint): readonly OpenEpoch[] {
  const past = channel.past.filter(({ epoch }) => epoch.number === number).flatMap((kept) => openPast(channel, kept) ?? []);
  const tip = channel.epoch.number === number ? [{ epoch: channel.epoch, state: channel.state }] : [];
  return [...tip, ...past, ...rivalsAt(channel, number)];
}

/** The epochs with this number on other branches than ours. */
export function rivalsAt({ rivals }: Channel, number: bigint): readonly OpenEpoch[] {
  return rivals.filter(({ epoch }) => epoch.number === number).map(openRival);
}

/** The highest number of an epoch that we know, on any branch. */
export function newestEpoch({ epoch, rivals }: Pick<Channel, 'epoch' | 'rivals'>): bigint {
  return rivals.reduce((newest, rival) => (rival.epoch.number > newest ? rival.epoch.number : newest), epoch.number);
}

/** The lowest number of an epoch of which anything can still be read, on any branch: what is of one before opens no more, and never will again. */
export function oldestEpoch(channel: Channel): bigint {
  const numbers = [...reachable(channel).map(({ number }) => number), ...channel.state.historicalReceiverData.keys()];
  return numbers.reduce((oldest, number) => (number < oldest ? number : oldest), channel.epoch.number);
}

/** The outer keys to try on an event: the tip's first. That of a staged commit is among them, though nothing is processed there. */
export function outerKeysOf(channel: Channel): readonly Uint8Array[] {
  return reachable(channel)
    .map(({ outerKey }) => outerKey)
    .filter(({ length }) => length > 0);
}

/** The `h` tags that its events may carry: that of the tip first, then those of epochs that are still kept. */
export function addressesOf(channel: Channel): readonly Hex[] {
  return [...new Set(reachable(channel).map(({ address }) => address))];
}

function reachable({ epoch, past, rivals, staged }: Channel): readonly Epoch[] {
  return [epoch, ...past.map(toEpoch), ...rivals.map(toEpoch), ...(staged === undefined ? [] : [staged.epoch])];
}

/** Puts another state in the place of an epoch's: a proposal has come, for instance. */
export function withState(channel: Channel, id: Hex, state: ClientState): Channel {
  if (channel.epoch.id === id) return { ...channel, state };
  const replacePast = (kept: KeptEpoch): KeptEpoch => (kept.epoch.id === id ? { ...kept, bytes: encodePast(state) } : kept);
  const replaceRival = (kept: KeptEpoch): KeptEpoch =>
    kept.epoch.id === id ? { ...kept, bytes: encode(clientStateEncoder, state) } : kept;
  return { ...channel, past: channel.past.map(replacePast), rivals: channel.rivals.map(replaceRival) };
}

/** Notes that this account has spoken in an epoch; two are all that counts. It may make another branch the one to follow. */
export function addWitness(channel: Channel, id: Hex, account: Hex): Converged {
  const note = (epoch: Epoch): Epoch => {
    const { witnesses } = epoch;
    const isNew = epoch.id === id && witnesses.length < CONVERGENCE.quorumSenders && !witnesses.includes(account);
    return isNew ? { ...epoch, witnesses: [...witnesses, account] } : epoch;
  };
  const noteKept = (kept: KeptEpoch): KeptEpoch => ({ ...kept, epoch: note(kept.epoch) });
  const { epoch, past, rivals } = channel;
  return converge({ ...channel, epoch: note(epoch), past: past.map(noteKept), rivals: rivals.map(noteKept) });
}

/**
 * Takes in what a commit leads to: the next epoch of the branch that we follow, or one of a rival, which may win by it. Undefined when
 * there is no room for another rival, or the epoch that it ends is not kept any more.
 */
export function addEpoch(channel: Channel, epoch: Epoch, state: ClientState): Converged | undefined {
  if (epoch.parent === channel.epoch.id) return { channel: advance(channel, epoch, state), superseded: [] };
  if (isKnown(channel, epoch.id)) return { channel, superseded: [] };
  if (channel.rivals.length >= LIMITS.rivals || !isKnown(channel, epoch.parent)) return undefined;
  return converge({ ...channel, rivals: [...channel.rivals, { epoch, bytes: encode(clientStateEncoder, state) }] });
}

/** True when the epoch that this commit opens is kept already. */
export function isKnown({ epoch, past, rivals }: Channel, id: Hex): boolean {
  return [epoch, ...past.map(toEpoch), ...rivals.map(toEpoch)].some((each) => each.id === id);
}

function advance(channel: Channel, epoch: Epoch, state: ClientState): Channel {
  const past = [{ epoch: channel.epoch, bytes: encodePast(channel.state) }, ...channel.past];
  return prune({ ...channel, epoch, state, past });
}

/** Goes over to the branch that counts, if it is not the one we are on. */
function converge(channel: Channel): Converged {
  const branches = channel.rivals.flatMap((rival) => traceBranch(channel, rival) ?? []).filter(({ isTip }) => isTip);
  if (branches.length === 0) return { channel, superseded: [] };
  // All are compared from the deepest fork on.
  const start = branches.reduce((lowest, { fork }) => (fork < lowest ? fork : lowest), channel.epoch.number);
  const ours = [...channel.past.map(toEpoch).reverse(), channel.epoch].filter(({ number }) => number > start);
  let best: { readonly path: readonly Epoch[]; readonly branch?: Branch } = { path: ours };
  for (const branch of branches) {
    const path = [...ours.filter(({ number }) => number <= branch.fork), ...branch.chain.map(toEpoch)];
    if (beats(path, best.path)) best = { path, branch };
  }
  return best.branch === undefined ? { channel, superseded: [] } : switchTo(channel, best.branch);
}

interface Branch {
  /** The number of the epoch of ours that it starts from. */
  readonly fork: bigint;
  /** Its epochs after the fork, oldest first. */
  readonly chain: readonly KeptEpoch[];
  readonly isTip: boolean;
}

/** How a rival hangs on our branch; undefined for one that does not any more. */
function traceBranch({ epoch, past, rivals }: Channel, rival: KeptEpoch): Branch | undefined {
  const chain = [rival];
  for (;;) {
    const parent = chain[0]?.epoch.parent;
    const above = rivals.find((other) => other.epoch.id === parent);
    if (above === undefined) {
      const root = [epoch, ...past.map(toEpoch)].find(({ id }) => id === parent);
      const isTip = !rivals.some((other) => other.epoch.parent === rival.epoch.id);
      return root === undefined ? undefined : { fork: root.number, chain, isTip };
    }
    chain.unshift(above);
  }
}

function switchTo(channel: Channel, { fork, chain }: Branch): Converged {
  const opened = chain.map(openRival);
  const [tip, ...inner] = opened.reverse();
  if (tip === undefined) return { channel, superseded: [] };
  const left = channel.past.filter(({ epoch }) => epoch.number > fork).flatMap((kept) => openPast(channel, kept) ?? []);
  const abandoned = [...left, channel].map(({ epoch, state }): KeptEpoch => ({ epoch, bytes: encode(clientStateEncoder, state) }));
  // Of what both branches have in common, ours has been read further.
  const common = [...channel.state.historicalReceiverData].filter(([number]) => number <= fork);
  const own = inner.map(({ epoch, state }) => [epoch.number, receiverData(state)] as const);
  const historicalReceiverData = new Map([...tip.state.historicalReceiverData, ...common, ...own]);
  const kept = channel.past.filter(({ epoch }) => epoch.number <= fork);
  const next: Channel = {
    ...channel,
    epoch: tip.epoch,
    state: { ...tip.state, historicalReceiverData },
    past: [...inner.map(({ epoch, state }): KeptEpoch => ({ epoch, bytes: encodePast(state) })), ...kept],
    rivals: [...channel.rivals.filter((rival) => !chain.includes(rival)), ...abandoned],
  };
  return { channel: prune(next), superseded: abandoned.map(({ epoch }) => epoch.id) };
}

/** Lets go of what lies beyond five epochs, of rivals that start from there, and of whoever was invited there. */
function prune(channel: Channel): Channel {
  const oldest = channel.epoch.number - BigInt(CONVERGENCE.maxRewind);
  const kept = { ...channel, past: channel.past.filter(({ epoch }) => epoch.number >= oldest) };
  // Proposals go with their epoch.
  const waiting = Object.entries(channel.proposalDigests).filter(([ref]) => ref in channel.state.unappliedProposals);
  const rivals = kept.rivals.filter((rival) => traceBranch(kept, rival) !== undefined);
  const left = { ...kept, rivals, proposalDigests: Object.fromEntries(waiting) };
  return { ...left, invited: channel.invited.filter(({ epochId }) => isKnown(left, epochId)) };
}

/** Of a past epoch only what it takes to follow another commit of it; how to read its messages is in the tip's state (retained-history.md). */
function encodePast(state: ClientState): Uint8Array {
  const { initSecret, membershipKey } = state.keySchedule;
  const keySchedule = { ...NO_KEYS, initSecret, membershipKey };
  const secretTree = { leafWidth: state.secretTree.leafWidth, intermediateNodes: {}, leafNodes: {} };
  return encode(clientStateEncoder, { ...state, keySchedule, secretTree, historicalReceiverData: new Map() });
}

function openPast({ state: tip }: Channel, { epoch, bytes }: KeptEpoch): OpenEpoch | undefined {
  const data = tip.historicalReceiverData.get(epoch.number);
  if (data === undefined) return undefined;
  const state = decodeState(bytes);
  const { secretTree, senderDataSecret, resumptionPsk } = data;
  const keySchedule = { ...state.keySchedule, senderDataSecret, resumptionPsk };
  const historicalReceiverData = new Map([...tip.historicalReceiverData].filter(([number]) => number < epoch.number));
  return { epoch, state: { ...state, keySchedule, secretTree, historicalReceiverData } };
}

function openRival({ epoch, bytes }: KeptEpoch): OpenEpoch {
  return { epoch, state: decodeState(bytes) };
}

function receiverData(state: ClientState) {
  const { secretTree, ratchetTree, groupContext, keySchedule } = state;
  return {
    secretTree,
    ratchetTree,
    groupContext,
    senderDataSecret: keySchedule.senderDataSecret,
    resumptionPsk: keySchedule.resumptionPsk,
  };
}

/** To go on without it would be to choose a branch by what was lost (retained-history.md "Late commits"). */
function decodeState(bytes: Uint8Array): ClientState {
  let [state, cause]: [ClientState | undefined, unknown] = [undefined, undefined];
  try {
    state = decode(clientStateDecoder, bytes);
  } catch (error) {
    cause = error;
  }
  if (state !== undefined) return state;
  throw new NegotiateError('store/corrupt', 'A stored channel has lost a state. Restore a backup, or abandon the channel.', { cause });
}

function toEpoch({ epoch }: KeptEpoch): Epoch {
  return epoch;
}
