// What can come of an MLS message from another member.

import type { Hex } from '../core/bytes.ts';
import { isNegotiateError } from '../core/errors.ts';
import type { Rumor } from '../nostr/event.ts';
import type { Channel } from './channel.ts';

/** Why an authentic or at least well-placed message is not accepted. Final: trying again gives the same. */
export type RefusedReason = 'proposals' | 'handshake-form' | 'sender' | 'no-path' | 'group-state' | 'payload' | 'author';

/**
 * Why a message cannot be read. `future-epoch`: keep it and try again after the next commit. `already-read`: a repetition, or older
 * than what is kept. `stale-epoch`: its epoch is gone. `missing-proposal`: a commit of what was proposed in a message that has yet to come. `no-room`: too
 * many rival commits or proposals are kept already; try again later.
 * `undecryptable` and `malformed`: damaged, or not from this group.
 */
export type UnreadableReason =
  'malformed' | 'other-group' | 'future-epoch' | 'stale-epoch' | 'already-read' | 'missing-proposal' | 'no-room' | 'undecryptable';

/**
 * What came of a message. All but `own`, `refused` and `unreadable` bring a new channel to go on with. `payload`: `epochId` names the
 * epoch it was said in. `handshake`: a proposal or a commit was taken in; the commits in `superseded` do not count any more, and what was
 * said in the epochs that they opened was said on a branch that nobody follows. `rival`: the message belongs to a branch that does not
 * count so far; a payload there may be read later, if it ever does. `ended`: we were removed, or the group was disbanded.
 * `own`: an echo of ours. `stray`: our own leaf has signed it, and this state has not sent it: a later one has, which was lost. A payload comes with
 * what was said, and its key counts as used from then on; without `rumor` it was a handshake, which nobody can take in without the keys that its
 * maker had.
 */
export type ProcessResult =
  | {
      readonly kind: 'payload';
      readonly channel: Channel;
      readonly rumor: Rumor;
      readonly sender: Hex;
      readonly epochId: Hex;
      readonly superseded: readonly Hex[];
    }
  | { readonly kind: 'own' }
  | { readonly kind: 'stray'; readonly channel: Channel; readonly rumor?: Rumor; readonly epochId?: Hex }
  | { readonly kind: 'handshake'; readonly channel: Channel; readonly superseded: readonly Hex[] }
  | { readonly kind: 'rival'; readonly channel: Channel; readonly content: 'payload' | 'commit' }
  | { readonly kind: 'ended'; readonly channel: Channel }
  | { readonly kind: 'refused'; readonly reason: RefusedReason }
  | { readonly kind: 'unreadable'; readonly reason: UnreadableReason };

/** An unreadable message. */
export function cannotRead(reason: UnreadableReason): ProcessResult {
  return { kind: 'unreadable', reason };
}

/** A refused message. */
export function refuseMessage(reason: RefusedReason): ProcessResult {
  return { kind: 'refused', reason };
}

/** True for an error that no message of others can cause: a bug, or a channel of which something was lost. */
export function isOwnFault(error: unknown): boolean {
  return isNegotiateError(error) && (error.code === 'internal/bug' || error.code === 'store/corrupt');
}
