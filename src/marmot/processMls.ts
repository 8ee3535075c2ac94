// Receives: one MLS message of another member becomes a payload, a step of the channel, or a reason why not.

import { equalBytes } from '../core/bytes.ts';
import { newestEpoch } from './branches.ts';
import { isActive, type Channel } from './channel.ts';
import { readMlsHeader } from './mlsHeader.ts';
import { processPrivate } from './processPrivate.ts';
import { processPublic } from './processPublic.ts';
import { cannotRead, isOwnFault, refuseMessage, type ProcessResult } from './processResult.ts';

/**
 * Processes peeled MLS bytes. Takes application messages of the tip and of five epochs before it, out of order too, and of the others'
 * handshakes those that they may make and that leave a sound group. Of rival branches it follows the one that counts by the rules of
 * protocol-core/convergence.md. Never throws for what others sent, and the channel given stays usable;
 * throws `store/corrupt` when a state that it needs was lost.
 *
 * @example const peeled = peelGroupEvent(channel, event); if (peeled.kind === 'peeled') await processMls(channel, peeled.mlsBytes)
 */
export async function processMls(channel: Channel, mlsBytes: Uint8Array): Promise<ProcessResult> {
  try {
    return await dispatch(channel, mlsBytes);
  } catch (error) {
    if (isOwnFault(error)) throw error;
    return cannotRead('undecryptable');
  }
}

async function dispatch(channel: Channel, mlsBytes: Uint8Array): Promise<ProcessResult> {
  const header = readMlsHeader(mlsBytes);
  if (header === undefined) return cannotRead('malformed');
  const { state } = channel;
  if (!isActive(state) || !equalBytes(header.groupId, state.groupContext.groupId)) return cannotRead('other-group');
  if (header.epoch > newestEpoch(channel)) return cannotRead('future-epoch');
  switch (header.kind) {
    case 'private':
      return header.isApplication ? processPrivate(channel, mlsBytes) : refuseMessage('handshake-form');
    case 'public':
      return processPublic(channel, header, mlsBytes);
    default:
      return header satisfies never;
  }
}
