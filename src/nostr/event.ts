// Nostr events (NIP-01): shapes, ids, signatures.

import { sha256Hex, type Hex } from '../core/bytes.ts';
import { publicKeyOf, schnorrSign, schnorrVerify, wasmFinalize } from './schnorr.ts';

/** What a signer is asked to sign. */
export interface EventTemplate {
  /** NIP-01 kind, 0 to 65535. */
  readonly kind: number;
  /** Unix seconds. */
  readonly created_at: number;
  readonly tags: readonly (readonly string[])[];
  readonly content: string;
}

/** An unsigned event with author and id ("rumor", NIP-59). */
export interface Rumor extends EventTemplate {
  /** 32-byte x-only public key, hex. */
  readonly pubkey: Hex;
  /** NIP-01 event id, hex. */
  readonly id: Hex;
}

/** A signed event (NIP-01). */
export interface NostrEvent extends Rumor {
  /** BIP-340 signature over the id, hex (64 bytes). */
  readonly sig: Hex;
}

/** Computes the NIP-01 id of an event by `pubkey`. */
export function computeEventId(pubkey: Hex, template: EventTemplate): Hex {
  const { kind, created_at, tags, content } = template;
  return sha256Hex(JSON.stringify([0, pubkey, created_at, kind, tags, content]));
}

/** Adds author and id to a template, leaving it unsigned. */
export function makeRumor(pubkey: Hex, template: EventTemplate): Rumor {
  const { kind, created_at, tags, content } = template;
  return { id: computeEventId(pubkey, template), pubkey, created_at, kind, tags, content };
}

/** Signs a template with a raw secret key (32 bytes) whose public key is `pubkey`. `auxRand` is for test vectors only. */
export function signEvent(secretKey: Uint8Array, pubkey: Hex, template: EventTemplate, auxRand?: Uint8Array): NostrEvent {
  const rumor = makeRumor(pubkey, template);
  const fast = auxRand === undefined ? wasmFinalize(copyTemplate(template), secretKey) : undefined;
  return { ...rumor, sig: fast?.sig ?? schnorrSign(rumor.id, secretKey, auxRand) };
}

/** Signs a template with a secret key (32 bytes) of which nothing else is known yet: its public key comes along with the signature. */
export function signOnce(secretKey: Uint8Array, template: EventTemplate): NostrEvent {
  const fast = wasmFinalize(copyTemplate(template), secretKey);
  return fast === undefined
    ? signEvent(secretKey, publicKeyOf(secretKey), template)
    : { ...makeRumor(fast.pubkey, template), sig: fast.sig };
}

/** True when the id is the event's own hash. */
export function hasOwnId(event: NostrEvent): boolean {
  return computeEventId(event.pubkey, event) === event.id;
}

/** True when the id is the event's own hash and the signature is its author's. */
export function verifyEvent(event: NostrEvent): boolean {
  if (!hasOwnId(event)) return false;
  const { id, pubkey, sig } = event;
  return schnorrVerify({ ...copyTemplate(event), id, pubkey, sig });
}

function copyTemplate(template: EventTemplate): { kind: number; created_at: number; tags: string[][]; content: string } {
  const { kind, created_at, content } = template;
  return { kind, created_at, tags: template.tags.map((tag) => [...tag]), content };
}

const HEX_64 = /^[0-9a-f]{64}$/;
const HEX_128 = /^[0-9a-f]{128}$/;

/** True when a parsed JSON value has the exact shape of a rumor; says nothing about id or author. */
export function isRumorShape(value: unknown): value is Rumor {
  if (typeof value !== 'object' || value === null) return false;
  const e = value as Record<string, unknown>;
  return (
    typeof e['id'] === 'string' &&
    HEX_64.test(e['id']) &&
    typeof e['pubkey'] === 'string' &&
    HEX_64.test(e['pubkey']) &&
    isUint(e['created_at']) &&
    isUint(e['kind']) &&
    e['kind'] <= 65_535 &&
    typeof e['content'] === 'string' &&
    Array.isArray(e['tags']) &&
    e['tags'].every((tag) => Array.isArray(tag) && tag.every((item) => typeof item === 'string'))
  );
}

/** True when a parsed JSON value has the shape of a signed event; {@link verifyEvent} does the rest. */
export function isEventShape(value: unknown): value is NostrEvent {
  return isRumorShape(value) && typeof (value as NostrEvent).sig === 'string' && HEX_128.test((value as NostrEvent).sig);
}

function isUint(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

/** The first value of the first tag with this name, if any. */
export function tagValue(event: EventTemplate, name: string): string | undefined {
  return event.tags.find((tag) => tag[0] === name)?.[1];
}
