// The settings of an agent, read from and written to its store.

import { z } from 'zod';
import type { Hex } from '../core/bytes.ts';
import { NegotiateError } from '../core/errors.ts';
import type { Change, Store } from '../store/records.ts';

/** Who may open a channel with us: whoever the owner named, or anyone. Others wait for the owner's word. */
const invitesSchema = z.strictObject({ anyone: z.boolean(), allowed: z.array(z.string()) });

const schemas = {
  /** Public key of the identity. */
  pubkey: z.string(),
  /** Publication slot of the key package (`d` tag). */
  slot: z.string(),
  /** Relays the agent writes to and is reached at. */
  relays: z.array(z.string()).min(1),
  invites: invitesSchema,
  /** Unix seconds up to which every relay was asked for gift wraps; 0 for never. */
  wrapsFetchedUntil: z.number(),
} as const;

/** The settings by name. */
export type Settings = { readonly [K in keyof typeof schemas]: z.infer<(typeof schemas)[K]> };

/** Reads one setting. Throws `store/corrupt` when it is missing or malformed. */
export function readSetting<K extends keyof Settings>(store: Store, key: K): Settings[K] {
  const text = store.readSetting(key);
  const parsed = text === undefined ? undefined : schemas[key].safeParse(parseJson(text));
  if (parsed?.success === true) return parsed.data as Settings[K];
  throw new NegotiateError('store/corrupt', 'The home’s settings are incomplete. Run init in a new home, or restore a copy of this one.');
}

/** The change that writes one setting. */
export function writeSetting<K extends keyof Settings>(key: K, value: Settings[K]): Change {
  return { kind: 'setting', key, value: JSON.stringify(value) };
}

/** True when this peer may open a channel without asking. */
export function isInvited(store: Store, peer: Hex): boolean {
  const { anyone, allowed } = readSetting(store, 'invites');
  return anyone || allowed.includes(peer) || store.listChannels().some((channel) => channel.peer === peer);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
