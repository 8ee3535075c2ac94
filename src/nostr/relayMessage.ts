// What a relay may say to a client, parsed from one text frame of which nothing is trusted.

import { isHex32, type Hex } from '../core/bytes.ts';
import { displayText } from '../core/text.ts';
import { isEventShape, type NostrEvent } from './event.ts';

const MAX_ID_CHARS = 64;
const MAX_CHALLENGE_CHARS = 512;
const MAX_REASON_CHARS = 200;

/** A relay's message (NIP-01, NIP-42). Events have the right shape and nothing more has been checked; texts are one clean, short line. */
export type RelayMessage =
  | { readonly type: 'event'; readonly subscriptionId: string; readonly event: NostrEvent }
  | { readonly type: 'ok'; readonly id: Hex; readonly accepted: boolean; readonly text: string }
  | { readonly type: 'eose'; readonly subscriptionId: string }
  | { readonly type: 'closed'; readonly subscriptionId: string; readonly text: string }
  | { readonly type: 'notice' }
  | { readonly type: 'auth'; readonly challenge: string }
  | { readonly type: 'junk' };

const JUNK = { type: 'junk' } as const;

/** Parses one text frame. An event of more than `maxEventBytes` as JSON is junk. Never throws. */
export function parseRelayMessage(text: string, maxEventBytes: number): RelayMessage {
  const message = parseJson(text);
  if (!Array.isArray(message)) return JUNK;
  switch (message[0]) {
    case 'EVENT':
      return parseEvent(message, text.length * 3 <= maxEventBytes ? undefined : maxEventBytes);
    case 'OK':
      return parseOk(message);
    case 'EOSE':
      return isId(message[1]) ? { type: 'eose', subscriptionId: message[1] } : JUNK;
    case 'CLOSED':
      return isId(message[1]) ? { type: 'closed', subscriptionId: message[1], text: cleanText(message[2]) } : JUNK;
    case 'AUTH':
      return isChallenge(message[1]) ? { type: 'auth', challenge: message[1] } : JUNK;
    case 'NOTICE':
      return { type: 'notice' };
    default:
      return JUNK;
  }
}

/** The key under which a message is listened for: `sub:<id>`, `ok:<event id>` or `auth`. */
export function keyOf(message: RelayMessage): string | undefined {
  switch (message.type) {
    case 'event':
    case 'eose':
    case 'closed':
      return `sub:${message.subscriptionId}`;
    case 'ok':
      return `ok:${message.id}`;
    case 'auth':
      return 'auth';
    case 'notice':
    case 'junk':
      return undefined;
    default:
      return message satisfies never;
  }
}

/** The machine-readable word before the colon of an OK or CLOSED text (NIP-01), like `rate-limited`; empty when there is none. */
export function prefixOf(text: string): string {
  return /^([a-z][a-z-]{0,31}):/.exec(text)?.[1] ?? '';
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function parseEvent(message: readonly unknown[], maxBytes: number | undefined): RelayMessage {
  const [, subscriptionId, value] = message;
  if (!isId(subscriptionId) || !isEventShape(value)) return JUNK;
  // Only the seven fields travel on: what else a relay puts into the object was signed by nobody.
  const { id, pubkey, created_at, kind, tags, content, sig } = value;
  const event = { id, pubkey, created_at, kind, tags, content, sig };
  if (maxBytes !== undefined && Buffer.byteLength(JSON.stringify(event)) > maxBytes) return JUNK;
  return { type: 'event', subscriptionId, event };
}

function parseOk(message: readonly unknown[]): RelayMessage {
  const [, id, accepted, text] = message;
  return isHex32(id) && typeof accepted === 'boolean' ? { type: 'ok', id, accepted, text: cleanText(text) } : JUNK;
}

function isId(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= MAX_ID_CHARS;
}

function isChallenge(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= MAX_CHALLENGE_CHARS && value.isWellFormed();
}

function cleanText(value: unknown): string {
  // Cut before cleaning too: a text may be as long as a frame.
  return typeof value === 'string' ? displayText(value.slice(0, 4 * MAX_REASON_CHARS), MAX_REASON_CHARS) : '';
}
