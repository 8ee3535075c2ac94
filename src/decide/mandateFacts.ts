// What a judgement is made from besides the mandate and the action: the time, the peer, and what has been promised and paid so far.

import type { Hex } from '../core/bytes.ts';
import type { Msat } from '../core/money.ts';
import type { Role } from '../negotiate/agreement.ts';

/** How often the agent has moved by itself, the move in question left out. */
export interface Counts {
  readonly movesInMinute: number;
  readonly movesInHour: number;
  readonly newInHour: number;
}

/** The facts. Times are unix seconds. */
export interface Facts {
  readonly now: number;
  /** The latest time that the ledger knows of: what has ended stays ended when the clock goes back. */
  readonly latestAt: number;
  readonly peer: Hex;
  /** Score of the peer, 0 to 100; undefined when nobody knows. */
  readonly trust: number | undefined;
  /** Our role in this negotiation. */
  readonly role: Role;
  readonly service: string;
  /** Identifier (`d` tag) of the announcement that the negotiation is about, if it is about one. */
  readonly announcement: string | undefined;
  /** Texts that stand in the negotiation already, word for word: saying them again tells nothing. */
  readonly heard: readonly string[];
  /** Everything that is promised and not paid, this negotiation's included, and in how many signatures and deals. */
  readonly heldMsat: Msat;
  readonly openDeals: number;
  /** What was paid within the last 24 hours. */
  readonly spentMsat: Msat;
  /** What was paid, or may have been, for the agreement that is changed, and for those that it has changed. */
  readonly paidBeforeMsat: Msat;
  /** When this home was restored from a backup, or found to be an old copy: what was paid before may be forgotten. */
  readonly restoredAt: number | undefined;
  /** For a payment: what is held for its agreement; undefined when nothing is. */
  readonly holdMsat: Msat | undefined;
  /** How many deals were made with this peer before; undefined when nobody has counted. */
  readonly dealsWithPeer: number | undefined;
  /** True when this is our first move in the negotiation. */
  readonly isFirstMove: boolean;
  readonly all: Counts;
  readonly ofPeer: Counts;
}

/** What is known where everybody is spoken to. */
export type PublicFacts = Pick<Facts, 'now' | 'latestAt' | 'all'>;

/** What is known where a group is spoken to: no role, service or money. `ofPeer` is how often the one heard us who heard us most. */
export type GroupFacts = Pick<Facts, 'now' | 'latestAt' | 'isFirstMove' | 'all' | 'ofPeer'>;
