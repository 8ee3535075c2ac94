// Who this agent is and where it can be reached.

import type { Hex } from '../core/bytes.ts';
import { encodeNpub } from '../nostr/npub.ts';
import type { AgentContext } from './context.ts';
import { readInvitePolicy } from './inbox/invitePolicy.ts';
import { readProxy, readSetting } from './settings.ts';

/** The agent's identity and settings. */
export interface Identity {
  readonly npub: string;
  readonly pubkey: Hex;
  /** Where the identity's secret key is: in this home, or in a bunker (NIP-46). */
  readonly key: 'home' | 'bunker';
  readonly relays: readonly string[];
  /** Who may open a channel without asking: anyone, or the npubs named. */
  readonly invites: { readonly anyone: boolean; readonly allowed: readonly string[] };
  /** The SOCKS5 proxy that every relay is reached through. */
  readonly proxy?: string;
  /** Unix seconds until which the published key package can be used. */
  readonly keyPackageExpiresAt?: number;
}

/** Says who this agent is. */
export function whoami({ pubkey, store, bunker }: AgentContext): Identity {
  const { anyone, allowed } = readInvitePolicy(store);
  const proxy = readProxy(store);
  const expiresAt = store.listKeyPackages().at(-1)?.expiresAt;
  return {
    npub: encodeNpub(pubkey),
    pubkey,
    key: bunker === undefined ? 'home' : 'bunker',
    relays: readSetting(store, 'relays'),
    invites: { anyone, allowed: allowed.map(encodeNpub) },
    ...(proxy === undefined ? {} : { proxy }),
    ...(expiresAt === undefined ? {} : { keyPackageExpiresAt: expiresAt }),
  };
}
