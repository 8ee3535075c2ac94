// The trust scores of those who knock, looked up when the owner's rules ask for them, and remembered for a day.

import type { Hex } from '../../core/bytes.ts';
import { fetchTrust } from '../../verify/fetchTrust.ts';
import type { AgentContext } from '../context.ts';
import { fetchPublic } from '../fetchPublic.ts';
import type { TrustOf } from '../receiveWraps.ts';

/** Scores that are known by now. */
export interface TrustBook {
  readonly of: TrustOf;
  /** Looks up some of these, a few at a time. True when a score was found. Never throws for what relays do. */
  lookUp(senders: readonly Hex[]): Promise<boolean>;
}

const AT_ONCE = 4;
const MAX_PER_PASS = 16;
const MAX_KEPT = 5_000;
const KEPT_S = 86_400;

/** An empty book. */
export function createTrustBook(context: AgentContext): TrustBook {
  const scores = new Map<Hex, { readonly score: number; readonly until: number }>();
  const of: TrustOf = (sender) => {
    const known = scores.get(sender);
    return known !== undefined && known.until > context.clock.now() ? known.score : undefined;
  };
  const lookUpOne = async (sender: Hex): Promise<boolean> => {
    try {
      const { display } = await fetchTrust(fetchPublic(context), sender, context.clock.now());
      const [oldest] = scores.keys();
      if (scores.size >= MAX_KEPT && oldest !== undefined) scores.delete(oldest);
      scores.set(sender, { score: display, until: context.clock.now() + KEPT_S });
      return true;
    } catch {
      // Relays that do not answer: the invite goes on waiting.
      return false;
    }
  };
  const lookUp: TrustBook['lookUp'] = async (senders) => {
    let hasFound = false;
    const wanted = senders.slice(0, MAX_PER_PASS);
    for (let start = 0; start < wanted.length; start += AT_ONCE) {
      const found = await Promise.all(wanted.slice(start, start + AT_ONCE).map(lookUpOne));
      hasFound ||= found.includes(true);
    }
    return hasFound;
  };
  return { of, lookUp };
}
