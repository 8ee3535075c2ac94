// Decides whether an AUTH event proves who a client is to this relay, on this connection, now (NIP-42).

import type { Hex } from '../core/bytes.ts';
import { tagValue } from '../nostr/event.ts';
import { checkProof, isStrictEvent } from './admitEvent.ts';
import type { Refusal } from './answer.ts';
import { KIND_AUTH } from './kinds.ts';

/** What a proof is checked against. */
export interface AuthRules {
  readonly challenge: string;
  readonly ownUrls: readonly string[];
  /** Unix seconds. */
  readonly now: number;
}

/** The key that was proven, or why nothing was. */
export type AuthCheck = { readonly kind: 'proven'; readonly pubkey: Hex } | { readonly kind: 'refused'; readonly reason: Refusal };

const MAX_AGE_SECONDS = 600;

/** Checks a proof of identity, cheap checks first (NIP-42 "Signed Event Verification"). */
export function checkAuth(value: object, { challenge, ownUrls, now }: AuthRules): AuthCheck {
  if (!isStrictEvent(value)) return refuse('this is not an event as NIP-01 describes it');
  if (value.kind !== KIND_AUTH) return refuse('an AUTH message carries an event of kind 22242');
  if (tagValue(value, 'challenge') !== challenge) return refuse('the challenge tag is not the challenge of this connection');
  const relay = tagValue(value, 'relay') ?? '';
  if (!ownUrls.some((url) => isSameRelay(relay, url))) return refuse('the relay tag names another relay');
  if (Math.abs(value.created_at - now) > MAX_AGE_SECONDS) return refuse('created_at is more than ten minutes from the time of this relay');
  const reason = checkProof(value);
  return reason === undefined ? { kind: 'proven', pubkey: value.pubkey } : { kind: 'refused', reason };
}

/** True when two relay URLs lead to the same host and port. */
function isSameRelay(a: string, b: string): boolean {
  const address = addressOfUrl(a);
  return address !== undefined && address === addressOfUrl(b);
}

function addressOfUrl(text: string): string | undefined {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== 'ws:' && url.protocol !== 'wss:')) return undefined;
  return `${url.hostname}:${url.port || (url.protocol === 'ws:' ? '80' : '443')}`;
}

function refuse(words: string): AuthCheck {
  return { kind: 'refused', reason: `invalid: ${words}` };
}
