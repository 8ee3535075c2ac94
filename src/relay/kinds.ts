// What a relay reads from an event's kind and tags: how long it is kept, and under which address (NIP-01, NIP-40, NIP-70).

import { tagValue, type EventTemplate, type Rumor } from '../nostr/event.ts';

/** NIP-09 deletion request. */
export const KIND_DELETION = 5;
/** NIP-59 gift wrap. */
export const KIND_GIFT_WRAP = 1059;
/** NIP-42 authentication, never published. */
export const KIND_AUTH = 22_242;

/** How a relay keeps a kind (NIP-01). */
export type KindClass = 'regular' | 'replaceable' | 'ephemeral' | 'addressable';

/** The storage class of a kind (NIP-01). */
export function classifyKind(kind: number): KindClass {
  if (kind === 0 || kind === 3 || (kind >= 10_000 && kind < 20_000)) return 'replaceable';
  if (kind >= 20_000 && kind < 30_000) return 'ephemeral';
  if (kind >= 30_000 && kind < 40_000) return 'addressable';
  return 'regular';
}

/** The address `kind:pubkey:d` that only one stored event may have; undefined for other kinds. `d` is empty for replaceable kinds. */
export function addressOf(event: Rumor): string | undefined {
  const kindClass = classifyKind(event.kind);
  if (kindClass === 'replaceable') return `${event.kind}:${event.pubkey}:`;
  if (kindClass === 'addressable') return `${event.kind}:${event.pubkey}:${tagValue(event, 'd') ?? ''}`;
  return undefined;
}

/** Unix seconds from which an event counts as gone (NIP-40): a number, `never`, or `malformed`. */
export function expirationOf(event: EventTemplate): number | 'never' | 'malformed' {
  const tag = event.tags.find(([name]) => name === 'expiration');
  if (tag === undefined) return 'never';
  return /^\d{1,15}$/.test(tag[1] ?? '') ? Number(tag[1]) : 'malformed';
}

/** True for an event that only its author may publish (NIP-70). */
export function isProtected(event: Pick<EventTemplate, 'tags'>): boolean {
  return event.tags.some(([name]) => name === '-');
}

/** The values of an event's `p` tags: whom a gift wrap is for (NIP-59). */
export function recipientsOf(event: Pick<EventTemplate, 'tags'>): readonly string[] {
  return event.tags.flatMap(([name, value]) => (name === 'p' && value !== undefined ? [value] : []));
}

/** True for letters that name an indexed tag (NIP-01). */
export function isTagLetter(name: string | undefined): name is string {
  return name !== undefined && /^[a-zA-Z]$/.test(name);
}
