// Relay lists: where an account writes (kind 10002, NIP-65) and where it takes welcomes (kind 10050, NIP-17).

import type { EventTemplate } from '../nostr/event.ts';
import { isRelayUrl, parseRelayUrl } from '../nostr/relayUrl.ts';
import { KINDS, LIMITS } from './profile.ts';

/** Builds the NIP-65 list: every relay both read and written, as key packages are fetched from write-capable relays. Throws `relay/invalid-url`. */
export function buildRelayList(relays: readonly string[], now: number): EventTemplate {
  return { kind: KINDS.relayList, created_at: now, tags: unique(relays).map((url) => ['r', url]), content: '' };
}

/** Builds the inbox list (kind 10050). Throws `relay/invalid-url`. */
export function buildInboxRelays(relays: readonly string[], now: number): EventTemplate {
  return { kind: KINDS.inboxRelays, created_at: now, tags: unique(relays).map((url) => ['relay', url]), content: '' };
}

/**
 * The write-capable relays of a kind 10002 event: `r` tags marked `write` or not marked. Bad URLs are passed over, at most 16 are
 * returned, normalised. The caller has verified the event. Never throws.
 */
export function parseWriteRelays(event: EventTemplate): readonly string[] {
  if (event.kind !== KINDS.relayList) return [];
  return collect(event.tags.filter(([name, , marker]) => name === 'r' && (marker === undefined || marker === '' || marker === 'write')));
}

/** The relays of a kind 10050 event; as {@link parseWriteRelays}. */
export function parseInboxRelays(event: EventTemplate): readonly string[] {
  if (event.kind !== KINDS.inboxRelays) return [];
  return collect(event.tags.filter(([name]) => name === 'relay'));
}

function collect(tags: readonly (readonly string[])[]): readonly string[] {
  return unique(tags.map((tag) => tag[1]).filter(isRelayUrl)).slice(0, LIMITS.relays);
}

function unique(relays: readonly string[]): readonly string[] {
  return [...new Set(relays.map(parseRelayUrl))];
}
