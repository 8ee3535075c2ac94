// The URL of a remote signer (NIP-46 "bunker"): where it listens, and a secret that is good for one connection.

import { isHex32, type Hex } from '../core/bytes.ts';
import { NegotiateError } from '../core/errors.ts';
import { isRelayUrl, parseRelayUrl } from './relayUrl.ts';
import { isPublicKey } from './schnorr.ts';

/** How a bunker is reached. */
export interface BunkerUrl {
  /** 1 to 8 relays, normalised, each once. */
  readonly relays: readonly string[];
  /** The key that the bunker answers with; the identity's own key may be another one. */
  readonly remote: Hex;
  /** What shows that the owner has invited us. */
  readonly secret?: string;
}

const MAX_CHARS = 4_000;
const MAX_RELAYS = 8;

/**
 * Reads `bunker://<public key>?relay=…&secret=…`; parameters that NIP-46 does not name are passed over. Throws `input/invalid`, never
 * with the URL or a part of it.
 */
export function parseBunkerUrl(text: string): BunkerUrl {
  const url = text.length <= MAX_CHARS && /^bunker:\/\//i.test(text) ? URL.parse(text) : null;
  if (url === null || !isBare(url)) throw invalid('does not read bunker://<64 hex digits>?relay=…');
  const remote = url.hostname.toLowerCase();
  if (!isHex32(remote) || !isPublicKey(remote)) throw invalid('does not begin with a public key of 64 hex digits');
  const named = url.searchParams.getAll('relay');
  if (!named.every((relay) => isRelayUrl(relay))) throw invalid('names a relay that is none: relays begin with wss:// or ws://');
  const relays = [...new Set(named.map(parseRelayUrl))];
  if (relays.length < 1 || relays.length > MAX_RELAYS) throw invalid(`names ${relays.length} relays; 1 to ${MAX_RELAYS} are possible`);
  const [secret, ...otherSecrets] = url.searchParams.getAll('secret');
  if (otherSecrets.length > 0) throw invalid('has more than one secret');
  return { relays, remote, ...(secret === undefined || secret === '' ? {} : { secret }) };
}

/** Writes a bunker's URL. */
export function formatBunkerUrl({ relays, remote, secret }: BunkerUrl): string {
  const query = relays.map((relay) => `relay=${encodeURIComponent(relay)}`);
  if (secret !== undefined) query.push(`secret=${encodeURIComponent(secret)}`);
  return `bunker://${remote}?${query.join('&')}`;
}

/** True when nothing stands around the key: no user, port, path or fragment. */
function isBare({ username, password, port, pathname, hash }: URL): boolean {
  return username === '' && password === '' && port === '' && hash === '' && (pathname === '' || pathname === '/');
}

function invalid(problem: string): NegotiateError {
  return new NegotiateError('input/invalid', `The bunker’s URL ${problem}. Copy it from your bunker once more.`);
}
