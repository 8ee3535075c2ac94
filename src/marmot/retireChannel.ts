// What stays of a channel that is over for us: what it was, and none of its secrets (protocol-core/retained-history.md "Retained
// cryptographic material", app-components/group-lifecycle-v1.md "Convergence and realization").

import type { ClientState } from 'ts-mls';
import type { Channel } from './channel.ts';

const NONE = new Uint8Array();

/** The key schedule of an epoch of which nothing can be read or verified. */
export const NO_KEYS = {
  initSecret: NONE,
  membershipKey: NONE,
  senderDataSecret: NONE,
  exporterSecret: NONE,
  externalSecret: NONE,
  confirmationKey: NONE,
  resumptionPsk: NONE,
  epochAuthenticator: NONE,
} as const;

/** The channel without branches, staged commit and keys: it can be described and kept, and reads and sends nothing any more. */
export function retireChannel({ own, epoch, state }: Channel): Channel {
  return {
    own,
    epoch: { ...epoch, outerKey: NONE },
    state: withoutSecrets(state),
    past: [],
    rivals: [],
    proposalDigests: {},
    invited: [],
  };
}

function withoutSecrets(state: ClientState): ClientState {
  return {
    ...state,
    keySchedule: NO_KEYS,
    secretTree: { leafWidth: state.secretTree.leafWidth, intermediateNodes: {}, leafNodes: {} },
    privatePath: { ...state.privatePath, privateKeys: {} },
    signaturePrivateKey: NONE,
    unappliedProposals: {},
    historicalReceiverData: new Map(),
  };
}
