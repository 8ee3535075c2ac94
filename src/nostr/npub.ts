// Public keys as people write them (NIP-19).

import { decode, npubEncode } from 'nostr-tools/nip19';
import { isHex32, type Hex } from '../core/bytes.ts';
import { NegotiateError } from '../core/errors.ts';
import { isPublicKey } from './schnorr.ts';

/** Encodes a public key (hex) as npub. */
export function encodeNpub(pubkey: Hex): string {
  return npubEncode(pubkey);
}

/** Reads an npub or 64 hex digits as a public key (hex). Throws `input/invalid` for anything else, also for a key off the curve. */
export function parsePublicKey(text: string): Hex {
  const pubkey = isHex32(text) ? text : decodeNpub(text);
  if (pubkey !== undefined && isPublicKey(pubkey)) return pubkey;
  throw new NegotiateError('input/invalid', 'This is not a Nostr public key. Give it as npub1… or as 64 hex digits, and check for typos.');
}

function decodeNpub(text: string): Hex | undefined {
  try {
    const decoded = decode(text);
    return decoded.type === 'npub' ? decoded.data : undefined;
  } catch {
    return undefined;
  }
}
