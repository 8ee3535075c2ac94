// Own moves that an old home has forgotten and that have come back from a relay: each is made once more, in its place among the moves of the peer.

import type { Hex } from '../core/bytes.ts';
import { isNotice } from '../negotiate/chain.ts';
import { decodeMove, type MoveRumor } from '../negotiate/move.ts';
import type { Negotiation } from '../negotiate/negotiation.ts';
import { readPhase } from '../negotiate/phase.ts';
import { replayMoves, type FindLockValues, type ForgottenMove, type ReplayedStep, type TheirMove } from '../negotiate/replay.ts';
import { beginNegotiation, checkArrival } from '../negotiate/transition.ts';
import { tagValue, verifyEvent } from '../nostr/event.ts';
import { lockValuesFor } from './lockValues.ts';
import { breakOff } from './restored.ts';
import { openNegotiation, recordMove, type Work } from './work.ts';

/** Takes in own moves within a step, with those moves of the peer that came before or between. Returns the moves of the peer that are left. */
export function recoverMoves(work: Work, peer: Hex, own: readonly MoveRumor[], theirs: readonly MoveRumor[]): readonly MoveRumor[] {
  const nids = new Set(own.flatMap(nidOf));
  let left = theirs;
  for (const nid of nids) {
    const taken = recoverOne(work, nid, own.filter(isOf(nid)), theirs.filter(isOf(nid)), peer);
    left = left.filter(({ id }) => !taken.includes(id));
  }
  return left;
}

/** Returns the ids of the moves of the peer that were taken in. */
function recoverOne(work: Work, nid: Hex, own: readonly MoveRumor[], theirs: readonly MoveRumor[], peer: Hex): readonly Hex[] {
  const begun = openNegotiation(work, nid)?.state ?? begin(work, nid, [...own, ...theirs]);
  // Without its first move it is not known at all, and nothing can be said in it.
  if (begun === undefined || begun.peer !== peer) return [];
  const find: FindLockValues = (place) => lockValuesFor(work.context.store, work.context.rng, place);
  const { state, steps, isWhole } = replayMoves(begun, own.flatMap(toForgotten), theirs.flatMap(toTheirs), find);
  for (const step of steps) {
    if (step.kind === 'own') noteMade(work, nid, step.rumor);
    else noteTakenIn(work, step, theirs);
  }
  if (!isWhole) breakOff(work, nid);
  work.negotiations.set(nid, { record: work.context.store.findNegotiation(nid), state, hasSent: true });
  return steps.flatMap((step) => (step.kind === 'theirs' ? [step.arrival.header.id] : []));
}

/** A negotiation that began after this home was copied. */
function begin(work: Work, nid: Hex, rumors: readonly MoveRumor[]): Negotiation | undefined {
  const rumor = rumors.find(({ id }) => id === nid);
  const arrival = rumor === undefined ? undefined : decodeMove(rumor);
  if (rumor === undefined || arrival?.kind !== 'move' || arrival.body.type !== 'open') return undefined;
  const state = beginNegotiation(work.context.pubkey, arrival.header, arrival.body);
  if (state === undefined) return undefined;
  if (rumor.pubkey === work.context.pubkey) noteMade(work, nid, rumor);
  else {
    recordMove(work, nid, rumor);
    work.news.push({ nid, type: 'open', phase: readPhase(state) });
  }
  return state;
}

/** It was on a relay: it has been sent. */
function noteMade(work: Work, nid: Hex, rumor: MoveRumor): void {
  recordMove(work, nid, rumor);
  work.changes.push({ kind: 'move-sent', id: rumor.id, at: work.now });
}

function noteTakenIn(work: Work, { arrival, state }: Extract<ReplayedStep, { kind: 'theirs' }>, theirs: readonly MoveRumor[]): void {
  const rumor = theirs.find(({ id }) => id === arrival.header.id);
  if (rumor !== undefined) recordMove(work, state.nid, rumor);
  const type = arrival.kind === 'move' ? arrival.body.type : 'unusable';
  if (!isNotice(type)) work.news.push({ nid: state.nid, type, phase: readPhase(state) });
}

function toForgotten(rumor: MoveRumor): readonly ForgottenMove[] {
  const decoded = decodeMove(rumor);
  return decoded.kind === 'move' ? [{ header: decoded.header, body: decoded.body, madeAt: rumor.created_at }] : [];
}

function toTheirs(rumor: MoveRumor): readonly TheirMove[] {
  const arrival = decodeMove(rumor);
  return arrival.kind === 'not-a-move' ? [] : [{ arrival: checkArrival(arrival, verifyEvent), madeAt: rumor.created_at }];
}

function nidOf(rumor: MoveRumor): readonly Hex[] {
  const decoded = decodeMove(rumor);
  return decoded.kind === 'move' ? [decoded.header.nid] : [];
}

function isOf(nid: Hex): (rumor: MoveRumor) => boolean {
  return (rumor) => rumor.id === nid || tagValue(rumor, 'n') === nid;
}
