// Relay URLs: one spelling per relay, and nothing in them that a relay list of a stranger could abuse.

import { NegotiateError } from '../core/errors.ts';

/** Longest relay URL in UTF-8 bytes, as Marmot welcomes allow. */
export const MAX_RELAY_URL_BYTES = 512;

// The URL parser would silently drop or rewrite these: white space, control characters, backslashes.
// eslint-disable-next-line no-control-regex
const UNSAFE = /[\u0000-\u0020\u007f-\u00a0\u2028\u2029\ufeff\\]/;

/**
 * Normalises a relay URL: `ws` or `wss`, lower-case host, no default port, no slash after a bare host; path and query stay.
 * Throws `relay/invalid-url` for another scheme, user names, fragments, white space and more than 512 bytes. Says nothing about
 * where the host leads: private addresses pass.
 *
 * @example parseRelayUrl('WSS://Relay.Example:443/') // 'wss://relay.example'
 */
export function parseRelayUrl(text: string): string {
  if (Buffer.byteLength(text) > MAX_RELAY_URL_BYTES) throw invalid(`is longer than ${MAX_RELAY_URL_BYTES} bytes`);
  if (UNSAFE.test(text) || !text.isWellFormed()) throw invalid('has white space or control characters in it');
  if (!/^wss?:\/\/[^/]/i.test(text)) throw invalid('does not begin with wss:// or ws://');
  if (text.includes('#')) throw invalid('has a fragment (#…)');
  const url = parseUrl(text);
  if (/^[^/?]*@/.test(text.slice(text.indexOf('://') + 3))) throw invalid('carries a user name or password');
  return checkLength(writeUrl(url));
}

/** True when {@link parseRelayUrl} takes the text. */
export function isRelayUrl(text: unknown): text is string {
  if (typeof text !== 'string') return false;
  try {
    return parseRelayUrl(text).length > 0;
  } catch {
    return false;
  }
}

function parseUrl(text: string): URL {
  try {
    return new URL(text);
  } catch (cause) {
    throw invalid('has no valid host or port', cause);
  }
}

function writeUrl(url: URL): string {
  const path = url.pathname === '/' && url.search === '' ? '' : url.pathname;
  return `${url.protocol}//${url.host}${path}${url.search}`;
}

function checkLength(url: string): string {
  // Percent-encoding may have made it longer.
  if (url.length > MAX_RELAY_URL_BYTES) throw invalid(`is longer than ${MAX_RELAY_URL_BYTES} bytes`);
  return url;
}

function invalid(problem: string, cause?: unknown): NegotiateError {
  const message = `This relay URL ${problem}. Write it like wss://relay.example or wss://relay.example/path.`;
  return new NegotiateError('relay/invalid-url', message, { cause });
}
