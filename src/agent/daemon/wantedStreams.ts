// Which subscriptions an agent wants open: one for its inbox, and one for each address of each channel.

import type { Hex } from '../../core/bytes.ts';
import type { Filter } from '../../nostr/filter.ts';
import type { ChannelRecord } from '../../store/records.ts';
import type { AgentContext } from '../context.ts';
import { channelFilter, listGapped, wrapFilter } from '../newsFilters.ts';
import { formerInbox } from '../formerRelays.ts';
import { listOpenChannels } from '../openChannels.ts';
import { relaysOf } from '../relaysOf.ts';

/** The place of gift wraps among the channels. */
export const INBOX = 'inbox';

/** A subscription to be open. */
export interface Wanted {
  /** Names it; another address or other relays make another one. */
  readonly key: string;
  /** The channel, or {@link INBOX}. */
  readonly owner: Hex;
  /** False for an address that the channel has left, and for relays that the agent has. */
  readonly isPresent: boolean;
  readonly relays: readonly string[];
  readonly purpose: 'identity' | `group:${string}`;
  /** What to ask for now. */
  readonly filter: () => Filter;
}

/** The inbox and all channels; of `changed` only those channels that are open. */
export function listWanted(context: AgentContext, changed: readonly ChannelRecord[] | undefined): readonly Wanted[] {
  // Found once for all of them; what is missing later is asked for in the negotiation itself.
  let gapped: ReadonlySet<Hex> | undefined;
  const findGapped = (): ReadonlySet<Hex> => (gapped ??= listGapped(context));
  const records = changed?.filter(({ endedAt }) => endedAt === undefined) ?? listOpenChannels(context.store);
  const channels = records.flatMap((record) => wantChannel(context, record, findGapped));
  return changed === undefined ? [...wantInbox(context), ...channels] : channels;
}

/** Relays that the agent has left are a stream of their own: whether they are there holds nothing up. */
function wantInbox(context: AgentContext): readonly Wanted[] {
  const present = { isPresent: true, relays: relaysOf(context) };
  const former = { isPresent: false, relays: formerInbox(context) };
  return [present, former].flatMap(({ isPresent, relays }): Wanted[] => {
    const key = JSON.stringify([INBOX, isPresent, relays]);
    return relays.length === 0 ? [] : [{ key, owner: INBOX, isPresent, relays, purpose: 'identity', filter: () => wrapFilter(context) }];
  });
}

function wantChannel(context: AgentContext, record: ChannelRecord, findGapped: () => ReadonlySet<Hex>): readonly Wanted[] {
  const { id, nostrGroupId, otherRoutes } = record;
  const present = { address: nostrGroupId, relays: record.relays };
  return [present, ...otherRoutes].map(({ address, relays }, i): Wanted => ({
    key: JSON.stringify([id, address, relays]),
    owner: id,
    isPresent: i === 0,
    relays: [...new Set(relays)],
    purpose: `group:${address}`,
    filter: () => {
      const { peer, fetchedUntil } = context.store.findChannel(id) ?? { fetchedUntil: 0 };
      return channelFilter({ fetchedUntil, ...(peer === undefined ? {} : { peer }) }, address, findGapped());
    },
  }));
}
