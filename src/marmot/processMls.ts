// Receives: one MLS message from the peer becomes a payload, a step of the channel, or a reason why not.

import type { Hex } from '../core/bytes.ts';
import { equalBytes } from '../core/bytes.ts';
import { isNegotiateError } from '../core/errors.ts';
import type { Rumor } from '../nostr/event.ts';
import type { Channel } from './channel.ts';
import { decodeMlsMessage } from './mlsMessage.ts';
import { processCommit } from './processCommit.ts';
import { processPrivate } from './processPrivate.ts';

/** Why an authentic or at least well-placed message is not accepted. Final: trying again gives the same. */
export type RefusedReason = 'proposals' | 'handshake-form' | 'sender' | 'no-path' | 'group-state' | 'payload' | 'author';

/**
 * Why a message cannot be read. `future-epoch`: keep it and try again after the next commit. `already-read`: a repetition, or older
 * than what is kept. `stale-epoch`: its epoch is gone. `undecryptable` and `malformed`: damaged, or not from this group.
 */
export type UnreadableReason = 'malformed' | 'other-group' | 'future-epoch' | 'stale-epoch' | 'already-read' | 'undecryptable';

/** What came of a message. Only `payload` and `handshake` bring a new channel; otherwise nothing has changed. */
export type ProcessResult =
  | { readonly kind: 'payload'; readonly channel: Channel; readonly rumor: Rumor; readonly sender: Hex }
  | { readonly kind: 'own' }
  | { readonly kind: 'handshake'; readonly channel: Channel }
  | { readonly kind: 'refused'; readonly reason: RefusedReason }
  | { readonly kind: 'unreadable'; readonly reason: UnreadableReason };

/**
 * Processes peeled MLS bytes. Takes application messages of the tip and of five epochs before it, out of order too, and the peer's
 * bare self-updates; refuses every commit with proposals. Never throws for what the peer sent, and the channel given stays usable.
 *
 * @example const peeled = peelGroupEvent(channel, event); if (peeled.kind === 'peeled') await processMls(channel, peeled.mlsBytes)
 */
export async function processMls(channel: Channel, mlsBytes: Uint8Array): Promise<ProcessResult> {
  try {
    return await dispatch(channel, mlsBytes);
  } catch (error) {
    if (isNegotiateError(error) && error.code === 'internal/bug') throw error;
    return { kind: 'unreadable', reason: 'undecryptable' };
  }
}

async function dispatch(channel: Channel, mlsBytes: Uint8Array): Promise<ProcessResult> {
  if (isProposal(mlsBytes)) return { kind: 'refused', reason: 'proposals' };
  const message = tryDecode(mlsBytes);
  if (message === undefined) return { kind: 'unreadable', reason: 'malformed' };
  if ('privateMessage' in message) return isOurs(channel, message.privateMessage.groupId) ? processPrivate(channel, message) : otherGroup();
  if ('publicMessage' in message) return isOurs(channel, message.publicMessage.content.groupId) ? processCommit(channel, message) : otherGroup();
  return { kind: 'unreadable', reason: 'malformed' };
}
