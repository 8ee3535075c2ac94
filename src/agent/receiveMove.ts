// Takes in one payload that the channel has authenticated: a move of a negotiation, or nothing of ours.

import { isHex32, type Hex } from '../core/bytes.ts';
import { verifyEvent } from '../nostr/event.ts';
import { decodeMove, type MoveRumor } from '../negotiate/move.ts';
import { isNotice, type Arrival } from '../negotiate/chain.ts';
import { inOrderOfSeq, mayKeep } from '../negotiate/early.ts';
import type { Negotiation } from '../negotiate/negotiation.ts';
import { readPhase } from '../negotiate/phase.ts';
import { beginNegotiation, checkArrival } from '../negotiate/transition.ts';
import { applyRefusal, issueIfAllowed, receiveArrival } from './applyTransition.ts';
import { judgeOpen } from './inbox/judgeOpen.ts';
import type { OrphanRecord } from '../store/records.ts';
import { openNegotiation, recordMove, type News, type Work } from './work.ts';

/** Takes in a payload by `peer`, the account that MLS names as its sender; what is no move of ours is passed over. */
export async function receiveMove(work: Work, peer: Hex, rumor: MoveRumor): Promise<void> {
  const arrival = decodeMove(rumor);
  if (arrival.kind === 'not-a-move' || arrival.header.author !== peer) return;
  const { nid } = arrival.header;
  const known = openNegotiation(work, nid);
  if (known !== undefined) return known.state.peer === peer ? advance(work, arrival, rumor) : undefined;
  if (arrival.kind === 'move' && arrival.body.type === 'open') await begin(work, arrival, rumor);
  else keepOrphan(work, peer, nid, rumor);
}

async function advance(work: Work, arrival: Arrival, rumor: MoveRumor): Promise<void> {
  const open = openNegotiation(work, arrival.header.nid);
  if (open === undefined) return;
  const checked = checkArrival(arrival, verifyEvent);
  if ((await receiveArrival(work, open, checked, rumor)) !== 'new') return;
  tellNews(work, open.state, checked.kind === 'move' ? checked.body.type : 'unusable');
}

/** A receipt or an error is told only when it changes where the negotiation stands, as the acknowledgement of a close does. */
function tellNews(work: Work, before: Negotiation, type: News['type']): void {
  const phase = readPhase(openNegotiation(work, before.nid)?.state ?? before);
  if (!isNotice(type) || phase !== readPhase(before)) work.news.push({ nid: before.nid, type, phase });
}

async function begin(work: Work, arrival: Extract<Arrival, { kind: 'move' }>, rumor: MoveRumor): Promise<void> {
  const { context } = work;
  const { header, body } = arrival;
  const state = body.type === 'open' ? beginNegotiation(context.pubkey, header, body) : undefined;
  if (state === undefined || body.type !== 'open') return;
  const verdict = judgeOpen(work, state.peer, body.service);
  if (verdict === 'drop') return;
  const { nid } = header;
  work.negotiations.set(nid, { record: undefined, state, hasSent: false });
  recordMove(work, nid, rumor);
  if (verdict === 'decline') return decline(work, state);
  work.news.push({ nid, type: 'open', phase: readPhase(state) });
  await applyRefusal(work, { record: undefined, state, hasSent: false });
  await replayOrphans(work, nid, state.peer);
}

/** Ends it before it begins, with nothing to tell the owner of. */
async function decline(work: Work, state: Negotiation): Promise<void> {
  await issueIfAllowed(work, { record: undefined, state, hasSent: false }, { type: 'cancel' });
}

function keepOrphan(work: Work, peer: Hex, nid: Hex, rumor: MoveRumor): void {
  if (!isHex32(nid) || !mayKeep(listEarly(work, { peer }), rumor.id)) return;
  work.changes.push({ kind: 'orphan', record: { id: rumor.id, nid, peer, rumor: JSON.stringify(rumor) } });
}

/** What is kept of a peer, or of a negotiation, in the order in which it came; also what this work has yet to save. */
function listEarly(work: Work, of: { readonly peer: Hex } | { readonly nid: Hex }): readonly OrphanRecord[] {
  const isMeant = ({ peer, nid }: OrphanRecord): boolean => ('nid' in of ? nid === of.nid : peer === of.peer);
  const unsaved = work.changes.flatMap((change) => (change.kind === 'orphan' && isMeant(change.record) ? [change.record] : []));
  return [...work.context.store.listOrphans(of), ...unsaved];
}

async function replayOrphans(work: Work, nid: Hex, peer: Hex): Promise<void> {
  const orphans = listEarly(work, { nid }).filter((orphan) => orphan.peer === peer);
  if (orphans.length === 0) return;
  work.changes.push({ kind: 'drop-orphans', nid });
  const arrivals = orphans.flatMap(({ rumor: text }) => {
    const rumor = JSON.parse(text) as MoveRumor;
    const arrival = decodeMove(rumor);
    return arrival.kind === 'not-a-move' ? [] : [{ arrival, rumor }];
  });
  for (const { arrival, rumor } of inOrderOfSeq(arrivals)) await advance(work, arrival, rumor);
}
