// Sends: one payload becomes one MLS application message in one group event.

import { createApplicationMessage } from 'ts-mls';
import { sha256Hex, utf8, type Hex } from '../core/bytes.ts';
import { NegotiateError } from '../core/errors.ts';
import type { Rng } from '../core/ports.ts';
import type { NostrEvent, Rumor } from '../nostr/event.ts';
import { addWitness } from './branches.ts';
import { isActive, type Channel } from './channel.ts';
import { sealGroupEvent } from './groupEvent.ts';
import { retentionOf, routingOf } from './groupCheck.ts';
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
 * Encrypts a payload of ours for the other members. Throws `relay/unacknowledged` while a commit of ours waits for a relay, and
 * `input/invalid` when the group is over for us and when the text is no payload, is not by us, or is too large. Sending twice from
 * one saved channel would reuse a key: always go on from the returned one.
 */
export async function sealPayload(channel: Channel, { payload, now, rng }: SealInput): Promise<SealedPayload> {
  const { created_at: createdAt } = checkOwnPayload(channel, payload);
  if (!isActive(channel.state)) throw new NegotiateError('input/invalid', 'This group is over, or you are no member of it any more.');
  if (channel.staged !== undefined) {
    throw new NegotiateError('relay/unacknowledged', 'No relay has confirmed a change of this channel yet. Run sync, then try again.');
  }
  const message = utf8(payload);
  const context = createMlsContext(rng, message.length + FRAMING_BYTES);
  // ts-mls sends nothing while a proposal waits for its commit; Marmot does.
  const { newState, message: sealed } = await createApplicationMessage({
    context,
    state: { ...channel.state, unappliedProposals: {} },
    message,
  });
  const mlsBytes = encodeMlsMessage(sealed);
  const event = sealGroupEvent(
    channel.epoch.outerKey,
    routingOf(channel.state).nostrGroupId,
    mlsBytes,
    now,
    rng,
    expiryOf(channel, createdAt),
  );
  if (event.content.length > LIMITS.eventContentChars) throw tooLarge();
  const state = { ...newState, unappliedProposals: channel.state.unappliedProposals };
  // Who reads it counts us among those who use this branch; so do we.
  const { channel: next } = addWitness({ ...channel, state }, channel.epoch.id, channel.own);
  return { channel: next, event, mlsHash: sha256Hex(mlsBytes) };
}

/**
 * The channel with the keys of as many messages thrown away: somewhere they may have been used already. The others pass over them
 * (`RETENTION.forwardSteps`).
 */
export async function burnKeys(channel: Channel, count: number, rng: Rng): Promise<Channel> {
  let state = { ...channel.state, unappliedProposals: {} };
  for (let i = 0; i < count; i += 1)
    state = {
      ...(await createApplicationMessage({ context: createMlsContext(rng), state, message: new Uint8Array(1) })).newState,
      unappliedProposals: {},
    };
  return { ...channel, state: { ...state, unappliedProposals: channel.state.unappliedProposals } };
}

/** When a message vanishes; undefined where the group keeps its messages, or where the sum is no whole number of ours (message-retention-v1). */
function expiryOf({ state }: Channel, createdAt: number): number | undefined {
  const seconds = retentionOf(state);
  const expiresAt = Number(BigInt(createdAt) + seconds);
  return seconds === 0n || !Number.isSafeInteger(expiresAt) ? undefined : expiresAt;
}

function checkOwnPayload({ own }: Channel, payload: string): Rumor {
  if (payload.length > LIMITS.eventContentChars) throw tooLarge();
  const rumor = parsePayload(payload);
  if (rumor?.pubkey === own) return rumor;
  throw new NegotiateError('input/invalid', 'This is not a payload by this identity. Make it with makeRumor and encodePayload.');
}

function tooLarge(): NegotiateError {
  return new NegotiateError('input/invalid', 'This message is too large for a relay. Send a digest and deliver the bytes another way.');
}
