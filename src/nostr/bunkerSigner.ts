// A signer whose key is elsewhere: each signature, encryption and decryption is asked of a bunker (NIP-46) and checked.

import { randomBytes } from 'node:crypto';
import { isHex32, type Hex } from '../core/bytes.ts';
import type { NegotiateError } from '../core/errors.ts';
import { isNegotiateError } from '../core/errors.ts';
import { bunkerAltered, bunkerRefused } from './bunkerError.ts';
import type { BunkerSession } from './bunkerSession.ts';
import type { BunkerUrl } from './bunkerUrl.ts';
import type { EventTemplate, NostrEvent } from './event.ts';
import { signExactly } from './giftWrap.ts';
import { isPayload } from './nip44.ts';
import { isPublicKey } from './schnorr.ts';
import { createKeySigner, type Signer } from './signer.ts';

/**
 * Introduces us to a bunker, with the secret of its URL, and asks to be allowed to sign these kinds of events, to encrypt and to
 * decrypt. Returns the public key of the identity. Throws `signer/…`.
 */
export async function connectBunker(session: BunkerSession, { remote, secret = '' }: BunkerUrl, kinds: readonly number[]): Promise<Hex> {
  const wishes = [...kinds.map((kind) => `sign_event:${kind}`), 'nip44_encrypt', 'nip44_decrypt'];
  const refusal = await session.request('connect', [remote, secret, wishes.join(',')]).then(
    () => undefined,
    // An earlier try may have used the secret up: then the bunker knows us, and shows it by what it answers next.
    (error: unknown) => (isRefusal(error) ? error : Promise.reject(error as Error)),
  );
  const pubkey = await session.request('get_public_key', []).catch((error: unknown) => {
    throw refusal ?? error;
  });
  if (!isHex32(pubkey) || !isPublicKey(pubkey)) throw bunkerAltered();
  return pubkey;
}

/** A signer for `pubkey` over an open session. Its errors beyond those of {@link Signer} are `signer/…`. */
export function createBunkerSigner(session: BunkerSession, pubkey: Hex): Signer {
  const raw: Signer = {
    pubkey,
    signEvent: async ({ kind, created_at, tags, content }) =>
      parseEvent(await session.request('sign_event', [JSON.stringify({ kind, created_at, tags, content })])),
    encrypt: async (peer, plaintext) => {
      const payload = await session.request('nip44_encrypt', [checkPeer(peer), plaintext]);
      if (isPayload(payload)) return payload;
      throw bunkerAltered();
    },
    decrypt: (peer, payload) => decrypt(session, pubkey, checkPeer(peer), payload),
  };
  // Also for callers who do not look themselves, such as whoever proves to a relay who we are.
  return { ...raw, signEvent: (template: EventTemplate) => signExactly(raw, template) };
}

/**
 * A bunker says no in the same way when it may not decrypt and when there is nothing to decrypt. To take the one for the other would
 * lose what was sent to us, or let junk stand in the way of the rest; so it is put to the test with a text of ours.
 */
async function decrypt(session: BunkerSession, pubkey: Hex, peer: Hex, payload: string): Promise<string> {
  // Not worth asking, and never readable.
  if (!isPayload(payload)) throw new Error('This is no NIP-44 payload.');
  try {
    return await session.request('nip44_decrypt', [peer, payload]);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    if (await canDecrypt(session, pubkey)) throw new Error('The bunker cannot read a payload.', { cause: error });
    throw bunkerRefused();
  }
}

async function canDecrypt(session: BunkerSession, pubkey: Hex): Promise<boolean> {
  const [stranger, text] = [createKeySigner(randomBytes(32)), randomBytes(16).toString('hex')];
  const sample = await stranger.encrypt(pubkey, text);
  try {
    return (await session.request('nip44_decrypt', [stranger.pubkey, sample])) === text;
  } catch (error) {
    if (isRefusal(error)) return false;
    throw error;
  }
}

// Errors about a peer are plain ones: callers take a NegotiateError for a fault of the signer.
function checkPeer(peer: Hex): Hex {
  if (isHex32(peer) && isPublicKey(peer)) return peer;
  throw new TypeError('A public key has 64 hex digits and lies on the curve.');
}

/** What is in it, {@link signExactly} checks. */
function parseEvent(text: string): NostrEvent {
  try {
    return JSON.parse(text) as NostrEvent;
  } catch {
    throw bunkerAltered();
  }
}

function isRefusal(error: unknown): error is NegotiateError {
  return isNegotiateError(error) && error.code === 'signer/refused';
}
