// What can come of an MLS message from the peer.

import type { Hex } from '../core/bytes.ts';
import type { Rumor } from '../nostr/event.ts';
import type { Channel } from './channel.ts';

/** Why an authentic or at least well-placed message is not accepted. Final: trying again gives the same. */
export type RefusedReason = 'proposals' | 'handshake-form' | 'sender' | 'no-path' | 'group-state' | 'payload' | 'author';

/**
 * Why a message cannot be read. `future-epoch`: keep it and try again after the next commit. `already-read`: a repetition, or older
 * than what is kept. `stale-epoch`: its epoch is gone. `undecryptable` and `malformed`: damaged, or not from this group.
 */
export type UnreadableReason = 'malformed' | 'other-group' | 'future-epoch' | 'stale-epoch' | 'already-read' | 'undecryptable';

/**
 * What came of a message. `payload` and `handshake` bring a new channel to go on with. `leaving`: the peer has asked to be let go, which
 * `sealDeparture` does. `ended`: the peer has removed us. Otherwise nothing has changed.
 */
export type ProcessResult =
  | { readonly kind: 'payload'; readonly channel: Channel; readonly rumor: Rumor; readonly sender: Hex }
  | { readonly kind: 'own' }
  | { readonly kind: 'handshake'; readonly channel: Channel }
  | { readonly kind: 'leaving'; readonly channel: Channel }
  | { readonly kind: 'ended'; readonly channel: Channel }
  | { readonly kind: 'refused'; readonly reason: RefusedReason }
  | { readonly kind: 'unreadable'; readonly reason: UnreadableReason };

/** Builds a refusal. */
export function refuseMessage(reason: RefusedReason): ProcessResult {
  return { kind: 'refused', reason };
}

/** Builds an unreadable result. */
export function cannotRead(reason: UnreadableReason): ProcessResult {
  return { kind: 'unreadable', reason };
}
