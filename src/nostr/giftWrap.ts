// Gift wraps (NIP-59): an unsigned event for one recipient, its sender hidden from relays.

import { isHex32, type Hex } from '../core/bytes.ts';
import { isNegotiateError, NegotiateError } from '../core/errors.ts';
import type { Rng } from '../core/ports.ts';
import { addWork } from './proofOfWork.ts';
import {
  computeEventId,
  isEventShape,
  isRumorShape,
  makeRumor,
  verifyEvent,
  type EventTemplate,
  type NostrEvent,
  type Rumor,
} from './event.ts';
import { createKeySigner, type Signer } from './signer.ts';

/** Kind of a seal (NIP-59). */
export const SEAL_KIND = 13;
const GIFT_WRAP = 1059;
const MAX_BACKDATE_S = 2 * 86_400;

/** What {@link wrapRumor} needs: who sends what to whom, unix seconds, randomness. */
export interface WrapInput {
  readonly signer: Signer;
  readonly recipient: Hex;
  readonly rumor: Rumor;
  readonly now: number;
  readonly rng: Rng;
  /** Bits of work (NIP-13) that the wrap shows, so that whoever is flooded opens it early; 0 by default. */
  readonly workBits?: number | undefined;
}

/** What was in a gift wrap; `reason` is a word for logs, never the peer's text. */
export type Unwrapped =
  | { readonly kind: 'rumor'; readonly rumor: Rumor; readonly sender: Hex }
  | { readonly kind: 'unreadable'; readonly reason: 'not-a-gift-wrap' | 'signature' | 'decrypt' | 'seal' | 'rumor' | 'author' };

/**
 * Seals a rumor (kind 13, by `signer`) and wraps the seal (kind 1059, by a throw-away key), both backdated by up to two days.
 * Throws `signer/altered` when the signer returns another event than it was asked for, `input/invalid` when the rumor is too large
 * for NIP-44.
 */
export async function wrapRumor({ signer, recipient, rumor, now, rng, workBits = 0 }: WrapInput): Promise<NostrEvent> {
  const sealed = await encryptFor(signer, recipient, rumor);
  const seal = await signExactly(signer, { kind: SEAL_KIND, created_at: backdate(now, rng), tags: [], content: sealed });
  const throwAway = createKeySigner(rng.bytes(32));
  const content = await encryptFor(throwAway, recipient, seal);
  const wrap = { kind: GIFT_WRAP, created_at: backdate(now, rng), tags: [['p', recipient]], content };
  return throwAway.signEvent(addWork(throwAway.pubkey, wrap, workBits));
}

/**
 * Opens a gift wrap addressed to `signer` and checks both signatures, the rumor's id and that its author is the sealer. Hostile
 * input never throws; a fault of the signer itself (a NegotiateError, such as an unreachable bunker) is passed on.
 */
export async function unwrapGift(signer: Signer, event: unknown): Promise<Unwrapped> {
  if (!isEventShape(event) || event.kind !== GIFT_WRAP || !isAddressedTo(event, signer.pubkey)) return unreadable('not-a-gift-wrap');
  if (!verifyEvent(event)) return unreadable('signature');
  const seal = await decryptJson(signer, event);
  if (seal === undefined) return unreadable('decrypt');
  if (!isEventShape(seal) || seal.kind !== SEAL_KIND || seal.tags.length > 0 || !verifyEvent(seal)) return unreadable('seal');
  const inner = await decryptJson(signer, seal);
  if (inner === undefined) return unreadable('decrypt');
  return readRumor(inner, seal.pubkey);
}

/**
 * Has a signer sign a template and checks that it signed that and nothing else. Throws `signer/altered` when author, kind, time,
 * tags or content differ or the signature is wrong.
 */
export async function signExactly(signer: Signer, template: EventTemplate): Promise<NostrEvent> {
  const event = await signer.signEvent(template);
  if (isEventShape(event) && event.id === computeEventId(signer.pubkey, template) && event.pubkey === signer.pubkey && verifyEvent(event))
    return event;
  throw new NegotiateError(
    'signer/altered',
    'The signer returned another event than it was asked to sign. Turn off whatever adds tags to events.',
  );
}

function readRumor(inner: unknown, sender: Hex): Unwrapped {
  const candidate = withId(inner);
  if (!isRumorShape(candidate) || 'sig' in candidate) return unreadable('rumor');
  if (candidate.pubkey !== sender) return unreadable('author');
  const rumor = makeRumor(sender, candidate);
  return rumor.id === candidate.id ? { kind: 'rumor', rumor, sender } : unreadable('rumor');
}

// Some clients leave the id out of a rumor; the rest of it determines the id.
function withId(inner: unknown): unknown {
  if (typeof inner !== 'object' || inner === null || 'id' in inner) return inner;
  const candidate: object = { ...inner, id: '0'.repeat(64) };
  return isRumorShape(candidate) ? { ...candidate, id: computeEventId(candidate.pubkey, candidate) } : inner;
}

async function encryptFor(signer: Signer, recipient: Hex, value: unknown): Promise<string> {
  if (!isHex32(recipient)) throw new NegotiateError('input/invalid', 'The recipient must be a public key of 64 hex digits.');
  try {
    return await signer.encrypt(recipient, JSON.stringify(value));
  } catch (cause) {
    if (isNegotiateError(cause)) throw cause;
    throw new NegotiateError('input/invalid', 'This event cannot be encrypted: it is larger than NIP-44 allows, or the key is invalid.', {
      cause,
    });
  }
}

async function decryptJson(signer: Signer, event: NostrEvent): Promise<unknown> {
  try {
    return JSON.parse(await signer.decrypt(event.pubkey, event.content)) as unknown;
  } catch (error) {
    if (isNegotiateError(error)) throw error;
    return undefined;
  }
}

function isAddressedTo(event: NostrEvent, pubkey: Hex): boolean {
  const targets = event.tags.filter((tag) => tag[0] === 'p');
  return targets.length === 1 && targets[0]?.length === 2 && targets[0][1] === pubkey;
}

function backdate(now: number, rng: Rng): number {
  return now - (Buffer.from(rng.bytes(4)).readUInt32BE() % MAX_BACKDATE_S);
}

function unreadable(reason: Extract<Unwrapped, { kind: 'unreadable' }>['reason']): Unwrapped {
  return { kind: 'unreadable', reason };
}
