// Lets go of channels that strangers opened and then said nothing in.

import { decodeChannel } from '../../marmot/channelCodec.ts';
import { retireChannel } from '../../marmot/retireChannel.ts';
import type { AgentContext } from '../context.ts';
import { beginWork, hasChanges, saveWork } from '../work.ts';
import { readStrangers, writeStrangers } from './strangers.ts';

const SILENT_S = 86_400;

/** Ends them, without a word: who comes back later invites us anew. */
export function retireIdle(context: AgentContext): void {
  const { store } = context;
  const strangers = readStrangers(store);
  if (strangers.length === 0) return;
  const work = beginWork(context);
  const talking = new Set(store.listNegotiations().map(({ peer }) => peer));
  const kept = strangers.filter(({ channel: id, at }) => {
    const record = store.findChannel(id);
    if (record === undefined || record.endedAt !== undefined) return work.now - at < SILENT_S;
    const isIdle =
      work.now - at >= SILENT_S && (record.peer === undefined ? store.listMessages(id).length === 0 : !talking.has(record.peer));
    if (isIdle) work.channels.set(id, { record: { ...record, endedAt: work.now }, channel: retireChannel(decodeChannel(record.state)) });
    return !isIdle;
  });
  if (kept.length < strangers.length) work.changes.push(writeStrangers(kept));
  if (hasChanges(work)) saveWork(work);
}
