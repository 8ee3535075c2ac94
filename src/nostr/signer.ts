// Who signs and decrypts for an identity: a port that a raw key, an encrypted key or a remote bunker can fill.

import { v2 as nip44 } from 'nostr-tools/nip44';
import type { Hex } from '../core/bytes.ts';
import { signEvent, type EventTemplate, type NostrEvent } from './event.ts';
import { publicKeyOf } from './schnorr.ts';

// Gift wraps come from throw-away keys, so the cache must stay small.
const MAX_CACHED_KEYS = 64;

/** An identity's signer. Every method is async so that a NIP-46 bunker fits. */
export interface Signer {
  readonly pubkey: Hex;
  signEvent(template: EventTemplate): Promise<NostrEvent>;
  /** NIP-44 v2 between this identity and `peer`. */
  encrypt(peer: Hex, plaintext: string): Promise<string>;
  /** Throws when the payload is not NIP-44 v2 or was not made for this identity. */
  decrypt(peer: Hex, payload: string): Promise<string>;
}

/** A signer over a secret key (32 bytes) held in memory. Throws `input/invalid` for a bad key. */
export function createKeySigner(secretKey: Uint8Array): Signer {
  const pubkey = publicKeyOf(secretKey);
  const conversationKeys = new Map<Hex, Uint8Array>();
  const keyFor = (peer: Hex): Uint8Array => {
    const known = conversationKeys.get(peer);
    if (known !== undefined) return known;
    const key = nip44.utils.getConversationKey(secretKey, peer);
    if (conversationKeys.size >= MAX_CACHED_KEYS) conversationKeys.clear();
    conversationKeys.set(peer, key);
    return key;
  };
  return {
    pubkey,
    signEvent: async (template) => signEvent(secretKey, pubkey, template),
    encrypt: async (peer, plaintext) => nip44.encrypt(plaintext, keyFor(peer)),
    decrypt: async (peer, payload) => nip44.decrypt(payload, keyFor(peer)),
  };
}
