// What every use case works with: the identity, the store, the clock and dice, and the relays, opened when first needed.

import type { Hex } from '../core/bytes.ts';
import type { ErrorCode, NegotiateError } from '../core/errors.ts';
import type { Clock, Rng } from '../core/ports.ts';
import type { RelayPool } from '../nostr/relayPool.ts';
import type { Signer } from '../nostr/signer.ts';
import type { Unwrapper } from '../nostr/unwrapper.ts';
import type { Rail } from '../pay/rail.ts';
import type { JobOutcome } from '../request/runCommand.ts';
import type { HomeInspection } from '../store/inspectHome.ts';
import type { Store } from '../store/records.ts';
import type { WrapBudgets } from './inbox/wrapBudgets.ts';
import type { SendGuard } from './sendCount.ts';
import type { StrategyHost } from './strategies/strategyHost.ts';
import type { Answer } from './strategies/strategyThread.ts';

/** A command under way; `outcome` is there once it has ended. */
export interface BackgroundWork {
  readonly ended: Promise<void>;
  outcome?: JobOutcome;
}

/** A question that was put to the module of an own strategy; `answer` is there once it has ended. */
export interface Thought {
  /** All that is decided from, and by which version of the file. */
  readonly question: string;
  readonly ended: Promise<void>;
  answer?: Answer;
}

/** The calls of a daemon's jobs that are under way, or whose answer was not taken yet, by negotiation. */
export interface WalletDesk {
  readonly calls: Map<Hex, WalletCall>;
  /** Jobs that wait for others to have had their answer. */
  readonly held: Set<Hex>;
  /** Called with each job that may go on. */
  readonly wake: (nid: Hex) => void;
}

/** One call; `result` is there once it has ended. */
export interface WalletCall {
  readonly question: string;
  result?: CallResult;
}

/** What a call came to. */
export type CallResult =
  | { readonly kind: 'answered'; readonly value: unknown }
  /** `at` in unix seconds. */
  | { readonly kind: 'failed'; readonly error: unknown; readonly at: number };

/** One open agent. */
export interface AgentContext {
  readonly pubkey: Hex;
  readonly store: Store;
  readonly clock: Clock;
  readonly rng: Rng;
  /** Relays used besides the configured ones while this agent is open. */
  readonly extraRelays: readonly string[];
  /** The identity's signer. */
  readonly signer: () => Promise<Signer>;
  /** What opens gift wraps to the identity, many of them on a thread of their own. */
  readonly openUnwrapper: () => Promise<Unwrapper>;
  /** What opening them may cost, from when this agent was opened. */
  readonly wrapBudgets: WrapBudgets;
  /** Set when the identity's key is in a bunker: what it has failed at lately, by code. */
  readonly bunker?: { readonly faults: Map<ErrorCode, NegotiateError> } | undefined;
  /** The connections to relays. */
  readonly pool: () => Promise<RelayPool>;
  /** The wallet; throws `wallet/missing` when none is connected. */
  readonly rail: () => Promise<Rail>;
  /** Connects a wallet (NIP-47 URL) in place of the one before. Throws `input/invalid`, `home/unreadable`. */
  readonly connectWallet: (url: string) => Promise<void>;
  /** Set in a daemon, whose jobs do not wait for the wallet within their steps. */
  readonly wallets?: WalletDesk | undefined;
  /** Tells a second place how much is sent; undefined when the store is in memory. */
  readonly sends?: SendGuard | undefined;
  /** Looks at the home on disk; undefined when the store is elsewhere. */
  readonly inspectHome?: (() => HomeInspection) | undefined;
  /** The folder in which a provider's commands work, each job in one of its own. */
  readonly jobs: string;
  /** Commands of a provider that are running, or whose outcome was not taken yet, by negotiation. */
  readonly background: Map<Hex, BackgroundWork>;
  /** Where own strategies think; that of the process unless given. */
  readonly strategies?: StrategyHost | undefined;
  /** What own strategies were asked, by negotiation. */
  readonly thoughts: Map<Hex, Thought>;
  /** Aborted when the agent is closed. */
  readonly closing: AbortSignal;
}
