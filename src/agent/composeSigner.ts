// The part of compose.ts that meets the identity's signer as a concrete thing: a secret key in the home, or a bunker that holds it.

import { bytesToHex, hexToBytes, type Hex } from '../core/bytes.ts';
import { NegotiateError, type ErrorCode } from '../core/errors.ts';
import type { Clock, Rng } from '../core/ports.ts';
import type { BunkerLimits } from '../nostr/bunkerLimits.ts';
import type { BunkerSession } from '../nostr/bunkerSession.ts';
import { formatBunkerUrl, parseBunkerUrl, type BunkerUrl } from '../nostr/bunkerUrl.ts';
import type { RelayPool } from '../nostr/relayPool.ts';
import { publicKeyOf } from '../nostr/schnorr.ts';
import type { Signer } from '../nostr/signer.ts';
import type { Unwrapper } from '../nostr/unwrapper.ts';
import { createBunker, hasBunker, readBunker, updateBunker, type BunkerRecord } from '../store/bunkerFile.ts';
import type { Secrets } from '../store/secrets.ts';
import { hasIdentity, readIdentity, refuseIdentity, writeIdentity } from '../store/home.ts';
import type { AgentContext } from './context.ts';
import { noteFaults } from './signerFaults.ts';

/** How to reach a bunker, should there be one. */
export interface BunkerOptions {
  /** Shows the owner a page at which the bunker wants a request approved; without it such a request fails. */
  readonly onApprovalUrl?: (url: string) => void;
  /** How long to wait for the bunker. */
  readonly bunkerLimits?: Partial<BunkerLimits>;
}

/** What a new identity is made of: at most one of these. */
export interface IdentityOptions {
  /** An existing secret key (32 bytes); by default a new one is made. */
  readonly secretKey?: Uint8Array;
  /** URL of the bunker (NIP-46) that holds the secret key, which the home then never sees; a secret until the bunker knows us. */
  readonly bunkerUrl?: string;
}

interface Surroundings extends BunkerOptions {
  readonly secrets: Secrets;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly pool: () => Promise<RelayPool>;
}

/** The signer of a home, opened when first used. `bunker` is as the context has it. */
export interface SignerPart extends Pick<AgentContext, 'signer' | 'openUnwrapper' | 'bunker'> {
  readonly close: () => void;
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

/** The signer of a home that has an identity. */
export function openSigner(surroundings: Surroundings, pubkey: Hex): SignerPart {
  const { secrets } = surroundings;
  let signer: Promise<Signer> | undefined;
  if (!hasBunker(secrets)) {
    const open = async (): Promise<Signer> => (await import('../nostr/signer.ts')).createKeySigner(readIdentity(secrets));
    const get = (): Promise<Signer> => (signer ??= open());
    const openUnwrapper = async (): Promise<Unwrapper> =>
      (await import('../nostr/unwrapper.ts')).createThreadedUnwrapper(get, () => readIdentity(secrets));
    return { signer: get, openUnwrapper, close: () => undefined };
  }
  const faults = new Map<ErrorCode, NegotiateError>();
  let session: BunkerSession | undefined;
  const open = async (): Promise<Signer> => {
    const saved = readBunker(secrets);
    session = await openSession(surroundings, saved, parseBunkerUrl(saved.url));
    return noteFaults((await import('../nostr/bunkerSigner.ts')).createBunkerSigner(session, pubkey), faults);
  };
  const get = (): Promise<Signer> => (signer ??= open());
  const openUnwrapper = async (): Promise<Unwrapper> => (await import('../nostr/unwrapper.ts')).createUnwrapper(get);
  return { signer: get, openUnwrapper, bunker: { faults }, close: () => session?.close() };
}

async function openSession(surroundings: Surroundings, { clientKey }: BunkerRecord, url: BunkerUrl): Promise<BunkerSession> {
  const { pool, clock, rng, bunkerLimits: limits, onApprovalUrl } = surroundings;
  const { openBunkerSession } = await import('../nostr/bunkerSession.ts');
  return openBunkerSession({ url, clientKey: hexToBytes(clientKey), pool, clock, rng, limits, onApprovalUrl });
}
