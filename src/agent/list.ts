// Lists the negotiations of this agent and the invites that wait for its owner.

import { encodeNpub } from '../nostr/npub.ts';
import type { AgentContext } from './context.ts';
import { summarize, type NegotiationSummary } from './view.ts';

/** Somebody who would like to open a channel: `agent-negotiate sync --from NPUB` lets them. */
export interface InviteView {
  readonly from: string;
  readonly receivedAt: number;
}

/** Negotiations by latest change, invites by age. */
export interface Listing {
  readonly negotiations: readonly NegotiationSummary[];
  readonly invites: readonly InviteView[];
}

/** Lists everything. */
export function list({ store, clock }: AgentContext): Listing {
  const now = clock.now();
  return {
    negotiations: store.listNegotiations().map((record) => summarize(record, now)),
    invites: store.listInvites().map(({ sender, receivedAt }) => ({ from: encodeNpub(sender), receivedAt })),
  };
}
