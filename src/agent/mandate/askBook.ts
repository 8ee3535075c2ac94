// What waits for the owner's yes, for those who only look: where there is no policy, nothing is loaded to find that nothing waits.

import type { Hex } from '../../core/bytes.ts';
import type { AgentContext } from '../context.ts';
import { hasMandate } from './mandateKey.ts';
import type { AskView } from './viewAsk.ts';

/** What waits, by negotiation. */
export type AskBook = ReadonlyMap<Hex, readonly AskView[]>;

/** Reads it. Throws `store/corrupt`. */
export async function readAskBook({ store, clock }: Pick<AgentContext, 'store' | 'clock'>): Promise<AskBook> {
  if (!hasMandate(store)) return new Map();
  const { listOpenAsks } = await import('./openAsks.ts');
  return listOpenAsks(store, clock.now());
}
