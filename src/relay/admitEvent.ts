// Decides whether a published event may enter the relay: shape, size, times, protection, signature.

import type { Hex } from '../core/bytes.ts';
import { isEventShape, verifyEvent, type NostrEvent } from '../nostr/event.ts';
import type { Refusal } from './answer.ts';
import { expirationOf, isProtected, KIND_AUTH } from './kinds.ts';
import type { RelayLimits } from './limits.ts';

/** What the decision depends on besides the event. */
export interface AdmissionRules {
  readonly limits: RelayLimits;
  /** Unix seconds. */
  readonly now: number;
  /** Keys the connection has authenticated as (NIP-42). */
  readonly authenticatedKeys: ReadonlySet<Hex>;
}

/** The event with its JSON text, or why it is refused. */
export type Admission =
  { readonly kind: 'admitted'; readonly event: NostrEvent; readonly json: string } | { readonly kind: 'refused'; readonly reason: Refusal };

/** Checks a published event, cheap checks first (NIP-01, NIP-40, NIP-70). */
export function admitEvent(value: object, rules: AdmissionRules): Admission {
  if (!isStrictEvent(value)) return refuse('invalid: this is not an event as NIP-01 describes it');
  const json = encodeEventJson(value);
  const reason =
    checkSize(value, json, rules.limits) ?? checkTimes(value, rules) ?? checkPublisher(value, rules.authenticatedKeys) ?? checkProof(value);
  return reason === undefined ? { kind: 'admitted', event: value, json } : refuse(reason);
}

/** True for the seven NIP-01 fields and nothing else, tags with at least a name, and text that UTF-8 can carry. */
export function isStrictEvent(value: object): value is NostrEvent {
  return (
    Object.keys(value).length === 7 &&
    isEventShape(value) &&
    value.content.isWellFormed() &&
    value.tags.every((tag) => tag.length > 0 && tag.every((item) => item.isWellFormed()))
  );
}

/** Why id or signature are wrong, if they are (NIP-01). */
export function checkProof(event: NostrEvent): Refusal | undefined {
  return verifyEvent(event) ? undefined : 'invalid: the id is not the hash of the event, or the signature is not its author’s';
}

function encodeEventJson({ id, pubkey, created_at, kind, tags, content, sig }: NostrEvent): string {
  return JSON.stringify({ id, pubkey, created_at, kind, tags, content, sig });
}

function checkSize(event: NostrEvent, json: string, limits: RelayLimits): Refusal | undefined {
  if (event.tags.length > limits.maxTags) return `invalid: an event may have ${limits.maxTags} tags at most`;
  if (Buffer.byteLength(json) > limits.maxEventBytes) return `invalid: an event may have ${limits.maxEventBytes} bytes at most`;
  return undefined;
}

function checkTimes(event: NostrEvent, { limits, now }: AdmissionRules): Refusal | undefined {
  if (event.created_at > now + limits.maxFutureSeconds) return 'invalid: created_at lies too far in the future';
  const expiresAt = expirationOf(event);
  if (expiresAt === 'malformed') return 'invalid: the expiration tag is not a time in unix seconds';
  return expiresAt !== 'never' && expiresAt <= now ? 'invalid: the event has expired' : undefined;
}

function checkPublisher(event: NostrEvent, authenticatedKeys: ReadonlySet<Hex>): Refusal | undefined {
  if (event.kind === KIND_AUTH) return 'invalid: kind 22242 belongs in an AUTH message';
  if (isProtected(event) && !authenticatedKeys.has(event.pubkey)) {
    // NIP-42: `restricted` is for who has authenticated, as somebody else.
    const prefix = authenticatedKeys.size === 0 ? 'auth-required' : 'restricted';
    return `${prefix}: only its author may publish this event; authenticate as the author and send it again`;
  }
  return embedsProtected(event) ? 'blocked: a repost must not embed a protected event' : undefined;
}

/** True for a repost (NIP-18) whose content is a protected event, which NIP-70 asks relays to reject. */
function embedsProtected(event: NostrEvent): boolean {
  if (event.kind !== 6 && event.kind !== 16) return false;
  try {
    const embedded: unknown = JSON.parse(event.content);
    return typeof embedded === 'object' && embedded !== null && isEventShape(embedded) && isProtected(embedded);
  } catch {
    return false;
  }
}

function refuse(reason: Refusal): Admission {
  return { kind: 'refused', reason };
}
