// What stands on the demo's stage.

import type { Sandbox } from '../../agent/compose.ts';
import type { RunningRelay } from '../../relay/startRelay.ts';
import type { Eavesdropper } from './eavesdrop.ts';
import type { DemoRole, Reporter } from './report.ts';

/** Everything that stands on the stage. */
export interface Stage {
  readonly relay: RunningRelay;
  readonly sandbox: Sandbox;
  readonly listener: Eavesdropper;
  readonly folder: string;
  /** In whole sats. */
  readonly limits: Readonly<Record<DemoRole, bigint>>;
  readonly npubs: Readonly<Record<DemoRole, string>>;
  readonly walletUrls: readonly string[];
  readonly signal: AbortSignal;
  readonly reporter: Reporter;
}
