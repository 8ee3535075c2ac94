// What a NIP-09 deletion request asks a relay to delete, as far as its author may.

import { isHex32, type Hex } from '../core/bytes.ts';
import type { NostrEvent } from '../nostr/event.ts';
import { classifyKind, KIND_GIFT_WRAP } from './kinds.ts';

/** Targets of a deletion request; whoever applies it still compares each event's author (or, for gift wraps, recipient). */
export interface DeletionTargets {
  readonly ids: readonly Hex[];
  /** Addresses (`kind:pubkey:d`) of the request's own author. */
  readonly addresses: readonly string[];
  /** Whether the ids may be of gift wraps, which their recipient may delete though a throw-away key signed them. */
  readonly areGiftWraps: boolean;
}

/** Reads the `e`, `a` and `k` tags of a kind 5 event; what is malformed or belongs to someone else is left out (NIP-09). */
export function readDeletionTargets(request: NostrEvent): DeletionTargets {
  const valuesOf = (wanted: string): string[] =>
    request.tags.flatMap(([name, value]) => (name === wanted && value !== undefined ? [value] : []));
  return {
    ids: valuesOf('e').filter(isHex32),
    addresses: valuesOf('a').filter((address) => isOwnAddress(address, request.pubkey)),
    areGiftWraps: valuesOf('k').includes(String(KIND_GIFT_WRAP)),
  };
}

function isOwnAddress(address: string, pubkey: Hex): boolean {
  const [, kindText = '', author, identifier = ''] = /^(\d{1,5}):([0-9a-f]{64}):(.*)$/s.exec(address) ?? [];
  if (author !== pubkey || String(Number(kindText)) !== kindText) return false;
  const kindClass = classifyKind(Number(kindText));
  return kindClass === 'addressable' || (kindClass === 'replaceable' && identifier === '');
}
