// The settings of an agent, read from and written to its store.

import type { Hex } from '../core/bytes.ts';
import { NegotiateError } from '../core/errors.ts';
import { parseProxyUrl } from '../nostr/proxyUrl.ts';
import type { Change, Store } from '../store/records.ts';
import { parseSetting } from './parseSetting.ts';

const PROXY = 'proxy';
const ATTEST_DELAY = 'attestDelayS';

/** The settings by name. */
export interface Settings {
  /** Public key of the identity. */
  readonly pubkey: Hex;
  /** Publication slot of the key package (`d` tag). */
  readonly slot: string;
  /** Relays the agent writes to and is reached at. */
  readonly relays: readonly string[];
  /** Unix seconds up to which every relay was asked for gift wraps; 0 for never. */
  readonly wrapsFetchedUntil: number;
}

const CHECKS: { readonly [K in keyof Settings]: (value: unknown) => value is Settings[K] } = {
  pubkey: isText,
  slot: isText,
  relays: (value): value is readonly string[] => isTextList(value) && value.length > 0,
  wrapsFetchedUntil: (value): value is number => typeof value === 'number' && Number.isFinite(value),
};

/** Reads one setting. Throws `store/corrupt` when it is missing or malformed. */
export function readSetting<K extends keyof Settings>(store: Store, key: K): Settings[K] {
  const text = store.readSetting(key);
  const value = text === undefined ? undefined : parseJson(text);
  if (CHECKS[key](value)) return value;
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

/** A setting that a home need not have: `read` returns undefined for a value that makes no sense. */
function readOptional<T>(store: Store, key: string, read: (value: unknown) => T | undefined): T | undefined {
  const text = store.readSetting(key);
  if (text === undefined || text === 'null') return undefined;
  return parseSetting(text, (value) => {
    const found = read(value);
    if (found === undefined) throw new TypeError('It makes no sense.');
    return found;
  });
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every(isText);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
