// What the agent keeps between two steps, and the one way to change it: a list of changes, saved together or not at all.

import type { Hex } from '../core/bytes.ts';

/** Where else events of a channel may be, beside its present address and relays: an epoch that is still kept has used it. */
export interface Route {
  readonly address: Hex;
  readonly relays: readonly string[];
  /** The number of the last epoch that can have used it. */
  readonly lastEpoch: number;
}

/** A private channel with a peer, or a group; `state` holds its keys. Times are unix seconds. */
export interface ChannelRecord {
  /** The MLS group id. */
  readonly id: Hex;
  /** The `h` tag of its events. */
  readonly nostrGroupId: Hex;
  /** The other member where there are two; negotiations are led with that one. */
  readonly peer?: Hex;
  readonly relays: readonly string[];
  readonly otherRoutes: readonly Route[];
  readonly state: Uint8Array;
  readonly createdAt: number;
  /** Every relay was read completely up to here; 0 for never. */
  readonly fetchedUntil: number;
  /** When our leaf was made or last renewed; undefined while it still is the one of the key package that we were invited with. */
  readonly leafUpdatedAt?: number;
  /** When the owner has decided to leave. Nothing is sent from then on but the wish to be let go. */
  readonly leavingAt?: number;
  /** True while there is something to do besides reading: a commit to publish, somebody to invite or to let go, our own wish to leave. */
  readonly hasChores: boolean;
  /** When the channel was over: nobody else is left in it, or we were removed. It is kept so that nobody can bring it back. */
  readonly endedAt?: number;
  /** Counts the saves; a save that does not follow the version it has read is refused. */
  readonly version: number;
}

/** The private half of a published key package. */
export interface KeyPackageRecord {
  readonly eventId: Hex;
  readonly privateBytes: Uint8Array;
  readonly createdAt: number;
  readonly expiresAt: number;
}

/** A welcome that waits for the owner's word; `welcome` is the rumor as JSON. */
export interface InviteRecord {
  readonly wrapId: Hex;
  readonly sender: Hex;
  readonly welcome: string;
  readonly receivedAt: number;
}

/** A negotiation; `state` is JSON that only the agent reads. */
export interface NegotiationRecord {
  readonly nid: Hex;
  readonly peer: Hex;
  readonly state: string;
  /** False once nothing is left to do without a new input. */
  readonly isActive: boolean;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** When moves the peer has not confirmed go out again, and how often they have. */
  readonly resendAt: number;
  readonly resends: number;
  readonly version: number;
}

/** A move of either side; `rumor` is the event as JSON. */
export interface MoveRecord {
  readonly id: Hex;
  readonly nid: Hex;
  readonly author: Hex;
  readonly rumor: string;
  readonly recordedAt: number;
  /** When a relay first took a move of ours. */
  readonly sentAt?: number;
}

/** A move that came before the one that opens its negotiation. */
export interface OrphanRecord {
  readonly id: Hex;
  readonly nid: Hex;
  readonly peer: Hex;
  readonly rumor: string;
}

/** Where an event has to go, and how often it was tried. */
export interface TargetRecord {
  readonly relay: string;
  readonly state: 'pending' | 'done' | 'refused';
  readonly tries: number;
  readonly nextAt: number;
}

/** An event that has to reach relays: always the same bytes. `purpose` tells which socket it may travel on. */
export interface OutboxRecord {
  readonly eventId: Hex;
  readonly event: string;
  readonly purpose: string;
  /** The move inside, if there is one. */
  readonly moveId?: Hex;
  readonly createdAt: number;
  readonly targets: readonly TargetRecord[];
}

/** How many gift wraps with nothing in them are remembered: anybody can send as many as he likes. */
export const WRAPS_PASSED = 50_000;

/** How many messages of a channel are kept: they are read by people; the newest count. */
export const MESSAGES_KEPT = 1_000;

/** Something that was said in words, to be read by people (kind 9). */
export interface MessageRecord {
  readonly id: Hex;
  readonly channelId: Hex;
  readonly author: Hex;
  readonly text: string;
  /** When its author says it was written. */
  readonly at: number;
  /** The epoch it was said in. */
  readonly epochId: Hex;
  /** True when that epoch is one of a branch that the group has left: the others may never have read it. */
  readonly isWithdrawn: boolean;
}

/** A piece of a file that a peer hands over. */
export interface ParcelRecord {
  readonly peer: Hex;
  /** SHA-256 of the whole file. */
  readonly sha256: Hex;
  readonly part: number;
  readonly data: Uint8Array;
}

/** A purchase or a sale that the agent sees through by itself; `body` is JSON that only the agent reads. */
export interface JobRecord {
  readonly nid: Hex;
  /** Names what was ordered, so that the same order is not placed twice. */
  readonly key?: Hex;
  readonly body: string;
  readonly createdAt: number;
}

/** A request for quotation to several providers; `body` is JSON that only the agent reads. */
export interface RfqRecord {
  readonly id: Hex;
  /** Names what was asked of whom, so that the same request is not made twice. */
  readonly key: Hex;
  readonly body: string;
  readonly createdAt: number;
  /** Counts the saves; a save that does not follow the version it has read is refused. */
  readonly version: number;
}

/** An outgoing payment: at most one for an agreement, at most one for a payment hash. `body` is JSON that only the agent reads. */
export interface PaymentRecord {
  readonly agreement: Hex;
  readonly paymentHash: Hex;
  readonly body: string;
  /** Counts the saves, from 1; a save that does not follow the version it has read is refused. */
  readonly version: number;
}

