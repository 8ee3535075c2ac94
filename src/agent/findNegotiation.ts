// Which negotiation a person means: by the first digits of its id, or by the peer when there is only one with it.

import { isHex32, type Hex } from '../core/bytes.ts';
import { NegotiateError } from '../core/errors.ts';
import { parsePublicKey } from '../nostr/npub.ts';
import type { NegotiationRecord, Store } from '../store/records.ts';

const PREFIX = /^[0-9a-f]{4,64}$/;

/** Finds a negotiation. Throws `input/invalid`, `input/not-found`, or `input/ambiguous` when several fit. */
export function findNegotiation(store: Store, text: string): NegotiationRecord {
  const found = listCandidates(store, text);
  const [only] = found;
  if (only === undefined)
    throw new NegotiateError('input/not-found', 'There is no such negotiation in this home. See: agent-negotiate list');
  if (found.length > 1) {
    const message = 'Several negotiations fit. Give more digits of the id; see: agent-negotiate list';
    throw new NegotiateError('input/ambiguous', message, { details: { candidates: found.length } });
  }
  return only;
}

function listCandidates(store: Store, text: string): readonly NegotiationRecord[] {
  if (text.startsWith('npub1')) return listOf(store, parsePublicKey(text));
  if (!PREFIX.test(text)) {
    throw new NegotiateError('input/invalid', 'Name a negotiation by at least four digits of its id, or by the peer’s npub.');
  }
  const byId = store.listNegotiations().filter(({ nid }) => nid.startsWith(text));
  return byId.length > 0 || !isHex32(text) ? byId : listOf(store, text);
}

// With one peer there may be many old negotiations; the one still running is meant.
function listOf(store: Store, peer: Hex): readonly NegotiationRecord[] {
  const all = store.listNegotiations().filter((record) => record.peer === peer);
  const active = all.filter(({ isActive }) => isActive);
  return active.length > 0 ? active : all;
}
