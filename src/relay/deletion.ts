// What a NIP-09 deletion request asks a relay to delete, as far as its author may.

import { isHex32, type Hex } from '../core/bytes.ts';
import type { NostrEvent } from '../nostr/event.ts';
import { classifyKind } from './kinds.ts';

/** Targets of a deletion request; whoever applies it still compares each event's author. */
export interface DeletionTargets {
  readonly ids: readonly Hex[];
  /** Addresses (`kind:pubkey:d`) of the request's own author. */
  readonly addresses: readonly string[];
}

/** Reads the `e` and `a` tags of a kind 5 event; what is malformed or belongs to someone else is left out (NIP-09). */
export function readDeletionTargets(request: NostrEvent): DeletionTargets {
  const valuesOf = (wanted: string): string[] =>
    request.tags.flatMap(([name, value]) => (name === wanted && value !== undefined ? [value] : []));
  return {
    ids: valuesOf('e').filter(isHex32),
    addresses: valuesOf('a').filter((address) => isOwnAddress(address, request.pubkey)),
  };
}

function isOwnAddress(address: string, pubkey: Hex): boolean {
  const [, kindText = '', author, identifier = ''] = /^(\d{1,5}):([0-9a-f]{64}):(.*)$/s.exec(address) ?? [];
  if (author !== pubkey || String(Number(kindText)) !== kindText) return false;
  const kindClass = classifyKind(Number(kindText));
  return kindClass === 'addressable' || (kindClass === 'replaceable' && identifier === '');
}
