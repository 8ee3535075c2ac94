// What waits for the owner's yes in negotiations and can still be done: what was asked about and has been overtaken since is left out.

import type { Hex } from '../../core/bytes.ts';
import { describeSigning, hashAction } from '../../decide/mandateAction.ts';
import { isLive, type Ask } from '../../decide/mandateLedger.ts';
import { findOffer, type Negotiation } from '../../negotiate/negotiation.ts';
import { findHeld } from '../../negotiate/slot.ts';
import type { Store } from '../../store/records.ts';
import { readState } from '../negotiationState.ts';
import { hasYes } from './hasYes.ts';
import { openLedger } from './ledgerRecord.ts';
import { readMandate } from './mandateSetting.ts';
import { viewAsk, type AskView } from './viewAsk.ts';

/** What waits, by negotiation, the oldest question first. Throws `store/corrupt`. */
export function listOpenAsks(store: Store, now: number): ReadonlyMap<Hex, readonly AskView[]> {
  const mandate = readMandate(store);
  if (mandate === undefined) return new Map();
  const ledger = openLedger(store, {}, mandate);
  const open = ledger.asks.filter((ask) => isLive(ask, now) && !hasYes(store, ledger, ask.digest, now) && isCurrent(store, ask, now));
  const byNid = new Map<Hex, readonly AskView[]>();
  for (const ask of open) if (ask.nid !== undefined) byNid.set(ask.nid, [...(byNid.get(ask.nid) ?? []), viewAsk(ask)]);
  return byNid;
}

/** What waits in one negotiation. */
export function findOpenAsks(store: Store, nid: Hex, now: number): readonly AskView[] {
  return listOpenAsks(store, now).get(nid) ?? [];
}

function isCurrent(store: Store, ask: Ask, now: number): boolean {
  const record = ask.nid === undefined ? undefined : store.findNegotiation(ask.nid);
  if (record === undefined) return false;
  const state = readState(record);
  switch (ask.what) {
    case 'confirm':
      return mayStillConfirm(state, ask.digest, now);
    case 'accept':
      return state.pending === undefined && mayStillAccept(state, ask.digest, now);
    default:
      return state.ended === undefined || findHeld(state) !== undefined;
  }
}

function mayStillConfirm(state: Negotiation, digest: Hex, now: number): boolean {
  const { pending } = state;
  return pending !== undefined && now <= pending.confirmBy && digest === signs(state, 'confirm', pending.offer, pending.alternative);
}

function mayStillAccept(state: Negotiation, digest: Hex, now: number): boolean {
  if (state.ended !== undefined) return false;
  const open = state.offers.filter(({ by, status, expiresAt }) => by === state.peer && status === 'open' && now <= expiresAt);
  return open.some(({ id, alternatives = [] }) => [undefined, ...alternatives].some((_, i) => signs(state, 'accept', id, i) === digest));
}

/** The name of such a signature; when it would be given plays no part in it. */
function signs(state: Negotiation, type: 'accept' | 'confirm', offer: Hex, alternative: number): Hex {
  const { nid, peer } = state;
  return hashAction(describeSigning(type, findOffer(state, offer), alternative, undefined), { nid, peer });
}
