// How we have ts-mls behave: our suite, our retention, our padding.

import type { AuthenticationService, ClientConfig, MlsContext } from 'ts-mls';
import type { Rng } from '../core/ports.ts';
import { MLS, RETENTION } from './profile.ts';
import { createSuite } from './suite.ts';

const MIN_PADDED_BYTES = 512;
const PADDING_STEP_BYTES = 4_096;

/** What every ts-mls call takes; `contentBytes` picks the padding of an outgoing message. */
export function createMlsContext(rng: Rng, contentBytes = 0): MlsContext {
  return { cipherSuite: createSuite(rng), authService, clientConfig: createClientConfig(contentBytes) };
}

/** The size an application message is padded to: powers of two from 512 bytes, then steps of 4096, so that length says little. */
export function paddedLength(contentBytes: number): number {
  let padded = MIN_PADDED_BYTES;
  while (padded < contentBytes && padded < PADDING_STEP_BYTES) padded *= 2;
  return padded >= contentBytes ? padded : Math.ceil(contentBytes / PADDING_STEP_BYTES) * PADDING_STEP_BYTES;
}

// Only shape here: the identity proofs of every leaf are checked on the resulting tree, before it is adopted (groupCheck.ts).
const authService: AuthenticationService = {
  validateCredential: async (credential) =>
    credential.credentialType === MLS.basicCredential && 'identity' in credential && credential.identity.length === 32,
};

function createClientConfig(contentBytes: number): ClientConfig {
  return {
    keyRetentionConfig: {
      retainKeysForEpochs: RETENTION.epochs,
      retainKeysForGenerations: RETENTION.generations,
      maximumForwardRatchetSteps: RETENTION.forwardSteps,
    },
    lifetimeConfig: { maximumTotalLifetime: 0n, validateLifetimeOnReceive: false },
    keyPackageEqualityConfig: { compareKeyPackages: () => false, compareKeyPackageToLeafNode: () => false },
    paddingConfig: { kind: 'padUntilLength', padUntilLength: paddedLength(contentBytes) },
  };
}
