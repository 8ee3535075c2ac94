// What a daemon sees of its subscriptions.

import type { Hex } from '../../core/bytes.ts';
import type { NostrEvent } from '../../nostr/event.ts';
import type { ChannelRecord } from '../../store/records.ts';

/** What has come for the inbox or a channel. */
export interface Batch {
  readonly events: readonly NostrEvent[];
  /** There when every relay has just sent all it had stored. */
  readonly end?: BacklogEnd | undefined;
}

/** All that the relays of a channel (or `INBOX`) had stored has come, but for seconds that hold more events than a relay shows: `crowdedAt` is the oldest (unix seconds). */
export interface BacklogEnd {
  readonly owner: Hex;
  readonly crowdedAt?: number | undefined;
}

/** The open subscriptions of an agent. */
export interface Feed {
  /** Opens and closes subscriptions as these channels want it by now; all channels and the inbox unless some are named. */
  refresh(changed?: readonly ChannelRecord[]): void;
  /** Opens all of them anew: the machine has slept, and nobody knows what the sockets are worth. */
  reopen(): Promise<void>;
  /** What has come since for channels that need not wait, by id; of the inbox (`INBOX`) only whether it was read to its end. */
  take(): ReadonlyMap<Hex, Batch>;
  /** The channels for which something is there. */
  listGathered(): readonly Hex[];
  /** Asks for everything in the inbox, or of a channel, once more. */
  renew(owner: Hex): void;
  /** False while a relay is still sending what it has for the inbox, for an hour at most: to begin anew would keep the rest from coming. */
  mayRenewInbox(): boolean;
  /** True, once, when a relay has come back: what could not be sent to it can be sent now. */
  takeReturn(): boolean;
  /** True when everything that the relays had by now is taken in. */
  isSettled(): boolean;
  /** How many subscriptions there are, and how many have not heard from all of their relays yet. */
  count(): { readonly open: number; readonly starting: number };
  /** The channels (and `INBOX`) all of whose relays are there now, and from which nothing waits to be taken: nothing has been missed. */
  listWhole(): readonly BacklogEnd[];
  /** True while none of the relays of the inbox is there. */
  isDeaf(): boolean;
  close(): Promise<void>;
}
