// What stands on the demo's stage.

import type { Sandbox } from '../../agent/compose.ts';
import type { RunningRelay } from '../../relay/startRelay.ts';
import type { Eavesdropper } from './eavesdrop.ts';
import type { Reporter } from './report.ts';
import type { SellerPart } from './script.ts';

/** An agent on the stage: who it is, and where it lives. */
export interface Actor {
  readonly name: string;
  readonly npub: string;
  readonly home: string;
}

/** A seller, with its prices. */
export interface Seller extends Actor {
  readonly part: SellerPart;
}

/** Everything that stands on the stage. */
export interface Stage {
  readonly relay: RunningRelay;
  readonly sandbox: Sandbox;
  readonly listener: Eavesdropper;
  readonly folder: string;
  readonly buyer: Actor;
  /** In whole sats: what the buyer pays at most. */
  readonly most: bigint;
  /** One, or several that are left to their policies and strategies. */
  readonly sellers: readonly Seller[];
  /** The buyer's, then those of the sellers. */
  readonly walletUrls: readonly string[];
  readonly signal: AbortSignal;
  readonly reporter: Reporter;
}
