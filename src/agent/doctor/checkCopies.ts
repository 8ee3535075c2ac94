// Is this home the newest of itself: does anything say that it is an old copy, and would anything say so?

import { isBehind } from '../behind.ts';
import type { AgentContext } from '../context.ts';
import { readDoubts } from '../doubtNote.ts';
import { listOpenChannels } from '../openChannels.ts';
import { readRestored } from '../restoredNote.ts';
import { readSends, type SendGuard } from '../sendCount.ts';
import { countOf, pass, warn, type Check } from './check.ts';

const ID = 'copies';

/** Looks at what the home remembers of having gone back, and at the second place that would show it. Writes nothing. */
export function checkCopies(context: AgentContext): Check {
  const { sends } = context;
  if (sends === undefined) return pass(ID, 'This agent keeps everything in memory: it cannot be copied.');
  return findReturn(context) ?? checkPlace(sends, readSends(context.store));
}

function findReturn({ store }: AgentContext): Check | undefined {
  const note = readRestored(store);
  const isActive = (nid: string): boolean => store.findNegotiation(nid)?.isActive === true;
  const held = listOpenChannels(store).filter(({ id }) => isBehind(store, id)).length;
  if (held > 0) {
    const isInDoubt = Object.keys(readDoubts(store)).length > 0;
    const what = isInDoubt
      ? 'This home was not closed in order, and may be older than what it has sent'
      : 'This home is an old copy of itself';
    return warn(ID, `${what}: nothing is sent in ${countOf(held, 'channel')}.`, 'Run: agent-negotiate sync, when the relays answer');
  }
  const broken = (note?.broken ?? []).filter(isActive).length;
  if (broken > 0) {
    const what = `This home is older than what it has said in ${countOf(broken, 'negotiation')}: nothing is said or signed there any more.`;
    return warn(ID, what, 'Start those anew: agent-negotiate start');
  }
  const doubtful = (note?.doubtful ?? []).filter(isActive).length;
  if (doubtful === 0) return undefined;
  const what = `This home has gone back in time, and may not know all of ${countOf(doubtful, 'negotiation')}: nothing is signed there.`;
  return warn(ID, what, 'Run: agent-negotiate sync. If it stays, wait for the peer’s next move or start anew');
}

function checkPlace({ sentinel }: SendGuard, count: number): Check {
  const { path, isInside } = sentinel;
  const advice = 'Name another folder, on another disk if you can: AGENT_NEGOTIATE_STATE';
  if (!sentinel.canWrite()) return warn(ID, `An old copy of this home would hardly be noticed: ${path} cannot be written.`, advice);
  if (isInside) return warn(ID, `An old copy of this home would not be noticed: ${path} is in the home and goes back with it.`, advice);
  const { kind } = sentinel.read();
  if (kind === 'damaged')
    return warn(ID, `What would show an old copy of this home is damaged: ${path}.`, 'Run: agent-negotiate sync, which makes it anew');
  if (kind === 'missing' && count > 0)
    return warn(ID, `Nothing shows whether this home is an old copy: there is no ${path}.`, 'Run: agent-negotiate sync, which makes it');
  return pass(ID, `Nothing says that this home is an old copy of itself; ${path} would.`);
}
