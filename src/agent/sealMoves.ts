// Puts moves on their way: sealed in the channel with the peer, queued for its relays, all within the step.

import type { Hex } from '../core/bytes.ts';
import { NegotiateError } from '../core/errors.ts';
import { encodePayload } from '../marmot/payload.ts';
import { sealPayload } from '../marmot/sealPayload.ts';
import type { MoveRumor } from '../negotiate/move.ts';
import type { NostrEvent } from '../nostr/event.ts';
import type { OutboxRecord } from '../store/records.ts';
import { listOpenChannels } from './openChannels.ts';
import { openChannel, type OpenChannel, type Work } from './work.ts';

/** Seals each rumor as a message of its own and queues it. Throws `input/not-found` when there is no channel with the peer. */
export async function sealMoves(work: Work, peer: Hex, rumors: readonly MoveRumor[]): Promise<void> {
  if (rumors.length === 0) return;
  let open = findPeerChannel(work, peer);
  for (const rumor of rumors) {
    const sealed = await sealPayload(open.channel, { payload: encodePayload(rumor), now: work.now, rng: work.context.rng });
    open = { ...open, channel: sealed.channel };
    work.changes.push(
      { kind: 'queue', record: toQueued(work, sealed.event, `group:${open.record.nostrGroupId}`, open.record.relays, rumor.id) },
      // What comes back from a relay as our own needs no second look.
      { kind: 'seen', id: sealed.event.id, at: work.now },
      { kind: 'seen', id: sealed.mlsHash, at: work.now },
    );
  }
  work.channels.set(open.record.id, open);
}

/** An event for the outbox; it is due at once. */
export function toQueued(work: Work, event: NostrEvent, purpose: string, relays: readonly string[], moveId?: Hex): OutboxRecord {
  return {
    eventId: event.id,
    event: JSON.stringify(event),
    purpose,
    ...(moveId === undefined ? {} : { moveId }),
    createdAt: work.now,
    targets: relays.map((relay) => ({ relay, state: 'pending', tries: 0, nextAt: work.now })),
  };
}

function findPeerChannel(work: Work, peer: Hex): OpenChannel {
  const fresh = [...work.channels.values()].filter(({ record }) => record.peer === peer);
  const ended = new Set(fresh.filter(({ record }) => record.endedAt !== undefined).map(({ record }) => record.id));
  const known = listOpenChannels(work.context.store).find((record) => record.peer === peer && !ended.has(record.id));
  const id = fresh.find(({ record }) => record.endedAt === undefined)?.record.id ?? known?.id;
  const open = id === undefined ? undefined : openChannel(work, id);
  if (open !== undefined) return open;
  throw new NegotiateError('input/not-found', 'There is no channel with this peer. Open one with: agent-negotiate start');
}
