// Lists the negotiations of this agent and the invites that wait for its owner.

import { encodeNpub } from '../nostr/npub.ts';
import type { AgentContext } from './context.ts';
import { readAskBook } from './mandate/askBook.ts';
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
export async function list(context: AgentContext): Promise<Listing> {
  const { store, clock } = context;
  const now = clock.now();
  const asks = await readAskBook(context);
  return {
    negotiations: store.listNegotiations().map((record) => summarize(record, now, asks.get(record.nid))),
    invites: store.listInvites().map(({ sender, receivedAt }) => ({ from: encodeNpub(sender), receivedAt })),
  };
}
