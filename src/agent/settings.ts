// The settings of an agent, read from and written to its store.

import { z } from 'zod';
import { NegotiateError } from '../core/errors.ts';
import { PRICE_UNITS } from '../discover/announcement.ts';
import type { AnnouncementDraft } from '../discover/buildAnnouncement.ts';
import { parseProxyUrl } from '../nostr/proxy.ts';
import type { Change, Store } from '../store/records.ts';
import { invitePolicySchema } from './inbox/invitePolicy.ts';

const SERVICES = 'services';
const PROXY = 'proxy';
const ATTEST_DELAY = 'attestDelayS';

const schemas = {
  /** Public key of the identity. */
  pubkey: z.string(),
  /** Publication slot of the key package (`d` tag). */
  slot: z.string(),
  /** Relays the agent writes to and is reached at. */
  relays: z.array(z.string()).min(1),
  invites: invitePolicySchema,
  /** Unix seconds up to which every relay was asked for gift wraps; 0 for never. */
  wrapsFetchedUntil: z.number(),
} as const;

const announcedSchema = z.array(
  z.strictObject({
    at: z.number(),
    isWithdrawn: z.literal(true).optional(),
    draft: z.strictObject({
      service: z.string(),
      name: z.string(),
      description: z.string(),
      capabilities: z.array(z.string()),
      price: z.strictObject({ amountMsat: z.string().transform(BigInt), per: z.enum(PRICE_UNITS) }).optional(),
      isActive: z.boolean(),
      isNegotiable: z.boolean(),
    }),
  }),
);

/** A service as it was last announced, and when it was announced or withdrawn (unix seconds). */
export interface AnnouncedService {
  readonly draft: AnnouncementDraft;
  readonly at: number;
  /** Kept because what is announced later must be dated later. */
  readonly isWithdrawn?: true;
}

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

/**
 * The SOCKS5 proxy that every relay is reached through; undefined for none. Throws `store/corrupt` for one that cannot be read: it
 * must never be taken for none.
 */
export function readProxy(store: Store): string | undefined {
  return readOptional(store, PROXY, (value) => (typeof value === 'string' ? parseProxyUrl(value) : undefined));
}

/** The change that sets the proxy (as `parseProxyUrl` returns it), or none. */
export function writeProxy(proxy: string | undefined): Change {
  return { kind: 'setting', key: PROXY, value: JSON.stringify(proxy ?? null) };
}

/** Seconds that an attestation waits on average, as the owner wants it; undefined when the owner has not said. Throws `store/corrupt`. */
export function readAttestDelay(store: Store): number | undefined {
  return readOptional(store, ATTEST_DELAY, (value) => (typeof value === 'number' && value >= 0 ? value : undefined));
}

/** The change that sets how many seconds an attestation waits on average, or leaves it to the default. */
export function writeAttestDelay(delayS: number | undefined): Change {
  return { kind: 'setting', key: ATTEST_DELAY, value: JSON.stringify(delayS ?? null) };
}

/** The services that are or were announced. Throws `store/corrupt`. */
export function readServices(store: Store): readonly AnnouncedService[] {
  const text = store.readSetting(SERVICES);
  if (text === undefined) return [];
  const parsed = announcedSchema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data as readonly AnnouncedService[];
  throw new NegotiateError('store/corrupt', 'The list of announced services cannot be read. Restore a copy of the home.');
}

/** The change that remembers which services are and were announced. */
export function writeServices(services: readonly AnnouncedService[]): Change {
  const value = JSON.stringify(services, (_, each: unknown) => (typeof each === 'bigint' ? each.toString() : each));
  return { kind: 'setting', key: SERVICES, value };
}

/** A setting that a home need not have: `read` returns undefined for a value that makes no sense. */
function readOptional<T>(store: Store, key: string, read: (value: unknown) => T | undefined): T | undefined {
  const text = store.readSetting(key);
  if (text === undefined || text === 'null') return undefined;
  const value = read(parseJson(text));
  if (value !== undefined) return value;
  throw new NegotiateError('store/corrupt', 'A setting of the home cannot be read. Restore a copy of the home.');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
