// Lets the peer go: commits the SelfRemove that it has sent, which only somebody else may (protocol-core/member-departure.md).

import { createCommit } from 'ts-mls';
import { NegotiateError } from '../core/errors.ts';
import type { Rng } from '../core/ports.ts';
import type { NostrEvent } from '../nostr/event.ts';
import type { Channel } from './channel.ts';
import { sealGroupEvent } from './groupEvent.ts';
import { routingOf } from './groupCheck.ts';
import { createMlsContext } from './mlsContext.ts';
import { encodeMlsMessage } from './mlsMessage.ts';
import { MLS } from './profile.ts';

/**
 * The event to publish, for a channel whose peer is `leaving`. With it the channel is over: nothing more is sent in it, whether relays take
 * the event or not. Throws `internal/bug` for a channel that nobody is leaving. `now` is in unix seconds.
 */
export async function sealDeparture(channel: Channel, now: number, rng: Rng): Promise<NostrEvent> {
  const [wish] = Object.entries(channel.state.unappliedProposals).filter(([, { proposal }]) => proposal.proposalType === MLS.selfRemove);
  const [tip] = channel.outerKeys;
  if (wish === undefined || tip === undefined)
    throw new NegotiateError('internal/bug', 'Nobody is leaving this channel. Please report this.');
  // This one alone: a commit of a departure carries nothing else.
  const state = { ...channel.state, unappliedProposals: Object.fromEntries([wish]) };
  const { commit } = await createCommit({ context: createMlsContext(rng), state, wireAsPublicMessage: true });
  return sealGroupEvent(tip.key, routingOf(channel.state).nostrGroupId, encodeMlsMessage(commit), now, rng);
}
