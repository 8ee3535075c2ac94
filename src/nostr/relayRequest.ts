// One REQ on a connection (NIP-01): opens a subscription, admits only events that were asked for, closes it again.

import { bytesToHex } from '../core/bytes.ts';
import { onAbort, orAborted, whyEnded } from './deadline.ts';
import { hasOwnId, verifyEvent, type NostrEvent } from './event.ts';
import { matchAnyFilter, type Filter } from './filter.ts';
import { retryWithAuth } from './relayAuth.ts';
import type { RelayConnection } from './relayConnection.ts';
import { BAD_EVENT_POINTS } from './relayHealth.ts';
import { prefixOf } from './relayMessage.ts';
import type { Signer } from './signer.ts';

/** What a subscription's owner decides about an event. */
export interface RequestHandlers {
  /** What to go by when an event of this id was verified before, from whichever relay: it is not verified again. */
  findKnown(event: NostrEvent): NostrEvent | undefined;
  /** True when the owner verifies signatures itself: events are then handed over with nothing but their id checked. */
  readonly verifiesLater?: boolean | undefined;
  /** Takes an event that matches the filters and is verified; `isKnown` when `findKnown` had it. Returns false to end the request. */
  onEvent(event: NostrEvent, info: { readonly isKnown: boolean; readonly bytes: number }): boolean;
  /** The relay has sent all stored events; return true to end the request here. */
  onEose(): boolean;
}

/** How a request ended: after EOSE, by its owner, or for a reason in our words or (after `closed:`) the relay's. */
export type RequestEnd =
  | { readonly kind: 'eose' }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'failed'; readonly reason: string; readonly needsAuth: boolean };

/**
 * Runs a REQ until its owner ends it, the relay closes it, the connection is down or the deadline passes; authenticates and asks
 * again when the relay wants that and `auth` is there. Never rejects.
 */
export async function runRequest(
  connection: RelayConnection,
  filters: readonly Filter[],
  auth: Signer | undefined,
  deadline: AbortSignal,
  handlers: RequestHandlers,
): Promise<RequestEnd> {
  await orAborted(connection.opened, deadline);
  const request = (): Promise<RequestEnd> => requestOnce(connection, filters, deadline, handlers);
  return retryWithAuth(connection, auth, deadline, request, (end) => end.kind === 'failed' && end.needsAuth);
}

async function requestOnce(
  connection: RelayConnection,
  filters: readonly Filter[],
  deadline: AbortSignal,
  handlers: RequestHandlers,
): Promise<RequestEnd> {
  const { promise, resolve } = Promise.withResolvers<RequestEnd>();
  // Random and used once: it ties no two requests together.
  const id = bytesToHex(connection.rng.bytes(8));
  let isEnded = false;
  let isClosedByRelay = false;
  const end = (how: RequestEnd): void => {
    isEnded = true;
    resolve(how);
  };
  const stopListening = connection.listen(`sub:${id}`, (signal) => {
    if (isEnded) return;
    switch (signal.type) {
      case 'event':
        return admit(connection, filters, handlers, signal.event, signal.bytes) ? undefined : end({ kind: 'stopped' });
      case 'eose':
        return handlers.onEose() ? end({ kind: 'eose' }) : undefined;
      case 'closed':
        isClosedByRelay = true;
        return end(fail(`closed: ${signal.text}`, prefixOf(signal.text) === 'auth-required'));
      case 'down':
        return end(fail(signal.reason));
      case 'ok':
      case 'auth':
      case 'notice':
      case 'junk':
        // Never routed to a subscription.
        return undefined;
      default:
        return signal satisfies never;
    }
  });
  const stopWaiting = onAbort(deadline, () => end(fail(whyEnded(deadline))));
  if (!isEnded) connection.send(['REQ', id, ...filters]);
  const how = await promise;
  stopListening();
  stopWaiting();
  if (!isClosedByRelay) connection.send(['CLOSE', id]);
  return how;
}

/** Hands over an event that was asked for and is genuine; anything else counts against the relay. Returns false to end. */
function admit(
  connection: RelayConnection,
  filters: readonly Filter[],
  handlers: RequestHandlers,
  event: NostrEvent,
  bytes: number,
): boolean {
  // A copy of a known id may have been altered: the verified one is what counts.
  const known = handlers.findKnown(event);
  const isGenuine = (): boolean => (handlers.verifiesLater === true ? hasOwnId(event) : verifyEvent(event));
  const isWanted = matchAnyFilter(filters, known ?? event) && (known !== undefined || isGenuine());
  if (isWanted) return handlers.onEvent(known ?? event, { isKnown: known !== undefined, bytes });
  connection.countJunk(BAD_EVENT_POINTS);
  return true;
}

function fail(reason: string, needsAuth = false): RequestEnd {
  return { kind: 'failed', reason, needsAuth };
}
