// Proof of work on events (NIP-13): how much an id shows, and finding a nonce that shows as much as wanted.

import { sha256, type Hex } from '../core/bytes.ts';
import type { EventTemplate, Rumor } from './event.ts';

const NONCE = 'nonce';
const ID_BITS = 256;

/**
 * The bits of work that an event shows: the leading zero bits of its id, and no more than its `nonce` tag commits to; 0 without a
 * commitment, so that luck with a low target counts for nothing (NIP-13 "Validating").
 */
export function readWork({ id, tags }: Pick<Rumor, 'id' | 'tags'>): number {
  const [, , target] = tags.find((tag) => tag[0] === NONCE) ?? [];
  if (target === undefined || !/^\d{1,3}$/.test(target)) return 0;
  return Math.min(countZeroBits(id), Number(target));
}

/** The leading zero bits of an id (hex). */
export function countZeroBits(id: Hex): number {
  const at = id.search(/[^0]/);
  return at === -1 ? ID_BITS : at * 4 + Math.clz32(Number.parseInt(id.charAt(at), 16)) - 28;
}

/**
 * The template with a `nonce` tag so that its id by `pubkey` has at least `bits` leading zero bits (0 to 32; 0 adds nothing): takes about
 * 2^bits hashes of the event.
 */
export function addWork(pubkey: Hex, template: EventTemplate, bits: number): EventTemplate {
  if (bits === 0) return template;
  const { kind, created_at, content } = template;
  const withNonce = (nonce: number): EventTemplate => ({ ...template, tags: [...template.tags, [NONCE, String(nonce), String(bits)]] });
  // The serialisation of NIP-01 around the nonce, which is all that changes.
  const head = JSON.stringify([0, pubkey, created_at, kind, template.tags]).slice(0, -2);
  const before = `${head}${template.tags.length > 0 ? ',' : ''}["${NONCE}","`;
  const after = `","${String(bits)}"]],${JSON.stringify(content)}]`;
  for (let nonce = 0; ; nonce += 1) {
    const [a = 0, b = 0, c = 0, d = 0] = sha256(`${before}${String(nonce)}${after}`);
    if (Math.clz32((a << 24) | (b << 16) | (c << 8) | d) >= bits) return withNonce(nonce);
  }
}
