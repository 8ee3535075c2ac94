// Asks our relays for what anybody may see.

import { NegotiateError } from '../core/errors.ts';
import type { NostrEvent } from '../nostr/event.ts';
import type { Filter } from '../nostr/filter.ts';
import type { AgentContext } from './context.ts';
import { relaysOf } from './relaysOf.ts';

/** A fetcher over all relays of the agent. It throws `relay/unreachable` when none of them answers. */
export function fetchPublic(context: AgentContext): (filters: readonly Filter[]) => Promise<readonly NostrEvent[]> {
  return async (filters) => {
    const pool = await context.pool();
    const { events, relays } = await pool.fetch(relaysOf(context), filters, { purpose: 'lookup', signal: context.closing });
    if (relays.some(({ complete }) => complete)) return events;
    const message = 'None of your relays answered. Check the connection and the addresses (see: agent-negotiate whoami), then try again.';
    throw new NegotiateError('relay/unreachable', message, { details: { relays: relays.length } });
  };
}
