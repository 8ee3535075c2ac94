// The relays of an agent: the configured ones, then those named for this run alone.

import type { AgentContext } from './context.ts';
import { readSetting } from './settings.ts';

/** The most relays that an agent is reached at. */
export const MAX_RELAYS = 16;

/** Configured relays first, each URL once. */
export function relaysOf(context: AgentContext): readonly string[] {
  return [...new Set([...readSetting(context.store, 'relays'), ...context.extraRelays])];
}
