// What a daemon sees of its subscriptions.

import type { Hex } from '../../core/bytes.ts';
import type { NostrEvent } from '../../nostr/event.ts';
import type { ChannelRecord } from '../../store/records.ts';

/** What has come for the inbox or a channel. */
export interface Batch {
  readonly events: readonly NostrEvent[];
  /** True when every relay has just sent all it had stored. */
  readonly isWhole: boolean;
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
  /** Asks for everything in the inbox once more. */
  renewInbox(): void;
  /** True, once, when a relay has come back: what could not be sent to it can be sent now. */
  takeReturn(): boolean;
  /** True when everything that the relays had by now is taken in. */
  isSettled(): boolean;
  /** How many subscriptions there are, and how many have not heard from all of their relays yet. */
  count(): { readonly open: number; readonly starting: number };
  /** The channels (and `INBOX`) all of whose relays are there now: nothing has been missed. */
  listWhole(): readonly Hex[];
  /** True while none of the relays of the inbox is there. */
  isDeaf(): boolean;
  close(): Promise<void>;
}
