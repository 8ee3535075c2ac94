// Asks to be let go: a SelfRemove proposal, which another member has to commit (protocol-core/member-departure.md).

import { createProposal } from 'ts-mls';
import { sha256Hex, type Hex } from '../core/bytes.ts';
import { NegotiateError } from '../core/errors.ts';
import type { Rng } from '../core/ports.ts';
import type { NostrEvent } from '../nostr/event.ts';
import { describeChannel, isActive, type Channel } from './channel.ts';
import { sealGroupEvent } from './groupEvent.ts';
import { adminsOf, routingOf } from './groupCheck.ts';
import { createMlsContext } from './mlsContext.ts';
import { encodeMlsMessage } from './mlsMessage.ts';
import { MLS } from './profile.ts';

/** The channel with our wish in it, to be saved before the event is published, and the SHA-256 (hex) of its MLS message. */
export interface ProposedDeparture {
  readonly channel: Channel;
  readonly event: NostrEvent;
  readonly mlsHash: Hex;
}

/**
 * Makes the wish for the epoch that the channel is in; in another epoch it has to be made anew. Until the group
 * lets us go nothing else may be sent in it. Throws `input/invalid` for an admin, who has to give that up first, for a second
 * wish in one epoch, and where the group is over for us. `now` is in unix seconds.
 */
export async function proposeDeparture(channel: Channel, now: number, rng: Rng): Promise<ProposedDeparture> {
  const { own, epoch, state } = channel;
  if (!isActive(state)) throw new NegotiateError('input/invalid', 'This group is over, or you are no member of it any more.');
  if (describeChannel(channel).leaving.includes(own))
    throw new NegotiateError('input/invalid', 'You have asked to be let go already. Wait for another member to do it.');
  if (adminsOf(state).includes(own))
    throw new NegotiateError('input/invalid', 'An admin cannot leave. Name another admin and give up being one first.');
  const proposal = { proposalType: MLS.selfRemove, proposalData: new Uint8Array() };
  const { message, newState } = await createProposal({ context: createMlsContext(rng), state, proposal, wireAsPublicMessage: true });
  const mlsBytes = encodeMlsMessage(message);
  const event = sealGroupEvent(epoch.outerKey, routingOf(state).nostrGroupId, mlsBytes, now, rng);
  return { channel: { ...channel, state: newState }, event, mlsHash: sha256Hex(mlsBytes) };
}
