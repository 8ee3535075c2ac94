// Do the channels move on: how many are open, and does a commit of ours wait for long?

import type { AgentContext } from '../context.ts';
import { listOpenChannels } from '../openChannels.ts';
import { waitsSince } from '../stuck.ts';
import { countOf, pass, warn, type Check } from './check.ts';

const ID = 'channels';
const LONG_S = 3_600;

/** Counts open channels and those in which a commit of ours waits. */
export function checkChannels({ store, clock }: AgentContext): Check {
  const open = listOpenChannels(store);
  const waiting = open.flatMap((record) => waitsSince(record) ?? []);
  const late = waiting.filter((at) => clock.now() - at > LONG_S).length;
  const finding = `${countOf(open.length, 'channel')} open`;
  if (late > 0)
    return warn(
      ID,
      `${finding}, ${late} with a change that has waited for more than an hour: nothing is read there meanwhile.`,
      'Run: agent-negotiate sync, when the relays answer. A group whose relays are gone for good is left with: agent-negotiate group leave',
    );
  return pass(
    ID,
    waiting.length === 0 ? `${finding}, none with a change that waits.` : `${finding}, ${waiting.length} with a change that is on its way.`,
  );
}
