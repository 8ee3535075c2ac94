// What a client may send to the relay, parsed from one text frame.

import { isHex32, type Hex } from '../core/bytes.ts';
import type { RelayLimits } from './limits.ts';

/** A client's message (NIP-01, NIP-42), or why it is none. */
export type ClientMessage =
  | { readonly type: 'event'; readonly id: Hex; readonly event: object }
  | { readonly type: 'auth'; readonly id: Hex; readonly event: object }
  | { readonly type: 'req'; readonly subscriptionId: string; readonly filters: readonly unknown[] }
  | { readonly type: 'close'; readonly subscriptionId: string }
  | { readonly type: 'malformed'; readonly reason: string };

/** Parses one text frame. Events come back unchecked but for the id that the answer has to name. */
export function parseClientMessage(text: string, limits: RelayLimits): ClientMessage {
  const message = parseJson(text);
  if (!Array.isArray(message)) return malformed('a message must be a JSON array');
  switch (message[0]) {
    case 'EVENT':
      return parseEventMessage('event', message);
    case 'AUTH':
      return parseEventMessage('auth', message);
    case 'REQ':
      return parseReq(message, limits);
    case 'CLOSE':
      return parseClose(message, limits);
    default:
      return malformed('this relay knows EVENT, REQ, CLOSE and AUTH messages');
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function parseEventMessage(type: 'event' | 'auth', message: readonly unknown[]): ClientMessage {
  const event = message[1];
  if (message.length !== 2 || typeof event !== 'object' || event === null) return malformed('EVENT and AUTH carry one event');
  const id = (event as { id?: unknown }).id;
  return isHex32(id) ? { type, id, event } : malformed('an event id must be 64 lower-case hex digits');
}

function parseReq(message: readonly unknown[], limits: RelayLimits): ClientMessage {
  const [, subscriptionId, ...filters] = message;
  if (!isSubscriptionId(subscriptionId, limits)) return badSubscriptionId(limits);
  return { type: 'req', subscriptionId, filters };
}

function parseClose(message: readonly unknown[], limits: RelayLimits): ClientMessage {
  const subscriptionId = message[1];
  if (message.length !== 2 || !isSubscriptionId(subscriptionId, limits)) return badSubscriptionId(limits);
  return { type: 'close', subscriptionId };
}

function isSubscriptionId(value: unknown, limits: RelayLimits): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= limits.maxSubscriptionIdLength && value.isWellFormed();
}

function badSubscriptionId(limits: RelayLimits): ClientMessage {
  return malformed(`a subscription id must be a string of 1 to ${limits.maxSubscriptionIdLength} characters`);
}

function malformed(reason: string): ClientMessage {
  return { type: 'malformed', reason };
}
