// Relays that the agent has left: for three days, whoever has not seen the new lists yet still invites it there.

import { z } from 'zod';
import type { Change, Store } from '../store/records.ts';
import type { AgentContext } from './context.ts';
import { parseSetting } from './parseSetting.ts';
import { MAX_RELAYS, relaysOf } from './relaysOf.ts';

/** A relay, and until when (unix seconds) it is still read. */
export interface FormerRelay {
  readonly relay: string;
  readonly until: number;
}

const FORMER = 'formerRelays';
const LISTS_AT = 'relayListsAt';
// Gift wraps are dated up to two days back (NIP-59), and a list that is kept elsewhere may be a day old.
const GRACE_S = 3 * 86_400;

const formerSchema = z.array(z.strictObject({ relay: z.string(), until: z.number() }));

/** Those that are still read. Throws `store/corrupt`. */
export function listFormer({ store, clock }: Pick<AgentContext, 'store' | 'clock'>): readonly FormerRelay[] {
  const now = clock.now();
  // A clock that was set back must not make three days three years.
  return read(store, FORMER, formerSchema, []).filter(({ until }) => until > now && until <= now + GRACE_S);
}

/** Relays to look for gift wraps at besides those of {@link relaysOf}. */
export function formerInbox(context: AgentContext): readonly string[] {
  const current = relaysOf(context);
  return listFormer(context).flatMap(({ relay }) => (current.includes(relay) ? [] : [relay]));
}

/** The change that has `left` read for a while and `current` not as left; the latest that were left, sixteen at most. */
export function writeFormer(context: AgentContext, left: readonly string[], current: readonly string[]): Change {
  const until = context.clock.now() + GRACE_S;
  const known = listFormer(context).filter(({ relay }) => !left.includes(relay) && !current.includes(relay));
  const former = [...left.map((relay) => ({ relay, until })), ...known].slice(0, MAX_RELAYS);
  return { kind: 'setting', key: FORMER, value: JSON.stringify(former) };
}

/** What the newest relay lists are dated (unix seconds); 0 when that is not known. Throws `store/corrupt`. */
export function readListsAt(store: Store): number {
  return read(store, LISTS_AT, z.number(), 0);
}

/** The change that remembers it. */
export function writeListsAt(at: number): Change {
  return { kind: 'setting', key: LISTS_AT, value: JSON.stringify(at) };
}

function read<T>(store: Store, key: string, schema: z.ZodType<T>, otherwise: T): T {
  const text = store.readSetting(key);
  return text === undefined ? otherwise : parseSetting(text, (value) => schema.parse(value));
}
