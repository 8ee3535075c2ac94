// Whom our commits invite: each invitation is kept with the epoch that it leads into, as long as that may be followed, and goes out while it is.

import type { Hex } from '../core/bytes.ts';
import type { Rumor } from '../nostr/event.ts';
import { isKnown } from './branches.ts';
import type { Channel, Epoch, HeldInvitation } from './channel.ts';
import type { Invitation } from './createChannel.ts';

/** The channel with the invitations of a commit that a relay has taken. */
export function holdInvitations(channel: Channel, { id: epochId }: Epoch, invitations: readonly Invitation[]): Channel {
  if (!isKnown(channel, epochId)) return channel;
  const held = invitations.map(({ account, welcome }) => ({ epochId, account, welcome: JSON.stringify(welcome) }));
  return { ...channel, invited: [...channel.invited, ...held] };
}

/** Those to be sent now: their epoch is on the branch that we follow, and nothing has gone out for them. */
export function dueInvitations(channel: Channel): readonly HeldInvitation[] {
  return channel.invited.filter((held) => held.wrapId === undefined && isFollowed(channel, held.epochId));
}

/** Those that were put on their way and lead into an epoch that is not followed any more. */
export function strandedInvitations(channel: Channel): readonly HeldInvitation[] {
  return channel.invited.filter((held) => held.wrapId !== undefined && !isFollowed(channel, held.epochId));
}

/** The invitation itself. */
export function readInvitation({ account, welcome }: HeldInvitation): Invitation {
  return { account, welcome: JSON.parse(welcome) as Rumor };
}

/** The channel with another one in place of an invitation, or with none. */
export function replaceInvitation(channel: Channel, held: HeldInvitation, next?: HeldInvitation): Channel {
  const isSame = ({ epochId, account }: HeldInvitation): boolean => epochId === held.epochId && account === held.account;
  return { ...channel, invited: channel.invited.flatMap((each) => (isSame(each) ? (next ?? []) : each)) };
}

function isFollowed({ epoch, past }: Channel, epochId: Hex): boolean {
  return epoch.id === epochId || past.some((kept) => kept.epoch.id === epochId);
}
