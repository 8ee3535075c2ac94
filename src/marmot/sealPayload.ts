// Sends: one payload becomes one MLS application message in one group event.

import { createApplicationMessage } from 'ts-mls';
import { sha256Hex, utf8, type Hex } from '../core/bytes.ts';
import { NegotiateError } from '../core/errors.ts';
import type { Rng } from '../core/ports.ts';
import type { NostrEvent } from '../nostr/event.ts';
import type { Channel } from './channel.ts';
import { sealGroupEvent } from './groupEvent.ts';
import { routingOf } from './groupCheck.ts';
import { createMlsContext } from './mlsContext.ts';
import { encodeMlsMessage } from './mlsMessage.ts';
import { parsePayload } from './payload.ts';
import { LIMITS } from './profile.ts';

// Authenticated content adds a signature, its length and that of the text.
const FRAMING_BYTES = 80;

/** The payload text (see `encodePayload`), unix seconds for the event, and randomness. */
export interface SealInput {
  readonly payload: string;
  readonly now: number;
  readonly rng: Rng;
}

/** The advanced channel, the event to publish, and the SHA-256 (hex) of its MLS message. Save the channel before publishing. */
export interface SealedPayload {
  readonly channel: Channel;
  readonly event: NostrEvent;
  readonly mlsHash: Hex;
}

/**
 * Encrypts a payload of ours for the peer. Throws `input/invalid` when the text is no payload, is not by us, or is too large. Sending
 * twice from one saved channel would reuse a key: always go on from the returned one.
 */
export async function sealPayload(channel: Channel, { payload, now, rng }: SealInput): Promise<SealedPayload> {
  checkOwnPayload(channel, payload);
  const message = utf8(payload);
  const context = createMlsContext(rng, message.length + FRAMING_BYTES);
  // A proposal that waits for a commit would block sending; this profile sends and takes none.
  const { newState, message: sealed } = await createApplicationMessage({
    context,
    state: { ...channel.state, unappliedProposals: {} },
    message,
  });
  const mlsBytes = encodeMlsMessage(sealed);
  const event = sealGroupEvent(tipKey(channel), routingOf(channel.state).nostrGroupId, mlsBytes, now, rng);
  if (event.content.length > LIMITS.eventContentChars) throw tooLarge();
  return { channel: { ...channel, state: newState }, event, mlsHash: sha256Hex(mlsBytes) };
}

function checkOwnPayload({ own }: Channel, payload: string): void {
  if (payload.length > LIMITS.eventContentChars) throw tooLarge();
  const rumor = parsePayload(payload);
  if (rumor?.pubkey === own) return;
  throw new NegotiateError('input/invalid', 'This is not a payload by this identity. Make it with makeRumor and encodePayload.');
}

function tipKey({ outerKeys }: Channel): Uint8Array {
  const tip = outerKeys[0];
  if (tip === undefined) throw new NegotiateError('internal/bug', 'A channel has no outer key. Please report this.');
  return tip.key;
}

function tooLarge(): NegotiateError {
  return new NegotiateError('input/invalid', 'This message is too large for a relay. Send a digest and deliver the bytes another way.');
}
