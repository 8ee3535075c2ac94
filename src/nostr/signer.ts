// Who signs and decrypts for an identity: a port that a raw key, an encrypted key or a remote bunker can fill.

import type { Hex } from '../core/bytes.ts';
import { openKey } from './ecdh.ts';
import { signEvent, type EventTemplate, type NostrEvent } from './event.ts';
import { decryptPayload, deriveConversationKey, encryptPayload } from './nip44.ts';

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

/** A signer over a secret key (32 bytes, copied) held in memory. Throws `input/invalid` for a bad key. */
export function createKeySigner(secretKey: Uint8Array): Signer {
  const own = openKey(secretKey);
  const secret = Uint8Array.from(secretKey);
  const conversationKeys = new Map<Hex, Uint8Array>();
  const keyFor = (peer: Hex): Uint8Array => {
    const known = conversationKeys.get(peer);
    if (known !== undefined) return known;
    const key = deriveConversationKey(own, peer);
    if (conversationKeys.size >= MAX_CACHED_KEYS) conversationKeys.clear();
    conversationKeys.set(peer, key);
    return key;
  };
  return {
    pubkey: own.pubkey,
    signEvent: async (template) => signEvent(secret, own.pubkey, template),
    encrypt: async (peer, plaintext) => encryptPayload(plaintext, keyFor(peer)),
    decrypt: async (peer, payload) => decryptPayload(payload, keyFor(peer)),
  };
}
