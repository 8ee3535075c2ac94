// What is kept of a channel. Whatever its MLS state says is taken from there each time it is saved, and from nowhere else.

import { describeChannel, type Channel } from '../marmot/channel.ts';
import { encodeChannel } from '../marmot/channelCodec.ts';
import { addressesOf } from '../marmot/branches.ts';
import { dueInvitations } from '../marmot/heldInvitations.ts';
import { CONVERGENCE } from '../marmot/profile.ts';
import type { ChannelRecord, Route } from '../store/records.ts';
import { keepDialable } from './dialGuard.ts';

/** A channel as a step has it. */
export interface OpenChannel {
  readonly record: ChannelRecord;
  readonly channel: Channel;
}

/** True for a channel whose keys were given up when this home went back in time: a backup has none, and those of an old copy may have been used. */
export function isLost({ state }: ChannelRecord): boolean {
  return state.length === 0;
}

/** A channel that was just made or joined; of the relays it names only those are used that may be dialled beside `own`. */
export function newChannel(channel: Channel, own: readonly string[], now: number): OpenChannel {
  const { mlsGroupId, nostrGroupId, members } = describeChannel(channel);
  const [peer, ...others] = members.filter((member) => member !== channel.own);
  const routing = { nostrGroupId, relays: [], otherRoutes: [] };
  const record = { id: mlsGroupId, ...routing, state: new Uint8Array(), createdAt: now, fetchedUntil: 0, hasChores: false };
  const open = { record: { ...record, version: 0, ...(peer === undefined || others.length > 0 ? {} : { peer }) }, channel };
  return { ...open, record: toRecord(open, own) };
}

/** The record to save. One that had a peer keeps it as long as there are just the two of us, and once it is over. */
export function toRecord({ record, channel }: OpenChannel, own: readonly string[]): ChannelRecord {
  const { nostrGroupId, relays, members, leaving } = describeChannel(channel);
  const { peer, ...rest } = record;
  // One that was dialled before is no stranger's choice any more, even when the owner has left it since.
  const routing = { nostrGroupId, relays: keepDialable(relays, [...own, ...record.relays]) };
  const isPair = peer !== undefined && members.length === 2 && members.includes(peer);
  const hasLeavers = leaving.some((member) => member !== channel.own);
  const isBusy = channel.staged !== undefined || hasLeavers || record.leavingAt !== undefined || dueInvitations(channel).length > 0;
  const hasChores = record.endedAt === undefined && isBusy;
  return {
    ...rest,
    ...(isPair || (peer !== undefined && record.endedAt !== undefined) ? { peer } : {}),
    ...routing,
    otherRoutes: keepRoutes(record, channel, routing),
    hasChores,
    state: encodeChannel(channel),
  };
}

/**
 * Where others who are behind, or on another branch, may still speak: the addresses of epochs that are kept, each with the relays we know
 * for it, and this address at the relays before (app-components/nostr-routing-v1.md).
 */
function keepRoutes(
  before: Pick<ChannelRecord, 'nostrGroupId' | 'relays' | 'otherRoutes'>,
  channel: Channel,
  { nostrGroupId, relays }: Pick<ChannelRecord, 'nostrGroupId' | 'relays'>,
): readonly Route[] {
  const addresses = addressesOf(channel);
  const epoch = Number(channel.epoch.number);
  const isPresent = (route: Route): boolean => route.address === nostrGroupId && isSameList(route.relays, relays);
  const last: Route = { address: before.nostrGroupId, relays: before.relays, lastEpoch: epoch - 1 };
  const left = isPresent(last) || last.relays.length === 0 ? [] : [last];
  const older = before.otherRoutes.filter(
    ({ address, relays: at }) => !left.some((each) => each.address === address && isSameList(each.relays, at)),
  );
  const known = [...left, ...older].filter(
    (route) => !isPresent(route) && addresses.includes(route.address) && route.lastEpoch >= epoch - CONVERGENCE.maxRewind,
  );
  // Of a branch that we do not follow, only the address is known.
  const unknown = addresses.filter((address) => address !== nostrGroupId && !known.some((route) => route.address === address));
  return [...known, ...unknown.map((address) => ({ address, relays, lastEpoch: epoch }))];
}

function isSameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item, i) => item === b[i]);
}
