// Who besides us is in a group, as the owner's mandate judges and names them.

import type { Hex } from '../../core/bytes.ts';
import { describeChannel, type Channel } from '../../marmot/channel.ts';
import type { AgentContext } from '../context.ts';

/** The others in a group, in the order of their keys. */
export function othersIn({ pubkey }: AgentContext, channel: Channel): readonly Hex[] {
  return describeChannel(channel)
    .members.filter((member) => member !== pubkey)
    .toSorted();
}
