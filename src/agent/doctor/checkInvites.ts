// Does anybody wait for the owner's word?

import type { AgentContext } from '../context.ts';
import { countOf, pass, type Check } from './check.ts';

const ID = 'invites';

/** Counts the invites that wait; to let them wait is not wrong. */
export function checkInvites({ store }: AgentContext): Check {
  const { length } = store.listInvites();
  if (length === 0) return pass(ID, 'Nobody waits to be let in.');
  return pass(ID, `${countOf(length, 'invite')} waiting for your word.`, 'See them with: agent-negotiate list');
}
