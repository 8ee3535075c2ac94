// The part of compose.ts that meets the identity's signer as a concrete thing: a secret key in the home, or a bunker that holds it. What a
// bunker needs is loaded for a home that has one.

import { hexToBytes, type Hex } from '../core/bytes.ts';
import type { ErrorCode, NegotiateError } from '../core/errors.ts';
import type { Clock, Rng } from '../core/ports.ts';
import type { BunkerLimits } from '../nostr/bunkerLimits.ts';
import type { BunkerSession } from '../nostr/bunkerSession.ts';
import type { BunkerUrl } from '../nostr/bunkerUrl.ts';
import type { RelayPool } from '../nostr/relayPool.ts';
import type { Signer } from '../nostr/signer.ts';
import type { Unwrapper } from '../nostr/unwrapper.ts';
import type { BunkerRecord } from '../store/bunkerFile.ts';
import type { Secrets } from '../store/secrets.ts';
import { readIdentity } from '../store/home.ts';
import type { AgentContext } from './context.ts';

/** How to reach a bunker, should there be one. */
export interface BunkerOptions {
  /** Shows the owner a page at which the bunker wants a request approved; without it such a request fails. */
  readonly onApprovalUrl?: (url: string) => void;
  /** How long to wait for the bunker. */
  readonly bunkerLimits?: Partial<BunkerLimits>;
}

/** What a signer works with. */
export interface Surroundings extends BunkerOptions {
  readonly secrets: Secrets;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly pool: () => Promise<RelayPool>;
}

/** The signer of a home, opened when first used. `bunker` is as the context has it. */
export interface SignerPart extends Pick<AgentContext, 'signer' | 'openUnwrapper' | 'bunker'> {
  readonly close: () => void;
}

/** The signer of a home that has an identity. */
export function openSigner(surroundings: Surroundings, pubkey: Hex): SignerPart {
  const { secrets } = surroundings;
  let signer: Promise<Signer> | undefined;
  if (!secrets.has('bunker')) {
    const open = async (): Promise<Signer> => (await import('../nostr/signer.ts')).createKeySigner(readIdentity(secrets));
    const get = (): Promise<Signer> => (signer ??= open());
    const openUnwrapper = async (): Promise<Unwrapper> =>
      (await import('../nostr/unwrapper.ts')).createThreadedUnwrapper(get, () => readIdentity(secrets));
    return { signer: get, openUnwrapper, close: () => undefined };
  }
  const faults = new Map<ErrorCode, NegotiateError>();
  let session: BunkerSession | undefined;
  const open = async (): Promise<Signer> => {
    const [{ readBunker }, { parseBunkerUrl }, { createBunkerSigner }, { noteFaults }] = await Promise.all([
      import('../store/bunkerFile.ts'),
      import('../nostr/bunkerUrl.ts'),
      import('../nostr/bunkerSigner.ts'),
      import('./signerFaults.ts'),
    ]);
    const saved = readBunker(secrets);
    session = await openSession(surroundings, saved, parseBunkerUrl(saved.url));
    return noteFaults(createBunkerSigner(session, pubkey), faults);
  };
  const get = (): Promise<Signer> => (signer ??= open());
  const openUnwrapper = async (): Promise<Unwrapper> => (await import('../nostr/unwrapper.ts')).createUnwrapper(get);
  return { signer: get, openUnwrapper, bunker: { faults }, close: () => session?.close() };
}

/** A line to the bunker. */
export async function openSession(surroundings: Surroundings, { clientKey }: BunkerRecord, url: BunkerUrl): Promise<BunkerSession> {
  const { pool, clock, rng, bunkerLimits: limits, onApprovalUrl } = surroundings;
  const { openBunkerSession } = await import('../nostr/bunkerSession.ts');
  return openBunkerSession({ url, clientKey: hexToBytes(clientKey), pool, clock, rng, limits, onApprovalUrl });
}
