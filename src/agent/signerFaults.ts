// A signer that is away stops what needs it and nothing else: its faults are noted, the rest of a round goes on, and the owner is told.

import { isNegotiateError, type ErrorCode, type NegotiateError } from '../core/errors.ts';
import type { Signer } from '../nostr/signer.ts';
import type { AgentContext } from './context.ts';

/** What kept the identity's signer from its work; the message advises. */
export interface SignerProblem {
  readonly code: ErrorCode;
  readonly message: string;
}

/** Runs what cannot do without the signer; undefined when that fails for the signer's sake. Save nothing in `work` before it has signed. */
export async function unlessSignerFails<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (isSignerFault(error)) return undefined;
    throw error;
  }
}

/** A signer that writes down each of its faults, by code, before it throws it. */
export function noteFaults(signer: Signer, faults: Map<ErrorCode, NegotiateError>): Signer {
  const noting = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      if (isSignerFault(error)) faults.set(error.code, error);
      throw error;
    }
  };
  return {
    pubkey: signer.pubkey,
    signEvent: (template) => noting(signer.signEvent(template)),
    encrypt: (peer, plaintext) => noting(signer.encrypt(peer, plaintext)),
    decrypt: (peer, payload) => noting(signer.decrypt(peer, payload)),
  };
}

/** Takes the faults noted since the last call. */
export function takeSignerProblem({ bunker }: AgentContext): SignerProblem | undefined {
  const latest = [...(bunker?.faults.values() ?? [])].at(-1);
  bunker?.faults.clear();
  return latest === undefined ? undefined : { code: latest.code, message: latest.message };
}

function isSignerFault(error: unknown): error is NegotiateError {
  return isNegotiateError(error) && error.code.startsWith('signer/');
}