/** What the agent has promised, paid and said under its owner's mandate; there is one. `body` is JSON that only the agent reads. */
export interface LedgerRecord {
  readonly body: string;
  /** Counts the saves, from 1; a save that does not follow the version it has read is refused. */
  readonly version: number;
}

/**
 * What an id that was taken in is of, which decides when it may be forgotten (docs/decisions/0015-what-is-forgotten.md): a gift wrap of this date
 * (unix seconds), or an event or MLS message of a channel, of this epoch at the newest.
 */
export type SeenIn =
  { readonly kind: 'inbox'; readonly dated: number } | { readonly kind: 'channel'; readonly channelId: Hex; readonly epoch: number };

/** Gift wraps dated before, or what a channel had of epochs before this one and was taken in before that time. */
export type Forgotten =
  | { readonly kind: 'inbox'; readonly datedBefore: number }
  | { readonly kind: 'channel'; readonly channelId: Hex; readonly epochBefore: number; readonly takenBefore: number };

/** A change of what is remembered of events. */
export type SightChange = Extract<Change, { readonly kind: 'seen' | 'pass-wraps' | 'forget' }>;

/** One change. Records with a `version` name the version they follow: 0 for a new one. */
export type Change =
  | { readonly kind: 'setting'; readonly key: string; readonly value: string }
  | { readonly kind: 'key-package'; readonly record: KeyPackageRecord }
  | { readonly kind: 'retire-key-packages'; readonly at: number }
  | { readonly kind: 'drop-key-packages'; readonly expiredBefore: number }
  | { readonly kind: 'channel'; readonly record: ChannelRecord }
  | { readonly kind: 'message'; readonly record: MessageRecord }
  | { readonly kind: 'weigh-messages'; readonly channelId: Hex; readonly epochIds: readonly Hex[]; readonly isWithdrawn: boolean }
  | { readonly kind: 'seen'; readonly id: Hex; readonly at: number; readonly in: SeenIn }
  | { readonly kind: 'forget'; readonly what: Forgotten }
  /** Gift wraps and events with nothing for us, which anybody can send: of these only the latest are remembered. */
  | { readonly kind: 'pass-wraps'; readonly ids: readonly Hex[] }
  | { readonly kind: 'invite'; readonly record: InviteRecord }
  | { readonly kind: 'drop-invite'; readonly wrapId: Hex }
  | { readonly kind: 'negotiation'; readonly record: NegotiationRecord }
  | { readonly kind: 'move'; readonly record: MoveRecord }
  | { readonly kind: 'move-sent'; readonly id: Hex; readonly at: number }
  | { readonly kind: 'orphan'; readonly record: OrphanRecord }
  | { readonly kind: 'drop-orphans'; readonly nid: Hex }
  | { readonly kind: 'parcel'; readonly record: ParcelRecord }
  | { readonly kind: 'drop-parcels'; readonly peer: Hex; readonly sha256: Hex }
  | { readonly kind: 'file'; readonly sha256: Hex; readonly data: Uint8Array }
  | { readonly kind: 'drop-file'; readonly sha256: Hex }
  | { readonly kind: 'job'; readonly record: JobRecord }
  | { readonly kind: 'rfq'; readonly record: RfqRecord }
  | { readonly kind: 'payment'; readonly record: PaymentRecord }
  | { readonly kind: 'ledger'; readonly record: LedgerRecord }
  | { readonly kind: 'queue'; readonly record: OutboxRecord }
  | { readonly kind: 'target'; readonly eventId: Hex; readonly target: TargetRecord }
  | { readonly kind: 'drop-queued'; readonly eventId: Hex };

/** Everything an agent keeps. Reads see what was saved last. All may throw `store/unavailable` or `store/corrupt`. */
export interface Store {
  readSetting(key: string): string | undefined;
  findKeyPackage(eventId: Hex): KeyPackageRecord | undefined;
  listKeyPackages(): readonly KeyPackageRecord[];
  findChannel(id: Hex): ChannelRecord | undefined;
  /** Newest first. */
  listChannels(): readonly ChannelRecord[];
  /** True for what was taken in, and for a gift wrap that was passed over. */
  hasSeen(id: Hex): boolean;
  /** In the order of recording; at most the newest thousand are kept. */
  listMessages(channelId: Hex): readonly MessageRecord[];
  /** Oldest first. */
  listInvites(): readonly InviteRecord[];
  findNegotiation(nid: Hex): NegotiationRecord | undefined;
  /** Latest change first. */
  listNegotiations(filter?: { readonly isActive: true }): readonly NegotiationRecord[];
  findMove(id: Hex): MoveRecord | undefined;
  /** In the order of recording. */
  listMoves(nid: Hex): readonly MoveRecord[];
  listOrphans(filter: { readonly nid: Hex } | { readonly peer: Hex }): readonly OrphanRecord[];
  /** Pieces of a file, in order. */
  listParcels(peer: Hex, sha256: Hex): readonly ParcelRecord[];
  /** A whole file by the SHA-256 of its bytes. */
  findFile(sha256: Hex): Uint8Array | undefined;
  findJob(nid: Hex): JobRecord | undefined;
  /** Newest first. */
  listJobs(filter?: { readonly key: Hex }): readonly JobRecord[];
  /** Newest first. */
  listRfqs(): readonly RfqRecord[];
  findPayment(by: { readonly agreement: Hex } | { readonly paymentHash: Hex }): PaymentRecord | undefined;
  readLedger(): LedgerRecord | undefined;
  /** Oldest first. */
  listQueued(): readonly OutboxRecord[];
  /** Saves all changes in one transaction. Throws `store/conflict` when a version does not follow; then nothing is changed. */
  save(changes: readonly Change[]): void;
  close(): void;
}
