// Groups as their owner sees them.

import { NegotiateError } from '../../core/errors.ts';
import { describeChannel } from '../../marmot/channel.ts';
import { decodeChannel } from '../../marmot/channelCodec.ts';
import { encodeNpub } from '../../nostr/npub.ts';
import { isLost } from '../channelRecord.ts';
import type { ChannelRecord, Store } from '../../store/records.ts';

const SHORTEST_PREFIX = 4;

/** A group, or the private channel with a peer, which is one of two. */
export interface GroupView {
  /** The MLS group id, hex. */
  readonly group: string;
  readonly name: string;
  readonly state: 'open' | 'leaving' | 'changing' | 'over' | 'lost';
  /** npubs in the order of their leaves. */
  readonly members: readonly string[];
  readonly admins: readonly string[];
  readonly epoch: number;
  readonly relays: readonly string[];
}

/** Shows a channel. `changing`: a change of ours waits for a relay. `lost`: this home was restored, and its backup holds no keys. */
export function viewGroup(record: ChannelRecord): GroupView {
  if (isLost(record)) {
    const { id: group, peer, relays } = record;
    return { group, name: '', state: 'lost', members: peer === undefined ? [] : [encodeNpub(peer)], admins: [], epoch: 0, relays };
  }
  const channel = decodeChannel(record.state);
  const { name, members, admins, epoch, relays } = describeChannel(channel);
  const isChanging = channel.staged !== undefined;
  return {
    group: record.id,
    name,
    state: record.endedAt !== undefined ? 'over' : record.leavingAt !== undefined ? 'leaving' : isChanging ? 'changing' : 'open',
    members: members.map(encodeNpub),
    admins: admins.map(encodeNpub),
    epoch,
    relays,
  };
}

/** Finds a group by the first digits of its id. Throws `input/not-found`, `input/ambiguous`. */
export function findGroup(store: Store, named: string): ChannelRecord {
  const found = store.listChannels().filter(({ id }) => named.length >= SHORTEST_PREFIX && id.startsWith(named.toLowerCase()));
  const [record, ...others] = found;
  if (record === undefined) throw new NegotiateError('input/not-found', 'There is no such group. See: agent-negotiate group list');
  if (others.length > 0) throw new NegotiateError('input/ambiguous', 'Several groups begin like this. Name more digits of the id.');
  return record;
}
