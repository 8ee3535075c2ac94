// What is due when: kept up to date from what each step has changed, so that an idle agent costs nothing for each negotiation.

import type { Hex } from '../../core/bytes.ts';
import type { ChannelRecord } from '../../store/records.ts';
import { leafDueAt } from '../chores.ts';
import type { AgentContext } from '../context.ts';
import { forgetDueAt } from '../forgetSeen.ts';
import { readStrangers } from '../inbox/strangers.ts';
import { listDue } from '../jobs/pursue.ts';
import type { Service } from '../jobs/service.ts';
import { listOpenChannels } from '../openChannels.ts';
import { listRfqIds, untilDue } from '../rfq/advanceRfq.ts';
import { findRfq } from '../rfq/rfqRecord.ts';
import { keyPackageDueAt, listQueuedMoves, outboxDueAt, timerDueAt } from './dueTimes.ts';
import type { Changes } from './watchStore.ts';

const AGAIN_S = 30;

/** Due times, unix seconds, by what they are for. */
export interface Agenda {
  readonly timers: Map<Hex, number>;
  readonly jobs: Map<Hex, number>;
  readonly rfqs: Map<Hex, number>;
  readonly leaves: Map<Hex, number>;
  outboxAt: number;
  choresAt: number;
  keyPackageAt: number;
  /** When to look at the invites that wait. */
  invitesAt: number;
  /** When to go on with what a restore has left to do. */
  restoredAt: number;
}

/** Looks through everything, once, when a daemon starts or its services change. */
export function openAgenda(context: AgentContext, services: readonly Service[]): Agenda {
  const { store, clock } = context;
  const now = clock.now();
  const queued = listQueuedMoves(store);
  const agenda: Agenda = {
    // What is overdue comes first by itself; whatever an earlier process has left undone is done once.
    timers: new Map(
      store.listNegotiations({ isActive: true }).map((record) => [record.nid, firstDue(timerDueAt(store, record, queued, 0), now)]),
    ),
    jobs: new Map(listDue(context, { services: [...services], waitS: 0 }).map((nid) => [nid, now])),
    rfqs: new Map(),
    leaves: new Map(),
    outboxAt: outboxDueAt(store),
    choresAt: readStrangers(store).length > 0 ? now : Math.max(now, forgetDueAt(context)),
    keyPackageAt: keyPackageDueAt(store),
    restoredAt: now,
    invitesAt: store.listInvites().length > 0 ? now : Infinity,
  };
  for (const record of listOpenChannels(store)) noteChannel(agenda, record, now);
  noteRfqs(context, agenda);
  return agenda;
}

function firstDue(at: number, now: number): number {
  return at <= AGAIN_S ? now : at;
}

/** Puts down what a step has changed. */
export function noteChanges(context: AgentContext, agenda: Agenda, changes: Changes): void {
  const { store, clock } = context;
  const now = clock.now();
  for (const nid of changes.nids) {
    agenda.timers.set(nid, now);
    agenda.jobs.set(nid, now);
  }
  for (const record of changes.channels.values()) noteChannel(agenda, record, now);
  // A file may be what a job has waited for; which one, its digest alone would tell.
  if (changes.files) for (const nid of agenda.jobs.keys()) agenda.jobs.set(nid, now);
  if (changes.outbox) agenda.outboxAt = outboxDueAt(store);
  if (changes.invites) agenda.invitesAt = now;
  if (changes.keyPackages) agenda.keyPackageAt = keyPackageDueAt(store);
  if (changes.rfqs || (changes.nids.size > 0 && agenda.rfqs.size > 0)) noteRfqs(context, agenda);
}

/** A job has what it waited for, or the request has that it is one of. */
export function noteJob(context: AgentContext, agenda: Agenda, nid: Hex): void {
  agenda.jobs.set(nid, context.clock.now());
  if (agenda.rfqs.size > 0) noteRfqs(context, agenda);
}

/** The timers of a negotiation have run: when they are due again. */
export function rescheduleTimer({ store, clock }: AgentContext, agenda: Agenda, nid: Hex): void {
  const record = store.findNegotiation(nid);
  const at = record === undefined ? Infinity : timerDueAt(store, record, listQueuedMoves(store), clock.now());
  set(agenda.timers, nid, at);
}

/** Sets a due time; Infinity takes it off the agenda. */
export function set(times: Map<Hex, number>, id: Hex, at: number): void {
  if (at === Infinity) times.delete(id);
  else times.set(id, at);
}

/** What is due in one of the lists. */
export function listDueAt(times: ReadonlyMap<Hex, number>, now: number): readonly Hex[] {
  return [...times].filter(([, at]) => at <= now).map(([id]) => id);
}

/** When anything is next due. */
export function nextDueAt({ timers, jobs, rfqs, leaves, outboxAt, choresAt, keyPackageAt, restoredAt, invitesAt }: Agenda): number {
  let next = Math.min(outboxAt, choresAt, keyPackageAt, restoredAt, invitesAt);
  for (const times of [timers, jobs, rfqs, leaves]) for (const at of times.values()) next = Math.min(next, at);
  return next;
}

function noteChannel(agenda: Agenda, record: ChannelRecord, now: number): void {
  set(agenda.leaves, record.id, record.endedAt === undefined ? leafDueAt(record) : Infinity);
  if (record.hasChores) agenda.choresAt = Math.min(agenda.choresAt, now);
}

/** Requests are few: each is looked at when one of their negotiations has changed. */
function noteRfqs(context: AgentContext, agenda: Agenda): void {
  const now = context.clock.now();
  agenda.rfqs.clear();
  for (const id of listRfqIds(context, undefined)) agenda.rfqs.set(id, now);
}

/** A request has been looked at: when it is due by itself. */
export function rescheduleRfq(context: AgentContext, agenda: Agenda, id: Hex, pollS = Infinity): void {
  const isOver = findRfq(context.store, id).body.outcome !== undefined;
  set(agenda.rfqs, id, isOver ? Infinity : context.clock.now() + Math.min(pollS, untilDue(context, [id])));
}
