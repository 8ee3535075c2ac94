// Publishes what is queued: the same bytes until every relay has taken or refused them.

import type { NostrEvent } from '../nostr/event.ts';
import type { PublishOutcome } from '../nostr/publishToRelay.ts';
import type { Purpose } from '../nostr/relayPurpose.ts';
import type { Change, OutboxRecord, TargetRecord } from '../store/records.ts';
import type { AgentContext } from './context.ts';

const BATCH = 16;
const MAX_TRIES_AFTER_SUCCESS = 8;
const FIRST_RETRY_S = 5;
const LONGEST_RETRY_S = 3_600;

/** What an attempt to publish came to: events that some relay has by now, and events that none has. */
export interface DrainReport {
  readonly delivered: number;
  /** Without those that are held back on purpose. */
  readonly waiting: number;
  /** Events that every relay refuses for good. */
  readonly refused: number;
}

/** Publishes every event that is due, or with `force` every one that waits for another try. Never throws for what relays do. */
export async function drainOutbox(context: AgentContext, { force = false } = {}): Promise<DrainReport> {
  const now = context.clock.now();
  const due = context.store.listQueued().filter((record) => dueTargets(record, now, force).length > 0);
  let delivered = 0;
  for (let start = 0; start < due.length; start += BATCH) {
    const batch = due.slice(start, start + BATCH);
    const results = await Promise.all(batch.map((record) => publishQueued(context, record, now, force)));
    context.store.save(results.flatMap(({ changes }) => changes));
    delivered += results.filter(({ isDelivered }) => isDelivered).length;
  }
  const isLeft = (record: OutboxRecord): boolean => !record.targets.some(({ state }) => state === 'done') && !isHeldBack(record);
  const left = context.store.listQueued().filter(isLeft);
  const refused = left.filter(({ targets }) => targets.every(({ state }) => state === 'refused')).length;
  return { delivered, waiting: left.length - refused, refused };
}

/** True for an event that was queued with a delay and was not tried yet: it is late on purpose. */
export function isHeldBack({ targets, createdAt }: OutboxRecord): boolean {
  return targets.length > 0 && targets.every(({ tries, nextAt }) => tries === 0 && nextAt > createdAt);
}

function dueTargets(record: OutboxRecord, now: number, force: boolean): readonly TargetRecord[] {
  const isForced = force && !isHeldBack(record);
  return record.targets.filter(({ state, nextAt }) => state === 'pending' && (isForced || nextAt <= now));
}

interface Published {
  readonly changes: readonly Change[];
  readonly isDelivered: boolean;
}

async function publishQueued(context: AgentContext, record: OutboxRecord, now: number, force: boolean): Promise<Published> {
  const pool = await context.pool();
  const relays = dueTargets(record, now, force).map(({ relay }) => relay);
  const event = JSON.parse(record.event) as NostrEvent;
  const purpose = record.purpose as Purpose;
  const access = purpose === 'identity' ? { purpose, auth: await context.signer() } : { purpose };
  const outcomes = await pool.publish(relays, event, { ...access, signal: context.closing });
  const targets = record.targets.map((target) =>
    judgeTarget(
      target,
      outcomes.find(({ relay }) => relay === target.relay),
      now,
    ),
  );
  const isTaken = targets.some(({ state }) => state === 'done');
  const isOver = targets.every(
    ({ state, tries }) => state === 'done' || (isTaken && (state === 'refused' || tries >= MAX_TRIES_AFTER_SUCCESS)),
  );
  const sent: Change[] = isTaken && record.moveId !== undefined ? [{ kind: 'move-sent', id: record.moveId, at: now }] : [];
  const rest: Change[] = isOver
    ? [{ kind: 'drop-queued', eventId: record.eventId }]
    : targets.map((target) => ({ kind: 'target', eventId: record.eventId, target }));
  return { changes: [...sent, ...rest], isDelivered: isTaken };
}

function judgeTarget(target: TargetRecord, outcome: PublishOutcome | undefined, now: number): TargetRecord {
  if (outcome === undefined) return target;
  const tries = target.tries + 1;
  switch (outcome.outcome) {
    case 'accepted':
    case 'duplicate':
      return { ...target, state: 'done', tries };
    case 'rejected':
    case 'unknown':
    case 'unreachable': {
      const nextAt = now + Math.min(LONGEST_RETRY_S, FIRST_RETRY_S * 2 ** Math.min(tries, 12));
      return { ...target, state: outcome.retryable ? 'pending' : 'refused', tries, nextAt };
    }
    default:
      return outcome.outcome satisfies never;
  }
}
