// Own moves that an old home has forgotten and that have come back from a relay: each is made once more, in its place among the moves of the peer.

import type { Hex } from '../core/bytes.ts';
import { decodeMove, type MoveRumor } from '../negotiate/move.ts';
import type { Negotiation } from '../negotiate/negotiation.ts';
import { readPhase } from '../negotiate/phase.ts';
import { isNext, replayNext, takeInSilently, type FindLockValues, type ForgottenMove } from '../negotiate/replay.ts';
import { beginNegotiation, checkArrival, type CheckedArrival } from '../negotiate/transition.ts';
import { tagValue, verifyEvent } from '../nostr/event.ts';
import { lockValuesFor } from './lockValues.ts';
import { breakOff } from './restored.ts';
import { openNegotiation, recordMove, type Work } from './work.ts';

interface Theirs {
  readonly rumor: MoveRumor;
  readonly arrival: CheckedArrival;
}

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
  const taken: Hex[] = [];
  let state = begun;
  let [forgotten, arrivals] = [listForgotten(state, own), theirs.flatMap(toArrival)];
  for (let move = forgotten[0]; move !== undefined; move = forgotten[0]) {
    const next = arrivals.find(({ arrival }) => isNext(state, arrival));
    const replayed = replayNext(state, move, next?.arrival, find);
    const silent = replayed === undefined && next !== undefined ? takeInSilently(state, next.arrival, move.madeAt) : undefined;
    const after = replayed?.state ?? silent;
    if (after === undefined) {
      breakOff(work, nid);
      break;
    }
    if (next !== undefined && after.chain.received.length > state.chain.received.length) {
      recordMove(work, nid, next.rumor);
      taken.push(next.rumor.id);
      if (next.arrival.kind === 'move') work.news.push({ nid, type: next.arrival.body.type, phase: readPhase(after) });
    }
    for (const rumor of replayed?.made ?? []) noteMade(work, nid, rumor);
    state = after;
    forgotten = listForgotten(state, own);
    arrivals = arrivals.filter(({ rumor }) => !taken.includes(rumor.id));
  }
  work.negotiations.set(nid, { record: work.context.store.findNegotiation(nid), state, hasSent: true });
  return taken;
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

/** Own moves that this state does not hold, in order. */
function listForgotten({ chain }: Negotiation, own: readonly MoveRumor[]): readonly ForgottenMove[] {
  const moves = own.flatMap((rumor): ForgottenMove[] => {
    const decoded = decodeMove(rumor);
    const isKnown = decoded.kind === 'move' && chain.sent[decoded.header.seq - 1]?.id === rumor.id;
    return decoded.kind === 'move' && !isKnown ? [{ header: decoded.header, body: decoded.body, madeAt: rumor.created_at }] : [];
  });
  return [...new Map(moves.map((move) => [move.header.id, move])).values()].toSorted((a, b) => a.header.seq - b.header.seq);
}

function toArrival(rumor: MoveRumor): readonly Theirs[] {
  const arrival = decodeMove(rumor);
  return arrival.kind === 'not-a-move' ? [] : [{ rumor, arrival: checkArrival(arrival, verifyEvent) }];
}

function nidOf(rumor: MoveRumor): readonly Hex[] {
  const decoded = decodeMove(rumor);
  return decoded.kind === 'move' ? [decoded.header.nid] : [];
}

function isOf(nid: Hex): (rumor: MoveRumor) => boolean {
  return (rumor) => rumor.id === nid || tagValue(rumor, 'n') === nid;
}
