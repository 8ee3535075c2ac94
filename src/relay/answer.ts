// What the relay answers, encoded as text frames (NIP-01, NIP-42).

import type { Hex } from '../core/bytes.ts';

/** What begins the text of an OK, CLOSED or NOTICE so that machines can read it (NIP-01, NIP-42). */
export type Prefix = 'invalid' | 'unsupported' | 'duplicate' | 'rate-limited' | 'auth-required' | 'restricted' | 'error' | 'blocked';

/** Why something is refused: `prefix: words`. */
export type Refusal = `${Prefix}: ${string}`;

/** Encodes an EVENT answer; `eventJson` is the event as JSON text. */
export function encodeEvent(subscriptionId: string, eventJson: string): string {
  return `["EVENT",${JSON.stringify(subscriptionId)},${eventJson}]`;
}

/** Encodes an OK answer. A refused event has a reason, an accepted one may have. */
export function encodeOk(id: Hex, accepted: boolean, text: Refusal | ''): string {
  return JSON.stringify(['OK', id, accepted, text]);
}

/** Encodes an EOSE answer. */
export function encodeEose(subscriptionId: string): string {
  return JSON.stringify(['EOSE', subscriptionId]);
}

/** Encodes a CLOSED answer. */
export function encodeClosed(subscriptionId: string, reason: Refusal): string {
  return JSON.stringify(['CLOSED', subscriptionId, reason]);
}

/** Encodes a NOTICE. */
export function encodeNotice(reason: Refusal): string {
  return JSON.stringify(['NOTICE', reason]);
}

/** Encodes an AUTH challenge (NIP-42). */
export function encodeAuth(challenge: string): string {
  return JSON.stringify(['AUTH', challenge]);
}
