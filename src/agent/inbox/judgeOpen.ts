// What comes of a negotiation that a peer opens: it begins, it is declined at once, or there are too many of them already.

import type { Hex } from '../../core/bytes.ts';
import { listSold } from '../announcedServices.ts';
import type { Work } from '../work.ts';
import { readInvitePolicy } from './invitePolicy.ts';

/** More than this nobody leads with one peer at a time. */
const MAX_ACTIVE = 32;

/** `decline` for a service that we do not announce to strangers; `drop` leaves it to the peer to say it again when another is over. */
export function judgeOpen({ context, negotiations }: Work, peer: Hex, capability: string): 'begin' | 'decline' | 'drop' {
  const { store } = context;
  const { allowed, blocked, announcedOnly } = readInvitePolicy(store);
  if (blocked.includes(peer)) return 'drop';
  const active = store.listNegotiations({ isActive: true }).filter((each) => each.peer === peer && !negotiations.has(each.nid)).length;
  const begun = [...negotiations.values()].filter(({ state }) => state.peer === peer).length;
  if (active + begun >= MAX_ACTIVE) return 'drop';
  if (!announcedOnly || allowed.includes(peer)) return 'begin';
  return listSold(store).some(({ capabilities }) => capabilities.includes(capability)) ? 'begin' : 'decline';
}
