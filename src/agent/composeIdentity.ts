// The part of compose.ts that gives a new home its identity: a secret key, or a bunker that holds it.

import { bytesToHex, type Hex } from '../core/bytes.ts';
import { NegotiateError } from '../core/errors.ts';
import { formatBunkerUrl, parseBunkerUrl } from '../nostr/bunkerUrl.ts';
import { publicKeyOf } from '../nostr/schnorr.ts';
import { createBunker, hasBunker, readBunker, updateBunker } from '../store/bunkerFile.ts';
import { hasIdentity, readIdentity, refuseIdentity, writeIdentity } from '../store/home.ts';
import { openSession, type Surroundings } from './composeSigner.ts';

/** What a new identity is made of: at most one of these. */
export interface IdentityOptions {
  /** An existing secret key (32 bytes); by default a new one is made. */
  readonly secretKey?: Uint8Array;
  /** URL of the bunker (NIP-46) that holds the secret key, which the home then never sees; a secret until the bunker knows us. */
  readonly bunkerUrl?: string;
}

/** Throws `input/invalid` for a bad URL, and for a key that is to be in two places. */
export function checkIdentity({ secretKey, bunkerUrl }: IdentityOptions): void {
  if (bunkerUrl === undefined) return;
  parseBunkerUrl(bunkerUrl);
  if (secretKey !== undefined)
    throw new NegotiateError('input/invalid', 'The key is either in the home or in the bunker. Give a key or a bunker, not both.');
}

/**
 * Gives a home its identity and returns the public key. A home that has begun to get one goes on with that: the first key wins. Throws
 * `home/exists`, and `signer/…` for a bunker; then calling it again goes on.
 */
export async function settleIdentity(options: IdentityOptions & Surroundings, isFinished: boolean): Promise<Hex> {
  const { secrets, secretKey, bunkerUrl, rng } = options;
  const goesOn = hasIdentity(secrets) && !isFinished && secretKey === undefined;
  if (bunkerUrl !== undefined || (goesOn && hasBunker(secrets))) {
    if (!(goesOn && hasBunker(secrets))) beginBunker(options, bunkerUrl ?? '');
    return settleBunker(options);
  }
  if (!goesOn) writeIdentity(secrets, secretKey ?? rng.bytes(32));
  return publicKeyOf(readIdentity(secrets));
}

/** Before the bunker hears of us: a secret that is good for one key must not be spent on a key that is then lost. */
function beginBunker({ secrets, rng }: Surroundings, url: string): void {
  refuseIdentity(secrets);
  createBunker(secrets, { url: formatBunkerUrl(parseBunkerUrl(url)), clientKey: bytesToHex(rng.bytes(32)) });
}

async function settleBunker(options: IdentityOptions & Surroundings): Promise<Hex> {
  const { secrets, bunkerUrl } = options;
  const saved = readBunker(secrets);
  const url = parseBunkerUrl(bunkerUrl ?? saved.url);
  if (saved.pubkey !== undefined) {
    if (url.remote !== parseBunkerUrl(saved.url).remote) refuseIdentity(secrets);
    return saved.pubkey;
  }
  // While no identity is known, the owner may correct the URL.
  updateBunker(secrets, { ...saved, url: formatBunkerUrl(url) });
  const session = await openSession(options, saved, url);
  try {
    const [{ connectBunker }, { SIGNED_KINDS }] = await Promise.all([import('../nostr/bunkerSigner.ts'), import('./signedKinds.ts')]);
    const pubkey = await connectBunker(session, url, SIGNED_KINDS);
    const { secret: _spent, ...known } = url;
    updateBunker(secrets, { ...saved, url: formatBunkerUrl(known), pubkey });
    return pubkey;
  } finally {
    session.close();
  }
}
