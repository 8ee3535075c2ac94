// Goes round channels that are stuck: who negotiates with us there is invited into another channel, in which the negotiations go on.

import type { Hex } from '../core/bytes.ts';
import { isNegotiateError } from '../core/errors.ts';
import type { AgentContext } from './context.ts';
import { findPeerChannel } from './openChannels.ts';
import { openPeerChannel } from './openPeerChannel.ts';
import { letTimePass } from './runTimers.ts';
import { isStuck } from './stuck.ts';
import { beginWork, saveWork } from './work.ts';

/**
 * Opens the channels that are needed, and sends there what waits. The old ones stay: what their relays know, if they ever come back, is read
 * and settled as ever. Never throws for what relays and peers do; what could not be done is tried again with a later sync.
 */
export async function replaceStuck(context: AgentContext): Promise<void> {
  const active = context.store.listNegotiations({ isActive: true });
  for (const peer of new Set(active.map((record) => record.peer))) {
    const found = findPeerChannel(context.store, peer, context.clock.now());
    if (found === undefined || !isStuck(found, context.clock.now()) || !(await invite(context, peer))) continue;
    for (const record of active) if (record.peer === peer) await letTimePass(context, record.nid);
  }
}

async function invite(context: AgentContext, peer: Hex): Promise<boolean> {
  const work = beginWork(context);
  try {
    await openPeerChannel(work, peer);
  } catch (error) {
    if (isNegotiateError(error) && /^(?:peer|relay)\//.test(error.code)) return false;
    throw error;
  }
  saveWork(work);
  return true;
}
