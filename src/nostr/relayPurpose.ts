// What a socket is for: an identity's requests and its groups' requests never meet on one, or the relay could tell whose groups they are.

import { NegotiateError } from '../core/errors.ts';
import { BUNKER_KIND } from './bunkerMessage.ts';
import type { NostrEvent } from './event.ts';
import type { Filter } from './filter.ts';
import type { Signer } from './signer.ts';

/**
 * `identity`: what names us; `outsider`: what anybody is shown of us; `lookup`: what concerns others; `bunker`: talk with our remote signer, as a client that says nothing of
 * who we are; `group:<key>`: one group's events, keyed by any string of the caller's.
 */
export type Purpose = 'identity' | 'outsider' | 'lookup' | 'bunker' | `group:${string}`;

/** The purpose of a call, with the signer that may authenticate (NIP-42) where that is allowed. */
export type RelayAccess =
  | { readonly purpose: 'identity' | 'bunker'; readonly auth?: Signer | undefined }
  | { readonly purpose: 'outsider' | 'lookup' | `group:${string}`; readonly auth?: undefined };

// MLS group events (Marmot MIP-03).
const GROUP_EVENT_KIND = 445;

/** The signer a call may use: none for outsiders, lookups and groups, whatever the caller's types let through. */
export function authOf(access: RelayAccess): Signer | undefined {
  return access.purpose === 'identity' || access.purpose === 'bunker' ? access.auth : undefined;
}

/** Which calls share a socket: same relay, purpose and signer. */
export function socketKey(relay: string, access: RelayAccess): string {
  return JSON.stringify([relay, access.purpose, authOf(access)?.pubkey ?? '']);
}

/** Throws `internal/bug` for filters that would tie an identity or its bunker to a group, or to each other, on one socket. */
export function checkFilters(filters: readonly Filter[], purpose: Purpose): void {
  const isBunker = purpose === 'bunker';
  for (const { kinds } of filters) {
    const isAllowed = isBunker ? kinds?.length === 1 && kinds[0] === BUNKER_KIND : kinds?.includes(BUNKER_KIND) !== true;
    if (!isAllowed) throw new NegotiateError('internal/bug', "A bunker's socket was to carry something else. Please report this.");
  }
  const field = purpose === 'identity' || isBunker ? '#h' : '#p';
  if (purpose === 'lookup' || filters.every((filter) => filter[field] === undefined)) return;
  throw new NegotiateError('internal/bug', `A ${field} filter was to travel on a socket of another purpose. Please report this.`);
}

/** Throws `internal/bug` for a group's event on a socket that is not a group's, and for a bunker's, or no other, on a bunker's. */
export function checkEvent(event: NostrEvent, purpose: Purpose): void {
  if ((event.kind === BUNKER_KIND) !== (purpose === 'bunker'))
    throw new NegotiateError('internal/bug', "A bunker's socket was to carry something else. Please report this.");
  if (event.kind !== GROUP_EVENT_KIND || purpose.startsWith('group:')) return;
  throw new NegotiateError('internal/bug', "A group's event was to travel on a socket that is not the group's. Please report this.");
}
