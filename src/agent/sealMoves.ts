// Puts moves on their way: sealed in the channel with the peer, queued for its relays, all within the step.

import { seenInChannel } from './forgetSeen.ts';
import type { Hex } from '../core/bytes.ts';
import type { Rng } from '../core/ports.ts';
import { NegotiateError } from '../core/errors.ts';
import { encodePayload } from '../marmot/payload.ts';
import { sealPayload } from '../marmot/sealPayload.ts';
import type { MoveRumor } from '../negotiate/move.ts';
import type { NostrEvent } from '../nostr/event.ts';
import type { OutboxRecord } from '../store/records.ts';
import type { OpenChannel } from './channelRecord.ts';
import { findPeerChannel } from './openChannels.ts';
import { readyToSend } from './restored.ts';
import { countSends } from './sendCount.ts';
import { openChannel, type Work } from './work.ts';

/**
 * Seals each rumor as a message of its own and queues it. False when nothing can be sent to the peer now: there is no channel with it,
 * a commit of ours is on its way there, or its keys may have been used. Moves that were written down go out with a later sync then (protocol-core/group-state.md).
 */
export async function sealMoves(work: Work, peer: Hex, rumors: readonly MoveRumor[]): Promise<boolean> {
  if (rumors.length === 0) return true;
  const found = openPeer(work, peer);
  let open = found === undefined ? undefined : await readyToSend(work, found);
  if (open === undefined) return false;
  for (const rumor of rumors) {
    const sealed = await sealPayload(open.channel, { payload: encodePayload(rumor), now: work.now, rng: work.context.rng });
    open = { ...open, channel: sealed.channel };
    work.changes.push(
      {
        kind: 'queue',
        record: toQueued(work, sealed.event, `group:${open.record.nostrGroupId}`, open.record.relays, { moveId: rumor.id }),
      },
      // What comes back from a relay as our own needs no second look.
      seenInChannel(open.record.id, sealed.channel, sealed.event.id, work.now),
      seenInChannel(open.record.id, sealed.channel, sealed.mlsHash, work.now),
    );
  }
  countSends(work.context.store, work.changes, rumors.length);
  work.channels.set(open.record.id, open);
  return true;
}

/** Throws `input/not-found` when there is no channel with the peer. */
export function requireChannel(work: Work, peer: Hex): void {
  if (openPeer(work, peer) === undefined)
    throw new NegotiateError('input/not-found', 'There is no channel with this peer. Open one with: agent-negotiate start');
}

/** What an outbox has to know besides: the move inside, and for how many seconds to hold the event back on purpose. */
export interface QueueOptions {
  readonly moveId?: Hex;
  readonly delayS?: number;
}

/** An event for the outbox; it is due at once, or after `delayS`: date such an event later too, or its date tells what the delay hides. */
export function toQueued(
  work: Work,
  event: NostrEvent,
  purpose: string,
  relays: readonly string[],
  { moveId, delayS = 0 }: QueueOptions = {},
): OutboxRecord {
  return {
    eventId: event.id,
    event: JSON.stringify(event),
    purpose,
    ...(moveId === undefined ? {} : { moveId }),
    createdAt: work.now,
    targets: relays.map((relay) => ({ relay, state: 'pending', tries: 0, nextAt: work.now + delayS })),
  };
}

/**
 * A random delay in whole seconds: exponential with this mean, and drawn again as long as it is beyond the cap, so that no delay is
 * likelier than a shorter one. 0 for a mean of 0.
 */
export function drawDelayS(rng: Rng, { meanS, capS }: { readonly meanS: number; readonly capS: number }): number {
  if (meanS === 0) return 0;
  // Drawing again until it fits comes to this.
  return Math.floor(-meanS * Math.log(1 - drawShare(rng) * (1 - Math.exp(-capS / meanS))));
}

/**
 * A random delay in whole seconds below twice the mean, each as likely as any other: who sees something come out of a queue of them can
 * say of no entry in that time that it is the likelier one.
 */
export function drawEvenDelayS(rng: Rng, meanS: number): number {
  return Math.floor(2 * meanS * drawShare(rng));
}

/** From 0 up to, not including, 1. */
function drawShare(rng: Rng): number {
  return rng.bytes(6).reduce((sum, byte) => sum * 256 + byte, 0) / 2 ** 48;
}

function openPeer(work: Work, peer: Hex): OpenChannel | undefined {
  const fresh = [...work.channels.values()].filter(({ record }) => record.peer === peer);
  const usable = fresh.find(({ record }) => record.endedAt === undefined && record.leavingAt === undefined);
  const saved = findPeerChannel(work.context.store, peer, work.now);
  const isChanged = fresh.some(({ record }) => record.id === saved?.id);
  return usable ?? (saved === undefined || isChanged ? undefined : openChannel(work, saved.id));
}
