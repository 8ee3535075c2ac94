// Has everything that we said left this machine?

import type { OutboxRecord } from '../../store/records.ts';
import type { AgentContext } from '../context.ts';
import { isHeldBack } from '../drainOutbox.ts';
import { countOf, fail, pass, warn, type Check } from './check.ts';

const ID = 'outbox';

/** An event that every relay refuses is a problem; one that waits is to be looked at, unless it waits on purpose. */
export function checkOutbox({ store }: AgentContext): Check {
  const queued = store.listQueued();
  const undelivered = queued.filter(({ targets }) => !targets.some(({ state }) => state === 'done'));
  const refused = undelivered.filter(isRefused).length;
  const heldBack = undelivered.filter(isHeldBack).length;
  const waiting = undelivered.length - refused - heldBack;
  const partly = queued.length - undelivered.length;
  if (refused > 0)
    return fail(
      ID,
      `${countOf(refused, 'event')} refused by every relay, ${waiting} waiting.`,
      'Use another relay beside yours (--relay URL), and run: agent-negotiate sync',
    );
  if (waiting > 0)
    return warn(
      ID,
      `${countOf(waiting, 'event')} waiting for a relay to take ${waiting === 1 ? 'it' : 'them'}.`,
      'Run: agent-negotiate sync',
    );
  const notes = [
    ...(heldBack > 0 ? [`${heldBack} held back on purpose`] : []),
    ...(partly > 0 ? [`${partly} still to reach some of the relays`] : []),
  ];
  return pass(ID, notes.length === 0 ? 'Everything has been published.' : `Everything due has been published (${notes.join(', ')}).`);
}

function isRefused({ targets }: OutboxRecord): boolean {
  return targets.length > 0 && targets.every(({ state }) => state === 'refused');
}
