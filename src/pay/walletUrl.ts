// The URL of a wallet as Nostr Wallet Connect (NIP-47) has it: a secret from end to end.

import { hexToBytes, isHex32, type Hex } from '../core/bytes.ts';
import { NegotiateError } from '../core/errors.ts';
import { isRelayUrl, parseRelayUrl } from '../nostr/relayUrl.ts';
import { isPublicKey, publicKeyOf } from '../nostr/schnorr.ts';

/** How a wallet is reached, and the key that may order it about. */
export interface WalletUrl {
  readonly relays: readonly string[];
  readonly walletPubkey: Hex;
  readonly secret: Hex;
}

const PREFIX = /^nostr\+?walletconnect:(?:\/\/)?/;
const MAX_CHARS = 4_000;

/** Reads a wallet's URL. Throws `input/invalid`, never with the URL in it. */
export function parseWalletUrl(text: string): WalletUrl {
  const url = text.length <= MAX_CHARS && PREFIX.test(text) ? URL.parse(text.replace(PREFIX, 'http://')) : null;
  const relays = url?.searchParams.getAll('relay') ?? [];
  const [secret, ...otherSecrets] = url?.searchParams.getAll('secret') ?? [];
  const walletPubkey = url !== null && isBare(url) ? url.hostname : undefined;
  const areKeys = isHex32(walletPubkey) && isPublicKey(walletPubkey) && isSecretKey(secret) && otherSecrets.length === 0;
  if (areKeys && relays.length > 0 && relays.every((relay) => isRelayUrl(relay))) {
    return { relays: relays.map(parseRelayUrl), walletPubkey, secret };
  }
  throw new NegotiateError(
    'input/invalid',
    'This is not a wallet’s URL. It begins with nostr+walletconnect:// and names a relay and a secret.',
  );
}

/** True when nothing stands around the key: no user, port, path or fragment. */
function isBare({ username, password, port, pathname, hash }: URL): boolean {
  return username === '' && password === '' && port === '' && hash === '' && (pathname === '' || pathname === '/');
}

// The library that signs with it would end the process over a number outside the curve's order.
function isSecretKey(hex: unknown): hex is Hex {
  if (!isHex32(hex)) return false;
  try {
    return isHex32(publicKeyOf(hexToBytes(hex)));
  } catch {
    return false;
  }
}

/** Writes a wallet's URL. */
export function formatWalletUrl({ relays, walletPubkey, secret }: WalletUrl): string {
  const query = [...relays.map((relay) => `relay=${encodeURIComponent(relay)}`), `secret=${secret}`].join('&');
  return `nostr+walletconnect://${walletPubkey}?${query}`;
}
